"""Quantisation-aware training: the module computes what the compiled network does, before and after, and learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")

import pith  # noqa: E402
from pith.graph import UnsupportedError  # noqa: E402
from pith.ops.interpret import run_reference  # noqa: E402
from pith.train import Qat  # noqa: E402
from tests.quantize.nets import model, pictures, small_net  # noqa: E402


def made(weight_bits: int = 4, bits: int = 8, **options: object) -> tuple[object, Qat]:
    net = small_net()
    return net, Qat(pith.quantize(net, pictures(12), bits=bits, weight_bits=weight_bits, method="minmax", improve=False, **options))


def outputs(net: object, data: np.ndarray) -> np.ndarray:
    return np.concatenate([net(x[None]) for x in data])  # type: ignore[operator]


def agree(qat: Qat, data: np.ndarray) -> None:
    """Within one step everywhere, and the same number nearly everywhere."""
    step = qat.quantized.outcome.numbers.grids["y"].scale
    with torch.no_grad():
        seen = qat(torch.from_numpy(data)).numpy()
    steps = np.abs(seen - outputs(qat.compile(opt="-O1"), data)) / step
    assert steps.max() < 1.01 and (steps > 0.5).mean() < 0.01


@pytest.mark.parametrize(("weight_bits", "bits", "symmetric"), [(8, 8, False), (4, 8, False), (7, 7, True)])
def test_the_module_is_the_device(weight_bits: int, bits: int, symmetric: bool) -> None:
    _, qat = made(weight_bits, bits, symmetric=symmetric)
    agree(qat, pictures(40, 5))


def test_training_makes_up_for_four_bits(tmp_path: Path) -> None:
    net, qat = made()
    data, unseen = pictures(64, 2), pictures(40, 7)
    exact = torch.from_numpy(np.concatenate([run_reference(net, {"x": x[None]})[0] for x in data]))
    want = np.concatenate([run_reference(net, {"x": x[None]})[0] for x in unseen])
    before = np.square(outputs(qat.compile(opt="-O1"), unseen) - want).mean()
    optimiser = torch.optim.Adam(qat.groups(0.02))
    torch.manual_seed(0)
    for _ in range(150):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(qat(torch.from_numpy(data)), exact).backward()
        optimiser.step()
    agree(qat, unseen)
    assert np.square(outputs(qat.compile(opt="-O1"), unseen) - want).mean() < 0.7 * before
    qat.save_onnx(tmp_path / "q.onnx")
    again = outputs(pith.compile(tmp_path / "q.onnx", opt="-O1", cache=False), unseen)
    assert again.tobytes() == outputs(qat.compile(opt="-O1"), unseen).tobytes()
    weights = [a for a in qat.graph().constants.values() if a.dtype == np.int8 and a.ndim > 1]
    assert weights and max(np.abs(w).max() for w in weights) <= 7


def test_gradients_pass_rounding_and_stop_at_the_ends() -> None:
    _, qat = made()
    layer = qat.layers["l0"]
    original = layer.parametrizations.weight.original
    with torch.no_grad():
        original.view(-1)[0] = 1e3
    qat(torch.from_numpy(pictures(4))).square().sum().backward()
    assert original.grad.view(-1)[0] == 0 and (original.grad.view(-1)[1:] != 0).float().mean() > 0.9


def test_what_has_no_form_is_named() -> None:
    text = "net (float[1, 2, 4, 4] x) => (float[1, 2, 4, 4] y) { c = Conv(x, w) y = LRN<size = 1>(c) }"
    net = pith.import_model(model(text, w=np.ones((2, 2, 1, 1))))
    qat = Qat(pith.quantize(net, pictures(4, shape=(2, 4, 4)), method="minmax", improve=False))
    with pytest.raises(UnsupportedError, match="lrn"):
        qat(torch.zeros(1, 2, 4, 4))

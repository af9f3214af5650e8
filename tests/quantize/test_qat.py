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
    options = {"float_outputs": False, **options}  # results on a grid are compared step by step
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


def test_layers_in_floats_are_trained_too() -> None:
    """A convolution, a depthwise one and the dense layer, which `pith.quantize` was told to leave: the same results as the device
    before and after, gradients for all weights, and what was learned is compiled."""
    net, _ = made()
    kept = [n.name or n.outputs[0] for n in net.nodes if n.outputs[0] in ("c1", "c2", "y")]
    qat = made(keep_float=kept, float_outputs=True)[1]
    assert sorted(qat.quantized.report.kept) == sorted(kept)
    data = torch.from_numpy(pictures(32, 2))
    exact = torch.from_numpy(np.concatenate([run_reference(net, {"x": x[None]})[0] for x in data.numpy()]))

    def error(results: np.ndarray) -> float:
        return float(np.square(results - exact.numpy()).mean())

    before = error(outputs(qat.compile(opt="-O1"), data.numpy()))
    was = {k: a.copy() for k, a in qat.graph().constants.items() if k in ("w1", "w2", "w5")}
    optimiser = torch.optim.Adam(qat.groups(0.05))
    for step in range(60):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(qat(data), exact).backward()
        if not step:
            assert all(p.grad is not None and p.grad.abs().max() > 0 for p in qat.parameters())
        optimiser.step()
    device = outputs(qat.compile(opt="-O1"), data.numpy())
    with torch.no_grad():
        steps = np.abs(qat(data).numpy() - device) / float(np.ptp(exact.numpy())) * 255
    assert steps.max() < 2 and (steps > 0.01).mean() < 0.02  # a value on the edge of its step may fall to the other side
    assert error(device) < 0.7 * before
    assert len(was) == 3 and all((qat.graph().constants[k] != a).any() for k, a in was.items())


def test_layers_in_floats_share_what_the_network_shares() -> None:
    """One set of weights with two biases is one parameter: trained once, and both layers have it afterwards."""
    text = """net (float[1, 3, 8, 8] x) => (float[1, 3, 8, 8] y) {
        c1 = Conv(x, w, b1) r1 = Relu(c1) c2 = Conv(r1, w, b2) r2 = Relu(c2) y = Conv(r2, v) }"""
    rng = np.random.default_rng(0)
    net = pith.import_model(model(text, w=rng.standard_normal((3, 3, 1, 1)), v=rng.standard_normal((3, 3, 1, 1)), b1=rng.random(3), b2=rng.random(3)))
    kept = [n.name or n.outputs[0] for n in net.nodes if n.op == "conv"][:2]
    qat = Qat(pith.quantize(net, pictures(8), method="minmax", improve=False, keep_float=kept))
    assert len(qat.quantized.report.kept) == 2 and len(list(qat.parameters())) == 4  # w, b1, b2, v
    data = torch.from_numpy(pictures(16, 2))
    optimiser = torch.optim.Adam(qat.groups(0.5))
    for _ in range(5):
        optimiser.zero_grad()
        qat(data).square().mean().backward()
        optimiser.step()
    with torch.no_grad():
        assert np.allclose(qat(data).numpy(), outputs(qat.compile(opt="-O1"), data.numpy()), atol=0.02)
    assert (qat.graph().constants["w"] != net.constants["w"]).all()


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


def test_only_what_was_quantised_here_is_trained() -> None:
    for given in ("net.onnx", Path("net.onnx"), small_net()):
        with pytest.raises(pith.PithError, match=r"Qat trains what pith\.quantize made") as refusal:
            Qat(given)  # type: ignore[arg-type]
        assert "pith.quantize(model, samples)" in refusal.value.try_


def test_what_diverged_is_not_saved(tmp_path: Path) -> None:
    _, qat = made()
    name = next(iter(qat.layers))
    with torch.no_grad():
        next(qat.layers[name].parameters()).mul_(float("nan"))
    with pytest.raises(pith.PithError, match="NaN or infinite") as refusal:
        qat.save_onnx(tmp_path / "net.onnx")
    assert name in str(refusal.value) and not (tmp_path / "net.onnx").exists()

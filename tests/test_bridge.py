"""From PyTorch: a module, compiled, gives what the module gives; what cannot be taken over is refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="from_torch takes PyTorch modules; install torch to test it")
pytest.importorskip("onnxscript", reason="PyTorch exports ONNX by onnxscript; install it to test from_torch")

from torch import Tensor, nn  # noqa: E402

import pith  # noqa: E402
from pith.bridge import to_onnx  # noqa: E402


class Net(nn.Module):
    """Two inputs, two outputs, batch normalisation, dropout, an activation in place."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 5, kernel, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(5)
        self.drop = nn.Dropout(0.5)
        self.slope = nn.PReLU(5)

    def forward(self, image: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
        x = self.slope(self.norm(self.conv(image)))
        return self.drop(torch.relu_(x + shift)), x.mean((2, 3))


@settings(max_examples=3)
@given(st.integers(1, 4), st.sampled_from([1, 3, 5]), st.integers(5, 12), st.integers(5, 12))
def test_same_as_the_module(channels: int, kernel: int, height: int, width: int) -> None:
    torch.manual_seed(0)
    net = Net(channels, kernel)
    net(torch.randn(8, channels, height, width), torch.zeros(1))  # statistics that are not trivial
    example = (torch.randn(1, channels, height, width), torch.randn(1, 5, 1, 1))
    session = pith.from_torch(net, example, "c99", opt="-O1")
    assert net.training and [i.name for i in session.inputs] == ["image", "shift"] and len(session.outputs) == 2
    with torch.no_grad():
        expected = net.eval().double()(*(x.double() for x in example))
    for got, y in zip(session(*(x.numpy() for x in example)), expected, strict=True):
        assert np.abs(got - y.numpy()).max() <= 1e-5 * max(1.0, float(y.abs().max()))


def test_options_reach_compile(tmp_path: Path) -> None:
    session = pith.from_torch(nn.Linear(3, 2), torch.zeros(4, 3), "c99", out=tmp_path / "net", name="tiny", opt="-O1")
    assert (tmp_path / "net" / "tiny.c").exists() and session(np.ones((4, 3), np.float32)).shape == (4, 2)


def test_open_dimensions() -> None:
    net = nn.Conv2d(1, 2, 3)
    model = to_onnx(net, torch.zeros(1, 1, 8, 8), dynamic={"input": {2: "height", 3: "width"}})
    x = np.random.default_rng(0).standard_normal((1, 1, 5, 11)).astype(np.float32)
    session = pith.compile(model, "c99", {"height": 5, "width": 11}, opt="-O1")
    with torch.no_grad():
        assert np.allclose(session(x), net(torch.from_numpy(x)).numpy(), atol=1e-5)
    with pytest.raises(pith.PithError, match="no input 'x'"):
        to_onnx(net, torch.zeros(1, 1, 8, 8), dynamic={"x": {2: "height"}})


def test_integers_and_one_input_of_many() -> None:
    net = nn.Embedding(7, 3)
    tokens = torch.tensor([[1, 6, 0]])
    assert np.array_equal(pith.from_torch(net, tokens, "c99", opt="-O1")(tokens.numpy()), net(tokens).detach().numpy())


def test_no_paths_of_this_machine() -> None:
    data = to_onnx(Net(3, 3), (torch.zeros(1, 3, 8, 8), torch.zeros(1, 5, 1, 1))).SerializeToString()
    assert b"site-packages" not in data and b".py" not in data


class Branches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1 if x.sum() > 0 else x - 1


class Dictionary(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"y": x}


@pytest.mark.parametrize(
    ("net", "example", "words"),
    [
        (Branches(), torch.zeros(3), "cannot export Branches"),
        (Dictionary(), torch.zeros(3), "returns a dict"),
        (nn.Linear(3, 2), torch.zeros(4), "cannot run on the example"),
        (nn.Linear(3, 2), np.zeros((1, 3)), "a tensor or a tuple of tensors"),
        (nn.Linear(3, 2), (), "a tensor or a tuple of tensors"),
        (lambda x: x, torch.zeros(3), "no torch.nn.Module"),
    ],
)
def test_refusals(net: object, example: object, words: str) -> None:
    with pytest.raises(pith.PithError, match=words):
        pith.from_torch(net, example, "c99")

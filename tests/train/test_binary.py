"""Binary networks: values, gradients, clipping, what is exported, and comparisons of whole numbers in place of batch normalisation."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="binary networks are trained in PyTorch; install torch to test them")
pytest.importorskip("onnxscript", reason="PyTorch exports ONNX by onnxscript; install it to test compiled networks")

from torch import nn  # noqa: E402

import pith  # noqa: E402
from pith.models import signs  # noqa: E402
from pith.train import binary  # noqa: E402


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values, requires_grad=True)


@pytest.mark.parametrize(
    ("gradient", "expected"), [("line", [0, 1, 1, 1, 1, 1, 1, 0]), ("parabolas", [0, 0, 1, 2, 2, 1.5, 0, 0]), ("all", [1] * 8)]
)
def test_sign_and_its_gradients(gradient: signs.Gradient, expected: list[float]) -> None:
    x = tensor(-2.0, -1.0, -0.5, -0.0, 0.0, 0.25, 1.0, 3.0)
    y = signs.sign(x, gradient)
    assert y.tolist() == signs.sign(x.detach()).tolist() == [-1, -1, -1, 1, 1, 1, 1, 1]
    assert torch.autograd.grad(y.sum(), x)[0].tolist() == expected


def test_stochastic_sign_is_right_on_average_and_only_in_training() -> None:
    torch.manual_seed(0)
    act, x = signs.Sign(stochastic=True), torch.full((40_000,), 0.5)
    share = float((act(x) > 0).float().mean())
    assert abs(share - 0.75) < 4 * (0.75 * 0.25 / 40_000) ** 0.5 and bool((act.eval()(x) == 1).all())


def test_weights_by_their_formulas() -> None:
    """Against NumPy in float64."""
    w = torch.randn(5, 4, 3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    n = w.numpy()

    def mean(a: np.ndarray) -> np.ndarray:
        return np.abs(a).mean((1, 2, 3), keepdims=True)

    def sg(a: np.ndarray) -> np.ndarray:
        return np.where(a >= 0, 1.0, -1.0)

    centred = np.clip(n - n.mean(1, keepdims=True), -1, 1)
    kept = np.abs(n) > 0.7 * mean(n)
    alpha = np.stack([np.abs(a[k]).mean() for a, k in zip(n, kept, strict=True)]).reshape(5, 1, 1, 1)
    t = np.tanh(n)
    for module, expected in (
        (signs.BinaryWeight(), sg(n)), (signs.BinaryWeight(scaled=True), sg(n) * mean(n)), (signs.XnorWeight(), sg(centred) * mean(centred)),
        (signs.TernaryWeight(), sg(n) * kept * alpha), (signs.DorefaWeight(), sg(n) * np.abs(n).mean()),
        (signs.DorefaWeight(3), 2 * np.round((t / (2 * np.abs(t).max()) + 0.5) * 7) / 7 - 1),
    ):  # fmt: skip
        assert np.allclose(module(w).numpy(), expected, rtol=1e-12, atol=0)
    assert signs.Steps(2)(torch.tensor([-1.0, 0.2, 0.5, 0.6, 2.0])).tolist() == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3, 1])


def test_ternary_gradient_stops_beyond_one() -> None:
    w = tensor(0.1, -0.5, 1.5, 2.0)
    signs.TernaryWeight()(w.reshape(1, 4)).sum().backward()
    assert w.grad is not None and w.grad.tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("border", [0, 1, -1])
def test_border(border: int) -> None:
    """By hand, with a picture larger by a row on each side that holds the value of the border."""
    conv = signs.BinaryConv2d(3, 4, 3, border=border, activation=signs.Sign())
    x = torch.randn(2, 3, 5, 6)
    around = torch.full((2, 3, 7, 8), float(border))
    around[:, :, 1:-1, 1:-1] = signs.sign(x)
    expected = torch.nn.functional.conv2d(around, signs.sign(signs.real_weight(conv)))
    assert torch.equal(conv(x), expected)
    with pytest.raises(ValueError, match="border"):
        signs.BinaryConv2d(3, 4, border=2)


def test_real_weights_are_trained_and_clipped_without_decay() -> None:
    net = nn.Sequential(signs.BinaryLinear(3, 2), nn.Linear(2, 2))
    groups = binary.parameters(net, weight_decay=0.1)
    assert [(len(g["params"]), g["weight_decay"]) for g in groups] == [(1, 0.0), (2, 0.1)]
    optimiser = torch.optim.SGD(groups, 50.0)
    binary.clip_after(optimiser, net)
    before = signs.real_weight(net[0]).clone()
    net(torch.ones(4, 3)).square().sum().backward()
    optimiser.step()
    after = signs.real_weight(net[0])
    assert bool((after.abs() <= 1).all()) and bool((after.abs() == 1).any()) and not torch.equal(before, after)
    assert bool((net[0].weight.abs() == 1).all())


def network() -> nn.Sequential:
    torch.manual_seed(3)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Conv2d(8, 16, 3, stride=2, padding=1, groups=2, bias=False), nn.BatchNorm2d(16),
        nn.Conv2d(16, 8, 1), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8 * 16, 12), nn.BatchNorm1d(12), nn.Linear(12, 5),
    )  # fmt: skip
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(16, 3, 8, 8))
    return net


@pytest.mark.parametrize("method", sorted(binary.METHODS))
def test_every_method_trains_exports_and_compiles(method: str) -> None:
    """The loss falls; frozen, each binary layer has weights -1, 0, 1 and the network gives what it gave; compiled too."""
    net = binary.binarise(network(), method, border=1 if method == "bnn" else 0).train()
    assert [n for n, _ in binary.layers(net)] == ["2", "4", "7"]
    x, y = torch.rand(64, 3, 8, 8), torch.arange(64) % 5
    x = x + y.reshape(-1, 1, 1, 1) / 5
    optimiser = torch.optim.Adam(binary.parameters(net), 5e-3)
    binary.clip_after(optimiser, net)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
    binary.restate(net, x.split(16))
    net.eval()
    still = binary.frozen(net)
    assert net(x).shape == (64, 5), "the original still works"
    for _, layer in binary.layers(still):
        assert set(layer.weight.unique().tolist()) <= {-1.0, 0.0, 1.0}
    with torch.no_grad():
        expected = still.double()(x.double()).float().numpy()
        assert np.allclose(net.double()(x.double()).float().numpy(), expected, atol=1e-4)
    got = pith.from_torch(still.float(), x[:1], opt="-O1")
    close = [np.abs(np.asarray(got(x[k : k + 1].numpy())) - expected[k]).max() < 1e-3 for k in range(16)]
    assert sum(close) >= 15, "a sum within rounding of 0 may fall on either side"


def test_the_compiler_sees_signs() -> None:
    """In the graph: weights of one magnitude and -1 or 1 for what goes in, at each binary layer."""
    from pith.api import import_model, optimise
    from pith.bridge import to_onnx
    from pith.graph import format_graph

    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), *(signs.BinaryLinear(8, 8, activation=signs.Sign()), nn.BatchNorm1d(8)))
    graph = import_model(to_onnx(binary.frozen(net), torch.zeros(1, 6)))
    optimise(graph)
    text = format_graph(graph)
    assert "select(ge(x0, 0), 1, -1)" in text
    last = graph.nodes[-1]
    weights = np.abs(graph.constants[last.inputs[1]])
    assert last.op == "matmul" and np.allclose(weights, weights.flat[0])


def test_thresholds_are_batch_normalisation_and_sign() -> None:
    """For every whole sum; factors of any sign, and none."""
    norm = nn.BatchNorm1d(6).eval()
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, -0.7, 0.0, 0.0, 2.5, -3.0]))
        norm.bias.copy_(torch.tensor([0.3, 0.5, -0.1, 0.2, -4.0, 0.0]))
        norm.running_mean.copy_(torch.tensor([2.2, -3.0, 0.0, 0.0, 7.5, 4.0]))
        norm.running_var.copy_(torch.tensor([4.0, 2.0, 1.0, 1.0, 9.0, 0.5]))
    z = torch.arange(-40, 41).reshape(-1, 1).expand(-1, 6)
    expected = signs.sign(norm.double()(z.double()))
    t, direction = binary.threshold(norm)
    got = torch.where(direction > 0, z >= t, torch.where(direction < 0, z <= t, t > 0))
    assert torch.equal(got.double() * 2 - 1, expected)


def test_what_cannot_be_binary_is_refused() -> None:
    with pytest.raises(pith.PithError, match="no method 'xnr'"):
        binary.binarise(network(), "xnr")
    net = network()
    with pytest.raises(pith.PithError, match="border is -1, 0 or 1, not 5"):
        binary.binarise(net, border=5)
    assert not binary.layers(net)
    with pytest.raises(pith.PithError, match=r"'9\.x' is no convolution"):
        binary.binarise(network(), keep=["9.x"])
    with pytest.raises(pith.PithError, match="a number of zeros"):
        binary.binarise(nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect")), keep=[])


@pytest.mark.parametrize("method", ["bnn", "xnor", "bireal", "ternary"])
def test_a_sum_of_zero_is_plus_one_when_compiled_too(method: str) -> None:
    """Statistics that have seen nothing move no sum away from 0, so that many are exactly that."""
    torch.manual_seed(0)
    parts = [m for k in range(2) for m in (nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16))]
    net = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), *parts, nn.Flatten(), nn.Linear(16 * 144, 10))
    frozen, x = binary.frozen(binary.binarise(net, method).eval()), torch.randn(1, 3, 12, 12)
    with torch.no_grad():
        sums = frozen[:3](x)
        assert (sums == 0).float().mean() > 0.01
        want = frozen(x).numpy()
    np.testing.assert_allclose(pith.from_torch(frozen, x)(x.numpy()), want, rtol=1e-5, atol=1e-5 * np.abs(want).max())


def test_a_transformer_computes_with_signs_in_evaluation_too() -> None:
    """PyTorch's short cut for evaluation without gradients reads the weights of a layer and leaves its signs out."""
    torch.manual_seed(0)
    for mask in (None, torch.tensor([[False] * 5, [False] * 3 + [True] * 2])):
        layer = nn.TransformerEncoderLayer(16, 4, 24, batch_first=True)
        net = binary.binarise(nn.TransformerEncoder(layer, 2), "xnor", keep=[]).eval()
        x = torch.randn(2, 5, 16)
        exact = net(x, src_key_padding_mask=mask).detach()
        with torch.no_grad():
            for same in (net, binary.frozen(net)):
                assert torch.allclose(same(x, src_key_padding_mask=mask), exact, atol=1e-5)


def test_nothing_that_becomes_binary_is_an_error() -> None:
    two = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    with pytest.raises(pith.PithError, match="2 convolutions and products, all of which stay real"):
        binary.binarise(two)
    assert len(binary.layers(binary.binarise(two, keep=[]))) == 2
    with pytest.raises(pith.PithError, match="2 layers are binary already"):
        binary.binarise(two, "xnor")

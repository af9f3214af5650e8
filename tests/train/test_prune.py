"""Channels go together through residuals, depthwise layers and concatenations; counts are those of the published pruned networks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pruning is done in PyTorch; install torch to test it")
pytest.importorskip("torch_pruning", reason="dependencies are traced by torch-pruning; install it to test pruning")
pytest.importorskip("onnxscript", reason="PyTorch exports ONNX by onnxscript; install it to test compiled networks")

import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402

import pith  # noqa: E402
from pith import models  # noqa: E402
from pith.graph import InputError, UnsupportedError  # noqa: E402
from pith.models.cost import count  # noqa: E402
from pith.models.minifasnet import WIDTHS  # noqa: E402
from pith.train import prune  # noqa: E402


def conv(a: int, b: int, k: int = 3, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(a, b, k, padding=k // 2, groups=groups, bias=False), nn.BatchNorm2d(b))


class Net(nn.Module):
    """A residual, a depthwise layer, a concatenation, a flattened picture."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.wide, self.deep, self.narrow = conv(3, 8), conv(8, 24, 1), conv(24, 24, 3, 24), conv(24, 8, 1)
        self.left, self.right, self.after = conv(8, 6), conv(8, 10, 1), conv(16, 12)
        self.fc = nn.Linear(12 * 16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        x = x + self.narrow(F.relu(self.deep(F.relu(self.wide(x)))))
        x = F.relu(torch.cat((self.left(x), self.right(x)), 1))
        return self.fc(F.max_pool2d(F.relu(self.after(x)), 2).flatten(1))


def net(seed: int = 0) -> Net:
    torch.manual_seed(seed)
    made = Net()
    with torch.no_grad():
        for m in made.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.weight.uniform_(0.8, 1.2)
                m.bias.uniform_(-0.2, 0.2)
                m.running_mean.uniform_(-0.2, 0.2)
    return made.eval()


X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_groups() -> None:
    """The residual ties stem and narrow, the depthwise layer ties wide and deep; results and pixels are in no group."""
    found = {frozenset(n for n, _ in g.members): g.channels for g in prune.group(net(), X)}

    def of(name: str) -> frozenset[str]:
        return next(g for g in found if name in g and f"{name[:-2]}.1" in g)

    assert of("stem.0") == of("narrow.0") and found[of("stem.0")] == 8 and {"wide.0", "left.0", "right.0"} <= of("stem.0")
    assert of("wide.0") == of("deep.0") and found[of("wide.0")] == 24 and "narrow.0" in of("wide.0")
    assert found[of("left.0")] == 6 and found[of("right.0")] == 10 and found[of("after.0")] == 12 and len(found) == 5
    assert len(prune.group(net(), X, keep=["after.0"])) == 4


@pytest.mark.parametrize("kind", ["magnitude", "bn", "fpgm"])
def test_channels_that_do_nothing_can_go(kind: str) -> None:
    """Half of each group's channels give 0 everywhere: without them, the network gives the same, and compiled C does too."""
    whole = net()
    idle = {"stem.0": 3, "narrow.0": 3, "wide.0": 11, "deep.0": 11, "left.0": 2, "right.0": 5, "after.0": 7}
    with torch.no_grad():
        for name, n in idle.items():
            layer, norm = whole.get_submodule(name), whole.get_submodule(name[:-1] + "1")
            layer.weight[1 : 1 + n] = 0  # type: ignore[index, operator]
            for value in (norm.weight, norm.bias, norm.running_mean):
                value[1 : 1 + n] = 0  # type: ignore[index, operator]
    sizes = {"stem.0": 5, "wide.0": 13, "left.0": 4, "right.0": 5, "after.0": 5}
    if kind == "fpgm":  # filters of 0 lie in the middle; their distance from the others is the least
        sizes.pop("stem.0")
    small = prune.shrink(whole, X, sizes, kind)
    with torch.no_grad():
        expected = whole.double()(X.double()).float()
        assert torch.allclose(small.double()(X.double()).float(), expected, atol=1e-6)
    small.float()
    assert small.after[0].weight.shape == (5, 9, 3, 3) and small.deep[0].groups == 13 and small.fc.weight.shape == (5, 5 * 16)
    session = pith.from_torch(small, X[:1], opt="-O1")
    assert np.allclose(session(X[:1].numpy()), expected[:1].numpy(), atol=1e-5)
    assert whole.after[0].weight.shape == (12, 16, 3, 3), "the original is whole"


def test_scores_by_hand() -> None:
    """Of the last group: its convolution, and the product that reads it; fpgm, taylor and bn from their definitions."""
    made = net()
    labels = torch.tensor([1, 3])
    w = made.after[0].weight.detach().flatten(1)

    def own(v: Tensor) -> Tensor:
        return v / v.mean()

    name = "after.0"
    read = own(made.fc.weight.detach().T.norm(dim=1).reshape(12, 16).mean(1))
    assert torch.allclose(prune.score(made, X, "magnitude")[name], own((own(w.norm(dim=1)) + read) / 2), atol=1e-5)
    assert torch.allclose(prune.score(made, X, "bn")[name], own(made.after[1].weight.detach().abs()), atol=1e-6)
    far = torch.stack([(w - row).norm(dim=1).sum() for row in w])
    assert torch.allclose(prune.score(made, X, "fpgm")[name], own(far), atol=1e-4)
    with pytest.raises(pith.PithError, match="no gradients"):
        prune.score(made, X, "taylor")
    prune.accumulate(made, [(X, labels)], F.cross_entropy)
    g = (made.after[0].weight.grad.flatten(1) * w).sum(1).square()
    h = (made.fc.weight.grad * made.fc.weight.detach()).sum(0).square().reshape(12, 16).mean(1)
    assert torch.allclose(prune.score(made, X, "taylor")[name], own((own(g) + own(h)) / 2), atol=1e-4)


def test_frozen_normalisations_stay_frozen() -> None:
    made = net().train()
    made.after[1].eval()
    prune.accumulate(made, [(X, torch.tensor([1, 3]))], F.cross_entropy)
    assert made.training and made.after[0].training and not made.after[1].training


def test_one_dimension() -> None:
    """Convolutions over time, one of them depthwise: the pruned network computes what the whole one does without the channels."""
    made = nn.Sequential(nn.Conv1d(4, 16, 3, padding=1), nn.BatchNorm1d(16), nn.GELU(), nn.Conv1d(16, 16, 3, groups=16), nn.Conv1d(16, 12, 3, stride=2),
                         nn.ReLU(), nn.Flatten(), nn.Linear(12 * 14, 5)).eval()  # fmt: skip
    x = torch.randn(2, 4, 32, generator=torch.Generator().manual_seed(0))
    assert prune.kept(made, x) == {} and {g.channels for g in prune.group(made, x)} == {16, 12}
    macs = prune.macs(x)
    small = prune.to_budget(made, x, macs, 0.5 * macs(made))
    assert macs(small) <= 0.5 * macs(made) and small(x).shape == (2, 5)
    curve = prune.sensitivity(made, x, lambda n: float(n(x).detach().sum()), shares=(0.5,), only=["0"])
    assert len(curve) == 1 and next(iter(curve.values()))[1][0] == 0.5


@pytest.mark.parametrize("norm", [nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm])
def test_weights_that_are_computed_stay_whole(norm: Callable[[nn.Module], nn.Module]) -> None:
    made = nn.Sequential(norm(nn.Conv2d(3, 8, 3)), nn.ReLU(), nn.Conv2d(8, 6, 1), nn.ReLU(), nn.Conv2d(6, 3, 1))
    x = torch.zeros(1, 3, 8, 8)
    (why,) = prune.kept(made, x).values()
    assert "weight of 0 is computed" in why and [g.name for g in prune.group(made, x)] == ["2"]


def test_a_network_that_cannot_be_copied_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is the old way
        made = nn.Sequential(nn.utils.weight_norm(nn.Conv2d(3, 8, 3)), nn.ReLU(), nn.Conv2d(8, 3, 1))
    with pytest.raises(UnsupportedError, match="cannot be copied") as refusal:
        prune.group(made, torch.zeros(1, 3, 8, 8))
    assert "parametrizations.weight_norm" in refusal.value.try_


def test_no_curves_to_draw(tmp_path: Path) -> None:
    with pytest.raises(pith.PithError, match="no curves"):
        prune.draw({}, tmp_path / "none.png")
    assert not list(tmp_path.iterdir())


def test_two_sizes_of_one_group_are_refused() -> None:
    """Two layers whose outputs are added go together."""

    class Added(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Conv2d(3, 12, 3), nn.Conv2d(3, 12, 3), nn.Conv2d(12, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.c(torch.relu(self.a(x) + self.b(x)))

    x = torch.zeros(1, 3, 8, 8)
    with pytest.raises(pith.PithError, match="b goes together with a, of which 6 channels stay, not 3"):
        prune.shrink(Added(), x, {"a": 6, "b": 3})
    assert prune.shrink(Added(), x, {"a": 6, "b": 6}).c.in_channels == 6


@pytest.mark.parametrize(("variant", "params", "macs"), [("V1", 414_354, 40.86), ("V2", 434_560, 40.72)])
def test_minifasnet_from_its_unpruned_network(variant: str, params: int, macs: float) -> None:
    """0.224 G to 0.081 G operations (112.8 M to 40.7 M multiply-accumulates): the counts of the released networks, exactly."""
    whole, x = models.create("minifasnet_unpruned"), torch.zeros(1, 3, 80, 80)
    c = iter(WIDTHS[variant])
    sizes = {"conv1.conv": next(c)}
    next(c)
    blocks = ["conv_23", *(f"conv_3.model.{k}" for k in range(4)), "conv_34", *(f"conv_4.model.{k}" for k in range(6)), "conv_45",
              *(f"conv_5.model.{k}" for k in range(2))]  # fmt: skip
    for block in blocks:
        sizes[f"{block}.conv.conv"] = next(c)
        next(c), next(c)
    made = count(prune.shrink(whole, x, sizes), examples=(x,))
    assert made == count(models.create(f"minifasnet_{variant.lower()}"), examples=(x,))
    assert made.params == params and round(made.macs / 1e6, 2) == macs and round(2 * made.macs / 1e9, 3) in (0.081, 0.082)


def test_budget_in_macs() -> None:
    """Just within it, with channels in fours; what cannot be reached is said."""
    whole, x = models.create("minifasnet_unpruned"), torch.zeros(1, 3, 80, 80)
    budget = prune.macs(x)
    small = prune.to_budget(whole, x, budget, 40.7e6, "bn", multiple=4, keep=["linear"])
    assert 0.9 * 40.7e6 < budget(small) <= 40.7e6
    assert all(m.out_channels % 4 == 0 for m in small.modules() if isinstance(m, nn.Conv2d))
    with pytest.raises(pith.PithError, match="at the least"):
        prune.to_budget(whole, x, budget, 1e5, "bn")


def test_budget_in_predicted_cycles_of_a_target() -> None:
    from pith.bridge import predicted_cycles

    whole = net()

    def cycles(made: nn.Module) -> float:
        return predicted_cycles(made, X[:1], "x86-64-v3")

    small = prune.to_budget(whole, X, cycles, 0.5 * cycles(whole), steps=2)
    assert 0 < cycles(small) <= 0.5 * cycles(whole) and small(X).shape == (2, 5)


def test_sensitivity_and_its_picture(tmp_path: Path) -> None:
    whole = net()
    with torch.no_grad():
        target = whole(X)
        curves = prune.sensitivity(whole, X, lambda n: -float((n(X) - target).square().mean()), shares=(0.25, 0.75), only=["after.0", "left.0"])
    assert set(curves) == {"after.0", "left.0"} and all(points[0] == (0.0, 0.0) and points[2][1] < 0 for points in curves.values())
    assert [round(p[0], 2) for p in curves["after.0"]] == [0, 0.25, 0.75]
    pytest.importorskip("matplotlib", reason="the picture is drawn by matplotlib")
    prune.draw(curves, tmp_path / "curves.svg", "error")
    assert "<svg" in (tmp_path / "curves.svg").read_text()


def test_results_keep_their_channels() -> None:
    """Also those that a later layer reads too."""

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 1)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            features = self.a(x)
            return features, self.b(features)

    x = torch.zeros(1, 3, 8, 8)
    with pytest.raises(InputError, match=r"(?s)'a' cannot be thinned out.*results of Two"):
        prune.shrink(Two(), x, {"a": 4})


class Around(nn.Module):
    """Two convolutions around another layer."""

    def __init__(self, middle: nn.Module, wide: int = 16, before: int = 16) -> None:
        super().__init__()
        self.first, self.middle, self.last, self.fc = conv(3, before), middle, conv(wide, 16), nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.middle(F.relu(self.first(x)))
        y: Tensor = self.fc(F.relu(self.last(x)).mean((2, 3)))
        return y


class Call(nn.Module):
    def __init__(self, function: Callable[..., Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.layers)


def shuffled(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, 4, c // 4, h, w).transpose(1, 2).reshape(n, c, h, w)


def scaled(x: Tensor, layer: nn.Module) -> Tensor:
    """A branch that depends on channels by their places, scaled by next to nothing, as new residual branches are."""
    y: Tensor = x + layer(x.flip(1) * torch.linspace(0.5, 1.5, x.shape[1])[:, None, None].to(x))
    return y


def still(layer: nn.Sequential, weight: float) -> nn.Sequential:
    nn.init.constant_(layer[1].weight, weight)
    return layer


def halves(x: Tensor, layer: nn.Module) -> Tensor:
    a, b = x.chunk(2, 1)
    return torch.cat([a, F.relu(layer(b))], 1)


AWKWARD: dict[str, tuple[nn.Module, set[str], int]] = {
    "grouped": (conv(16, 16, 3, 4), {"first.0", "middle.0"}, 16),
    "depthwise, two filters a channel": (conv(16, 32, 3, 16), {"first.0", "middle.0"}, 32),
    "grouped transposed": (nn.ConvTranspose2d(16, 16, 2, stride=2, groups=4), {"first.0"}, 16),
    "GroupNorm": (nn.GroupNorm(4, 16), {"first.0"}, 16),
    "slice": (Call(lambda x, f: torch.cat([x[:, :8], F.relu(f(x[:, 8:]))], 1), conv(8, 8)), {"first.0", "middle.layers.0.0"}, 16),
    "chunk": (Call(halves, conv(8, 8)), {"first.0", "middle.layers.0.0"}, 16),
    "shuffle": (Call(shuffled), {"first.0"}, 16),
    "places by number": (Call(lambda x: x[:, [3, 1, 2, 0, *range(4, 16)]]), {"first.0"}, 16),
    "reversed": (Call(lambda x: x.flip(1) * torch.linspace(0.5, 1.5, x.shape[1])[:, None, None].to(x)), {"first.0"}, 16),
    "PixelShuffle": (nn.Sequential(nn.Conv2d(16, 64, 1), nn.PixelShuffle(2)), {"middle.0"}, 16),
    "GLU": (nn.Sequential(nn.Conv2d(16, 32, 1), nn.GLU(1)), {"middle.0"}, 16),
    "rolled": (Call(lambda x: torch.roll(x, x.shape[1] // 2, 1)), {"first.0"}, 24),
    "halves swapped": (Call(lambda x: torch.cat(x.chunk(2, 1)[::-1], 1)), {"first.0"}, 24),
    "a branch of nothing yet": (Call(scaled, still(conv(16, 16), 0.0)), {"first.0", "middle.layers.0.0"}, 16),
    "a branch of next to nothing": (Call(scaled, still(conv(16, 16), 1e-6)), {"first.0", "middle.layers.0.0"}, 16),
    "softmax": (nn.Softmax(1), {"first.0"}, 16),
    "LocalResponseNorm": (nn.LocalResponseNorm(3), {"first.0"}, 16),
    "weight_norm": (nn.utils.parametrizations.weight_norm(nn.Conv2d(16, 16, 1)), {"first.0", "middle"}, 16),
    # these can go
    "instance normalisation": (nn.InstanceNorm2d(16, affine=True), set(), 16),
    "PReLU": (nn.PReLU(16), set(), 16),
    "transposed": (nn.ConvTranspose2d(16, 16, 2, stride=2), set(), 16),
    "gate": (Call(lambda x, a, b: x * torch.sigmoid(b(F.relu(a(x.mean((2, 3), keepdim=True))))), nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)), set(), 16),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_channels_that_mean_something_by_their_place_stay(name: str) -> None:
    middle, stay, wide = AWKWARD[name]
    torch.manual_seed(0)
    whole, x = Around(middle, wide, before=24 if wide == 24 else 16), torch.rand(2, 3, 8, 8)
    before = {n: p.clone() for n, p in whole.state_dict().items()}
    why = prune.kept(whole, x)
    assert set(why) == stay and all(why.values())
    left = {g.name for g in prune.group(whole, x)}
    assert "last.0" in left and not left & stay
    budget = prune.macs(x)
    small = prune.to_budget(whole, x, budget, 0.75 * budget(whole))
    assert whole.training and whole.middle.training  # as they came
    assert budget(small) <= 0.75 * budget(whole) and small(x).shape == (2, 5)
    layers = dict(small.named_modules())
    assert all(layers[n].out_channels == dict(whole.named_modules())[n].out_channels for n in stay if n != "middle")
    assert all(torch.equal(p, before[n]) for n, p in whole.state_dict().items())
    for layer in stay:
        with pytest.raises(InputError, match=f"(?s)'{layer}' cannot be thinned out.*why: "):
            prune.shrink(whole, x, {layer: 8})


class Masked(Around):
    """Results are masked with -inf, or their logarithm is taken."""

    def __init__(self, middle: nn.Module, how: str) -> None:
        super().__init__(middle)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return torch.cat([y, torch.full_like(y, -torch.inf)], 1) if self.how == "-inf" else (y - y.mean()).log()


@pytest.mark.parametrize("how", ["-inf", "nan"])
def test_results_that_are_no_numbers_hide_nothing(how: str) -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 3, 8, 8)
    assert set(prune.kept(Masked(nn.Softmax(1), how), x)) == {"first.0"}
    assert prune.kept(Masked(nn.ReLU(), how), x) == {}


def test_examples_keep_their_range() -> None:
    """A network that refuses numbers outside of it is not tried with such."""

    class Strict(Around):
        def forward(self, x: Tensor) -> Tensor:
            assert float(x.min()) >= 3 and float(x.max()) <= 4
            return super().forward(x)

    assert prune.kept(Strict(nn.ReLU()), 3 + torch.rand(2, 3, 8, 8)) == {}


def test_a_network_that_cannot_be_traced_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"(?s)cannot trace Around.*why: .*channels"):
        prune.group(Around(nn.Identity()), torch.rand(1, 4, 8, 8))


@pytest.mark.parametrize("setting", [{"multiple": 0}, {"least": 0.0}, {"least": 1.5}, {"least": float("nan")}, {"steps": 0}, {"limit": -1.0},
                                     {"multiple": 2.5}, {"limit": float("nan")}, {"limit": "a"}])  # fmt: skip
def test_silly_budgets_are_refused(setting: dict[str, Any]) -> None:
    (name,) = setting
    limit = setting.pop("limit", 1e5)
    with pytest.raises(InputError, match=f"{name} is a"):
        prune.to_budget(net(), X, prune.macs(X), limit, **setting)


def test_what_cannot_be_pruned_is_named() -> None:
    for wrong in ({"shares": (0.5, 1.0)}, {"shares": (-1,)}, {"only": ("nope",)}):
        with pytest.raises(InputError, match=r"between 0 and 1, not|outputs of 'nope' cannot be thinned out"):
            prune.sensitivity(net(), X, lambda _: 0.0, **wrong)
    for sizes, words in (({"fc": 3}, "'fc' cannot be thinned"), ({"after.0": 13}, "12 channels, not 13"), ({"after.0": 0}, "at least one")):
        with pytest.raises(pith.PithError, match=words):
            prune.shrink(net(), X, sizes)
    with pytest.raises(pith.PithError, match="no kind of score 'l1'"):
        prune.score(net(), X, "l1")
    with pytest.raises(pith.PithError, match=r"'stem' is no convolution"):
        prune.group(net(), X, keep=["stem"])

"""MobileNeXt: published counts, the rules of both variants, the identity multiplier, the CPU training kernels."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="the networks of pith.models are PyTorch modules; install torch to test them"
)

from pith.models.cost import count  # noqa: E402
from pith.models.mobilenext import (  # noqa: E402
    Sandglass,
    Stage,
    cifar_config,
    hidden_channels,
    make_divisible,
    mobilenext,
    mobilenext_cifar,
)

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "mobilenext_cifar10"

# (variant, width) -> millions of parameters, millions of multiply-accumulates at 224 x 224, and the digits they are
# stated with.
# Counted independently from the authors' released code, and from a network built by the rules of the paper.
COUNTS = [
    ("official", 1.40, 6.126, 3, 588, 0),
    ("official", 1.00, 3.535, 3, 311, 0),
    ("official", 0.75, 2.77, 2, 208, 0),
    ("official", 0.50, 2.15, 2, 103, 0),
    ("official", 0.35, 1.91, 2, 75, 0),
    ("paper", 1.40, 5.629, 3, 514, 0),
    ("paper", 1.00, 3.306, 3, 274.6, 1),
    ("paper", 0.75, 2.50, 2, 167, 0),
    ("paper", 0.50, 1.90, 2, 85, 0),
    ("paper", 0.35, 1.64, 2, 51, 0),
]


@pytest.mark.parametrize(("variant", "width", "params", "digits", "macs", "mac_digits"), COUNTS)
def test_counts(variant: str, width: float, params: float, digits: int, macs: float, mac_digits: int) -> None:
    cost = count(mobilenext(variant=variant, width=width))
    assert round(cost.params / 1e6, digits) == params
    assert round(cost.macs / 1e6, mac_digits) == macs


def layers(block: Sandglass) -> list[str]:
    """What a block is made of: dw (depthwise), dw/2 (strided), pw, r (ReLU6)."""
    names = []
    for module in block.conv:
        if isinstance(module, torch.nn.Conv2d):
            names.append(("dw" + ("/2" if module.stride == (2, 2) else "")) if module.groups > 1 else "pw")
        elif isinstance(module, torch.nn.ReLU6):
            names.append("r")
    return names


def test_paper_block() -> None:
    block = Sandglass(24, 24, stride=1, reduction=6, variant="paper")
    assert layers(block) == ["dw", "r", "pw", "pw", "r", "dw"]
    assert block.kept == 24
    assert layers(Sandglass(24, 48, stride=2, reduction=6, variant="paper")) == ["dw", "r", "pw", "pw", "r", "dw/2"]
    assert Sandglass(24, 48, stride=1, reduction=6, variant="paper").kept == 0


def test_official_blocks() -> None:
    grow = Sandglass(24, 48, stride=1, reduction=6, variant="official")
    assert (layers(grow), grow.kept) == (["pw", "pw", "r"], 0)
    halve = Sandglass(24, 48, stride=2, reduction=6, variant="official")
    assert (layers(halve), halve.kept) == (["pw", "pw", "r", "dw/2"], 0)
    first = Sandglass(32, 96, stride=2, reduction=2, variant="official")
    assert (layers(first), first.kept) == (["dw", "r", "pw", "pw", "r", "dw/2"], 0)
    only = Sandglass(96, 144, stride=1, reduction=6, variant="official", only=True)
    assert (layers(only), only.kept) == (["dw", "r", "pw", "pw", "r", "dw"], 0)
    repeat = Sandglass(48, 48, stride=1, reduction=6, variant="official")
    assert (layers(repeat), repeat.kept) == (["dw", "r", "pw", "pw", "r", "dw"], 48)


def test_official_bottlenecks() -> None:
    wide = [
        (32, 96, 2),
        (96, 144, 6),
        (144, 192, 6),
        (192, 288, 6),
        (288, 384, 6),
        (384, 576, 6),
        (576, 960, 6),
        (960, 1280, 6),
    ]
    assert [hidden_channels(i, o, t, "official") for i, o, t in wide] == [16, 32, 32, 48, 64, 96, 160, 208]
    assert [hidden_channels(i, o, t, "paper") for i, o, t in wide] == [16, 16, 24, 32, 48, 64, 96, 160]


def test_the_first_layers_of_the_official_network() -> None:
    widths = [block.conv[3 if len(layers(block)) > 4 else 0].out_channels for block in mobilenext().features[1:]]
    assert widths == [16, 32, 32, 32, 32, 48, 48, 48, 64, 64, 64, 64, 96, 96, 96, 96, 160, 160, 160, 208]


def test_make_divisible() -> None:
    assert [make_divisible(value) for value in (1, 11, 12, 33.6, 1792)] == [8, 16, 16, 32, 1792]
    assert all(make_divisible(value) >= 0.9 * value and make_divisible(value) % 8 == 0 for value in range(1, 500))


def test_last_stage_width() -> None:
    assert mobilenext(width=0.35).classifier[-1].in_features == 1280
    assert mobilenext(width=1.4).classifier[-1].in_features == 1792


@pytest.mark.parametrize("identity", [1.0, 0.5, 1 / 3, 1 / 6])
def test_identity_multiplier(identity: float) -> None:
    block = Sandglass(24, 24, stride=1, reduction=6, variant="official", identity=identity).eval()
    x = torch.randn(2, 24, 5, 7, generator=torch.Generator().manual_seed(0))
    expected = block.conv(x)
    expected[:, : round(24 * identity)] += x[:, : round(24 * identity)]
    assert torch.equal(block(x), expected)


def test_identity_multiplier_costs_nothing() -> None:
    assert count(mobilenext_cifar(identity=0.5), (1, 3, 32, 32)) == count(mobilenext_cifar(), (1, 3, 32, 32))


def test_cifar() -> None:
    net = mobilenext_cifar().eval()
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    cost = count(net, (1, 3, 32, 32))
    assert cost.params < 500_000
    assert cost.macs < 90_000_000
    assert net.features(torch.zeros(1, 3, 32, 32)).shape[2:] == (8, 8)


def test_configuration_is_checked() -> None:
    for wrong in (
        {"variant": "tf"},
        {"identity": 0.0},
        {"identity": 2.0},
        {"width": 0.0},
        {"stages": (Stage(2, 8, 1, 3),)},
    ):
        with pytest.raises(ValueError, match=r"variant|identity|width|stage"):
            cifar_config(**wrong)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="the training kernels need gcc")
def test_cpu_kernels_compute_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    sys.modules.pop("cpu_kernels", None)
    from cpu_kernels import _Depthwise, _NormAct, library

    library()
    assert np.float32(1e-40) * np.float32(1) != 0, "subnormal numbers are off in this process"

    generator = torch.Generator().manual_seed(0)

    def near(got: torch.Tensor, expected: torch.Tensor) -> bool:
        return bool((got.float() - expected).norm() <= 4e-3 * expected.norm())  # half a step of bfloat16 is 2 ** -9

    for stride in (1, 2):
        x = torch.randn(3, 8, 6, 32, generator=generator).bfloat16().requires_grad_()
        w = torch.randn(32, 1, 3, 3, generator=generator).requires_grad_()
        x0, w0 = x.detach().float().requires_grad_(), w.detach().clone().requires_grad_()
        y = _Depthwise.apply(x, w.view(-1, 9).t(), stride)
        y0 = torch.nn.functional.conv2d(x0.permute(0, 3, 1, 2), w0, stride=stride, padding=1, groups=32).permute(
            0, 2, 3, 1
        )
        g = torch.randn(y0.shape, generator=generator).bfloat16()
        y.backward(g)
        y0.backward(g.float())
        assert near(y, y0)
        assert near(x.grad, x0.grad)
        assert near(w.grad, w0.grad)
    for act in (False, True):
        norm, norm0 = torch.nn.BatchNorm2d(24), torch.nn.BatchNorm2d(24)
        for module in (norm, norm0):
            torch.nn.init.constant_(module.weight, 2.0)
            torch.nn.init.constant_(module.bias, 0.5)
        x = (torch.randn(3, 8, 6, 24, generator=generator) * 2 + 1).bfloat16().requires_grad_()
        x0 = x.detach().float().requires_grad_()
        y = _NormAct.apply(x, norm.weight, norm.bias, norm, act)
        y0 = norm0(x0.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        y0 = torch.nn.functional.relu6(y0) if act else y0
        g = torch.randn(y0.shape, generator=generator).bfloat16()
        y.backward(g)
        y0.backward(g.float())
        assert near(y, y0)
        assert near(x.grad, x0.grad)
        assert near(norm.weight.grad, norm0.weight.grad)
        assert near(norm.bias.grad, norm0.bias.grad)
        assert near(norm.running_var, norm0.running_var)

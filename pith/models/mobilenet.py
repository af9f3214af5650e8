"""MobileNetV1, V2 and V3 for ImageNet (arXiv 1704.04861, 1801.04381, 1905.02244): ``(N, 3, 224, 224) -> (N, classes)`` logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.blocks import conv_bn, he_fan_out, separable
from pith.models.mobilenext import make_divisible

V1_ROWS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
"""Output channels and stride of each separable block."""
V2_ROWS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, output channels, blocks, stride of the first."""
V2_CIFAR_ROWS = ((1, 16, 1, 1), (6, 24, 3, 2), (6, 48, 5, 2), (6, 80, 2, 1))
"""For pictures of 32 x 32: as many blocks at each size as `mobilenext.CIFAR_STAGES` has."""
Row = tuple[int, int, int, bool, bool, int]
V3_LARGE: tuple[Row, ...] = (
    (3, 16, 16, False, False, 1), (3, 64, 24, False, False, 2), (3, 72, 24, False, False, 1), (5, 72, 40, True, False, 2),
    (5, 120, 40, True, False, 1), (5, 120, 40, True, False, 1), (3, 240, 80, False, True, 2), (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1), (3, 184, 80, False, True, 1), (3, 480, 112, True, True, 1), (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2), (5, 960, 160, True, True, 1), (5, 960, 160, True, True, 1),
)  # fmt: skip
"""Kernel, expanded channels, output channels, squeeze and excitation, hard swish (else ReLU), stride."""
V3_SMALL: tuple[Row, ...] = (
    (3, 16, 16, True, False, 2), (3, 72, 24, False, False, 2), (3, 88, 24, False, False, 1), (5, 96, 40, True, True, 2),
    (5, 240, 40, True, True, 1), (5, 240, 40, True, True, 1), (5, 120, 48, True, True, 1), (5, 144, 48, True, True, 1),
    (5, 288, 96, True, True, 2), (5, 576, 96, True, True, 1), (5, 576, 96, True, True, 1),
)  # fmt: skip


class MobileNetV1(nn.Module):
    """Separable convolutions in a row. `width` multiplies every channel count."""

    def __init__(self, width: float = 1.0, classes: int = 1000, in_channels: int = 3) -> None:
        super().__init__()
        channels = max(8, int(32 * width))
        layers: list[nn.Module] = [conv_bn(in_channels, channels, 3, 2)]
        for c, stride in V1_ROWS:
            outputs = max(8, int(c * width))
            layers.append(separable(channels, outputs, stride))
            channels = outputs
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.classifier(self.features(x).mean((2, 3)))


class Inverted(nn.Module):
    """1x1 to `expansion` times the channels, depthwise 3x3, 1x1 without activation; the input is added where shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        layers = [*_relu6(inputs, wide, 1)] if expansion > 1 else []
        self.conv = nn.Sequential(*layers, *_relu6(wide, wide, 3, stride, wide), *conv_bn(wide, outputs, 1, slope=None))
        self.same = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        return x + self.conv(x) if self.same else self.conv(x)


def _relu6(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [*conv_bn(inputs, outputs, kernel, stride, groups=groups, slope=None), nn.ReLU6(inplace=True)]


class MobileNetV2(nn.Module):
    """Inverted residuals; the last layer is never narrower than 1,280 channels."""

    def __init__(
        self, width: float = 1.0, classes: int = 1000, *, rows: Sequence[Sequence[int]] = V2_ROWS, stem_stride: int = 2, features: int = 1280,
        divisor: int = 8, dropout: float = 0.2,
    ) -> None:  # fmt: skip
        """rows: see V2_ROWS.  features: of the last layer.  divisor: of all numbers of channels."""
        super().__init__()
        channels = make_divisible(32 * width, divisor)
        layers: list[nn.Module] = [nn.Sequential(*_relu6(3, channels, 3, stem_stride))]
        for expansion, c, n, stride in rows:
            for k in range(n):
                layers.append(Inverted(channels, make_divisible(c * width, divisor), stride if k == 0 else 1, expansion))
                channels = make_divisible(c * width, divisor)
        last = make_divisible(features * max(1.0, width))
        self.features = nn.Sequential(*layers, nn.Sequential(*_relu6(channels, last, 1)))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.classifier(self.features(x).mean((2, 3)))


def mobilenet_v2_cifar(width: float = 1.0, classes: int = 10, stem_stride: int = 1, **changes: Any) -> MobileNetV2:
    """MobileNetV2 for 32 x 32 pictures, ``(N, 3, 32, 32) -> (N, classes)``, in the arrangement of `mobilenext_cifar`: stem, blocks, halvings
    and the 320 features that the classifier sees are as many; the blocks are V2's."""
    settings = {"rows": V2_CIFAR_ROWS, "features": 320, "divisor": 4, "dropout": 0.0, **changes}
    net = MobileNetV2(width, classes, stem_stride=stem_stride, **settings)
    he_fan_out(net)
    return net


class Gate(nn.Module):
    """Squeeze and excitation with a hard sigmoid clip(slope x + 1/2, 0, 1)."""

    def __init__(self, channels: int, narrow: int, slope: float = 1 / 6) -> None:
        super().__init__()
        self.fc1, self.fc2, self.slope = nn.Conv2d(channels, narrow, 1), nn.Conv2d(narrow, channels, 1), slope

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        y = self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1))))
        return x * (F.hardsigmoid(y) if self.slope == 1 / 6 else (self.slope * y + 0.5).clamp(0.0, 1.0))


class InvertedV3(nn.Module):
    """1x1, depthwise, gate, 1x1. `always`: the first 1x1 is there even where it does not widen. `gate`: channels of the gate's
    middle, 0 for none."""

    def __init__(
        self, inputs: int, wide: int, outputs: int, kernel: int, stride: int | tuple[int, int], *, gate: int, swish: bool,
        always: bool = False, slope: float = 1 / 6,
    ) -> None:  # fmt: skip
        super().__init__()
        layers: list[nn.Module] = []
        if always or wide != inputs:
            layers += [*conv_bn(inputs, wide, 1, slope=None), activation_v3(swish)]
        depthwise = nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False)
        layers += [depthwise, nn.BatchNorm2d(wide), activation_v3(swish)]
        layers += [Gate(wide, gate, slope)] if gate else []
        self.conv = nn.Sequential(*layers, *conv_bn(wide, outputs, 1, slope=None))
        self.same = stride in (1, (1, 1)) and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        return x + self.conv(x) if self.same else self.conv(x)


def activation_v3(swish: bool) -> nn.Module:
    """Hard swish, or ReLU."""
    return nn.Hardswish(inplace=True) if swish else nn.ReLU(inplace=True)


class MobileNetV3(nn.Module):
    """Large or small, as in the paper: the classifier has a hidden layer of 1,280 or 1,024."""

    def __init__(self, size: Literal["large", "small"] = "large", width: float = 1.0, classes: int = 1000) -> None:
        super().__init__()
        rows, hidden = (V3_LARGE, 1280) if size == "large" else (V3_SMALL, 1024)
        channels = make_divisible(16 * width)
        layers: list[nn.Module] = [nn.Sequential(*conv_bn(3, channels, 3, 2, slope=None), activation_v3(True))]
        for kernel, wide, c, gated, swish, stride in rows:
            wide, outputs = make_divisible(wide * width), make_divisible(c * width)
            gate = make_divisible(wide // 4) if gated else 0
            layers.append(InvertedV3(channels, wide, outputs, kernel, stride, gate=gate, swish=swish))
            channels = outputs
        last = 6 * channels
        self.features = nn.Sequential(*layers, nn.Sequential(*conv_bn(channels, last, 1, slope=None), activation_v3(True)))
        self.classifier = nn.Sequential(
            nn.Linear(last, hidden), nn.Hardswish(inplace=True), nn.Dropout(0.2), nn.Linear(hidden, classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.classifier(self.features(x).mean((2, 3)))

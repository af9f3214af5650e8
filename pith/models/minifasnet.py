"""MiniFASNet: liveness of a face from one 80 x 80 crop, and MultiFTNet, which trains it with a Fourier branch.

Source: the code and weights of Silent-Face-Anti-Spoofing (Minivision, Apache-2.0). A MobileFaceNet whose widths were pruned: all of
them are in one list, `WIDTHS`, which is consumed in order. Input: crops in **BGR, 0..255, not scaled**; outputs: logits of three
classes, of which 1 is a live face and 0 and 2 are two kinds of fakes.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn


def _stage(*triples: tuple[int, int, int]) -> list[int]:
    return [c for t in triples for c in t]


_STAGE5 = _stage((308, 308, 128), (26, 26, 128), (26, 26, 128))
WIDTHS: dict[str, list[int]] = {
    "V1": [
        32, 32, *_stage((103, 103, 64), (13, 13, 64), (26, 26, 64), (13, 13, 64), (52, 52, 64), (231, 231, 128)),
        *_stage((154, 154, 128), (52, 52, 128), (26, 26, 128), (52, 52, 128), (26, 26, 128), (26, 26, 128)), *_STAGE5, 512, 512,
    ],
    "V2": [
        32, 32, *_stage((103, 103, 64), *[(13, 13, 64)] * 4, (231, 231, 128)),
        *_stage((231, 231, 128), (52, 52, 128), (26, 26, 128), (77, 77, 128), (26, 26, 128), (26, 26, 128)), *_STAGE5, 512, 512,
    ],
    "unpruned": [
        64, 64, *_stage((128, 128, 64), *[(128, 128, 64)] * 4, (256, 256, 128), *[(256, 256, 128)] * 6),
        *_stage((512, 512, 128), *[(256, 256, 128)] * 2), 512, 512,
    ],
}  # fmt: skip
"""Channels: conv1, conv2_dw, three for each bottleneck (1x1, depthwise, 1x1), conv_6_sep, conv_6_dw."""


class Layer(nn.Module):
    """Convolution, batch normalisation, PReLU with a slope for each channel unless `linear`."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int | tuple[int, int] = 1, stride: int = 1, padding: int = 0, groups: int = 1,
        linear: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.prelu = nn.Identity() if linear else nn.PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """The layer."""
        return self.prelu(self.bn(self.conv(x)))


class SqueezeExcite(nn.Module):
    """Channels weighted by a gate computed from their means; reduction 4, batch normalisation in both layers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 4, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels // 4)
        self.fc2 = nn.Conv2d(channels // 4, channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)``, the same shape."""
        gate = F.relu(self.bn1(self.fc1(F.adaptive_avg_pool2d(x, 1))))
        return x * F.sigmoid(self.bn2(self.fc2(gate)))


class Bottleneck(nn.Module):
    """1x1, depthwise 3x3, 1x1 without activation; the input is added where `residual`; squeeze and excitation before that."""

    def __init__(self, inputs: int, widths: Iterator[int], *, stride: int = 1, residual: bool = False, gate: bool = False) -> None:
        super().__init__()
        wide, deep, outputs = next(widths), next(widths), next(widths)
        self.conv = Layer(inputs, wide)
        self.conv_dw = Layer(wide, deep, 3, stride, 1, groups=wide)
        self.project = Layer(deep, outputs, linear=True)
        self.residual, self.outputs = residual, outputs
        if gate:
            self.se_module = SqueezeExcite(outputs)
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        y = self.project(self.conv_dw(self.conv(x)))
        if self.gate:
            y = self.se_module(y)
        return x + y if self.residual else y


class Residuals(nn.Module):
    """`n` bottlenecks with identity; the last one has squeeze and excitation if `gate`."""

    def __init__(self, channels: int, widths: Iterator[int], n: int, gate: bool) -> None:
        super().__init__()
        self.model = nn.Sequential(
            *(Bottleneck(channels, widths, residual=True, gate=gate and k == n - 1) for k in range(n))
        )

    def forward(self, x: Tensor) -> Tensor:
        """The blocks in a row."""
        return self.model(x)


class MiniFASNet(nn.Module):
    """``(N, 3, H, W) -> (N, classes)`` logits, H and W from 65 up; released weights are for 80 x 80."""

    def __init__(
        self, widths: str = "V2", *, gate: bool = False, size: tuple[int, int] = (80, 80), classes: int = 3, embedding: int = 128
    ) -> None:
        """widths: a key of WIDTHS.  gate: squeeze and excitation ("SE").  size: height and width of the crops."""
        super().__init__()
        c = iter(WIDTHS[widths])
        first, second = next(c), next(c)
        self.conv1 = Layer(3, first, 3, 2, 1)
        self.conv2_dw = Layer(first, second, 3, 1, 1, groups=first)
        self.conv_23 = Bottleneck(second, c, stride=2)
        self.conv_3 = Residuals(self.conv_23.outputs, c, 4, gate)
        self.conv_34 = Bottleneck(self.conv_23.outputs, c, stride=2)
        self.conv_4 = Residuals(self.conv_34.outputs, c, 6, gate)
        self.conv_45 = Bottleneck(self.conv_34.outputs, c, stride=2)
        self.conv_5 = Residuals(self.conv_45.outputs, c, 2, gate)
        wide, deep = next(c), next(c)
        self.conv_6_sep = Layer(self.conv_45.outputs, wide)
        window = (-(-size[0] // 16), -(-size[1] // 16))
        self.conv_6_dw = Layer(wide, deep, window, groups=wide, linear=True)
        self.linear = nn.Linear(deep, embedding, bias=False)
        self.bn = nn.BatchNorm1d(embedding)
        self.drop = nn.Dropout(0.75 if gate else 0.2)
        self.prob = nn.Linear(embedding, classes, bias=False)

    def trunk(self, x: Tensor) -> Tensor:
        """``(N, 3, H, W) -> (N, 128, H / 8, W / 8)``: the layers that the Fourier branch of MultiFTNet looks at."""
        return self.conv_4(self.conv_34(self.conv_3(self.conv_23(self.conv2_dw(self.conv1(x))))))

    def head(self, features: Tensor) -> Tensor:
        """What `trunk` gives, to logits."""
        x = self.conv_6_dw(self.conv_6_sep(self.conv_5(self.conv_45(features))))
        return self.prob(self.drop(self.bn(self.linear(x.flatten(1)))))

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.head(self.trunk(x))


class MultiFTNet(nn.Module):
    """MiniFASNetV2SE with a branch that draws the spectrum of the picture, to be trained with.

    In training ``(N, 3, 80, 80) -> (N, classes), (N, 1, 10, 10)``; the target of the second is `spectrum` of the picture, and the
    loss half cross-entropy and half squared error. In evaluation the logits alone.
    """

    def __init__(self, classes: int = 3, size: tuple[int, int] = (80, 80)) -> None:
        super().__init__()
        self.model = MiniFASNet("V2", gate=True, classes=classes, size=size)
        self.FTGenerator = nn.Module()  # the names of the released code
        layers: list[nn.Module] = []
        for inputs, outputs in ((128, 128), (128, 64), (64, 1)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        self.FTGenerator.ft = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Logits, and in training the spectrum."""
        features = self.model.trunk(x)
        logits = self.model.head(features)
        return (logits, self.FTGenerator.ft(features)) if self.training else logits


def spectrum(gray: Tensor, size: tuple[int, int] = (10, 10)) -> Tensor:
    """``(N, H, W)`` gray values to the target of the Fourier branch ``(N, 1, h, w)``: log(1 + |FFT|) with the zero frequency in the
    middle, brought to (f - min + 1) / (max - min + 1) for each picture, resized (bilinear)."""
    import torch

    f = torch.log1p(torch.abs(torch.fft.fftshift(torch.fft.fft2(gray), dim=(-2, -1))))
    low, high = f.amin((1, 2), keepdim=True), f.amax((1, 2), keepdim=True)
    scaled = (f - low + 1) / (high - low + 1)
    return F.interpolate(scaled[:, None], size=size, mode="bilinear", align_corners=False)

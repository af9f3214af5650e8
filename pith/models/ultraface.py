"""UltraFace RFB-320: the "Ultra-Light-Fast-Generic-Face-Detector-1MB" (MIT), a MobileNetV1 of 32 to 256 channels with a receptive-field
block and the heads of SSD.

Input: 320 x 240 pictures, **RGB, (x - 127) / 128**. Outputs: boxes in units of the picture, corner form, already decoded.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.blocks import conv_bn, separable, separable_bias

STRIDES = (8, 16, 32, 64)
SIZES = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))
"""Sides of the anchors at each stride, in pixels."""


class Layer(nn.Module):
    """Convolution, batch normalisation, ReLU unless `linear`."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, dilation: int = 1, linear: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2 * dilation, dilation=dilation, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        """The layer."""
        y = self.bn(self.conv(x))
        return y if self.linear else F.relu(y)


class ReceptiveField(nn.Module):
    """Three branches whose last convolutions are dilated by 2, 3 and 5, joined and added to a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        c = channels // 8

        def branch(dilation: int, *widths: int) -> nn.Sequential:
            middle = [Layer(a, b, 3) for a, b in zip((c, *widths), widths, strict=False)]
            return nn.Sequential(Layer(channels, c, linear=True), *middle, Layer(2 * c, 2 * c, 3, dilation, linear=True))

        self.branch0 = branch(2, 2 * c)
        self.branch1 = branch(3, 2 * c)
        self.branch2 = branch(5, c // 2 * 3, 2 * c)
        self.ConvLinear = Layer(6 * c, channels, linear=True)
        self.shortcut = Layer(channels, channels, linear=True)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        joined = torch.cat([self.branch0(x), self.branch1(x), self.branch2(x)], 1)
        return F.relu(self.ConvLinear(joined) + self.shortcut(x))


class UltraFace(nn.Module):
    """``(N, 3, 240, 320) -> (N, 4420, 2) probabilities of background and face, (N, 4420, 4) boxes``."""

    priors: Tensor

    def __init__(self, size: tuple[int, int] = (240, 320)) -> None:
        """size: height and width of the pictures."""
        super().__init__()
        rows = ((16, 32, 1), (32, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1))
        deep = ((64, 128, 2), (128, 128, 1), (128, 128, 1), (128, 256, 2), (256, 256, 1))
        self.base_net = nn.Sequential(
            conv_bn(3, 16, 3, 2), *(separable(*r) for r in rows), ReceptiveField(64), *(separable(*r) for r in deep)
        )
        reduce = nn.Sequential(nn.Conv2d(256, 64, 1), nn.ReLU(inplace=True), separable_bias(64, 256, 2), nn.ReLU(inplace=True))
        self.extras = nn.ModuleList([reduce])
        self.classification_headers = self._heads(2)
        self.regression_headers = self._heads(4)
        self.register_buffer("priors", priors(*size), persistent=False)

    @staticmethod
    def _heads(values: int) -> nn.ModuleList:
        counts = [values * len(s) for s in SIZES]
        heads = [separable_bias(c, n) for c, n in zip((64, 128, 256), counts, strict=False)]
        return nn.ModuleList([*heads, nn.Conv2d(256, counts[-1], 3, padding=1)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities and boxes (left, top, right, bottom)."""
        maps = []
        for k, layer in enumerate(self.base_net):
            x = layer(x)
            if k in (7, 10, 12):
                maps.append(x)
        maps.append(self.extras[0](x))
        scores, places = (
            torch.cat([h(f).permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, n)) for h, f in zip(heads, maps, strict=True)], 1)
            for heads, n in ((self.classification_headers, 2), (self.regression_headers, 4))
        )
        centre = places[..., :2] * 0.1 * self.priors[:, 2:] + self.priors[:, :2]
        half = torch.exp(places[..., 2:] * 0.2) * self.priors[:, 2:] / 2
        return F.softmax(scores, 2), torch.cat([centre - half, centre + half], 2)


def priors(height: int, width: int) -> Tensor:
    """``(A, 4)``: centre x, centre y, width, height of the anchors, in units of the picture, cut to 0..1.

    The cells share the picture evenly, also where their number was rounded up.
    """
    rows = []
    for stride, sides in zip(STRIDES, SIZES, strict=True):
        lines, columns = math.ceil(height / stride), math.ceil(width / stride)
        for y in range(lines):
            for x in range(columns):
                centre = ((x + 0.5) / columns, (y + 0.5) / lines)
                rows += [(*centre, side / width, side / height) for side in sides]
    return torch.tensor(rows).clamp(0.0, 1.0)

"""RetinaFace (arXiv 1905.00641) on a quarter-width MobileNetV1, in the form of the released weights (Pytorch_Retinaface, MIT).

Input: pictures in **BGR, less (104, 117, 123)**, height and width multiples of 32. Outputs are relative to anchors: see `anchors`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.blocks import conv_bn, separable

_SLOPE = 0.1  # of every leaky ReLU
SIZES = ((16, 32), (64, 128), (256, 512))
"""Sides of the two anchors at each of the strides 8, 16 and 32."""


class MobileNetV1Quarter(nn.Module):
    """The backbone with its classifier: ``(N, 3, 224, 224) -> (N, classes)``. Pixels: RGB / 255, ImageNet mean and deviation."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        rows1 = ((8, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1))
        self.stage1 = nn.Sequential(conv_bn(3, 8, 3, 2, slope=_SLOPE), *(separable(*r, slope=_SLOPE) for r in rows1))
        self.stage2 = nn.Sequential(separable(64, 128, 2, slope=_SLOPE), *(separable(128, 128, slope=_SLOPE) for _ in range(5)))
        self.stage3 = nn.Sequential(separable(128, 256, 2, slope=_SLOPE), separable(256, 256, slope=_SLOPE))
        if classes:
            self.fc = nn.Linear(256, classes)

    def features(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """64, 128 and 256 channels at strides 8, 16 and 32."""
        one = self.stage1(x)
        two = self.stage2(one)
        return one, two, self.stage3(two)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.fc(self.features(x)[2].mean((2, 3)))


class Pyramid(nn.Module):
    """Three sizes of features brought to one width, each smaller one added to the next larger."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        for k, c in enumerate(inputs, 1):
            self.add_module(f"output{k}", conv_bn(c, outputs, 1, slope=_SLOPE))
        self.merge1 = conv_bn(outputs, outputs, slope=_SLOPE)
        self.merge2 = conv_bn(outputs, outputs, slope=_SLOPE)

    def forward(self, features: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Largest first."""
        one, two, three = (self.get_submodule(f"output{k}")(f) for k, f in enumerate(features, 1))
        two = self.merge2(two + F.interpolate(three, scale_factor=2.0, mode="nearest"))
        return self.merge1(one + F.interpolate(two, scale_factor=2.0, mode="nearest")), two, three


class Context(nn.Module):
    """SSH: windows of 3x3, 5x5 and 7x7, the larger ones as rows of 3x3, side by side."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half, quarter = outputs // 2, outputs // 4
        self.conv3X3 = conv_bn(inputs, half, slope=None)
        self.conv5X5_1 = conv_bn(inputs, quarter, slope=_SLOPE)
        self.conv5X5_2 = conv_bn(quarter, quarter, slope=None)
        self.conv7X7_2 = conv_bn(quarter, quarter, slope=_SLOPE)
        self.conv7x7_3 = conv_bn(quarter, quarter, slope=None)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W) -> (N, outputs, H, W)``."""
        five = self.conv5X5_1(x)
        return F.relu(torch.cat([self.conv3X3(x), self.conv5X5_2(five), self.conv7x7_3(self.conv7X7_2(five))], 1))


class Head(nn.Module):
    """A pointwise convolution, read as ``(N, anchors, values)``."""

    def __init__(self, inputs: int, values: int, anchors: int = 2) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(inputs, anchors * values, 1)
        self.values = values

    def forward(self, x: Tensor) -> Tensor:
        """Anchors in the order of rows, columns, sizes."""
        return self.conv1x1(x).permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, self.values))


class RetinaFace(nn.Module):
    """``(N, 3, H, W) -> (N, A, 4) boxes, (N, A, 2) probabilities of no face and face, (N, A, 10) points``, for A anchors."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.body = MobileNetV1Quarter(classes=0)
        self.fpn = Pyramid((64, 128, 256), width)
        for k in (1, 2, 3):
            self.add_module(f"ssh{k}", Context(width, width))
        self.ClassHead = nn.ModuleList(Head(width, 2) for _ in range(3))
        self.BboxHead = nn.ModuleList(Head(width, 4) for _ in range(3))
        self.LandmarkHead = nn.ModuleList(Head(width, 10) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes, probabilities, points; the first and last relative to the anchors."""
        maps = [self.get_submodule(f"ssh{k}")(f) for k, f in enumerate(self.fpn(self.body.features(x)), 1)]
        boxes, classes, points = (
            torch.cat([head(f) for head, f in zip(heads, maps, strict=True)], 1)
            for heads in (self.BboxHead, self.ClassHead, self.LandmarkHead)
        )
        return boxes, F.softmax(classes, -1), points


def anchors(height: int, width: int) -> Tensor:
    """``(A, 4)``: centre x, centre y, width, height in units of the picture. A box is centre + 0.1 d_xy size and size exp(0.2 d_wh)."""
    rows = []
    for stride, sides in zip((8, 16, 32), SIZES, strict=True):
        for y in range(-(-height // stride)):
            for x in range(-(-width // stride)):
                centre = ((x + 0.5) * stride / width, (y + 0.5) * stride / height)
                rows += [(*centre, side / width, side / height) for side in sides]
    return torch.tensor(rows)

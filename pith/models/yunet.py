"""YuNet (libfacedetection.train, Apache-2.0): faces with five points, without anchors, in 76 thousand parameters.

Input: **BGR, 0..255, not scaled**, height and width multiples of 32. Every convolution but the first is a pointwise one followed by a
depthwise one.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

HEADS = (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
"""Kinds of outputs in order, and the values of each."""


class Unit(nn.Module):
    """Pointwise and depthwise 3x3 convolution with biases; batch normalisation and ReLU unless `linear`."""

    def __init__(self, inputs: int, outputs: int, linear: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, groups=outputs)
        self.bn = nn.Identity() if linear else nn.BatchNorm2d(outputs)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W) -> (N, outputs, H, W)``."""
        y = self.bn(self.conv2(self.conv1(x)))
        return y if self.linear else F.relu(y)


class First(nn.Module):
    """The stem: a 3x3 convolution of stride 2, and a unit."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, outputs, 3, 2, 1)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = Unit(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, 3, H, W) -> (N, outputs, H / 2, W / 2)``."""
        return self.conv2(F.relu(self.bn1(self.conv1(x))))


class Pair(nn.Module):
    """Two units."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = Unit(inputs, inputs)
        self.conv2 = Unit(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W) -> (N, outputs, H, W)``."""
        return self.conv2(self.conv1(x))


class YuNet(nn.Module):
    """``(N, 3, H, W)`` to twelve outputs: for each kind of HEADS its values ``(N, H W / s^2, values)`` at the strides 8, 16 and 32.

    Probabilities of class and object are to be multiplied (the score is the root of the product). Boxes: centre and logarithm of the
    size in units of the stride, relative to the cell's corner.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.add_module("model0", First(16))
        self.backbone.add_module("model1", Pair(16, width))
        for k in range(2, 6):
            self.backbone.add_module(f"model{k}", Pair(width, width))
        self.neck = nn.Module()
        self.neck.lateral_convs = nn.ModuleList(Unit(width, width) for _ in range(3))
        self.bbox_head = nn.Module()
        self.bbox_head.multi_level_share_convs = nn.ModuleList(nn.Sequential(Unit(width, width)) for _ in range(3))
        for name, values in HEADS:
            self.bbox_head.add_module(f"multi_level_{name}", nn.ModuleList(Unit(width, values, linear=True) for _ in range(3)))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """cls at 8, 16, 32; obj; bbox; kps."""
        maps = []
        for k in range(6):
            x = self.backbone.get_submodule(f"model{k}")(x)
            if k >= 3:
                maps.append(x)
            if k in (0, 2, 3, 4):
                x = F.max_pool2d(x, 2)
        lateral = self.neck.lateral_convs
        for k in (2, 1, 0):
            maps[k] = lateral[k](maps[k])
            if k:
                maps[k - 1] = maps[k - 1] + F.interpolate(maps[k], scale_factor=2.0, mode="nearest")
        maps = [share(f) for share, f in zip(self.bbox_head.multi_level_share_convs, maps, strict=True)]
        out = []
        for name, values in HEADS:
            for head, f in zip(self.bbox_head.get_submodule(f"multi_level_{name}"), maps, strict=True):
                y = head(f).permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, values))
                out.append(F.sigmoid(y) if name in ("cls", "obj") else y)
        return tuple(out)

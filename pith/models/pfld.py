"""PFLD (arXiv 1902.10859): points of a face from a 112 x 112 crop, any number of them, with the branch that training needs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.blocks import conv_bn

ROWS = ((2, 64, 5, 2), (2, 128, 1, 2), (4, 128, 6, 1), (2, 16, 1, 1))
"""Expansion, output channels, blocks, stride of the first, of the inverted residuals."""


class Inverted(nn.Module):
    """1x1, depthwise 3x3, 1x1 without activation; ReLU; added where `same`."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int, same: bool) -> None:
        super().__init__()
        wide = inputs * expansion
        self.conv = nn.Sequential(
            *conv_bn(inputs, wide, 1), *conv_bn(wide, wide, 3, stride, groups=wide), *conv_bn(wide, outputs, 1, slope=None)
        )
        self.same = same

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        return x + self.conv(x) if self.same else self.conv(x)


class PFLD(nn.Module):
    """``(N, 3, 112, 112) -> (N, 2 x points)``, x before y, in units of the crop; in training also the three angles of the head."""

    def __init__(self, points: int = 98) -> None:
        super().__init__()
        if points < 1:
            raise ValueError(f"points is at least 1, not {points}")
        self.stem = nn.Sequential(conv_bn(3, 64, 3, 2), conv_bn(64, 64, 3, groups=64))
        stages, channels = [], 64
        for expansion, c, n, stride in ROWS:
            blocks = []
            for k in range(n):
                blocks.append(Inverted(channels, c, stride if k == 0 else 1, expansion, k > 0))
                channels = c
            stages.append(nn.Sequential(*blocks))
        self.near, self.far = stages[0], nn.Sequential(*stages[1:])
        self.conv7 = conv_bn(16, 32, 3, 2)
        self.conv8 = nn.Sequential(nn.Conv2d(32, 128, 7), nn.ReLU(inplace=True))
        self.fc = nn.Linear(16 + 32 + 128, 2 * points)
        self.pose = Pose()

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Points, and in training angles."""
        near = self.near(self.stem(x))
        one = self.far(near)
        two = self.conv7(one)
        scales = [one.mean((2, 3)), two.mean((2, 3)), self.conv8(two).flatten(1)]
        points = self.fc(torch.cat(scales, 1))
        return (points, self.pose(near)) if self.training else points


class Pose(nn.Module):
    """``(N, 64, 28, 28) -> (N, 3)``: yaw, pitch, roll; only for training."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(conv_bn(64, 128, 3, 2), conv_bn(128, 128), conv_bn(128, 32, 3, 2))
        self.window = nn.Conv2d(32, 128, 7)
        self.fc1, self.fc2 = nn.Linear(128, 32), nn.Linear(32, 3)

    def forward(self, near: Tensor) -> Tensor:
        """Angles."""
        return self.fc2(F.relu(self.fc1(F.relu(self.window(self.conv(near))).flatten(1))))

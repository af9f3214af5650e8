"""NanoDet-m (Apache-2.0): 80 classes of COCO at 320 x 320, on ShuffleNetV2 (arXiv 1807.11164), a path aggregation network without
convolutions of its own, and heads of generalised focal loss, whose boxes are distributions over eight distances to each side.

Input: **BGR, less (103.53, 116.28, 123.675), by (57.375, 57.12, 58.395)**.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.blocks import conv_bn

_SLOPE = 0.1
STAGES = ((116, 4), (232, 8), (464, 4))
"""Channels and blocks at strides 8, 16 and 32."""


class Shuffle(nn.Module):
    """ShuffleNetV2's block: half of the channels (or, with stride 2, all of them twice) computed, joined, and shuffled."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        c = outputs // 2
        first = inputs if stride == 2 else c
        self.stride = stride
        if stride == 2:
            self.branch1 = nn.Sequential(
                *conv_bn(inputs, inputs, 3, 2, groups=inputs, slope=None), *conv_bn(inputs, c, 1, slope=_SLOPE)
            )
        self.branch2 = nn.Sequential(
            *conv_bn(first, c, 1, slope=_SLOPE), *conv_bn(c, c, 3, stride, groups=c, slope=None), *conv_bn(c, c, 1, slope=_SLOPE)
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)``."""
        if self.stride == 2:
            joined = torch.cat([self.branch1(x), self.branch2(x)], 1)
        else:
            kept, computed = x.chunk(2, 1)
            joined = torch.cat([kept, self.branch2(computed)], 1)
        return joined.unflatten(1, (2, -1)).transpose(1, 2).flatten(1, 2)


class NanoDet(nn.Module):
    """``(N, 3, H, W) -> (N, A, classes) probabilities, (N, A, 32) box distributions`` before softmax, for the cells of strides 8, 16, 32."""

    def __init__(self, classes: int = 80, width: int = 96, bins: int = 8) -> None:
        super().__init__()
        self.stem = conv_bn(3, 24, 3, 2, slope=_SLOPE)
        self.stages = nn.ModuleList()
        channels = 24
        for c, n in STAGES:
            blocks = [Shuffle(channels if k == 0 else c, c, 2 if k == 0 else 1) for k in range(n)]
            self.stages.append(nn.Sequential(*blocks))
            channels = c
        self.lateral = nn.ModuleList(nn.Conv2d(c, width, 1) for c, _ in STAGES)
        self.heads = nn.ModuleList(self._head(width, classes + 4 * bins) for _ in STAGES)
        self.classes = classes

    @staticmethod
    def _head(width: int, outputs: int) -> nn.Sequential:
        rows = [
            layer for _ in range(2)
            for layer in (*conv_bn(width, width, 3, groups=width, slope=_SLOPE), *conv_bn(width, width, 1, slope=_SLOPE))
        ]  # fmt: skip
        return nn.Sequential(*rows, nn.Conv2d(width, outputs, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities and distributions of all cells."""
        x, maps = F.max_pool2d(self.stem(x), 3, 2, 1), []
        for stage, lateral in zip(self.stages, self.lateral, strict=True):
            x = stage(x)
            maps.append(lateral(x))
        for k in (1, 0):
            maps[k] = maps[k] + F.interpolate(maps[k + 1], scale_factor=2.0, mode="bilinear")
        for k in (1, 2):
            maps[k] = maps[k] + F.interpolate(maps[k - 1], scale_factor=0.5, mode="bilinear")
        cells = torch.cat([head(f).flatten(2) for head, f in zip(self.heads, maps, strict=True)], 2).transpose(1, 2)
        return F.sigmoid(cells[..., : self.classes]), cells[..., self.classes :]

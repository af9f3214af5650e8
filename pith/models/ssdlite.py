"""SSDLite on MobileNetV2 (arXiv 1801.04381, section 6.2): objects at 320 x 320, every head a depthwise and a pointwise convolution."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pith.models.blocks import conv_bn
from pith.models.mobilenet import MobileNetV2
from pith.models.retinaface import Head

EXTRAS = (512, 256, 256, 128)
"""Channels of the four maps behind the backbone, each half as large."""


def _relu6(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(*conv_bn(inputs, outputs, kernel, stride, groups=groups, slope=None), nn.ReLU6(inplace=True))


class SSDLite(nn.Module):
    """``(N, 3, 320, 320) -> (N, A, classes) logits, (N, A, 4) boxes`` relative to anchors, largest map first."""

    def __init__(self, classes: int = 81, anchors: int = 6, width: float = 1.0) -> None:
        """classes: with the background.  anchors: at each place of the six maps (20, 10, 5, 3, 2 and 1 wide)."""
        super().__init__()
        features = MobileNetV2(width, 1).features
        cut = 14  # the first block of stride 32; the wide layer of its beginning is the first map
        self.front, self.widen = features[:cut], features[cut].conv[:3]
        self.rest = nn.Sequential(features[cut].conv[3:], *features[cut + 1 :])
        channels = [self.widen[0].out_channels, features[-1][0].out_channels]
        self.extras = nn.ModuleList()
        for c in EXTRAS:
            half = c // 2
            self.extras.append(nn.Sequential(_relu6(channels[-1], half, 1), _relu6(half, half, 3, 2, half), _relu6(half, c, 1)))
            channels.append(c)
        self.scores = nn.ModuleList(nn.Sequential(_relu6(c, c, 3, 1, c), Head(c, classes, anchors)) for c in channels)
        self.boxes = nn.ModuleList(nn.Sequential(_relu6(c, c, 3, 1, c), Head(c, 4, anchors)) for c in channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and boxes of all places."""
        maps = [self.widen(self.front(x))]
        maps.append(self.rest(maps[0]))
        for extra in self.extras:
            maps.append(extra(maps[-1]))
        scores, boxes = (
            torch.cat([head(f) for head, f in zip(heads, maps, strict=True)], 1) for heads in (self.scores, self.boxes)
        )
        return scores, boxes

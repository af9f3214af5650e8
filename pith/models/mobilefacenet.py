"""MobileFaceNet (arXiv 1804.07573): a face of 112 x 112 as 128 numbers, whose angle tells persons apart. Pixels: RGB, (x - 127.5) / 128."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.minifasnet import Bottleneck, Layer

ROWS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Expansion, output channels, blocks, stride of the first."""


class MobileFaceNet(nn.Module):
    """``(N, 3, 112, 112) -> (N, embedding)``, of length 1."""

    def __init__(self, embedding: int = 128) -> None:
        super().__init__()
        self.conv1 = Layer(3, 64, 3, 2, 1)
        self.conv2_dw = Layer(64, 64, 3, 1, 1, groups=64)
        blocks, channels = [], 64
        for expansion, c, n, stride in ROWS:
            for k in range(n):
                wide = channels * expansion
                step = stride if k == 0 else 1
                blocks.append(Bottleneck(channels, iter((wide, wide, c)), stride=step, residual=step == 1 and channels == c))
                channels = c
        self.blocks = nn.Sequential(*blocks)
        self.conv_sep = Layer(128, 512)
        self.conv_dw = Layer(512, 512, 7, groups=512, linear=True)
        self.linear = Layer(512, embedding, linear=True)

    def forward(self, x: Tensor) -> Tensor:
        """Embeddings."""
        x = self.blocks(self.conv2_dw(self.conv1(x)))
        return F.normalize(self.linear(self.conv_dw(self.conv_sep(x))).flatten(1))

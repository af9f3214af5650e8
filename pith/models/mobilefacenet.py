"""MobileFaceNet (arXiv 1804.07573): a face of 112 x 112 as 128 numbers, whose angle tells persons apart. Pixels: RGB, (x - 127.5) / 128."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.minifasnet import Bottleneck, Layer
from pith.models.mobilenext import make_divisible

ROWS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Expansion, output channels, blocks, stride of the first."""


class MobileFaceNet(nn.Module):
    """``(N, 3, 112, 112) -> (N, embedding)``, of length 1; with `classes`, ``(N, classes)`` logits of them before that.

    width: multiplies all numbers of channels but the embedding's.  final: the depthwise layer that reads all places (7 x 7 for 112 x 112).
    """

    def __init__(self, embedding: int = 128, *, width: float = 1.0, final: int = 7, classes: int = 0) -> None:
        super().__init__()
        channels, deep = make_divisible(64 * width), make_divisible(512 * width)
        self.conv1 = Layer(3, channels, 3, 2, 1)
        self.conv2_dw = Layer(channels, channels, 3, 1, 1, groups=channels)
        blocks = []
        for expansion, c, n, stride in ROWS:
            c = make_divisible(c * width)
            for k in range(n):
                wide = channels * expansion
                step = stride if k == 0 else 1
                blocks.append(Bottleneck(channels, iter((wide, wide, c)), stride=step, residual=step == 1 and channels == c))
                channels = c
        self.blocks = nn.Sequential(*blocks)
        self.conv_sep = Layer(channels, deep)
        self.conv_dw = Layer(deep, deep, final, groups=deep, linear=True)
        self.linear = Layer(deep, embedding, linear=True)
        self.classifier = nn.Linear(embedding, classes) if classes else None

    def forward(self, x: Tensor) -> Tensor:
        """Embeddings, or logits."""
        x = self.blocks(self.conv2_dw(self.conv1(x)))
        x = self.linear(self.conv_dw(self.conv_sep(x))).flatten(1)
        return F.normalize(x) if self.classifier is None else self.classifier(x)

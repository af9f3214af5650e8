"""DS-CNN: key words from 49 x 10 mel-frequency coefficients ("Hello Edge", arXiv 1711.07128), in the form of MLPerf Tiny."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class DSCNN(nn.Module):
    """``(N, 1, 49, 10) -> (N, classes)`` logits: a 10x4 convolution of stride 2 and separable blocks, all with biases."""

    def __init__(self, classes: int = 12, channels: int = 64, blocks: int = 4) -> None:
        super().__init__()
        c = channels
        self.stem = nn.Sequential(nn.Conv2d(1, c, (10, 4), 2), nn.BatchNorm2d(c), nn.ReLU(), nn.Dropout(0.2))
        rows = []
        for _ in range(blocks):
            rows += [nn.Conv2d(c, c, 3, 1, 1, groups=c), nn.BatchNorm2d(c), nn.ReLU()]
            rows += [nn.Conv2d(c, c, 1), nn.BatchNorm2d(c), nn.ReLU()]
        self.blocks = nn.Sequential(*rows)
        self.drop = nn.Dropout(0.4)
        self.fc = nn.Linear(c, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits. The first convolution pads as TensorFlow's "same" does: one row and column more behind than before."""
        x = self.blocks(self.stem(F.pad(x, (1, 1, 4, 5))))
        return self.fc(self.drop(x.mean((2, 3))))

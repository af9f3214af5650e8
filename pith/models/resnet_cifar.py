"""The residual networks for 32 x 32 pictures of "Deep Residual Learning for Image Recognition" (arXiv 1512.03385, section 4.2).

Three stages of n blocks with 16, 32 and 64 channels: 6n + 2 layers. Where a stage halves the picture, the identity takes every
second pixel and gets zeros for the new channels ("option A"), so that it has no parameters.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Two 3x3 convolutions around the identity: ``(N, C_in, H, W) -> (N, C_out, H / s, W / s)``."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.more = stride, outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.more or self.stride > 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return F.relu(x + y)


class ResNetCifar(nn.Module):
    """``(N, 3, 32, 32) -> (N, classes)`` logits. Pixels: RGB / 255, less (0.485, 0.456, 0.406), by (0.229, 0.224, 0.225)."""

    def __init__(self, depth: int = 20, classes: int = 10) -> None:
        """depth: 6n + 2. Raises ValueError for any other."""
        super().__init__()
        if depth < 8 or depth % 6 != 2:
            raise ValueError(f"depth is 6n + 2 (20, 32, 44, 56, 110), not {depth}")
        n = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(16, 16, n, 1)
        self.layer2 = self._stage(16, 32, n, 2)
        self.layer3 = self._stage(32, 64, n, 2)
        self.linear = nn.Linear(64, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    @staticmethod
    def _stage(inputs: int, outputs: int, n: int, stride: int) -> nn.Sequential:
        return nn.Sequential(*(Block(inputs if k == 0 else outputs, outputs, stride if k == 0 else 1) for k in range(n)))

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))

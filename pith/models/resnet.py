"""Residual networks: ResNet-18 and -50 for ImageNet (arXiv 1512.03385) and the ResNet-8 of MLPerf Tiny.

Stride is in the 3x3 convolution of a bottleneck, as in most implementations, not in its first 1x1.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
"""Blocks of each stage, by depth."""


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class Residual(nn.Module):
    """A row of convolutions with batch normalisation, ReLU between, added to the input or to a strided 1x1 convolution of it."""

    def __init__(self, inputs: int, widths: tuple[int, ...], kernels: tuple[int, ...], stride: int) -> None:
        """widths, kernels: of the convolutions; the first one of 3x3 has the stride."""
        super().__init__()
        strided = kernels.index(3)
        channels = inputs
        for k, (c, kernel) in enumerate(zip(widths, kernels, strict=True), 1):
            self.add_module(f"conv{k}", _conv(channels, c, kernel, stride if k - 1 == strided else 1))
            self.add_module(f"bn{k}", nn.BatchNorm2d(c))
            channels = c
        self.length = len(widths)
        self.changes = stride != 1 or inputs != channels
        if self.changes:
            self.downsample = nn.Sequential(_conv(inputs, channels, 1, stride), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        y = x
        for k in range(1, self.length + 1):
            y = self.get_submodule(f"bn{k}")(self.get_submodule(f"conv{k}")(y))
            y = F.relu(y) if k < self.length else y
        return F.relu(y + (self.downsample(x) if self.changes else x))


class ResNet(nn.Module):
    """``(N, 3, 224, 224) -> (N, classes)`` logits. Names of layers are those of common weight files."""

    def __init__(self, depth: int = 50, classes: int = 1000) -> None:
        """depth: a key of STAGES."""
        super().__init__()
        if depth not in STAGES:
            raise ValueError(f"depth is one of {', '.join(map(str, STAGES))}, not {depth}")
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels, deep = 64, depth >= 50
        for k, n in enumerate(STAGES[depth], 1):
            c = 32 << k
            widths, kernels = ((c, c, 4 * c), (1, 3, 1)) if deep else ((c, c), (3, 3))
            blocks = []
            for b in range(n):
                blocks.append(Residual(channels, widths, kernels, 2 if b == 0 and k > 1 else 1))
                channels = widths[-1]
            self.add_module(f"layer{k}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for k in range(1, 5):
            x = self.get_submodule(f"layer{k}")(x)
        return self.fc(x.mean((2, 3)))


class ResNet8(nn.Module):
    """``(N, 3, 32, 32) -> (N, 10)`` logits: one block each of 16, 32 and 64 channels. Pixels 0..255."""

    def __init__(self, classes: int = 10, stem_stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, stem_stride, 1)
        self.bn1 = nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(*(_ConvBias(a, b, s) for a, b, s in ((16, 16, 1), (16, 32, 2), (32, 64, 2))))
        self.fc = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.fc(self.blocks(F.relu(self.bn1(self.conv1(x)))).mean((2, 3)))


class _ConvBias(nn.Module):
    """Two 3x3 convolutions with biases; the shortcut of a strided block is a 1x1 convolution without batch normalisation."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1), nn.BatchNorm2d(outputs)
        self.short = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.short(x))

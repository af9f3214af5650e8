"""Networks whose weights and activations are +1 and -1 where they run, with real weights behind them in training.

BNN (arXiv 1602.02830): the multilayer perceptron for MNIST and the VGG-like network for CIFAR-10. Bi-Real-18 (arXiv 1808.00278):
ResNet-18 with a shortcut around every binary convolution. `sign(0)` is +1. Gradients go straight through: to activations where
|x| <= 1 (BNN) or by 2 - 2|x| (Bi-Real), to weights where |w| <= 1. How they are trained: `pith.train.binary`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.signs import BinaryConv2d, BinaryLinear, BinaryWeight, Sign


class BinaryMLP(nn.Module):
    """``(N, 784) -> (N, classes)``: three hidden layers; batch normalisation before each sign and after the last layer."""

    def __init__(self, hidden: int = 2048, classes: int = 10) -> None:
        super().__init__()
        sizes = (784, hidden, hidden, hidden, classes)
        self.layers = nn.ModuleList(BinaryLinear(a, b, activation=Sign() if k else None) for k, (a, b) in enumerate(pairwise(sizes)))
        self.norms = nn.ModuleList(nn.BatchNorm1d(b) for b in sizes[1:])

    def forward(self, x: Tensor) -> Tensor:
        """Scores for the squared hinge loss. The input is not binarised."""
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = norm(layer(x))
        return x


def _activation(method: str) -> nn.Module:
    return nn.ReLU() if method == "real" else Sign("parabolas" if method == "bireal" else "line")


def _conv(inputs: int, outputs: int, method: str) -> nn.Module:
    if method == "real":
        return nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, outputs, 3, padding=1, bias=False))
    return BinaryConv2d(inputs, outputs, weights=BinaryWeight(scaled=method == "bireal"), activation=_activation(method))


def _product(inputs: int, outputs: int, method: str) -> nn.Module:
    if method == "real":
        return nn.Sequential(nn.ReLU(), nn.Linear(inputs, outputs, bias=False))
    return BinaryLinear(inputs, outputs, weights=BinaryWeight(scaled=method == "bireal"), activation=_activation(method))


class BinaryVGG(nn.Module):
    """``(N, 3, 32, 32) -> (N, classes)``: 2 x 128, 2 x 256, 2 x 512 channels, each pair pooled, then 1024 and 1024.

    The first convolution sees the picture itself, and the first and last layer have real weights.
    """

    def __init__(self, width: int = 128, classes: int = 10, method: Literal["bnn", "bireal", "real"] = "bnn") -> None:
        """width: channels of the first pair.  method: "bireal" scales weights and has Bi-Real's gradient of sign (`pith.train.binary`);
        "real" is the twin with real weights and ReLU in place of signs. Raises ValueError for another."""
        super().__init__()
        if method not in ("bnn", "bireal", "real"):
            raise ValueError(f"method is bnn, bireal or real, not {method!r}")
        c = [width * m for m in (1, 1, 2, 2, 4, 4)]
        first: nn.Module = nn.Conv2d(3, c[0], 3, padding=1, bias=False)
        self.convs = nn.ModuleList([first, *(_conv(a, b, method) for a, b in pairwise(c))])
        self.conv_norms = nn.ModuleList(nn.BatchNorm2d(b) for b in c)
        hidden = 8 * width
        inner = (_product(n, hidden, method) for n in (16 * c[-1], hidden))
        self.fcs = nn.ModuleList([*inner, nn.Linear(hidden, classes, bias=False)])
        self.last = _activation(method)
        self.fc_norms = nn.ModuleList(nn.BatchNorm1d(b) for b in (hidden, hidden, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Scores. Pooling comes before batch normalisation and sign."""
        for k, (conv, norm) in enumerate(zip(self.convs, self.conv_norms, strict=True)):
            x = conv(x)
            x = norm(F.max_pool2d(x, 2) if k % 2 else x)
        x = x.flatten(1)
        for k, (fc, norm) in enumerate(zip(self.fcs, self.fc_norms, strict=True)):
            x = norm(fc(self.last(x) if k == 2 else x))
        return x


class BiRealBlock(nn.Module):
    """sign, binary 3x3 convolution, batch normalisation, added to the input; where the picture shrinks, to its mean over 2x2 through a
    real 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv = BinaryConv2d(inputs, outputs, 3, stride, weights=BinaryWeight(scaled=True), activation=Sign("parabolas"))
        self.bn = nn.BatchNorm2d(outputs)
        self.changes = stride > 1 or inputs != outputs
        if self.changes:
            pool = nn.AvgPool2d(2) if stride > 1 else nn.Identity()
            self.down = nn.Sequential(pool, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        y = self.bn(self.conv(x))
        return y + (self.down(x) if self.changes else x)


class BiReal18(nn.Module):
    """``(N, 3, 224, 224) -> (N, classes)`` logits. First and last layer and the shortcuts are real."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        blocks, channels = [], 64
        for stage, c in enumerate((64, 128, 256, 512)):
            for k in range(4):
                blocks.append(BiRealBlock(channels, c, 2 if stage and k == 0 else 1))
                channels = c
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(512, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        x = F.max_pool2d(self.bn1(self.conv1(x)), 3, 2, 1)
        return self.fc(self.blocks(x).mean((2, 3)))

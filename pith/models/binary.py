"""Networks whose weights and activations are +1 and -1 where they run, with real weights behind them in training.

BNN (arXiv 1602.02830): the multilayer perceptron for MNIST and the VGG-like network for CIFAR-10. Bi-Real-18 (arXiv 1808.00278):
ResNet-18 with a shortcut around every binary convolution. `sign(0)` is +1. Gradients go straight through: to activations where
|x| <= 1 (BNN) or by 2 - 2|x| (Bi-Real), to weights where |w| <= 1. Clip the weights to -1..1 after each step (`clip_weights`).
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def sign(x: Tensor, training: bool, quadratic: bool = False) -> Tensor:
    """+1 where x >= 0, else -1; in training with the gradient of a clipped line, or of two parabolas."""
    hard = torch.where(x >= 0, 1.0, -1.0).to(x.dtype)
    if not training:
        return hard
    soft = x.clamp(-1, 1)
    if quadratic:
        soft = soft * (2 - soft.abs())
    return (hard - soft).detach() + soft


class BinaryConv2d(nn.Conv2d):
    """A convolution with binary weights; `scaled`: by the mean magnitude of each output channel. No bias; zeros around the picture."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, scaled: bool = False) -> None:
        super().__init__(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.scaled = scaled

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)``."""
        w = sign(self.weight, self.training)
        if self.scaled:
            w = w * self.weight.abs().mean((1, 2, 3), keepdim=True).detach()
        return F.conv2d(x, w, None, self.stride, self.padding)


class BinaryLinear(nn.Linear):
    """A linear layer with binary weights and no bias."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs) -> (N, outputs)``."""
        return F.linear(x, sign(self.weight, self.training))


def clip_weights(net: nn.Module) -> None:
    """Bring the real weights of all binary layers back to -1..1."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, BinaryConv2d | BinaryLinear):
                module.weight.clamp_(-1, 1)


class BinaryMLP(nn.Module):
    """``(N, 784) -> (N, classes)``: three hidden layers; batch normalisation before each sign and after the last layer."""

    def __init__(self, hidden: int = 2048, classes: int = 10) -> None:
        super().__init__()
        sizes = (784, hidden, hidden, hidden, classes)
        self.layers = nn.ModuleList(BinaryLinear(a, b) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(b) for b in sizes[1:])

    def forward(self, x: Tensor) -> Tensor:
        """Scores for the squared hinge loss. The input is not binarised."""
        for k, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            x = norm(layer(sign(x, self.training) if k else x))
        return x


class BinaryVGG(nn.Module):
    """``(N, 3, 32, 32) -> (N, classes)``: 2 x 128, 2 x 256, 2 x 512 channels, each pair pooled, then 1024 and 1024.

    The first convolution sees the picture itself, and the first and last layer have real weights.
    """

    def __init__(self, width: int = 128, classes: int = 10) -> None:
        super().__init__()
        c = [width * m for m in (1, 1, 2, 2, 4, 4)]
        first: nn.Module = nn.Conv2d(3, c[0], 3, padding=1, bias=False)
        self.convs = nn.ModuleList([first, *(BinaryConv2d(a, b) for a, b in pairwise(c))])
        self.conv_norms = nn.ModuleList(nn.BatchNorm2d(b) for b in c)
        hidden = 8 * width
        self.fcs = nn.ModuleList(
            [BinaryLinear(16 * c[-1], hidden), BinaryLinear(hidden, hidden), nn.Linear(hidden, classes, bias=False)]
        )
        self.fc_norms = nn.ModuleList(nn.BatchNorm1d(b) for b in (hidden, hidden, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Scores. Pooling comes before batch normalisation and sign."""
        for k, (conv, norm) in enumerate(zip(self.convs, self.conv_norms, strict=True)):
            x = conv(sign(x, self.training) if k else x)
            x = norm(F.max_pool2d(x, 2) if k % 2 else x)
        x = x.flatten(1)
        for fc, norm in zip(self.fcs, self.fc_norms, strict=True):
            x = norm(fc(sign(x, self.training)))
        return x


class BiRealBlock(nn.Module):
    """sign, binary 3x3 convolution, batch normalisation, added to the input; where the picture shrinks, to its mean over 2x2 through a
    real 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv = BinaryConv2d(inputs, outputs, 3, stride, scaled=True)
        self.bn = nn.BatchNorm2d(outputs)
        self.changes = stride > 1 or inputs != outputs
        if self.changes:
            pool = nn.AvgPool2d(2) if stride > 1 else nn.Identity()
            self.down = nn.Sequential(pool, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        y = self.bn(self.conv(sign(x, self.training, quadratic=True)))
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

"""FastestDet (BSD-3-Clause): 80 classes of COCO at 352 x 352, on ShuffleNetV2 blocks, one place in 16 x 16 pixels and no anchors.

Input: **BGR / 255**. Output, channels: probability of an object; centre x and y relative to the cell (through tanh), width and height
relative to the picture (through a sigmoid), all four before these functions; probabilities of the classes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _depthwise(channels: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)
    return [conv, nn.BatchNorm2d(channels)]


def _pointwise(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]


class Shuffle(nn.Module):
    """ShuffleNetV2's block. Stride 1: the odd channels are computed and the even ones kept; stride 2: both are, of all channels."""

    def __init__(self, channels: int, stride: int = 1) -> None:
        """channels: of one half."""
        super().__init__()
        c, relu = channels, nn.ReLU(inplace=True)
        main = [*_pointwise(c, c), relu, *_depthwise(c, 3, stride), *_pointwise(c, c), relu]
        self.branch_main = nn.Sequential(*main)
        self.stride = stride
        if stride == 2:
            self.branch_proj = nn.Sequential(*_depthwise(c, 3, 2), *_pointwise(c, c), relu)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, 2c, H, W)``; with stride 2 ``(N, c, H, W) -> (N, 2c, H / 2, W / 2)``."""
        if self.stride == 2:
            return torch.cat([self.branch_proj(x), self.branch_main(x)], 1)
        pairs = x.unflatten(1, (-1, 2))
        return torch.cat([pairs[:, :, 0], self.branch_main(pairs[:, :, 1])], 1)


class Backbone(nn.Module):
    """48, 96 and 192 channels at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.first_conv = nn.Sequential(nn.Conv2d(3, 24, 3, 2, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU(inplace=True))
        for name, channels, n in (("stage2", 24, 4), ("stage3", 48, 8), ("stage4", 96, 4)):
            self.add_module(name, nn.Sequential(Shuffle(channels, 2), *(Shuffle(channels) for _ in range(n - 1))))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Largest first."""
        x = F.max_pool2d(self.first_conv(x), 3, 2, 1)
        two = self.stage2(x)
        three = self.stage3(two)
        return two, three, self.stage4(three)


class Pointwise(nn.Module):
    """1x1 convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Sequential(*_pointwise(inputs, outputs), nn.ReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        """The layer."""
        return self.conv1x1(x)


class SPP(nn.Module):
    """One, two and three depthwise 5x5 convolutions side by side, joined and added."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.Conv1x1 = Pointwise(inputs, outputs)
        for n in (1, 2, 3):
            layers = [layer for _ in range(n) for layer in (*_depthwise(outputs, 5), nn.ReLU(inplace=True))]
            self.add_module(f"S{n}", nn.Sequential(*layers))
        self.output = nn.Sequential(*_pointwise(3 * outputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W) -> (N, outputs, H, W)``."""
        x = self.Conv1x1(x)
        return F.relu(x + self.output(torch.cat([self.S1(x), self.S2(x), self.S3(x)], 1)))


class Branch(nn.Module):
    """Depthwise 5x5, ReLU, 1x1 to the outputs, which batch normalisation scales."""

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.conv5x5 = nn.Sequential(*_depthwise(channels, 5), nn.ReLU(inplace=True), *_pointwise(channels, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of one kind."""
        return self.conv5x5(x)


class Head(nn.Module):
    """Objectness, box and classes from one map."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv1x1 = Pointwise(channels, channels)
        self.obj_layers = Branch(channels, 1)
        self.reg_layers = Branch(channels, 4)
        self.cls_layers = Branch(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, 1 + 4 + classes, H, W)``."""
        x = self.conv1x1(x)
        return torch.cat([F.sigmoid(self.obj_layers(x)), self.reg_layers(x), F.softmax(self.cls_layers(x), 1)], 1)


class FastestDet(nn.Module):
    """``(N, 3, H, W) -> (N, 5 + classes, H / 16, W / 16)``."""

    def __init__(self, classes: int = 80) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.SPP = SPP(48 + 96 + 192, 96)
        self.detect_head = Head(96, classes)

    def forward(self, x: Tensor) -> Tensor:
        """All cells."""
        two, three, four = self.backbone(x)
        smaller = F.avg_pool2d(two, 3, 2, 1)
        larger = F.interpolate(four, scale_factor=2.0, mode="nearest")
        return self.detect_head(self.SPP(torch.cat([smaller, three, larger], 1)))

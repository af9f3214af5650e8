"""The three networks of PP-OCR (arXiv 2009.09941): DB text detector, direction classifier, CRNN recogniser, on MobileNetV3.

The variant of MobileNetV3 is PaddleOCR's: every block has its first 1x1 convolution, gates have a quarter of the block's wide channels
and a hard sigmoid clip(0.2 x + 0.5, 0, 1). Pixels: (x / 255 - mean) / deviation with ImageNet's numbers in BGR order for the detector,
(x / 255 - 0.5) / 0.5 for the others.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.blocks import conv_bn
from pith.models.mobilenet import V3_LARGE, V3_SMALL, InvertedV3, Row, activation_v3
from pith.models.mobilenext import make_divisible

_SLOPE = 0.2  # of the gate's hard sigmoid
_REC_STRIDES = {1: (2, 1), 3: (2, 1), 8: (2, 1)}
"""Blocks of the recogniser's backbone that halve the height; the width is kept. All others have stride 1."""


class Backbone(nn.Module):
    """Stem, blocks and last convolution; keeps what the blocks at the ends of stages give."""

    def __init__(
        self, rows: tuple[Row, ...], width: float, *, gates: bool = True, strides: dict[int, tuple[int, int]] | None = None,
        kept: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        """strides: of some blocks, in place of the rows'; then all others have 1.  kept: blocks before which features are taken."""
        super().__init__()
        channels = make_divisible(16 * width)
        self.stem = nn.Sequential(*conv_bn(3, channels, 3, 2, slope=None), activation_v3(True))
        self.blocks = nn.ModuleList()
        self.channels: list[int] = []
        for k, (kernel, wide, c, gated, swish, stride) in enumerate(rows):
            if k in kept:
                self.channels.append(channels)
            step = stride if strides is None else strides.get(k, 1)
            wide, outputs = make_divisible(wide * width), make_divisible(c * width)
            gate = wide // 4 if gated and gates else 0
            self.blocks.append(
                InvertedV3(channels, wide, outputs, kernel, step, gate=gate, swish=swish, always=True, slope=_SLOPE)
            )
            channels = outputs
        last = make_divisible(6 * rows[-1][2] * width)
        self.last = nn.Sequential(*conv_bn(channels, last, 1, slope=None), activation_v3(True))
        self.channels.append(last)
        self.kept = kept

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features before the blocks `kept`, and the last ones."""
        x, out = self.stem(x), []
        for k, block in enumerate(self.blocks):
            if k in self.kept:
                out.append(x)
            x = block(x)
        return [*out, self.last(x)]


class Detector(nn.Module):
    """``(N, 3, H, W) -> (N, 1, H, W)`` probability of text; in training also the threshold map. H and W are multiples of 32."""

    def __init__(self, inner: int = 96, gates: bool = True, width: float = 0.5, threshold: bool = True) -> None:
        """inner: channels of the neck.  gates: squeeze and excitation.  threshold: with the head that only training needs."""
        super().__init__()
        # the stage ends: at 1/4, 1/8 and 1/16 of the picture, and 1/32 after the last convolution
        self.backbone = Backbone(V3_LARGE, width, gates=gates, kept=(3, 6, 12))
        self.lateral = nn.ModuleList(nn.Conv2d(c, inner, 1, bias=False) for c in self.backbone.channels)
        self.smooth = nn.ModuleList(nn.Conv2d(inner, inner // 4, 3, padding=1, bias=False) for _ in self.backbone.channels)
        self.probability = _head(inner)
        if threshold:
            self.threshold = _head(inner)
        self.has_threshold = threshold

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Maps of the picture's size."""
        maps = [lateral(f) for lateral, f in zip(self.lateral, self.backbone(x), strict=True)]
        for k in (2, 1, 0):
            maps[k] = maps[k] + F.interpolate(maps[k + 1], scale_factor=2.0, mode="nearest")
        smooth = [s(f) for s, f in zip(self.smooth, maps, strict=True)]
        joined = [F.interpolate(f, scale_factor=float(1 << k), mode="nearest") if k else f for k, f in enumerate(smooth)]
        fused = torch.cat(joined[::-1], 1)
        if self.training and self.has_threshold:
            return self.probability(fused), self.threshold(fused)
        return self.probability(fused)


def _head(inner: int) -> nn.Sequential:
    """3x3 convolution and two transposed ones of stride 2, to a probability."""
    c = inner // 4
    return nn.Sequential(
        *conv_bn(inner, c), nn.ConvTranspose2d(c, c, 2, 2), nn.BatchNorm2d(c), nn.ReLU(inplace=True),
        nn.ConvTranspose2d(c, 1, 2, 2), nn.Sigmoid(),
    )  # fmt: skip


class Direction(nn.Module):
    """``(N, 3, 48, 192) -> (N, 2)`` probabilities of 0 and 180 degrees."""

    def __init__(self, width: float = 0.35) -> None:
        super().__init__()
        self.backbone = Backbone(V3_SMALL, width, strides={0: (2, 1), **_REC_STRIDES})
        self.fc = nn.Linear(self.backbone.channels[-1], 2)

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities."""
        return F.softmax(self.fc(F.max_pool2d(self.backbone(x)[-1], 2, 2).mean((2, 3))), 1)


class Recogniser(nn.Module):
    """``(N, 3, 32, W) -> (N, W / 4, classes)`` scores of signs from left to right, for CTC.

    Two layers of LSTM in each direction of reading. The directions are joined at the end and do not see each other between the layers.
    """

    def __init__(self, classes: int = 6624, hidden: int = 48, width: float = 0.5) -> None:
        super().__init__()
        self.backbone = Backbone(V3_SMALL, width, strides=_REC_STRIDES)
        self.ahead = nn.LSTM(self.backbone.channels[-1], hidden, 2, batch_first=True)
        self.back = nn.LSTM(self.backbone.channels[-1], hidden, 2, batch_first=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores."""
        features = F.max_pool2d(self.backbone(x)[-1], 2, 2)
        places = features.squeeze(2).transpose(1, 2)
        back = self.back(places.flip(1))[0].flip(1)
        return self.fc(torch.cat([self.ahead(places)[0], back], 2))

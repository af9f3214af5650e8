"""A small reader of words: convolutions, LSTMs in both directions, CTC (after arXiv 1507.05717).

Half as wide as the original, with batch normalisation behind every convolution, and its strides in convolutions instead of pools. The
directions of reading are two stacks, as in PP-OCR's recogniser. Pixels: (x / 255 - 0.5) / 0.5.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_STAGES = ((32, (2, 2)), (64, (2, 2)), (96, (1, 1)), (128, (2, 1)), (192, (2, 1)))
"""Channels and strides (height, width) of the 3x3 convolutions."""


class TextCrnn(nn.Module):
    """``(N, 3, 32, W) -> (N, W / 4, classes)`` scores of signs from left to right, for CTC; class 0 is the blank."""

    def __init__(self, classes: int = 63, hidden: int = 96, inputs: int = 3) -> None:
        """classes: signs and the blank.  hidden: of the LSTM of each direction.  inputs: 3, or 1 for grey pictures."""
        super().__init__()
        layers: list[nn.Module] = []
        for channels, stride in _STAGES:
            layers += _conv(inputs, channels, (3, 3), stride)
            inputs = channels
        layers += _conv(inputs, 256, (2, 1), (1, 1))
        self.features = nn.Sequential(*layers)
        self.ahead = nn.LSTM(256, hidden, batch_first=True)
        self.back = nn.LSTM(256, hidden, batch_first=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores."""
        places = self.features(x).squeeze(2).transpose(1, 2)
        back = self.back(places.flip(1))[0].flip(1)
        return self.fc(torch.cat([self.ahead(places)[0], back], 2))


def _conv(inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int]) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, (kernel[0] // 2, 1) if kernel[0] == kernel[1] else 0, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]

"""LPRNet: a licence plate read without segmentation (arXiv 1806.10447), in the form of the released PyTorch weights (LPRNet_Pytorch,
Apache-2.0).

Input: 94 x 24 plates, **BGR, (x - 127.5) / 128**. Output: scores of 68 signs at 18 places from left to right; the last sign is the
blank of CTC. `pith.models.plate_signs.decode` reads them greedily.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.models.plate_signs import SIGNS


class Small(nn.Module):
    """1x1, 3x1, 1x3, 1x1 at a quarter of the channels, ReLU between: ``(N, C_in, H, W) -> (N, C_out, H, W)``."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        c = outputs // 4
        self.block = nn.Sequential(
            nn.Conv2d(inputs, c, 1), nn.ReLU(),
            nn.Conv2d(c, c, (3, 1), padding=(1, 0)), nn.ReLU(),
            nn.Conv2d(c, c, (1, 3), padding=(0, 1)), nn.ReLU(),
            nn.Conv2d(c, outputs, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        return self.block(x)


class Pool(nn.Module):
    """Maximum over 3x3 windows of every `channels`-th channel, moved by one row and `columns` columns.

    That is what the three-dimensional pooling of the released code comes to.
    """

    def __init__(self, channels: int, columns: int) -> None:
        super().__init__()
        self.channels, self.columns = channels, columns

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W) -> (N, C / channels, H - 2, (W - 3) / columns + 1)``."""
        return F.max_pool2d(x[:, :: self.channels], 3, (1, self.columns))


class LPRNet(nn.Module):
    """``(N, 3, 24, 94) -> (N, classes, 18)`` scores."""

    def __init__(self, classes: int = len(SIGNS), dropout: float = 0.5) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), Pool(1, 1),
            Small(64, 128), nn.BatchNorm2d(128), nn.ReLU(), Pool(2, 2),
            Small(64, 256), nn.BatchNorm2d(256), nn.ReLU(),
            Small(256, 256), nn.BatchNorm2d(256), nn.ReLU(), Pool(4, 2), nn.Dropout(dropout),
            nn.Conv2d(64, 256, (1, 4)), nn.BatchNorm2d(256), nn.ReLU(), nn.Dropout(dropout),
            nn.Conv2d(256, classes, (13, 1)), nn.BatchNorm2d(classes), nn.ReLU(),
        )  # fmt: skip
        self.container = nn.Sequential(nn.Conv2d(64 + 128 + 256 + classes, classes, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Scores. Four depths of the network are pooled to one size, scaled to a mean square of 1 and joined.

        The mean is over one picture; the released code takes it over the batch, which is the same for one picture.
        """
        kept = []
        for k, layer in enumerate(self.backbone):
            x = layer(x)
            if k in (2, 6, 13, 22):
                kept.append(x)
        first, second, third, last = kept
        joined = [F.avg_pool2d(first, 5, 5), F.avg_pool2d(second, 5, 5), F.avg_pool2d(third, (4, 10), (4, 2)), last]
        scaled = [f / (f * f).mean((1, 2, 3), keepdim=True) for f in joined]
        return self.container(torch.cat(scaled, 1)).mean(2)

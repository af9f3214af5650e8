"""Task `super_resolution`: a large picture from a small one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pith.graph.errors import ConfigError
from pith.train.data.sets import DataSet
from pith.train.settings import within
from pith.train.tasks import Scores, Task


@dataclass
class SuperResolution(Task):
    """Mean absolute (p = 1) or squared (p = 2) difference of RGB in 0..1; the score is `psnr_y` in dB, mean over pictures.

    border: pixels on each side that do not count for the score; papers cut as many as the scale.
    """

    p: int = 1
    border: int = 2

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        within("p", self.p, 1)
        within("border", self.border, 0)

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError where the network does not give pictures of the size of the large ones."""
        if list(output.shape[1:]) != list(data.y.shape[1:]):
            raise ConfigError(f"the network gives {list(output.shape[1:])}, the large pictures are {list(data.y.shape[1:])}", where="model",
                              try_="the same scale for both")  # fmt: skip

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over the batch, in float32."""
        return (net(x).float() - y.float() / 255).abs().pow(self.p).mean()

    def scores(self, net: nn.Module, x: Tensor, y: Tensor) -> Scores:
        """Summed over the pictures."""
        result = (net(x).float() * 255).clamp(0, 255).round()
        return {"psnr_y": (float(psnr_y(result, y, self.border).sum()), len(x))}


def psnr_y(a: Tensor, b: Tensor, border: int) -> Tensor:
    """(N, 3, H, W) RGB in 0..255, twice -> (N,) peak signal-to-noise ratios of the luma (ITU-R BT.601) in dB, at most 100; float64."""
    weights = torch.tensor([65.481, 128.553, 24.966], dtype=torch.float64, device=a.device) / 255
    inside = slice(border, -border or None)
    difference = torch.einsum("nchw,c->nhw", a.double() - b.double(), weights)[:, inside, inside]
    return (10 * torch.log10(255.0**2 / difference.square().mean((1, 2)).clamp_min(255.0**2 / 1e10)))



"""Variations of a batch. Random numbers are drawn for the whole batch of all processes, so that they do not depend on their number."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass
class CropFlip:
    """Moved by up to `pad` pixels (mirrored at the border), mirrored with probability `flip`, a grey square of `cutout` pixels."""

    pad: int = 4
    flip: float = 0.5
    cutout: int = 0

    def __call__(self, x: Tensor, rows: Tensor, total: int, generator: torch.Generator) -> Tensor:
        """(N, C, H, W) of any type -> the same. rows: which of the `total` samples of the whole batch these are."""
        n, _, h, w = x.shape
        shift = torch.randint(0, 2 * self.pad + 1, (total, 2), generator=generator)[rows]
        flip = (torch.rand(total, generator=generator) < self.flip)[rows]
        hole = (torch.rand(total, 2, generator=generator) * torch.tensor([h, w]))[rows]
        if self.pad:
            padded = F.pad(x.float(), (self.pad,) * 4, mode="reflect").to(x.dtype)
            ys, xs = torch.arange(h) + shift[:, :1], torch.arange(w) + shift[:, 1:]
            x = padded[torch.arange(n)[:, None, None], :, ys[:, :, None], xs[:, None, :]].permute(0, 3, 1, 2)
        x = torch.where(flip[:, None, None, None], x.flip(3), x)
        if self.cutout:
            inside = ((torch.arange(h) - hole[:, :1]).abs() < self.cutout / 2)[:, :, None] & (
                (torch.arange(w) - hole[:, 1:]).abs() < self.cutout / 2
            )[:, None, :]
            x = torch.where(inside[:, None], torch.tensor(120 if x.dtype == torch.uint8 else 0, dtype=x.dtype), x)
        return x.contiguous()

"""Variations of a batch. Random numbers are drawn for the whole batch of all processes, so that they do not depend on their number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from pith.graph.errors import ConfigError
from pith.train.settings import within


@dataclass
class CropFlip:
    """Moved by up to `pad` pixels (mirrored at the border), mirrored with probability `flip`, a grey square of `cutout` pixels."""

    pad: int = 4
    flip: float = 0.5
    cutout: int = 0

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        for key, most in (("pad", math.inf), ("flip", 1), ("cutout", math.inf)):
            within(key, getattr(self, key), 0, most)

    @property
    def moves(self) -> bool:
        """Whether what is taught about places in the picture would not be right any more."""
        return self.pad > 0 or self.flip > 0

    def __call__(self, x: Tensor, rows: Tensor, total: int, generator: torch.Generator) -> Tensor:
        """(N, C, H, W) of any type -> the same. rows: which of the `total` samples of the whole batch these are."""
        n, _, h, w = x.shape
        if self.pad >= min(h, w):
            raise ConfigError(f"pictures of {h} x {w} cannot be moved by {self.pad} pixels", where="data.augment.pad", try_=f"{min(h, w) - 1} at the most")
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


@dataclass
class TextColours:
    """For pictures of text (uint8): moved by up to `pad` pixels, colours exchanged and turned into their negatives, more or less contrast."""

    pad: int = 2
    contrast: float = 0.4

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        within("pad", self.pad, 0)
        within("contrast", self.contrast, 0, 1)

    @property
    def moves(self) -> bool:
        """As that of CropFlip."""
        return self.pad > 0

    def __call__(self, x: Tensor, rows: Tensor, total: int, generator: torch.Generator) -> Tensor:
        """(N, C, H, W) uint8 -> the same. rows: which of the `total` samples of the whole batch these are. Raises ConfigError for anything
        else."""
        if x.ndim != 4 or x.dtype != torch.uint8:
            kind = f"{list(x.shape)} of {str(x.dtype).removeprefix('torch.')}"
            raise ConfigError(f"text_colours is for pictures, (N, C, H, W) of bytes, not {kind}", where="data.augment")
        n, c, h, w = x.shape
        shift = torch.randint(0, 2 * self.pad + 1, (total, 2), generator=generator)[rows]
        order = torch.rand(total, c, generator=generator).argsort(1)[rows]
        negative = (torch.rand(total, generator=generator) < 0.5)[rows][:, None, None, None]
        drawn = torch.rand(total, 2, generator=generator)[rows]
        if self.pad:
            padded = F.pad(x.float(), (self.pad,) * 4, mode="replicate").to(x.dtype)
            ys, xs = torch.arange(h) + shift[:, :1], torch.arange(w) + shift[:, 1:]
            x = padded[torch.arange(n)[:, None, None], :, ys[:, :, None], xs[:, None, :]].permute(0, 3, 1, 2)
        x = x[torch.arange(n)[:, None], order]
        x = torch.where(negative, 255 - x, x)
        gain, offset = (1 + self.contrast * (2 * drawn - 1)).unbind(1)
        y = (x.float() - 128) * gain[:, None, None, None] + 128 * offset[:, None, None, None]
        return y.round_().clamp_(0, 255).to(torch.uint8).contiguous()

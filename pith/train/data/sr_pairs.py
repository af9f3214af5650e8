"""Pieces of photographs, small and large, for super-resolution (task `super_resolution`)."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pith.graph.errors import ConfigError
from pith.runtime.inputs import upright
from pith.train.data.bicubic import shrink
from pith.train.data.files import pictures_below
from pith.train.data.sets import MAX_PIXELS, DataSet

MOST = 1_000_000


class SrPairs(DataSet):
    """x: (N, 3, patch, patch) uint8 RGB.  y: (N, 3, scale * patch, scale * patch) uint8, what x is the small picture of.

    Whole pictures are made small as MATLAB does (`bicubic.shrink`), then pieces are cut that lie over each other, each turned and
    mirrored in one of eight ways. Piece k is a function of `seed` and k.
    """

    def __init__(
        self, folder: str, scale: int = 2, count: int = 4000, patch: int = 24, seed: int = 0, turn: bool = True, noise: float = 0.0, jpeg: int = 0,
    ) -> None:  # fmt: skip
        """folder: with .png, .jpg or .bmp files, also below it.  noise: deviation added to x, of 255.  jpeg: quality x is stored with, 0 for not.

        Raises ConfigError for settings out of range, and for pictures that cannot be read or are smaller than a piece.
        """
        if not 2 <= scale <= 8 or not 4 <= patch <= 512 or not 1 <= count <= MOST or not 0 <= noise <= 255 or not 0 <= jpeg <= 100:
            raise ConfigError("scale is 2 to 8, patch 4 to 512, count 1 to 1,000,000, noise 0 to 255, jpeg 0 to 100", where="data")
        pairs = [pair(f, scale, patch) for f in pictures_below(folder)]
        x, y = np.empty((count, 3, patch, patch), np.uint8), np.empty((count, 3, scale * patch, scale * patch), np.uint8)
        for k in range(count):
            rng = np.random.default_rng([seed, 2, k])
            small, large = pairs[int(rng.integers(len(pairs)))]
            top, left = (int(rng.integers(0, n - patch + 1)) for n in small.shape[:2])
            a = small[top : top + patch, left : left + patch]
            b = large[scale * top : scale * (top + patch), scale * left : scale * (left + patch)]
            if turn:
                quarter, mirror = int(rng.integers(4)), bool(rng.integers(2))
                a, b = (np.rot90(p[:, ::-1] if mirror else p, quarter) for p in (a, b))
            if noise:
                a = np.clip(np.rint(a + rng.normal(0, noise, a.shape)), 0, 255).astype(np.uint8)
            x[k], y[k] = (_stored(a, jpeg) if jpeg else a).transpose(2, 0, 1), b.transpose(2, 0, 1)
        super().__init__(torch.from_numpy(x), torch.from_numpy(y))


def pair(file: Path, scale: int, least: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture, small and cut to a multiple of `scale`: uint8 RGB. Raises ConfigError, with its name."""
    try:
        with Image.open(file) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise ValueError(f"{opened.width} x {opened.height} pixels are too many")
            picture = np.asarray(upright(opened, file).convert("RGB"))
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise ConfigError("a picture cannot be read", where=str(file), why=str(error)) from error
    height, width = (n // scale * scale for n in picture.shape[:2])
    if min(height, width) < least * scale:
        raise ConfigError(f"the picture is smaller than a piece of {least * scale} pixels", where=str(file), try_="a smaller patch")
    large = picture[:height, :width]
    return shrink(large, scale), large


def _stored(picture: np.ndarray, quality: int) -> np.ndarray:
    data = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(data, "JPEG", quality=quality)
    with Image.open(data) as file:
        return np.asarray(file.convert("RGB"))

"""LESRCNN: peak signal-to-noise ratio of the luma, by the protocol of its authors.

Small pictures are MATLAB's (those of Set5 lie beside it). The result is cut to 0..255 and **truncated** to 8 bits; luma is
(65.481 R + 128.553 G + 24.966 B) / 255 + 16, rounded; `scale` pixels are cut off each border; the peak is 255; the mean is over pictures.

A network takes pictures of one size: they are computed in tiles that overlap by more than the network looks around, and lie at the
picture's border where the picture ends, so that the result is that of the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.evaluation.base import DATA, Evaluation, Run, exported, mean, open_rgb, zip_names, zip_read
from pith.train.data.bicubic import shrink

TILE = {2: 96, 3: 64, 4: 56}
"""Sides of the tiles at each scale, before enlarging; no picture evaluated is smaller."""
PUBLISHED = {
    ("Set5", 2): 37.65, ("Set5", 3): 33.93, ("Set5", 4): 31.88,
    ("Set14", 2): 33.32, ("Set14", 3): 30.12, ("Set14", 4): 28.44,
    ("B100", 2): 31.95, ("B100", 3): 28.91, ("B100", 4): 27.45,
}  # fmt: skip
Pictures = Callable[[int], Iterator[tuple[np.ndarray, np.ndarray]]]
"""Small and large pictures, uint8 RGB, for a scale."""


def set5(scale: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The five pictures of Set5, small ones as the authors made them."""
    file = DATA / "sr" / "Set5.zip"
    large = [n for n in zip_names(file, f"_SRF_{scale}_HR.png") if "__MACOSX" not in n]
    small = [n.replace("_HR.png", "_LR.png") for n in large]
    for lr, hr in zip(zip_read(file, small), zip_read(file, large), strict=True):
        yield open_rgb(lr), open_rgb(hr)


def folder(path: Path, scale: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every PNG of a folder, cut to a multiple of `scale` and made small here."""
    for file in sorted(path.glob("*.png")):
        picture = open_rgb(file)
        height, width = (n // scale * scale for n in picture.shape[:2])
        large = picture[:height, :width]
        yield shrink(large, scale), large


def enlarge(run: Run, small: np.ndarray, scale: int, tile: int) -> np.ndarray:
    """The network on a whole picture ``(H, W, 3)`` in 0..1, tile by tile; `run` takes ``(1, 3, tile, tile)``."""
    height, width = small.shape[:2]
    if min(height, width) < tile:
        raise ValueError(f"the picture of {width} x {height} is smaller than a tile of {tile}")
    edge = 10 + -(-5 // scale)  # how far the network looks: ten small pixels, then five large ones
    out = np.empty((height * scale, width * scale, 3), np.float32)
    for top, y0, y1 in _tiles(height, tile, edge):
        for left, x0, x1 in _tiles(width, tile, edge):
            piece = np.ascontiguousarray(small[top : top + tile, left : left + tile].transpose(2, 0, 1)[None], np.float32)
            large = run(piece)[0][0].transpose(1, 2, 0)
            rows = slice((y0 - top) * scale, (y1 - top) * scale)
            columns = slice((x0 - left) * scale, (x1 - left) * scale)
            out[y0 * scale : y1 * scale, x0 * scale : x1 * scale] = large[rows, columns]
    return out


def _tiles(length: int, tile: int, edge: int) -> list[tuple[int, int, int]]:
    """Where tiles begin, and the part of the picture (from, to) that each one gives."""
    starts, step = [0], tile - 2 * edge
    while starts[-1] + tile < length:
        starts.append(min(starts[-1] + step, length - tile))
    limits = [0, *(s + edge for s in starts[1:]), length]
    return [(s, a, b) for s, a, b in zip(starts, limits, limits[1:], strict=False)]


def luma(rgb: np.ndarray) -> np.ndarray:
    """Luma of uint8 RGB, rounded to integers (16..235), as float64."""
    return np.floor(rgb.astype(np.float64) @ np.array([65.481, 128.553, 24.966]) / 255.0 + 16.0 + 0.5)


def psnr(result: np.ndarray, truth: np.ndarray, border: int) -> float:
    """Of the luma of two uint8 pictures, in dB, without their borders."""
    inside = (slice(border, -border), slice(border, -border))
    difference = luma(result)[inside] - luma(truth)[inside]
    return float(10 * np.log10(255.0**2 / np.mean(difference**2)))


def scores(run: Run, pictures: Pictures, scale: int, most: int | None = None) -> np.ndarray:
    """PSNR in dB of each picture (`most`: the first ones)."""
    ratios = []
    for k, (small, large) in enumerate(pictures(scale)):
        if most is not None and k == most:
            break
        result = enlarge(run, small.astype(np.float32) / np.float32(255), scale, TILE[scale])
        ratios.append(psnr(np.clip(result * np.float32(255), 0, 255).astype(np.uint8), large, scale))
    return np.array(ratios)


def evaluate(run: Run, pictures: Pictures, scale: int, most: int | None = None) -> tuple[float, int]:
    """Mean PSNR in dB over pictures."""
    return mean(scores(run, pictures, scale, most))


def calibration(scale: int, count: int = 50) -> np.ndarray:
    """Tiles of small pictures of BSD100, which is not evaluated by `evaluations`."""
    tile, rng = TILE[scale], np.random.default_rng(0)
    tiles = []
    small = [s for s, _ in folder(DATA / "sr" / "bsd100", scale)]
    while len(tiles) < count:
        picture = small[len(tiles) % len(small)]
        y, x = (rng.integers(0, n - tile + 1) for n in picture.shape[:2])
        tiles.append(picture[y : y + tile, x : x + tile].transpose(2, 0, 1))
    return np.stack(tiles).astype(np.float32) / np.float32(255)


def evaluations() -> list[Evaluation]:
    """LESRCNN at three scales on Set5 and Set14."""
    sets = {"Set5": set5, "Set14": partial(folder, DATA / "sr" / "set14")}
    return [
        Evaluation(
            f"LESRCNN x{scale}, {name}", partial(exported, f"lesrcnn_x{scale}", ((1, 3, TILE[scale], TILE[scale]),)),
            partial(calibration, scale), partial(scores, pictures=pictures, scale=scale), "PSNR-Y, dB", PUBLISHED[name, scale],
        )
        for scale in (2, 3, 4) for name, pictures in sets.items()
    ]  # fmt: skip

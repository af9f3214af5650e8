"""Pictures made smaller and larger as MATLAB's imresize does, on which published figures of super-resolution rest. NumPy alone."""

from __future__ import annotations

import numpy as np

from pith.graph.errors import InputError


def shrink(picture: np.ndarray, factor: int) -> np.ndarray:
    """A uint8 picture ``(H, W, C)`` made `factor` times smaller, as imresize(picture, 1 / factor) makes it.

    Bicubic (Keys, 1981; a = -1/2) with the kernel widened by `factor` against aliasing, pixels at the border repeated outwards; along
    columns first, then along rows, each time rounded to 8 bits, halves up. (Of the release that made the data sets; later ones mirror the
    border.) Raises InputError for other arrays and factors.
    """
    return _resized(picture, factor, smaller=True)


def enlarge(picture: np.ndarray, factor: int) -> np.ndarray:
    """A uint8 picture ``(H, W, C)`` made `factor` times larger, as imresize(picture, factor) makes it. Raises InputError."""
    return _resized(picture, factor, smaller=False)


def _resized(picture: np.ndarray, factor: int, *, smaller: bool) -> np.ndarray:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.size == 0 or not 1 <= factor <= 64:
        raise InputError(f"a uint8 picture (H, W, C) and a factor of 1 to 64 are expected, not {picture.dtype} {picture.shape} and {factor}")
    x = picture.astype(np.float64)
    for axis in (0, 1):
        weights, taps = _contributions(x.shape[axis], factor, smaller)
        x = np.moveaxis(np.einsum("ok,ok...->o...", weights, np.moveaxis(x, axis, 0)[taps]), 0, axis)
        x = np.clip(np.floor(x + 0.5), 0, 255)
    return x.astype(np.uint8)


def _contributions(length: int, factor: int, smaller: bool) -> tuple[np.ndarray, np.ndarray]:
    """Weights and source positions ``(outputs, taps)``."""
    outputs = -(-length // factor) if smaller else length * factor
    step, wide = (float(factor), factor) if smaller else (1 / factor, 1)
    centre = np.arange(1, outputs + 1) * step + 0.5 * (1 - step)  # counted from 1
    taps = np.floor(centre - 2 * wide)[:, None] + np.arange(4 * wide + 2)
    weights = _cubic((centre[:, None] - taps) / wide) / wide
    weights /= weights.sum(1, keepdims=True)
    return weights, np.clip(taps.astype(np.int64) - 1, 0, length - 1)


def _cubic(x: np.ndarray) -> np.ndarray:
    a = np.abs(x)
    near, far = 1.5 * a**3 - 2.5 * a**2 + 1, -0.5 * a**3 + 2.5 * a**2 - 4 * a + 2
    return np.where(a <= 1, near, np.where(a <= 2, far, 0.0))

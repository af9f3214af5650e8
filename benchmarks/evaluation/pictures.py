"""Two ways of resizing that published figures depend on: OpenCV's bilinear one of 8-bit pictures, and MATLAB's bicubic one."""

from __future__ import annotations

import numpy as np


def resize_bilinear(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A uint8 picture ``(H, W, C)`` at `size` = (width, height), as OpenCV's INTER_LINEAR makes it: the same integers.

    Coefficients are rounded to 11 bits; rows are summed exactly, columns after 4 bits were dropped, and again after 16.
    """
    height, width = picture.shape[:2]
    if (width, height) == (2 * size[0], 2 * size[1]):  # OpenCV takes the mean of 2x2 then
        p = picture.astype(np.int32)
        return ((p[::2, ::2] + p[1::2, ::2] + p[::2, 1::2] + p[1::2, 1::2] + 2) >> 2).astype(np.uint8)
    if (width, height) == size:
        return picture.copy()
    x0, x1, a0, a1 = _taps(width, size[0], edge=True)
    y0, y1, b0, b1 = _taps(height, size[1], edge=False)
    p = picture.astype(np.int32)
    rows = p[:, x0] * a0[None, :, None] + p[:, x1] * a1[None, :, None]
    upper, lower = rows[y0] >> 4, rows[y1] >> 4
    out = (((upper * b0[:, None, None]) >> 16) + ((lower * b1[:, None, None]) >> 16) + 2) >> 2
    return np.clip(out, 0, 255).astype(np.uint8)


def _taps(source: int, target: int, edge: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The two source positions of each target position, and their weights in units of 1/2048.

    edge: at the borders the fraction becomes 0 (columns); else both positions are cut to the picture (rows).
    """
    scale = source / target
    at = ((np.arange(target) + 0.5) * scale - 0.5).astype(np.float32)
    first = np.floor(at).astype(np.int64)
    fraction = (at - first).astype(np.float32)
    if edge:
        outside = (first < 0) | (first >= source - 1)
        fraction = np.where(outside, np.float32(0), fraction)
        first = np.clip(first, 0, source - 1)
    one = np.rint((np.float32(1) - fraction) * np.float32(2048)).astype(np.int32)
    two = np.rint(fraction * np.float32(2048)).astype(np.int32)
    return np.clip(first, 0, source - 1), np.clip(first + 1, 0, source - 1), one, two


def shrink_bicubic(picture: np.ndarray, factor: int) -> np.ndarray:
    """A uint8 picture ``(H, W, C)`` made `factor` times smaller, as MATLAB's imresize(picture, 1 / factor) makes it.

    Bicubic (a = -1/2) with the kernel widened by `factor` against aliasing, pixels at the border repeated outwards; along columns
    first, then along rows, each time rounded to 8 bits, halves up.
    """
    x = picture.astype(np.float64)
    for axis in (0, 1):
        weights, taps = _contributions(x.shape[axis], factor)
        x = np.moveaxis(np.einsum("ok,ok...->o...", weights, np.moveaxis(x, axis, 0)[taps]), 0, axis)
        x = np.clip(np.floor(x + 0.5), 0, 255)
    return x.astype(np.uint8)


def _contributions(length: int, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and source positions ``(outputs, taps)``."""
    outputs = -(-length // factor)
    centre = (np.arange(1, outputs + 1)) * factor + 0.5 * (1 - factor)  # counted from 1
    reach = 4 * factor
    taps = np.floor(centre - reach / 2)[:, None] + np.arange(reach + 2)
    weights = _cubic((centre[:, None] - taps) / factor) / factor
    weights /= weights.sum(1, keepdims=True)
    return weights, np.clip(taps.astype(np.int64) - 1, 0, length - 1)


def _cubic(x: np.ndarray) -> np.ndarray:
    a = np.abs(x)
    near, far = 1.5 * a**3 - 2.5 * a**2 + 1, -0.5 * a**3 + 2.5 * a**2 - 4 * a + 2
    return np.where(a <= 1, near, np.where(a <= 2, far, 0.0))

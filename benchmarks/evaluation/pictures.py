"""OpenCV's way of resizing 8-bit pictures, on which published figures depend. (MATLAB's is `pith.train.data.bicubic`.)"""

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

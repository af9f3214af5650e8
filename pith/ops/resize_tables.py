"""Where the elements of a resized axis come from: source indices and weights, shared by the reference and the kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pith.graph import ShapeError
from pith.ops.base import Attrs


@dataclass(frozen=True, slots=True)
class AxisTable:
    """One resized axis: output i is sum_k weights[i, k] * x[index[i, k]], or the extrapolation value where `outside`."""

    axis: int
    index: np.ndarray  # [out, taps] int64, clamped into the input
    weights: np.ndarray  # [out, taps] float64, each row sums to 1
    outside: np.ndarray  # [out] bool

    @property
    def taps(self) -> int:
        return int(self.index.shape[1])


def resized_axes(shape: tuple[int, ...], attrs: Attrs) -> list[AxisTable]:
    """Tables of the axes that change, in order. Raises ShapeError for attributes that make no sense.

    attrs: sizes, scales, mode, coordinate_mode, nearest_mode, cubic_coeff_a, exclude_outside, antialias, roi.
    """
    rank = len(shape)
    sizes, scales = attrs["sizes"], attrs["scales"]
    if len(sizes) != rank or len(scales) != rank:
        raise ShapeError(f"sizes {tuple(sizes)} or scales {tuple(scales)} do not fit a tensor of rank {rank}")
    roi = attrs.get("roi") or (0.0,) * rank + (1.0,) * rank
    tables = []
    for a in range(rank):
        cropped = attrs["coordinate_mode"] == "tf_crop_and_resize" and (roi[a], roi[a + rank]) != (0.0, 1.0)
        if sizes[a] == shape[a] and scales[a] == 1.0 and not cropped:
            continue
        if sizes[a] < 1 or shape[a] < 1 or not scales[a] > 0:
            raise ShapeError(f"axis {a} of {shape[a]} elements cannot be resized to {sizes[a]} with scale {scales[a]}")
        tables.append(_axis(a, shape[a], sizes[a], float(scales[a]), (float(roi[a]), float(roi[a + rank])), attrs))
    return tables


def _axis(axis: int, n: int, out: int, scale: float, roi: tuple[float, float], attrs: Attrs) -> AxisTable:
    at = source_positions(n, out, scale, roi, str(attrs["coordinate_mode"]))
    outside = np.zeros(out, bool)
    if attrs["coordinate_mode"] == "tf_crop_and_resize":
        outside = (at < 0) | (at > n - 1)
    if attrs["mode"] == "nearest":
        index = _nearest(at, str(attrs.get("nearest_mode") or "round_prefer_floor"))[:, None]
        weights = np.ones(index.shape)
    else:
        # the element left of the position, and how far it is beyond: in (0, 1], so a whole position counts from below
        left = np.ceil(at) - 1
        index, weights = _taps(at - left, scale, attrs)
        index = index + left.astype(np.int64)[:, None]
        if attrs.get("exclude_outside", False):
            weights = np.where((index < 0) | (index >= n), 0.0, weights)
            weights = weights / weights.sum(axis=1, keepdims=True)
    return AxisTable(axis, np.clip(index, 0, n - 1), weights, outside)


def source_positions(n: int, out: int, scale: float, roi: tuple[float, float], mode: str) -> np.ndarray:
    """Real position in the input of every output element."""
    i = np.arange(out, dtype=np.float64)
    full = scale * n  # the size before it was rounded to `out`
    if mode == "half_pixel":
        return (i + 0.5) / scale - 0.5
    if mode == "half_pixel_symmetric":
        return n / 2 * (1 - out / full) + (i + 0.5) / scale - 0.5
    if mode == "pytorch_half_pixel":
        return (i + 0.5) / scale - 0.5 if full != 1 else np.full(out, -0.5)
    if mode == "align_corners":
        return i * (n - 1) / (full - 1) if full != 1 else np.zeros(out)
    if mode == "asymmetric":
        return i / scale
    if mode == "tf_half_pixel_for_nn":
        return (i + 0.5) / scale
    if mode == "tf_crop_and_resize":
        span = (roi[1] - roi[0]) * (n - 1)
        return roi[0] * (n - 1) + (i * span / (full - 1) if full != 1 else np.full(out, span / 2))
    raise ShapeError(f"coordinate mode {mode!r} is not known")


def _nearest(at: np.ndarray, mode: str) -> np.ndarray:
    rounded: dict[str, np.ndarray] = {
        "round_prefer_floor": np.ceil(at - 0.5), "round_prefer_ceil": np.floor(at + 0.5),
        "floor": np.floor(at), "ceil": np.ceil(at),
    }  # fmt: skip
    if mode not in rounded:
        raise ShapeError(f"nearest mode {mode!r} is not known")
    return np.asarray(rounded[mode], dtype=np.int64)


def _taps(ratio: np.ndarray, scale: float, attrs: Attrs) -> tuple[np.ndarray, np.ndarray]:
    """Indices relative to the left element [1, taps], and weights [out, taps]."""
    cubic = attrs["mode"] == "cubic"
    if not cubic and attrs["mode"] != "linear":
        raise ShapeError(f"resize mode {attrs['mode']!r} is not known")
    # antialiasing widens the filter of a reduced axis
    narrow = min(scale, 1.0) if attrs.get("antialias", False) else 1.0
    start = math.floor(-(2 if cubic else 1) / narrow) + 1
    offsets = np.arange(start, 2 - start, dtype=np.int64)
    distance = np.abs((offsets[None, :] - ratio[:, None]) * narrow)
    if cubic:
        a = float(attrs.get("cubic_coeff_a", -0.75))
        near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
        far = a * (((distance - 5) * distance + 8) * distance - 4)
        weights = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    else:
        weights = np.clip(1 - distance, 0, 1)
    if narrow != 1.0:
        weights = weights / weights.sum(axis=1, keepdims=True)
    return offsets[None, :], weights

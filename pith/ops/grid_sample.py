"""grid_sample: read a tensor at the places that a grid of coordinates names."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import present


@register("grid_sample")
class GridSample(Op):
    """x [N, C, *D] with one to three spatial axes, grid [N, *O, rank] of coordinates in [-1, 1], the last axis first.

    attrs mode ("nearest", "linear", "cubic"), padding_mode ("zeros", "border", "reflection"), align_corners. Coordinates are
    clamped to +-1e6, NaN to -1e6; places are computed in x's type of arithmetic, since rounding them decides what is read.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, grid = present(inputs[0]), present(inputs[1])
        rank = len(x.shape) - 2
        if not 1 <= rank <= 3 or len(grid.shape) != rank + 2 or grid.shape[-1] != rank or grid.shape[0] != x.shape[0]:
            raise ShapeError(f"a grid of shape {grid.shape} does not fit a tensor of shape {x.shape}")
        if min(x.shape[2:]) < 1:
            raise ShapeError("there is nothing to sample in an empty tensor")
        return [TensorType(x.dtype, (*x.shape[:2], *grid.shape[1:-1]))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, grid = present(inputs[0]), present(inputs[1])
        rank, n, c = x.ndim - 2, *x.shape[:2]
        places = grid.astype(DType.of(x.dtype).compute.np).reshape(n, -1, rank)[..., ::-1]
        axes = [axis_taps(places[..., a], x.shape[2 + a], attrs) for a in range(rank)]
        y = np.zeros((n, c, places.shape[1]))
        batch = np.arange(n)[:, None]
        channels_last = np.moveaxis(x.astype(np.float64), 1, -1)
        for combination in itertools.product(*(range(a[0].shape[-1]) for a in axes)):
            weight = np.ones(places.shape[:2])
            at: list[np.ndarray] = []
            for (index, weights), k in zip(axes, combination, strict=True):
                weight = weight * weights[..., k]
                at.append(index[..., k])
            value = channels_last[(batch, *at)]
            y += np.moveaxis(value, -1, 1) * weight[:, None]
        return [y.reshape(n, c, *grid.shape[1:-1]).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        taps = {"nearest": 1, "linear": 2, "cubic": 4}[attrs["mode"]]
        return int(2 * outputs[0].size * taps ** (len(outputs[0].shape) - 2))


def reflect(v: np.ndarray, low: float, high: float) -> np.ndarray:
    """`v` mirrored at the borders until it lies between them."""
    span = high - low
    if span <= 0:
        return np.full_like(v, low)
    away = np.where(v < low, low - v, np.where(v > high, v - high, 0.0))
    folds = np.trunc(away / span)
    rest = away - folds * span
    even = np.mod(folds, 2) == 0
    from_low, from_high = low + rest, high - rest
    below, above = np.where(even, from_low, from_high), np.where(even, from_high, from_low)
    return np.where(v < low, below, np.where(v > high, above, v))


def axis_taps(coordinate: np.ndarray, size: int, attrs: Attrs) -> tuple[np.ndarray, np.ndarray]:
    """Source indices (inside the axis) and weights [..., taps] along one axis."""
    corners, padding, mode = bool(attrs["align_corners"]), attrs["padding_mode"], attrs["mode"]
    low, high = (0.0, size - 1.0) if corners else (-0.5, size - 0.5)
    coordinate = np.clip(np.nan_to_num(coordinate, nan=-1e6, posinf=1e6, neginf=-1e6), -1e6, 1e6)
    v = (coordinate + 1) / 2 * (size - 1) if corners else ((coordinate + 1) * size - 1) / 2
    v = np.rint(v) if mode == "nearest" else v
    whole = mode != "cubic"  # cubic moves its taps inside one by one, the others the place itself
    if whole and padding == "border":
        v = np.where((v < low) | (v > high), np.clip(v, 0, size - 1), v)
    elif whole and padding == "reflection":
        v = reflect(v, low, high)
    v = np.clip(v, -1e6 - size, 1e6 + size)
    left = np.floor(v)
    d = v - left
    if mode == "nearest":
        offsets, weights = [0], [np.ones_like(v)]
    elif mode == "linear":
        offsets, weights = [0, 1], [1 - d, d]
    else:
        a, offsets = -0.75, [-1, 0, 1, 2]
        near = [((a + 2) * t - (a + 3)) * t * t + 1 for t in (d, 1 - d)]
        far = [((a * t - 5 * a) * t + 8 * a) * t - 4 * a for t in (d + 1, 2 - d)]
        weights = [far[0], near[0], near[1], far[1]]
    index = left[..., None] + np.array(offsets)
    weight = np.stack(weights, axis=-1)
    if padding == "zeros":
        weight = np.where((index < 0) | (index > size - 1), 0.0, weight)
    elif padding == "reflection":
        index = np.trunc(reflect(index, low, high))
    return np.clip(index, 0, size - 1).astype(np.int64), weight

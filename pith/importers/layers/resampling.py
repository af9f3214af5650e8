"""Interpolation of spatial axes, with the roundings of the layer formats."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.importers.layers.layer import Layer

MAX_RESIZED = 2**20  # elements of a resized axis: each has an entry in a table
MAX_PLANES = 2**22  # what is resized alike: each plane has an entry too


def resize(n: Layer, x: str, sizes: Sequence[int], mode: str, coordinates: str) -> str:
    """The last len(sizes) axes of x to `sizes`; mode "linear" or "cubic", coordinates "half_pixel", "align_corners" or
    "asymmetric", all by the ratio of the sizes."""
    shape = n.shape(x)
    target = _target(n, shape, sizes)
    if target == shape:
        return x
    scales = [t / d for t, d in zip(target, shape, strict=True)]
    return n.emit(
        "resize", [x], sizes=target, scales=tuple(scales), mode=mode, coordinate_mode=coordinates, nearest_mode="floor",
        cubic_coeff_a=-0.75, exclude_outside=False, extrapolation_value=0.0, antialias=False, roi=(),
    )  # fmt: skip


def nearest(n: Layer, x: str, sizes: Sequence[int], steps: Sequence[float]) -> str:
    """Element i of an axis is element floor(i * step) of the input, the product taken in float32.

    Where the exact product would be floored elsewhere, the indices are gathered one by one.
    """
    shape = n.shape(x)
    target = _target(n, shape, sizes)
    first = len(shape) - len(sizes)
    scales = [1.0] * len(shape)
    for a, step in enumerate(steps, first):
        with np.errstate(over="ignore", invalid="ignore"):
            index = np.minimum(np.arange(target[a], dtype=np.float32) * np.float32(step), shape[a] - 1).astype(np.int64)
        scale = target[a] / shape[a]
        exact = np.minimum(np.floor(np.arange(target[a]) / scale), shape[a] - 1).astype(np.int64)
        if np.array_equal(index, exact):
            scales[a] = scale
        else:
            x = n.emit("gather", [x, n.const(index)], axis=a)
    sizes_left = tuple(t if s != 1.0 else d for t, s, d in zip(target, scales, n.shape(x), strict=True))
    if sizes_left == n.shape(x):
        return x
    return n.emit(
        "resize", [x], sizes=sizes_left, scales=tuple(scales), mode="nearest", coordinate_mode="asymmetric", nearest_mode="floor",
        cubic_coeff_a=-0.75, exclude_outside=False, extrapolation_value=0.0, antialias=False, roi=(),
    )  # fmt: skip


def _target(n: Layer, shape: tuple[int, ...], sizes: Sequence[int]) -> tuple[int, ...]:
    if len(sizes) > len(shape) - 1 or min(sizes) < 1 or max(*sizes, *shape[-len(sizes) :]) > MAX_RESIZED:
        raise n.invalid(f"an input of shape {shape} to spatial sizes {tuple(sizes)}", f"sizes are 1 to {MAX_RESIZED:,}")
    if math.prod(shape[: len(shape) - len(sizes)]) > MAX_PLANES:
        raise n.unsupported(f"resizing of {math.prod(shape[: len(shape) - len(sizes)]):,} planes")
    target = (*shape[: len(shape) - len(sizes)], *(int(s) for s in sizes))
    n.check_size(target)
    return target

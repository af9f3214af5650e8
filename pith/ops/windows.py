"""Sliding windows shared by the pooling operators: sizes, layouts, and windows of an array as a view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pith.graph import ShapeError
from pith.ops.base import Attrs

_T = TypeVar("_T")


def present(x: _T | None) -> _T:
    """An input that the operator requires."""
    if x is None:
        raise ShapeError("a required input is left out")
    return x


def channel_axis(attrs: Attrs, rank: int) -> int:
    """Axis of the channels under attrs["layout"] ("channels_first", the default, or "channels_last")."""
    return rank - 1 if attrs.get("layout", "channels_first") == "channels_last" else 1


def permuted_layout(attrs: Attrs, perm: tuple[int, ...]) -> Attrs | None:
    """Attributes after moving a transpose through an operator whose only axes are named by `layout`."""
    rank = len(perm)
    if perm == tuple(range(rank)):
        return attrs
    layout = attrs.get("layout", "channels_first")
    if layout == "channels_first" and perm == (0, rank - 1, *range(1, rank - 1)):
        return {**attrs, "layout": "channels_last"}
    if layout == "channels_last" and perm == (0, *range(2, rank), 1):
        return {**attrs, "layout": "channels_first"}
    return None


@dataclass(frozen=True, slots=True)
class Windows:
    """Spatial geometry of a pooling operator, one entry per spatial axis.

    `begin`, `end`: padding cells;  `uncounted`: those of `end` that are never part of an average (`ceil_pads`).
    """

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int, ...]
    uncounted: tuple[int, ...]
    out: tuple[int, ...]


def windows(shape: Sequence[int], attrs: Attrs) -> Windows:
    """Geometry of the windows over a tensor of `shape`. Raises ShapeError when it does not fit."""
    rank = len(shape) - 2
    kernel = tuple(attrs["kernel_shape"])
    if rank < 1 or len(kernel) != rank:
        raise ShapeError(f"kernel_shape {kernel} does not fit a tensor of shape {tuple(shape)}")
    channels = channel_axis(attrs, len(shape))
    size = tuple(d for i, d in enumerate(shape) if i not in (0, channels))
    stride = tuple(attrs.get("strides") or (1,) * rank)
    dilation = tuple(attrs.get("dilations") or (1,) * rank)
    pads = tuple(attrs.get("pads") or (0,) * (2 * rank))
    uncounted = tuple(attrs.get("ceil_pads") or (0,) * rank)
    if not len(stride) == len(dilation) == len(uncounted) == rank or len(pads) != 2 * rank:
        raise ShapeError(f"strides, pads or dilations do not fit {rank} spatial axes")
    if min(*kernel, *stride, *dilation) < 1 or min(pads) < 0:
        raise ShapeError("kernel_shape, strides and dilations must be positive and pads not negative")
    begin, end = pads[:rank], pads[rank:]
    out = tuple(
        (d + b + e - ((k - 1) * q + 1)) // s + 1
        for d, b, e, k, s, q in zip(size, begin, end, kernel, stride, dilation, strict=True)
    )
    if min(out) < 1:
        raise ShapeError(f"the window {kernel} is larger than the padded input {size}")
    return Windows(size, kernel, stride, dilation, begin, end, uncounted, out)


def out_shape(shape: Sequence[int], attrs: Attrs) -> tuple[int, ...]:
    """Shape of the pooled tensor, in the layout of the input."""
    out = list(windows(shape, attrs).out)
    rank = len(shape)
    out.insert(channel_axis(attrs, rank) - 1, shape[channel_axis(attrs, rank)])
    return (shape[0], *out)


def sliding(x: np.ndarray, attrs: Attrs, fill: float | int | bool) -> tuple[np.ndarray, Windows]:
    """Windows of `x` moved to channels first, padded with `fill`: [N, C, *out, *kernel] (a view), and the geometry."""
    w = windows(x.shape, attrs)
    first = np.moveaxis(x, channel_axis(attrs, x.ndim), 1)
    return slide(first, w, fill), w


def slide(first: np.ndarray, w: Windows, fill: float | int | bool) -> np.ndarray:
    """Windows of the channels-first array `first`, as `sliding` gives them."""
    rank = len(w.size)
    padded = np.pad(first, [(0, 0), (0, 0), *zip(w.begin, w.end, strict=True)], constant_values=fill)
    extent = tuple((k - 1) * q + 1 for k, q in zip(w.kernel, w.dilation, strict=True))
    view = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=tuple(range(2, 2 + rank)))
    steps = tuple(slice(None, None, s) for s in w.stride) + tuple(slice(None, None, q) for q in w.dilation)
    return view[(slice(None), slice(None), *steps)]


def restore(y: np.ndarray, attrs: Attrs) -> np.ndarray:
    """The channels-first result `y` in the layout of the operator, contiguous."""
    return np.ascontiguousarray(np.moveaxis(y, 1, channel_axis(attrs, y.ndim)))


def lowest(dtype: np.dtype) -> float | int | bool:
    """The identity of max: minus infinity, or the smallest integer."""
    if dtype.kind == "b":
        return False
    return int(np.iinfo(dtype).min) if dtype.kind in "iu" else -np.inf

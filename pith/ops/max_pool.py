"""max_pool: the largest element of each window, and optionally where it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import DType, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import channel_axis, lowest, out_shape, permuted_layout, present, restore, sliding, windows


@register("max_pool")
class MaxPool(Op):
    """kernel_shape, strides, pads, dilations, layout. Padding never wins; NaN does.

    The optional second output (int64) is the flat index into x seen channels first, spatial axes row-major, or
    column-major when attrs["storage_order"] is 1; of equal elements the first in row-major window order is reported.
    A window with nothing but padding gives the lowest value and index -1.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        shape = out_shape(x.shape, attrs)
        return [TensorType(x.dtype, shape), TensorType(DType.I64, shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        dtype = x.dtype
        wide = x.astype(np.float32) if DType.of(dtype).compute is not DType.of(dtype) else x
        view, w = sliding(wide, attrs, lowest(wide.dtype))
        flat = view.reshape(*view.shape[: 2 + len(w.out)], -1)
        y = flat.max(axis=-1)
        index = np.full(y.shape, -1, np.int64)
        places, inside = _places(x.shape, attrs)
        nan = np.isnan(flat) if flat.dtype.kind == "f" else np.zeros(flat.shape, bool)
        hit = (nan | ((flat == y[..., None]) & ~nan.any(-1, keepdims=True))) & inside
        first = hit.argmax(axis=-1)
        found = np.take_along_axis(np.broadcast_to(places, flat.shape), first[..., None], -1)[..., 0]
        index = np.where(hit.any(-1), found, -1)
        return [restore(y, attrs).astype(dtype), restore(index, attrs)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return outputs[0].size * int(np.prod(attrs["kernel_shape"]))

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)


def _places(shape: tuple[int, ...], attrs: Attrs) -> tuple[np.ndarray, np.ndarray]:
    """Flat index of every window cell [N, C, *out, taps], and whether it is inside the input."""
    w = windows(shape, attrs)
    channels = shape[channel_axis(attrs, len(shape))]
    rank = len(w.size)
    index = np.zeros((1,) * (2 * rank), np.int64)
    inside = np.ones((1,) * (2 * rank), bool)
    steps = [1] * rank
    order = range(rank - 1) if attrs.get("storage_order", 0) else range(rank - 1, 0, -1)
    for a in order:  # column-major: the first spatial axis is the fastest
        nxt = a + 1 if attrs.get("storage_order", 0) else a - 1
        steps[nxt] = steps[a] * w.size[a]
    for a in range(rank):
        at = np.arange(w.out[a])[:, None] * w.stride[a] - w.begin[a] + np.arange(w.kernel[a])[None, :] * w.dilation[a]
        spread = [1] * (2 * rank)
        spread[a], spread[rank + a] = at.shape
        at = at.reshape(spread)
        index = index + at * steps[a]
        inside = inside & (at >= 0) & (at < w.size[a])
    total = int(np.prod(w.size))
    base = (np.arange(shape[0])[:, None] * channels + np.arange(channels)[None, :]) * total
    spatial = index.reshape(1, 1, *index.shape[:rank], -1)
    return base.reshape(shape[0], channels, *(1,) * (rank + 1)) + spatial, inside.reshape(1, 1, *index.shape[:rank], -1)

"""lrn: local response normalisation over neighbouring channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import channel_axis, permuted_layout, present


@register("lrn")
class Lrn(Op):
    """y = x / (bias + alpha / size * sum x^2)^beta, the sum over channels c - (size-1)/2 .. c + size/2."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        if len(x.shape) < 2 or attrs["size"] < 1:
            raise ShapeError(f"lrn of size {attrs['size']} does not fit a tensor of shape {x.shape}")
        return [TensorType(x.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        wide = np.moveaxis(x.astype(np.float64), channel_axis(attrs, x.ndim), -1)
        size = attrs["size"]
        c = wide.shape[-1]
        before, after = min((size - 1) // 2, c), min(size // 2, c)  # beyond the last channel there is nothing to add
        squares = np.pad(wide * wide, [(0, 0)] * (x.ndim - 1) + [(before, after)])
        total = np.lib.stride_tricks.sliding_window_view(squares, before + 1 + after, axis=-1).sum(-1)
        y = wide / (attrs["bias"] + attrs["alpha"] / size * total) ** attrs["beta"]
        return [np.ascontiguousarray(np.moveaxis(y, -1, channel_axis(attrs, x.ndim))).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return (int(attrs["size"]) + 20) * outputs[0].size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)

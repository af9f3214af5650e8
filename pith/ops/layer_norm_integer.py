"""layer_norm_integer: layer normalisation of integers between two quantisations; mean and variance are exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register

DEEPEST = 2**15  # numbers in a row, so that n * x and the sum of the squares of bytes stay within int32
_KINDS = (DType.I8, DType.U8, DType.I16, DType.U16)


@register("layer_norm_integer")
class LayerNormInteger(Op):
    """Over the n numbers of the last axis: y = clamp(rne((n * x - s) * r * scale + bias) + zero), s their sum, q the sum of their
    squares, r = 1 / sqrt(n * q - s * s + epsilon).

    Inputs x (8 or 16 bits), scale and bias (float32 [n], in steps of the result). Attributes: epsilon, in units of n * n * (steps of x)
    squared, a float32 above 0; zero, dtype: of the result. s, q, n * x - s and n * q - s * s are exact integers; what follows is
    float32, each step rounded once, from left to right. A zero point of x, and its scale, fall out.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, scale, bias = inputs[:3]
        assert x is not None and scale is not None and bias is not None
        if x.dtype not in _KINDS or not x.shape or not 1 <= x.shape[-1] <= DEEPEST:
            raise ShapeError(f"a layer norm of {x}", why=f"rows are of 1 to {DEEPEST:,} integers of 8 or 16 bits")
        if any(t != TensorType(DType.F32, x.shape[-1:]) for t in (scale, bias)):
            raise ShapeError(f"scale {scale} and bias {bias} for rows of {x.shape[-1]}", why="both are float32, one number for each of a row")
        return [TensorType(attrs["dtype"], x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, scale, bias = inputs[:3]
        assert x is not None and scale is not None and bias is not None
        dtype: DType = attrs["dtype"]
        wide, n = x.astype(np.int64), x.shape[-1]
        s, q = wide.sum(axis=-1, keepdims=True), (wide * wide).sum(axis=-1, keepdims=True)
        r = np.float32(1) / np.sqrt((n * q - s * s).astype(np.float32) + np.float32(attrs["epsilon"]))
        y = np.rint((n * wide - s).astype(np.float32) * r * scale + bias)
        info, zero = np.iinfo(dtype.np), int(attrs["zero"])
        return [(np.clip(np.nan_to_num(y), info.min - zero, info.max - zero).astype(np.int64) + zero).astype(dtype.np)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 8 * outputs[0].size

"""softmax_integer: softmax of 8-bit integers between two quantisations, by a table of exponentials."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register

_LARGEST = 2**31 - 1
DEEPEST = 2**19  # numbers in a row: exponentials then keep 12 bits and more
_FINEST = 23  # bits behind the point of an exponential: float32 holds them exactly


def exponentials(scale: float, row: int) -> np.ndarray:
    """int32 [256]: exp(-d * scale) for every difference d of 8-bit integers, in steps so fine that the sum of `row` of them, each at
    most 1, stays within int32; to nearest, halves to even, from float64."""
    bits = min(_FINEST, math.floor(math.log2(_LARGEST / max(row, 1))))
    return np.asarray(np.rint(np.exp(-np.arange(256) * float(scale)) * 2.0**bits), np.int32)


@register("softmax_integer")
class SoftmaxInteger(Op):
    """y = clamp(rne(e * (multiplier / sum)) + zero) along the last axis, e = table[max - x] and sum that of e over a row.

    Inputs x (int8 or uint8) and table (int32 [256], none negative, whose largest number times the length of a row stays within int32,
    the first above 0). Attributes: multiplier, 1 / scale of the result as a float32; zero, dtype: of the result, 8 or 16 bits. The
    sums are exact in int32; the quotient, its product with e and the conversions are float32, each rounded once.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, table = inputs[0], inputs[1]
        assert x is not None and table is not None
        if x.dtype not in (DType.I8, DType.U8) or not x.shape or not 1 <= x.shape[-1] <= DEEPEST:
            raise ShapeError(f"a softmax of {x}", why=f"rows are of 1 to {DEEPEST:,} 8-bit integers")
        if table.dtype is not DType.I32 or table.shape != (256,):
            raise ShapeError(f"a table {table} of exponentials")
        return [TensorType(attrs["dtype"], x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, table = inputs[0], inputs[1]
        assert x is not None and table is not None
        dtype: DType = attrs["dtype"]
        if not x.size:
            return [x.astype(dtype.np)]
        wide = x.astype(np.int64)
        e = table[wide.max(axis=-1, keepdims=True) - wide]
        sums = e.sum(axis=-1, keepdims=True, dtype=np.int64)
        y = np.rint(e.astype(np.float32) * (np.float32(attrs["multiplier"]) / sums.astype(np.float32)))
        info, zero = np.iinfo(dtype.np), int(attrs["zero"])
        return [(np.clip(y, info.min - zero, info.max - zero).astype(np.int64) + zero).astype(dtype.np)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 4 * outputs[0].size

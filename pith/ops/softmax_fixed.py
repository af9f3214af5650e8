"""softmax_fixed: softmax of 8-bit integers in fixed point, as TensorFlow Lite's reference kernel has it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.graph.fixed import LARGEST, high_product, rounded_shift
from pith.ops.base import Arrays, Attrs, Op, Types, register

DEEPEST = 4095  # numbers in a row, whose sum then stays within int32
POINT, SUM_BITS = 31, 12  # bits behind the point of an exponential; integer bits of a sum
FIRST, SLOPE = 1515870810, -1010580540  # 48/17 and -32/17, with 29 bits behind the point


def reciprocal(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(r, bits): 1 / (sum / 2^19) = r / 2^(31 + bits), by three steps of Newton's from 48/17 - 32/17 x; int32 sums above 0."""
    zeros = 31 - np.floor(np.log2(sums.astype(np.float64))).astype(np.int64)
    a = (sums.astype(np.int64) << zeros) - 2**31
    half = (a + LARGEST + 1) // 2
    x = FIRST + high_product(half, np.asarray(SLOPE))
    for _ in range(3):
        rest = 2**29 - high_product(half, x)
        x = x + np.clip(high_product(x, rest) << 2, -LARGEST - 1, LARGEST)
    return np.clip(x << 1, -LARGEST - 1, LARGEST), SUM_BITS - zeros


@register("softmax_fixed")
class SoftmaxFixed(Op):
    """y = q / 256 along the last axis, of the type of x; 0 is its smallest integer.

    Inputs x (int8 or uint8) and table (int32 [256]): the exponential of minus each difference to the largest of a row, with 31
    bits behind the point. The sum of a row, of exponentials rounded to 19 bits, must stay within int32: at most DEEPEST numbers.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, table = inputs[0], inputs[1]
        assert x is not None and table is not None
        if x.dtype not in (DType.I8, DType.U8) or not x.shape or not 1 <= x.shape[-1] <= DEEPEST:
            raise ShapeError(f"a softmax of {x}", why=f"rows are of 1 to {DEEPEST} 8-bit integers")
        if table.dtype is not DType.I32 or table.shape != (256,):
            raise ShapeError(f"a table {table} of exponentials")
        return [TensorType(x.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, table = inputs[0], inputs[1]
        assert x is not None and table is not None
        if not x.size:
            return [x.copy()]
        wide = x.astype(np.int64)
        e = table.astype(np.int64)[wide.max(axis=-1, keepdims=True) - wide]
        sums = rounded_shift(e, SUM_BITS).sum(axis=-1, keepdims=True)
        r, bits = reciprocal(sums)
        shift = bits + POINT - 8
        y = rounded_shift(high_product(r, e), np.minimum(shift, 31))
        info = np.iinfo(x.dtype)
        return [np.clip(np.where(shift > 31, 0, y) + info.min, info.min, info.max).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 8 * outputs[0].size

"""lookup: each 8-bit integer replaced by its entry of a table: any function of one quantised value, to the bit."""

from __future__ import annotations

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("lookup")
class Lookup(Op):
    """y = table[x] for uint8 x, table[x + 128] for int8 x. Inputs x, table [256] of any type."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, table = inputs[0], inputs[1]
        assert x is not None and table is not None
        if x.dtype not in (DType.I8, DType.U8) or table.shape != (256,):
            raise ShapeError(f"a table {table} for {x}", why="a table has 256 entries, for int8 or uint8")
        return [TensorType(table.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, table = inputs[0], inputs[1]
        assert x is not None and table is not None
        return [table[x.astype(np.int32) + (128 if x.dtype == np.int8 else 0)]]

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return attrs

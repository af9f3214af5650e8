"""bit_cast: the same bits read as another element type of the same size."""

from __future__ import annotations

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("bit_cast")
class BitCast(Op):
    """attrs["to"]: the new DType, as large as the old one in memory; not bool, whose bytes are 0 and 1 only."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        to: DType = attrs["to"]
        if x.dtype.itemsize != to.itemsize or to is DType.BOOL:
            raise ShapeError(f"the bits of {x.dtype.value} are no {to.value}")
        return [TensorType(to, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        return [np.ascontiguousarray(x).view(attrs["to"].np).reshape(x.shape)]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return attrs

"""dequantize_linear: integers (or 8-bit floats) to real numbers by a scale and a zero point."""

from __future__ import annotations

from typing import ClassVar

from pith.graph import DType, Expr
from pith.graph.expr import cast
from pith.ops.base import Attrs, Elementwise, Types, register


@register("dequantize_linear")
class DequantizeLinear(Elementwise):
    """x = (q - zero) * scale, in float32 (float64 for a float64 scale).

    Inputs q, scale, zero (optional); scale and zero broadcast to q, so per-axis ones come shaped [1, C, 1, 1] and
    blocked ones expanded. attrs["dtype"]: type of x.
    """

    wide: ClassVar[bool] = False

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        q = x[0]
        if len(x) > 2 and q.dtype.is_int:
            q = cast(q, DType.I32) - cast(x[2], DType.I32)
        kind = DType.F64 if attrs["dtype"] is DType.F64 else DType.F32
        return cast(q, kind) * cast(x[1], kind)

    def out_dtype(self, inputs: Types, attrs: Attrs) -> DType:
        dtype = attrs["dtype"]
        assert isinstance(dtype, DType)
        return dtype

"""quantize_linear: real numbers to integers (or 8-bit floats) by a scale and a zero point."""

from __future__ import annotations

from typing import ClassVar

from pith.graph import DType, Expr
from pith.graph.expr import call, cast
from pith.ops.base import Attrs, Elementwise, Types, register


@register("quantize_linear")
class QuantizeLinear(Elementwise):
    """q = clamp(rne(x / scale) + zero), in float32 as ONNX defines it (float64 for float64 inputs).

    Inputs x, scale, zero (optional); scale and zero broadcast to x, so per-axis ones come shaped [1, C, 1, 1] and
    blocked ones expanded. attrs["dtype"]: type of q;  attrs["saturate"]: for 8-bit floats, as in `cast`.
    """

    wide: ClassVar[bool] = False

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        to: DType = attrs["dtype"]
        kind = DType.F64 if DType.F64 in (x[0].dtype, x[1].dtype) else DType.F32
        y = cast(x[0], kind) / cast(x[1], kind)
        if to.is_float:
            return cast(y, to, saturate=bool(attrs.get("saturate", True)))
        y = call("rint", y)
        return cast(y + cast(x[2], kind) if len(x) > 2 else y, to, saturate=True)

    def out_dtype(self, inputs: Types, attrs: Attrs) -> DType:
        dtype = attrs["dtype"]
        assert isinstance(dtype, DType)
        return dtype

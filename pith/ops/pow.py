"""pow: a to the power b; the result has the type of a, whatever the type of b."""

from __future__ import annotations

from pith.graph import DType, Expr
from pith.graph.expr import call, cast
from pith.ops.base import Attrs, Elementwise, Types, register


@register("pow")
class Pow(Elementwise):
    """y = a ** b; an integer a with a float b is computed in float64 and truncated."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        base, exponent = x
        if base.dtype.is_int and exponent.dtype.is_float:
            return cast(call("pow", cast(base, DType.F64), cast(exponent, DType.F64)), base.dtype)
        return call("pow", base, cast(exponent, base.dtype))

    def out_dtype(self, inputs: Types, attrs: Attrs) -> DType:
        assert inputs[0] is not None
        return inputs[0].dtype

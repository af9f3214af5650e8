"""cast: change the element type."""

from __future__ import annotations

from typing import ClassVar

from pith.graph import SMALL_FLOATS, DType, Expr
from pith.graph.expr import call, cast
from pith.ops.base import Attrs, Elementwise, Types, register


@register("cast")
class Cast(Elementwise):
    """attrs["to"]: the new DType;  attrs["saturate"]: 8-bit floats out of range become the largest, not NaN.

    Floats become integers by truncation towards zero; integers wrap; anything but zero is true.
    """

    wide: ClassVar[bool] = False

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        to: DType = attrs["to"]
        if to is DType.BOOL and x[0].dtype is not DType.BOOL:
            return call("ne", x[0], 0)
        if to in SMALL_FLOATS and to.itemsize == 1 and attrs.get("saturate", True):
            return cast(x[0], to, saturate=True)
        return cast(x[0], to)

    def out_dtype(self, inputs: Types, attrs: Attrs) -> DType:
        to = attrs["to"]
        assert isinstance(to, DType)
        return to

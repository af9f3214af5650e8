"""bit_shift: bits of an integer moved; those moved out are lost."""

from __future__ import annotations

from pith.graph import DType, Expr
from pith.graph.expr import call, cast, const, select
from pith.ops.base import Attrs, Elementwise, register

_UNSIGNED = {DType.I8: DType.U8, DType.I16: DType.U16, DType.I32: DType.U32, DType.I64: DType.U64}


@register("bit_shift")
class BitShift(Elementwise):
    """attrs["direction"]: "LEFT" or "RIGHT" (arithmetic for signed types).

    A negative amount, or one not below the width, leaves 0, or -1 for a negative number moved right.
    """

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        value, amount = x
        left = attrs["direction"] == "LEFT"
        if not value.dtype.is_signed:
            return call("shl" if left else "shr", value, amount)
        unsigned, bits = _UNSIGNED[value.dtype], value.dtype.itemsize * 8
        if left:  # as unsigned, where every bit pattern has a meaning; a negative amount becomes a huge one
            return cast(call("shl", cast(value, unsigned), cast(amount, unsigned)), value.dtype)
        fill = select(value < 0, const(-1, value.dtype), 0)
        return select(call("or", amount < 0, amount >= bits), fill, call("shr", value, clamp_amount(amount, bits)))


def clamp_amount(amount: Expr, bits: int) -> Expr:
    """The amount within what C defines; lanes outside it are not used."""
    return call("min", call("max", amount, 0), bits - 1)

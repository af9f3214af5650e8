"""bitwise_xor: bits set in one integer only."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("bitwise_xor")
class BitwiseXor(Elementwise):
    """y = a ^ b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("bitxor", x[0], x[1])

"""bitwise_not: bits of an integer inverted."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("bitwise_not")
class BitwiseNot(Elementwise):
    """y = ~x."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("bitnot", x[0])

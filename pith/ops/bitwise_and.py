"""bitwise_and: bits set in both integers."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("bitwise_and")
class BitwiseAnd(Elementwise):
    """y = a & b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("bitand", x[0], x[1])

"""bitwise_or: bits set in either integer."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("bitwise_or")
class BitwiseOr(Elementwise):
    """y = a | b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("bitor", x[0], x[1])

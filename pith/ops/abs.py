"""abs: absolute value; the smallest integer stays itself."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("abs")
class Abs(Elementwise):
    """y = abs(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("abs", x[0])

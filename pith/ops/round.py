"""round: nearest integer, halves to the even one."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("round")
class Round(Elementwise):
    """y = rint(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("rint", x[0])

"""not: logical not of a bool."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("not")
class Not(Elementwise):
    """y = not x."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("not", x[0])

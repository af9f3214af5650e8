"""sinh: hyperbolic sine."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("sinh")
class Sinh(Elementwise):
    """y = sinh(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("sinh", x[0])

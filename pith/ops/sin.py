"""sin: sine of radians."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("sin")
class Sin(Elementwise):
    """y = sin(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("sin", x[0])

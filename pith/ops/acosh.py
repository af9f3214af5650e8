"""acosh: inverse hyperbolic cosine; NaN below 1."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("acosh")
class Acosh(Elementwise):
    """y = acosh(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("acosh", x[0])

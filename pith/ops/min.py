"""min: the smaller of a and b; NaN if either is."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("min")
class Min(Elementwise):
    """y = min(a, b)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("min", x[0], x[1])

"""sqrt: square root; NaN below zero."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("sqrt")
class Sqrt(Elementwise):
    """y = sqrt(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("sqrt", x[0])

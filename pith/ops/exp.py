"""exp: e to the x."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("exp")
class Exp(Elementwise):
    """y = exp(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("exp", x[0])

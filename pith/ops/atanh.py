"""atanh: inverse hyperbolic tangent; NaN outside [-1, 1]."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("atanh")
class Atanh(Elementwise):
    """y = atanh(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("atanh", x[0])

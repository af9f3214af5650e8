"""atan: inverse tangent."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("atan")
class Atan(Elementwise):
    """y = atan(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("atan", x[0])

"""floor: largest integer not above x."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("floor")
class Floor(Elementwise):
    """y = floor(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("floor", x[0])

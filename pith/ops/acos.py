"""acos: inverse cosine; NaN outside [-1, 1]."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("acos")
class Acos(Elementwise):
    """y = acos(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("acos", x[0])

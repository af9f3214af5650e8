"""cos: cosine of radians."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("cos")
class Cos(Elementwise):
    """y = cos(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("cos", x[0])

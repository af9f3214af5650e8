"""asinh: inverse hyperbolic sine."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("asinh")
class Asinh(Elementwise):
    """y = asinh(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("asinh", x[0])

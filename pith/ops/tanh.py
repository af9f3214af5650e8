"""tanh: hyperbolic tangent."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("tanh")
class Tanh(Elementwise):
    """y = tanh(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("tanh", x[0])

"""sigmoid: 1 / (1 + exp(-x)), without overflow."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("sigmoid")
class Sigmoid(Elementwise):
    """y = sigmoid(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("sigmoid", x[0])

"""prelu: x above zero, slope * x below; the slope broadcasts to x."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import select
from pith.ops.base import Attrs, Elementwise, register


@register("prelu")
class Prelu(Elementwise):
    """Inputs x, slope."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return select(x[0] >= 0, x[0], x[0] * x[1])

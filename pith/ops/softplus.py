"""softplus: log(1 + exp(x)), without overflow."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("softplus")
class Softplus(Elementwise):
    """y = softplus(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("softplus", x[0])

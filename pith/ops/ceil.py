"""ceil: smallest integer not below x."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("ceil")
class Ceil(Elementwise):
    """y = ceil(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("ceil", x[0])

"""greater: a > b."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("greater")
class Greater(Elementwise):
    """y = a > b, bool."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("gt", x[0], x[1])

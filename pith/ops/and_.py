"""and: logical and of two bools."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("and")
class And(Elementwise):
    """y = a and b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("and", x[0], x[1])

"""equal: a == b."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("equal")
class Equal(Elementwise):
    """y = a == b, bool."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("eq", x[0], x[1])

"""or: logical or of two bools."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("or")
class Or(Elementwise):
    """y = a or b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("or", x[0], x[1])

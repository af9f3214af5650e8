"""where: a where the condition holds, else b, with broadcasting."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import select
from pith.ops.base import Attrs, Elementwise, register


@register("where")
class Where(Elementwise):
    """Inputs condition (bool), a, b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return select(x[0], x[1], x[2])

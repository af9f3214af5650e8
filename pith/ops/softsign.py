"""softsign: x / (1 + |x|)."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("softsign")
class Softsign(Elementwise):
    """y = x / (1 + |x|)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return x[0] / (call("abs", x[0]) + 1.0)

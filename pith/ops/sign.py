"""sign: -1, 0 or 1 by the sign; NaN stays NaN."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("sign")
class Sign(Elementwise):
    """y = sign(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("sign", x[0])

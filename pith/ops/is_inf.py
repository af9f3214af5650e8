"""is_inf: whether x is infinite, of the signs asked for."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("is_inf")
class IsInf(Elementwise):
    """attrs["detect_negative"], attrs["detect_positive"]: which infinities count."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        infinite = call("isinf", x[0])
        if not attrs["detect_negative"]:
            infinite = call("and", infinite, x[0] > 0)
        if not attrs["detect_positive"]:
            infinite = call("and", infinite, x[0] < 0)
        return infinite

"""hard_sigmoid: max(0, min(1, alpha * x + beta))."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import clamp
from pith.ops.base import Attrs, Elementwise, register


@register("hard_sigmoid")
class HardSigmoid(Elementwise):
    """attrs["alpha"], attrs["beta"]: slope and offset."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return clamp(x[0] * attrs["alpha"] + attrs["beta"], 0.0, 1.0)

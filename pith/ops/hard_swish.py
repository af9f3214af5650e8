"""hard_swish: x * max(0, min(1, x / 6 + 0.5))."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import clamp
from pith.ops.base import Attrs, Elementwise, register


@register("hard_swish")
class HardSwish(Elementwise):
    """y = x * hard_sigmoid(x) with slope 1/6."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return x[0] * clamp(x[0] * (1 / 6) + 0.5, 0.0, 1.0)

"""celu: max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call, select
from pith.ops.base import Attrs, Elementwise, register


@register("celu")
class Celu(Elementwise):
    """attrs["alpha"]: the limit at minus infinity is -alpha."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return select(x[0] > 0, x[0], call("expm1", x[0] / attrs["alpha"]) * attrs["alpha"])

"""selu: gamma * x above zero, gamma * alpha * (exp(x) - 1) below."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call, select
from pith.ops.base import Attrs, Elementwise, register


@register("selu")
class Selu(Elementwise):
    """attrs["alpha"], attrs["gamma"]: the two constants of the self-normalising unit."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        below = call("expm1", x[0]) * attrs["alpha"]
        return select(x[0] > 0, x[0], below) * float(attrs["gamma"])

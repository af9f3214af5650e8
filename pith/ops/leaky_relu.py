"""leaky_relu: x above zero, alpha * x below."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import select
from pith.ops.base import Attrs, Elementwise, register


@register("leaky_relu")
class LeakyRelu(Elementwise):
    """attrs["alpha"]: the slope below zero."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return select(x[0] >= 0, x[0], x[0] * attrs["alpha"])

"""mish: x * tanh(softplus(x))."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("mish")
class Mish(Elementwise):
    """y = x * tanh(log(1 + exp(x)))."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return x[0] * call("tanh", call("softplus", x[0]))

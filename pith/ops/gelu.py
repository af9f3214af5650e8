"""gelu: x times the normal distribution function of x."""

from __future__ import annotations

import math

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("gelu")
class Gelu(Elementwise):
    """attrs["approximate"]: "none" (by erf) or "tanh"."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        if attrs["approximate"] == "tanh":
            inner = (x[0] + x[0] * x[0] * x[0] * 0.044715) * math.sqrt(2 / math.pi)
            return x[0] * 0.5 * (call("tanh", inner) + 1.0)
        return call("gelu", x[0])

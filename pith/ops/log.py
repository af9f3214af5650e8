"""log: natural logarithm; NaN below zero."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("log")
class Log(Elementwise):
    """y = log(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("log", x[0])

"""tan: tangent of radians."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("tan")
class Tan(Elementwise):
    """y = tan(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("tan", x[0])

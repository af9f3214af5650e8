"""erf: the error function."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("erf")
class Erf(Elementwise):
    """y = erf(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("erf", x[0])

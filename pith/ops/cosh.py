"""cosh: hyperbolic cosine."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("cosh")
class Cosh(Elementwise):
    """y = cosh(x)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("cosh", x[0])

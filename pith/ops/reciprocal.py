"""reciprocal: 1 / x."""

from __future__ import annotations

from pith.graph import Expr
from pith.ops.base import Attrs, Elementwise, register


@register("reciprocal")
class Reciprocal(Elementwise):
    """y = 1 / x."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return 1.0 / x[0]

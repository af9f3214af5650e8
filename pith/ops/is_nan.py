"""is_nan: whether x is NaN."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("is_nan")
class IsNan(Elementwise):
    """y = isnan(x), bool."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("isnan", x[0])

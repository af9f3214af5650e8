"""neg: -x; integers wrap."""

from __future__ import annotations

from pith.graph import Expr
from pith.ops.base import Attrs, Elementwise, register


@register("neg")
class Neg(Elementwise):
    """y = -x."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return -x[0]

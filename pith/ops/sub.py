"""sub: a - b with broadcasting; integers wrap."""

from __future__ import annotations

from pith.graph import Expr
from pith.ops.base import Attrs, Elementwise, register


@register("sub")
class Sub(Elementwise):
    """y = a - b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return x[0] - x[1]

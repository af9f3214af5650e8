"""div: a / b with broadcasting; integers truncate towards zero."""

from __future__ import annotations

from pith.graph import Expr
from pith.ops.base import Attrs, Elementwise, register


@register("div")
class Div(Elementwise):
    """y = a / b; an integer divided by zero gives 0."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return x[0] / x[1]

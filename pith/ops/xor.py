"""xor: logical exclusive or of two bools."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("xor")
class Xor(Elementwise):
    """y = a != b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("xor", x[0], x[1])

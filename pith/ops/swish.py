"""swish: x * sigmoid(alpha * x)."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("swish")
class Swish(Elementwise):
    """attrs["alpha"]: 1 gives SiLU."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        inner = x[0] if attrs["alpha"] == 1.0 else x[0] * attrs["alpha"]
        return x[0] * call("sigmoid", inner)

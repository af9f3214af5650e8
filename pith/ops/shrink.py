"""shrink: x moved towards zero by a bias outside a band, 0 inside it."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import select
from pith.ops.base import Attrs, Elementwise, register


@register("shrink")
class Shrink(Elementwise):
    """attrs["lambd"]: half the width of the band;  attrs["bias"]: the move."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        below = select(x[0] < -attrs["lambd"], x[0] + attrs["bias"], 0)
        return select(x[0] > attrs["lambd"], x[0] - attrs["bias"], below)

"""clip: x limited to [min, max]."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import clamp
from pith.ops.base import Attrs, Elementwise, register


@register("clip")
class Clip(Elementwise):
    """attrs["min"], attrs["max"]: the bounds, None for no bound."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return clamp(x[0], attrs["min"], attrs["max"])

"""thresholded_relu: x where it is above alpha, else 0."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import select
from pith.ops.base import Attrs, Elementwise, register


@register("thresholded_relu")
class ThresholdedRelu(Elementwise):
    """attrs["alpha"]: the threshold."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return select(x[0] > attrs["alpha"], x[0], 0.0)

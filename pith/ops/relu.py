"""relu: max(x, 0)."""

from __future__ import annotations

import numpy as np

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Arrays, Attrs, Elementwise, register


@register("relu")
class Relu(Elementwise):
    """y = max(x, 0)."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("max", x[0], 0)

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        return [np.maximum(x, np.zeros((), x.dtype))]

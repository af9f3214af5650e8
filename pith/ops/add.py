"""add: a + b with broadcasting; integers wrap."""

from __future__ import annotations

import numpy as np

from pith.graph import Expr
from pith.ops.base import Arrays, Attrs, Elementwise, register


@register("add")
class Add(Elementwise):
    """y = a + b."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return x[0] + x[1]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        a, b = inputs
        assert a is not None and b is not None
        return [np.add(a, b)]

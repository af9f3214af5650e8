"""fused: several elementwise operators as one scalar expression; made by the fusion pass, and used for plain copies."""

from __future__ import annotations

import numpy as np

from pith.graph import DType, Expr
from pith.graph.expr import evaluate
from pith.ops.base import Arrays, Attrs, Elementwise, Types, register


@register("fused")
class Fused(Elementwise):
    """y = attrs["expr"](inputs...), stored as attrs["dtype"]; inputs broadcast."""

    def scalar(self, inputs: Types, attrs: Attrs) -> Expr:
        expr = attrs["expr"]
        assert isinstance(expr, Expr)
        return expr

    def out_dtype(self, inputs: Types, attrs: Attrs) -> DType:
        dtype = attrs["dtype"]
        assert isinstance(dtype, DType)
        return dtype

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        arrays = [np.zeros(()) if i is None else i for i in inputs]
        shape = np.broadcast_shapes(*(i.shape for i in arrays))
        return [np.broadcast_to(evaluate(attrs["expr"], arrays).astype(attrs["dtype"].np), shape).copy()]

"""scatter_nd: a copy of a tensor with slices replaced or combined at tuples of indices."""

from __future__ import annotations

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.scatter_elements import COMBINE


@register("scatter_nd")
class ScatterND(Op):
    """Inputs data, indices, updates; the last axis of the indices holds tuples that address the leading axes of data.

    attrs["reduction"]: "none" (the last update wins), "add", "mul", "max", "min". Negative indices count from the end.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        data, indices, updates = inputs
        assert data is not None and indices is not None and updates is not None
        if not indices.shape or indices.shape[-1] > len(data.shape):
            raise ShapeError(f"indices {indices.shape} address more axes than data {data.shape} has")
        if updates.shape != indices.shape[:-1] + data.shape[indices.shape[-1] :] or updates.dtype is not data.dtype:
            raise ShapeError(f"updates {updates} do not fit indices {indices.shape} and data {data}")
        return [TensorType(data.dtype, data.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        data, indices, updates = inputs
        assert data is not None and indices is not None and updates is not None
        combine = COMBINE[attrs["reduction"]]
        y = data.copy()
        with np.errstate(all="ignore"):
            for place in np.ndindex(indices.shape[:-1]):
                target = tuple(int(i) for i in indices[place])
                y[target] = combine(y[target], updates[place])
        return [y]

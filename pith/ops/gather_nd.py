"""gather_nd: slices picked by tuples of indices."""

from __future__ import annotations

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("gather_nd")
class GatherND(Op):
    """Inputs data, indices; the last axis of the indices holds tuples that address data after the batch axes.

    attrs["batch_dims"]: leading axes that data and indices share. Output: indices.shape[:-1] + what a tuple leaves.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        data, indices = inputs
        assert data is not None and indices is not None
        b = attrs["batch_dims"]
        depth = indices.shape[-1] if indices.shape else 0
        if not indices.shape or not 0 <= b < len(indices.shape) or b + depth > len(data.shape):
            raise ShapeError(f"indices {indices.shape} do not fit data {data.shape} with {b} batch axes")
        if data.shape[:b] != indices.shape[:b]:
            raise ShapeError(f"batch axes differ: data {data.shape[:b]}, indices {indices.shape[:b]}")
        return [TensorType(data.dtype, indices.shape[:-1] + data.shape[b + depth :])]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        data, indices = inputs
        assert data is not None and indices is not None
        b = attrs["batch_dims"]
        batch = data.shape[:b]
        count = int(np.prod(batch))
        flat = data.reshape((count, *data.shape[b:]))
        tuples = indices.reshape((count, -1, indices.shape[-1])).astype(np.int64)
        picked = [flat[n][tuple(np.moveaxis(tuples[n], -1, 0))] for n in range(count)]
        rest = data.shape[b + indices.shape[-1] :]
        result = np.stack(picked) if picked else np.zeros(0, data.dtype)
        return [np.ascontiguousarray(result.reshape(indices.shape[:-1] + rest))]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

"""gather: slices of a tensor picked by index along one axis."""

from __future__ import annotations

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("gather")
class Gather(Op):
    """Inputs data, indices (int32 or int64, negative ones count from the end); attrs["axis"]: of data.

    Output shape: data's, with the axis replaced by the shape of the indices.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        data, indices = inputs
        assert data is not None and indices is not None
        axis = attrs["axis"]
        if not 0 <= axis < len(data.shape):
            raise ShapeError(f"gather axis {axis} is outside a tensor of rank {len(data.shape)}")
        return [TensorType(data.dtype, data.shape[:axis] + indices.shape + data.shape[axis + 1 :])]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        data, indices = inputs
        assert data is not None and indices is not None
        return [np.take(data, indices, axis=attrs["axis"])]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

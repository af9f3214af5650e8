"""gather_elements: one element per index, at the index along an axis and at its own place on all others."""

from __future__ import annotations

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("gather_elements")
class GatherElements(Op):
    """Inputs data, indices of its rank (negative ones count from the end); attrs["axis"]. Output: indices' shape."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        data, indices = inputs
        assert data is not None and indices is not None
        check_element_indices(data, indices, attrs["axis"])
        return [TensorType(data.dtype, indices.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        data, indices = inputs
        assert data is not None and indices is not None
        axis = attrs["axis"]
        part = data[tuple(slice(None) if a == axis else slice(0, n) for a, n in enumerate(indices.shape))]
        return [np.take_along_axis(part, indices.astype(np.int64), axis)]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return {**attrs, "axis": perm[attrs["axis"]]}


def check_element_indices(data: TensorType, indices: TensorType, axis: int) -> None:
    """Raise ShapeError unless the indices have data's rank and fit within it on every axis but `axis`."""
    rank = len(data.shape)
    if not 0 <= axis < rank:
        raise ShapeError(f"axis {axis} is outside a tensor of rank {rank}")
    fits = len(indices.shape) == rank and all(
        n <= d for a, (n, d) in enumerate(zip(indices.shape, data.shape, strict=True)) if a != axis
    )
    if not fits:
        raise ShapeError(f"indices {indices.shape} do not fit data {data.shape} on the axes other than {axis}")

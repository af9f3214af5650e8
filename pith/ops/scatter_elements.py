"""scatter_elements: a copy of a tensor with single elements replaced or combined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.gather_elements import check_element_indices

COMBINE: dict[str, Callable[..., Any]] = {
    "none": lambda old, new: new, "add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum,
}  # fmt: skip


@register("scatter_elements")
class ScatterElements(Op):
    """Inputs data, indices, updates (both of data's rank); update u goes to its place, with the index on attrs["axis"].

    attrs["reduction"]: "none" (the last update wins), "add", "mul", "max", "min". Negative indices count from the end.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        data, indices, updates = inputs
        assert data is not None and indices is not None and updates is not None
        check_element_indices(data, indices, attrs["axis"])
        if updates.shape != indices.shape or updates.dtype is not data.dtype:
            raise ShapeError(f"updates {updates} do not fit indices {indices.shape} and data {data}")
        return [TensorType(data.dtype, data.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        data, indices, updates = inputs
        assert data is not None and indices is not None and updates is not None
        axis, combine = attrs["axis"], COMBINE[attrs["reduction"]]
        y = data.copy()
        with np.errstate(all="ignore"):
            for place in np.ndindex(indices.shape):
                target = (*place[:axis], int(indices[place]), *place[axis + 1 :])
                y[target] = combine(y[target], updates[place])
        return [y]

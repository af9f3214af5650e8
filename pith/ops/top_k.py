"""top_k: the k largest or smallest elements along an axis, and where they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, normalize_axis, register
from pith.ops.windows import present


@register("top_k")
class TopK(Op):
    """attrs k, axis, largest, sorted. Outputs values and int64 indices, always sorted; of equal elements the one that comes
    first is taken first. NaN counts as larger than every number.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        axis = normalize_axis(attrs["axis"], len(x.shape))
        if not x.shape or not 0 <= attrs["k"] <= x.shape[axis]:
            raise ShapeError(f"cannot take {attrs['k']} elements along axis {axis} of a tensor of shape {x.shape}")
        shape = (*x.shape[:axis], int(attrs["k"]), *x.shape[axis + 1 :])
        return [TensorType(x.dtype, shape), TensorType(DType.I64, shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        axis, k = normalize_axis(attrs["axis"], x.ndim), int(attrs["k"])
        wide = x.astype(np.float64) if DType.of(x.dtype).is_float else x
        if attrs.get("largest", True):
            # a stable ascending sort of the reversed axis, read backwards, keeps the first of equals first
            order = x.shape[axis] - 1 - np.flip(np.argsort(np.flip(wide, axis), axis=axis, kind="stable"), axis)
        else:
            order = np.argsort(wide, axis=axis, kind="stable")
        index = np.ascontiguousarray(np.take(order, np.arange(k), axis=axis)).astype(np.int64)
        return [np.take_along_axis(x, index, axis), index]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return present(inputs[0]).size * max(1, math.ceil(math.log2(max(int(attrs["k"]), 2))))

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return {**attrs, "axis": perm[normalize_axis(attrs["axis"], len(perm))]}

"""arg_reduce: where the largest or smallest element along an axis stands."""

from __future__ import annotations

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.reduce import reduced_shape


@register("arg_reduce")
class ArgReduce(Op):
    """attrs["kind"]: "max" or "min";  attrs["axis"];  attrs["keepdims"];  attrs["select_last_index"]: which of equals.

    Output int64. The first NaN counts as the extreme.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        shape = reduced_shape(x.shape, (attrs["axis"],), attrs["keepdims"])
        if x.shape[attrs["axis"]] == 0:
            raise ShapeError(f"axis {attrs['axis']} is empty: it has no {attrs['kind']}imum")
        return [TensorType(DType.I64, shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        axis = attrs["axis"]
        find = np.argmax if attrs["kind"] == "max" else np.argmin
        wide = x.astype(np.float64) if DType.of(x.dtype).is_float else x
        if attrs["select_last_index"]:
            place = x.shape[axis] - 1 - find(np.flip(wide, axis), axis=axis)
        else:
            place = find(wide, axis=axis)
        place = np.asarray(place, dtype=np.int64)
        return [np.expand_dims(place, axis) if attrs["keepdims"] else place]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        (x,) = inputs
        assert x is not None
        return x.size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return {**attrs, "axis": perm[attrs["axis"]]} if attrs["keepdims"] else None

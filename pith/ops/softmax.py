"""softmax: exponentials divided by their sum along an axis."""

from __future__ import annotations

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("softmax")
class Softmax(Op):
    """attrs["axis"]: counted from the front. The maximum is taken off first, so nothing overflows."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        if not 0 <= attrs["axis"] < len(x.shape):
            raise ShapeError(f"softmax axis {attrs['axis']} is outside a tensor of rank {len(x.shape)}")
        return [TensorType(x.dtype, x.shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        axis = attrs["axis"]
        with np.errstate(all="ignore"):
            wide = x.astype(np.float64)
            z = wide - wide.max(axis=axis, keepdims=True, initial=-np.inf)
            e = np.exp(z)
            return [(e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        (x,) = inputs
        assert x is not None
        return 4 * x.size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return {**attrs, "axis": perm[attrs["axis"]]}

"""expand: broadcast to a larger shape."""

from __future__ import annotations

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, broadcast_shapes, register


@register("expand")
class Expand(Op):
    """attrs["shape"]: the output shape, to which the input broadcasts."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        if broadcast_shapes(x.shape, attrs["shape"]) != attrs["shape"]:
            raise ShapeError(f"cannot expand {x.shape} to {attrs['shape']}", why="a dimension may only grow from 1")
        return [TensorType(x.dtype, attrs["shape"])]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        return [np.broadcast_to(x, attrs["shape"]).copy()]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

    def view(
        self, shape: tuple[int, ...], strides: tuple[int, ...], attrs: Attrs, out: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]] | None:
        new = len(out) - len(shape)
        kept = tuple(0 if d != o else s for d, s, o in zip(shape, strides, out[new:], strict=True))
        return 0, (0,) * new + kept

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        if len(attrs["shape"]) != len(perm):
            return None
        shape = [0] * len(perm)
        for i, p in enumerate(perm):
            shape[p] = attrs["shape"][i]
        return {**attrs, "shape": tuple(shape)}

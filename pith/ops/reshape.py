"""reshape: same elements in the same row-major order, another shape (squeeze, unsqueeze, flatten and identity too)."""

from __future__ import annotations

import math

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, contiguous_strides, register


@register("reshape")
class Reshape(Op):
    """attrs["shape"]: the output shape, all dimensions given."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        if math.prod(attrs["shape"]) != x.size:
            raise ShapeError(f"cannot reshape {x.shape} to {attrs['shape']}", why="the number of elements differs")
        return [TensorType(x.dtype, tuple(attrs["shape"]))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        return [x.reshape(attrs["shape"])]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

    def view(
        self, shape: tuple[int, ...], strides: tuple[int, ...], attrs: Attrs, out: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]] | None:
        return reshaped_strides(shape, strides, out)


def reshaped_strides(
    shape: tuple[int, ...], strides: tuple[int, ...], out: tuple[int, ...]
) -> tuple[int, tuple[int, ...]] | None:
    """Strides of a view with shape `out` over the same elements, None when a copy is needed.

    Walks both shapes in step: groups of dimensions with equal products must be regularly strided inside.
    """
    if 0 in out:
        return 0, contiguous_strides(out)
    src = [(d, s) for d, s in zip(shape, strides, strict=True) if d != 1]
    result: list[int] = []
    i = 0
    remaining: list[tuple[int, int]] = []  # (extent, stride) of the group being consumed, inner part
    for d in out:
        if d == 1:
            result.append(0)
            continue
        if not remaining:
            extent, stride = src[i]
            i += 1
            need = d
            # widen the group until it is a multiple of the wanted extent
            while extent % need and i < len(src):
                if src[i - 1][1] != src[i][0] * src[i][1]:
                    return None
                extent, stride = extent * src[i][0], src[i][1]
                i += 1
            if extent % need:
                return None
            remaining = [(extent, stride)]
        extent, stride = remaining.pop()
        while extent % d:
            if i >= len(src) or src[i - 1][1] != src[i][0] * src[i][1]:
                return None
            extent, stride = extent * src[i][0], src[i][1]
            i += 1
        inner = extent // d
        result.append(inner * stride)
        if inner > 1:
            remaining = [(inner, stride)]
    return 0, tuple(result)

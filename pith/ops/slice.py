"""slice: a regular part of every axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("slice")
class Slice(Op):
    """Element i of an axis of the output is element start + i * step of the input; all given per axis.

    attrs["starts"]: first index, within the axis;  attrs["steps"]: never 0, may be negative;  attrs["shape"]: of the
    output, every element of which lies within the input.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        starts, steps, shape = attrs["starts"], attrs["steps"], attrs["shape"]
        if not len(starts) == len(steps) == len(shape) == len(x.shape):
            raise ShapeError(f"slice of a tensor of rank {len(x.shape)} needs as many starts, steps and sizes")
        for a, (d, start, step, n) in enumerate(zip(x.shape, starts, steps, shape, strict=True)):
            if step == 0 or n < 0 or (n and not (0 <= start < d and 0 <= start + (n - 1) * step < d)):
                raise ShapeError(f"slice leaves axis {a} of size {d}: start {start}, step {step}, {n} elements")
        return [TensorType(x.dtype, shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        parts = zip(attrs["starts"], attrs["steps"], attrs["shape"], strict=True)
        return [np.ascontiguousarray(x[tuple(_python_slice(*p) for p in parts)]).reshape(attrs["shape"])]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

    def view(
        self, shape: tuple[int, ...], strides: tuple[int, ...], attrs: Attrs, out: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]] | None:
        if 0 in out:
            return 0, strides
        offset = sum(start * s for start, s in zip(attrs["starts"], strides, strict=True))
        return offset, tuple(step * s for step, s in zip(attrs["steps"], strides, strict=True))

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return {key: _unpermute(attrs[key], perm) for key in ("starts", "steps", "shape")}


def _python_slice(start: int, step: int, count: int) -> slice:
    """The Python slice with `count` elements."""
    stop = start + count * step
    return slice(start, stop if stop >= 0 else None, step) if count else slice(0, 0)


def _unpermute(values: Sequence[int], perm: tuple[int, ...]) -> tuple[int, ...]:
    """Per-axis values of a transposed tensor, put back on the axes they came from."""
    back = [0] * len(perm)
    for i, p in enumerate(perm):
        back[p] = values[i]
    return tuple(back)

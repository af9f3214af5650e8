"""concat: tensors one after another along an axis."""

from __future__ import annotations

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("concat")
class Concat(Op):
    """attrs["axis"]: counted from the front. Inputs of one type, alike on every other axis."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        axis = attrs["axis"]
        present = [i for i in inputs if i is not None]
        first = present[0]
        if not 0 <= axis < len(first.shape):
            raise ShapeError(f"concat axis {axis} is outside a tensor of rank {len(first.shape)}")
        for t in present[1:]:
            alike = len(t.shape) == len(first.shape) and all(
                a == b for k, (a, b) in enumerate(zip(t.shape, first.shape, strict=True)) if k != axis
            )
            if not alike or t.dtype is not first.dtype:
                raise ShapeError(f"cannot join {first} and {t} along axis {axis}")
        shape = list(first.shape)
        shape[axis] = sum(t.shape[axis] for t in present)
        return [TensorType(first.dtype, tuple(shape))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        return [np.concatenate([i for i in inputs if i is not None], axis=attrs["axis"])]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return {**attrs, "axis": perm[attrs["axis"]]}

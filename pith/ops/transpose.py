"""transpose: reorder axes."""

from __future__ import annotations

import numpy as np

from pith.graph import TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("transpose")
class Transpose(Op):
    """attrs["perm"]: axis perm[i] of the input becomes axis i of the output."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        return [TensorType(x.dtype, tuple(x.shape[p] for p in attrs["perm"]))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        return [np.asarray(x.transpose(attrs["perm"]), order="C")]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

    def view(
        self, shape: tuple[int, ...], strides: tuple[int, ...], attrs: Attrs, out: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]] | None:
        return 0, tuple(strides[p] for p in attrs["perm"])

"""det: determinants of square matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import present


@register("det")
class Det(Op):
    """Of the matrices in the last two axes."""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x = present(inputs[0])
        if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
            raise ShapeError(f"a tensor of shape {x.shape} holds no square matrices")
        return [TensorType(x.dtype, x.shape[:-2])]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x = present(inputs[0])
        return [np.asarray(np.linalg.det(x.astype(np.float64))).astype(x.dtype)]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        x = present(inputs[0])
        return x.size * x.shape[-1] // 3

"""attention: softmax(q k^T * scale + mask) v, the scores never stored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, broadcast_shapes, register
from pith.ops.windows import present


@register("attention")
class Attention(Op):
    """Inputs q [..., S, D], k [..., T, D], v [..., T, E], and a mask that is added to the scores and broadcasts to
    [..., S, T], or absent. The leading axes broadcast.

    Attributes: scale; perm, the order in which the axes of the result [..., S, E] are stored.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        q, k, v = (present(i) for i in inputs[:3])
        if min(len(q.shape), len(k.shape), len(v.shape)) < 2:
            raise ShapeError("attention needs matrices")
        if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
            raise ShapeError(f"attention of {q.shape} over keys {k.shape} and values {v.shape}")
        batch = broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
        scores = (*batch, q.shape[-2], k.shape[-2])
        mask = inputs[3] if len(inputs) > 3 else None
        if mask is not None and broadcast_shapes(scores, mask.shape) != scores:
            raise ShapeError(f"mask {mask.shape} for scores of shape {scores}")
        shape = (*batch, q.shape[-2], v.shape[-1])
        return [TensorType(q.dtype, tuple(shape[a] for a in attrs["perm"]))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        q, k, v = (present(i).astype(np.float64) for i in inputs[:3])
        mask = inputs[3] if len(inputs) > 3 else None
        with np.errstate(all="ignore"):
            scores = q @ np.swapaxes(k, -1, -2) * attrs["scale"]
            if mask is not None:
                scores = scores + mask.astype(np.float64)
            e = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
            y = (e / e.sum(axis=-1, keepdims=True)) @ v
        return [np.asarray(y.transpose(attrs["perm"]).astype(present(inputs[0]).dtype), order="C")]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        q, k, v = (present(i) for i in inputs[:3])
        rows = outputs[0].size // max(v.shape[-1], 1)
        return rows * k.shape[-2] * (q.shape[-1] + v.shape[-1])

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        k, v = present(inputs[1]), present(inputs[2])
        return 4 * outputs[0].size // max(v.shape[-1], 1) * k.shape[-2]

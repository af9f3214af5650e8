"""matmul: matrix product with broadcast batch axes, optional transposes, bias and a fused epilogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, broadcast_shapes, register
from pith.ops.conv import apply_epilogue


@register("matmul")
class Matmul(Op):
    """y = a @ b + bias. Inputs a [..., M, K] (or [K]), b [..., K, N] (or [K]), bias [N] or absent, extras.

    Attributes trans_a, trans_b (the last two axes are swapped first), epilogue (optional).
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        a, b = inputs[0], inputs[1]
        assert a is not None and b is not None
        if not a.shape or not b.shape:
            raise ShapeError("a matrix product needs at least one axis on each side")
        sa, sb = _swapped(a.shape, attrs.get("trans_a")), _swapped(b.shape, attrs.get("trans_b"))
        ea = sa if len(sa) > 1 else (1, *sa)
        eb = sb if len(sb) > 1 else (*sb, 1)
        if ea[-1] != eb[-2]:
            raise ShapeError(f"inner dimensions differ: {sa} @ {sb}")
        shape = (*broadcast_shapes(ea[:-2], eb[:-2]), ea[-2], eb[-1])
        if len(sb) == 1:
            shape = shape[:-1]
        if len(sa) == 1:
            shape = (*shape[:-2], shape[-1]) if len(sb) > 1 else shape[:-1]
        bias = inputs[2] if len(inputs) > 2 else None
        if bias is not None and bias.shape != shape[-1:]:
            raise ShapeError(f"bias of shape {bias.shape} for a product of shape {shape}")
        return [TensorType(a.dtype, shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        a, b, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
        assert a is not None and b is not None
        wide = np.float64 if a.dtype.kind not in "iu" else a.dtype
        x = np.swapaxes(a, -1, -2) if attrs.get("trans_a") else a
        y = np.swapaxes(b, -1, -2) if attrs.get("trans_b") else b
        product = np.matmul(x.astype(wide), y.astype(wide))
        if bias is not None:
            product = product + bias.astype(wide)
        result = np.asarray(product).astype(a.dtype)
        return [np.asarray(apply_epilogue(result, attrs, inputs[3:], result.ndim - 1).astype(a.dtype), order="C")]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        a = inputs[0]
        assert a is not None
        return outputs[0].size * _swapped(a.shape, attrs.get("trans_a"))[-1]


def _swapped(shape: tuple[int, ...], swap: bool | None) -> tuple[int, ...]:
    return (*shape[:-2], shape[-1], shape[-2]) if swap and len(shape) > 1 else shape

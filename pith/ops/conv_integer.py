"""conv_integer: convolution of integers of 8 or 16 bits, summed exactly in int32 or int64, with a fused epilogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import OPS, Arrays, Attrs, Op, Types, register
from pith.ops.conv import LAST, apply_epilogue, permuted_layout

NARROW = (DType.I8, DType.U8, DType.I16, DType.U16)
SUMS = (DType.I32, DType.I64)


def check_types(x: TensorType, w: TensorType, bias: TensorType | None) -> None:
    """Raise ShapeError unless x and w are integers of 8 or 16 bits, and bias int32 or int64."""
    if x.dtype not in NARROW or w.dtype not in NARROW or (bias is not None and bias.dtype not in SUMS):
        raise ShapeError(f"an integer product of {x} and {w} with bias {bias}", why="both sides have 8 or 16 bits, the bias is int32 or int64")


def check_range(x: np.ndarray, attrs: Attrs) -> None:
    """Hold x against what the node says about its values."""
    if "range" in attrs and x.size:
        lo, hi = attrs["range"]
        assert lo <= int(x.min()) and int(x.max()) <= hi, f"values from {x.min()} to {x.max()} where [{lo}, {hi}] was promised"


def sum_type(attrs: Attrs) -> DType:
    """The type of the sums: int32, or int64 where the attribute `acc` says so."""
    found = attrs.get("acc", DType.I32)
    assert found in SUMS
    return DType(found)


def result_type(shape: tuple[int, ...], attrs: Attrs) -> TensorType:
    """That of the sums, or what the epilogue makes of them."""
    epilogue = attrs.get("epilogue")
    return TensorType(sum_type(attrs) if epilogue is None else epilogue.dtype, shape)


def finish(sums: np.ndarray, bias: np.ndarray | None, attrs: Attrs, extras: Sequence[np.ndarray | None], channel_axis: int) -> np.ndarray:
    """Exact `sums` (integers held in float64) and bias in the type of the sums, and the epilogue over them."""
    acc = sums.astype(np.int64)
    if bias is not None:
        shape = [1] * acc.ndim
        shape[channel_axis] = bias.shape[0]
        acc = acc + bias.astype(np.int64).reshape(shape)
    dtype = result_type(acc.shape, attrs).dtype
    y = apply_epilogue(acc.astype(sum_type(attrs).np), attrs, extras, channel_axis)
    return np.ascontiguousarray(y.astype(dtype.np, copy=False))


@register("conv_integer")
class ConvInteger(Op):
    """acc[n, o, p] = bias[o] + sum over group channels i and taps k of (x[n, i, at] - zero) * (w[o, i, k] - zero_w).

    at = p * stride + k * dilation - pad.

    Inputs x and w [O, I / group, *k] (8 or 16 bits; zero_w: the zero point of w), bias [O] (int32 or int64) or absent, extras.
    Attributes as `conv`, and acc: the type of the sums, int32 where it is absent; zero: the zero point of x;
    the padding adds nothing; range: smallest and largest integer that x can hold, proven by who
    says so (pith.passes.ranges), its type's where absent. The sum must not leave the range of its type (of int64: 2^53): who
    makes such a node proves it. The epilogue's argument 0 is the sum, and its type is that of y.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, w, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
        assert x is not None and w is not None
        check_types(x, w, bias)
        return [result_type(OPS["conv"].infer(inputs, attrs)[0].shape, attrs)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, w, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
        assert x is not None and w is not None
        check_range(x, attrs)
        centred = x.astype(np.float64) - attrs.get("zero", 0)
        weights = w.astype(np.float64) - attrs.get("zero_w", 0)
        sums = OPS["conv"].reference([centred, weights, None], {**attrs, "epilogue": None})[0]
        return [finish(sums, bias, attrs, inputs[3:], sums.ndim - 1 if attrs["layout"] == LAST else 1)]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return OPS["conv"].macs(inputs, outputs, attrs)

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return permuted_layout(attrs, perm)

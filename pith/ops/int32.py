"""What makes a sum of products of integers exact: weights as int8, and the proof that the sum stays within int32 (or int64)."""

from __future__ import annotations

import numpy as np

from pith.graph import DType

LARGEST = 2**31 - 1
WIDEST = 2**53  # of sums in int64: what float64 holds exactly too


def reach(dtype: DType, zero: int) -> int:
    """The largest distance of an integer of type `dtype` from its zero point."""
    info = np.iinfo(dtype.np)
    return max(int(info.max) - zero, zero - int(info.min))


def centred_weights(q: np.ndarray, zero: np.ndarray) -> np.ndarray | None:
    """q - zero as int8; None where it does not fit, or `zero` does not broadcast to the 8-bit integers `q`."""
    if q.dtype not in (np.int8, np.uint8) or not q.size:
        return None
    w = q.astype(np.int32) - zero.astype(np.int32)
    return w.astype(np.int8) if w.shape == q.shape and w.min() >= -128 and w.max() <= 127 else None


def largest_sum(largest: int, weights: np.ndarray, bias: np.ndarray | None, axis: int) -> int:
    """The largest of largest * sum |w| + |bias| over the channels along `axis` of the weights."""
    w = np.abs(np.moveaxis(weights, axis, 0).astype(np.int64))
    sums = largest * w.reshape(w.shape[0], -1).sum(axis=1)
    return int((sums + (0 if bias is None else np.abs(bias.astype(np.int64)))).max(initial=0))


def fits_int32(largest: int, weights: np.ndarray, bias: np.ndarray | None, axis: int) -> bool:
    """Whether largest * sum |w| + |bias| of every channel along `axis` of the weights stays within int32."""
    return largest_sum(largest, weights, bias, axis) <= LARGEST


def sums_of(dtype: DType, largest: int) -> DType | None:
    """The type that sums of products with inputs of `dtype` have, whose magnitude is at most `largest`: int32 where that holds
    them, int64 for inputs of 16 bits; None where neither is proven to do."""
    if largest <= LARGEST:
        return DType.I32
    return DType.I64 if dtype in (DType.I16, DType.U16) and largest <= WIDEST else None

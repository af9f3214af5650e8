"""What makes a sum of products of 8-bit integers exact: weights as int8, and the proof that the sum stays within int32."""

from __future__ import annotations

import numpy as np

from pith.graph import DType

LARGEST = 2**31 - 1


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


def fits_int32(largest: int, weights: np.ndarray, bias: np.ndarray | None, axis: int) -> bool:
    """Whether largest * sum |w| + |bias| of every channel along `axis` of the weights stays within int32."""
    w = np.abs(np.moveaxis(weights, axis, 0).astype(np.int64))
    sums = largest * w.reshape(w.shape[0], -1).sum(axis=1)
    return bool((sums + (0 if bias is None else np.abs(bias.astype(np.int64))) <= LARGEST).all())

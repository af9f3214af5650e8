"""What products of bytes need to be summed in 16 bits: the proof, from the range of the inputs and the weights themselves.

For u in [0, top] and weights w, every partial sum of products lies between -top * (sum of the negative |w|) and top * (sum of
the positive w), in whatever order they are added. Where that is within 16 bits for each set of weights that is summed there,
nothing saturates and nothing wraps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pith.graph import DType
from pith.kernels.base import Call

LARGEST, SMALLEST = 2**15 - 1, -(2**15)


def range_of(conv: Call) -> tuple[int, int]:
    """Smallest and largest integer that a tap of a conv_integer can meet: inputs, and the zero point where there is padding."""
    info = np.iinfo(conv.input(0).type.dtype.np)
    lo, hi = conv.attrs.get("range") or (int(info.min), int(info.max))
    zero = int(conv.attrs.get("zero", 0))
    return (min(lo, zero), max(hi, zero)) if any(conv.attrs["pads"]) else (int(lo), int(hi))


def fits(top: int, weights: np.ndarray, axis: int) -> bool:
    """Whether sums over `axis` of products of numbers in [0, top] with `weights` stay within 16 bits, each partial sum too."""
    up, down = top * np.maximum(weights, 0).sum(axis, dtype=np.int64), top * np.minimum(weights, 0).sum(axis, dtype=np.int64)
    return int(up.max(initial=0)) <= LARGEST and int(down.min(initial=0)) >= SMALLEST


def depth(top: int, columns: np.ndarray, most: int) -> int:
    """How many successive pairs of every four rows of `columns` [K, N] (K a multiple of 4) can be summed in 16 bits: `most` or
    a half, quarter, ... of it; 0 where not even one pair can. Row 4 q + 2 p + i is byte i of pair p of group q, and the pairs
    p of successive groups are added."""
    pairs = columns.reshape(-1, 2, 2, columns.shape[1])  # [K / 4, p, i, N]
    n = most
    while n:
        padded = np.concatenate([pairs, np.zeros((-len(pairs) % n, *pairs.shape[1:]), pairs.dtype)])
        if fits(top, padded.reshape(-1, n, 2, 2, columns.shape[1]).transpose(0, 2, 1, 3, 4).reshape(-1, 2, 2 * n, columns.shape[1]), 2):
            return n
        n //= 2
    return 0


def edge(columns: np.ndarray) -> int:
    """The largest number, at most 255, that inputs can have for one pair of each four rows of `columns` [K, N] to fit 16 bits:
    never below 128."""
    pairs = columns.reshape(-1, 2, columns.shape[1])
    up, down = np.maximum(pairs, 0).sum(1, dtype=np.int32).max(initial=1), np.minimum(pairs, 0).sum(1, dtype=np.int32).min(initial=-1)
    return min(255, LARGEST // int(up), SMALLEST // int(down))


@dataclass(frozen=True, slots=True)
class Plan:
    """Inputs plus `shift` are unsigned, and `depth` pairs of their products fit 16 bits. edge: where it is not 0, they do so for
    inputs up to it, and for what larger ones exceed it by."""

    depth: int
    shift: int
    edge: int = 0


def plan(conv: Call, columns: np.ndarray, most: int) -> Plan | None:
    """How the products of a conv_integer's inputs with `columns` are summed in 16 bits; None where they cannot be.

    Unsigned inputs are left as they are where that will do, else the smallest is moved to 0.
    """
    lo, hi = range_of(conv)
    shifts = [0] if lo >= 0 else []
    if lo != 0 and (lo < 0 or conv.input(0).type.dtype is DType.U8):
        shifts.append(-lo)
    for shift in shifts:
        n = depth(hi + shift, columns, most)
        if n:
            return Plan(n, shift)
    return None


def split_plan(conv: Call, columns: np.ndarray) -> Plan | None:
    """How a conv_integer whose pairs do not fit is split in two that do: always. None where there is nothing to split."""
    lo, hi = range_of(conv)
    shift = 0 if lo >= 0 else -lo
    at = edge(columns)
    return Plan(1, shift, at) if at < hi + shift else None

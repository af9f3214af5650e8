"""Number formats as hardware with 16-bit arithmetic has them, in NumPy: the reference that `pith.train.formats_torch` equals bit for bit.

FP16.32: products of halves, sums in float32, halves again when stored. FP16.16: sums in halves too; the order matters and is fixed:
blocks of `block` products along K are added in float32 one after another, then to the sum so far, which is rounded to half. bfloat16.
Stochastic rounding: of the two neighbours the upper one with the probability (x - low) / (high - low), so that a value that lies on the
grid stays and the mean is x. Random bits come from a counter (Philox4x32-10, Salmon et al., SC 2011): number n of a stream depends on the
key and n alone, not on threads, order or shapes.

bfloat16 values stand in float32 arrays, halves in float16 ones.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from pith.graph import InputError

Overflow = Literal["saturate", "inf"]
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
HALF_MAX = 65504.0


def philox(key: int, first: int, count: int) -> np.ndarray:
    """uint32 numbers `first` to `first + count` of the stream `key` (64 bits): Philox4x32 with ten rounds, four numbers a counter."""
    if not 0 <= key < 1 << 64 or first < 0 or count < 0 or first + count >= 1 << 66:
        raise InputError(f"no numbers {first} to {first + count} of stream {key}", try_="key below 2^64, counts that are not negative")
    start, end = first // 4, -(-(first + count) // 4)
    counter = np.arange(start, end, dtype=np.uint64)
    c0, c1 = counter & _LOW, counter >> np.uint64(32)
    c2 = np.zeros_like(c0)
    c3 = np.zeros_like(c0)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), p1 & _LOW, (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1), p0 & _LOW
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    numbers = np.stack([c0, c1, c2, c3], 1).reshape(-1).astype(np.uint32)
    return numbers[first - 4 * start : first - 4 * start + count]


def to_half(x: np.ndarray, overflow: Overflow = "inf") -> np.ndarray:
    """float32 to float16, nearest (halves to even)."""
    with np.errstate(over="ignore"):
        y = np.asarray(x, np.float32).astype(np.float16)
    return _bounded(y, x, overflow)


def _bounded(y: np.ndarray, x: np.ndarray, overflow: Overflow) -> np.ndarray:
    """With what was finite and is infinite made the largest half, if `overflow` says so."""
    if overflow == "saturate":
        gone = np.isinf(y) & np.isfinite(x)
        y = np.where(gone, np.copysign(np.float16(HALF_MAX), y), y)
    return y


def to_bfloat16(x: np.ndarray) -> np.ndarray:
    """float32 to bfloat16, nearest (halves to even), in float32. NaN stays NaN."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = ((bits.astype(np.uint64) + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32)
    return np.where(np.isfinite(x), rounded.view(np.float32), x).astype(np.float32)


def to_half_stochastic(x: np.ndarray, random: np.ndarray, overflow: Overflow = "saturate") -> np.ndarray:
    """float32 to float16 by random bits (uint32, the shape of x): 13 of them where x is a normal half, 24 below.

    A value above the largest half may be carried over it: to infinity, or back to 65504. Infinities and NaN pass.
    """
    x = np.asarray(x, np.float32)
    bits = x.view(np.uint32)
    normal = ((bits + (random >> np.uint32(19))) & np.uint32(0xFFFFE000)).view(np.float32)
    size = np.abs(x)
    # in units of 2^-24, exact in float32: whole steps, and a remainder that is compared with u from 0 to 1 in steps of 2^-24
    units = np.where(size < np.float32(2.0**-14), size, np.float32(0)) * np.float32(2.0**24)
    whole = np.floor(units)
    u = (random >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    small = (whole + (u < units - whole)) * np.float32(2.0**-24)
    small = np.copysign(small.astype(np.float32), x)
    with np.errstate(over="ignore", invalid="ignore"):
        y = np.where(np.isfinite(x), np.where(size < np.float32(2.0**-14), small, normal), x).astype(np.float16)
    return _bounded(y, x, overflow)


def to_bfloat16_stochastic(x: np.ndarray, random: np.ndarray) -> np.ndarray:
    """float32 to bfloat16 by 16 random bits each, in float32. A carry beyond the largest number is infinity. Infinities and NaN pass."""
    x = np.asarray(x, np.float32)
    moved = (x.view(np.uint32).astype(np.uint64) + (random >> np.uint32(16))) & np.uint64(0xFFFF0000)
    return np.where(np.isfinite(x), moved.astype(np.uint32).view(np.float32), x).astype(np.float32)


def matmul_16_32(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """FP16.32: ``(m, k) float16, (k, n) float16 -> (m, n) float32``, products exact, added in float32 one after another along k."""
    a, b = _halves(a, b)
    total = np.zeros((a.shape[0], b.shape[1]), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(a.shape[1]):
            total = total + a[:, k, None] * b[None, k]
    return total


def matmul_16_16(a: np.ndarray, b: np.ndarray, block: int = 4, key: int | None = None, first: int = 0) -> np.ndarray:
    """FP16.16: ``(m, k) float16, (k, n) float16 -> (m, n) float16``, the sum rounded to half after each `block` products.

    key: of the stream that rounds stochastically, from number `first` on: m x n numbers for each block, rows first; None: nearest.
    """
    a, b = _halves(a, b)
    if block < 1:
        raise InputError(f"a block of {block} products", try_="1, 4 or 16")
    m, n = a.shape[0], b.shape[1]
    total = np.zeros((m, n), np.float16)
    with np.errstate(over="ignore", invalid="ignore"):
        for number, start in enumerate(range(0, a.shape[1], block)):
            part = np.zeros((m, n), np.float32)
            for k in range(start, min(start + block, a.shape[1])):
                part = part + a[:, k, None] * b[None, k]
            x = total.astype(np.float32) + part
            if key is None:
                total = to_half(x)
            else:
                total = to_half_stochastic(x, philox(key, first + number * m * n, m * n).reshape(m, n), "inf")
    return total


def _halves(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if a.dtype != np.float16 or b.dtype != np.float16 or a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise InputError(f"{a.dtype} {a.shape} by {b.dtype} {b.shape}", try_="two float16 matrices, (m, k) and (k, n)")
    return a.astype(np.float32), b.astype(np.float32)


def momentum_step(
    w: np.ndarray, m: np.ndarray, g: np.ndarray, rate: float, momentum: float, key: int | None, first: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """A step of SGD with momentum whose weights and momenta are float16 and nothing else is kept: new ``(w, m)``.

    m' = momentum m + g and w' = w - rate m', each computed in float32 and rounded, stochastically with numbers `first` on (those of m, then
    those of w) where there is a key, else to nearest.  g: float32.
    """
    n = w.size
    scaled = m.astype(np.float32) * np.float32(momentum)
    fresh = _rounded(scaled + g, key, first)
    change = fresh.astype(np.float32) * np.float32(rate)
    return _rounded(w.astype(np.float32) - change, key, first + n), fresh


def _rounded(x: np.ndarray, key: int | None, first: int) -> np.ndarray:
    if key is None:
        return to_half(x, "saturate")
    return to_half_stochastic(x, philox(key, first, x.size).reshape(x.shape))

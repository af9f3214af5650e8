"""bfloat16 products as Intel's manual describes TDPBF16PS, in NumPy: written for the tests alone, one addition after another."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from pith.graph import DType
from pith.graph.expr import evaluate
from tests.kernels.products import Case

TINY = np.float32(2.0**-126)  # the smallest normal number


def flushed(x: np.ndarray) -> np.ndarray:
    """float32 with zeros of their sign for subnormal numbers."""
    return np.where(np.abs(x) < TINY, np.copysign(np.float32(0), x), x).astype(np.float32)


def rounded(x: np.ndarray) -> np.ndarray:
    """float32 to the nearest bfloat16, as float32."""
    return flushed(x).astype(ml_dtypes.bfloat16).astype(np.float32)


def fused(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a * b + c in float32, rounded once, subnormal results to zeros; a and b: bfloat16 numbers (their product is exact in float64).

    The sum in float64 is rounded to odd, so that rounding it again is as rounding the exact one (Boldo and Melquiond 2008)."""
    with np.errstate(invalid="ignore", over="ignore"):
        p, q = a.astype(np.float64) * b.astype(np.float64), c.astype(np.float64)
        s = p + q
        back = s - q
        error = (q - (s - back)) + (p - back)
        even = np.isfinite(s) & (error != 0) & (s.view(np.int64) % 2 == 0)
        odd = s.view(np.int64) + np.where((error > 0) == (s > 0), 1, -1)
        return flushed(np.where(even, odd.view(np.float64), s).astype(np.float32))


def tile_sums(a: np.ndarray, b: np.ndarray, start: np.ndarray, steps: list[int]) -> np.ndarray:
    """start [N] plus a [M, K] times b [K, N], all float32; `steps`: how many of K each tile has, in order."""
    a, b = rounded(a), rounded(b)
    sums = np.broadcast_to(start.astype(np.float32), (len(a), b.shape[1])).copy()
    k0 = 0
    for step in steps:
        even, odd = np.zeros_like(sums), np.zeros_like(sums)
        for k in range(k0, min(k0 + step, a.shape[1]), 2):
            even = fused(a[:, k, None], b[k], even)
            if k + 1 < min(k0 + step, a.shape[1]):
                odd = fused(a[:, k + 1, None], b[k + 1], odd)
        sums = flushed(flushed(sums) + flushed(even + odd))
        k0 += step
    return sums


def columns(x: np.ndarray, kernel: tuple[int, int], attrs: dict[str, Any]) -> np.ndarray:
    """Windows of a picture x [N, H, W, C] as rows [N, OH, OW, KH * KW * C], taps row by row, zeros for padding."""
    (kh, kw), (sh, sw), (dh, dw), (top, left, bottom, right) = kernel, attrs["strides"], attrs["dilations"], attrs["pads"]
    x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    oh, ow = ((x.shape[1 + i] - (k - 1) * d - 1) // s + 1 for i, (k, s, d) in enumerate(((kh, sh, dh), (kw, sw, dw))))
    taps = [x[:, ty * dh : ty * dh + (oh - 1) * sh + 1 : sh, tx * dw : tx * dw + (ow - 1) * sw + 1 : sw] for ty in range(kh) for tx in range(kw)]
    return np.concatenate(taps, -1)


def expected(case: Case, steps: list[int] | None = None) -> np.ndarray:
    """The result of a conv or matmul case with constant weights; steps: see `tile_sums`, by default 32 at a time."""
    x, w, bias = case.inputs[:3]
    assert x is not None and w is not None
    if case.op == "conv":
        rows, right = columns(x, w.shape[2:], case.attrs), w.transpose(2, 3, 1, 0).reshape(-1, w.shape[0])  # type: ignore[arg-type]
    else:
        rows, right = x, w.T if case.attrs.get("trans_b") else w
    k, n = right.shape
    steps = steps or [32] * -(-k // 32)
    y = tile_sums(rows.reshape(-1, k), right, np.zeros(n, np.float32) if bias is None else bias, steps).reshape(*rows.shape[:-1], n)
    if (end := case.attrs.get("epilogue")) is not None:
        assert end.dtype is DType.F32
        y = evaluate(end, [y, *case.inputs[3:]])
    return y

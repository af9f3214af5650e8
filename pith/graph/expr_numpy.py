"""NumPy meaning of each scalar function of `pith.graph.expr`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pith.graph.dtype import SMALL_FLOATS, DType
from pith.graph.fixed import scale_fixed, scale_wide

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _div(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Float division; integers truncate towards zero and x / 0 gives 0 (C leaves it undefined)."""
    if a.dtype.kind == "f":
        return np.asarray(a / b)
    safe = np.where(b == 0, 1, b).astype(a.dtype)
    floor = a // safe
    inexact_below_zero = ((a < 0) != (safe < 0)) & (floor * safe != a)
    return np.where(b == 0, 0, floor + inexact_below_zero.astype(a.dtype)).astype(a.dtype)


def _mod(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Remainder with the sign of the divisor (Python's), 0 for an integer x mod 0."""
    return (
        np.mod(a, b) if a.dtype.kind == "f" else np.where(b == 0, 0, np.mod(a, np.where(b == 0, 1, b))).astype(a.dtype)
    )


def _fmod(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Remainder with the sign of the dividend (C's fmod)."""
    if a.dtype.kind == "f":
        return np.asarray(np.fmod(a, b))
    return np.where(b == 0, 0, np.fmod(a, np.where(b == 0, 1, b))).astype(a.dtype)


def _shift(a: np.ndarray, b: np.ndarray, left: bool) -> np.ndarray:
    bits = a.dtype.itemsize * 8
    amount = np.minimum(b, bits - 1).astype(a.dtype)
    moved = np.left_shift(a, amount) if left else np.right_shift(a, amount)
    return np.where(b >= bits, 0, moved).astype(a.dtype)


def _round_away(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.copysign(np.floor(np.abs(x) + 0.5), x)).astype(x.dtype)


def _wide(f: Callable[[Any], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """Evaluate in float64 and round once, so that the reference is better than what it judges."""
    return lambda x: np.asarray(f(x.astype(np.float64))).astype(x.dtype)


_F: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": _div, "mod": _mod, "fmod": _fmod,
    "min": np.minimum, "max": np.maximum, "atan2": np.arctan2,
    "neg": np.negative, "abs": np.abs, "sign": np.sign, "sqrt": np.sqrt,
    "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "rint": np.rint, "round": _round_away,
    "sigmoid": _wide(lambda x: np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))),
    "softplus": _wide(lambda x: np.logaddexp(x, 0.0)), "erf": _wide(_erf), "gelu": _wide(lambda x: x * 0.5 * (_erf(x * math.sqrt(0.5)) + 1.0)),
    **{n: _wide(getattr(np, m)) for n, m in (
        ("exp", "exp"), ("exp2", "exp2"), ("expm1", "expm1"), ("log", "log"), ("log2", "log2"), ("log10", "log10"),
        ("log1p", "log1p"), ("sin", "sin"), ("cos", "cos"), ("tan", "tan"), ("asin", "arcsin"), ("acos", "arccos"),
        ("atan", "arctan"), ("sinh", "sinh"), ("cosh", "cosh"), ("tanh", "tanh"), ("asinh", "arcsinh"),
        ("acosh", "arccosh"), ("atanh", "arctanh"))},
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
    "and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor, "not": np.logical_not,
    "bitand": np.bitwise_and, "bitor": np.bitwise_or, "bitxor": np.bitwise_xor, "bitnot": np.invert,
    "shl": lambda a, b: _shift(a, b, True), "shr": lambda a, b: _shift(a, b, False),
    "scale_fixed": scale_fixed, "scale_wide": scale_wide,
    "isnan": np.isnan, "isinf": np.isinf, "select": np.where,
}  # fmt: skip


def _pow(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "f":
        return np.power(a.astype(np.float64), b.astype(np.float64)).astype(a.dtype)
    negative = b < 0
    result = np.power(a, np.where(negative, 0, b).astype(a.dtype))
    return np.where(negative, np.where(a == 1, 1, np.where(a == -1, np.where(b % 2 == 0, 1, -1), 0)), result).astype(
        a.dtype
    )


def _cast(x: np.ndarray, dtype: DType, saturate: bool) -> np.ndarray:
    if saturate and dtype.is_int:
        info = {DType.I4: (-8, 7), DType.U4: (0, 15)}.get(dtype) or (np.iinfo(dtype.np).min, np.iinfo(dtype.np).max)
        y = np.rint(x) if x.dtype.kind == "f" else x
        return np.asarray(np.clip(np.nan_to_num(y, nan=0.0, posinf=info[1], neginf=info[0]), *info)).astype(dtype.np)
    if saturate and dtype in SMALL_FLOATS:
        import ml_dtypes

        top = float(ml_dtypes.finfo(dtype.np).max)
        return np.where(np.isnan(x), x, np.clip(x, -top, top)).astype(dtype.np)
    return x.astype(dtype.np)


def apply(op: str, dtype: DType, args: Sequence[np.ndarray]) -> np.ndarray:
    """The value of scalar function `op` on NumPy arrays, as an array of type `dtype`."""
    with np.errstate(all="ignore"):
        if op in ("cast", "sat_cast"):
            return _cast(args[0], dtype, op == "sat_cast")
        if op == "pow":
            return _pow(args[0], args[1])
        return np.asarray(_F[op](*args)).astype(dtype.np, copy=False)

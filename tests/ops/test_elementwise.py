"""Elementwise operators against formulas written anew in float64, and integers against Python's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.graph import DType
from pith.ops import OPS, Elementwise, load_all

load_all()
X = np.concatenate([np.linspace(-12, 12, 301), [0.0, -0.0, 1e-30, -88.0, 88.0, np.inf, -np.inf, np.nan]]).astype(
    np.float32
)


def run(op: str, *inputs: np.ndarray, **attrs: Any) -> np.ndarray:
    (y,) = OPS[op].reference(inputs, attrs)
    return y


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def softplus(x: float) -> float:
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


FORMULAS: dict[str, tuple[Callable[[float], float], dict[str, Any]]] = {
    "sigmoid": (sigmoid, {}),
    "softplus": (softplus, {}),
    "softsign": (lambda x: x / (1 + abs(x)), {}),
    "mish": (lambda x: x * math.tanh(softplus(x)), {}),
    "swish": (lambda x: x * sigmoid(1.5 * x), {"alpha": 1.5}),
    "hard_swish": (lambda x: x * max(0.0, min(1.0, x / 6 + 0.5)), {}),
    "hard_sigmoid": (lambda x: max(0.0, min(1.0, 0.3 * x + 0.4)), {"alpha": 0.3, "beta": 0.4}),
    "gelu": (lambda x: x * 0.5 * math.erfc(-x / math.sqrt(2)), {"approximate": "none"}),
    "elu": (lambda x: x if x > 0 else 0.7 * math.expm1(x), {"alpha": 0.7}),
    "celu": (lambda x: max(0, x) + min(0, 2 * math.expm1(x / 2)), {"alpha": 2.0}),
    "selu": (lambda x: 1.1 * (x if x > 0 else 1.7 * math.expm1(x)), {"alpha": 1.7, "gamma": 1.1}),
    "leaky_relu": (lambda x: x if x > 0 else 0.1 * x, {"alpha": 0.1}),
    "thresholded_relu": (lambda x: x if x > 1.2 else 0.0, {"alpha": 1.2}),
    "shrink": (lambda x: x + 0.5 if x < -1 else x - 0.5 if x > 1 else 0.0, {"lambd": 1.0, "bias": 0.5}),
    "clip": (lambda x: min(max(x, -2.0), 3.0), {"min": -2.0, "max": 3.0}),
    "erf": (math.erf, {}),
    "tanh": (math.tanh, {}),
    "round": (lambda x: float(round(x)), {}),
    "reciprocal": (lambda x: 1 / x, {}),
}


@pytest.mark.parametrize("op", FORMULAS)
def test_formulas(op: str) -> None:
    formula, attrs = FORMULAS[op]
    x = X[np.isfinite(X) & (X != 0)]
    want = np.array([formula(float(v)) for v in x])
    np.testing.assert_allclose(run(op, x, **attrs), want, rtol=2e-7, atol=1e-9)


def test_every_elementwise_operator_keeps_nan() -> None:
    """One in, one out: NaN comes out, where the result is a float."""
    for name, op in OPS.items():
        if not isinstance(op, Elementwise) or name not in {
            *FORMULAS,
            "relu",
            "abs",
            "neg",
            "sqrt",
            "exp",
            "log",
            "sin",
            "atan",
        }:
            continue
        attrs = FORMULAS[name][1] if name in FORMULAS else {}
        nan = run(name, np.array([np.nan], np.float32), **attrs)
        assert np.isnan(nan[0]) or name in {"thresholded_relu", "shrink"}, name


INTS = st.integers(-128, 127)


@given(INTS, INTS)
@settings(deadline=None)
def test_integers_wrap_and_truncate(a: int, b: int) -> None:
    def wrap(v: int) -> int:
        return (v + 128) % 256 - 128

    x, y = np.array([a], np.int8), np.array([b], np.int8)
    assert run("add", x, y)[0] == wrap(a + b)
    assert run("mul", x, y)[0] == wrap(a * b)
    assert run("div", x, y)[0] == (wrap(int(a / b)) if b else 0)
    assert run("mod", x, y, fmod=False)[0] == (a % b if b else 0)
    assert run("mod", x, y, fmod=True)[0] == (math.fmod(a, b) if b else 0)
    shift = b if 0 <= b < 8 else None
    assert run("bit_shift", x, y, direction="LEFT")[0] == (0 if shift is None else wrap(a << shift))
    assert run("bit_shift", x, y, direction="RIGHT")[0] == (min(a >> 8, 0) if shift is None else a >> shift)


def test_power_of_mixed_types() -> None:
    base, exponent = np.array([2, -3, 5, 7], np.int32), np.array([10.0, 3.0, 0.5, -1.0], np.float32)
    y = run("pow", base, exponent)
    assert y.dtype == np.int32 and y.tolist() == [1024, -27, 2, 0]
    assert run("pow", np.array([2.0], np.float32), np.array([-2], np.int64)).tolist() == [0.25]


def test_casts() -> None:
    x = np.array([1.9, -1.9, 0.0, np.nan, 3e4], np.float32)
    assert run("cast", x[:3], to=DType.I8, saturate=True).tolist() == [1, -1, 0]
    assert run("cast", x[:4], to=DType.BOOL, saturate=True).tolist() == [True, True, False, True]
    assert run("cast", np.array([300, -1]), to=DType.U8, saturate=True).tolist() == [44, 255]
    top = run("cast", x, to=DType.F8E4M3FN, saturate=True).astype(np.float32)
    assert top[4] == 448 and np.isnan(top[3])
    assert np.isnan(run("cast", x, to=DType.F8E4M3FN, saturate=False).astype(np.float32)[4])


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [(DType.I8, -128, 127), (DType.U8, 0, 255), (DType.I4, -8, 7), (DType.U16, 0, 65535)]
)
def test_quantize_rounds_to_even_and_clamps(dtype: DType, low: int, high: int) -> None:
    x = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 1e9, -1e9], np.float32)
    one, zero = np.array(1, np.float32), np.array(1, dtype.np)
    y = run("quantize_linear", x, one, zero, dtype=dtype, saturate=True).astype(np.int64)
    assert y.tolist() == [max(low, min(high, v + 1)) for v in (0, 2, 2, 0, -2, 10**9, -(10**9))]
    back = run("dequantize_linear", y.astype(dtype.np), one / 2, zero, dtype=DType.F32)
    np.testing.assert_array_equal(back, (y - 1) * np.float32(0.5))


def test_small_floats_are_rounded_once() -> None:
    """1 + 2**-8 + 2**-8 is 1 in bfloat16 step by step; gelu of it is computed wide and rounded at the end."""
    x = np.array([1.0078125, -0.3], ml_dtypes.bfloat16)
    want = [v * 0.5 * math.erfc(-v / math.sqrt(2)) for v in x.astype(np.float64)]
    got = run("gelu", x, approximate="none")
    assert got.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(got, np.array(want).astype(ml_dtypes.bfloat16))


def test_conditions_are_bool_and_broadcast() -> None:
    a, b = np.array([[1], [2]]), np.array([1, 2, 3])
    less = run("less", a, b)
    assert less.dtype == np.bool_ and less.tolist() == [[False, True, True], [False, False, True]]
    assert run("where", less, a, b).tolist() == [[1, 1, 1], [1, 2, 2]]
    assert run("is_inf", X, detect_negative=False, detect_positive=True).sum() == 1

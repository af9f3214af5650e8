"""Fixed-point arithmetic: NumPy and C against the definition in Python's integers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import pith
from pith.graph import DType, Graph, TensorType
from pith.graph.expr import arg, call
from pith.graph.fixed import quantized_multiplier, scale_fixed
from pith.ops.base import add_node, load_all

INT32 = st.integers(-(2**31), 2**31 - 1)
EDGES = [0, 1, -1, 2, -2, 3, 2**30, -(2**30), 2**30 - 1, 2**31 - 1, -(2**31), -(2**31) + 1, 12345, -54321]


def _defined(x: int, m: int, shift: int) -> int:
    """gemmlowp's two steps as they are written there: a truncating division with a nudge, then a rounding shift."""
    x = ((x << max(shift, 0)) + 2**31) % 2**32 - 2**31
    product = x * m
    nudged = product + (2**30 if product >= 0 else 1 - 2**30)
    high = 2**31 - 1 if x == m == -(2**31) else abs(nudged) // 2**31 * (1 if nudged >= 0 else -1)
    right = max(-shift, 0)
    half = Fraction(high, 2**right)
    return math.floor(half + Fraction(1, 2)) if high >= 0 else -math.floor(-half + Fraction(1, 2))


@given(x=INT32, m=INT32, shift=st.integers(-31, 31))
def test_definition(x: int, m: int, shift: int) -> None:
    assert int(scale_fixed(np.asarray(x), np.asarray(m), np.asarray(shift))) == _defined(x, m, shift)


def test_c() -> None:
    """The C of the function over many triples, edges and random ones, on the host and as plain C."""
    load_all()
    rng = np.random.default_rng(0)
    grid = np.array([(x, m, s) for x in EDGES for m in EDGES for s in (-31, -30, -8, -1, 0, 1, 7, 31)])
    noise = np.stack([*(rng.integers(-(2**31), 2**31, 4000) for _ in range(2)), rng.integers(-31, 32, 4000)], axis=1)
    x, m, shift = np.concatenate([grid, noise]).astype(np.int32).T.copy()
    want = np.array([_defined(int(a), int(b), int(c)) for a, b, c in zip(x, m, shift, strict=True)])
    t = TensorType(DType.I32, x.shape)
    for target in ("host", "c99"):
        graph = Graph(name="fixed", inputs=["x", "m", "s"], types={"x": t, "m": t, "s": t})
        expr = call("scale_fixed", *(arg(k, DType.I32) for k in range(3)))
        graph.outputs = [add_node(graph, "fused", ["x", "m", "s"], {"expr": expr, "dtype": DType.I32})]
        (got,) = pith.compile(graph, target, cache=False, opt="-O2").run({"x": x, "m": m, "s": shift}).values()
        np.testing.assert_array_equal(got, want)


@given(st.floats(1e-12, 1e8))
def test_multiplier(factor: float) -> None:
    m, shift = quantized_multiplier(factor)
    if factor < 2.0**-33:
        assert m == 0
    elif m:
        assert 2**30 <= m < 2**31 and abs(Fraction(m, 2**31) * Fraction(2) ** shift / Fraction(factor) - 1) <= Fraction(1, 2**31)


def test_multiplier_of_what_is_no_factor() -> None:
    assert quantized_multiplier(0.0)[0] == quantized_multiplier(float("inf"))[0] == quantized_multiplier(float("nan"))[0] == 0
    assert quantized_multiplier(1.0) == (2**30, 1) and quantized_multiplier(-0.5) == (-(2**30), 0)

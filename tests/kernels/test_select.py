"""top_k, cumulative and det in C against their references."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kernels.batch import TARGETS, Case, floats, run, sanitize

TYPES = ("float32", "float64", "float16", "int8", "int32", "int64", "uint8")
SHAPES = ((3, 5, 7), (40,), (2, 3, 40))


def top_k(dtype: str) -> list[Case]:
    """Rounded numbers, so that many are equal."""
    rng = np.random.default_rng(0)
    made = []
    for shape in SHAPES:
        x = np.round(floats(rng, shape, "float64", 4)).astype(dtype)
        if "float" in dtype:
            x.flat[2] = np.nan
        for axis, n in enumerate(shape):
            for k, largest in itertools.product((1, 2, n), (True, False)):
                made.append(Case("top_k", [x], {"k": k, "axis": axis, "largest": largest, "sorted": True}, (0, 1)))
    return made


def cumulative(kind: str, dtype: str) -> list[Case]:
    rng = np.random.default_rng(1)
    made = []
    for shape in SHAPES:
        x = floats(rng, shape, dtype, 3)
        if kind == "prod" and "float" in dtype:
            x = np.exp2(floats(rng, shape, "float64", 0.1)).astype(dtype)
        for axis, exclusive, reverse in itertools.product(range(len(shape)), (False, True), (False, True)):
            attrs = {"kind": kind, "axis": axis, "exclusive": exclusive, "reverse": reverse}
            made.append(Case("cumulative", [x], attrs, slack=100))
    return made


@pytest.mark.parametrize("dtype", TYPES)
def test_top_k(dtype: str) -> None:
    run(top_k(dtype), "host")


@pytest.mark.parametrize("kind", ["sum", "prod"])
@pytest.mark.parametrize("dtype", TYPES)
def test_cumulative(kind: str, dtype: str) -> None:
    run(cumulative(kind, dtype), "host")


def test_long_sums_keep_their_bound() -> None:
    x = np.full(200_000, 0.1, np.float32)
    run([Case("cumulative", [x], {"kind": "sum", "axis": 0}, slack=4)], "host")


@pytest.mark.parametrize("target", TARGETS)
def test_det(target: str) -> None:
    rng = np.random.default_rng(2)
    made = [Case("det", [floats(rng, (3, n, n), d)], {}, slack=256) for n in (1, 2, 5, 12) for d in ("float32", "float64")]
    singular = np.array([[1, 2, 3], [2, 4, 6], [0, 0, 1]], np.float32)
    run([*made, Case("det", [singular], {}), Case("det", [np.eye(4, dtype=np.float32)[::-1].copy()], {})], target)


def test_sanitizers(tmp_path: Path) -> None:
    made = top_k("float32") + top_k("int8") + cumulative("sum", "int32") + cumulative("prod", "int8") + cumulative("sum", "float32")
    sanitize(made, tmp_path)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60), st.data())
def test_any_top_k(values: list[int], data: st.DataObject) -> None:
    x = np.array(values, np.int32)
    k = data.draw(st.integers(1, len(values)))
    run([Case("top_k", [x], {"k": k, "axis": 0, "largest": f, "sorted": True}, (0, 1)) for f in (True, False)], "c99")

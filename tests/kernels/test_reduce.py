"""reduce and arg_reduce in C against their references."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pith.ops.reduce import KINDS
from tests.kernels.batch import TARGETS, Case, floats, run, sanitize

SHAPES = [
    ((3, 5, 7), (2,)), ((3, 5, 7), (0,)), ((3, 5, 70), (1,)), ((3, 5, 7), (0, 2)), ((2, 3, 4, 70), (1, 2)), ((2, 3, 4, 5), (0, 1, 2, 3)),
    ((2, 3, 4, 5), ()), ((1, 1), (0,)), ((2, 2, 3, 2, 5), (1, 3)), ((5000,), (0,)), ((600, 3), (0,)), ((300, 2, 3), (0, 2)),
]  # fmt: skip
EMPTY = [((2, 0, 3), (1,)), ((0, 4), (0, 1))]
WHOLE = ("sum", "max", "min", "prod", "l1", "sum_square")


def cases(kind: str, dtype: str, shapes: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[Case]:
    rng = np.random.default_rng(0)
    made = []
    for shape, axes in shapes:
        x = floats(rng, shape, dtype, 1 if "float" in dtype else 9)
        if kind == "log_sum":
            x = np.abs(x)
        if kind == "prod" and "float" in dtype:
            x = np.exp2(floats(rng, shape, "float64", 0.02)).astype(x.dtype)
        # a product rounds at every element; the other sums are bounded whatever the length
        terms = int(np.prod([shape[a] for a in axes]))
        slack = 2.0 * terms + 16 if kind == "prod" else 300.0
        made += [Case("reduce", [x], {"kind": kind, "axes": axes, "keepdims": k}, slack=slack) for k in (True, False)]
    return made


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", KINDS)
def test_float32(kind: str, target: str) -> None:
    run(cases(kind, "float32", SHAPES + EMPTY), target)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int32", "int64", "uint8", "int8", "uint64"])
def test_element_types(dtype: str) -> None:
    kinds = KINDS if "float" in dtype else WHOLE
    run([c for kind in kinds for c in cases(kind, dtype, SHAPES[:8])], "host")


def test_bool_and_integer_means() -> None:
    rng = np.random.default_rng(1)
    made = [Case("reduce", [floats(rng, (4, 5), "bool")], {"kind": k, "axes": (a,), "keepdims": True}) for k in ("max", "min") for a in (0, 1)]
    made += [Case("reduce", [floats(rng, (4, 7), "int32", 50)], {"kind": "mean", "axes": (a,), "keepdims": True}) for a in (0, 1)]
    huge = np.full((3, 5), 2**31 - 1, np.int32)  # the sum does not fit, the mean does
    made += [Case("reduce", [huge], {"kind": "mean", "axes": (a,), "keepdims": False}) for a in (0, 1)]
    run(made, "host")


def test_not_a_number_and_infinity() -> None:
    x = floats(np.random.default_rng(2), (3, 40))
    x[1, 7], x[2, 3] = np.nan, np.inf
    kinds = ("sum", "mean", "max", "min", "l1", "l2", "sum_square")
    run([Case("reduce", [x], {"kind": k, "axes": (a,), "keepdims": False}, slack=300) for k in kinds for a in (0, 1)], "host")


def test_long_sums_keep_their_bound() -> None:
    """A million numbers of one sign: plain float32 summation in order is off by far more than 300 units of roundoff."""
    x = np.full(1_000_000, 0.1, np.float32)
    run([Case("reduce", [x], {"kind": "sum", "axes": (0,), "keepdims": False}, slack=300),
         Case("reduce", [x.reshape(-1, 2)], {"kind": "mean", "axes": (0,), "keepdims": False}, slack=300)], "host")  # fmt: skip
    assert abs(float(np.add.accumulate(x, dtype=np.float32)[-1]) / x.sum(dtype=np.float64) - 1) > 300 * 2.0**-24


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int64", "uint8"])
def test_arg_reduce(dtype: str) -> None:
    rng = np.random.default_rng(4)
    made = []
    for shape in ((3, 5, 7), (70,), (2, 300)):
        x = np.round(floats(rng, shape, "float64", 4)).astype(dtype)  # few values: many are equal
        for axis in range(len(shape)):
            for kind in ("max", "min"):
                for last in (False, True):
                    made.append(Case("arg_reduce", [x], {"kind": kind, "axis": axis, "keepdims": True, "select_last_index": last}))
    if dtype == "float32":
        y = floats(rng, (4, 6))
        y[1, 2] = y[1, 4] = np.nan
        made += [Case("arg_reduce", [y], {"kind": "max", "axis": a, "keepdims": False, "select_last_index": False}) for a in (0, 1)]
    run(made, "host")


def test_sanitizers(tmp_path: Path) -> None:
    made = [c for kind in KINDS for c in cases(kind, "float32", SHAPES[:6] + EMPTY)]
    made += [c for kind in WHOLE for c in cases(kind, "int32", [((3, 4), (1,)), ((3, 4), (0,))])]
    big = np.full((2, 9), 2**31 - 1, np.int32)
    made += [Case("reduce", [big], {"kind": k, "axes": (1,), "keepdims": True}) for k in WHOLE]
    sanitize(made, tmp_path)

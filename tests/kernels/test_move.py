"""pad, gather and scatter in C against their references, and indices outside the data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import compile_graph
from tests.kernels.batch import TARGETS, Case, floats, graph_of, run, sanitize

PADS = [
    ((3, 4), (1, 2, 0, 3)), ((2, 3, 4, 5), (0, 1, 2, 0, 0, 1, 0, 0)), ((2, 3, 4, 5), (0, 0, 0, 3, 0, 0, 0, 1)), ((5,), (4, 4)),
    ((2, 3, 4), (0,) * 6), ((2, 2, 1), (0, 0, 3, 0, 0, 1)), ((1, 6, 6, 9), (0, 1, 1, 0, 0, 1, 1, 0)), ((3,), (9, 7)),
]  # fmt: skip
MODES = ("constant", "edge", "reflect", "wrap")
REDUCTIONS = ("none", "add", "mul", "max", "min")
TYPES = ("float32", "float16", "int8", "int64", "bool", "float64")


def pads(dtype: str) -> list[Case]:
    rng = np.random.default_rng(0)
    return [
        Case("pad", [floats(rng, shape, dtype, 9)], {"pads": p, "mode": mode, "value": 1 if dtype == "bool" else 3})
        for shape, p in PADS for mode in MODES
    ]  # fmt: skip


def picks(dtype: str, index: str) -> tuple[list[Case], list[Case], list[Case]]:
    """Cases of gather, gather_elements and gather_nd."""
    rng = np.random.default_rng(1)
    x = floats(rng, (4, 5, 6), dtype, 9)
    plain, elements = [], []
    for axis, n in enumerate(x.shape):
        i = rng.integers(-n, n, (2, 3)).astype(index)
        plain += [Case("gather", [x, v], {"axis": axis}) for v in (i, np.array(i[0, 0]), i[:0])]
        elements.append(Case("gather_elements", [x, rng.integers(-n, n, (3, 4, 5)).astype(index)], {"axis": axis}))
    i = rng.integers(-4, 4, (4, 2, 2)).astype(index)
    tuples = [
        Case("gather_nd", [x, np.ascontiguousarray(v)], {"batch_dims": b})
        for v, b in ((i, 0), (i, 1), (i[0, 0], 0), (i[:, 0, :1], 0), (i[:2, :2, :1] % 2, 0))
    ]  # fmt: skip
    return plain, elements, tuples


def writes(dtype: str, index: str) -> tuple[list[Case], list[Case]]:
    """Cases of scatter_elements and scatter_nd; indices repeat, so the order of updates shows."""
    rng = np.random.default_rng(2)
    x = floats(rng, (4, 5, 6), dtype, 3)
    elements, tuples = [], []
    for reduction in REDUCTIONS:
        for axis, n in enumerate(x.shape):
            i = rng.integers(-n, n, (3, 4, 5)).astype(index)
            elements.append(Case("scatter_elements", [x, i, floats(rng, i.shape, dtype, 3)], {"axis": axis, "reduction": reduction}))
        i = rng.integers(-4, 4, (4, 2, 2)).astype(index)
        tuples.append(Case("scatter_nd", [x, i, floats(rng, (4, 2, 6), dtype, 3)], {"reduction": reduction}))
        i = rng.integers(-4, 4, (3, 1)).astype(index)
        tuples.append(Case("scatter_nd", [x, i, floats(rng, (3, 5, 6), dtype, 3)], {"reduction": reduction}))
    return elements, tuples


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", TYPES)
def test_pad(dtype: str, target: str) -> None:
    run(pads(dtype), target)


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("dtype", TYPES)
def test_gather(dtype: str, index: str) -> None:
    for cases in picks(dtype, index):
        run(cases, "host")


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("dtype", TYPES)
def test_scatter(dtype: str, index: str) -> None:
    for cases in writes(dtype, index):
        run(cases, "host")


def test_indices_outside_are_clamped_or_left_out() -> None:
    """Only at run time: an index outside the data reads the nearest element, and writes nothing."""
    x, i = np.arange(4, dtype=np.float32), np.array([100, -100, 2**40, -(2**40), 1], np.int64)
    graph, feeds = graph_of([
        Case("gather", [x, i % 4], {"axis": 0}), Case("gather_elements", [x, i % 4], {"axis": 0}),
        Case("gather_nd", [x, i[:, None] % 4], {"batch_dims": 0}),
        Case("scatter_elements", [x, i % 4, x.repeat(2)[:5] + 10], {"axis": 0, "reduction": "none"}),
        Case("scatter_nd", [x, i[:, None] % 4, x.repeat(2)[:5] + 10], {"reduction": "none"}),
    ])  # fmt: skip
    wild = [f if f.dtype != np.int64 else i.reshape(f.shape) for f in feeds]
    got = compile_graph(graph, optimize=False)(*wild)
    for y in got[:3]:
        np.testing.assert_array_equal(y, np.array([3, 0, 3, 0, 1], np.float32))
    for y in got[3:]:
        np.testing.assert_array_equal(y, np.array([0, 12, 2, 3], np.float32))


def test_sanitizers(tmp_path: Path) -> None:
    made = pads("float32") + pads("int8")
    for group in (*picks("float32", "int64"), *writes("int32", "int32"), *writes("float16", "int64")):
        made += group
    sanitize(made, tmp_path)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_padding(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=5)))
    widths = tuple(data.draw(st.integers(0, 8)) for _ in range(2 * len(shape)))
    x = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    run([Case("pad", [x], {"pads": widths, "mode": mode, "value": -1}) for mode in MODES], "host")

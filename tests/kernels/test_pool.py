"""max_pool, average_pool and lp_pool in C against their references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import compile_graph
from pith.graph import DType, Graph, TensorType
from pith.ops.base import OPS, add_node
from tests.kernels.batch import TARGETS, Case, floats, run, sanitize

# kernel, strides, pads, dilations
WINDOWS = [
    ((3, 3), (2, 2), (1, 1, 1, 1), (1, 1)),
    ((2, 2), (1, 1), (0, 1, 1, 0), (2, 1)),
    ((1, 4), (1, 3), (0, 0, 0, 5), (1, 1)),
    ((3, 3), (1, 1), (2, 2, 2, 2), (3, 2)),
    ((5, 5), (1, 1), (2, 2, 2, 2), (1, 1)),
    ((2, 2), (1, 1), (4, 4, 4, 4), (1, 1)),  # windows of nothing but padding
]


def cases(op: str, dtype: str, layout: str) -> list[Case]:
    rng = np.random.default_rng(1)
    made = []
    for channels in (1, 3, 33):
        for kernel, strides, pads, dilations in WINDOWS:
            x = floats(rng, (2, 9, 8, channels), dtype, 9)
            if dtype.startswith("float"):
                x[0, 4, 4, 0] = np.nan
            if layout == "channels_first":
                x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
            attrs: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": pads, "dilations": dilations, "layout": layout}
            if op == "max_pool":
                made.append(Case(op, [x], attrs))
            elif op == "lp_pool":
                made += [Case(op, [x], {**attrs, "p": p}, slack=64) for p in (1, 2, 3)]
            else:
                extra = (0, min(pads[3], 1))
                made += [Case(op, [x], {**attrs, "count_include_pad": i, "ceil_pads": extra}) for i in (False, True)]
    return made


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("op", ["max_pool", "average_pool", "lp_pool"])
def test_windows(op: str, layout: str, target: str) -> None:
    run(cases(op, "float32", layout), target)


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int8", "uint8"])
def test_element_types(dtype: str) -> None:
    run(cases("max_pool", dtype, "channels_last"), "host")
    if "float" in dtype:
        run(cases("average_pool", dtype, "channels_last") + cases("lp_pool", dtype, "channels_first"), "host")


@pytest.mark.parametrize("op", ["max_pool", "average_pool"])
def test_loop_nest_alone(op: str) -> None:
    run(cases(op, "float32", "channels_last"), "host", kernel="window")


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("order", [0, 1])
def test_indices(layout: str, order: int) -> None:
    made = [Case(c.op, c.inputs, {**c.attrs, "storage_order": order}, (0, 1)) for c in cases("max_pool", "float32", layout)]
    ties = Case("max_pool", [np.ones((1, 2, 5, 5), np.int8)], {"kernel_shape": (2, 2), "storage_order": order}, (0, 1))
    run([*made, ties], "host")


@pytest.mark.parametrize("op", ["max_pool", "average_pool", "lp_pool"])
def test_one_and_three_axes(op: str) -> None:
    rng = np.random.default_rng(2)
    deep: dict[str, Any] = {"kernel_shape": (2, 3, 2), "strides": (1, 2, 2), "pads": (0, 1, 0, 1, 1, 1)}
    flat: dict[str, Any] = {"kernel_shape": (4,), "strides": (3,), "pads": (1, 1)}
    run(
        [Case(op, [floats(rng, (1, 2, 5, 6, 7))], deep, slack=64), Case(op, [floats(rng, (2, 3, 30))], flat, slack=64),
         Case(op, [floats(rng, (2, 30, 3))], {**flat, "layout": "channels_last"}, slack=64)],
        "host",
    )  # fmt: skip


@pytest.mark.parametrize("op", ["max_pool", "average_pool"])
def test_reads_a_slice_and_writes_into_a_concat(op: str) -> None:
    """Operands with gaps: nothing is copied, neighbours are left alone."""
    rng = np.random.default_rng(3)
    x = floats(rng, (1, 7, 6, 20))
    graph = Graph("gaps", inputs=["x"], types={"x": TensorType(DType.F32, x.shape)})
    attrs = {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1), "layout": "channels_last"}
    parts = []
    for begin in (2, 9):
        part = add_node(graph, "slice", ["x"], {"starts": (0, 0, 0, begin), "steps": (1, 1, 1, 1), "shape": (1, 7, 6, 5)})
        parts.append(add_node(graph, op, [part], attrs, outputs=[f"p{begin}"]))
    graph.outputs = [add_node(graph, "concat", parts, {"axis": 3})]
    got = compile_graph(graph, optimize=False)(x)
    want = np.concatenate([OPS[op].reference([x[..., b : b + 5]], attrs)[0] for b in (2, 9)], axis=3)
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)


def test_sanitizers(tmp_path: Path) -> None:
    made = [c for op in ("max_pool", "average_pool", "lp_pool") for c in cases(op, "float32", "channels_first")[:8]]
    made += cases("max_pool", "int8", "channels_last") + cases("average_pool", "float32", "channels_last")
    made += [Case(c.op, c.inputs, c.attrs, (0, 1)) for c in cases("max_pool", "float16", "channels_first")[:6]]
    sanitize(made, tmp_path)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_window(data: st.DataObject) -> None:
    n, h, w, c = (data.draw(st.integers(1, d)) for d in (2, 12, 12, 20))
    kernel = (data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)))
    pads = tuple(data.draw(st.integers(0, 3)) for _ in range(4))
    dilations = (data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2)))
    strides = (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)))
    size = (h + pads[0] + pads[2], w + pads[1] + pads[3])
    if any((k - 1) * d + 1 > s for k, d, s in zip(kernel, dilations, size, strict=True)):
        return
    x = floats(np.random.default_rng(data.draw(st.integers(0, 99))), (n, h, w, c))
    attrs: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": pads, "dilations": dilations}
    first = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    run(
        [Case(op, [v], {**attrs, "layout": layout, "count_include_pad": include})
         for op in ("max_pool", "average_pool") for v, layout in ((x, "channels_last"), (first, "channels_first"))
         for include in (False, True)],
        "host",
    )  # fmt: skip

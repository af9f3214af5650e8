"""The ranges that products are told hold for whatever the network is given, and are as narrow as the graph says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pith
from pith.api import optimise
from pith.graph import DType, Expr, Graph, TensorType
from pith.graph.expr import arg, call, cast, const, evaluate
from pith.ops.base import add_node, load_all
from pith.ops.interpret import run_reference
from pith.ops.requantize import ACC, Requantize, Residual, build, limits
from pith.passes import ranges
from pith.passes.ranges import bounds, of_type
from tests.quantize.nets import pictures, small_net

load_all()
OPS = ("add", "sub", "min", "max", "mul", "div", "rint", "neg", "abs")


@st.composite
def expressions(draw: st.DrawFn) -> Expr:
    """Of two 8-bit arguments and one float: float arithmetic, rounded to 8 bits."""
    leaves = [cast(arg(0, DType.U8), DType.F32), cast(cast(arg(1, DType.I8), DType.I32) - const(7, DType.I32), DType.F32), arg(2, DType.F32)]
    for _ in range(draw(st.integers(1, 6))):
        op, x = draw(st.sampled_from(OPS)), draw(st.sampled_from(leaves))
        number = const(draw(st.floats(-300, 300, width=32)), DType.F32)
        y = number if draw(st.booleans()) else draw(st.sampled_from(leaves))
        leaves.append(call(op, x) if op in ("rint", "neg", "abs") else call(op, x, y))
    return cast(leaves[-1], draw(st.sampled_from([DType.U8, DType.I8])), saturate=draw(st.booleans()))


@settings(max_examples=300, deadline=None)
@given(expressions(), st.integers(0, 255), st.integers(-128, 127), st.floats(-1e3, 1e3, width=32), st.integers(0, 2**32))
def test_bounds_hold(e: Expr, a: int, b: int, f: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = [rng.integers(min(a, 200), 201, 50).astype(np.uint8), rng.integers(min(b, 90), 91, 50).astype(np.int8)]
    x.append(np.array([f, np.nan, np.inf, -np.inf, 0.0, *rng.standard_normal(45) * 200], np.float32))
    args = [(float(v.min()), float(v.max())) for v in x[:2]] + [of_type(DType.F32)]
    lo, hi = bounds(e, args)
    with np.errstate(all="ignore"):
        y = evaluate(e, x)
    assert lo <= y.min() and y.max() <= hi, (str(e), lo, hi)


def test_narrow_where_the_expression_is() -> None:
    v = call("rint", call("min", call("max", arg(0, DType.F32), -4.0), 4.1) / 0.5) + 60.0
    assert bounds(cast(v, DType.U8, saturate=True), [of_type(DType.F32)]) == (0, 68)  # NaN becomes 0
    v = call("min", call("max", arg(0, DType.F32), -63.0), 63.0)
    assert bounds(cast(call("rint", v), DType.I8), [of_type(DType.F32)]) == (-63, 63)
    assert bounds(cast(v * 3.0, DType.I8), [of_type(DType.F32)]) == (-128, 127)  # which wraps


@pytest.mark.parametrize("bits", [8, 7])
@pytest.mark.parametrize("symmetric", [False, True])
def test_quantised_networks(bits: int, symmetric: bool) -> None:
    """References hold their inputs against the range they were promised."""
    graph = pith.quantize(small_net(), pictures(4), method="minmax", bits=bits, symmetric=symmetric, improve=False).graph
    optimise(graph)
    products = [n for n in graph.nodes if n.op in ("conv_integer", "matmul_integer")]
    assert products
    if bits == 7:
        found = [n.attrs["range"] for n in products]
        assert all(lo >= (-63 if symmetric else 0) and hi <= (63 if symmetric else 127) for lo, hi in found)
    for scale in (1, 1000):
        x = scale * pictures(1, seed=3)
        run_reference(graph, {graph.inputs[0]: x})
    x[0, 0, :3] = np.nan
    run_reference(graph, {graph.inputs[0]: x})


def product(end: Expr, extras: list[np.ndarray]) -> Graph:
    """conv_integer with the epilogue `end`, and another that reads it."""
    g = Graph("g", inputs=["x", "r"], types={"x": TensorType(DType.U8, (1, 4, 4, 8)), "r": TensorType(DType.I8, (1, 4, 4, 8))})
    g.set_constant("w", np.ones((8, 8, 1, 1), np.int8))
    at = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last", "zero": 0}
    names = ["r" if e.ndim == 4 else g.add_constant(e, "e") for e in extras]
    y = add_node(g, "conv_integer", ["x", "w", "", *names], {**at, "epilogue": end})
    g.outputs = [add_node(g, "conv_integer", [y, "w"], at)]
    ranges.run(g)
    return g


def test_ends_of_products() -> None:
    m, r = np.full(8, 0.01, np.float32), np.zeros((1, 4, 4, 8), np.int8)
    narrow = build(Requantize(arg(1, DType.F32), limits(DType.I8, -10, 0.0, 70.0)))
    assert product(narrow, [m]).nodes[1].attrs["range"] == (-10, 60)
    residual = build(Requantize(arg(1, DType.F32), limits(DType.U8, 100, 0.0), Residual(arg(2, DType.I8), 3, 0.5)))
    assert product(residual, [m, r]).nodes[1].attrs["range"] == (100, 255)
    infinite = np.full(8, np.inf, np.float32)  # times 0: NaN, which becomes 0
    assert product(residual, [infinite, r]).nodes[1].attrs.get("range") in (None, (0, 255))
    other = cast(call("rint", call("min", call("max", cast(ACC, DType.F32) * arg(1, DType.F32) + 0.5, -20.0), 30.0)), DType.I8)
    assert product(other, [m]).nodes[1].attrs["range"] == (-20, 30)


@pytest.mark.parametrize(("pads", "kernel", "want"), [((1, 1, 1, 1), (3, 3), (-63, 63)), ((2, 2, 2, 2), (2, 2), (-128, 63))])
def test_max_pool_of_nothing(pads: tuple[int, ...], kernel: tuple[int, int], want: tuple[int, int]) -> None:
    """A window of padding alone gives the smallest number of the type."""
    g = Graph("g", inputs=["x"], types={"x": TensorType(DType.F32, (1, 5, 5, 8))})
    e = cast(call("rint", call("min", call("max", arg(0, DType.F32), -63.0), 63.0)), DType.I8)
    q = add_node(g, "fused", ["x"], {"expr": e, "dtype": DType.I8})
    at = {"kernel_shape": kernel, "strides": (1, 1), "pads": pads, "dilations": (1, 1), "layout": "channels_last"}
    p = add_node(g, "max_pool", [q], at)
    g.nodes[-1].outputs = [p]
    g.set_constant("w", np.ones((8, 8, 1, 1), np.int8))
    at = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last", "zero": 0}
    g.outputs = [add_node(g, "conv_integer", [p, "w"], at)]
    ranges.run(g)
    assert g.nodes[-1].attrs["range"] == want
    run_reference(g, {"x": 100 * np.random.default_rng(0).standard_normal((1, 5, 5, 8)).astype(np.float32)})


def test_tables_that_change_nothing() -> None:
    for low, gone in ((0, True), (1, False)):
        g = Graph("g", inputs=["x"], types={"x": TensorType(DType.F32, (1, 2, 2, 8))})
        e = cast(call("rint", call("min", call("max", arg(0, DType.F32), 0.0), 127.0)), DType.U8)
        q = add_node(g, "fused", ["x"], {"expr": e, "dtype": DType.U8})
        g.set_constant("t", np.clip(np.arange(256), low, 127).astype(np.uint8))
        g.set_constant("w", np.ones((8, 8, 1, 1), np.int8))
        at = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last", "zero": 0}
        g.outputs = [add_node(g, "conv_integer", [add_node(g, "lookup", [q, "t"], {}), "w"], at)]
        assert ranges.run(g) == 1 + gone
        assert [n.op for n in g.nodes] == ["fused", *([] if gone else ["lookup"]), "conv_integer"]
        assert g.nodes[-1].attrs["range"] == (low, 127)

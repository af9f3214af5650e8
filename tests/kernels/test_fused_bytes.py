"""Elementwise expressions of 8-bit numbers in vectors, bit for bit as the plain loop and the reference have them."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith.api import compile_graph
from pith.graph import DType, Expr, Graph, TensorType
from pith.graph.expr import arg, call, const
from pith.kernels import base as kernels
from pith.kernels.fused_bytes import magnitude
from pith.ops.base import OPS, add_node
from pith.ops.requantize import clamped, limits, scaled
from tests.kernels.test_integer_generic import integers
from tests.kernels.test_integer_vectors import FEW, TARGET_NAMES, zero_of

BYTES = {DType.U8: np.uint8, DType.I8: np.int8}


def expression(rng: np.random.Generator, kinds: list[DType], out: DType) -> Expr:
    """A chain of sums, gates and changes of scale of 8-bit numbers and a float32 gate (argument 1), rounded to 8 bits between."""
    total: Expr | None = None
    for i, kind in enumerate(kinds):
        if kind is DType.F32:
            continue
        here = DType.U8 if rng.random() < 0.5 else DType.I8
        zero = zero_of(rng, BYTES[here])
        part = scaled(arg(i, kind), zero_of(rng, BYTES[kind]), float(np.float32(rng.uniform(0.1, 3))))
        if kinds[1] is DType.F32 and rng.random() < 0.7:
            part = part * arg(1, DType.F32)
        if rng.random() < 0.6:
            part = scaled(clamped(part, limits(here, zero)), zero, float(np.float32(rng.uniform(0.1, 2))))
        total = part if total is None else total + part
    assert total is not None
    if rng.random() < 0.3:
        total = call("max", total, const(0.0, DType.F32))
    return clamped(total, limits(out, zero_of(rng, BYTES[out])))


@pytest.mark.parametrize("target", TARGET_NAMES)
@FEW
@given(seed=st.integers(0, 2**32))
def test_expressions(target: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph, feeds, wants = Graph("net"), list[np.ndarray](), list[np.ndarray]()
    for n in range(8):
        shape = (1, int(rng.integers(1, 4)), int(rng.integers(1, 40)), int(rng.choice([1, 3, 8, 24, 33, 70])))
        gate = DType.F32 if rng.random() < 0.6 else DType.U8
        kinds = [DType.I8, gate, *(DType.U8 if rng.random() < 0.5 else DType.I8 for _ in range(n % 3))]
        arrays = [integers(rng, shape, BYTES[k]) if k in BYTES else rng.uniform(-2, 2, (1, 1, 1, shape[3])).astype(np.float32) for k in kinds]
        if gate is DType.F32 and n % 3 == 0:  # numbers that are none, or not ordinary
            arrays[1][..., int(rng.integers(shape[3]))] = rng.choice([np.nan, np.inf, -np.inf, 3e38, 1e7])
        out = DType.U8 if rng.random() < 0.5 else DType.I8
        attrs = {"expr": expression(rng, kinds, out), "dtype": out}
        names = []
        for i, (kind, a) in enumerate(zip(kinds, arrays, strict=True)):
            names.append(f"x{n}_{i}")
            graph.inputs.append(names[-1])
            graph.types[names[-1]] = TensorType(kind, a.shape)
        graph.outputs.append(add_node(graph, "fused", names, attrs))
        with np.errstate(all="ignore"):
            wants.append(OPS["fused"].reference(list(arrays), attrs)[0])
        feeds += arrays
    both = [k for k in kernels.KERNELS["fused"] if k.name in ("bytes", "map")]
    with mock.patch.dict(kernels.KERNELS, {"fused": both}):
        session = compile_graph(graph, target, optimize=False, opt="-O1")
    families = [s["family"] for s in session.manifest["variants"][0]["steps"]]
    assert families.count("bytes") >= 6, families
    for got, want in zip(session(*feeds), wants, strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_arrays_that_are_quantised(target: str) -> None:
    """More parts than one, the last of them short; one has numbers that are none, or beyond int32."""
    rng = np.random.default_rng(1)
    for size, (dtype, bounds) in ((2500, (DType.U8, (0, 127))), (1023, (DType.I8, (-128, 127))), (5, (DType.U8, (0, 255)))):
        zero, scale = int(rng.integers(*bounds)), float(np.float32(rng.uniform(0.01, 0.1)))
        inner = call("min", call("max", arg(0, DType.F32), (bounds[0] - zero) * scale), (bounds[1] - zero) * scale) if size > 2000 else arg(0, DType.F32)
        expr = Expr("sat_cast", dtype, (call("rint", inner / scale) + Expr("cast", DType.F32, (const(zero, dtype),)),))
        x = rng.normal(0, 3, size).astype(np.float32)
        x[rng.integers(size, size=size // 20)] = scale * (rng.integers(-90, 90, size // 20) + 0.5)
        if size > 1000:
            x[7:11] = np.nan, np.inf, -np.inf, 3e9
        graph = Graph("net", inputs=["x"], types={"x": TensorType(DType.F32, x.shape)})
        graph.outputs.append(add_node(graph, "fused", ["x"], {"expr": expr, "dtype": dtype}))
        session = compile_graph(graph, target, optimize=False, opt="-O1")
        assert [s["family"] for s in session.manifest["variants"][0]["steps"]] == ["quantise"]
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(session(x), OPS["fused"].reference([x], {"expr": expr, "dtype": dtype})[0])


def test_what_could_become_no_number_is_left_to_the_plain_loop() -> None:
    x, y = arg(0, DType.F32), arg(1, DType.F32)
    assert magnitude(x * y + const(5.0, DType.F32), {0: 255.0, 1: 2.0}) == 515
    assert magnitude(call("max", x - y, const(7.0, DType.F32)), {0: 1.0, 1: 2.0}) == 7
    for wild in (x * 1e30 * 1e30, x / y, call("exp", x), arg(2, DType.F32) + x):
        assert magnitude(wild, {0: 255.0, 1: 2.0}) == float("inf")

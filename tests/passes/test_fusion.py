"""Epilogues of convolutions and products, and fused elementwise nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pith.graph import DType
from pith.passes import fuse_elementwise, fuse_epilogue
from tests.passes.helpers import Builder, check, ops

CONV: dict[str, Any] = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1)}


def _anchor(b: Builder, kind: str, x: str) -> str:
    if kind == "matmul":
        return b.matmul(x, 6)
    if kind == "conv_transpose":
        return b("conv_transpose", x, b.random(6, 6, 1, 1), "", group=1, output_padding=(0, 0), layout="channels_last", **CONV)
    return b("conv", x, b.random(6, 6, 1, 1), b.random(6), group=1, layout=kind, **CONV)


@pytest.mark.parametrize("kind", ["matmul", "conv_transpose", "channels_first", "channels_last"])
def test_everything_that_fits_an_epilogue(kind: str) -> None:
    """Scalars, a value a channel, a tensor, activations, a diamond."""
    b = Builder()
    x = b.input(5, 6) if kind == "matmul" else b.input(2, 6, 4, 6)
    t = b.graph.types[x].shape
    y = _anchor(b, kind, b("relu", x))
    y = b("mul", y, b.random(6, 1, 1) if kind == "channels_first" else b.random(6))
    y = b("add", y, b.input(*t))
    y = b("mul", y, b("sigmoid", b("add", y, b.const(0.5))))
    y = b("sub", b.random(*t), b("clip", y, min=-1.0, max=2.0))
    new = check(b.done(b("neg", b("reduce", y, kind="sum", axes=(0,), keepdims=True))), fuse_epilogue.run)
    assert ops(new) == {"relu": 1, {"channels_first": "conv", "channels_last": "conv"}.get(kind, kind): 1, "reduce": 1, "neg": 1}
    anchor = next(n for n in new.nodes if "epilogue" in n.attrs)
    assert len(anchor.origin) == 8


def test_residual_goes_into_the_last_branch() -> None:
    b = Builder()
    x = b("exp", b.input(2, 4, 4, 6))
    left, right = _anchor(b, "channels_last", x), _anchor(b, "channels_last", x)
    new = check(b.done(b("relu", b("add", left, right))), fuse_epilogue.run)
    assert ops(new) == {"exp": 1, "conv": 2}
    assert [len(n.inputs) for n in new.nodes] == [1, 3, 4]


def test_anchor_waits_for_the_other_operand_where_that_keeps_less_alive() -> None:
    b = Builder()
    x, z = b.input(2, 4, 4, 6), b.input(2, 4, 4, 6)
    y = _anchor(b, "channels_last", x)
    late = b("softmax", z, axis=3)
    new = check(b.done(b("add", y, late)), fuse_epilogue.run)
    assert [n.op for n in new.nodes] == ["softmax", "conv"]
    b = Builder()
    x, z = b.input(2, 4, 4, 6), b.input(2, 4, 4, 2)
    y = b("conv", x, b.random(2, 6, 1, 1), "", group=1, layout="channels_last", **CONV)
    new = check(b.done(b("add", y, b("softmax", z, axis=3))), fuse_epilogue.run)
    assert [n.op for n in new.nodes] == ["conv", "softmax", "add"]


def test_what_stays_outside_an_epilogue() -> None:
    b = Builder()
    x = b.input(2, 4, 4, 6)
    shared = _anchor(b, "channels_last", x)
    outs = [b("relu", shared), b("reduce", shared, kind="sum", axes=(1,), keepdims=True)]
    outs.append(b("add", _anchor(b, "channels_last", x), b.input(1, 4, 4, 1)))
    outs.append(b("cast", _anchor(b, "channels_last", x), to=DType.I32))
    final = _anchor(b, "channels_last", x)
    outs += [final, b("relu", final)]
    new = check(b.done(*outs), fuse_epilogue.run)
    assert len(new.nodes) == len(b.graph.nodes)


def test_product_of_two_runtime_matrices_keeps_its_residual_apart() -> None:
    b = Builder()
    y = b("matmul", b.input(3, 4), b.input(4, 5), trans_a=False, trans_b=False)
    y = b("add", b("mul", y, b.const(0.5)), b.input(3, 5))
    assert ops(check(b.done(y), fuse_epilogue.run)) == {"matmul": 1, "add": 1}


def test_quantised_result_stays_in_the_epilogue() -> None:
    b = Builder()
    y = _anchor(b, "channels_last", b.input(2, 4, 4, 6))
    scale, zero = b.const(0.05), b.const(3, DType.I8)
    q = b("quantize_linear", y, scale, zero, axis=0, block_size=0, dtype=DType.I8, saturate=True)
    new = check(b.done(b("dequantize_linear", q, scale, zero, axis=0, block_size=0, dtype=DType.F32)), fuse_epilogue.run, exact=True)
    assert ops(new) == {"conv": 1}


# ---- elementwise


def test_chain_and_diamond_become_one() -> None:
    b = Builder()
    x = b.input(3, 4)
    t = b("add", b("mul", x, b.const(2.0)), b.input(4))
    y = b("mul", t, b("tanh", b("softplus", t)))
    y = b("where", b("greater", y, b.const(0.0)), y, b("neg", x))
    new = check(b.done(y), fuse_elementwise.run)
    assert ops(new) == {"fused": 1}
    assert len(new.nodes[0].origin) == 8 and len(new.nodes[0].inputs) == 2


def test_shared_and_broadcast_values_are_kept() -> None:
    b = Builder()
    x, y = b.input(3, 4), b.input(4)
    shared = b("exp", x)
    small = b("log", b("abs", y))
    outs = [b("neg", shared), b("softmax", shared, axis=1), b("mul", x, small)]
    new = check(b.done(*outs), fuse_elementwise.run)
    assert ops(new) == {"fused": 4, "softmax": 1}


def test_scalars_that_shape_the_result_stay_operands() -> None:
    b = Builder()
    new = check(b.done(b("add", b.input(3), b.const([[1.0]])), b("mul", b.const(2.0), b.input(2, 1))), fuse_elementwise.run)
    assert [len(n.inputs) for n in new.nodes] == [2, 1]


@pytest.mark.parametrize("dtype", [DType.F16, DType.BF16])
def test_small_floats_round_between_operators(dtype: DType) -> None:
    """Three roundings, as if every step had been stored; one rounding would differ in the last bit."""
    b = Builder()
    x = b.input(40, 50, dtype=dtype)
    y = b("mul", b("add", b("mul", x, b.const(1.1, dtype)), b.const(0.3, dtype)), b.const(0.7, dtype))
    graph = b.done(y)
    new = check(graph, fuse_elementwise.run, exact=True)
    assert ops(new) == {"fused": 1}


@pytest.mark.parametrize("to", [DType.I8, DType.U8, DType.I16, DType.BOOL, DType.F16, DType.F64, DType.I64])
def test_values_are_converted_as_if_stored(to: DType) -> None:
    b = Builder()
    x = b.input(50, 60)
    y = b("cast", b("mul", x, b.const(30.0)), to=to, saturate=True)
    y = b("add", y, y) if to is not DType.BOOL else b("not", y)
    assert ops(check(b.done(b("cast", y, to=DType.F32, saturate=True)), fuse_elementwise.run, exact=True)) == {"fused": 1}


def test_dequantise_operate_quantise() -> None:
    b = Builder()
    x, y = (b.input(20, 30, dtype=DType.I8) for _ in range(2))
    zero = b.const(-3, DType.I8)
    real = [b("dequantize_linear", v, b.const(s), zero, axis=0, block_size=0, dtype=DType.F32) for v, s in ((x, 0.02), (y, 0.05))]
    z = b("quantize_linear", b("relu", b("add", *real)), b.const(0.04), zero, axis=0, block_size=0, dtype=DType.I8, saturate=True)
    new = check(b.done(z), fuse_elementwise.run, exact=True)
    assert ops(new) == {"fused": 1} and len(new.nodes[0].inputs) == 2


def test_sizes_are_limited() -> None:
    b = Builder()
    y = b.input(4)
    for _ in range(200):
        y = b("mul", b("add", y, b.const(0.25)), b.const(0.5))
    new = check(b.done(y), fuse_elementwise.run)
    assert 400 / 64 <= len(new.nodes) <= 8
    assert all(n.attrs["expr"].size() <= 64 for n in new.nodes)
    b = Builder()
    y = b.input(4)
    for _ in range(20):
        y = b("add", y, b.input(4))
    new = check(b.done(y), fuse_elementwise.run)
    assert len(new.nodes) == 3 and all(len(n.inputs) <= 8 for n in new.nodes)


@pytest.mark.parametrize("run", [fuse_elementwise.run, fuse_epilogue.run])
def test_reads_of_one_value_by_many_nodes(run: Callable[..., int]) -> None:
    b = Builder()
    x = b.conv(b.input(1, 4, 3, 3), 4)
    outs = [b("relu", b("add", x, b.random(4, 1, 1))) for _ in range(30)]
    new = check(b.done(*outs), run)
    assert ops(new) == ({"conv": 1, "fused": 30} if run is fuse_elementwise.run else {"conv": 1, "add": 30, "relu": 30})


def test_constants_keep_their_bits() -> None:
    b = Builder()
    big = b.const(2**62 + 1, DType.I64)
    new = check(b.done(b("add", b.input(5, dtype=DType.I64), big)), fuse_elementwise.run, exact=True)
    assert np.any([n.value == 2**62 + 1 for n in new.nodes[0].attrs["expr"].walk() if n.op == "const"])

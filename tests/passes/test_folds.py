"""Arithmetic folded into weights, borders into pads, focus layers into convolutions, 1-D into 2-D."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pith.api import compile_graph
from pith.graph import DType
from pith.ops.interpret import run_reference
from pith.passes import flush_denormals, fold_affine, fold_constants, fold_pad, fold_space_to_depth, sink_reshape, widen
from tests.passes.helpers import Builder, check, ops

CONV: dict[str, Any] = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "layout": "channels_first"}


def _anchor(b: Builder, kind: str, x: str) -> str:
    if kind == "matmul":
        return b.matmul(x, 6)
    if kind == "matmul trans_b":
        return b("matmul", x, b.random(6, b.graph.types[x].shape[-1]), b.random(6), trans_a=False, trans_b=True)
    if kind == "conv_transpose":
        return b("conv_transpose", x, b.random(4, 3, 2, 2), "", group=2, output_padding=(0, 0), **{**CONV, "strides": (2, 2)})
    return b.conv(x, 6, 3, group=2 if kind == "grouped" else 1, pad=int(kind == "padded"))


KINDS = ("conv", "padded", "grouped", "conv_transpose", "matmul", "matmul trans_b")


def _graph(kind: str) -> tuple[Builder, str, tuple[int, ...], tuple[int, ...]]:
    """Builder, input, and shapes of a per-channel constant in front and behind."""
    b = Builder()
    if kind.startswith("matmul"):
        return b, b.input(3, 4), (4,), (6,)
    return b, b.input(2, 4, 5, 5), (4, 1, 1), (6, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_arithmetic_behind(kind: str) -> None:
    b, x, _, shape = _graph(kind)
    y = _anchor(b, kind, x)
    y = b("mul", b.random(*shape), y)
    y = b("add", y, b.random(*shape))
    y = b("div", y, b.const(3.0))
    y = b("sub", y, b.random(1, *shape))
    y = b("sub", b.const(0.5), y)
    new = check(b.done(y), fold_affine.run)
    assert len(new.nodes) == 1
    assert len(new.nodes[0].origin) == 6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["mul", "div", "add", "sub", "rsub"])
def test_arithmetic_in_front(kind: str, op: str) -> None:
    b, x, shape, _ = _graph(kind)
    c = b.const(np.abs(b.rng.standard_normal(shape)) + 0.5)
    x = b("sub", c, x) if op == "rsub" else b(op, x, c)
    new = check(b.done(_anchor(b, kind, x)), fold_affine.run)
    exact = op in ("mul", "div") or kind not in ("padded", "conv_transpose")
    assert len(new.nodes) == (1 if exact else 2)


def test_chain_in_front() -> None:
    b = Builder()
    x = b("div", b("sub", b.input(1, 3, 6, 6), b.random(3, 1, 1)), b.const([[[1.1]], [[0.7]], [[1.9]]]))
    assert len(check(b.done(b.conv(x, 5, 3)), fold_affine.run).nodes) == 1


def test_what_does_not_fold() -> None:
    """Shared results, constants along other axes, division by zero."""
    b = Builder()
    x = b.input(1, 4, 5, 5)
    shared = b.conv(x, 4)
    outs = [shared, b("mul", shared, b.const(2.0))]
    outs.append(b("add", b.conv(x, 4), b.random(5)))
    outs.append(b("div", b.conv(x, 4, bias=False), b.const(0.0)))
    new = check(b.done(*outs), fold_affine.run)
    assert len(new.nodes) == len(b.graph.nodes)


def test_weights_that_would_leave_the_range_stay() -> None:
    b = Builder()
    x = b("mul", b.input(1, 4, 5, 5), b.input(1, 4, 5, 5))
    y = b("conv", x, b.const(np.full((4, 4, 1, 1), 1e20)), "", group=1, **CONV)
    graph = b.done(b("mul", y, b.const(1e20)))
    fold_affine.run(graph)
    assert ops(graph) == {"mul": 2, "conv": 1}


def test_weights_shared_by_two_convolutions() -> None:
    b = Builder()
    x, w = b.input(1, 4, 5, 5), b.random(4, 4, 1, 1)
    first = b("conv", x, w, "", group=1, **CONV)
    second = b("mul", b("conv", x, w, "", group=1, **CONV), b.const(3.0))
    assert ops(check(b.done(first, second), fold_affine.run)) == {"conv": 2}


@pytest.mark.parametrize("end", [0, 1])
def test_border_into_a_convolution(end: int) -> None:
    b = Builder()
    x = b("pad", b.input(1, 4, 5, 5), pads=(0, 0, 1, 0, 0, 0, 2, end), mode="constant", value=0.0)
    new = check(b.done(b.conv(x, 3, 3, pad=1)), fold_pad.run)
    assert ops(new) == {"conv": 1} and new.nodes[0].attrs["pads"] == (2, 1, 3, 1 + end)


@pytest.mark.parametrize("mode", ["edge", "constant"])
def test_border_that_stays(mode: str) -> None:
    b = Builder()
    value = 0.0 if mode == "edge" else 1.0
    x = b("pad", b.input(1, 4, 5, 5), pads=(0, 0, 1, 1, 0, 0, 1, 1), mode=mode, value=value)
    y = b("pad", b.input(1, 3, 5, 5), pads=(0, 1, 0, 0, 0, 0, 0, 0), mode="constant", value=0.0)
    assert ops(check(b.done(b.conv(x, 3, 3), b.conv(y, 3, 3)), fold_pad.run))["pad"] == 2


@pytest.mark.parametrize(("own", "include", "folds"), [(0, False, True), (0, True, True), (1, True, True), (1, False, False)])
def test_border_into_an_average(own: int, include: bool, folds: bool) -> None:
    b = Builder()
    x = b("pad", b.input(1, 4, 6, 6), pads=(0, 0, 1, 0, 0, 0, 1, 1), mode="constant", value=0.0)
    y = b("average_pool", x, kernel_shape=(3, 3), **{**CONV, "strides": (2, 2), "pads": (own,) * 4}, count_include_pad=include)
    assert ops(check(b.done(y), fold_pad.run)) == ({"average_pool": 1} if folds else {"average_pool": 1, "pad": 1})


@pytest.mark.parametrize(("before", "value", "folds"), [("relu", 0.0, True), ("neg", 0.0, False), ("neg", -np.inf, True), ("relu", 1.0, False)])
def test_border_into_a_maximum(before: str, value: float, folds: bool) -> None:
    b = Builder()
    x = b("pad", b(before, b("abs", b.input(1, 4, 6, 6))), pads=(0, 0, 1, 1, 0, 0, 1, 1), mode="constant", value=value)
    y = b("max_pool", x, kernel_shape=(3, 3), storage_order=0, **CONV)
    assert ("pad" not in ops(check(b.done(y), fold_pad.run, exact=True))) == folds


@pytest.mark.parametrize(("low", "high", "folds"), [(0.0, 6.0, True), (0.5, None, True), (-1.0, 6.0, False), (None, 6.0, False), (0.0, -1.0, False)])
def test_border_into_a_maximum_behind_a_clip(low: float | None, high: float | None, folds: bool) -> None:
    b = Builder()
    x = b("pad", b("clip", b.input(1, 4, 6, 6), min=low, max=high), pads=(0, 0, 1, 1, 0, 0, 1, 1), mode="constant", value=0.0)
    y = b("max_pool", x, kernel_shape=(3, 3), storage_order=0, **CONV)
    assert ("pad" not in ops(check(b.done(y), fold_pad.run, exact=True))) == folds


def test_border_into_a_maximum_of_integers_stays() -> None:
    """The absolute value of the lowest integer wraps to itself: a zero wins against it."""
    b = Builder()
    lowest = b("abs", b("min", b.input(1, 2, 3, 3, dtype=DType.I8), b.const(-128, DType.I8)))
    x = b("pad", lowest, pads=(0, 0, 1, 1, 0, 0, 1, 1), mode="constant", value=0)
    y = b("max_pool", x, kernel_shape=(3, 3), storage_order=0, **CONV)
    assert ops(check(b.done(y), fold_pad.run, exact=True))["pad"] == 1


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
@pytest.mark.parametrize(("k", "stride", "pad"), [(3, 1, 1), (1, 1, 0), (3, 2, 1)])
def test_focus_layer(order: tuple[int, ...], k: int, stride: int, pad: int) -> None:
    b = Builder()
    x = b.input(1, 3, 8, 12)
    parts = [b("slice", x, starts=(0, 0, i // 2, i % 2), steps=(1, 1, 2, 2), shape=(1, 3, 4, 6)) for i in order]
    new = check(b.done(b.conv(b("concat", *parts, axis=1), 5, k, stride=stride, pad=pad)), fold_space_to_depth.run)
    assert ops(new) == {"conv": 1}


def test_slices_that_are_no_focus_layer() -> None:
    b = Builder()
    x = b.input(1, 3, 8, 12)
    parts = [b("slice", x, starts=(0, 0, i // 2, 0), steps=(1, 1, 2, 2), shape=(1, 3, 4, 6)) for i in range(4)]
    new = check(b.done(b.conv(b("concat", *parts, axis=1), 5)), fold_space_to_depth.run)
    assert ops(new)["slice"] == 4


def test_one_dimension_becomes_two() -> None:
    b = Builder()
    x = b.input(2, 4, 11)
    attrs: dict[str, Any] = {"strides": (2,), "pads": (1, 2), "dilations": (1,), "layout": "channels_first"}
    y = b("conv", x, b.random(6, 2, 3), b.random(6), group=2, **attrs)
    y = b("max_pool", y, kernel_shape=(3,), storage_order=0, **attrs)
    y = b("average_pool", y, kernel_shape=(3,), count_include_pad=True, ceil_pads=(1,), **attrs)
    y = b("conv_transpose", y, b.random(6, 2, 3), "", group=1, output_padding=(1,), **attrs)
    new = check(b.done(y), widen.run, fold_constants.run)
    assert all(len(new.types[n.outputs[0]].shape) == 4 for n in new.nodes if n.op != "reshape")


def test_reshape_sinks_below_a_chain() -> None:
    b = Builder()
    x = b("exp", b.input(2, 3, 4))
    y = b("mul", b("relu", b("reshape", x, shape=(6, 4))), b.const(2.0))
    new = check(b.done(b("sigmoid", y)), sink_reshape.run)
    assert [n.op for n in new.nodes] == ["exp", "relu", "mul", "sigmoid", "reshape"]


def test_reshape_stays_above_what_broadcasts() -> None:
    b = Builder()
    x = b("reshape", b("exp", b.input(2, 3)), shape=(6,))
    outs = [b("add", x, b.random(6)), b("add", x, b.random(2, 1)), b("neg", b("reshape", b("exp", b.input(4)), shape=(2, 2)))]
    new = check(b.done(*outs), sink_reshape.run)
    assert [n.op for n in new.nodes if n.op != "exp"] == ["reshape", "add", "add", "neg", "reshape"]


def test_denormal_weights() -> None:
    """They become 0 where products alone read them; zeros, signs, the smallest normal number and what others read stay."""
    tiny = np.finfo(np.float32).tiny
    b = Builder()
    x = b.input(1, 2, 3, 3)
    w = b.const(np.array([[1, tiny], [-tiny / 2, 1e-45], [np.nan, -0.0]]).reshape(3, 2, 1, 1))
    bias, seen = b.const([1e-40, 1, -tiny]), b.const([[1e-40, 1, 2]])
    y = b("conv", x, w, bias, group=1, **CONV)
    z = b("add", b("matmul", b.input(1, 1), seen, trans_a=False, trans_b=False), seen)
    graph = b.done(y, z)
    assert flush_denormals.run(graph) == 2
    np.testing.assert_array_equal(graph.constants[w].reshape(-1), np.array([1, tiny, 0, 0, np.nan, -0.0], np.float32))
    assert np.signbit(graph.constants[w].reshape(-1)[5])
    np.testing.assert_array_equal(graph.constants[bias], np.array([0, 1, -tiny], np.float32))
    assert graph.constants[seen][0, 0] != 0
    assert flush_denormals.run(graph) == 0


@pytest.mark.parametrize("values", [(-1, 1), (-1, 0, 1)])
def test_sums_of_signs_stay_whole(values: tuple[int, ...]) -> None:
    """Factors and constants behind weights of signs stay behind the sum, and no Winograd is in it: what is 0 is exactly 0."""
    b = Builder()
    x = b.input(1, 16, 12, 12)
    w, factor = b.const(b.rng.choice(values, (16, 16, 3, 3))), b.const(np.full((16, 1, 1), 1 / np.sqrt(1 + 1e-5)))
    y = b("mul", b("conv", x, w, "", group=1, **{**CONV, "pads": (1,) * 4}), factor)
    graph = b.done(y)
    signs = b.rng.choice((-1.0, 1.0), (1, 16, 12, 12)).astype(np.float32)
    exact = run_reference(graph, {x: signs})[0]
    assert 0 < (exact == 0).mean() < 1
    assert fold_affine.run(graph) == 0
    for target in ("host", "c99"):
        np.testing.assert_array_equal(compile_graph(graph.copy(), target)(signs), exact)

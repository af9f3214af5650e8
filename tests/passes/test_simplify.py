"""No-ops, merges, dead code, common subexpressions, constant folding."""

from __future__ import annotations

import numpy as np
import pytest

from pith.graph import DType, Graph
from pith.passes import fold_constants, simplify
from tests.passes.helpers import Builder, check, ops


def _noop(b: Builder, x: str, kind: str) -> str:
    shape = b.graph.types[x].shape
    rank = len(shape)
    window = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "layout": "channels_first"}
    resize = {"nearest_mode": "floor", "cubic_coeff_a": -0.75, "exclude_outside": False, "antialias": False, "roi": (), "extrapolation_value": 0.0}
    return {
        "transpose": lambda: b("transpose", x, perm=tuple(range(rank))),
        "reshape": lambda: b("reshape", x, shape=shape),
        "cast": lambda: b("cast", x, to=DType.F32),
        "slice": lambda: b("slice", x, starts=(0,) * rank, steps=(1,) * rank, shape=shape),
        "concat": lambda: b("concat", x, axis=1),
        "pad": lambda: b("pad", x, pads=(0,) * 2 * rank, mode="constant", value=0),
        "expand": lambda: b("expand", x, shape=shape),
        "mul": lambda: b("mul", b.const(1.0), x),
        "div": lambda: b("div", x, b.const(np.ones(shape[-1]))),
        "add": lambda: b("add", x, b.const(np.full(shape, -0.0))),
        "sub": lambda: b("sub", x, b.const(0.0)),
        "pow": lambda: b("pow", x, b.const(1.0)),
        "clip": lambda: b("clip", x, min=None, max=None),
        "max_pool": lambda: b("max_pool", x, kernel_shape=(1, 1), **window),
        "resize": lambda: b("resize", x, sizes=shape, scales=(1.0,) * rank, mode="linear", coordinate_mode="half_pixel", **resize),
        "reduce": lambda: b("reduce", x, kind="sum", axes=(0,), keepdims=True),
    }[kind]()


NOOPS = ("transpose", "reshape", "cast", "slice", "concat", "pad", "expand", "mul", "div", "add", "sub", "pow",
         "clip", "max_pool", "resize", "reduce")  # fmt: skip


@pytest.mark.parametrize("kind", NOOPS)
def test_noop_vanishes(kind: str) -> None:
    b = Builder()
    x = b("relu", b.input(1, 3, 4, 5))
    assert ops(check(b.done(b("sigmoid", _noop(b, x, kind))), simplify.run)) == {"relu": 1, "sigmoid": 1}


@pytest.mark.parametrize("kind", NOOPS)
def test_noop_at_the_end_keeps_the_output_name(kind: str) -> None:
    b = Builder()
    x = b("relu", b.input(1, 3, 4, 5))
    assert ops(check(b.done(_noop(b, x, kind)), simplify.run)) == {"relu": 1}


@pytest.mark.parametrize("what", ["input", "constant", "twice"])
def test_output_that_is_nothing_new_keeps_its_name(what: str) -> None:
    b = Builder()
    x = b.input(2, 3)
    source = {"input": x, "constant": b.random(2, 3), "twice": b("relu", x)}[what]
    outputs = [b("reshape", source, shape=(2, 3)), b("mul", source, b.const(1.0))]
    check(b.done(*outputs), simplify.run, fold_constants.run, simplify.run)


def test_not_a_noop() -> None:
    """Neutral constants that broadcast the result, or stand on the wrong side, stay."""
    b = Builder()
    x = b.input(3)
    y = b("mul", x, b.const(np.ones((2, 1))))
    z = b("div", b.const(1.0), b("add", x, b.const(2.0)))
    w = b("sub", b.const(0.0), x)
    part = b("slice", y, starts=(1, 0), steps=(-1, 1), shape=(2, 3))
    assert len(check(b.done(y, z, w, part), simplify.run).nodes) == 5


def test_reshapes_and_transposes_merge() -> None:
    b = Builder()
    x = b.input(2, 3, 4)
    y = b("reshape", b("reshape", b("reshape", x, shape=(6, 4)), shape=(24,)), shape=(4, 6))
    z = b("transpose", b("transpose", x, perm=(2, 0, 1)), perm=(1, 2, 0))
    w = b("transpose", b("transpose", x, perm=(2, 0, 1)), perm=(2, 1, 0))
    new = check(b.done(b("relu", y), b("relu", z), b("relu", w)), simplify.run, exact=True)
    assert ops(new) == {"reshape": 1, "transpose": 1, "relu": 3}


def test_transpose_of_unit_axes_is_a_reshape() -> None:
    b = Builder()
    y = b("transpose", b.input(1, 5, 1, 7), perm=(2, 1, 3, 0))
    assert ops(check(b.done(y), simplify.run, exact=True)) == {"reshape": 1}


def test_slices_merge() -> None:
    b = Builder()
    x = b.input(20, 9)
    y = b("slice", x, starts=(18, 1), steps=(-2, 1), shape=(8, 7))
    z = b("slice", y, starts=(1, 6), steps=(3, -2), shape=(2, 4))
    assert ops(check(b.done(z), simplify.run, exact=True)) == {"slice": 1}


def test_equal_nodes_become_one() -> None:
    b = Builder()
    x = b.input(4, 4)
    first, second = (b("add", b("clip", x, min=0.0, max=6.0), b.const(np.arange(4))) for _ in range(2))
    other = b("clip", x, min=-0.0, max=6.0)
    new = check(b.done(b("mul", first, second), other), simplify.run, exact=True)
    assert ops(new) == {"clip": 2, "add": 1, "mul": 1}


def test_expand_before_a_broadcasting_operator_vanishes() -> None:
    b = Builder()
    x, y = b.input(2, 3, 4), b.input(3, 1)
    wide = b("expand", y, shape=(2, 3, 4))
    assert ops(check(b.done(b("add", x, wide)), simplify.run)) == {"add": 1}
    assert ops(check(b.done(b("add", wide, wide)), simplify.run))["expand"] == 1


def test_constants_fold() -> None:
    b = Builder()
    c = b("add", b("mul", b.random(3, 4), b.const(2.0)), b.random(4))
    parts = b("top_k", c, k=2, axis=1, largest=True, sorted=True)
    indices = b.graph.nodes[-1].outputs[1]
    new = check(b.done(b("relu", b("add", b.input(3, 4), c)), parts, indices), fold_constants.run, exact=True)
    assert ops(new) == {"add": 1, "relu": 1}


def test_large_expand_is_not_folded() -> None:
    b = Builder()
    wide = b("expand", b.const(np.ones((1, 1))), shape=(1000, 1000))
    assert ops(check(b.done(b("matmul", b.input(2, 1000), wide, trans_a=False, trans_b=False)), fold_constants.run))["expand"] == 1


def test_dead_code_goes() -> None:
    b = Builder()
    x = b.input(3)
    b("exp", b("relu", x))
    graph: Graph = check(b.done(b("neg", x)), simplify.run)
    assert ops(graph) == {"neg": 1}

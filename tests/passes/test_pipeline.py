"""The whole pipeline on random graphs, its report, and how its work grows."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.graph import Graph
from pith.passes.pipeline import PASSES, optimize
from tests.passes.helpers import Builder, check, ops
from tests.passes.random_graphs import random_graphs


@given(random_graphs())
@settings(max_examples=250, deadline=None)
def test_results_survive(graph: Graph) -> None:
    new = check(graph, optimize, tolerance=3e-5)
    assert len(new.nodes) <= 3 * len(graph.nodes) + 3 * len(graph.outputs)
    check(new, optimize, tolerance=3e-5)


@given(random_graphs(), st.integers(1, len(PASSES)))
@settings(max_examples=60, deadline=None)
def test_every_prefix_of_the_pipeline_is_sound(graph: Graph, count: int) -> None:
    check(graph, *(run for _, run in PASSES[:count]), tolerance=3e-5)


def test_report_names_every_pass() -> None:
    b = Builder()
    report: list[tuple[str, int, int, float]] = []
    graph = optimize(b.done(b("relu", b("mul", b.conv(b.input(1, 2, 4, 4), 3), b.const(2.0)))), report=report)
    assert [r[0] for r in report] == [name for name, _ in PASSES]
    assert all(a[2] == c[1] for a, c in itertools.pairwise(report)) and report[-1][2] == len(graph.nodes)
    assert all(ms >= 0 for *_, ms in report)
    (conv,) = [n for n in graph.nodes if n.op == "conv"]
    assert conv.name == "conv1" and conv.origin == ("conv1", "mul2", "relu3")


def _chain(kind: str, nodes: int) -> Graph:
    b = Builder()
    x = skip = b.input(1, 4, 6, 6)
    k = 0
    while len(b.graph.nodes) < nodes:
        k += 1
        if kind == "mixed":
            if k % 4 == 0:
                x = b.conv(x, 4, 3, pad=1)
            elif k % 4 == 2:
                x = skip = b("add", x, skip)
            else:
                x = b("relu", x) if k % 4 == 1 else b("mul", x, b.const(0.5))
        elif kind == "elementwise":
            x = b("tanh" if k % 2 else "neg", x)
        elif kind == "reshapes":
            x = b("transpose", b("reshape", x, shape=(6, 24) if k % 2 else (1, 4, 6, 6)), perm=(1, 0) if k % 2 else (0, 2, 3, 1))
        elif kind == "no-ops":
            x = b("mul", b("reshape", x, shape=(1, 4, 6, 6)), b.const(1.0))
        elif kind == "fan":
            skip = b("add", skip, b("exp", b("mul", x, b.random(4, 1, 1))))
        else:
            x = b("concat", *(b.conv(x, 1) for _ in range(4)), axis=1)
    return b.done(x, skip) if kind == "fan" else b.done(x)


def _calls(run: Callable[[], Any]) -> int:
    """Python and C functions called while `run` runs."""
    count = 0

    def tick(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("kind", ["mixed", "elementwise", "reshapes", "no-ops", "fan", "concat"])
def test_work_grows_with_the_number_of_nodes(kind: str) -> None:
    small, large = (_calls(lambda n=n: optimize(_chain(kind, n))) for n in (150, 600))
    assert large <= 4.2 * small


def test_a_mobile_network_keeps_one_transpose_a_border() -> None:
    """Inverted residuals, squeeze and excite, pooling, a classifier."""
    b = Builder()
    x = b("hard_swish", b.conv(b.input(1, 3, 32, 32), 8, 3, stride=2, pad=1))
    for k in range(3):
        y = b("clip", b.conv(x, 24), min=0.0, max=6.0)
        y = b("clip", b.conv(y, 24, 3, pad=1, group=24), min=0.0, max=6.0)
        gate = b.conv(b("relu", b.conv(b("reduce", y, kind="mean", axes=(2, 3), keepdims=True), 6)), 24)
        y = b.conv(b("mul", y, b("hard_sigmoid", gate, alpha=0.2, beta=0.5)), 8)
        x = b("add", x, y) if k else y
    x = b("reduce", x, kind="mean", axes=(2, 3), keepdims=False)
    new = check(b.done(b("softmax", b.matmul(x, 10), axis=1)), optimize)
    assert ops(new) == {"transpose": 1, "conv": 10, "conv_chain": 3, "reduce": 4, "fused": 3, "reshape": 1, "matmul": 1, "softmax": 1}


def test_normalisation_over_channels_is_found_once_they_are_last() -> None:
    """The block of convolutional networks with layer norms: depthwise, norm over axis 1, two pointwise products, gelu."""
    b = Builder()
    x = b.conv(b.input(1, 3, 8, 8), 6, 2, stride=2)
    y = b.conv(x, 6, 3, pad=1, group=6)
    d = b("sub", y, b("reduce", y, kind="mean", axes=(1,), keepdims=True))
    variance = b("reduce", b("pow", d, b.const(2.0)), kind="mean", axes=(1,), keepdims=True)
    y = b("div", d, b("sqrt", b("add", variance, b.const(1e-6))))
    y = b("add", b("mul", b.random(6, 1, 1), y), b.random(6, 1, 1))
    y = b.conv(y, 12)
    y = b("mul", b("mul", y, b("add", b("erf", b("div", y, b.const(2.0**0.5))), b.const(1.0))), b.const(0.5))
    y = b("add", x, b("mul", b.conv(y, 6), b.random(6, 1, 1)))
    new = check(b.done(b("reduce", y, kind="mean", axes=(2, 3), keepdims=True)), optimize)
    assert ops(new) == {"transpose": 1, "conv": 4, "layer_norm": 1, "reduce": 1, "reshape": 1}


def test_attention_keeps_its_products_and_nothing_else_of_the_arithmetic() -> None:
    b = Builder()
    x = b.input(2, 5, 12)

    def heads(v: str, perm: tuple[int, ...]) -> str:
        return b("transpose", b("reshape", b("add", b.matmul(v, 12), b.random(12)), shape=(2, 5, 3, 4)), perm=perm)

    q, k, v = heads(x, (0, 2, 1, 3)), heads(x, (0, 2, 3, 1)), heads(x, (0, 2, 1, 3))
    scores = b("matmul", q, k, trans_a=False, trans_b=False)
    weights = b("softmax", b("add", b("div", scores, b.const(2.0)), b.input(2, 1, 1, 5)), axis=3)
    y = b("transpose", b("matmul", weights, v, trans_a=False, trans_b=False), perm=(0, 2, 1, 3))
    y = b("add", b.matmul(b("reshape", y, shape=(2, 5, 12)), 12), x)
    new = check(b.done(y), optimize)
    assert ops(new)["attention"] == 1 and ops(new)["matmul"] == 4 and not ops(new)["softmax"] and ops(new)["transpose"] <= 4

"""The whole pipeline on random graphs, its report, and how its work grows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.graph import Graph
from pith.passes.pipeline import PASSES, optimize
from tests.passes.helpers import Builder, check, ops

Draw = Callable[..., Any]
WINDOW: dict[str, Any] = {"dilations": (1, 1), "layout": "channels_first"}
RESIZE: dict[str, Any] = {"coordinate_mode": "half_pixel", "nearest_mode": "floor", "cubic_coeff_a": -0.75, "exclude_outside": False,
                          "antialias": False, "roi": (), "extrapolation_value": 0.0}  # fmt: skip


def _conv(b: Builder, x: str, draw: Draw) -> str:
    k = draw(st.sampled_from([1, 1, 2, 3]))
    c = b.graph.types[x].shape[1]
    group = c if draw(st.booleans()) else 1
    return b.conv(x, group * draw(st.integers(1, 3)) if group > 1 else draw(st.integers(1, 6)), k, pad=k // 2, group=group, bias=draw(st.booleans()))


def _pool(b: Builder, x: str, draw: Draw) -> str:
    op = draw(st.sampled_from(["max_pool", "average_pool"]))
    attrs = {"storage_order": 0} if op == "max_pool" else {"count_include_pad": draw(st.booleans())}
    stride = draw(st.integers(1, 2))
    return b(op, x, kernel_shape=(2, 3), strides=(stride, stride), pads=(0, 1, 1, 1), **attrs, **WINDOW)


def _affine(b: Builder, x: str, draw: Draw) -> str:
    shape = b.graph.types[x].shape
    operand = draw(st.sampled_from([(), (1,), shape[-1:], (shape[1], *(1,) * (len(shape) - 2)), shape]))
    c = b.const(b.rng.uniform(0.5, 1.5, operand))
    op = draw(st.sampled_from(["add", "sub", "mul", "div"]))
    return b(op, x, c) if draw(st.booleans()) else b(op, c, b("abs", x) if op != "div" else b("add", b("abs", x), b.const(1.0)))


def _unary(b: Builder, x: str, draw: Draw) -> str:
    op = draw(st.sampled_from(["relu", "sigmoid", "tanh", "neg", "abs", "hard_swish"]))
    return b(op, x)


def _swish(b: Builder, x: str, draw: Draw) -> str:
    return b("mul", x, b("sigmoid", x))


def _transpose(b: Builder, x: str, draw: Draw) -> str:
    return b("transpose", x, perm=tuple(draw(st.permutations(range(len(b.graph.types[x].shape))))))


def _reshape(b: Builder, x: str, draw: Draw) -> str:
    """Split or merge axes, now and then to something unrelated."""
    shape = list(b.graph.types[x].shape)
    for _ in range(draw(st.integers(1, 2))):
        k = draw(st.integers(0, len(shape) - 1))
        if draw(st.booleans()) and k + 1 < len(shape):
            shape[k : k + 2] = [shape[k] * shape[k + 1]]
        elif shape[k] % 2 == 0 and len(shape) < 6:
            shape[k : k + 1] = [2, shape[k] // 2]
        elif len(shape) < 6:
            shape.insert(k, 1)
    return b("reshape", x, shape=tuple(shape))


def _to_picture(b: Builder, x: str, draw: Draw) -> str:
    """Back to four axes, so that convolutions stay possible."""
    shape = b.graph.types[x].shape
    four = (1,) * (4 - len(shape)) + shape if len(shape) < 4 else (*shape[:3], int(np.prod(shape[3:])))
    return b("reshape", x, shape=four)


def _slice(b: Builder, x: str, draw: Draw) -> str:
    starts, steps, sizes = [], [], []
    for d in b.graph.types[x].shape:
        step = draw(st.sampled_from([1, 1, 1, 2, -1]))
        n = draw(st.integers(1, -(-d // abs(step))))
        span = (n - 1) * abs(step)
        low = draw(st.integers(0, d - 1 - span))
        starts.append(low if step > 0 else low + span)
        steps.append(step)
        sizes.append(n)
    return b("slice", x, starts=tuple(starts), steps=tuple(steps), shape=tuple(sizes))


def _pad(b: Builder, x: str, draw: Draw) -> str:
    rank = len(b.graph.types[x].shape)
    pads = [draw(st.sampled_from([0, 0, 1])) for _ in range(2 * rank)]
    if draw(st.booleans()):
        pads[0:2] = pads[rank : rank + 2] = [0, 0]
    return b("pad", x, pads=tuple(pads), mode="constant", value=0.0)


def _reduce(b: Builder, x: str, draw: Draw) -> str:
    rank = len(b.graph.types[x].shape)
    axes = draw(st.sets(st.integers(0, rank - 1), min_size=1, max_size=rank - 1))
    return b("reduce", x, kind=draw(st.sampled_from(["mean", "max", "l2"])), axes=tuple(sorted(axes)), keepdims=draw(st.booleans()))


def _resize(b: Builder, x: str, draw: Draw) -> str:
    n, c, h, w = b.graph.types[x].shape
    return b("resize", x, sizes=(n, c, 2 * h, 3 * w), scales=(1.0, 1.0, 2.0, 3.0), mode=draw(st.sampled_from(["nearest", "linear"])), **RESIZE)


def _softmax(b: Builder, x: str, draw: Draw) -> str:
    return b("softmax", x, axis=draw(st.integers(0, len(b.graph.types[x].shape) - 1)))


def _flat_product(b: Builder, x: str, draw: Draw) -> str:
    shape = b.graph.types[x].shape
    return b.matmul(b("reshape", x, shape=(shape[0], int(np.prod(shape[1:])))), 4)


PICTURE = (_conv, _conv, _conv, _pool, _resize)
ANY = (_affine, _affine, _unary, _unary, _swish, _transpose, _transpose, _reshape, _reshape, _slice, _pad, _reduce, _softmax, _flat_product)


def _join(b: Builder, x: str, values: list[str], draw: Draw) -> str:
    """Add to, or concatenate with, an earlier value that fits; else exp of minus itself."""
    shape = b.graph.types[x].shape
    alike = [v for v in values if v != x and b.graph.types[v].shape == shape]
    if not alike:
        return b("exp", b("neg", b("abs", x)))
    other = draw(st.sampled_from(alike))
    return b("add", x, other) if draw(st.booleans()) else b("concat", x, other, x, axis=draw(st.integers(0, len(shape) - 1)))


@st.composite
def random_graphs(draw: st.DrawFn) -> Graph:
    """A DAG of 3 to 14 steps over one picture or two, with one to three outputs."""
    b = Builder(draw(st.integers(0, 1 << 16)))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 4)), draw(st.integers(2, 6)), draw(st.integers(2, 6)))
    values = [b.input(*shape) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(3, 14))):
        x = values[-1] if draw(st.integers(0, 3)) else draw(st.sampled_from(values))
        t = b.graph.types[x]
        if t.size > 20_000 or len(t.shape) < 2:
            break
        kinds = (*ANY, *PICTURE, *PICTURE) if len(t.shape) == 4 else (*ANY, _to_picture, _to_picture, _to_picture)
        kind = draw(st.sampled_from((*kinds, None, None)))
        values.append(_join(b, x, values, draw) if kind is None else kind(b, x, draw))
    made = values[len(b.graph.inputs) :]
    outputs = dict.fromkeys([made[-1], *draw(st.lists(st.sampled_from(values), max_size=2))])
    return b.done(*outputs)


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
    assert all(a[2] == c[1] for a, c in zip(report, report[1:], strict=False)) and report[-1][2] == len(graph.nodes)
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
            x = (lambda: b.conv(x, 4, 3, pad=1), lambda: b("relu", x), lambda: b("add", x, skip), lambda: b("mul", x, b.const(0.5)))[k % 4]()
            skip = x if k % 4 == 2 else skip
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
    assert large <= 4.6 * small


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
    assert ops(new) == {"transpose": 1, "conv": 16, "reduce": 4, "fused": 3, "reshape": 1, "matmul": 1, "softmax": 1}

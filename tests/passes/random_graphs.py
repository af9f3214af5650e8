"""Random graphs of the operators that networks are made of, as a hypothesis strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from pith.graph import Graph
from tests.passes.helpers import Builder

Draw = Callable[..., Any]
Step = Callable[[Builder, str, Draw], str]
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


PICTURE: tuple[Step, ...] = (_conv, _conv, _conv, _pool, _resize)
ANY: tuple[Step, ...] = (_affine, _affine, _unary, _unary, _swish, _transpose, _transpose, _reshape, _reshape, _slice, _pad, _reduce, _softmax, _flat_product)


def _join(b: Builder, x: str, values: list[str], draw: Draw) -> str:
    """Add to, or concatenate with, an earlier value that fits; else exp of minus itself."""
    shape = b.graph.types[x].shape
    alike = [v for v in values if v != x and b.graph.types[v].shape == shape]
    if not alike:
        return b("exp", b("neg", b("abs", x)))
    other = draw(st.sampled_from(alike))
    return b("add", x, other) if draw(st.booleans()) else b("concat", x, other, x, axis=draw(st.integers(0, len(shape) - 1)))


@st.composite
def random_graphs(draw: st.DrawFn, on_pictures: Sequence[Step] = (*ANY, *PICTURE, *PICTURE)) -> Graph:
    """A DAG of 3 to 14 steps over one picture or two, with one to three outputs; `on_pictures`: steps for four axes."""
    b = Builder(draw(st.integers(0, 1 << 16)))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 4)), draw(st.integers(2, 6)), draw(st.integers(2, 6)))
    values = [b.input(*shape) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(3, 14))):
        x = values[-1] if draw(st.integers(0, 3)) else draw(st.sampled_from(values))
        t = b.graph.types[x]
        if t.size > 20_000 or len(t.shape) < 2:
            break
        kinds = (*on_pictures,) if len(t.shape) == 4 else (*ANY, _to_picture, _to_picture, _to_picture)
        kind = draw(st.sampled_from((*kinds, None, None)))
        values.append(_join(b, x, values, draw) if kind is None else kind(b, x, draw))
    made = values[len(b.graph.inputs) :]
    outputs = dict.fromkeys([made[-1], *draw(st.lists(st.sampled_from(values), max_size=2))])
    return b.done(*outputs)

"""Channels evened out by activations, errors judged channel by channel, and what stays in floats because nothing integer reads it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pith.api import import_model
from pith.graph import Graph
from pith.quant.calibration import open_samples, ports_of
from pith.quant.even import ways
from pith.quant.flow import front, quantize_graph
from pith.quant.measure import Difference
from pith.quant.options import Options
from pith.quant.plan import float_made, make_plan, others_read
from pith.quant.rows import half_relative_error
from pith.quant.smooth import smooth
from pith.quant.watch import Watched
from tests.quantize.nets import Interpreted, model, pictures


def watched(graph: Graph, data: np.ndarray) -> dict[str, Watched]:
    """What every value on a grid does, by NumPy."""
    copy = graph.copy()
    copy.outputs = [v for v in make_plan(graph, float_outputs=True).group if v not in graph.inputs]
    found = {v: Watched() for v in copy.outputs}
    for k, x in enumerate(data):
        for v, y in Interpreted(copy).run({"x": x[None]}).items():
            found[v].add(y, k)
    return found


def net(rng: np.random.Generator, wide: int, other: int) -> Graph:
    """What channels go through: a depthwise layer, a sum, pools, a concat with a part that floats make, a slice, a flattening."""

    def w(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape) * 10.0 ** rng.uniform(-2, 2, (shape[0], *[1] * (len(shape) - 1)))

    flat = 4 * ((wide + 2 * other) // 2)
    text = f"""net (float[1, 3, 8, 8] x) => (float[1, 5] y) <int64[1] begin = {{1}}, int64[1] end = {{10000}}, int64[1] axis = {{1}}, int64[1] step = {{2}},
        int64[3] all = {{1, 2, 3}}, int64[2] flat = {{1, {flat}}}> {{
        a = Conv(x, wa, ba) r = Relu(a) d = Conv<group = {wide}, pads = [1, 1, 1, 1]>(r, wd) e = LeakyRelu<alpha = 0.1>(d)
        b = Conv(x, wb) s = Add(e, b) m = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(s)
        c = Conv(m, wc) h = Relu(c) q = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(m) o = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(h)
        p = Mul(o, o) g = ReduceMean(p, all) n = Add(g, one) f = Div(o, n) i = Conv(q, wi)
        j = Concat<axis = 1>(q, f, i) k = Slice(j, begin, end, axis, step) l = Reshape(k, flat) y = MatMul(l, wy) }}"""
    weights = {"wa": w(wide, 3, 1, 1), "ba": rng.standard_normal(wide), "wd": w(wide, 1, 3, 3), "wb": w(wide, 3, 1, 1), "wc": w(other, wide, 1, 1),
               "wi": w(other, wide, 1, 1), "wy": w(flat, 5), "one": np.ones(1)}  # fmt: skip
    return front(import_model(model(text, **weights)))


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 2**31))
def test_the_network_computes_the_same(wide: int, other: int, seed: int) -> None:
    graph = net(np.random.default_rng(seed), wide, other)
    even, data = graph.copy(), pictures(4, seed % 1000)
    before = watched(graph, data)
    assert smooth(even, before, float_made(graph)) >= 8
    for x in pictures(3, 7):
        exact, found = (Interpreted(g)(x[None]).astype(np.float64) for g in (graph, even))
        assert np.abs(exact - found).max() <= 1e-4 * np.abs(exact).max()
    after = watched(even, data)
    for v in ("r",):  # read by a depthwise layer alone: channels end up alike
        tops = after[v].channels
        assert tops is not None and tops[tops > 0].max() < 1.001 * tops[tops > 0].min()
        assert abs(float(tops.max()) - before[v].top) < 1e-3 * before[v].top  # and as large as the largest was


def test_parts_of_a_concat_are_made_alike() -> None:
    """One part of a concat is a thousand times smaller: its own scale, so to speak, brings its bits back."""
    rng = np.random.default_rng(0)
    w = {"w1": rng.standard_normal((4, 3, 1, 1)), "w2": rng.standard_normal((4, 3, 1, 1)) / 1000, "w3": rng.standard_normal((5, 8, 1, 1))}
    w["w3"][:, 4:] *= 1000
    text = """net (float[1, 3, 8, 8] x) => (float[1, 5, 8, 8] y) { a = Conv(x, w1) b = Conv(x, w2) r = Relu(a) s = Relu(b)
        c = Concat<axis = 1>(r, s) y = Conv(c, w3) }"""
    graph, data = front(import_model(model(text, **w))), pictures(12)
    samples = open_samples(data, ports_of(graph))
    plain, even = (quantize_graph(graph, samples, Interpreted, Options("minmax", float_outputs=True, by_results=b)) for b in (False, True))
    assert [name for name, _ in ways(graph, plain.watched)] == ["activations"]
    assert even.layers["y"].sqnr > plain.layers["y"].sqnr + 20
    assert any("evened out by activations" in n for n in even.notes)


def test_errors_are_judged_by_channel() -> None:
    """Numbers of another kind, a thousand times larger, do not hide those that are all wrong."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 6)) * np.array([1000.0, 1000.0, 1, 1, 1, 1])
    y = x.copy()
    y[:, 2:] = 0.0
    d, floor = Difference(), Difference()
    for a, b in zip(x, y, strict=True):
        d.add(Difference.between(a, b, apart=True))
        floor.add(Difference.between(a * np.array([1, 1, 1000.0, 1000, 1000, 1e-9]), b * np.array([1, 1, 1000.0, 1000, 1000, 0]), apart=True))
    signal = (x**2).sum(0)
    assert np.isclose(d.relative, (((x - y) ** 2).sum(0) / (signal + 0.01 * signal.mean())).mean())
    assert 0.45 < floor.relative < 0.52 and Difference().relative == 0.0


def test_length_counts() -> None:
    rng = np.random.default_rng(0)
    t, e = rng.standard_normal((2, 100))
    both = [np.asarray(v) for v in (t @ t, t @ e * 0.01, e @ e * 0.0001)]
    assert np.isclose(half_relative_error(*both), 0.5 * np.square(0.01 * e).sum() / np.square(t).sum())
    longer = [np.asarray(v) for v in (t @ t, t @ t * 0.1, t @ t * 0.01)]  # a cosine of 1
    assert np.isclose(half_relative_error(*longer), 0.005)
    zero, one = np.asarray(0.0), np.asarray(1.0)
    assert half_relative_error(zero, zero, zero) == 0 and half_relative_error(zero, zero, one) == 1 == half_relative_error(one, one, one * 1e300)


def test_what_no_integer_operator_reads_stays_in_floats() -> None:
    """A square that only a mean over all axes reads, what leads to results, and all of it rounded with integers_only or integer results."""
    rng = np.random.default_rng(0)
    text = """net (float[1, 3, 8, 8] x) => (float[1, 1, 1, 1] g, float[1, 8, 8, 4] t) <int64[3] all = {1, 2, 3}> {
        a = Conv(x, w) p = Mul(a, a) g = ReduceMean(p, all) c = Conv(a, v) t = Transpose<perm = [0, 2, 3, 1]>(c) }"""
    graph = front(import_model(model(text, w=rng.standard_normal((4, 3, 1, 1)), v=rng.standard_normal((4, 4, 1, 1)))))
    assert set(make_plan(graph, float_outputs=True).group) == {"x", "a"}
    assert set(make_plan(graph).group) == {"x", "a", "c", "t"}
    assert set(make_plan(graph, integers_only=True).group) == {"x", "a", "p", "c", "t"}
    plan = make_plan(graph, float_outputs=True)
    assert others_read(graph, plan, {"a", "c"}) == {"a"} and others_read(graph, plan, {"a"}) == {"a"} and others_read(graph, plan, set()) == {"x", "a"}

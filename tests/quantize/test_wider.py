"""What `best` adds: which values are judged, how many layers stay in floats, and that it helps a network it should help."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.api import import_model
from pith.quant.calibration import open_samples, ports_of
from pith.quant.flow import front, quantize_graph
from pith.quant.options import Options
from pith.quant.plan import make_plan
from pith.quant.wider import as_long_as_they_pay, carried, cheapest, judged, most
from tests.quantize.nets import Interpreted, model, pictures, small_net


def test_results_are_judged_before_a_softmax() -> None:
    text = """net (float[1, 4] x) => (float[1, 4] p, float[1, 4] r, float[1, 4] q) <int64[2] s = {1, 4}> {
        a = MatMul(x, w) b = Softmax<axis = -1>(a) p = Reshape(b, s) r = Relu(a) q = Sigmoid(x) }"""
    graph = front(import_model(model(text, w=np.eye(4) + 1)))
    found = judged(graph)
    assert graph.producers()[found[0]].op == "matmul" and found[1] == "r"
    assert found[2] == "q"  # a sigmoid of the input itself: there is nothing in front


def test_each_layer_in_floats_is_worth_its_price() -> None:
    assert cheapest([]) == 0 and cheapest([1e-9, 0.0]) == 0  # nothing to gain
    assert cheapest([1.0, 0.95, 0.5, 0.49]) == 2 and cheapest([1.0, 1.1]) == 0
    assert [most(n) for n in (1, 2, 7, 20, 100)] == [0, 1, 2, 4, 20]


def test_layers_are_tried_until_they_no_longer_pay() -> None:
    looked: list[int] = []

    def look(some: Sequence[int]) -> list[tuple[float, str]]:
        looked.extend(some)
        return [([0.5, 0.4, 0.2, 0.19, 0.185, 0.18, 0.0][k], f"{k}") for k in some]

    errors, seen = as_long_as_they_pay(1.0, list(range(7)), look)
    assert looked == [0, 1, 2, 3, 4, 5] and errors == [1.0, 0.5, 0.4, 0.2, 0.19, 0.185, 0.18] and seen[cheapest(errors) - 1] == "2"
    assert as_long_as_they_pay(1e-9, [0], look) == ([1e-9, 0.5], ["0"]) and as_long_as_they_pay(1.0, [], look) == ([1.0], [])


def test_a_sum_of_what_a_layer_in_floats_makes_is_in_floats() -> None:
    """Through functions and moves; what integers read of it is rounded once, and nothing of it with integers alone."""
    text = """net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) {
        a = Conv(x, wa) r = Relu(a) t = Transpose<perm = [0, 1, 3, 2]>(r) b = Conv(x, wb) s = Add(t, b) p = Relu(s) y = Conv(p, wy) }"""
    net = front(import_model(model(text, wa=np.ones((4, 3, 1, 1)), wb=np.full((4, 3, 1, 1), 2.0), wy=np.ones((4, 4, 1, 1)))))
    names = {layer.key: layer.name for layer in make_plan(net).layers}
    floats = frozenset({names["a"]})
    plain, kept, tight = (make_plan(net, keep=k, float_outputs=True, integers_only=i) for k, i in ((frozenset(), False), (floats, False), (floats, True)))
    assert {"x", "r", "b", "p"} <= plain.group.keys() and {"r", "b", "p"} <= tight.group.keys()
    assert {"x", "p"} == kept.group.keys()  # x for the other layer, p for the last
    net = small_net()
    data, exact = pictures(16), Interpreted(net)
    key = next(layer.name for layer in make_plan(front(net)).layers if layer.key == "c3")
    outcome = quantize_graph(net, open_samples(data, ports_of(net)), Interpreted, Options("minmax", rounding=False, bias=False, keep=frozenset({key})))
    assert "c3" not in outcome.plan.group and "a" in outcome.plan.group
    y = np.concatenate([Interpreted(outcome.graph)(x[None]) - exact(x[None]) for x in data])
    assert np.abs(y).max() < 0.1 * np.abs(np.concatenate([exact(x[None]) for x in data])).max()


def test_numbers_are_carried_to_a_plan_with_fewer_layers() -> None:
    net, data = front(small_net()), pictures(4)
    outcome = quantize_graph(small_net(), open_samples(data, ports_of(net)), Interpreted, Options("minmax", rounding=False, bias=False))
    new = make_plan(outcome.source, keep=frozenset({outcome.plan.layers[1].name}))
    numbers = carried(outcome.plan, outcome.numbers, new)
    assert numbers is not None and numbers.weights.keys() == {layer.key for layer in new.layers} < outcome.numbers.weights.keys()
    assert all(numbers.grids[new.group[v]] == outcome.numbers.grids[outcome.plan.group[v]] for v in new.group)
    assert carried(new, numbers, outcome.plan) is None  # not the other way round


def test_best_mends_channels_of_very_different_size() -> None:
    """Two depthwise layers whose channels differ a thousandfold: evened out, or in floats, they lose little; plain grids lose most."""
    rng = np.random.default_rng(0)
    size = 10.0 ** np.linspace(-3, 0, 8)
    text = """net (float[1, 8, 8, 8] x) => (float[1, 4, 8, 8] y) {
        a = Conv(x, w1) r = Relu(a) b = Conv<pads = [1, 1, 1, 1], group = 8>(r, w2) s = Relu(b) y = Conv(s, w3) }"""
    w = {"w1": rng.standard_normal((8, 8, 1, 1)) * size.reshape(-1, 1, 1, 1), "w2": rng.standard_normal((8, 1, 3, 3)),
         "w3": rng.standard_normal((4, 8, 1, 1)) / size.reshape(1, -1, 1, 1)}  # fmt: skip
    net, data = import_model(model(text, **w)), pictures(10, shape=(8, 8, 8))
    samples = open_samples(data, ports_of(net))
    plain, best = (quantize_graph(net, samples, Interpreted, o) for o in (Options("minmax"), Options("minmax", best=True, float_outputs=True)))
    unseen = pictures(4, 9, (8, 8, 8))
    exact = np.concatenate([Interpreted(net)(x[None]) for x in unseen])
    before, after = (np.square(np.concatenate([Interpreted(o.graph)(x[None]) for x in unseen]) - exact).sum() for o in (plain, best))
    assert after < before / 100
    assert any("evened out" in n for n in best.notes) and len(best.plan.kept) <= most(3)


def test_integers_only_leaves_no_layer_in_floats() -> None:
    """Even where a layer in floats would pay: two channels, one of which no single grid of the input can show."""
    rng = np.random.default_rng(0)
    text = "net (float[1, 8, 8, 8] x) => (float[1, 4, 8, 8] y) { a = Conv(x, w1) r = Relu(a) y = Conv(r, w2) }"
    size = np.array([1e-4] * 7 + [1.0]).reshape(1, 8, 1, 1)
    net = import_model(model(text, w1=rng.standard_normal((8, 8, 1, 1)) / size, w2=rng.standard_normal((4, 8, 1, 1))))
    samples = open_samples(pictures(10, shape=(8, 8, 8)) * size[0], ports_of(net))
    free, only = (
        quantize_graph(net, samples, Interpreted, Options("minmax", best=True, float_outputs=True, integers_only=only)) for only in (False, True)
    )
    assert [len(o.plan.kept) for o in (free, only)] == [1, 0]
    assert any("`best` allows it" in n for n in free.notes) and not any("in floats:" in n for n in only.notes)

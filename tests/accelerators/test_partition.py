"""What accelerators may claim and emit, and what is said of those that do otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pith
from pith.accelerators import Const, Emission, Float, In, Int, Out, Scratch, base, find, partition
from pith.graph import DType, Graph, Node, TensorType
from pith.graph.errors import BuildError, PithError, UnsupportedError
from pith.ops.base import add_node, load_all
from pith.ops.interpret import run_reference

load_all()
COPY = "static void one_copy(const float *x, float *y, int32_t n) { for (int32_t i = 0; i < n; i++) y[i] = x[i]; }"


class One:
    """Claims the nodes whose places are in `groups`; emits what `make` gives, or zeros the outputs."""

    name = "one"

    def __init__(self, groups: Sequence[Sequence[int]] = ((1,),), make: Callable[[Graph], Any] | None = None) -> None:
        self.groups, self.make = groups, make

    def claim(self, graph: Graph) -> Any:
        return [[graph.nodes[k] for k in g] for g in self.groups]

    def emit(self, part: Graph) -> Any:
        if self.make is not None:
            return self.make(part)
        outs = range(len(part.outputs))
        text = "static void one_{}({}) {{ {} }}".format(
            "_".join(str(part.types[o].size) for o in part.outputs), ", ".join(f"float *y{k}" for k in outs),
            " ".join(f"for (int i = 0; i < {part.types[o].size}; i++) y{k}[i] = 0;" for k, o in enumerate(part.outputs)),
        )  # fmt: skip
        return Emission(str(re.search(r"one_\w+", text)[0]), text, tuple(Out(k) for k in outs))  # type: ignore[index]


def chain() -> Graph:
    """x -> relu a -> softmax b, a -> lrn-free diamond: c = a + b, d = softmax c; outputs c and d."""
    graph = Graph(name="chain", inputs=["x"], types={"x": TensorType(DType.F32, (3, 4))})
    a = add_node(graph, "softmax", ["x"], {"axis": 1}, outputs=["a"])
    b = add_node(graph, "softmax", [a], {"axis": 0}, outputs=["b"])
    c = add_node(graph, "add", [a, b], outputs=["c"])
    d = add_node(graph, "softmax", [c], {"axis": 1}, outputs=["d"])
    graph.outputs = [c, d]
    return graph


def emits(**changed: Any) -> One:
    good = Emission("one_copy", COPY, (In(0), Out(0), Int(12)), headers=("stdint.h",))
    return One(make=lambda part: replace(good, **changed))


def test_what_is_emitted_is_called() -> None:
    """Constants, scratch memory, numbers and texts before the function arrive; the processor does the rest, before and behind."""
    text = """static void one_scaled(const float *x, const float *c, float *s, float *y, int32_t n, float by) {
  for (int32_t i = 0; i < n; i++) s[i] = x[i] * by;
  for (int32_t i = 0; i < n; i++) y[i] = one_plus(s[i], c[i]);
}"""
    more = np.arange(12, dtype=np.float32)
    made = Emission("one_scaled", text, (In(0), Const(more), Scratch(0), Out(0), Int(12), Float(0.5)), 48, ("stdint.h",),
                    {"one_plus": "static float one_plus(float a, float b) { return a + b; }"})  # fmt: skip
    graph, x = chain(), np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    session = pith.compile(graph, accelerators=[One(make=lambda part: made)])
    a = run_reference(graph, {"x": x})
    c, d = session(x)
    np.testing.assert_allclose(c, _first(graph, x) * 1.5 + more.reshape(3, 4), rtol=1e-6)
    assert not np.allclose(c, a[0]) and d.shape == (3, 4)
    (step,) = [s for s in session.manifest["variants"][0]["steps"] if s["op"] == "accelerated"]
    assert step["why"] == "claimed by one" and step["kernel"] == "one_scaled"


def _first(graph: Graph, x: np.ndarray) -> np.ndarray:
    only = graph.copy()
    only.outputs = ["a"]
    only.drop_unused()
    return run_reference(only, {"x": x})[0]


@settings(max_examples=60)
@given(st.data())
def test_any_claim_gives_the_same_network_or_an_error(data: st.DataObject) -> None:
    """Random graphs, random groups: the graph behind is whole and computes the same, or the claim was no convex group."""
    graph = Graph(name="g", inputs=["x"], types={"x": TensorType(DType.F32, (2, 3))})
    values = ["x"]
    for k in range(data.draw(st.integers(1, 7))):
        picks = [data.draw(st.sampled_from(values)) for _ in range(2)]
        values.append(add_node(graph, data.draw(st.sampled_from(["add", "mul"])), picks, outputs=[f"v{k}"]))
    graph.outputs = list(dict.fromkeys([values[-1], data.draw(st.sampled_from(values[1:]))]))
    graph.drop_unused()
    count = len(graph.nodes)
    colours = [data.draw(st.integers(0, 3)) for _ in range(count)]
    groups = [[k for k in range(count) if colours[k] == c] for c in (1, 2) if c in colours]
    x = {"x": np.random.default_rng(1).standard_normal((2, 3)).astype(np.float32)} if graph.inputs else {}
    want, before = run_reference(graph, x), graph.copy()
    try:
        assert partition(graph, [One(groups)]) == len(groups)
    except BuildError as e:
        assert "in its middle" in str(e) or "need each other" in str(e)
        assert any(_comes_back(before, g) for g in groups) or len(groups) == 2
        return
    assert not any(_comes_back(before, g) for g in groups)
    graph.validate()
    assert sum(n.op == "accelerated" for n in graph.nodes) == len(groups)
    for a, b in zip(run_reference(graph, x), want, strict=True):
        np.testing.assert_array_equal(a, b)


def _comes_back(graph: Graph, group: list[int]) -> bool:
    """Whether a path leaves the group and comes back, by looking at all paths."""
    makers = {o: k for k, n in enumerate(graph.nodes) for o in n.outputs}

    def reaches(k: int) -> bool:
        """Whether node k, outside, needs something of the group."""
        return any(i in makers and (makers[i] in group or reaches(makers[i])) for i in graph.nodes[k].inputs)

    return any(i in makers and makers[i] not in group and reaches(makers[i]) for k in group for i in graph.nodes[k].inputs)


def raiser(*_: object) -> None:
    raise ZeroDivisionError("oh")


class Claims(One):
    def __init__(self, claim: Callable[[Graph], Any]) -> None:
        super().__init__()
        self.claim = claim  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (Claims(raiser), r"accelerator one failed in claim: ZeroDivisionError: oh(?s:.*)leave --accelerator out"),
        (Claims(lambda g: 7), r"failed in claim: TypeError"),
        (Claims(lambda g: None), r"failed in claim: TypeError"),
        (Claims(lambda g: [[]]), r"claims what is no group of the graph's nodes"),
        (Claims(lambda g: [[Node("add", ["x", "x"], ["a"])]]), r"claims what is no group"),
        (Claims(lambda g: [["softmax"]]), r"claims what is no group"),
        (Claims(lambda g: [[g.nodes[0], g.nodes[0]]]), r"claims what is no group"),
        (Claims(lambda g: [[g.nodes[0]], [g.nodes[0]]]), r"claims node a twice"),
        (Claims(lambda g: [[g.nodes[0], g.nodes[2]]]), r"a node outside in its middle: 'b'(?s:.*)node c"),
        (One(make=raiser), r"accelerator one failed in emit: ZeroDivisionError(?s:.*)node b"),
        (One(make=lambda part: "text"), r"a str instead of an Emission"),
        (emits(function="copy"), r"'copy' is no C name that begins with one_"),
        (emits(function="one_x(); int y"), r"is no C name"),
        (emits(text="static void two(void) {}"), r"text does not define one_copy"),
        (emits(text=7), r"text does not define"),
        (emits(args=[In(0), Out(0)]), r"args are no tuple"),
        (emits(args=(In(1), Out(0))), r"In\(index=1, step=0\) of 1"),
        (emits(args=(In(-1), Out(0))), r"In\(index=-1"),
        (emits(args=(In(0), Out(2))), r"Out\(index=2"),
        (emits(args=(In(0),)), r"no argument is Out\(0\), so nothing writes 'b'"),
        (emits(args=(Out(0), Const("weights"))), r"holds no array"),
        (emits(args=(Out(0), Const(np.array([object()])))), r"holds no array"),
        (emits(args=(Out(0), Int(1 << 31))), r"no int32_t"),
        (emits(args=(Out(0), Float(float("nan")))), r"no number"),
        (emits(args=(Out(0), Scratch(64)), scratch=64), r"Scratch\(offset=64\) of 64 bytes"),
        (emits(scratch=-1), r"-1 bytes of scratch"),
        (emits(headers=("stdint.h>\n#error",)), r"names of headers"),
        (emits(before={"other": ""}), r"begin with one_"),
        (One([[0], [1]], lambda part: Emission("one_f", f"void one_f() {{ /* {part.name} */ }}", (Out(0),))), r"two texts of one_f that differ"),
        (emits(text="static void one_copy(const float *x, float *y, int32_t n) { oh }"), r"failed \(exit code 1\)(?s:.*)oh"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_plug_in_that_errs(plugin: One, said: str) -> None:
    with pytest.raises(PithError, match=said):
        pith.compile(chain(), accelerators=[plugin])


def test_two_accelerators() -> None:
    """The first has what both claim when the second keeps off it, and the second is told when it does not."""

    class Two(One):
        name = "two"

    graph = chain()
    assert partition(graph, [One([[3]]), Two([[1]], lambda part: Emission("two_f", "static void two_f(float *y) {}", (Out(0),)))]) == 2
    assert [n.attrs.get("by") for n in graph.nodes] == [None, "two", None, "one"]
    with pytest.raises(BuildError, match="accelerator two claims node d, which another accelerator has"):
        partition(chain(), [One([[3]]), Two([[3]])])


def test_parts_that_need_each_other() -> None:
    graph = Graph(name="g", inputs=["x"], types={"x": TensorType(DType.F32, (2,))})
    for out, of in (("a", ["x", "x"]), ("b", ["x", "x"]), ("c", ["a", "x"]), ("d", ["b", "x"])):
        add_node(graph, "add", of, outputs=[out])
    graph.outputs = ["c", "d"]
    with pytest.raises(BuildError, match="need each other's results"):
        partition(graph, [One([[0, 3], [1, 2]])])


def entry(value: str) -> dict[str, EntryPoint]:
    return {"one": EntryPoint("one", value, base.GROUP)}


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        ("no.such.module:One", BuildError, r"accelerator one cannot be loaded(?s:.*)no.such.module:One(?s:.*)ModuleNotFoundError"),
        ("tests.accelerators.test_partition:Missing", BuildError, r"cannot be loaded(?s:.*)AttributeError"),
        ("tests.accelerators.test_partition:COPY", BuildError, r"without a proper name"),
        ("collections:OrderedDict", BuildError, r"without a proper name"),
    ],
)
def test_plug_ins_that_cannot_be_loaded(value: str, error: type[PithError], said: str) -> None:
    with mock.patch.object(base, "installed", lambda: entry(value)), pytest.raises(error, match=said):
        find("one")


def test_names() -> None:
    with mock.patch.object(base, "installed", lambda: entry("tests.accelerators.test_partition:One")):
        assert isinstance(find("one"), One)
        with pytest.raises(UnsupportedError, match=r"no accelerator 'gpu' is installed(?s:.*)one of: one"):
            find("gpu")
    for name in ("One", "", "a-b", "pith_own", "x" * 33, 7, None):
        plugin = One()
        plugin.name = name  # type: ignore[assignment]
        with pytest.raises(BuildError, match="without a proper name"):
            find(plugin)
    with pytest.raises(BuildError, match="accelerator one has no method claim"):
        find(type("Half", (), {"name": "one"})())

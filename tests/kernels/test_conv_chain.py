"""Fused blocks against their convolutions in float64, one after the other, on every instruction set that runs here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import Compilation, compile_graph, generate
from pith.graph import DType, Expr, Graph, TensorType
from pith.kernels import conv_chain_f32_strip as module
from pith.kernels.base import Schedule
from pith.lower import chains
from pith.ops.base import OPS, add_node
from pith.targets.base import get_target
from tests.kernels.products import EPILOGUES, TARGET_NAMES, extras_for, in_float64, only

VECTORS = [t for t in TARGET_NAMES if get_target(t).isa.lanes(4) > 1]
INNER = ["", "relu", "relu6", "leaky", "hard_swish", "prelu"]
LAST = [*INNER, "sigmoid", "residual", "affine_add", "silu_add"]
EPS = 2.0**-24


@dataclass
class Stage:
    """One convolution: weights, bias, attributes, extras and their kinds."""

    w: np.ndarray
    b: np.ndarray | None
    attrs: dict[str, Any]
    extras: list[np.ndarray]
    kinds: tuple[str, ...]


@dataclass
class Chain:
    """A block and its input; `own`: the last residual is the input itself."""

    x: np.ndarray
    stages: list[Stage]
    own: bool = False

    def add(self, graph: Graph, n: int, feeds: list[np.ndarray]) -> None:
        def fed(name: str, a: np.ndarray) -> str:
            graph.types[name] = TensorType(DType.F32, a.shape)
            graph.inputs.append(name)
            feeds.append(a)
            return name

        x = add_node(graph, "neg", [fed(f"c{n}", self.x)])  # in the arena, where it may be overwritten
        inputs, counts = [x], []
        for s in self.stages:
            own = [graph.add_constant(s.w), graph.add_constant(s.b) if s.b is not None else ""]
            for i, (a, kind) in enumerate(zip(s.extras, s.kinds, strict=True)):
                whole = x if self.own else fed(f"c{n}_{len(inputs)}_{i}", a) if kind == "full" else ""
                own.append(whole if kind == "full" else graph.add_constant(a))
            inputs += own
            counts.append(len(own))
        attrs = {"stages": tuple(s.attrs for s in self.stages), "counts": tuple(counts)}
        graph.outputs.append(add_node(graph, "conv_chain", inputs, attrs, outputs=[f"y{n}"]))

    def check(self, got: np.ndarray) -> None:
        """A running bound on the error: what a convolution is given, through its weights; its own rounding (Higham 3.1 with a
        square root); the epilogue, which multiplies errors by at most 1.2 and rounds a few times."""
        conv, x = OPS["conv"], -self.x.astype(np.float64)
        start, error = x, np.zeros_like(x)
        for s in self.stages:
            w, b = s.w.astype(np.float64), np.zeros(len(s.w)) if s.b is None else s.b.astype(np.float64)
            plain = {k: v for k, v in s.attrs.items() if k != "epilogue"}
            expr: Expr | None = s.attrs.get("epilogue")
            extras = [start if self.own and k == "full" else e.astype(np.float64) for e, k in zip(s.extras, s.kinds, strict=True)]
            size = conv.reference([np.abs(x), np.abs(w), np.abs(b)], plain)[0]
            error = conv.reference([error, np.abs(w), None], plain)[0] + 4 * EPS * np.sqrt(w[0].size + 1) * size
            x = conv.reference([x, w, b, *extras], plain if expr is None else {**plain, "epilogue": in_float64(expr)})[0]
            error = 1.2 * error + 8 * EPS * (np.abs(x) + (1 + size if expr is not None else 0))
        assert got.shape == x.shape and np.isfinite(got).all()
        off = np.abs(got - x)
        assert (off <= error + 1e-37).all(), f"{self}: {int((off > error).sum())} of {off.size} are off, by up to {off.max()}"

    def __str__(self) -> str:
        return f"{self.x.shape} {[(s.w.shape, s.attrs['strides'], s.attrs['pads'], s.kinds) for s in self.stages]} own {self.own}"


def stage(rng: np.random.Generator, x: tuple[int, ...], w: tuple[int, ...], epilogue: str, *, own: bool = False, **attrs: Any) -> Stage:
    """A convolution of a value of shape `x`; its epilogue from `EPILOGUES`."""
    full = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last", **attrs}
    weights = (rng.standard_normal(w) / np.sqrt(np.prod(w[1:]))).astype(np.float32)
    bias = rng.standard_normal(w[0]).astype(np.float32) if rng.integers(3) else None
    expr, kinds = EPILOGUES[epilogue] if epilogue else (None, ())
    types = [TensorType(DType.F32, x), TensorType(DType.F32, w), None]
    shape = OPS["conv"].infer(types, full)[0].shape
    if expr is not None:
        full["epilogue"] = expr
    return Stage(weights, bias, full, extras_for(rng, kinds, shape, -1), kinds)


def out_shape(x: tuple[int, ...], s: Stage) -> tuple[int, ...]:
    return OPS["conv"].infer([TensorType(DType.F32, x), TensorType(DType.F32, s.w.shape), None], s.attrs)[0].shape


def random_chain(rng: np.random.Generator, form: str = "") -> Chain:
    """A block of any of the three forms, "ed", "dp", "edp", of odd sizes."""
    form = form or str(rng.choice(["ed", "dp", "edp"]))
    kh, kw = (int(rng.choice([1, 3, 3, 5, 7])), int(rng.choice([2, 3, 3, 5])))
    sh, sw = (int(rng.integers(1, 4)), int(rng.integers(1, 4))) if rng.integers(2) else (1, 1)
    sh = min(sh, kh)
    top, left, bottom, right = (int(rng.integers(k)) for k in (kh, kw, kh, kw))
    if rng.integers(2):
        top, left, bottom, right = kh // 2, kw // 2, (kh - 1) // 2, (kw - 1) // 2
    h, w = (int(rng.integers(max(2, k - p), 20)) for k, p in ((kh, top + bottom), (kw, left + right)))
    k, c = int(rng.integers(1, 21)), int(rng.choice([2, 3, 8, 13, 16, 23, 24, 33, 48]))
    x: tuple[int, ...] = (int(rng.integers(1, 3)), h, w, k if form[0] == "e" else c)
    start, stages = x, []
    if form[0] == "e":
        stages.append(stage(rng, x, (c, k, 1, 1), str(rng.choice(INNER))))
        x = out_shape(x, stages[-1])
    attrs = {"strides": (sh, sw), "pads": (top, left, bottom, right), "group": c}
    stages.append(stage(rng, x, (c, 1, kh, kw), str(rng.choice(INNER)), **attrs))
    x = out_shape(x, stages[-1])
    own = False
    if form[-1] == "p":
        n = start[-1] if rng.integers(2) else int(rng.integers(1, 40))
        stages.append(stage(rng, x, (n, c, 1, 1), str(rng.choice(LAST))))
        own = out_shape(x, stages[-1]) == start and bool(rng.integers(4))
    return Chain((rng.standard_normal(start) * 2).astype(np.float32), stages, own)


def built(cases: list[Chain]) -> tuple[Graph, list[np.ndarray]]:
    graph, feeds = Graph("chains"), []
    for n, c in enumerate(cases):
        c.add(graph, n, feeds)
    graph.validate()
    return graph, feeds


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains stay chains, however small."""
    monkeypatch.setattr(chains, "pays", lambda call: True)


def run(cases: list[Chain], target: str) -> None:
    graph, feeds = built(cases)
    with only("conv_chain", "strip"):
        session = compile_graph(graph, target, optimize=False, opt="-O1")
    steps = [s for s in session.manifest["variants"][0]["steps"] if s["op"] == "conv_chain"]
    assert [s["family"] for s in steps] == ["strip"] * len(cases)
    got = session(*feeds)
    for case, y in zip(cases, got if isinstance(got, tuple) else (got,), strict=True):
        case.check(y)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("target", VECTORS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_any_block(target: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    run([random_chain(rng) for _ in range(12)], target)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("form", ["ed", "dp", "edp"])
def test_bands_for_threads(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows at the seams are computed on both sides."""
    monkeypatch.setattr(module.ConvChainStrip, "bands", lambda self, call: min(3, call.outputs[0].shape[1]))
    rng = np.random.default_rng(11)
    run([random_chain(rng, form) for _ in range(12)], "host")


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("near", [1 << 10, 1 << 13, 1 << 15])
def test_strips_and_steps_of_few_rows(near: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With caches so small that a picture takes many strips, and those many steps."""
    plan = module.plan_of
    seen = set()

    def small(call: Any, links: Any) -> Any:
        p = plan(replace(call, schedule=Schedule.of(first=2 * near, second=near)), links)
        seen.add((p.rows, p.step))
        return p

    monkeypatch.setattr(module, "plan_of", small)
    rng = np.random.default_rng(near)
    run([random_chain(rng, "edp" if i % 3 else "ed") for i in range(18)], "host")
    assert len(seen) > 1


def compiled(case: Chain, target: str = "x86-64-v3") -> Compilation:
    return generate([built([case])[0]], get_target(target), "chain")


def block(h: int, k: int, c: int, inner: str = "relu6") -> Chain:
    """An inverted residual."""
    rng = np.random.default_rng(3)
    x = (1, h, h, k)
    e = stage(rng, x, (c, k, 1, 1), inner)
    d = stage(rng, (1, h, h, c), (c, 1, 3, 3), inner, pads=(1,) * 4, group=c)
    p = stage(rng, (1, h, h, c), (k, c, 1, 1), "residual")
    return Chain(rng.standard_normal(x).astype(np.float32), [e, d, p], own=True)


@pytest.mark.parametrize(
    ("h", "target", "inner", "strips"),
    [(56, "x86-64-v3", "relu6", True), (14, "x86-64-v3", "relu6", False), (56, "c99", "relu6", False), (56, "x86-64-v3", "sigmoid", False)],
)
def test_only_where_it_pays(h: int, target: str, inner: str, strips: bool) -> None:
    """Small tensors stay in cache anyhow; without vectors, or with functions between, there is no kernel: the chain is its
    convolutions again."""
    result = compiled(block(h, 24, 144, inner), target)
    kernels = [s.kernel for s in result.programs[0].steps if s.op in ("conv", "conv_chain")]
    assert (kernels == ["strip"]) if strips else (len(kernels) == 3 and "strip" not in kernels)
    assert [n.op for n in result.graphs[0].nodes] == ["neg", "conv_chain"]


def test_wide_values_need_no_memory() -> None:
    """The expanded value is not in the arena, and the result of the block takes over its input's memory."""
    graph, _ = built([block(56, 24, 144)])
    graph.outputs = [add_node(graph, "neg", graph.outputs)]
    program = generate([graph], get_target("x86-64-v3"), "chain").programs[0]
    assert program.arena_size < 4 * 56 * 56 * 144 / 3
    assert len([b for b in program.buffers if b.kind == "arena" and b.first >= 0 and b.nbytes == 4 * 56 * 56 * 24]) == 1


def test_chain_in_another_type_is_taken_apart() -> None:
    """Half floats: no kernel takes the chain whole, and the result is that of its convolutions."""
    graph = Graph("half", inputs=["x"], types={"x": TensorType(DType.F16, (1, 5, 5, 3))})
    rng = np.random.default_rng(0)
    w, d = rng.standard_normal((4, 3, 1, 1)).astype(np.float16), rng.standard_normal((4, 1, 3, 3)).astype(np.float16)
    at = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "layout": "channels_last"}
    attrs = {"stages": ({**at, "group": 1}, {**at, "group": 4}), "counts": (2, 1)}
    graph.outputs = [add_node(graph, "conv_chain", ["x", graph.add_constant(w), "", graph.add_constant(d)], attrs)]
    x = rng.standard_normal((1, 5, 5, 3)).astype(np.float16)
    want = OPS["conv_chain"].reference([x, w, None, d], attrs)[0]
    got = compile_graph(graph, optimize=False)(x)
    assert got.dtype == np.float16
    np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=4e-3, atol=4e-3)

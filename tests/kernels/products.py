"""What the tests of conv, conv_transpose and matmul share: many cases in one library, judged against the reference."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np

from pith.api import compile_graph
from pith.graph import DType, Expr, Graph, TensorType
from pith.graph.expr import arg, call, clamp, select
from pith.kernels import base as kernels
from pith.ops import base as ops
from pith.targets.base import TARGETS, get_target
from pith.targets.base import load_all as load_targets

ops.load_all()
kernels.load_all()
load_targets()

# one for each instruction set: those that only add products of integers have the same float code
TARGET_NAMES = sorted(t for t in TARGETS if t != "host" and get_target(t).runs_here() and not get_target(t).isa.features)


@dataclass
class Case:
    """One operator call: arrays (None: left out), attributes, which inputs are constants of the graph."""

    op: str
    inputs: list[np.ndarray | None]
    attrs: dict[str, Any]
    constant: tuple[int, ...] = (1, 2)
    slack: float = 4.0
    label: str = ""

    def __str__(self) -> str:
        shapes = [None if i is None else (str(i.dtype), i.shape) for i in self.inputs]
        return f"{self.label} {self.op} {shapes} { {k: str(v) for k, v in self.attrs.items()} }"


@contextmanager
def only(op: str, name: str | None) -> Any:
    """Restrict the kernels of `op` to the one called `name` (None: leave the choice)."""
    chosen = [k for k in kernels.KERNELS[op] if name is None or k.name == name]
    assert chosen, f"no kernel {op}/{name}"
    with mock.patch.dict(kernels.KERNELS, {op: chosen}):
        yield


@dataclass
class Built:
    """Cases compiled into one library."""

    cases: Sequence[Case]
    session: Any
    families: list[str]
    feeds: list[np.ndarray] = field(default_factory=list)

    def outputs(self) -> list[np.ndarray]:
        result = self.session(*self.feeds)
        return list(result) if isinstance(result, tuple) else [result]


def graph_of(cases: Sequence[Case]) -> tuple[Graph, list[np.ndarray]]:
    """One graph that holds every case side by side, and the arrays of its inputs in order."""
    graph = Graph("cases")
    feeds: list[np.ndarray] = []
    for n, case in enumerate(cases):
        names = []
        for i, a in enumerate(case.inputs):
            name = f"c{n}_{i}" if a is not None else ""
            names.append(name)
            if a is None:
                continue
            if i in case.constant:
                graph.set_constant(name, a)
            else:
                graph.types[name] = TensorType(DType.of(a.dtype), a.shape)
                graph.inputs.append(name)
                feeds.append(a)
        graph.outputs.append(ops.add_node(graph, case.op, names, case.attrs, outputs=[f"y{n}"]))
    graph.validate()
    return graph, feeds


def build(cases: Sequence[Case], target: str, kernel: str | None = None, *, opt: str = "-O2") -> Built:
    """The cases compiled into one library for `target`, without passes; `kernel`: the one to use."""
    graph, feeds = graph_of(cases)
    with only(cases[0].op, kernel):
        session = compile_graph(graph, target, optimize=False, opt=opt)
    steps = session.manifest["variants"][0]["steps"]
    return Built(cases, session, [s["family"] for s in steps], feeds)


def magnitude(case: Case) -> tuple[np.ndarray, int]:
    """Sum of |a| |b| (and |bias|) behind every output, in float64, and the number of products behind one."""
    op = ops.OPS[case.op]
    absolute = [None if a is None else np.abs(a.astype(np.float64)) for a in case.inputs[:3]]
    attrs = {k: v for k, v in case.attrs.items() if k != "epilogue"}
    types = [None if a is None else TensorType(DType.of(a.dtype), a.shape) for a in case.inputs[:3]]
    out = op.infer(types, attrs)
    terms = op.macs(types, out, attrs) // max(out[0].size, 1) + 1
    return op.reference(absolute, attrs)[0], terms


def exact(case: Case) -> np.ndarray:
    """The reference in float64 throughout (integers: as they are)."""
    wide = [a if a is None or a.dtype.kind in "iu" else a.astype(np.float64) for a in case.inputs]
    attrs = dict(case.attrs)
    if attrs.get("epilogue") is not None and wide[0].dtype == np.float64:
        attrs["epilogue"] = in_float64(attrs["epilogue"])
    return ops.OPS[case.op].reference(wide, attrs)[0]


def in_float64(expr: Expr) -> Expr:
    """The expression with float32 replaced by float64."""
    dtype = DType.F64 if expr.dtype is DType.F32 else expr.dtype
    return Expr(expr.op, dtype, tuple(in_float64(a) for a in expr.args), expr.value)


def check(case: Case, got: np.ndarray) -> None:
    """Assert |error| <= slack * eps * (sqrt(terms) * sum |a||b| + |y|) for floats (Higham 3.1, with the usual square
    root for rounding errors of random sign), equality for integers."""
    want = exact(case)
    assert got.shape == want.shape, f"{case}: shape {got.shape}, expected {want.shape}"
    if got.dtype.kind in "iu":
        np.testing.assert_array_equal(got, want, err_msg=str(case))
        return
    size, terms = magnitude(case)
    eps = 2.0**-53 if got.dtype == np.float64 else 2.0**-24
    step = {"float16": 2.0**-11, "bfloat16": 2.0**-8}.get(str(got.dtype), eps)
    tiny = 6.0e-8 if str(got.dtype) == "float16" else 1e-37
    bound = case.slack * eps * (np.sqrt(terms) * size + np.abs(want)) + 1.01 * step * np.abs(want) + tiny
    error = np.abs(got.astype(np.float64) - want)
    worst = np.argmax(error - bound) if error.size else 0
    assert np.isfinite(got.astype(np.float64)).all(), f"{case}: not finite"
    assert (error <= bound).all(), (
        f"{case}: {int((error > bound).sum())} of {error.size} outputs are off; the worst, at "
        f"{np.unravel_index(worst, error.shape)}, is {got.reshape(-1)[worst]} for {want.reshape(-1)[worst]}"
    )


def check_all(built: Built) -> None:
    for case, got in zip(built.cases, built.outputs(), strict=True):
        check(case, got)


# ---- epilogues: the sensitivity of each to its accumulator is at most 1.2, which the slack of check covers

X = arg(0, DType.F32)
EPILOGUES: dict[str, tuple[Expr, tuple[str, ...]]] = {
    "relu": (call("max", X, 0), ()),
    "relu6": (clamp(X, 0, 6), ()),
    "leaky": (select(X < 0, X * 0.125, X), ()),
    "hard_swish": (X * clamp(X * (1 / 6) + 0.5, 0, 1), ()),
    "residual": (call("max", X + arg(1, DType.F32), 0), ("full",)),
    "prelu": (select(X < 0, X * arg(1, DType.F32), X), ("channel",)),
    "affine_add": (X * arg(1, DType.F32) + arg(2, DType.F32), ("channel", "full")),
    "sigmoid": (call("sigmoid", X), ()),
    "silu_add": (X * call("sigmoid", X) + arg(1, DType.F32), ("full",)),
    "neg_abs": (-call("abs", X), ()),
}


def extras_for(rng: np.random.Generator, kinds: Sequence[str], shape: tuple[int, ...], axis: int) -> list[np.ndarray]:
    """Arrays for the extras of an epilogue, within [-1, 1] so that they do not amplify errors."""
    return [rng.uniform(-1, 1, shape[axis] if k == "channel" else shape).astype(np.float32) for k in kinds]

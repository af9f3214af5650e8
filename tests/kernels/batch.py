"""Many single-operator cases in one library, judged against the NumPy references; for operators with any outputs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from pith.api import compile_graph, generate
from pith.graph import SMALL_FLOATS, DType, Graph, TensorType
from pith.kernels import base as kernels
from pith.ops import base as ops
from pith.targets.base import get_target
from tests.emit.harness import build_and_run
from tests.kernels.products import only

ops.load_all()
kernels.load_all()

TARGETS = ("c99", "host")
# unit roundoff of the types that round more than the float32 they are computed in
ROUNDOFF = {DType.F16: 2.0**-11, DType.BF16: 2.0**-8, DType.F64: 2.0**-53}


@dataclass
class Case:
    """One call: arrays (None: left out), attributes, the outputs wanted, the inputs that are constants of the graph.

    `slack`: allowed error of float outputs, in units of roundoff of the output's largest magnitude.
    """

    op: str
    inputs: list[np.ndarray | None]
    attrs: dict[str, Any]
    outputs: tuple[int, ...] = (0,)
    constant: tuple[int, ...] = ()
    slack: float = 16.0

    def __str__(self) -> str:
        shapes = [None if i is None else f"{i.dtype}{list(i.shape)}" for i in self.inputs]
        return f"{self.op} {shapes} {self.attrs}"

    def types(self) -> list[TensorType | None]:
        return [None if a is None else TensorType(DType.of(a.dtype), a.shape) for a in self.inputs]


def graph_of(cases: Sequence[Case]) -> tuple[Graph, list[np.ndarray]]:
    """One graph with every case side by side, and what to feed it."""
    graph, feeds = Graph("cases"), []
    for n, case in enumerate(cases):
        names = []
        for i, a in enumerate(case.inputs):
            names.append("" if a is None else f"c{n}_{i}")
            if a is None:
                continue
            if i in case.constant:
                graph.set_constant(names[-1], a)
            else:
                graph.types[names[-1]] = TensorType(DType.of(a.dtype), a.shape)
                graph.inputs.append(names[-1])
                feeds.append(a)
        count = max(case.outputs) + 1
        results = [f"y{n}_{k}" if k in case.outputs else "" for k in range(count)]
        ops.add_node(graph, case.op, names, case.attrs, outputs=results)
        graph.outputs += [r for r in results if r]
    graph.validate()
    return graph, feeds


def run(cases: Sequence[Case], target: str, kernel: str | None = None, opt: str = "-O2") -> None:
    """Compile all cases (with the kernel of that name, else the chosen one), run them, and judge every output."""
    graph, feeds = graph_of(cases)
    with only(cases[0].op, kernel):
        session = compile_graph(graph, target, optimize=False, opt=opt)
    got = session(*feeds)
    judge(cases, list(got) if isinstance(got, tuple) else [got])


def sanitize(cases: Sequence[Case], folder: Path) -> None:
    """The same under gcc with warnings as errors and the address and undefined-behaviour sanitizers."""
    graph, feeds = graph_of(cases)
    result = generate([graph], get_target("c99"), "cases")
    flags = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off"]
    with mock.patch.dict(os.environ, {"ASAN_OPTIONS": "detect_leaks=0"}):  # the driver frees nothing
        judge(cases, build_and_run(folder, result, feeds, ["gcc"], flags))


def judge(cases: Sequence[Case], got: list[np.ndarray]) -> None:
    queue = iter(got)
    for case in cases:
        want = ops.OPS[case.op].reference(case.inputs, case.attrs)
        for k in case.outputs:
            check(case, k, next(queue), want[k])


def check(case: Case, k: int, got: np.ndarray, want: np.ndarray) -> None:
    """Equality for integers; for floats |error| <= slack * roundoff * largest magnitude, NaN and infinity in the same places."""
    assert got.shape == want.shape and got.dtype == want.dtype, f"{case}: output {k} is {got.dtype}{got.shape}"
    dtype = DType.of(want.dtype)
    if not dtype.is_float:
        np.testing.assert_array_equal(got, want, err_msg=f"{case}, output {k}")
        return
    a, b = got.astype(np.float64), want.astype(np.float64)
    finite = np.isfinite(b)
    np.testing.assert_array_equal(a[~finite], b[~finite], err_msg=f"{case}, output {k}: NaN or infinity")
    size = float(np.abs(b[finite]).max(initial=0.0))
    step = ROUNDOFF.get(dtype, 2.0**-24 if dtype not in SMALL_FLOATS else 2.0**-3)
    slack = case.slack if dtype in (DType.F32, DType.F64) else 2.0 + case.slack * 2.0**-24 / step
    error = np.abs(a[finite] - b[finite])
    bound = slack * step * size + (6.0e-8 if dtype is DType.F16 else 0.0)
    assert (error <= bound).all(), f"{case}, output {k}: error {error.max()} with a bound of {bound}"


def floats(rng: np.random.Generator, shape: tuple[int, ...], dtype: str = "float32", scale: float = 1.0) -> np.ndarray:
    """Normally distributed numbers of any element type (bool: their signs)."""
    x = rng.standard_normal(shape) * scale
    return (x > 0) if dtype == "bool" else x.astype(DType(dtype).np)

"""The generic kernels of integers, bit for bit as the references have it, on every instruction set that runs here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import generate
from pith.graph import DType, Expr, TensorType
from pith.graph.expr import arg, call, cast, clamp, const, select
from pith.graph.fixed import quantized_multiplier
from pith.ops.base import OPS
from pith.ops.requantize import ACC, Requantize, Residual, build, clamped, fixed, limits, match, wide
from pith.targets.base import get_target
from tests.emit.harness import build_and_run, bundled_clang, compile_objects
from tests.kernels.products import TARGET_NAMES, Case, graph_of
from tests.kernels.products import build as compile_cases

ENDS = (
    "none", "number", "channel", "residual", "narrow", "float", "prelu", "hard_swish", "fixed", "fixed_channel", "fixed_residual", "wide",
)  # fmt: skip
LAST, FIRST = "channels_last", "channels_first"


def integers(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Over the whole range, with more than their share at its ends."""
    info = np.iinfo(dtype)
    x = rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    return np.where(rng.random(shape) < 0.2, rng.choice([info.min, info.max], shape), x).astype(dtype)


def finished(case: Case, rng: np.random.Generator, end: str, axis: int) -> Case:
    """The case with an epilogue of the kind `end`, its multiplier such that results spread over the range of 8 bits."""
    types = [None if a is None else TensorType(DType.of(a.dtype), a.shape) for a in case.inputs]
    shape = OPS[case.op].infer(types, case.attrs)[0].shape
    sums = OPS[case.op].reference(case.inputs, case.attrs)[0].astype(np.float64)
    m = np.float32(60 / (np.abs(sums).mean() + 1))
    channels = (m * rng.uniform(0.5, 2, shape[axis])).astype(np.float32)
    to = DType.U8 if rng.random() < 0.5 else DType.I8
    zero = int(rng.integers(-40, 40)) + (128 if to is DType.U8 else 0)
    vector, number = arg(1, DType.F32), const(float(m), DType.F32)
    real = cast(ACC, DType.F32) * vector
    if end == "none":
        return case
    extras: list[np.ndarray] = [channels]
    if end == "number":
        extras, expr = [], build(Requantize(number, limits(to, zero)))
    elif end == "residual":
        kind = np.uint8 if rng.random() < 0.5 else np.int8
        extras.append(integers(rng, shape, kind))
        expr = build(Requantize(vector, limits(to, zero, 0.0), Residual(arg(2, DType.of(kind)), 7, 0.6)))
    elif end in ("fixed", "fixed_channel", "fixed_residual", "wide"):
        expr, extras = _exact(rng, end, channels, to, zero, shape)
    elif end == "prelu":
        extras.append(rng.uniform(-0.5, 0.5, shape[axis]).astype(np.float32))
        expr = clamped(select(real >= 0, real, real * arg(2, DType.F32)), limits(to, zero))
    else:
        expr = {
            "channel": build(Requantize(vector, limits(to, zero))),
            "narrow": build(Requantize(vector, limits(DType.I8, 0, -63.0, 63.0))),
            "float": real + 0.25,
            "hard_swish": clamped(real * clamp(real * (1 / 6) + 0.5, 0.0, 1.0), limits(to, zero)),
        }[end]
    assert end in ("prelu", "float", "hard_swish", "fixed", "fixed_channel", "fixed_residual", "wide") or match(expr) is not None
    case.attrs["epilogue"] = expr
    case.inputs += extras
    case.constant += tuple(3 + k for k, e in enumerate(extras) if e.ndim == 1)
    case.label = end
    return case


def _exact(
    rng: np.random.Generator, end: str, channels: np.ndarray, to: DType, zero: int, shape: tuple[int, ...]
) -> tuple[Expr, list[np.ndarray]]:
    """Rules whose steps are integers or in float64: one factor or one a channel, and a sum of two scaled numbers behind it."""
    limits_of = np.iinfo(to.np)
    bounds = int(limits_of.min) + int(rng.integers(0, 9)), int(limits_of.max)
    if end == "wide":
        return wide(ACC, arg(1, DType.F64), zero, bounds, to), [channels.astype(np.float64)]
    pairs = [quantized_multiplier(float(c)) for c in channels]
    if end == "fixed":
        return fixed(ACC, *pairs[0], zero, bounds, to), []
    columns = [np.array([p[k] for p in pairs], np.int32) for k in (0, 1)]
    first = fixed(ACC, arg(1, DType.I32), arg(2, DType.I32), zero, bounds, to)
    if end == "fixed_channel":
        return first, columns
    kind = np.uint8 if rng.random() < 0.5 else np.int8
    left, right = (cast(v, DType.I32) * (1 << 20) for v in (first, arg(3, DType.of(kind))))
    total = call("scale_fixed", left, 1 << 30, 0) + call("scale_fixed", right, 2**30 + 12345, -1)
    return fixed(total, 2**30 + 777, -18, zero, bounds, to), [*columns, integers(rng, shape, kind)]


def conv_case(rng: np.random.Generator, end: str, *, rank: int = 2, layout: str = LAST, group: int = 1, fixed: bool = True) -> Case:
    """A convolution of random extents, steps, borders and types."""
    kernel = tuple(int(k) for k in rng.integers(1, 4, rank))
    strides, dilations = (tuple(int(s) for s in rng.integers(1, 3, rank)) for _ in range(2))
    pads = tuple(int(p) for p in rng.integers(0, 3, 2 * rank))
    spatial = tuple(int(n) + (k - 1) * d for n, k, d in zip(rng.integers(1, 7, rank), kernel, dilations, strict=True))
    depth, out = (1, int(rng.integers(1, 3))) if group > 3 else (int(rng.integers(1, 19)), int(rng.integers(1, 6)))
    kind = np.uint8 if rng.random() < 0.5 else np.int8
    shape = (int(rng.integers(1, 3)), *spatial, group * depth)
    x = integers(rng, shape if layout == LAST else (shape[0], shape[-1], *spatial), kind)
    w = integers(rng, (group * out, depth, *kernel), np.int8)
    bias = rng.integers(-30000, 30000, group * out).astype(np.int32) if rng.random() < 0.5 else None
    zero = int(rng.choice([0, np.iinfo(kind).min, np.iinfo(kind).max, 17]))
    attrs = {"strides": strides, "pads": pads, "dilations": dilations, "group": group, "layout": layout, "zero": zero}
    case = Case("conv_integer", [x, w, bias], attrs, (1, 2) if fixed else (2,))
    return finished(case, rng, end, -1 if layout == LAST else 1)


def matmul_case(rng: np.random.Generator, end: str, *, batch: tuple[int, ...] = (), swap: tuple[bool, bool] = (False, False), fixed: bool = True) -> Case:
    """A product of random extents and types."""
    m, k, n = (int(v) for v in rng.integers(1, 40, 3))
    kinds = [np.uint8 if rng.random() < 0.5 else np.int8 for _ in range(2)]
    a = integers(rng, (*batch, *((k, m) if swap[0] else (m, k))), kinds[0])
    b = integers(rng, (*(() if fixed else batch[-1:]), *((n, k) if swap[1] else (k, n))), kinds[1])
    bias = rng.integers(-30000, 30000, n).astype(np.int32) if rng.random() < 0.5 else None
    zeros = [int(rng.choice([0, np.iinfo(t).min, np.iinfo(t).max, 5])) for t in kinds]
    attrs = {"trans_a": swap[0], "trans_b": swap[1], "zero_a": zeros[0], "zero_b": zeros[1]}
    return finished(Case("matmul_integer", [a, b, bias], attrs, (1, 2) if fixed else (2,)), rng, end, -1)


def check(case: Case, got: np.ndarray) -> None:
    (want,) = OPS[case.op].reference(case.inputs, case.attrs)
    assert got.dtype == want.dtype, str(case)
    np.testing.assert_array_equal(got, want, err_msg=str(case))
    if want.size > 50 and case.label in ("number", "channel"):
        assert len(np.unique(want)) > 5, "a case that says little"


@st.composite
def conv_cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return conv_case(
        rng, draw(st.sampled_from(ENDS)), rank=draw(st.sampled_from((1, 2, 2, 3))), layout=draw(st.sampled_from((LAST, LAST, FIRST))),
        group=draw(st.sampled_from((1, 1, 2, 5))), fixed=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def matmul_cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return matmul_case(
        rng, draw(st.sampled_from(ENDS)), batch=draw(st.sampled_from(((), (), (2,), (3, 2)))),
        swap=(draw(st.booleans()), draw(st.booleans())), fixed=draw(st.booleans()),
    )  # fmt: skip


PATIENT = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("target", TARGET_NAMES)
@PATIENT
@given(cases=st.lists(conv_cases(), min_size=12, max_size=12))
def test_conv(target: str, cases: list[Case]) -> None:
    built = compile_cases(cases, target, "generic", opt="-O1")
    for case, got in zip(cases, built.outputs(), strict=True):
        check(case, got)


@pytest.mark.parametrize("target", TARGET_NAMES)
@PATIENT
@given(cases=st.lists(matmul_cases(), min_size=12, max_size=12))
def test_matmul(target: str, cases: list[Case]) -> None:
    built = compile_cases(cases, target, "generic", opt="-O1")
    for case, got in zip(cases, built.outputs(), strict=True):
        check(case, got)


def lookup_case(rng: np.random.Generator, x: type, y: type, shape: tuple[int, ...], *, fixed: bool = True) -> Case:
    return Case("lookup", [integers(rng, shape, x), integers(rng, (256,), y)], {}, (1,) if fixed else ())


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_lookup(target: str) -> None:
    rng = np.random.default_rng(3)
    kinds = [(a, b) for a in (np.int8, np.uint8) for b in (np.int8, np.uint8, np.int32)]
    shapes = ((), (1,), (7,), (3000,), (3, 1, 5), (2, 3, 4))
    cases = [lookup_case(rng, *k, s, fixed=f) for k in kinds for s in shapes for f in (True, False)]
    for case, got in zip(cases, compile_cases(cases, target, opt="-O1").outputs(), strict=True):
        check(case, got)


def samples() -> list[Case]:
    """Every kind of end behind a convolution of each kind and a product of each kind, and tables."""
    rng = np.random.default_rng(11)
    cases = [lookup_case(rng, np.int8, np.uint8, (3, 5)), lookup_case(rng, np.uint8, np.int8, (31,), fixed=False)]
    for end in ENDS:
        cases += [conv_case(rng, end), conv_case(rng, end, group=5), conv_case(rng, end, rank=3, layout=FIRST, fixed=False)]
        cases += [matmul_case(rng, end), matmul_case(rng, end, batch=(2,), swap=(True, True), fixed=False)]
    return cases


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_warnings(compiler: str, tmp_path: Path) -> None:
    result = generate([graph_of(samples())[0]], get_target("c99"), "cases")
    command = ["gcc"] if compiler == "gcc" else [*bundled_clang(), "-ffreestanding"]
    done = compile_objects(tmp_path, result, command, ["-O1", "-Wno-unused-function"])
    assert done.returncode == 0, done.stderr[:4000]


def test_sanitizers_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")  # the driver frees nothing
    graph, feeds = graph_of(samples())
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off"]
    outputs = build_and_run(tmp_path, generate([graph], get_target("c99"), "cases"), feeds, ["gcc"], flags)
    for case, got in zip(samples(), outputs, strict=True):
        check(case, got)

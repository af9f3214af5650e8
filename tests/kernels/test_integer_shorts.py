"""Products of 16-bit activations, bit for bit as the reference has them: vectors and loops, sums in int32 and in int64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith.graph import DType, TensorType
from pith.graph.expr import arg, cast, const
from pith.graph.fixed import quantized_multiplier
from pith.kernels.tile_s16 import part_of
from pith.ops.base import OPS
from pith.ops.int32 import LARGEST, largest_sum, reach, sums_of
from pith.ops.requantize import Requantize, Residual, build, fixed_wide, limits, match
from pith.targets.base import TARGETS, get_target
from tests.kernels.products import Case
from tests.kernels.test_integer_generic import integers
from tests.kernels.test_integer_vectors import PATIENT, TARGET_NAMES, compiled

ENDS = ("none", "number", "channel", "residual", "bytes", "float", "fixed")
KINDS = [np.int16, np.uint16]
PLACES = [*((t, "shorts") for t in TARGET_NAMES), *((t, "generic") for t in ("c99", "x86-64-v3") if t in TARGETS and get_target(t).runs_here())]


def finished(case: Case, rng: np.random.Generator, end: str, axis: int) -> Case:
    """The case with the type of its sums and an epilogue of the kind `end`, whose results spread over the range of 16 bits."""
    x, w = case.inputs[:2]
    conv = case.op == "conv_integer"
    channels_at = 0 if conv or case.attrs["trans_b"] else 1
    dtype, zero = DType.of(x.dtype), case.attrs["zero" if conv else "zero_a"]
    bias = case.inputs[2]
    sums = sums_of(dtype, largest_sum(reach(dtype, zero), w, bias, channels_at))
    assert sums is not None
    if sums is DType.I64 or rng.random() < 0.3:
        case.attrs["acc"] = sums = DType.I64
    if bias is not None:
        case.inputs[2] = bias.astype(sums.np)
    case.label = f"{end} {sums.value}"
    if end == "none":
        return case
    types = [None if a is None else TensorType(DType.of(a.dtype), a.shape) for a in case.inputs]
    shape = OPS[case.op].infer(types, case.attrs)[0].shape
    totals = OPS[case.op].reference(case.inputs, case.attrs)[0].astype(np.float64)
    m = np.float32(15000 / (np.abs(totals).mean() + 1))
    channels = (m * rng.uniform(0.5, 2, shape[axis])).astype(np.float32)
    to = DType.U16 if rng.random() < 0.5 else DType.I16
    point = int(rng.integers(-9000, 9000)) + (32768 if to is DType.U16 else 0)
    acc, extras = arg(0, sums), [channels]
    if end == "number":
        extras, expr = [], build(Requantize(const(float(m), DType.F32), limits(to, point), acc=sums))
    elif end == "residual":
        kind = np.uint16 if rng.random() < 0.5 else np.int16
        extras.append(integers(rng, shape, kind))
        expr = build(Requantize(arg(1, DType.F32), limits(to, point, 0.0), Residual(arg(2, DType.of(kind)), 7, 0.6), sums))
    elif end == "bytes":
        small = const(float(m / 256), DType.F32)
        extras, expr = [], build(Requantize(small, limits(DType.U8, 100), acc=sums))
    elif end == "float":
        expr = cast(acc, DType.F32) * arg(1, DType.F32) + 0.25
    elif end == "fixed":
        columns = [np.array(c, np.int32) for c in zip(*(quantized_multiplier(float(c)) for c in channels), strict=True)]
        extras, expr = columns, fixed_wide(cast(acc, DType.I64), arg(1, DType.I32), arg(2, DType.I32), 0, (-32768, 32767), DType.I16)
    else:
        expr = build(Requantize(arg(1, DType.F32), limits(to, point), acc=sums))
    assert end in ("float", "fixed") or match(expr) is not None
    case.attrs["epilogue"] = expr
    case.inputs += extras
    case.constant += tuple(3 + k for k, e in enumerate(extras) if e.ndim == 1)
    return case


def conv(rng: np.random.Generator, end: str, kind: Any, group: int = 1) -> Case:
    kernel = tuple(int(k) for k in rng.integers(1, 4, 2))
    strides, pads = tuple(int(s) for s in rng.integers(1, 3, 2)), tuple(int(p) for p in rng.integers(0, 3, 4))
    spatial = tuple(int(n) + k for n, k in zip(rng.integers(1, 10, 2), kernel, strict=True))
    depth, out = int(rng.integers(1, 70)), int(rng.integers(1, 60))
    x, w = integers(rng, (int(rng.integers(1, 3)), *spatial, group * depth), kind), integers(rng, (group * out, depth, *kernel), np.int8)
    bias = rng.integers(-(2**20), 2**20, group * out) if rng.random() < 0.5 else None
    zero = 0 if kind is np.int16 and rng.random() < 0.5 else int(rng.choice([np.iinfo(kind).min, np.iinfo(kind).max, 77]))
    attrs = {"strides": strides, "pads": pads, "dilations": (1, 1), "group": group, "layout": "channels_last", "zero": zero}
    return finished(Case("conv_integer", [x, w, bias], attrs), rng, end, -1)


def matmul(rng: np.random.Generator, end: str, kind: Any, m: int, k: int, n: int, *, swap: bool = False, top: int = 127) -> Case:
    a, b = integers(rng, (m, k), kind), np.clip(integers(rng, (n, k) if swap else (k, n), np.int8), -top, top)
    attrs = {"trans_a": False, "trans_b": swap, "zero_a": int(rng.choice([np.iinfo(kind).min, np.iinfo(kind).max, 0])), "zero_b": 0}
    return finished(Case("matmul_integer", [a, b, None], attrs), rng, end, -1)


@pytest.mark.parametrize(("target", "kernel"), PLACES)
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(ENDS), min_size=8, max_size=8))
def test_conv(target: str, kernel: str, seed: int, ends: list[str]) -> None:
    rng = np.random.default_rng(seed)
    compiled([conv(rng, end, KINDS[k % 2], 1 + (k == 5)) for k, end in enumerate(ends)], target, kernel)


@pytest.mark.parametrize(("target", "kernel"), PLACES)
def test_matmul(target: str, kernel: str) -> None:
    """Sums over every length of parts, one row and many, weights at their ends."""
    rng = np.random.default_rng(5)
    sizes = ((70, 2300, 40), (33, 300, 50), (1, 1000, 33), (129, 184, 17), (9, 4200, 35), (5, 3, 2), (2, 1030, 3))
    cases = [
        matmul(rng, end, kind, *size, swap=k % 2 == 0, top=(127, 128, 40)[k % 3])
        for k, size in enumerate(sizes) for end, kind in zip(rng.choice(ENDS, 2), KINDS, strict=True)
    ]  # fmt: skip
    assert {c.attrs.get("acc") for c in cases} == {None, DType.I64}
    compiled(cases, target, kernel)


@given(seed=st.integers(0, 2**32), quads=st.integers(1, 700), top=st.sampled_from([3, 40, 64, 100, 128]))
def test_parts_fit(seed: int, quads: int, top: int) -> None:
    """No part of K can leave int32 with inputs at their ends, and twice as many groups could, where fewer were taken than there are."""
    columns = np.random.default_rng(seed).integers(-top, min(top, 127) + 1, (4 * quads, 3)).astype(np.int8)
    n = part_of(columns)

    def worst(groups: int) -> int:
        return max(int(np.abs(columns[k : k + 4 * groups].astype(np.int64)).sum(0).max()) * 2**15 for k in range(0, len(columns), 4 * groups))

    assert worst(n) <= LARGEST
    assert n == 256 or worst(2 * n) > LARGEST

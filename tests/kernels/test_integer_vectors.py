"""The vector kernels of integers, bit for bit as the references have it, on every instruction set that runs here."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pith
from pith.api import compile_graph
from pith.graph import DType, TensorType
from pith.graph.expr import arg, cast, const
from pith.kernels import base as kernels
from pith.kernels.base import Call, Operand
from pith.kernels.exact_s16 import depth, range_of
from pith.kernels.tail_s8 import tail_of_sums
from pith.ops.base import OPS, contiguous_strides
from pith.ops.requantize import ACC, Requantize, build, clamped, limits
from pith.runtime.session import Session
from pith.targets.base import TARGETS, get_target
from pith.targets.cpu import amx_allowed
from pith.vector.s8 import has_bytes, has_lines
from tests.kernels.products import Case, graph_of
from tests.kernels.test_integer_generic import ENDS, finished, integers, lookup_case

TARGET_NAMES = sorted(t for t in TARGETS if t != "host" and get_target(t).runs_here() and has_bytes(get_target(t).isa))
SHORT = [t for t in TARGET_NAMES if "vnni" not in get_target(t).isa.features]  # without dot products: factors and sums of 16 bits
TILES = [(t, k) for t in TARGET_NAMES for k in ("dot", "amx") if k == "dot" or ("amx" in get_target(t).isa.features and amx_allowed())]
TILES += [(t, k) for t in SHORT for k in ("words", "split")]
WINDOWS = [(t, "amx_window") for t, k in TILES if k == "amx"]
PATIENT = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))

FEW = settings(PATIENT, max_examples=2)


def zero_of(rng: np.random.Generator, kind: Any) -> int:
    return int(rng.choice([0, np.iinfo(kind).min, np.iinfo(kind).max, 17]))


def conv(rng: np.random.Generator, end: str, depth: int, out: int, group: int = 1, *, largest: int = 3, dilated: bool = True) -> Case:
    """A convolution of `group` groups of `depth` channels in and `out` out, random otherwise."""
    kernel = tuple(int(k) for k in rng.integers(1, largest + 1, 2))
    strides, dilations = (tuple(int(s) for s in rng.integers(1, 3, 2)) for _ in range(2))
    dilations = dilations if dilated and rng.random() < 0.3 else (1, 1)
    pads = tuple(int(p) for p in rng.integers(0, 3, 4))
    spatial = tuple(int(n) + (k - 1) * d for n, k, d in zip(rng.integers(1, 12, 2), kernel, dilations, strict=True))
    kind = np.uint8 if rng.random() < 0.5 else np.int8
    x, w = integers(rng, (int(rng.integers(1, 3)), *spatial, group * depth), kind), integers(rng, (group * out, depth, *kernel), np.int8)
    bias = rng.integers(-30000, 30000, group * out).astype(np.int32) if rng.random() < 0.5 else None
    attrs = {"strides": strides, "pads": pads, "dilations": dilations, "group": group, "layout": "channels_last", "zero": zero_of(rng, kind)}
    return finished(Case("conv_integer", [x, w, bias], attrs), rng, end, -1)


def matmul(rng: np.random.Generator, end: str, batch: tuple[int, ...], *, fixed: bool, swap: bool = False) -> Case:
    m, k, n = (int(v) for v in rng.integers(1, 150, 3))
    kinds = [np.uint8 if rng.random() < 0.5 else np.int8, np.int8 if fixed or rng.random() < 0.5 else np.uint8]
    a, b = integers(rng, (*batch, m, k), kinds[0]), integers(rng, (*(() if fixed else batch[-1:]), *((n, k) if swap else (k, n))), kinds[1])
    attrs = {"trans_a": False, "trans_b": swap, "zero_a": zero_of(rng, kinds[0]), "zero_b": 0 if fixed else zero_of(rng, kinds[1])}
    return finished(Case("matmul_integer", [a, b, None], attrs, (1, 2) if fixed else ()), rng, end, -1)


def compiled(cases: list[Case], target: str, kernel: str, threads: int = 1) -> Session:
    """All cases in one library, returned, by `kernel` where it applies (to most of them), and right to the bit."""
    graph, feeds = graph_of(cases)
    op = cases[0].op
    both = [k for k in kernels.KERNELS[op] if k.name == kernel]
    assert len(both) == 1
    with mock.patch.dict(kernels.KERNELS, {op: [*both, *(k for k in kernels.KERNELS[op] if k.name == "generic")]}):
        if threads == 1:
            session = compile_graph(graph, target, optimize=False, opt="-O1")
        else:
            session = pith.compile(graph, target, opt="-O1", threads=threads, cache=False)
    families = [s["family"] for s in session.manifest["variants"][0]["steps"]]
    assert families.count(kernel) * 2 > len(families), families
    got = session(*feeds)
    for case, y in zip(cases, got if isinstance(got, tuple) else [got], strict=True):
        (want,) = OPS[case.op].reference(case.inputs, case.attrs)
        assert y.dtype == want.dtype
        np.testing.assert_array_equal(y, want, err_msg=str(case))
    return session


@pytest.mark.parametrize(("target", "kernel"), [*TILES, *WINDOWS])
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(ENDS), min_size=8, max_size=8))
def test_conv(target: str, kernel: str, seed: int, ends: list[str]) -> None:
    rng = np.random.default_rng(seed)
    compiled([conv(rng, end, int(rng.integers(1, 140)), int(rng.integers(1, 80))) for end in ends], target, kernel)


@pytest.mark.parametrize(("target", "kernel"), TILES)
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(ENDS), min_size=8, max_size=8))
def test_matmul(target: str, kernel: str, seed: int, ends: list[str]) -> None:
    rng = np.random.default_rng(seed)
    compiled([matmul(rng, end, (2,) if k % 3 == 0 else (), fixed=True, swap=k % 2 == 0) for k, end in enumerate(ends)], target, kernel)


@pytest.mark.parametrize(("target", "kernel"), TILES)
def test_deep_sums(target: str, kernel: str) -> None:
    """K beyond what one block of memory or one group of rows holds, rows that evict each other, and one row alone."""
    rng = np.random.default_rng(5)
    cases = []
    for m, k, n in ((70, 4608, 40), (33, 2048, 50), (1, 1000, 33), (129, 184, 17), (49, 4200, 96)):
        a, b = integers(rng, (m, k), np.uint8), integers(rng, (k, n), np.int8)
        cases.append(finished(Case("matmul_integer", [a, b, None], {"zero_a": 128, "zero_b": 0}), rng, "channel", -1))
    compiled(cases, target, kernel)


@pytest.mark.parametrize(("target", "kernel"), WINDOWS)
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(ENDS), min_size=8, max_size=8), threads=st.integers(1, 2))
def test_windows(target: str, kernel: str, seed: int, ends: list[str], threads: int) -> None:
    """Rows of one to four tiles and several rows in one tile, K of a few and of many steps, groups of rows that do not come out even."""
    rng = np.random.default_rng(seed)
    cases = []
    for end in ends:
        k, s, d = int(rng.choice([2, 3, 5, 7])), int(rng.choice([1, 1, 2, 3])), int(rng.choice([1, 1, 2]))
        p, across, down = int(rng.integers(0, 3)), int(rng.choice([1, 3, 5, 7, 8, 14, 16, 17, 28, 33, 56])), int(rng.integers(1, 20))
        high, wide = (max(1, (n - 1) * s + (k - 1) * d + 1 - 2 * p) for n in (down, across))
        if min(high, wide) + 2 * p < (k - 1) * d + 1:
            p = (k - 1) * d
        c, o, kind = int(rng.choice([1, 3, 4, 12, 24, 64, 65, 96, 128, 200])), int(rng.choice([1, 8, 17, 32, 33, 64, 90])), rng.choice([np.uint8, np.int8])
        x, w = integers(rng, (int(rng.integers(1, 3)), high, wide, c), kind), integers(rng, (o, c, k, k), np.int8)
        attrs = {"strides": (s, s), "pads": (p,) * 4, "dilations": (d, d), "group": 1, "layout": "channels_last", "zero": zero_of(rng, kind)}
        cases.append(finished(Case("conv_integer", [x, w, rng.integers(-30000, 30000, o).astype(np.int32)], attrs), rng, end, -1))
    compiled(cases, target, kernel, threads)


BYTE_ENDS = [e for e in ENDS if e not in ("none", "float")]


@pytest.mark.parametrize(("target", "kernel"), [(t, "depthwise") for t in TARGET_NAMES] + [(t, "depthwise_words") for t in SHORT])
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(BYTE_ENDS), min_size=8, max_size=8))
def test_depthwise(target: str, kernel: str, seed: int, ends: list[str]) -> None:
    rng = np.random.default_rng(seed)
    any_kernel = kernel == "depthwise"
    cases = [
        conv(rng, end, 1, 1, int(rng.integers(2, 150)), largest=9 if any_kernel and k == 0 else 5, dilated=any_kernel) for k, end in enumerate(ends)
    ]
    compiled(cases, target, kernel)


FLAT = [t for t in TARGET_NAMES if has_lines(get_target(t).isa)]
IN_VECTORS = [e for e in BYTE_ENDS if e != "wide" and not e.startswith("fixed")]  # ends that are not printed as they are


@pytest.mark.parametrize("target", FLAT)
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(IN_VECTORS), min_size=8, max_size=8), threads=st.integers(1, 2))
def test_depthwise_rows_as_lines(target: str, seed: int, ends: list[str], threads: int) -> None:
    """Few channels, so that a vector holds several pixels: borders, rows shorter than a vector, strides, dilations."""
    rng = np.random.default_rng(seed)
    cases = []
    for k, end in enumerate(ends):
        sw = 1 if k % 3 else 2
        ch = int(rng.choice([16, 32])) if sw == 2 else int(rng.choice([1, 2, 3, 4, 5, 8, 12, 13, 16, 20, 24, 32, 40, 48, 72, 96, 144]))
        kh, kw, d, p = int(rng.integers(1, 8)), int(rng.integers(1, 8)), int(rng.choice([1, 1, 2])), [int(v) for v in rng.integers(0, 4, 4)]
        high, wide = (max(int(rng.integers(1, 40)), (n - 1) * d + 1 - p[i] - p[i + 2]) for i, n in enumerate((kh, kw)))
        kind = np.uint8 if k % 2 else np.int8
        x, w = integers(rng, (int(rng.integers(1, 3)), high, wide, ch), kind), integers(rng, (ch, 1, kh, kw), np.int8)
        attrs = {"strides": (int(rng.integers(1, 3)), sw), "pads": tuple(p), "dilations": (d, d), "group": ch, "layout": "channels_last"}
        bias = rng.integers(-3000, 3000, ch).astype(np.int32)
        cases.append(finished(Case("conv_integer", [x, w, bias], attrs | {"zero": zero_of(rng, kind)}), rng, end, -1))
    compiled(cases, target, "depthwise_flat", threads)


@pytest.mark.parametrize("target", TARGET_NAMES)
@PATIENT
@given(seed=st.integers(0, 2**32))
def test_depthwise_into_floats(target: str, seed: int) -> None:
    """Whole blocks of channels, parts of one, and kernels that are not spelled out."""
    rng = np.random.default_rng(seed)
    channels = [64, 128, 16, *map(int, rng.integers(2, 150, 5))]
    compiled([conv(rng, "float", 1, 1, c, largest=9 if k % 4 == 3 else 5) for k, c in enumerate(channels)], target, "depthwise")


@pytest.mark.parametrize("target", TARGET_NAMES)
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(BYTE_ENDS), min_size=8, max_size=8))
def test_depthwise_weights_of_nine_bits(target: str, seed: int, ends: list[str]) -> None:
    """Bytes of either sign with a zero point anywhere."""
    rng = np.random.default_rng(seed)
    cases = []
    for k, end in enumerate(ends):
        plain = conv(rng, "none", 1, 1, int(rng.integers(2, 150)), largest=5, dilated=False)
        kind = np.uint8 if k % 3 else np.int8
        attrs = {**plain.attrs, "zero_w": int(rng.choice([zero_of(rng, kind), 120, 1]))}
        w = integers(rng, plain.inputs[1].shape, kind)
        cases.append(finished(Case("conv_integer", [plain.inputs[0], w, plain.inputs[2]], attrs), rng, end, -1))
    compiled(cases, target, "depthwise_words")


# ---- sums in 16 bits: inputs and weights at the very edge of what has been proven

RANGES = [(0, 127), (-63, 63), (0, 255), (128, 255), (-128, 127), (-128, -1), (0, 1), (17, 90), (-3, 120), (-127, 127)]


def at_the_edge(case: Case, rng: np.random.Generator, bounds: tuple[int, int], pairs: int) -> Case:
    """The case with inputs of a narrow range, most of them at its ends, and weights so large that the sums of `pairs` pairs of
    products come to the largest or smallest number of 16 bits, to all but the last few."""
    x, w = case.inputs[0], case.inputs[1]
    assert x is not None and w is not None
    lo, hi = bounds
    kind = np.uint8 if lo >= 0 and (hi > 127 or rng.random() < 0.5) else np.int8
    ends = rng.choice([lo, hi], x.shape) if rng.random() < 0.7 else np.full(x.shape, rng.choice([lo, hi]))
    case.inputs[0] = np.where(rng.random(x.shape) < 0.2, rng.integers(lo, hi + 1, x.shape), ends).astype(kind)
    case.attrs["range"] = bounds
    name = "zero" if case.op == "conv_integer" else "zero_a"
    case.attrs[name] = int(rng.integers(lo, hi + 1))
    top = hi if lo >= 0 else hi - lo
    largest = min(127, 32767 // (top * 2 * pairs))
    weights = rng.choice([largest, -min(128, 32768 // (top * 2 * pairs))], w.shape)
    if rng.random() < 0.5:  # whole channels of one sign
        channel = [1] * w.ndim
        axis = 0 if case.op == "conv_integer" or case.attrs.get("trans_b") else 1
        channel[axis] = w.shape[axis]
        weights = np.broadcast_to(rng.choice([largest, -largest], channel), w.shape)
    case.inputs[1] = np.where(rng.random(w.shape) < 0.1, rng.integers(-largest, largest + 1, w.shape), weights).astype(np.int8)
    return case


@pytest.mark.parametrize("target", SHORT)
@FEW
@given(seed=st.integers(0, 2**32), bounds=st.lists(st.sampled_from(RANGES), min_size=8, max_size=8), data=st.data())
def test_sums_in_16_bits_do_not_saturate(target: str, seed: int, bounds: list[tuple[int, int]], data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    ends, pairs = (data.draw(st.lists(st.sampled_from(v), min_size=8, max_size=8)) for v in (ENDS, (1, 2, 4)))
    cases = []
    for end, b, n in zip(ends, bounds, pairs, strict=True):
        bare = at_the_edge(conv(rng, "none", int(rng.integers(1, 140)), int(rng.integers(1, 80))), rng, b, n)
        cases.append(finished(bare, rng, end, -1))
    compiled(cases, target, "pairs")
    cases = []
    for k, (end, b, n) in enumerate(zip(ends, bounds, pairs, strict=True)):
        bare = at_the_edge(matmul(rng, "none", (2,) if k % 3 == 0 else (), fixed=True, swap=k % 2 == 0), rng, b, n)
        cases.append(finished(bare, rng, end, -1))
    compiled(cases, target, "pairs")


@pytest.mark.parametrize("target", SHORT)
def test_columns_that_allow_less_deep_sums_than_others(target: str) -> None:
    """Some panels have a column of large weights; groups, columns that fill no panel, taps that are copied and rows that are not."""
    rng = np.random.default_rng(3)
    cases = []
    for group, per, channels, kernel in ((1, 200, 24, (3, 3)), (1, 130, 64, (1, 1)), (2, 150, 12, (1, 1)), (1, 90, 3, (3, 3))):
        x, w = rng.choice([0, 127], (1, 5, 6, group * channels)), rng.integers(-15, 16, (group * per, channels, *kernel))
        w[rng.choice(group * per, 2)] = 127
        attrs = {"strides": (1, 1), "pads": (kernel[0] // 2,) * 4, "dilations": (1, 1), "group": group, "layout": "channels_last", "zero": 0, "range": (0, 127)}
        cases.append(finished(Case("conv_integer", [x.astype(np.uint8), w.astype(np.int8), None], attrs), rng, "channel", -1))
    session = compiled(cases, target, "pairs")
    assert all("or" in step["kernel"] for step in session.manifest["variants"][0]["steps"]), session.manifest["variants"][0]["steps"]


@pytest.mark.parametrize("target", SHORT)
@FEW
@given(seed=st.integers(0, 2**32), bounds=st.lists(st.sampled_from(RANGES), min_size=8, max_size=8), data=st.data())
def test_depthwise_sums_in_16_bits_do_not_saturate(target: str, seed: int, bounds: list[tuple[int, int]], data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    ends, pairs = (data.draw(st.lists(st.sampled_from(v), min_size=8, max_size=8)) for v in (BYTE_ENDS, (1, 2, 3, 6)))
    cases = [
        finished(at_the_edge(conv(rng, "none", 1, 1, int(rng.integers(2, 150)), largest=5, dilated=False), rng, b, n), rng, end, -1)
        for end, b, n in zip(ends, bounds, pairs, strict=True)
    ]
    compiled(cases, target, "depthwise_pairs")


def saturated(top: int, columns: np.ndarray, n: int) -> bool:
    """Whether 16-bit arithmetic that saturates gives another sum for some inputs, tried at their ends: pairs of each four rows
    of [K, N], added over n groups, first the products of one sign and then those of the other."""
    groups = columns.reshape(-1, 2, 2, columns.shape[1]).astype(np.int64)
    for g in range(0, len(groups), n):
        part = groups[g : g + n]
        for u in (np.where(part > 0, top, 0), np.where(part < 0, top, 0)):
            total = np.clip((u * part).sum(2), -32768, 32767)
            running = np.zeros_like(total[0])
            for t in total:
                running = np.clip(running + t, -32768, 32767)
            if (running != (u * part).sum((0, 2))).any():
                return True
    return False


@given(seed=st.integers(0, 2**32), top=st.sampled_from([1, 63, 126, 127, 128, 254, 255]), largest=st.integers(1, 128), groups=st.integers(1, 9))
def test_what_is_proven_is_all_there_is(seed: int, top: int, largest: int, groups: int) -> None:
    """The number of pairs that `depth` allows never saturates, and twice as many would."""
    columns = np.random.default_rng(seed).integers(-largest, min(largest, 127) + 1, (4 * groups, 5)).astype(np.int8)
    n = depth(top, columns, 4)
    if n:
        assert not saturated(top, columns, n)
    if n < 4:
        assert saturated(top, columns, 2 * n or 1)


def test_padding_counts_among_the_inputs() -> None:
    """The zero point stands in the padding even where no input is as large."""
    rng = np.random.default_rng(4)
    case = conv(rng, "none", 8, 8)
    case.attrs |= {"range": (0, 10), "zero": 255, "pads": (1, 1, 1, 1)}
    for pads, want in (((1, 1, 1, 1), (0, 255)), ((0, 0, 0, 0), (0, 10))):
        x = TensorType(DType.U8, (1, 4, 4, 8))
        call = Call("conv_integer", {**case.attrs, "pads": pads}, (Operand(x, (128, 32, 8, 1)),), (), get_target(TARGET_NAMES[0]).isa)
        assert range_of(call) == want


@pytest.mark.parametrize("target", TARGET_NAMES)
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from([e for e in ENDS if e != "residual"]), min_size=6, max_size=6))
def test_both_sides_made_at_run_time(target: str, seed: int, ends: list[str]) -> None:
    rng = np.random.default_rng(seed)
    compiled([matmul(rng, end, ((), (2,), (3, 2))[k % 3], fixed=False, swap=k % 2 == 0) for k, end in enumerate(ends)], target, "batched")


@pytest.mark.parametrize("target", TARGET_NAMES)
@PATIENT
@given(seed=st.integers(0, 2**32), ends=st.lists(st.sampled_from(ENDS), min_size=6, max_size=6))
def test_weights_with_a_zero_point(target: str, seed: int, ends: list[str]) -> None:
    """Bytes of either sign whose zero point does not fit them as int8: the rest comes from the sums of the inputs."""
    rng = np.random.default_rng(seed)
    convs, products = [], []
    for k, end in enumerate(ends):
        kind = np.uint8 if k % 3 else np.int8
        zero = zero_of(rng, kind) or 7
        plain = conv(rng, "none", int(rng.integers(1, 70)), int(rng.integers(1, 80)))
        w = integers(rng, plain.inputs[1].shape, kind)
        convs.append(finished(Case("conv_integer", [plain.inputs[0], w, None], {**plain.attrs, "zero_w": zero}), rng, end, -1))
        plain = matmul(rng, "none", (), fixed=True, swap=k % 2 == 0)
        w = integers(rng, plain.inputs[1].shape, kind)
        products.append(finished(Case("matmul_integer", [plain.inputs[0], w, None], {**plain.attrs, "zero_b": zero}, (1, 2)), rng, end, -1))
    compiled(convs, target, "dot")
    compiled(products, target, "dot")


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_groups(target: str) -> None:
    rng = np.random.default_rng(9)
    compiled([conv(rng, end, int(rng.integers(2, 40)), int(rng.integers(1, 40)), 3) for end in ENDS], target, "dot")


@pytest.mark.skipif(not any("vbmi" in get_target(t).isa.features for t in TARGET_NAMES), reason="no processor with AVX-512 VBMI here")
def test_tables_by_permutations() -> None:
    rng = np.random.default_rng(3)
    target = next(t for t in TARGET_NAMES if "vbmi" in get_target(t).isa.features)
    kinds = [(a, b) for a in (np.int8, np.uint8) for b in (np.int8, np.uint8)]
    compiled([lookup_case(rng, *k, s) for k in kinds for s in ((), (1,), (63,), (64,), (65,), (3, 5000))], target, "vectors")


def test_quantised_values_inside_an_epilogue_become_floats() -> None:
    """A sum that is quantised, dequantised, added to another and quantised again needs no integers in between."""
    rng = np.random.default_rng(1)
    x, w = integers(rng, (1, 6, 6, 40), np.uint8), integers(rng, (24, 40, 1, 1), np.int8)
    inner = build(Requantize(arg(1, DType.F32), limits(DType.U8, 128)))
    back = cast(cast(inner, DType.I32) - const(128, DType.I32), DType.F32) * 0.7
    other = cast(cast(arg(2, DType.I8), DType.I32) - const(-3, DType.I32), DType.F32) * 0.4
    attrs = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": 1, "layout": "channels_last", "zero": 9}
    attrs["epilogue"] = clamped(back + other, limits(DType.U8, 100, 0.0))
    m = (0.01 * rng.uniform(0.5, 2, 24)).astype(np.float32)
    case = Case("conv_integer", [x, w, None, m, integers(rng, (1, 6, 6, 24), np.int8)], attrs, (1, 3))
    for target, kernel in TILES:
        compiled([case], target, kernel)


def test_results_that_may_leave_their_range_are_printed_as_they_are() -> None:
    """A plain cast wraps, a store saturates: without bounds nothing is rounded as it is stored."""
    rng = np.random.default_rng(2)
    case = conv(rng, "none", 8, 8)
    case.attrs["epilogue"] = cast(cast(ACC, DType.F32) * 0.1, DType.U8)
    graph, _ = graph_of([case])
    names = graph.nodes[0].inputs
    operands = tuple(Operand(graph.types[i], contiguous_strides(graph.types[i].shape), graph.constants.get(i)) if i else None for i in names)
    out = graph.types[graph.nodes[0].outputs[0]]
    call = Call("conv_integer", case.attrs, operands, (Operand(out, contiguous_strides(out.shape)),), get_target(TARGET_NAMES[0]).isa)
    found = tail_of_sums(call)
    assert found is not None and found[0].plain
    for target, kernel in TILES:
        compiled([case], target, kernel)


@pytest.mark.parametrize("target", ["c99", *TARGET_NAMES[:2]])
def test_sums_of_windows(target: str) -> None:
    rng = np.random.default_rng(8)
    cases = []
    for n in range(8):
        kind = (np.uint8, np.int8)[n % 2]
        c, (kh, kw), strides = int(rng.choice([1, 7, 8, 24, 33, 70])), rng.integers(1, 9, 2), tuple(int(s) for s in rng.integers(1, 9, 2))
        x = integers(rng, (2, int(kh) + n, int(kw) + 3 * n, c), kind)
        attrs = {"strides": strides, "pads": (0,) * 4, "dilations": (1, 1), "group": c, "layout": "channels_last", "zero": zero_of(rng, kind)}
        cases.append(Case("conv_integer", [x, np.ones((c, 1, kh, kw), np.int8)], attrs))
    compiled(cases, target, "ones")

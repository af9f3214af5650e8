"""conv and conv_transpose kernels against the operators' float64 references, on every instruction set that runs here."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import compile_graph
from pith.graph import DType, Graph, TensorType
from pith.ops.base import OPS, add_node
from tests.kernels.products import EPILOGUES, TARGET_NAMES, Case, build, check_all, extras_for, in_float64

LAST, FIRST = "channels_last", "channels_first"


def array(rng: np.random.Generator, shape: Sequence[int], dtype: Any = np.float32) -> np.ndarray:
    """Random values: the whole range of integers, standard normal floats."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, tuple(shape), dtype=dtype, endpoint=True)
    return rng.standard_normal(tuple(shape)).astype(dtype)


def conv_case(
    rng: np.random.Generator,
    spatial: Sequence[int],
    kernel: Sequence[int],
    channels: tuple[int, int],
    *,
    batch: int = 1,
    strides: Sequence[int] = (),
    pads: Sequence[int] = (),
    dilations: Sequence[int] = (),
    group: int = 1,
    layout: str = LAST,
    bias: bool = True,
    epilogue: str = "",
    dtype: Any = np.float32,
    output_padding: Sequence[int] | None = None,
    constant: tuple[int, ...] = (1, 2),
) -> Case:
    """A conv of `channels` (in, out); a conv_transpose where `output_padding` is given."""
    r = len(spatial)
    ci, co = channels
    x = array(rng, (batch, ci, *spatial), dtype)
    w = array(rng, (co, ci // group, *kernel) if output_padding is None else (ci, co // group, *kernel), dtype)
    if layout == LAST:
        x = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    attrs: dict[str, Any] = {
        "strides": tuple(strides) or (1,) * r, "pads": tuple(pads) or (0,) * (2 * r),
        "dilations": tuple(dilations) or (1,) * r, "group": group, "layout": layout,
    }  # fmt: skip
    op = "conv"
    if output_padding is not None:
        op, attrs["output_padding"] = "conv_transpose", tuple(output_padding)
    case = Case(op, [x, w, array(rng, (co,), dtype) if bias else None], attrs, constant)
    if epilogue:
        expr, kinds = EPILOGUES[epilogue]
        shape = out_shape(case)
        case.attrs["epilogue"] = expr
        case.inputs += extras_for(rng, kinds, shape, -1 if layout == LAST else 1)
        case.constant += tuple(3 + i for i, k in enumerate(kinds) if k == "channel")
        case.label = epilogue
    return case


def out_shape(case: Case) -> tuple[int, ...]:



    types = [None if a is None else TensorType(DType.of(a.dtype), a.shape) for a in case.inputs]
    return OPS[case.op].infer(types, case.attrs)[0].shape


CHANNELS = [(1, 1), (1, 16), (3, 8), (3, 32), (4, 5), (7, 13), (8, 17), (15, 16), (16, 31), (17, 33), (24, 48), (40, 100)]


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_pointwise(target: str) -> None:
    """1x1 over odd, even, prime and vector-multiple pixel counts and channels; stride 2 through the direct kernel."""
    rng = np.random.default_rng(1)
    sizes = [(1, 1), (1, 2), (3, 1), (5, 3), (4, 7), (7, 9), (13, 5)]
    cases = [conv_case(rng, s, (1, 1), c, bias=i % 3 > 0) for i, (s, c) in enumerate(itertools.product(sizes, CHANNELS))]
    built = build(cases, target, "pointwise")
    check_all(built)
    check_all(build([conv_case(rng, (h, w), (1, 1), c, strides=(2, s)) for h, w, s, c in
                     [(1, 1, 2, (3, 5)), (7, 5, 2, (16, 33)), (8, 9, 1, (5, 16)), (6, 6, 3, (17, 7))]], target))  # fmt: skip


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_direct(target: str) -> None:
    """k x k of any stride, dilation and padding, kernels larger than the picture and groups included."""
    rng = np.random.default_rng(2)
    cases = [
        conv_case(rng, (7, 9), k, c, strides=s, pads=p, bias=i % 4 > 0)
        for i, (k, c, (s, p)) in enumerate(itertools.product(
            [(3, 3), (1, 3), (5, 5), (2, 4)], [(1, 8), (3, 16), (4, 33), (7, 5), (17, 32)],
            [((1, 1), ()), ((1, 1), (2, 2, 2, 2)), ((2, 2), (0, 1, 1, 0)), ((1, 3), (4, 0, 3, 5))]))
        if 7 + sum(p[::2] or (0,)) >= k[0]
    ]  # fmt: skip
    cases += [
        conv_case(rng, (1, 1), (3, 3), (5, 6), pads=(1, 1, 1, 1)),
        conv_case(rng, (2, 2), (7, 7), (3, 9), pads=(3, 3, 3, 3)),
        conv_case(rng, (2, 3), (5, 5), (20, 16), pads=(4, 2, 0, 2), batch=3),
        conv_case(rng, (13, 11), (3, 3), (6, 10), dilations=(2, 3), pads=(2, 3, 2, 3)),
        conv_case(rng, (13, 11), (3, 3), (3, 10), dilations=(4, 1), pads=(4, 1, 4, 1), strides=(2, 1)),
        conv_case(rng, (9, 8), (3, 3), (12, 18), group=3, pads=(1, 1, 1, 1), batch=2),
        conv_case(rng, (9, 8), (1, 1), (16, 64), group=2),
        conv_case(rng, (6, 5), (3, 2), (4, 12), group=4, pads=(1, 0, 1, 1)),
        conv_case(rng, (5, 5), (3, 3), (8, 8), pads=(-1, 0, 0, -1)),
        conv_case(rng, (224, 3), (3, 3), (3, 16), strides=(2, 2), pads=(1, 1, 1, 1)),
    ]
    built = build(cases, target, "direct")
    check_all(built)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_depthwise(target: str) -> None:
    """3x3, 5x5 and others, stride 1 and 2, widths around the number of pixels made together."""
    rng = np.random.default_rng(3)
    cases = [
        conv_case(rng, (h, w), (k, k), (c, c), group=c, strides=(s, s), pads=(p, p, p, p), bias=i % 3 > 0)
        for i, (k, s, (h, w), c) in enumerate(itertools.product(
            [3, 5], [1, 2], [(1, 1), (2, 3), (3, 4), (5, 5), (4, 6), (7, 7), (6, 8), (3, 12), (5, 17)], [1, 3, 16, 23, 40]))
        for p in [k // 2]
    ]  # fmt: skip
    cases += [
        conv_case(rng, (8, 9), k, (c, c), group=c, strides=s, pads=p, dilations=d, batch=2)
        for c in (5, 33)
        for k, s, p, d in [
            ((3, 3), (1, 1), (), (1, 1)), ((3, 3), (2, 2), (0, 0, 1, 1), (1, 1)), ((2, 2), (1, 2), (1, 0, 0, 1), (1, 1)),
            ((7, 7), (1, 1), (3, 3, 3, 3), (1, 1)), ((1, 9), (1, 1), (0, 4, 0, 4), (1, 1)), ((3, 3), (1, 1), (2, 2, 2, 2), (2, 2)),
            ((3, 3), (2, 1), (3, 3, 3, 3), (3, 3)), ((3, 3), (3, 4), (1, 1, 1, 1), (1, 1)), ((8, 1), (1, 1), (4, 0, 4, 0), (1, 1)),
        ]
    ]  # fmt: skip
    built = build(cases, target, "depthwise")
    check_all(built)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_epilogues(target: str) -> None:
    """Every fused tail on every family, with whole and partial vectors."""
    rng = np.random.default_rng(4)
    cases = []
    for name, c in itertools.product(EPILOGUES, (5, 16, 37)):
        cases.append(conv_case(rng, (5, 6), (1, 1), (7, c), epilogue=name))
        cases.append(conv_case(rng, (5, 6), (3, 3), (4, c), epilogue=name, pads=(1, 1, 1, 1), bias=False))
        cases.append(conv_case(rng, (5, 9), (3, 3), (c, c), group=c, epilogue=name, pads=(1, 1, 1, 1)))
        cases.append(conv_case(rng, (5, 6), (3, 3), (4, 2 * c), group=2, epilogue=name, strides=(2, 1)))
        cases.append(conv_case(rng, (3, 4), (2, 2), (6, c), epilogue=name, strides=(2, 2), output_padding=(0, 0)))
    for op in ("conv", "conv_transpose"):
        check_all(build([c for c in cases if c.op == op], target))


GENERIC_TYPES = [np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.int32, np.uint32, np.int64, np.uint64, np.int8]


@pytest.mark.parametrize("op", ["conv", "conv_transpose"])
def test_generic(op: str) -> None:
    """Plain loops: every element type, one to three spatial axes, both layouts, weights made at run time."""
    rng = np.random.default_rng(5)
    cases = []
    for dtype, layout, r in itertools.product(GENERIC_TYPES, (FIRST, LAST), (1, 2, 3)):
        more = {} if op == "conv" else {"output_padding": (1, 0, 1)[:r]}
        cases.append(
            conv_case(rng, (7, 6, 5)[:r], (3, 2, 3)[:r], (4, 6), batch=2, strides=(2, 1, 2)[:r], dilations=(1, 2, 1)[:r], group=2,
                      pads=(1, 2, 0)[:r] + (2, 0, 1)[:r], layout=layout, dtype=dtype, constant=(), bias=r != 2, **more)
        )
    for name in EPILOGUES:
        more = {} if op == "conv" else {"output_padding": (0, 0)}
        cases.append(conv_case(rng, (3, 4), (2, 2), (3, 5), layout=FIRST, epilogue=name, constant=(), **more))
    built = build(cases, "c99", "generic")
    check_all(built)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_transposed(target: str) -> None:
    """Strides, dilations, padding, output padding, groups."""
    rng = np.random.default_rng(6)
    cases = [
        conv_case(rng, (h, w), k, c, strides=s, pads=p, dilations=d, output_padding=o, group=g, batch=b, bias=i % 2 == 0)
        for i, ((h, w), k, c, s, p, d, o, g, b) in enumerate([
            ((3, 4), (2, 2), (8, 16), (2, 2), (), (), (0, 0), 1, 1), ((5, 3), (3, 3), (5, 7), (1, 1), (1, 1, 1, 1), (), (0, 0), 1, 2),
            ((5, 3), (3, 3), (17, 33), (2, 2), (1, 1, 1, 1), (), (1, 1), 1, 1), ((4, 4), (4, 4), (16, 8), (2, 2), (1, 1, 1, 1), (), (0, 0), 1, 1),
            ((4, 4), (4, 4), (3, 3), (2, 2), (1, 1, 1, 1), (), (0, 0), 3, 1), ((3, 5), (3, 3), (4, 6), (3, 2), (0, 1, 2, 0), (2, 1), (2, 1), 2, 2),
            ((1, 1), (7, 7), (6, 40), (1, 1), (), (), (0, 0), 1, 1), ((2, 2), (1, 1), (4, 5), (3, 3), (), (), (0, 0), 1, 1),
            ((3, 3), (2, 3), (9, 10), (4, 1), (), (1, 3), (3, 0), 1, 1), ((6, 5), (3, 3), (24, 24), (2, 2), (1, 1, 1, 1), (), (1, 1), 24, 1),
            ((2, 3), (5, 5), (3, 65), (2, 2), (2, 2, 2, 2), (), (1, 1), 1, 1),
        ])
    ]  # fmt: skip
    check_all(build(cases, target))


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_transposed_by_whole_strides(target: str) -> None:
    """Phases of a row that are columns of one product, behind every epilogue; a kernel taller than its stride, one wider."""
    rng = np.random.default_rng(12)
    cases = [conv_case(rng, (5, 7), (2, 2), (9, 1 + 4 * (i % 3)), strides=(2, 2), output_padding=(0, 0), epilogue=e, batch=1 + i % 2)
             for i, e in enumerate(["", *EPILOGUES])]  # fmt: skip
    cases += [
        conv_case(rng, (4, 5), (3, 3), (6, 5), strides=(3, 3), output_padding=(0, 0), epilogue="silu_add", bias=False),
        conv_case(rng, (6, 5), (5, 2), (6, 2), strides=(2, 2), pads=(1, 0, 2, 0), output_padding=(0, 0)),
        conv_case(rng, (3, 5), (2, 4), (6, 2), strides=(2, 2), pads=(0, 1, 0, 1), output_padding=(0, 0)),
    ]
    check_all(build(cases, target))


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_one_spatial_axis(target: str) -> None:
    """Signals run through the kernels for pictures."""
    rng = np.random.default_rng(8)
    cases = [
        conv_case(rng, (50,), (1,), (5, 20)),
        conv_case(rng, (50,), (9,), (3, 20), strides=(2,), pads=(4, 4), epilogue="residual"),
        conv_case(rng, (31,), (3,), (24, 20), dilations=(4,), pads=(8, 0), batch=2, epilogue="prelu"),
        conv_case(rng, (31,), (5,), (18, 18), group=18, pads=(2, 2), epilogue="silu_add"),
        conv_case(rng, (31,), (3,), (8, 12), group=2),
    ]
    built = build(cases, target)
    assert built.families == ["pointwise", "direct", "direct", "depthwise", "direct"]
    check_all(built)
    transposed = [
        conv_case(rng, (17,), (4,), (6, 10), strides=(2,), pads=(1, 1), output_padding=(0,), epilogue="affine_add"),
        conv_case(rng, (17,), (3,), (6, 6), strides=(3,), group=6, output_padding=(1,), batch=2),
    ]
    built = build(transposed, target)
    assert set(built.families) == {"phases"}
    check_all(built)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_geometry(data: st.DataObject) -> None:
    """Random geometry, eight cases a library, on a random target."""
    target = data.draw(st.sampled_from(TARGET_NAMES))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    small = st.integers(1, 4)
    cases = []
    while len(cases) < 8:
        group = data.draw(st.sampled_from([1, 1, 2, 3, 19]))
        depthwise = data.draw(st.booleans())
        ci = group if depthwise else group * data.draw(st.integers(1, 9))
        co = ci if depthwise else group * data.draw(st.integers(1, 20))
        kernel, strides, dilations = (tuple(data.draw(st.tuples(small, small))) for _ in range(3))
        pads = tuple(data.draw(st.tuples(*[st.integers(0, 4)] * 4)))
        spatial = tuple(data.draw(st.tuples(st.integers(1, 12), st.integers(1, 12))))
        if any(spatial[a] + pads[a] + pads[2 + a] < dilations[a] * (kernel[a] - 1) + 1 for a in range(2)):
            continue
        cases.append(
            conv_case(rng, spatial, kernel, (ci, co), strides=strides, dilations=dilations, pads=pads, group=group,
                      batch=data.draw(st.integers(1, 2)), epilogue=data.draw(st.sampled_from(["", *EPILOGUES])))
        )
    check_all(build(cases, target))


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_channel_slices_and_reused_memory(target: str) -> None:
    """Inputs that are channel slices, outputs written into a concat, residuals overwritten in place: no copies, right values."""
    rng = np.random.default_rng(9)
    graph = Graph("views")
    x = array(rng, (1, 6, 7, 29))
    graph.types["x"] = TensorType(DType.F32, x.shape)
    graph.inputs.append("x")
    values: dict[str, np.ndarray] = {"x": x.astype(np.float64)}

    def node(op: str, inputs: list[str], attrs: dict[str, Any], name: str) -> str:
        """Add a node to the graph and its float64 result to `values`."""
        add_node(graph, op, inputs, attrs, outputs=[name])
        arrays = [values[i] if i in values else graph.constants[i].astype(np.float64) for i in inputs if i]
        spaced = iter(arrays)
        wide = {**attrs, "epilogue": in_float64(attrs["epilogue"])} if "epilogue" in attrs else attrs
        values[name] = OPS[op].reference([next(spaced) if i else None for i in inputs], wide)[0]
        return name

    def conv(source: str, shape: tuple[int, ...], name: str, group: int = 1, extra: str = "") -> str:
        graph.set_constant(f"w_{name}", array(rng, shape) / np.float32(np.sqrt(np.prod(shape[1:]))))
        p = shape[2] // 2
        attrs = {"strides": (1, 1), "pads": (p,) * 4, "dilations": (1, 1), "group": group, "layout": LAST}
        if extra:
            return node("conv", [source, f"w_{name}", "", extra], {**attrs, "epilogue": EPILOGUES["residual"][0]}, name)
        return node("conv", [source, f"w_{name}", ""], attrs, name)

    def part(begin: int, width: int, name: str) -> str:
        return node("slice", ["x"], {"starts": (0, 0, 0, begin), "steps": (1, 1, 1, 1), "shape": (1, 6, 7, width)}, name)

    a = conv(part(3, 10, "xa"), (21, 10, 1, 1), "a")
    b = conv(part(13, 16, "xb"), (16, 1, 3, 3), "b", group=16)
    c = conv(part(1, 5, "xc"), (9, 5, 3, 3), "c")
    joined = node("concat", [a, b, c], {"axis": 3}, "joined")
    first = conv(joined, (46, 46, 1, 1), "first")
    second = conv(first, (46, 1, 3, 3), "second", group=46, extra=first)
    third = conv(joined, (46, 46, 3, 3), "third", extra=second)
    graph.outputs = [conv(joined, (46, 46, 1, 1), "fourth", extra=third)]
    session = compile_graph(graph, target, optimize=False, opt="-O2")
    steps = session.manifest["variants"][0]["steps"]
    assert [s["op"] for s in steps] == ["conv"] * 7
    buffers = [b for b in session.manifest["variants"][0]["buffers"] if b["kind"] == "arena"]
    assert len(buffers) == 3, "the concat, `first`, and one that the residual sums take over"
    want = values["fourth"]
    error = np.abs(session(x) - want).max()
    assert error <= 2.0**-24 * 60 * np.abs(want).max()

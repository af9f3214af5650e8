"""matmul kernels against the operator's float64 reference, on every instruction set that runs here."""

from __future__ import annotations

import itertools
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import OPS
from tests.kernels.products import EPILOGUES, TARGET_NAMES, Case, build, check_all, extras_for


def array(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    """Random values: the whole range of integers, standard normal floats."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    return rng.standard_normal(shape).astype(dtype)


def matmul_case(
    rng: np.random.Generator,
    a: tuple[int, ...],
    b: tuple[int, ...],
    *,
    trans_a: bool = False,
    trans_b: bool = False,
    bias: bool = False,
    epilogue: str = "",
    constant: tuple[int, ...] = (1, 2),
    dtype: Any = np.float32,
) -> Case:
    """A matmul of arrays of the given shapes (before the transposes)."""
    attrs: dict[str, Any] = {"trans_a": trans_a, "trans_b": trans_b}
    types = [TensorType(DType.of(np.dtype(dtype)), s) for s in (a, b)]
    shape = OPS["matmul"].infer(types, attrs)[0].shape
    case = Case("matmul", [array(rng, a, dtype), array(rng, b, dtype)], attrs, constant)
    case.inputs.append(array(rng, shape[-1:], dtype) if bias else None)
    if epilogue:
        case.label, (attrs["epilogue"], kinds) = epilogue, EPILOGUES[epilogue]
        case.inputs += extras_for(rng, kinds, shape, -1)
        case.constant += tuple(3 + i for i, k in enumerate(kinds) if k == "channel")
    return case


SIZES = [1, 2, 3, 4, 5, 7, 8, 13, 14, 15, 16, 17, 24, 31, 33, 48, 57]


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_constant_right_side(target: str) -> None:
    """Every number of rows and of columns around the tile, with and without bias, both orders of the weights."""
    rng = np.random.default_rng(1)
    cases = [
        matmul_case(rng, (m, k), (n, k) if t else (k, n), trans_b=t, bias=n % 2 > 0)
        for i, (m, n) in enumerate(itertools.product(SIZES, SIZES))
        for k, t in [((1, 3, 4, 9, 18)[i % 5], i % 2 > 0)]
    ]
    cases += [
        matmul_case(rng, (2, 3, 5, 7), (7, 20), bias=True),
        matmul_case(rng, (1, 1, 300), (300, 100), bias=True),
        matmul_case(rng, (3, 1, 257), (257, 31)),
        matmul_case(rng, (61, 1000), (1000, 10)),
    ]
    built = build(cases, target)
    assert set(built.families) == {"gemm"}
    check_all(built)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_both_sides_at_run_time(target: str) -> None:
    """Attention: batches on either side or both, transposed right sides, broadcast batches, bias."""
    rng = np.random.default_rng(2)
    cases = []
    for a, b in [
        ((5, 7), (7, 9)), ((2, 5, 7), (2, 7, 9)), ((3, 4, 17, 8), (3, 4, 8, 33)), ((4, 1, 16), (4, 16, 5)), ((2, 1, 5, 3), (1, 4, 3, 6)),
        ((6, 3), (2, 3, 4)), ((2, 6, 3), (3, 4)), ((1, 2, 19, 64), (1, 2, 64, 19)), ((2, 3, 1, 1), (2, 3, 1, 1)),
    ]:  # fmt: skip
        cases.append(matmul_case(rng, a, b, constant=(), bias=len(cases) % 2 > 0))
        swapped = (*b[:-2], b[-1], b[-2])
        cases.append(matmul_case(rng, a, swapped, trans_b=True, constant=(), bias=len(cases) % 3 > 0))
    built = build(cases, target)
    assert set(built.families) == {"batched"}
    check_all(built)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_epilogues(target: str) -> None:
    rng = np.random.default_rng(3)
    cases = []
    for name, n in itertools.product(EPILOGUES, (5, 16, 40)):
        cases.append(matmul_case(rng, (9, 12), (12, n), bias=True, epilogue=name))
        cases.append(matmul_case(rng, (1, 12), (12, n), epilogue=name))
        cases.append(matmul_case(rng, (2, 3, 6), (2, 6, n), epilogue=name, constant=()))
    check_all(build(cases, target))


DTYPES = [np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.int32, np.uint32, np.int64, np.uint64, np.int8, np.int16]


def test_generic() -> None:
    """Plain loops: every element type, vectors on either side, both transposes, an empty inner dimension."""
    rng = np.random.default_rng(4)
    cases = []
    for dtype in DTYPES:
        for a, b, ta, tb in [
            ((3, 5), (5, 7), False, False), ((2, 1, 5, 3), (4, 9, 5), True, True), ((5,), (5, 9), False, False), ((3, 5), (5,), False, False),
            ((6,), (6,), False, False), ((2, 3, 0), (2, 0, 4), False, False), ((2, 4, 5), (5,), False, False), ((5,), (2, 5, 3), False, False),
        ]:  # fmt: skip
            cases.append(matmul_case(rng, a, b, trans_a=ta, trans_b=tb, constant=(), dtype=dtype, bias=len(cases) % 2 > 0))
    cases += [matmul_case(rng, (2, 3, 5), (5, 7), epilogue=name, constant=(), bias=True) for name in EPILOGUES]
    check_all(build(cases, "c99", "generic"))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_shape(data: st.DataObject) -> None:
    """Random shapes, ten cases a library, on a random target; the kernel is the one lowering would choose."""
    target = data.draw(st.sampled_from(TARGET_NAMES))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    cases = []
    for _ in range(10):
        m, k, n = (data.draw(st.integers(1, top)) for top in (40, 70, 70))
        batch = tuple(data.draw(st.lists(st.integers(1, 3), max_size=2)))
        own = data.draw(st.booleans())
        ta, tb = data.draw(st.booleans()), data.draw(st.booleans())
        a, b = ((k, m) if ta else (m, k)), ((n, k) if tb else (k, n))
        cases.append(
            matmul_case(rng, (*batch, *a), (*(batch if own else ()), *b), trans_a=ta, trans_b=tb, bias=data.draw(st.booleans()),
                        epilogue=data.draw(st.sampled_from(["", *EPILOGUES])), constant=data.draw(st.sampled_from([(), (1, 2), (2,)])))
        )
    check_all(build(cases, target))


@pytest.mark.parametrize(
    "a, b, attrs",
    [((2, 3), (4, 5), {}), ((2, 3), (3,), {"trans_a": True}), ((2, 2, 3), (3, 3, 4), {}), ((), (3,), {}), ((2, 3), (4, 3), {})],
)
def test_shapes_that_do_not_fit(a: tuple[int, ...], b: tuple[int, ...], attrs: dict[str, Any]) -> None:
    with pytest.raises(ShapeError):
        OPS["matmul"].infer([TensorType(DType.F32, a), TensorType(DType.F32, b)], attrs)

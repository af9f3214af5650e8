"""TFLite operators on floats, whole numbers and truths against LiteRT: at most 1e-5 of the range apart, integers equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pith.graph import DType
from tests.importers.tflite_build import Op, T, litert, model, pith_outputs, random_input

F32, F16, I8, I32, I64, BOOL = DType.F32, DType.F16, DType.I8, DType.I32, DType.I64, DType.BOOL
SAME, VALID = 0, 1


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def close(got: np.ndarray, want: np.ndarray, tolerance: float = 1e-5) -> None:
    """Equal shapes and types; floats within `tolerance` of the range, everything else equal."""
    assert got.shape == want.shape and got.dtype == want.dtype
    if want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want)
        return
    assert np.isfinite(want).all()
    reach = max(float(np.ptp(want)) if want.size else 0.0, float(np.abs(want).max(initial=0)), 1e-6)
    assert np.abs(got - want).max(initial=0) <= tolerance * reach


def check(data: bytes, feeds: Sequence[np.ndarray], tolerance: float = 1e-5, *, reference: bool = True) -> None:
    """reference: False for what the table of reference kernels has not."""
    for got, want in zip(pith_outputs(data, feeds), litert(data, feeds, reference=reference), strict=True):
        close(got, want, tolerance)


def const(values: Any, dtype: type = np.int32) -> T:
    return T.const(np.array(values, dtype))


def each(x: T, cases: Sequence[tuple[str, Sequence[T], dict[str, Any], tuple[int, ...], DType]]) -> bytes:
    """A model with one output for each case (operator, further inputs, options, shape and type of the result) of the input x."""
    tensors, ops, results = [x], [], []
    for name, more, options, shape, dtype in cases:
        first = len(tensors)
        tensors += [*more, T(shape, dtype)]
        inputs = [*range(first, first + len(more))]
        if name == "SPLIT":
            inputs = [*inputs, 0]
        else:
            inputs = [0, *inputs]
        ops.append(Op(name, inputs, [len(tensors) - 1], options))
        results.append(len(tensors) - 1)
    return model(tensors, ops, [0], results)


def test_one_operand() -> None:
    x = T((6, 50))
    names = [
        "ABS", "COS", "EXP", "FLOOR", "NEG", "SIN", "LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "HARD_SWISH", "SQUARE",
        "LOG_SOFTMAX", "ZEROS_LIKE",
    ]  # fmt: skip
    cases: list[Any] = [(name, [], {}, x.shape, F32) for name in names]
    cases += [("LEAKY_RELU", [], {"alpha": 0.2}, x.shape, F32), ("SOFTMAX", [], {"beta": 1.5}, x.shape, F32)]
    cases += [("CAST", [], {}, x.shape, I32), ("L2_NORMALIZATION", [], {}, x.shape, F32)]
    check(each(x, cases), [random_input(x, rng())])
    cases = [("GELU", [], {"approximate": a}, x.shape, F32) for a in (False, True)]
    cases += [(name, [], {}, x.shape, F32) for name in ("ELU", "SIGN", "CEIL", "ROUND")]
    check(each(x, cases), [random_input(x, rng())], reference=False)


def test_of_positive_numbers() -> None:
    x = T((100,))
    check(each(x, [(name, [], {}, x.shape, F32) for name in ("LOG", "SQRT", "RSQRT")]), [np.linspace(0.01, 9, 100, dtype=np.float32)])


def test_two_operands() -> None:
    a, b = T((3, 4, 5)), T((4, 1))
    tensors, ops = [a, b], []
    for name in ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "PRELU", "LESS", "GREATER_EQUAL", "NOT_EQUAL"):
        ops.append(Op(name, [0, 1], [len(tensors)], {"activation": 3} if name in ("ADD", "SUB", "MUL", "DIV") else {}))
        tensors.append(T(a.shape, BOOL if name in ("LESS", "GREATER_EQUAL", "NOT_EQUAL") else F32))
    ops.append(Op("SELECT_V2", [10, 0, 1], [len(tensors)]))
    tensors.append(T(a.shape))
    check(model(tensors, ops, [0, 1], list(range(2, len(tensors)))), [random_input(t, rng()) for t in (a, b)])


def test_whole_numbers() -> None:
    a, b = T((40,), I32), T((40,), I32)
    tensors, ops = [a, b], []
    for name in ("ADD", "SUB", "MUL", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "EQUAL"):
        ops.append(Op(name, [0, 1], [len(tensors)]))
        tensors.append(T(a.shape, BOOL if name == "EQUAL" else I32))
    r = rng()
    feeds = [r.integers(-50, 50, 40).astype(np.int32), np.where(np.arange(40) % 2, 7, -3).astype(np.int32)]
    check(model(tensors, ops, [0, 1], list(range(2, len(tensors)))), feeds)


@pytest.mark.parametrize("padding", [SAME, VALID])
def test_convolutions_and_pools(padding: int) -> None:
    r = rng()
    x = T((2, 9, 8, 6))
    normal = lambda *s: T.const(r.standard_normal(s).astype(np.float32))  # noqa: E731
    out = (2, 5, 4) if padding == SAME else (2, 4, 3)
    options = {"padding": padding, "stride_h": 2, "stride_w": 2}
    pool = {**options, "filter_h": 3, "filter_w": 3}
    cases: list[Any] = [
        ("CONV_2D", [normal(7, 3, 3, 6), normal(7)], {**options, "activation": 1}, (*out, 7), F32),
        ("CONV_2D", [normal(4, 3, 3, 3), normal(4)], options, (*out, 4), F32),  # two groups
        ("DEPTHWISE_CONV_2D", [normal(1, 3, 3, 12), normal(12)], {**options, "multiplier": 2, "activation": 3}, (*out, 12), F32),
        ("AVERAGE_POOL_2D", [], pool, (*out, 6), F32), ("MAX_POOL_2D", [], {**pool, "activation": 1}, (*out, 6), F32), ("L2_POOL_2D", [], pool, (*out, 6), F32),
    ]  # fmt: skip
    check(each(x, cases), [random_input(x, r)])


def test_local_response_normalization() -> None:
    """The reference kernel leaves out the last channel of each window; the other one keeps to TensorFlow's definition."""
    x = T((2, 5, 4, 9))
    options = {"radius": 2, "bias": 1.0, "alpha": 0.3, "beta": 0.75}
    check(each(x, [("LOCAL_RESPONSE_NORMALIZATION", [], options, x.shape, F32)]), [random_input(x, rng())], reference=False)


@pytest.mark.parametrize(("padding", "size"), [(SAME, (10, 8)), (SAME, (9, 7)), (VALID, (11, 9))])
def test_transpose_conv(padding: int, size: tuple[int, int]) -> None:
    r = rng()
    x = T((1, 5, 4, 3))
    tensors = [const([1, *size, 6]), T.const(r.standard_normal((6, 3, 3, 3)).astype(np.float32)), x, T((1, *size, 6))]
    op = Op("TRANSPOSE_CONV", [0, 1, 2], [3], {"padding": padding, "stride_h": 2, "stride_w": 2})
    check(model(tensors, [op], [2], [3]), [random_input(x, r)])


def test_products() -> None:
    r = rng()
    a, b = T((2, 3, 5, 7)), T((2, 3, 7, 4))
    w, bias = T.const(r.standard_normal((6, 7)).astype(np.float32)), T.const(r.standard_normal(6).astype(np.float32))
    tensors = [a, b, w, bias, T((2, 3, 5, 4)), T((30, 6)), T((2, 3, 5, 6))]
    ops = [
        Op("BATCH_MATMUL", [0, 1], [4]), Op("FULLY_CONNECTED", [0, 2, 3], [5], {"activation": 1}),
        Op("FULLY_CONNECTED", [0, 2, -1], [6], {"keep_num_dims": True}),
    ]  # fmt: skip
    check(model(tensors, ops, [0, 1], [4, 5, 6]), [random_input(a, r), random_input(b, r)])


def test_reductions() -> None:
    x = T((3, 4, 5))
    cases: list[Any] = [
        (name, [const([-1, 0])], {"keep_dims": keep}, (1, 4, 1) if keep else (4,), F32)
        for name in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD") for keep in (False, True)
    ]  # fmt: skip
    cases += [("ARG_MAX", [const(1)], {"output_type": 2}, (3, 5), I32), ("ARG_MIN", [const(-1)], {"output_type": 4}, (3, 4), I64)]
    check(each(x, cases), [random_input(x, rng())])
    cases = [("CUMSUM", [const(1)], {"exclusive": e, "reverse": b}, x.shape, F32) for e in (False, True) for b in (False, True)]
    check(each(x, cases), [random_input(x, rng())])


def test_moves() -> None:
    x = T((2, 4, 6, 8))
    cases: list[Any] = [
        ("RESHAPE", [const([-1, 16])], {}, (24, 16), F32), ("RESHAPE", [], {"new_shape": [2, 192]}, (2, 192), F32),
        ("EXPAND_DIMS", [const(-1)], {}, (2, 4, 6, 8, 1), F32), ("SHAPE", [], {"out_type": 2}, (4,), I32),
        ("TRANSPOSE", [const([3, 1, 0, 2])], {}, (8, 4, 2, 6), F32), ("PAD", [const([[0, 0], [1, 2], [0, 3], [0, 0]])], {}, (2, 7, 9, 8), F32),
        ("PADV2", [const([[1, 0], [0, 0], [0, 3], [0, 0]]), T.const(np.float32(2.5).reshape(()))], {}, (3, 4, 9, 8), F32),
        ("MIRROR_PAD", [const([[0, 0], [2, 1], [0, 3], [0, 0]])], {"mode": 0}, (2, 7, 9, 8), F32),
        ("SLICE", [const([0, 1, 2, 0]), const([1, 3, -1, 8])], {}, (1, 3, 4, 8), F32),
        ("STRIDED_SLICE", [const([0, -1, 0, 1]), const([0, 0, 6, 8]), const([1, -2, 1, 3])], {"begin_mask": 1, "end_mask": 1}, (2, 2, 6, 3), F32),
        ("STRIDED_SLICE", [const([0, 1]), const([0, 5]), const([1, 2])], {"shrink_axis_mask": 1, "ellipsis_mask": 0}, (2, 6, 8), F32),
        ("GATHER", [const([3, 0, 0])], {"axis": 1}, (2, 3, 6, 8), F32), ("GATHER_ND", [const([[1, 2], [0, 3]])], {}, (2, 6, 8), F32),
        ("TILE", [const([1, 2, 1, 3])], {}, (2, 8, 6, 24), F32), ("REVERSE_V2", [const([2])], {}, x.shape, F32),
        ("SPACE_TO_DEPTH", [], {"block_size": 2}, (2, 2, 3, 32), F32), ("DEPTH_TO_SPACE", [], {"block_size": 2}, (2, 8, 12, 2), F32),
        ("SPACE_TO_BATCH_ND", [const([2, 3]), const([[0, 0], [1, 2]])], {}, (12, 2, 3, 8), F32),
    ]  # fmt: skip
    check(each(x, cases), [random_input(x, rng())])


def test_batch_to_space_crops() -> None:
    x = T((12, 2, 3, 5))
    check(each(x, [("BATCH_TO_SPACE_ND", [const([2, 3]), const([[1, 0], [2, 1]])], {}, (2, 3, 6, 5), F32)]), [random_input(x, rng())])


def test_several_results() -> None:
    x = T((2, 6, 3))
    tensors = [x, const(1), *[T((2, 2, 3)) for _ in range(3)], const([1, 5]), T((2, 1, 3)), T((2, 5, 3)), *[T((2, 6)) for _ in range(3)]]
    tensors += [T((2, 6, 1)), T((2, 6, 1), I32), T((2, 2, 6)), T((2, 12, 3)), const(1)]
    ops = [
        Op("SPLIT", [1, 0], [2, 3, 4], {"num_splits": 3}), Op("SPLIT_V", [0, 5, 1], [6, 7], {"num_splits": 2}),
        Op("UNPACK", [0], [8, 9, 10], {"count": 3, "axis": 2}), Op("TOPK_V2", [0, 15], [11, 12]), Op("PACK", [8, 9], [13], {"count": 2, "axis": 1}),
        Op("CONCATENATION", [0, 0], [14], {"axis": 1}),
    ]  # fmt: skip
    check(model(tensors, ops, [0], [2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14]), [random_input(x, rng())])


def test_indices() -> None:
    x, on = T((2, 3), I32), T.const(np.float32(1).reshape(()))
    data = each(x, [("ONE_HOT", [const(4), on, T.const(np.float32(0).reshape(()))], {"axis": -1}, (2, 3, 4), F32)])
    check(data, [np.array([[0, 3, 1], [2, 2, 0]], np.int32)])


def test_truths() -> None:
    a, b = T((4, 6), BOOL), T((4, 6), BOOL)
    tensors = [a, b, T(a.shape, BOOL), T(a.shape, BOOL), T(a.shape, BOOL), const([1]), T((4,), BOOL), T((4,), BOOL)]
    ops = [
        Op("LOGICAL_AND", [0, 1], [2]), Op("LOGICAL_OR", [0, 1], [3]), Op("LOGICAL_NOT", [0], [4]), Op("REDUCE_ANY", [2, 5], [6]),
        Op("REDUCE_ALL", [3, 5], [7]),
    ]  # fmt: skip
    check(model(tensors, ops, [0, 1], [2, 3, 4, 6, 7]), [random_input(t, rng()) for t in (a, b)])


@pytest.mark.parametrize(("corners", "half"), [(False, False), (True, False), (False, True)])
def test_resize(corners: bool, half: bool) -> None:
    x, options = T((2, 5, 7, 3)), {"align_corners": corners, "half_pixel_centers": half}
    cases: list[Any] = [
        (name, [const(size)], options, (2, *size, 3), F32)
        for name in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR") for size in ((11, 13), (3, 2), (10, 14))
    ]  # fmt: skip
    check(each(x, cases), [random_input(x, rng())])


def test_weights_of_float16() -> None:
    r = rng()
    half = T.const(r.standard_normal((7, 3, 3, 6)).astype(np.float16))
    x = T((1, 5, 5, 6))
    tensors = [x, half, T(half.shape), T((1, 5, 5, 7)), T.const(np.zeros(7, np.float32))]
    ops = [Op("DEQUANTIZE", [1], [2]), Op("CONV_2D", [0, 2, 4], [3], {"padding": SAME, "stride_h": 1, "stride_w": 1})]
    check(model(tensors, ops, [0], [3]), [random_input(x, r)])


def test_hybrid_weights() -> None:
    """Integers as weights of an operator on floats are dequantised: LiteRT's own way rounds the input to 8 bits first."""
    r = rng()
    q = r.integers(-127, 128, (7, 6)).astype(np.int8)
    scale = r.uniform(0.01, 0.02, 7)
    x = T((4, 6))
    data = model([x, T.const(q, scale=scale), T((4, 7))], [Op("FULLY_CONNECTED", [0, 1, -1], [2])], [0], [2])
    feed = random_input(x, r)
    (got,) = pith_outputs(data, [feed])
    np.testing.assert_allclose(got, feed.astype(np.float64) @ (q * scale.astype(np.float32)[:, None].astype(np.float64)).T, rtol=1e-5, atol=1e-5)


def test_four_bits() -> None:
    """Two weights in a byte, the lower half first; an odd number of them."""
    import ml_dtypes

    r = rng()
    q = r.integers(-7, 8, (3, 5)).astype(np.int8)
    x = T((2, 5))
    data = model([x, T((3, 5), DType.I4, q.astype(ml_dtypes.int4), scale=0.1), T((2, 3))], [Op("FULLY_CONNECTED", [0, 1, -1], [2])], [0], [2])
    feed = random_input(x, r)
    np.testing.assert_allclose(pith_outputs(data, [feed])[0], feed @ (q * np.float32(0.1)).T, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("clip", [0.0, 0.3])
def test_lstm(clip: float) -> None:
    r = rng()
    steps, inputs, hidden = 6, 5, 4
    x = T((2, steps, inputs))
    make = lambda *s: T.const((r.standard_normal(s) * 0.7).astype(np.float32))  # noqa: E731
    tensors = [x, *[make(hidden, inputs) for _ in range(4)], *[make(hidden, hidden) for _ in range(4)], *[make(hidden) for _ in range(4)]]
    tensors += [T((2, hidden), variable=True), T((2, hidden), variable=True), T((2, steps, hidden))]
    places = [0, *range(1, 9), -1, -1, -1, *range(9, 13), -1, -1, 13, 14, -1, -1, -1, -1]
    op = Op("UNIDIRECTIONAL_SEQUENCE_LSTM", places, [15], {"activation": 4, "cell_clip": clip})
    check(model(tensors, [op], [0], [15]), [random_input(x, r)], 1e-5)

"""Quantised TFLite operators, bit for bit: the compiled C and the NumPy references against LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pith.graph import DType
from tests.importers.tflite_build import Op, T, litert, model, pith_outputs, random_input, reference_outputs

I8, U8, I32 = DType.I8, DType.U8, DType.I32
SAME, VALID = 0, 1
NONE, RELU, RELU1, RELU6 = 0, 1, 2, 3


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def check(data: bytes, feeds: Sequence[np.ndarray], targets: Sequence[str] = ("host",), *, reference: bool = True) -> None:
    """LiteRT's reference kernels, the references before any pass, and the compiled C give the same integers.

    reference: False for what LiteRT's table of reference kernels has not, or has wrong; its other kernels (no delegate) then.
    """
    want = litert(data, feeds, reference=reference)
    assert any(len(np.unique(w)) > 1 for w in want)  # a constant would prove little
    found = [reference_outputs(data, feeds), *(pith_outputs(data, feeds, target) for target in targets)]
    for got in found:
        for a, b in zip(got, want, strict=True):
            assert a.dtype == b.dtype and a.shape == b.shape
            np.testing.assert_array_equal(a, b)


def weights(r: np.random.Generator, shape: tuple[int, ...], dtype: DType, axis: int | None, zero: int = 0) -> T:
    """Weights whose scales differ by channel along `axis`, or have one scale."""
    low, high = (-127, 127) if dtype is I8 else (0, 255)
    scale: Any = r.uniform(0.002, 0.02, shape[axis]) if axis is not None else 0.0123
    return T.const(r.integers(low, high, shape, endpoint=True).astype(dtype.np), scale=scale, zero=zero, axis=axis or 0)


def bias(r: np.random.Generator, n: int) -> T:
    return T.const(r.integers(-3000, 3000, n).astype(np.int32), scale=1e-4)


CONVS = [
    # height, width, channels, outputs, kernel, stride, dilation, padding, activation
    (7, 9, 5, 6, (3, 3), (1, 1), (1, 1), SAME, NONE),
    (8, 8, 16, 33, (1, 1), (1, 1), (1, 1), VALID, RELU6),
    (11, 6, 3, 17, (5, 3), (2, 3), (1, 1), SAME, RELU),
    (9, 9, 4, 8, (3, 3), (1, 1), (2, 2), VALID, RELU1),
    (1, 13, 7, 2, (1, 4), (1, 2), (1, 1), SAME, NONE),
]


@pytest.mark.parametrize("dtype", [I8, U8])
@pytest.mark.parametrize("config", CONVS)
def test_conv(config: tuple[Any, ...], dtype: DType) -> None:
    h, w, c, o, kernel, stride, dilation, padding, activation = config
    r = rng()
    oh, ow = (
        (-(-d // s) if padding == SAME else (d - (k - 1) * e - 1) // s + 1)
        for d, k, s, e in zip((h, w), kernel, stride, dilation, strict=True)
    )
    x = T((1, h, w, c), dtype, scale=0.05, zero=-7 if dtype is I8 else 121)
    y = T((1, oh, ow, o), dtype, scale=0.17, zero=4 if dtype is I8 else 90)
    k = weights(r, (o, *kernel, c), dtype, 0 if dtype is I8 else None, 0 if dtype is I8 else 131)
    options = {
        "padding": padding, "stride_h": stride[0], "stride_w": stride[1], "dilation_h": dilation[0], "dilation_w": dilation[1],
        "activation": activation,
    }  # fmt: skip
    made = bias(r, o)
    if dtype is U8:
        made.scale = 0.05 * 0.0123
    check(model([x, k, made, y], [Op("CONV_2D", [0, 1, 2], [3], options)], [0], [3]), [random_input(x, r)], ("host", "c99"))


@pytest.mark.parametrize("dtype", [I8, U8])
@pytest.mark.parametrize(("c", "times", "kernel", "stride"), [(40, 1, 3, 1), (3, 4, 3, 2), (65, 1, 5, 2), (8, 1, 9, 1)])
def test_depthwise(c: int, times: int, kernel: int, stride: int, dtype: DType) -> None:
    r = rng()
    x = T((1, 10, 11, c), dtype, scale=0.04, zero=9 if dtype is I8 else 128)
    y = T((1, -(-10 // stride), -(-11 // stride), c * times), dtype, scale=0.1, zero=-20 if dtype is I8 else 100)
    k = weights(r, (1, kernel, kernel, c * times), dtype, 3 if dtype is I8 else None, 0 if dtype is I8 else 127)
    made = bias(r, c * times)
    if dtype is U8:
        made.scale = 0.04 * 0.0123
    options = {"padding": SAME, "stride_h": stride, "stride_w": stride, "multiplier": times, "activation": RELU6}
    check(model([x, k, made, y], [Op("DEPTHWISE_CONV_2D", [0, 1, 2], [3], options)], [0], [3]), [random_input(x, r)], ("host", "c99"))


@pytest.mark.parametrize(("dtype", "axis", "zero"), [(I8, None, 0), (I8, 0, 0), (I8, None, 17), (U8, None, 99), (U8, None, 128)])
def test_fully_connected(dtype: DType, axis: int | None, zero: int) -> None:
    r = rng()
    x = T((3, 37), dtype, scale=0.03, zero=5)
    y = T((3, 19), dtype, scale=0.4, zero=3)
    made = bias(r, 19)
    made.scale = 0.03 * 0.0123
    tensors = [x, weights(r, (19, 37), dtype, axis, zero), made, y]
    check(model(tensors, [Op("FULLY_CONNECTED", [0, 1, 2], [3], {"activation": RELU})], [0], [3]), [random_input(x, r)], ("host", "c99"))


def test_fully_connected_keeps_axes_and_needs_no_bias() -> None:
    r = rng()
    x, y = T((2, 3, 8), I8, scale=0.03, zero=5), T((2, 3, 5), I8, scale=0.2, zero=3)
    op = Op("FULLY_CONNECTED", [0, 1, -1], [2], {"keep_num_dims": True})
    check(model([x, weights(r, (5, 8), I8, None), y], [op], [0], [2]), [random_input(x, r)])


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize("dtype", [I8, U8])
def test_transpose_conv(dtype: DType, padding: int) -> None:
    r = rng()
    size = (10, 14) if padding == SAME else (11, 15)
    shape = T.const(np.array([1, *size, 6], np.int32))
    x = T((1, 5, 7, 4), dtype, scale=0.05, zero=11)
    k = weights(r, (6, 3, 3, 4), dtype, 0 if dtype is I8 else None, 0 if dtype is I8 else 120)
    y = T((1, *size, 6), dtype, scale=0.1, zero=-3 if dtype is I8 else 130)
    options = {"padding": padding, "stride_h": 2, "stride_w": 2}
    check(model([shape, k, x, y], [Op("TRANSPOSE_CONV", [0, 1, 2], [3], options)], [2], [3]), [random_input(x, r)])


@pytest.mark.parametrize(("flip_a", "flip_b"), [(False, False), (False, True), (True, False)])
def test_batch_matmul(flip_a: bool, flip_b: bool) -> None:
    r = rng()
    a = T((2, 3, 9, 5) if flip_a else (2, 3, 5, 9), I8, scale=0.05, zero=4)
    b = T((2, 3, 7, 9) if flip_b else (2, 3, 9, 7), I8, scale=0.02, zero=-9)
    y = T((2, 3, 5, 7), I8, scale=0.1, zero=12)
    data = model([a, b, y], [Op("BATCH_MATMUL", [0, 1], [2], {"adj_x": flip_a, "adj_y": flip_b})], [0, 1], [2])
    check(data, [random_input(a, r), random_input(b, r)])


@pytest.mark.parametrize("dtype", [I8, U8])
def test_two_operands(dtype: DType) -> None:
    """Sums, differences, products and slopes, broadcast or not, and with activations."""
    r = rng()
    shift = 0 if dtype is I8 else 128
    a, b = T((2, 5, 6, 7), dtype, scale=0.031, zero=3 + shift), T((2, 5, 6, 7), dtype, scale=0.057, zero=-8 + shift)
    row = T((7,), dtype, scale=0.01, zero=2 + shift)
    tensors, ops = [a, b, row], []
    for name, right, activation, scale in (
        ("ADD", 1, NONE, 0.09), ("ADD", 2, RELU, 0.03), ("SUB", 1, RELU6, 0.08), ("SUB", 2, NONE, 0.05), ("MUL", 1, NONE, 0.2),
        ("MUL", 2, RELU1, 0.02), ("ADD", 0, NONE, 0.07),
    ):  # fmt: skip
        ops.append(Op(name, [0, right], [len(tensors)], {"activation": activation}))
        tensors.append(T(a.shape, dtype, scale=scale, zero=-11 + shift))
    ops.append(Op("PRELU", [0, 2], [len(tensors)]))
    tensors.append(T(a.shape, dtype, scale=0.04, zero=7 + shift))
    made = list(range(3, len(tensors)))
    check(model(tensors, ops, [0, 1, 2], made), [random_input(t, r) for t in (a, b, row)], ("host", "c99"))


def test_squared_difference() -> None:
    r = rng()
    a, b = T((4, 33), I8, scale=0.031, zero=3), T((4, 33), I8, scale=0.057, zero=-8)
    data = model([a, b, T((4, 33), I8, scale=0.3, zero=-128)], [Op("SQUARED_DIFFERENCE", [0, 1], [2])], [0, 1], [2])
    check(data, [random_input(a, r), random_input(b, r)])


UNARY: list[tuple[str, dict[str, Any], float, int]] = [  # operator, options, scale and zero point of the result (of int8)
    ("RELU", {}, 0.04, -128), ("RELU6", {}, 0.03, -100), ("RELU_N1_TO_1", {}, 0.01, 5), ("RELU", {}, 0.05, 20),
    ("LEAKY_RELU", {"alpha": 0.1}, 0.03, 9), ("LEAKY_RELU", {"alpha": -0.4}, 0.06, -3), ("HARD_SWISH", {}, 0.05, -100),
    ("HARD_SWISH", {}, 0.06, 17), ("LOGISTIC", {}, 1 / 256, -128), ("TANH", {}, 1 / 128, 0), ("QUANTIZE", {}, 0.02, 40),
    ("QUANTIZE", {}, 0.09, -40),
]  # fmt: skip
SIGNED: list[tuple[str, dict[str, Any], float, int]] = [
    ("ABS", {}, 0.04, -50), ("ABS", {}, 0.02, -128), ("EXP", {}, 0.9, -128), ("GELU", {"approximate": False}, 0.05, -90),
    ("GELU", {"approximate": True}, 0.05, -90),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [I8, U8])
@pytest.mark.parametrize("scale", [0.04, 0.011])
def test_tables(dtype: DType, scale: float) -> None:
    """Functions of one integer, over all its values."""
    info, shift = np.iinfo(dtype.np), 0 if dtype is I8 else 128
    x = T((256,), dtype, scale=scale, zero=-11 + shift)
    tensors, ops = [x], []
    for name, options, step, zero in [*UNARY, *(SIGNED if dtype is I8 else [])]:
        if name == "ABS" and step == 0.04:
            step = scale  # without any scaling
        ops.append(Op(name, [0], [len(tensors)], options))
        tensors.append(T((256,), dtype, scale=step, zero=zero + shift))
    check(model(tensors, ops, [0], list(range(1, len(tensors)))), [np.arange(info.min, info.max + 1).astype(dtype.np)])


def test_elu() -> None:
    """Which is not among LiteRT's reference kernels."""
    x, y = T((256,), I8, scale=0.04, zero=-11), T((256,), I8, scale=0.05, zero=-90)
    check(model([x, y], [Op("ELU", [0], [1])], [0], [1]), [np.arange(-128, 128).astype(np.int8)], reference=False)


def test_between_types() -> None:
    every = np.arange(-128, 128).astype(np.int8)
    x = T((256,), I8, scale=0.04, zero=-11)
    tensors = [x, T((256,), U8, scale=0.04, zero=117), T((256,), U8, scale=0.03, zero=100), T((256,))]
    ops = [Op("QUANTIZE", [0], [1]), Op("QUANTIZE", [0], [2]), Op("DEQUANTIZE", [0], [3])]
    check(model(tensors, ops, [0], [1, 2, 3]), [every])


@pytest.mark.parametrize("dtype", [I8, U8])
def test_quantize_floats(dtype: DType) -> None:
    r = rng()
    x, y = T((1000,)), T((1000,), dtype, scale=0.25, zero=3)
    values = np.concatenate([r.standard_normal(600) * 20, (np.arange(400) - 200) * 0.125]).astype(np.float32)  # halves among them
    check(model([x, y], [Op("QUANTIZE", [0], [1])], [0], [1]), [values])


@pytest.mark.parametrize("dtype", [I8, U8])
@pytest.mark.parametrize(("padding", "kernel", "stride"), [(VALID, (4, 5), (2, 3)), (SAME, (3, 3), (1, 1)), (SAME, (2, 3), (2, 2)), (VALID, (9, 11), (1, 1))])
def test_pools(dtype: DType, padding: int, kernel: tuple[int, int], stride: tuple[int, int]) -> None:
    r = rng()
    out = tuple(-(-d // s) if padding == SAME else (d - k) // s + 1 for d, k, s in zip((9, 11), kernel, stride, strict=True))
    x = T((2, 9, 11, 6), dtype, scale=0.05, zero=3)
    tensors, ops = [x], []
    for name, activation in (("AVERAGE_POOL_2D", NONE), ("AVERAGE_POOL_2D", RELU6), ("MAX_POOL_2D", NONE), ("MAX_POOL_2D", RELU)):
        options = {
            "padding": padding, "stride_h": stride[0], "stride_w": stride[1], "filter_h": kernel[0], "filter_w": kernel[1], "activation": activation,
        }  # fmt: skip
        ops.append(Op(name, [0], [len(tensors)], options))
        tensors.append(T((2, *out, 6), dtype, scale=0.05, zero=3))
    check(model(tensors, ops, [0], [1, 2, 3, 4]), [random_input(x, r)])


@pytest.mark.parametrize("dtype", [I8, U8])
@pytest.mark.parametrize(("axes", "keep"), [((1, 2), True), ((1, 2), False), ((3,), True), ((0, 2, 3), False)])
def test_means(dtype: DType, axes: tuple[int, ...], keep: bool) -> None:
    r = rng()
    x = T((2, 7, 5, 9), dtype, scale=0.05, zero=-30 if dtype is I8 else 30)
    shape = tuple(1 if a in axes else d for a, d in enumerate(x.shape))
    shape = shape if keep else tuple(d for a, d in enumerate(shape) if a not in axes)
    feeds, around = [random_input(x, r)], T.const(np.array(axes, np.int32))
    for name, scale in (("MEAN", 0.03), ("SUM", 5.0)):
        data = model([x, around, T(shape, dtype, scale=scale, zero=8)], [Op(name, [0, 1], [2], {"keep_dims": keep})], [0], [2])
        # the reference table's sums of int8 are wrong: -1 where the sum of zeros is asked for
        check(data, feeds, reference=name == "MEAN" or dtype is U8)


@pytest.mark.parametrize("dtype", [I8, U8])
@pytest.mark.parametrize(
    ("shape", "scale", "beta"),
    [((5, 10), 0.1, 1.0), ((1, 1001), 0.08, 1.0), ((3, 4, 33), 0.7, 1.0), ((8, 2), 0.01, 2.5), ((2, 30), 0.002, 1.0)],
)
def test_softmax(dtype: DType, shape: tuple[int, ...], scale: float, beta: float) -> None:
    r = rng()
    x, y = T(shape, dtype, scale=scale, zero=4), T(shape, dtype, scale=1 / 256, zero=-128 if dtype is I8 else 0)
    check(model([x, y], [Op("SOFTMAX", [0], [1], {"beta": beta})], [0], [1]), [random_input(x, r)], ("host", "c99"))


def test_concatenation() -> None:
    """Of uint8 with scales of their own; of int8 with one."""
    r = rng()
    parts = [T((2, 3, 5), U8, scale=0.02, zero=10), T((2, 4, 5), U8, scale=0.05, zero=200), T((2, 1, 5), U8, scale=0.04, zero=128)]
    data = model([*parts, T((2, 8, 5), U8, scale=0.04, zero=128)], [Op("CONCATENATION", [0, 1, 2], [3], {"axis": 1})], [0, 1, 2], [3])
    check(data, [random_input(p, r) for p in parts])
    parts = [T((2, 3), I8, scale=0.02, zero=10), T((2, 4), I8, scale=0.02, zero=10)]
    data = model([*parts, T((2, 7), I8, scale=0.02, zero=10)], [Op("CONCATENATION", [0, 1], [2], {"axis": -1})], [0, 1], [2])
    check(data, [random_input(p, r) for p in parts])


@pytest.mark.parametrize("dtype", [I8, U8])
@pytest.mark.parametrize(("corners", "half"), [(False, False), (True, False), (False, True)])
def test_resize(dtype: DType, corners: bool, half: bool) -> None:
    r = rng()
    x, options = T((2, 5, 7, 3), dtype, scale=0.05, zero=3), {"align_corners": corners, "half_pixel_centers": half}
    tensors, ops = [x], []
    for name in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        for size in ((11, 13), (3, 2), (1, 20)):
            ops.append(Op(name, [0, len(tensors)], [len(tensors) + 1], options))
            tensors += [T.const(np.array(size, np.int32)), T((2, *size, 3), dtype, scale=0.05, zero=3)]
    check(model(tensors, ops, [0], list(range(2, len(tensors), 2))), [random_input(x, r)])


def test_moves() -> None:
    """Padding with the zero point, slices, transposes, the larger of two: the integers themselves."""
    r = rng()
    x = T((2, 4, 6, 3), I8, scale=0.05, zero=-13)
    like = {"dtype": I8, "scale": 0.05, "zero": -13}
    tensors = [
        x, T.const(np.array([[0, 0], [1, 2], [0, 3], [0, 0]], np.int32)), T((2, 7, 9, 3), **like), T.const(np.array([0, 3, 1, 2], np.int32)),
        T((2, 3, 4, 6), **like), T.const(np.array([-1], np.int32)), T((2, 4, 6), **like), T((2, 4, 6, 3), **like), T((8, 2, 3, 3), **like),
        T.const(np.array([2, 2], np.int32)), T.const(np.array([[0, 0], [0, 0]], np.int32)), T((2, 2, 3, 12), **like), T((2, 4, 6, 3), **like),
    ]  # fmt: skip
    ops = [
        Op("PAD", [0, 1], [2]), Op("TRANSPOSE", [0, 3], [4]), Op("REDUCE_MAX", [0, 5], [6]), Op("MAXIMUM", [0, 0], [7]),
        Op("SPACE_TO_BATCH_ND", [0, 9, 10], [8]), Op("SPACE_TO_DEPTH", [0], [11], {"block_size": 2}), Op("BATCH_TO_SPACE_ND", [8, 9, 10], [12]),
    ]  # fmt: skip
    check(model(tensors, ops, [0], [2, 4, 6, 7, 8, 11, 12]), [random_input(x, r)])


def test_a_residual_block_is_fused_and_exact() -> None:
    """A convolution and the sum behind it are one layer, with the same bits on every instruction set."""
    import pith
    from pith.targets.base import get_target

    r = rng()
    x, k = T((1, 6, 6, 32), I8, scale=0.05, zero=-3), weights(r, (32, 3, 3, 32), I8, 0)
    tensors = [x, k, bias(r, 32), T(x.shape, I8, scale=0.2, zero=5), T(x.shape, I8, scale=0.21, zero=-9)]
    options = {"padding": SAME, "stride_h": 1, "stride_w": 1}
    data = model(tensors, [Op("CONV_2D", [0, 1, 2], [3], options), Op("ADD", [0, 3], [4])], [0], [4])
    graph = pith.import_model(data)
    pith.optimise(graph)
    assert [n.op for n in graph.nodes] == ["conv_integer"]
    check(data, [random_input(x, r)], [t for t in ("c99", "x86-64-v2", "x86-64-v3", "x86-64-v4", "host") if get_target(t).runs_here()])

"""Quantised operators against ONNX Runtime: exactly, or within one step where it rounds float sums its own way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from pith.importers.onnx import import_onnx
from pith.passes.pipeline import optimize
from tests.importers.build import model, node, ops, run_ort, run_pith, single, value

U8, I8 = TensorProto.UINT8, TensorProto.INT8
_RNG = np.random.default_rng(7)


def q(shape: tuple[int, ...], dtype: Any = np.uint8) -> np.ndarray:
    info = np.iinfo(dtype)
    return _RNG.integers(info.min, info.max + 1, shape, dtype=dtype)


def weights(shape: tuple[int, ...]) -> np.ndarray:
    """int8 in -64 ... 63: without VNNI, ONNX Runtime adds pairs of products u8 * s8 in 16 bits, which larger ones overflow."""
    return _RNG.integers(-64, 64, shape, dtype=np.int8)


def scale(value: float | list[float]) -> np.ndarray:
    return np.array(value, np.float32)


def zero(value: int | list[int], dtype: Any = np.uint8) -> np.ndarray:
    return np.array(value, dtype)


def check(model: Any, feed: dict[str, np.ndarray], steps: float = 0) -> None:
    for want, got in zip(run_ort(model, feed), run_pith(model, feed), strict=True):
        assert got.dtype == want.dtype and got.shape == want.shape
        assert np.abs(got.astype(np.float64) - want.astype(np.float64)).max() <= steps


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_qlinear_conv(per_channel: bool, bias: bool) -> None:
    x = q((2, 3, 7, 6))
    ws, wz = (
        (scale([0.02, 0.03, 0.011, 0.5]), zero([0] * 4, np.int8)) if per_channel else (scale(0.02), zero(3, np.int8))
    )
    constants = {
        "xs": scale(0.05),
        "xz": zero(121),
        "w": weights((4, 3, 3, 3)),
        "ws": ws,
        "wz": wz,
        "ys": scale(1.7),
        "yz": zero(99),
    }
    if bias:
        constants["b"] = _RNG.integers(-5000, 5000, 4, dtype=np.int32)
    model = single("QLinearConv", {"x": x}, constants=constants, out_type=U8, pads=[1, 0, 1, 2], strides=[2, 1])
    check(model, {"x": x})


def test_conv_integer() -> None:
    x = q((1, 2, 5, 5))
    constants = {"w": q((3, 2, 3, 3)), "xz": zero(12), "wz": zero(200)}
    check(single("ConvInteger", {"x": x}, constants=constants, out_type=TensorProto.INT32, pads=[1, 1, 1, 1]), {"x": x})


def test_matmul_integer_by_column() -> None:
    a = q((3, 4, 5))
    constants = {"b": weights((5, 6)), "az": zero(17), "bz": zero([1, -2, 3, 0, 5, -6], np.int8)}
    check(single("MatMulInteger", {"a": a}, constants=constants, out_type=TensorProto.INT32), {"a": a})


def test_matmul_integer_over_the_whole_range() -> None:
    a, b = q((9, 33)), q((33, 17), np.int8)
    a[0], b[:, 0] = 255, -128
    network = single("MatMulInteger", {"a": a}, constants={"b": b}, out_type=TensorProto.INT32)
    (got,) = run_pith(network, {"a": a})
    assert np.array_equal(got, a.astype(np.int64) @ b.astype(np.int64))


def test_qlinear_matmul() -> None:
    a = q((2, 4, 8))
    constants = {
        "as": scale(0.03), "az": zero(113), "b": q((8, 3)), "bs": scale(0.004), "bz": zero(120),
        "ys": scale(0.31), "yz": zero(77),
    }  # fmt: skip
    check(single("QLinearMatMul", {"a": a}, constants=constants, out_type=U8), {"a": a})


def test_dynamic_quantize_linear() -> None:
    x = _RNG.standard_normal((4, 9)).astype(np.float32) * 3
    check(single("DynamicQuantizeLinear", {"x": x}, outputs=3, out_type=[U8, TensorProto.FLOAT, U8]), {"x": x})


@pytest.mark.parametrize(("op", "steps"), [("QLinearAdd", 1), ("QLinearMul", 1)])
def test_microsoft_binary(op: str, steps: int) -> None:
    a, b = q((2, 3, 4)), q((3, 4))
    constants = {"as": scale(0.1), "az": zero(9), "bs": scale(0.07), "bz": zero(130), "ys": scale(0.2), "yz": zero(50)}
    order = ["a", "as", "az", "b", "bs", "bz", "ys", "yz"]
    model = single(op, {"a": a, "b": b}, constants=constants, inputs=order, domain="com.microsoft", out_type=U8)
    check(model, {"a": a, "b": b}, steps)


@pytest.mark.parametrize(("op", "attrs"), [("QLinearSigmoid", {}), ("QLinearLeakyRelu", {"alpha": 0.2})])
def test_microsoft_unary(op: str, attrs: dict[str, Any]) -> None:
    x = q((3, 50))
    constants = {"xs": scale(0.04), "xz": zero(120), "ys": scale(1 / 255), "yz": zero(3)}
    check(single(op, {"x": x}, constants=constants, domain="com.microsoft", out_type=U8, **attrs), {"x": x}, 1)


@pytest.mark.parametrize("channels_last", [0, 1])
def test_microsoft_pools(channels_last: int) -> None:
    x = q((2, 8, 6, 8))
    constants = {"xs": scale(0.04), "xz": zero(120), "ys": scale(0.03), "yz": zero(100)}
    model = single(
        "QLinearGlobalAveragePool",
        {"x": x},
        constants=constants,
        domain="com.microsoft",
        out_type=U8,
        channels_last=channels_last,
    )
    check(model, {"x": x}, 1)
    if channels_last:
        return  # ONNX Runtime's plain average pool refuses it in a model from outside
    model = single(
        "QLinearAveragePool",
        {"x": x},
        constants=constants,
        domain="com.microsoft",
        out_type=U8,
        kernel_shape=[3, 2],
        strides=[2, 1],
    )
    check(model, {"x": x}, 1)


def test_microsoft_concat() -> None:
    a, b = q((2, 3)), q((2, 4))
    constants = {"ys": scale(0.1), "yz": zero(7), "as": scale(0.05), "az": zero(1), "bs": scale(0.2), "bz": zero(128)}
    order = ["ys", "yz", "a", "as", "az", "b", "bs", "bz"]
    model = single(
        "QLinearConcat",
        {"a": a, "b": b},
        constants=constants,
        inputs=order,
        domain="com.microsoft",
        out_type=U8,
        axis=1,
    )
    check(model, {"a": a, "b": b})


@pytest.mark.parametrize("quantized_output", [False, True])
def test_microsoft_gemm(quantized_output: bool) -> None:
    a = q((3, 8))
    constants = {
        "as": scale(0.03), "az": zero(113), "b": weights((5, 8)), "bs": scale([0.1, 0.2, 0.3, 0.4, 0.5]),
        "bz": zero([0] * 5, np.int8), "c": _RNG.integers(-99, 99, 5, dtype=np.int32),
    }  # fmt: skip
    if quantized_output:
        constants |= {"ys": scale(4.1), "yz": zero(77)}
    kind = U8 if quantized_output else TensorProto.FLOAT
    model = single("QGemm", {"a": a}, constants=constants, domain="com.microsoft", out_type=kind, transB=1)
    check(model, {"a": a}, 0 if quantized_output else 1e-3)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_quantize_by_axis(axis: int, dtype: Any) -> None:
    x = _RNG.standard_normal((3, 4, 5)).astype(np.float32) * 40
    n = x.shape[axis]
    constants = {"s": scale(list(np.linspace(0.1, 0.9, n))), "z": zero(list(range(n)), dtype)}
    kind = U8 if dtype is np.uint8 else I8
    check(single("QuantizeLinear", {"x": x}, constants=constants, out_type=kind, axis=axis), {"x": x})


def test_dequantize_of_a_constant_folds_in_the_passes() -> None:
    """Not in the importer: a product of it may be one of integers."""
    x = np.zeros((2, 3), np.float32)
    constants = {"w": q((2, 3), np.int8), "s": scale(0.5), "z": zero(3, np.int8)}
    made = model(
        [node("DequantizeLinear", ["w", "s", "z"], "f"), node("Add", ["x", "f"], "y")],
        [value("x", (2, 3))],
        [value("y", None)],
        constants,
    )
    graph = import_onnx(made)
    assert ops(graph) == ["dequantize_linear", "add"]
    assert ops(optimize(graph)) == ["fused"]
    expected = (constants["w"].astype(np.float32) - 3) * np.float32(0.5)
    np.testing.assert_array_equal(run_pith(made, {"x": x})[0], expected)

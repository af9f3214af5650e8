"""TFLite models with activations of 16 bits ("16x8"), bit for bit as LiteRT's reference kernels compute them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pith
from pith.graph import DType, UnsupportedError
from tests.importers.test_tflite_quantised import NONE, RELU, RELU6, SAME, VALID, check, rng, weights
from tests.importers.tflite_build import Op, T, graph, model, random_input

I8, I16 = DType.I8, DType.I16


def bias(r: np.random.Generator, n: int, kind: str) -> list[T]:
    if kind == "none":
        return []
    size = 2**38 if kind == "large" else 300_000
    return [T.const(r.integers(-size, size, n).astype(np.int64), scale=1e-6)]


@pytest.mark.parametrize("kind", ["int64", "large"])
@pytest.mark.parametrize(
    ("c", "o", "kernel", "stride", "padding", "activation"), [(5, 6, 3, 1, SAME, NONE), (16, 33, 1, 1, VALID, RELU6), (100, 9, 3, 2, SAME, RELU)]
)
def test_conv(c: int, o: int, kernel: int, stride: int, padding: int, activation: int, kind: str) -> None:
    r = rng()
    x = T((1, 7, 9, c), I16, scale=0.0004)
    size = (-(-7 // stride), -(-9 // stride))
    made = bias(r, o, kind)
    y = T((1, *size, o), I16, scale=0.0007 if kind != "large" else 0.4)
    options = {"padding": padding, "stride_h": stride, "stride_w": stride, "activation": activation}
    tensors = [x, weights(r, (o, kernel, kernel, c), I8, 0), *made, y]
    data = model(tensors, [Op("CONV_2D", [0, 1, *([2] if made else [])], [len(tensors) - 1], options)], [0], [len(tensors) - 1])
    check(data, [random_input(x, r)], ("host", "c99", "x86-64-v3"))


def test_deep_sums_are_int64() -> None:
    """They may leave int32."""
    r = rng()
    x = T((1, 4, 4, 300), I16, scale=0.0004)
    tensors = [x, weights(r, (4, 3, 3, 300), I8, 0), *bias(r, 4, "int64"), T((1, 4, 4, 4), I16, scale=0.0009)]
    data = model(tensors, [Op("CONV_2D", [0, 1, 2], [3], {"padding": SAME, "stride_h": 1, "stride_w": 1})], [0], [3])
    assert [n.attrs.get("acc") for n in graph(data).nodes if n.op == "conv_integer"] == [DType.I64]
    check(data, [random_input(x, r)], ("host", "c99", "x86-64-v3"))


@pytest.mark.parametrize("kind", ["none", "int64"])
@pytest.mark.parametrize(("c", "times", "kernel", "stride"), [(40, 1, 3, 1), (3, 4, 3, 2), (65, 1, 5, 2)])
def test_depthwise(c: int, times: int, kernel: int, stride: int, kind: str) -> None:
    r = rng()
    x, y = T((1, 10, 11, c), I16, scale=0.0004), T((1, -(-10 // stride), -(-11 // stride), c * times), I16, scale=0.0005)
    tensors = [x, weights(r, (1, kernel, kernel, c * times), I8, 3), *bias(r, c * times, kind), y]
    options = {"padding": SAME, "stride_h": stride, "stride_w": stride, "multiplier": times, "activation": RELU6}
    op = Op("DEPTHWISE_CONV_2D", [0, 1, *([2] if kind != "none" else [])], [len(tensors) - 1], options)
    check(model(tensors, [op], [0], [len(tensors) - 1]), [random_input(x, r)], ("host", "c99"))


@pytest.mark.parametrize("kind", ["none", "int64", "large"])
@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("k", [37, 3000])
def test_fully_connected(k: int, axis: int | None, kind: str) -> None:
    r = rng()
    x, y = T((3, k), I16, scale=0.0003), T((3, 19), I16, scale=0.0009 if kind != "large" else 0.3)
    tensors = [x, weights(r, (19, k), I8, axis), *bias(r, 19, kind), y]
    op = Op("FULLY_CONNECTED", [0, 1, 2 if kind != "none" else -1], [len(tensors) - 1], {"activation": RELU})
    check(model(tensors, [op], [0], [len(tensors) - 1]), [random_input(x, r)], ("host", "c99"))


def test_two_operands() -> None:
    r = rng()
    a, b, row = T((2, 5, 6, 7), I16, scale=0.00031), T((2, 5, 6, 7), I16, scale=0.00057), T((7,), I16, scale=0.0001)
    tensors, ops = [a, b, row], []
    for name, right, activation, scale in (
        ("ADD", 1, NONE, 0.0009), ("ADD", 2, RELU, 0.0003), ("SUB", 1, RELU6, 0.0008), ("SUB", 2, NONE, 0.0005), ("MUL", 1, NONE, 0.002),
        ("MUL", 2, RELU, 0.0002), ("ADD", 0, NONE, 0.0007),
    ):  # fmt: skip
        ops.append(Op(name, [0, right], [len(tensors)], {"activation": activation}))
        tensors.append(T(a.shape, I16, scale=scale))
    check(model(tensors, ops, [0, 1, 2], list(range(3, len(tensors)))), [random_input(t, r) for t in (a, b, row)], ("host", "c99"))


UNARY: list[tuple[str, dict[str, Any], float]] = [
    ("RELU", {}, 0.0004), ("RELU6", {}, 0.0003), ("LEAKY_RELU", {"alpha": 0.1}, 0.0003), ("LEAKY_RELU", {"alpha": -0.4}, 0.0006),
    ("QUANTIZE", {}, 0.0002), ("QUANTIZE", {}, 0.0009),
]  # fmt: skip


def test_functions() -> None:
    """Of one integer, over all its values."""
    every = np.arange(-(2**15), 2**15).astype(np.int16)
    tensors, ops = [T(every.shape, I16, scale=0.0004)], []
    for name, options, scale in UNARY:
        ops.append(Op(name, [0], [len(tensors)], options))
        tensors.append(T(every.shape, I16, scale=scale))
    ops += [Op("DEQUANTIZE", [0], [len(tensors)]), Op("QUANTIZE", [0], [len(tensors) + 1])]
    tensors += [T(every.shape), T(every.shape, I8, scale=0.1, zero=-7)]
    check(model(tensors, ops, [0], list(range(1, len(tensors)))), [every])


def test_from_other_types() -> None:
    x = T((256,), I8, scale=0.04, zero=-11)
    tensors = [x, T((256,), I16, scale=0.0004), T((256,)), T((256,), I16, scale=0.01)]
    every = np.arange(-128, 128).astype(np.int8)
    check(model(tensors, [Op("QUANTIZE", [0], [1])], [0], [1]), [every])
    check(model(tensors, [Op("QUANTIZE", [2], [3])], [2], [3]), [(np.arange(256) * 0.005 - 0.3).astype(np.float32)])


@pytest.mark.parametrize(("padding", "kernel", "stride"), [(VALID, (4, 5), (2, 3)), (SAME, (3, 3), (1, 1))])
def test_pools_and_moves(padding: int, kernel: tuple[int, int], stride: tuple[int, int]) -> None:
    r = rng()
    out = tuple(-(-d // s) if padding == SAME else (d - k) // s + 1 for d, k, s in zip((9, 11), kernel, stride, strict=True))
    x = T((2, 9, 11, 6), I16, scale=0.0005)
    tensors, ops = [x], []
    for name, activation in (("AVERAGE_POOL_2D", NONE), ("AVERAGE_POOL_2D", RELU6), ("MAX_POOL_2D", NONE), ("MAX_POOL_2D", RELU)):
        options = {
            "padding": padding, "stride_h": stride[0], "stride_w": stride[1], "filter_h": kernel[0], "filter_w": kernel[1], "activation": activation,
        }  # fmt: skip
        ops.append(Op(name, [0], [len(tensors)], options))
        tensors.append(T((2, *out, 6), I16, scale=0.0005))
    ops.append(Op("CONCATENATION", [0, 0], [len(tensors)], {"axis": 3}))
    tensors.append(T((2, 9, 11, 12), I16, scale=0.0005))
    check(model(tensors, ops, [0], [1, 2, 3, 4, 5]), [random_input(x, r)])


@pytest.mark.parametrize(
    ("op", "more", "says"),
    [
        ("LOGISTIC", {}, "16 bits"), ("ADD", {"scale": 2.0**-12}, "powers of two"), ("CONCATENATION", {"scale": 0.1}, "different scales"),
        ("MEAN", {}, "16 bits"),
    ],
)  # fmt: skip
def test_refusals(op: str, more: dict[str, Any], says: str) -> None:
    x = T((1, 4), I16, scale=2.0**-12)
    y = T((1, 8) if op == "CONCATENATION" else (1, 4), I16, **{"scale": 0.0005, **more})
    inputs = [0, 0] if op in ("ADD", "CONCATENATION") else [0]
    with pytest.raises(UnsupportedError, match=says):
        pith.import_model(model([x, y], [Op(op, inputs, [1])], [0], [1]))

"""Elementwise operators."""

from __future__ import annotations

from functools import partial

import numpy as np

from pith.graph import DType, ModelError
from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op
from pith.importers.onnx.tensors import to_dtype

_UNARY = {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Asin": "asin", "Asinh": "asinh", "Atan": "atan", "Atanh": "atanh",
    "BitwiseNot": "bitwise_not", "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh", "Erf": "erf", "Exp": "exp",
    "Floor": "floor",
    "HardSwish": "hard_swish", "IsNaN": "is_nan", "Log": "log", "Mish": "mish", "Neg": "neg", "Not": "not",
    "Reciprocal": "reciprocal", "Relu": "relu", "Round": "round", "Sigmoid": "sigmoid", "Sign": "sign", "Sin": "sin",
    "Sinh": "sinh", "Softplus": "softplus", "Softsign": "softsign", "Sqrt": "sqrt", "Tan": "tan", "Tanh": "tanh",
}  # fmt: skip

_BINARY = {
    "Add": "add", "And": "and", "BitwiseAnd": "bitwise_and", "BitwiseOr": "bitwise_or", "BitwiseXor": "bitwise_xor",
    "Div": "div", "Equal": "equal", "Greater": "greater", "GreaterOrEqual": "greater_or_equal", "Less": "less",
    "LessOrEqual": "less_or_equal", "Mul": "mul", "Or": "or", "Pow": "pow", "Sub": "sub", "Xor": "xor",
}  # fmt: skip


def _unary(op: str, n: Call) -> str:
    return n.emit(op, [n.x(0)])


def _binary(op: str, n: Call) -> str:
    a, b = n.x(0), n.x(1)
    return n.emit(op, [a, legacy_broadcast(n, a, b) if n.opset < 7 and not n.raw.domain else b])


for _name, _op in _UNARY.items():
    onnx_op(_name)(partial(_unary, _op))
for _name, _op in _BINARY.items():
    onnx_op(_name)(partial(_binary, _op))


def legacy_broadcast(n: Call, a: str, b: str) -> str:
    """`b` shaped to broadcast to `a` by the rules before opset 7: aligned at attribute `axis`, only when asked for."""
    if not n.attrs.flag("broadcast", False):
        if n.shape(a) != n.shape(b):
            raise n.invalid(f"shapes {n.shape(a)} and {n.shape(b)} differ", "before opset 7 that needs broadcast=1")
        return b
    rank, size = n.rank(a), n.rank(b)
    axis = n.attrs.int("axis", rank - size)
    axis = axis + rank if axis < 0 else axis
    if axis < 0 or axis + size > rank:
        raise n.invalid(f"shape {n.shape(b)} at axis {axis} does not fit {n.shape(a)}")
    return n.reshape(b, (*n.shape(b), *[1] * (rank - axis - size)))


@onnx_op("Mod")
def mod(n: Call) -> str:
    fmod = n.attrs.flag("fmod", False)
    if not fmod and n.dtype(n.x(0)).is_float and n.opset < 28:
        raise n.invalid("Mod of floats needs fmod=1")
    return n.emit("mod", [n.x(0), n.x(1)], fmod=fmod)


@onnx_op("BitShift")
def bit_shift(n: Call) -> str:
    return n.emit("bit_shift", [n.x(0), n.x(1)], direction=n.attrs.choice("direction", ("LEFT", "RIGHT")))


def _chain(op: str, n: Call) -> str:
    values = n.tensors()
    result = values[0]
    for v in values[1:]:
        result = n.emit(op, [result, v])
    return result


for _name, _op in {"Min": "min", "Max": "max", "Sum": "add"}.items():
    onnx_op(_name)(partial(_chain, _op))


@onnx_op("Mean")
def mean(n: Call) -> str:
    total = _chain("add", n)
    return n.emit("div", [total, n.like(len(n.inputs), total)]) if len(n.inputs) > 1 else total


@onnx_op("Where")
def where(n: Call) -> str:
    return n.emit("where", [n.x(0), n.x(1), n.x(2)])


@onnx_op("PRelu")
def prelu(n: Call) -> str:
    x, slope = n.x(0), n.x(1)
    if n.opset < 7 and n.rank(slope) == 1 and n.shape(slope)[0] != 1:  # one slope per channel, axis 1
        slope = n.reshape(slope, (*n.shape(slope), *[1] * (n.rank(x) - 2)))
    result = n.emit("prelu", [x, slope])
    if n.shape(result) != n.shape(x):
        raise n.invalid(f"slope {n.shape(slope)} does not broadcast to {n.shape(x)}")
    return result


@onnx_op("LeakyRelu")
def leaky_relu(n: Call) -> str:
    return n.emit("leaky_relu", [n.x(0)], alpha=n.attrs.float("alpha", 0.01))


@onnx_op("Elu")
def elu(n: Call) -> str:
    return n.emit("elu", [n.x(0)], alpha=n.attrs.float("alpha", 1.0))


@onnx_op("Celu")
def celu(n: Call) -> str:
    return n.emit("celu", [n.x(0)], alpha=n.attrs.float("alpha", 1.0))


@onnx_op("Selu")
def selu(n: Call) -> str:
    old = n.opset < 6
    alpha = n.attrs.float("alpha", 1.6732 if old else 1.67326319217681884765625)
    gamma = n.attrs.float("gamma", 1.0507 if old else 1.05070102214813232421875)
    return n.emit("selu", [n.x(0)], alpha=alpha, gamma=gamma)


@onnx_op("ThresholdedRelu")
def thresholded_relu(n: Call) -> str:
    return n.emit("thresholded_relu", [n.x(0)], alpha=n.attrs.float("alpha", 1.0))


@onnx_op("HardSigmoid")
def hard_sigmoid(n: Call) -> str:
    return n.emit("hard_sigmoid", [n.x(0)], alpha=n.attrs.float("alpha", 0.2), beta=n.attrs.float("beta", 0.5))


@onnx_op("Shrink")
def shrink(n: Call) -> str:
    bias, lambd = n.attrs.float("bias", 0.0), n.attrs.float("lambd", 0.5)
    x, dtype = n.x(0), n.dtype(n.x(0))
    if dtype.is_int:  # compared and moved as floats, like the formula says, then truncated
        y = n.emit("shrink", [n.cast(x, DType.F32)], bias=bias, lambd=lambd)
        return n.cast(y, dtype)
    return n.emit("shrink", [x], bias=bias, lambd=lambd)


@onnx_op("Gelu")
def gelu(n: Call) -> str:
    return n.emit("gelu", [n.x(0)], approximate=n.attrs.choice("approximate", ("none", "tanh"), "none"))


@onnx_op("Swish")
def swish(n: Call) -> str:
    return n.emit("swish", [n.x(0)], alpha=n.attrs.float("alpha", 1.0))


@onnx_op("IsInf")
def is_inf(n: Call) -> str:
    negative, positive = n.attrs.flag("detect_negative", True), n.attrs.flag("detect_positive", True)
    return n.emit("is_inf", [n.x(0)], detect_negative=negative, detect_positive=positive)


@onnx_op("Clip")
def clip(n: Call) -> str:
    x, dtype = n.x(0), n.dtype(n.x(0))
    if n.opset < 11:
        low = n.attrs.float("min") if "min" in n.attrs else None
        high = n.attrs.float("max") if "max" in n.attrs else None
        return clipped(n, x, low, high)
    bounds: list[float | int | None] = []
    for i in (1, 2):
        array = n.known(n.x(i)) if n.has(i) else None
        if n.has(i) and (array is None or array.size != 1):
            return _clip_at_run_time(n, x)
        if array is not None:
            number = array.reshape(-1)[0]
            bounds.append(float(number) if dtype.is_float else int(number))
        else:
            bounds.append(None)
    return clipped(n, x, *bounds)


def clipped(n: Call, x: str, low: float | None, high: float | None) -> str:
    """`x` limited by constants, `x` itself when there are none."""
    return x if low is None and high is None else n.emit("clip", [x], min=low, max=high)


def _clip_at_run_time(n: Call, x: str) -> str:
    if n.has(1):
        x = n.emit("max", [x, n.x(1)])
    return n.emit("min", [x, n.x(2)]) if n.has(2) else x


_OLD_TYPE_NAMES = {
    "FLOAT": DType.F32, "DOUBLE": DType.F64, "FLOAT16": DType.F16, "INT8": DType.I8, "INT16": DType.I16,
    "INT32": DType.I32, "INT64": DType.I64, "UINT8": DType.U8, "UINT16": DType.U16, "UINT32": DType.U32,
    "UINT64": DType.U64,
    "BOOL": DType.BOOL,
}  # fmt: skip


@onnx_op("Cast")
def cast(n: Call) -> str:
    if n.opset < 6:  # the type was a string
        name = n.attrs.string("to").upper()
        if name not in _OLD_TYPE_NAMES:
            raise ModelError(f"there is no element type {name!r}", where=n.where)
        return n.cast(n.x(0), _OLD_TYPE_NAMES[name])
    return _cast(n, to_dtype(n.attrs.int("to"), n.where))


@onnx_op("CastLike")
def cast_like(n: Call) -> str:
    return _cast(n, n.dtype(n.x(1)))


def _cast(n: Call, to: DType) -> str:
    x = n.x(0)
    return x if n.dtype(x) is to else n.emit("cast", [x], to=to, saturate=n.attrs.flag("saturate", True))


@onnx_op("BitCast")
def bit_cast(n: Call) -> str:
    x, to = n.x(0), to_dtype(n.attrs.int("to"), n.where)
    have = n.dtype(x)
    if to is have:
        return x
    if have.itemsize != to.itemsize or {DType.I4, DType.U4} & {to, have}:
        raise n.invalid(f"{have.value} and {to.value} are not of one size")
    if to is DType.BOOL:  # a byte that is neither 0 nor 1 is true
        return n.cast(x if have is DType.U8 else n.emit("bit_cast", [x], to=DType.U8), DType.BOOL)
    return n.emit("bit_cast", [x], to=to)


@onnx_op("Gelu", "FastGelu", "QuickGelu", "BiasGelu", domain="com.microsoft")
def gelu_microsoft(n: Call) -> str:
    x = n.emit("add", [n.x(0), n.x(1)]) if n.has(1) else n.x(0)
    if n.raw.op == "QuickGelu":
        return n.emit("swish", [x], alpha=n.attrs.float("alpha", 1.702))
    return n.emit("gelu", [x], approximate="tanh" if n.raw.op == "FastGelu" else "none")


def as_scalar(array: np.ndarray) -> float | int:
    """The single element of an array as a Python number."""
    return array.reshape(-1)[0].item()  # type: ignore[no-any-return]

"""Activations and arithmetic of one or two blobs."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from pith.graph import DType
from pith.importers.layers import simple
from pith.importers.ncnn.layer import NcnnLayer
from pith.importers.ncnn.registry import ncnn_layer


def _plain(op: str, n: NcnnLayer) -> str:
    return n.emit(op, [n.x()])


for _kind, _op in {
    "AbsVal": "abs", "Sigmoid": "sigmoid", "TanH": "tanh", "Mish": "mish", "Erf": "erf", "BNLL": "softplus", "Softplus": "softplus",
}.items():  # fmt: skip
    ncnn_layer(_kind)(partial(_plain, _op))


@ncnn_layer("ReLU")
def relu(n: NcnnLayer) -> str:
    return simple.leaky(n, n.x(), n.real(0))


@ncnn_layer("PReLU")
def prelu(n: NcnnLayer) -> str:
    return simple.prelu(n, n.x(), n.plain(n.whole(0)))


@ncnn_layer("ELU")
def elu(n: NcnnLayer) -> str:
    return n.emit("elu", [n.x()], alpha=n.real(0, 0.1))


@ncnn_layer("CELU")
def celu(n: NcnnLayer) -> str:
    if n.real(0, 1.0) == 0:
        raise n.invalid("alpha is 0")
    return n.emit("celu", [n.x()], alpha=n.real(0, 1.0))


@ncnn_layer("SELU")
def selu(n: NcnnLayer) -> str:
    return n.emit("selu", [n.x()], alpha=n.real(0, 1.67326324), gamma=n.real(1, 1.050700987))


@ncnn_layer("GELU")
def gelu(n: NcnnLayer) -> str:
    return n.emit("gelu", [n.x()], approximate="tanh" if n.whole(0) else "none")


@ncnn_layer("Swish")
def swish(n: NcnnLayer) -> str:
    return n.emit("swish", [n.x()], alpha=1.0)


@ncnn_layer("HardSigmoid")
def hard_sigmoid(n: NcnnLayer) -> str:
    return simple.hard_sigmoid(n, n.x(), n.real(0, 0.2), n.real(1, 0.5))


@ncnn_layer("HardSwish")
def hard_swish(n: NcnnLayer) -> str:
    return simple.hard_swish(n, n.x(), n.real(0, 0.2), n.real(1, 0.5))


@ncnn_layer("Clip")
def clip(n: NcnnLayer) -> str:
    largest = float(np.finfo(np.float32).max)
    return simple.clip(n, n.x(), n.real(0, -largest), n.real(1, largest))


@ncnn_layer("Shrink")
def shrink(n: NcnnLayer) -> str:
    return n.emit("shrink", [n.x()], bias=n.real(0), lambd=n.real(1, 0.5))


@ncnn_layer("Threshold")
def threshold(n: NcnnLayer) -> str:
    above = n.emit("greater", [n.x(), n.number(n.real(0))])
    return n.emit("cast", [above], to=DType.F32, saturate=True)


@ncnn_layer("Power")
def power(n: NcnnLayer) -> str:
    return simple.power(n, n.x(), n.real(0, 1.0), n.real(1, 1.0), n.real(2))


@ncnn_layer("Exp")
def exponential(n: NcnnLayer) -> str:
    return simple.exponential(n, n.x(), n.real(0, -1.0), n.real(1, 1.0), n.real(2))


@ncnn_layer("Log")
def logarithm(n: NcnnLayer) -> str:
    return simple.logarithm(n, n.x(), n.real(0, -1.0), n.real(1, 1.0), n.real(2))


@ncnn_layer("Dropout")
def dropout(n: NcnnLayer) -> str:
    scale = n.real(0, 1.0)
    return n.x() if scale == 1 else n.emit("mul", [n.x(), n.number(scale)])


@ncnn_layer("Noop", "DeepCopy")
def same(n: NcnnLayer) -> list[str]:
    return list(n.inputs)


@ncnn_layer("Split")
def split(n: NcnnLayer) -> list[str]:
    return [n.x()] * n.outputs


@ncnn_layer("Cast")
def cast(n: NcnnLayer) -> str:
    """Only between types of floats, which are all float32 here."""
    if not {n.whole(0), n.whole(1)} <= {0, 1, 2, 4}:
        raise n.unsupported(f"a cast of type {n.whole(0)} to {n.whole(1)}")
    return n.x()


_UNARY = {
    0: "abs", 1: "neg", 2: "floor", 3: "ceil", 5: "sqrt", 7: "exp", 8: "log", 9: "sin", 10: "cos", 11: "tan", 12: "asin", 13: "acos",
    14: "atan", 15: "reciprocal", 16: "tanh", 18: "round", 20: "sign", 22: "sinh", 23: "asinh", 24: "cosh", 25: "acosh", 26: "atanh",
}  # fmt: skip


@ncnn_layer("UnaryOp")
def unary(n: NcnnLayer) -> str:
    kind, x = n.whole(0), n.x()
    if kind in _UNARY:
        return n.emit(_UNARY[kind], [x])
    if kind == 4:
        return n.emit("mul", [x, x])
    if kind == 6:
        return n.emit("reciprocal", [n.emit("sqrt", [x])])
    if kind == 17:
        return n.emit("mul", [n.emit("log", [x]), n.number(1 / math.log(10))])
    if kind == 19:
        return n.emit("mul", [n.emit("sign", [x]), n.emit("floor", [n.emit("abs", [x])])])
    raise n.unsupported(f"the unary operation {kind}")


# number -> (operator, whether the operands are swapped)
_BINARY = {
    0: ("add", False), 1: ("sub", False), 2: ("mul", False), 3: ("div", False), 4: ("max", False), 5: ("min", False), 6: ("pow", False),
    7: ("sub", True), 8: ("div", True), 9: ("pow", True),
}  # fmt: skip


@ncnn_layer("BinaryOp")
def binary(n: NcnnLayer) -> str:
    kind = n.whole(0)
    if kind not in (*_BINARY, 15, 16):
        raise n.unsupported(f"the binary operation {kind}")
    op, swapped = _BINARY.get(kind, ("div", kind == 16))
    if n.whole(1):
        a, b = n.x(), n.number(n.real(2))
    else:
        a, b = _aligned(n, n.x(0), n.x(1)), _aligned(n, n.x(1), n.x(0))
    y = n.emit(op, [b, a] if swapped else [a, b])
    return n.emit("floor", [y]) if kind in (15, 16) else y


def _aligned(n: NcnnLayer, v: str, other: str) -> str:
    """`v` with the axes of `other`, if that has more: a vector lies along the first axis if it fits, else along the last; more
    axes are the first ones."""
    dims, wanted = n.dims(v), n.dims(other)
    if dims >= wanted:
        return v
    shape = n.shape(v)[1:]
    first = n.shape(other)[1]
    missing = (1,) * (wanted - dims)
    return n.blob(v, (*missing, *shape) if dims == 1 and shape[0] != first else (*shape, *missing))


@ncnn_layer("Eltwise")
def eltwise(n: NcnnLayer) -> str:
    kinds = {0: "mul", 1: "add", 2: "max"}
    if n.whole(0) not in kinds:
        raise n.unsupported(f"the operation {n.whole(0)}")
    return simple.eltwise(n, kinds[n.whole(0)], n.inputs, n.floats(1))


@ncnn_layer("GLU")
def glu(n: NcnnLayer) -> str:
    x = n.x()
    axis = n.positive(n.whole(0), x)
    half = n.shape(x)[axis] // 2
    if n.shape(x)[axis] != 2 * half:
        raise n.invalid(f"an axis of {n.shape(x)[axis]} has no halves")
    return n.emit("mul", [n.slice(x, axis, 0, half), n.emit("sigmoid", [n.slice(x, axis, half, half)])])

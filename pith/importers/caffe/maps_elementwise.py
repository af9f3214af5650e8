"""Activations and arithmetic."""

from __future__ import annotations

from functools import partial

import numpy as np

from pith.graph import DType
from pith.importers.caffe.layer import CaffeLayer
from pith.importers.caffe.registry import caffe_layer
from pith.importers.layers import simple


def _plain(op: str, n: CaffeLayer) -> str:
    return n.emit(op, [n.x()])


for _kind, _op in {"AbsVal": "abs", "Sigmoid": "sigmoid", "TanH": "tanh", "BNLL": "softplus", "Mish": "mish"}.items():
    caffe_layer(_kind)(partial(_plain, _op))


@caffe_layer("Dropout")
def dropout(n: CaffeLayer) -> str:
    return n.x()


@caffe_layer("Split")
def split(n: CaffeLayer) -> list[str]:
    return [n.x()] * n.outputs


@caffe_layer("ReLU")
def relu(n: CaffeLayer) -> str:
    n.group("relu_param")
    return simple.leaky(n, n.x(), n.real("negative_slope"))


@caffe_layer("ReLU6")
def relu6(n: CaffeLayer) -> str:
    return simple.clip(n, n.x(), 0.0, 6.0)


@caffe_layer("PReLU")
def prelu(n: CaffeLayer) -> str:
    n.group("prelu_param")
    return simple.prelu(n, n.x(), n.blob(0, (1,) if n.flag("channel_shared", False) else (n.shape(n.x())[1],)))


@caffe_layer("ELU")
def elu(n: CaffeLayer) -> str:
    n.group("elu_param")
    return n.emit("elu", [n.x()], alpha=n.real("alpha", 1.0))


@caffe_layer("Swish")
def swish(n: CaffeLayer) -> str:
    n.group("swish_param")
    return n.emit("swish", [n.x()], alpha=n.real("beta", 1.0))


@caffe_layer("Clip")
def clip(n: CaffeLayer) -> str:
    n.group("clip_param")
    return simple.clip(n, n.x(), n.real("min"), n.real("max"))


@caffe_layer("Threshold")
def threshold(n: CaffeLayer) -> str:
    n.group("threshold_param")
    above = n.emit("greater", [n.x(), n.number(n.real("threshold"))])
    return n.emit("cast", [above], to=DType.F32, saturate=True)


@caffe_layer("Power")
def power(n: CaffeLayer) -> str:
    n.group("power_param")
    return simple.power(n, n.x(), n.real("power", 1.0), n.real("scale", 1.0), n.real("shift"))


@caffe_layer("Exp")
def exponential(n: CaffeLayer) -> str:
    n.group("exp_param")
    return simple.exponential(n, n.x(), n.real("base", -1.0), n.real("scale", 1.0), n.real("shift"))


@caffe_layer("Log")
def logarithm(n: CaffeLayer) -> str:
    n.group("log_param")
    return simple.logarithm(n, n.x(), n.real("base", -1.0), n.real("scale", 1.0), n.real("shift"))


@caffe_layer("Eltwise")
def eltwise(n: CaffeLayer) -> str:
    n.group("eltwise_param")
    kinds = {0: "mul", 1: "add", 2: "max"}
    shapes = {n.shape(v) for v in n.inputs}
    if len(shapes) > 1:
        raise n.invalid(f"inputs of shapes {sorted(shapes)}", "they must be equal")
    return simple.eltwise(n, kinds[n.whole("operation", 1)], n.inputs, n.floats("coeff"))


@caffe_layer("Axpy")
def axpy(n: CaffeLayer) -> str:
    """a * x + y, a one number for each channel."""
    a = n.reshape(n.x(0), (*n.shape(n.x(0))[:2], *[1] * (n.rank(n.x(1)) - 2)))
    return n.emit("add", [n.emit("mul", [n.x(1), a]), n.x(2)])


@caffe_layer("Parameter")
def parameter(n: CaffeLayer) -> str:
    return n.const(np.array(n.blob(0)))

"""Convolution, pooling, normalisation, and elementwise operators."""

from __future__ import annotations

from functools import partial

import numpy as np

from pith.importers.layers import simple
from pith.importers.layers.windows import caffe_pool, convolution, deconvolution, global_pool, pool, same_pads
from pith.importers.tengine.layer import TengineLayer
from pith.importers.tengine.registry import tengine_layer

_SAME_UPPER, _SAME_LOWER = -1, -2


@tengine_layer("Convolution")
def convolution_2d(n: TengineLayer) -> str:
    x, w, bias = n.x(0), n.array(1), n.vector(2)
    group, strides, dilations = n.whole("group", 1), _pair(n, "stride"), _pair(n, "dilation")
    if w.ndim != 4 or n.rank(x) != 4 or min(*strides, *dilations, group) < 1 or w.shape[0] != n.whole("out"):
        raise n.invalid(f"weights {w.shape} with stride {strides} do not fit an input of shape {n.shape(x)}")
    pads = _pads(n, n.shape(x)[2:], w.shape[2:], strides)
    return _activated(n, convolution(n, x, w, bias, strides=strides, pads=pads, dilations=dilations, group=group))


def _pair(n: TengineLayer, what: str) -> tuple[int, int]:
    return n.whole(f"{what}_h"), n.whole(f"{what}_w")


def _pads(n: TengineLayer, spatial: tuple[int, ...], kernel: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...]:
    """(top, left, bottom, right); -1 and -2 mean as many outputs as strides fit, dilations left out of account as Tengine does."""
    pads = [n.whole(k) for k in ("pad_h0", "pad_w0", "pad_h1", "pad_w1")]
    for a in (0, 1):
        if pads[a] in (_SAME_UPPER, _SAME_LOWER):
            upper = pads[a] == _SAME_UPPER
            pads[a], pads[a + 2] = same_pads(spatial[a : a + 1], kernel[a : a + 1], strides[a : a + 1], (1,), upper)
    return tuple(pads)


def _activated(n: TengineLayer, y: str) -> str:
    """Activation -1 none, 0 ReLU, 1 to [-1, 1], 6 to [0, 6]."""
    kind = n.whole("activation", -1)
    if kind < 0:
        return y
    if kind == 0:
        return n.emit("relu", [y])
    if kind not in (1, 6):
        raise n.unsupported(f"activation {kind}")
    return simple.clip(n, y, -1.0 if kind == 1 else 0.0, float(kind))


@tengine_layer("Deconvolution")
def deconvolution_2d(n: TengineLayer) -> str:
    """Weights are [C, O / group, h, w]."""
    x, w, bias = n.x(0), n.array(1), n.vector(2)
    strides, dilations, group = _pair(n, "stride"), _pair(n, "dilation"), n.whole("group", 1)
    if w.ndim != 4 or min(*strides, *dilations, group) < 1 or w.shape[1] * group != n.whole("out"):
        raise n.invalid(f"weights {w.shape} with stride {strides} do not make {n.whole('out')} channels")
    pads = tuple(n.whole(k) for k in ("pad_h0", "pad_w0", "pad_h1", "pad_w1"))
    return _activated(n, deconvolution(n, x, w, bias, strides=strides, pads=pads, dilations=dilations, group=group))


@tengine_layer("FullyConnected")
def fully_connected(n: TengineLayer) -> str:
    x, w, bias = n.x(0), n.array(1), n.vector(2)
    if w.ndim != 2 or n.rank(x) < 2:
        raise n.invalid(f"weights {w.shape} do not fit an input of shape {n.shape(x)}")
    flat = n.reshape(x, (n.shape(x)[0], n.graph.types[x].size // n.shape(x)[0]))
    y = simple.inner_product(n, flat, w, bias)
    return n.reshape(y, (*n.shape(y), *[1] * (n.rank(x) - 2)))


@tengine_layer("Pooling")
def pooling(n: TengineLayer) -> str:
    x, kind = n.x(), n.whole("kind")
    if kind not in (0, 1) or n.rank(x) != 4:
        raise n.unsupported(f"pooling of kind {kind} over an input of shape {n.shape(x)}")
    name = "average" if kind else "max"
    kernel, strides, spatial = _pair(n, "kernel"), _pair(n, "stride"), n.shape(x)[2:]
    pads = [n.whole(k) for k in ("pad_h0", "pad_w0", "pad_h1", "pad_w1")]
    if n.whole("global") or (kernel == spatial and not any(pads)):
        return global_pool(n, x, name)
    if min(*kernel, *strides) < 1:
        raise n.invalid(f"kernel {kernel} with stride {strides}")
    flavor = n.whole("caffe")
    if flavor & ~0x10 not in (0, 1) or min(pads) < -1:
        raise n.unsupported(f"pooling with padding {pads} of flavor {flavor}")
    if flavor & ~0x10 == 1:
        return caffe_pool(n, x, name, kernel=kernel, strides=strides, pads=pads[:2])
    resolved = [same_pads(spatial[a : a + 1], kernel[a : a + 1], strides[a : a + 1], (1,), True) if pads[a] < 0 else (pads[a], pads[a])
                for a in (0, 1)]  # fmt: skip
    ends = (*(p[0] for p in resolved), *(p[1] for p in resolved))
    return pool(n, x, name, kernel=kernel, strides=strides, pads=ends, include_pad=flavor & 0x10 != 0)


@tengine_layer("BatchNormalization")
def batch_normalization(n: TengineLayer) -> str:
    """Inputs x, gamma, beta, mean, variance; Caffe's has no gamma and beta, and divides its statistics by the factor."""
    x, mean, var = n.x(0), n.vector(3), n.vector(4)
    gamma, beta = n.vector(1), n.vector(2)
    if mean is None or var is None or gamma is None or beta is None:
        raise n.invalid("it has too few inputs")
    factor = n.real("rescale")
    scale = np.float32(1 / factor if factor else 0)
    if n.whole("caffe"):
        gamma, beta = np.ones_like(mean), np.zeros_like(mean)
    return simple.batch_norm(n, x, gamma, beta, mean * scale, var * scale, n.real("eps"))


@tengine_layer("Scale")
def scale(n: TengineLayer) -> str:
    return simple.affine(n, n.x(), n.vector(1), n.vector(2))


@tengine_layer("Bias")
def bias(n: TengineLayer) -> str:
    return simple.affine(n, n.x(), None, n.vector(1))


@tengine_layer("PReLU")
def prelu(n: TengineLayer) -> str:
    return simple.prelu(n, n.x(), n.array(1).reshape(-1))


@tengine_layer("ReLU")
def relu(n: TengineLayer) -> str:
    return simple.leaky(n, n.x(), n.real("slope"))


@tengine_layer("ReLU6")
def relu6(n: TengineLayer) -> str:
    return simple.clip(n, n.x(), 0.0, 6.0)


@tengine_layer("ReLU1")
def relu1(n: TengineLayer) -> str:
    return simple.clip(n, n.x(), -1.0, 1.0)


@tengine_layer("Clip")
def clip(n: TengineLayer) -> str:
    return simple.clip(n, n.x(), n.real("min"), n.real("max"))


@tengine_layer("ELU")
def elu(n: TengineLayer) -> str:
    return n.emit("elu", [n.x()], alpha=n.real("alpha"))


@tengine_layer("SELU")
def selu(n: TengineLayer) -> str:
    return n.emit("selu", [n.x()], alpha=n.real("alpha"), gamma=n.real("lambda"))


@tengine_layer("HardSigmoid")
def hard_sigmoid(n: TengineLayer) -> str:
    return simple.hard_sigmoid(n, n.x(), n.real("alpha"), n.real("beta"))


@tengine_layer("HardSwish")
def hard_swish(n: TengineLayer) -> str:
    return simple.hard_swish(n, n.x(), n.real("alpha"), n.real("beta"))


def _plain(op: str, n: TengineLayer) -> str:
    return n.emit(op, [n.x()])


for _kind, _op in {
    "Sigmoid": "sigmoid", "Logistic": "sigmoid", "Tanh": "tanh", "AbsVal": "abs", "Mish": "mish", "Softplus": "softplus",
    "Ceil": "ceil", "Round": "round", "Reciprocal": "reciprocal",
}.items():  # fmt: skip
    tengine_layer(_kind)(partial(_plain, _op))


@tengine_layer("Dropout", "Noop")
def same(n: TengineLayer) -> str:
    return n.x()


@tengine_layer("LRN")
def lrn(n: TengineLayer) -> str:
    if n.whole("region") != 0:
        raise n.unsupported("local response normalisation within a channel")
    return simple.lrn(n, n.x(), n.whole("size"), n.real("alpha"), n.real("beta"), n.real("k"))


@tengine_layer("InstanceNorm")
def instance_norm(n: TengineLayer) -> str:
    inputs = [n.x(0), n.const(n.array(1).reshape(-1)), n.const(n.array(2).reshape(-1))]
    return n.emit("instance_norm", inputs, epsilon=n.real("eps"), layout="channels_first")


@tengine_layer("Softmax")
def softmax(n: TengineLayer) -> str:
    return simple.softmax(n, n.x(), n.whole("axis"))


@tengine_layer("LogSoftmax")
def log_softmax(n: TengineLayer) -> str:
    return n.emit("log_softmax", [n.x()], axis=n.axis(n.whole("axis"), n.rank(n.x())))


_BINARY = {0: "mul", 1: "mul", 2: "add", 3: "add", 4: "sub", 5: "sub", 6: "max", 8: "min", 10: "div", 16: "pow"}
_UNARY = {11: "log", 12: "exp", 13: "sqrt", 14: "floor"}


@tengine_layer("Eltwise")
def eltwise(n: TengineLayer) -> str:
    """A vector of as many elements as there are channels goes along them."""
    kind, x = n.whole("type"), n.x()
    if kind in _UNARY:
        return n.emit(_UNARY[kind], [x])
    if kind == 7:
        return n.emit("reciprocal", [n.emit("sqrt", [x])])
    if kind == 15:
        return n.emit("mul", [x, x])
    if kind not in _BINARY or len(n.inputs) != 2:
        raise n.unsupported(f"an elementwise operation of type {kind} with {len(n.inputs)} inputs")
    return n.emit(_BINARY[kind], [_aligned(n, x, n.x(1)), _aligned(n, n.x(1), x)])


def _aligned(n: TengineLayer, v: str, other: str) -> str:
    size, shape = n.graph.types[v].size, n.shape(other)
    if n.shape(v) == shape or size == n.graph.types[other].size or n.rank(other) < 2:
        return v
    if size == 1:
        return n.reshape(v, ())
    return n.reshape(v, (size, *[1] * (n.rank(other) - 2))) if size == shape[1] and n.rank(v) <= 1 else v


@tengine_layer("Maximum", "Minimum", "SquaredDifference")
def two(n: TengineLayer) -> str:
    if n.kind == "SquaredDifference":
        d = n.emit("sub", [n.x(0), n.x(1)])
        return n.emit("mul", [d, d])
    return simple.eltwise(n, "max" if n.kind == "Maximum" else "min", n.inputs)

"""Normalisations and softmax."""

from __future__ import annotations

import math

from pith.graph import DType
from pith.importers.onnx.context import Call, Value
from pith.importers.onnx.registry import onnx_op


@onnx_op("BatchNormalization")
def batch_normalization(n: Call) -> str:
    if n.attrs.flag("training_mode", False) or (
        n.opset < 7 and not n.attrs.flag("is_test", False) and len(n.outputs) > 1
    ):
        raise n.unsupported("batch normalisation in training mode", "export the model in evaluation mode")
    if n.opset < 9 and not n.attrs.flag("spatial", True):
        raise n.unsupported("batch normalisation with spatial=0 normalises every position by itself")
    if len([o for o in n.outputs if o]) > 1:
        raise n.unsupported("the outputs for training", "export the model in evaluation mode")
    x = n.x(0)
    stats = [n.cast(n.x(i), n.dtype(x)) if n.dtype(x) is DType.F64 else n.x(i) for i in range(1, 5)]
    return n.emit("batch_norm", [x, *stats], epsilon=n.attrs.float("epsilon", 1e-5), layout="channels_first")


@onnx_op("InstanceNormalization")
def instance_normalization(n: Call) -> str:
    inputs = [n.x(0), n.x(1), n.x(2)]
    return n.emit("instance_norm", inputs, epsilon=n.attrs.float("epsilon", 1e-5), layout="channels_first")


@onnx_op("GroupNormalization", since=18)
def group_normalization(n: Call) -> str:
    """Instance normalisation of groups of channels, then the scale and bias of each group (18) or channel (21)."""
    x, scale, bias = n.x(0), n.x(1), n.x(2)
    shape, groups = n.shape(x), n.attrs.int("num_groups")
    if len(shape) < 2 or groups < 1 or shape[1] % groups:
        raise n.invalid(f"shape {shape} does not divide into {groups} groups of channels")
    epsilon = n.attrs.float("epsilon", 1e-5)
    grouped = n.reshape(x, (shape[0], groups, math.prod(shape[1:]) // groups))
    if n.opset < 21:
        y = n.emit("instance_norm", [grouped, scale, bias], epsilon=epsilon, layout="channels_first")
        return n.reshape(y, shape)
    one, zero = (n.expand(n.const([v], n.dtype(x)), (groups,)) for v in (1, 0))
    y = n.emit("instance_norm", [grouped, one, zero], epsilon=epsilon, layout="channels_first")
    per_channel = (shape[1], *[1] * (len(shape) - 2))
    y = n.emit("mul", [n.reshape(y, shape), n.reshape(scale, per_channel)])
    return n.emit("add", [y, n.reshape(bias, per_channel)])


@onnx_op("LayerNormalization", since=17)
@onnx_op("LayerNormalization", domain="com.microsoft")
@onnx_op("LayerNormalization")  # exporters of fused models put it into the default domain at any opset
def layer_normalization(n: Call) -> list[Value | None]:
    x = n.x(0)
    axis = n.axis("axis", -1, n.rank(x))
    outputs = len(n.outputs)
    return list(
        n.emit_n("layer_norm", [x, n.x(1), n.opt(2)], outputs, axis=axis, epsilon=n.attrs.float("epsilon", 1e-5))
    )


@onnx_op("RMSNormalization", since=23)
@onnx_op("SimplifiedLayerNormalization", domain="com.microsoft")
@onnx_op("SimplifiedLayerNormalization")
def rms_normalization(n: Call) -> str:
    x = n.x(0)
    return n.emit("rms_norm", [x, n.x(1)], axis=n.axis("axis", -1, n.rank(x)), epsilon=n.attrs.float("epsilon", 1e-5))


@onnx_op("SkipLayerNormalization", domain="com.microsoft")
def skip_layer_normalization(n: Call) -> list[Value | None]:
    """Inputs x, skip, gamma, beta, bias; outputs y, two unused statistics, and the sum that was normalised."""
    total = n.emit("add", [n.x(0), n.x(1)])
    if n.has(4):
        total = n.emit("add", [total, n.x(4)])
    axis = n.rank(total) - 1
    y = n.emit("layer_norm", [total, n.x(2), n.opt(3)], axis=axis, epsilon=n.attrs.float("epsilon", 1e-12))
    return [y, None, None, total]


@onnx_op("LpNormalization")
def lp_normalization(n: Call) -> str:
    x, p = n.x(0), n.attrs.int("p", 2)
    return n.emit("lp_normalization", [x], axis=n.axis("axis", -1, n.rank(x)), p=p)


@onnx_op("MeanVarianceNormalization")
def mean_variance_normalization(n: Call) -> str:
    x = n.x(0)
    axes = n.axes(n.attrs.ints("axes") or (0, 2, 3), n.rank(x))
    centred = n.emit("sub", [x, n.reduce("mean", x, axes)])
    variance = n.reduce("mean", n.emit("mul", [centred, centred]), axes)
    deviation = n.emit("sqrt", [variance])
    return n.emit("div", [centred, n.emit("add", [deviation, n.like(1e-9, x)])])


@onnx_op("LRN")
def lrn(n: Call) -> str:
    a = n.attrs
    alpha, beta, bias = a.float("alpha", 1e-4), a.float("beta", 0.75), a.float("bias", 1.0)
    return n.emit("lrn", [n.x(0)], size=a.int("size"), alpha=alpha, beta=beta, bias=bias, layout="channels_first")


def _along(n: Call, op: str) -> str:
    """softmax or log_softmax; before opset 13 over all axes from `axis` on, taken as one."""
    x = n.x(0)
    shape = n.shape(x)
    if n.opset >= 13:
        return n.emit(op, [x], axis=n.axis("axis", -1, len(shape)))
    axis = n.axis("axis", 1, len(shape))
    if axis == len(shape) - 1:
        return n.emit(op, [x], axis=axis)
    flat = n.reshape(x, (math.prod(shape[:axis]), math.prod(shape[axis:])))
    return n.reshape(n.emit(op, [flat], axis=1), shape)


@onnx_op("Softmax")
def softmax(n: Call) -> str:
    return _along(n, "softmax")


@onnx_op("LogSoftmax")
def log_softmax(n: Call) -> str:
    return _along(n, "log_softmax")


@onnx_op("Hardmax")
def hardmax(n: Call) -> str:
    """1 at the first largest element, 0 elsewhere."""
    x = n.x(0)
    shape = n.shape(x)
    if n.opset < 13:
        axis = n.axis("axis", 1, len(shape))
        flat, axis = n.reshape(x, (math.prod(shape[:axis]), math.prod(shape[axis:]))), 1
    else:
        flat, axis = x, n.axis("axis", -1, len(shape))
    best = n.emit("arg_reduce", [flat], kind="max", axis=axis, keepdims=True, select_last_index=False)
    places = n.counting(n.shape(flat)[axis], axis, n.rank(flat))
    return n.reshape(n.cast(n.emit("equal", [places, best]), n.dtype(x)), shape)

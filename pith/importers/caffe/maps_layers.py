"""Convolutions, inner products, pooling, normalisation."""

from __future__ import annotations

import math

import numpy as np

from pith.importers.caffe.layer import CaffeLayer
from pith.importers.caffe.registry import caffe_layer
from pith.importers.layers import simple
from pith.importers.layers.windows import caffe_pool, convolution, deconvolution, global_pool


@caffe_layer("Convolution", "ConvolutionDepthwise", "DepthwiseConvolution")
def convolution_layer(n: CaffeLayer) -> list[str]:
    """Each input by the same weights [O, C / group, *kernel]."""
    n.group("convolution_param")
    out, kernel, window = _window(n)
    channels = n.shape(n.x())[1]
    depthwise = n.kind != "Convolution"
    group = channels if depthwise and not n.given("group") else window["group"]
    if out % group or channels % group:
        raise n.invalid(f"{channels} channels in {group} groups to {out}")
    w = n.blob(0, (out, channels // group, *kernel))
    bias = n.blob(1, (out,)) if n.flag("bias_term", True) else None
    return [
        convolution(n, x, w, bias, strides=window["stride"], pads=window["pad"] * 2, dilations=window["dilation"], group=group)
        for x in n.inputs
    ]


@caffe_layer("Deconvolution", "DeconvolutionDepthwise")
def deconvolution_layer(n: CaffeLayer) -> list[str]:
    """Each input by the same weights [C, O / group, *kernel]."""
    n.group("convolution_param")
    out, kernel, window = _window(n)
    channels, group = n.shape(n.x())[1], window["group"]
    if out % group or channels % group:
        raise n.invalid(f"{channels} channels in {group} groups to {out}")
    w = n.blob(0, (channels, out // group, *kernel))
    bias = n.blob(1, (out,)) if n.flag("bias_term", True) else None
    return [
        deconvolution(n, x, w, bias, strides=window["stride"], pads=window["pad"] * 2, dilations=window["dilation"], group=group)
        for x in n.inputs
    ]


def _window(n: CaffeLayer) -> tuple[int, tuple[int, ...], dict]:  # type: ignore[type-arg]
    """(output channels, kernel, {stride, pad, dilation: one an axis, group})."""
    rank = n.rank(n.x()) - 2
    if n.whole("axis", 1) != 1 or rank < 1:
        raise n.unsupported(f"a convolution along axis {n.whole('axis', 1)} of {n.shape(n.x())}")
    out, group = n.whole("num_output"), n.whole("group", 1)
    kernel = _per_axis(n, "kernel_size", "kernel", rank, None)
    stride, pad = _per_axis(n, "stride", "stride", rank, 1), _per_axis(n, "pad", "pad", rank, 0)
    if out < 1 or group < 1 or min(kernel) < 1:
        raise n.invalid(f"{out} outputs in {group} groups with kernel {kernel}")
    window = {"stride": stride, "pad": pad, "dilation": _per_axis(n, "dilation", "", rank, 1), "group": group}
    return out, kernel, window


def _per_axis(n: CaffeLayer, name: str, short: str, rank: int, default: int | None) -> tuple[int, ...]:
    """A list with one number for all axes or one for each, or the two numbers short_h and short_w."""
    if short and (n.given(f"{short}_h") or n.given(f"{short}_w")):
        return n.whole(f"{short}_h", default or 0), n.whole(f"{short}_w", default or 0)
    values = n.ints(name)
    if not values and default is not None:
        values = [default]
    if len(values) not in (1, rank):
        raise n.invalid(f"{name} {values} does not fit {rank} spatial axes")
    return tuple(values * rank) if len(values) == 1 else tuple(values)


@caffe_layer("InnerProduct")
def inner_product(n: CaffeLayer) -> str:
    """All axes from `axis` on are taken as one."""
    n.group("inner_product_param")
    x, out = n.x(), n.whole("num_output")
    axis = n.axis(n.whole("axis", 1), n.rank(x))
    size = math.prod(n.shape(x)[axis:])
    if out < 1:
        raise n.invalid(f"{out} outputs")
    w = n.blob(0, (size, out)).T if n.flag("transpose", False) else n.blob(0, (out, size))
    bias = n.blob(1, (out,)) if n.flag("bias_term", True) else None
    return simple.inner_product(n, n.reshape(x, (*n.shape(x)[:axis], size)), np.ascontiguousarray(w), bias)


@caffe_layer("Pooling")
def pooling(n: CaffeLayer) -> str:
    n.group("pooling_param")
    x, kind = n.x(), n.whole("pool")
    if n.rank(x) != 4:
        raise n.invalid(f"pooling of an input of shape {n.shape(x)}")
    if kind not in (0, 1):
        raise n.unsupported("stochastic pooling")
    name = "average" if kind else "max"
    if n.outputs > 1:
        raise n.unsupported("pooling that also gives the places of the largest elements")
    if n.flag("global_pooling", False):
        return global_pool(n, x, name)
    sizes = {
        what: (n.whole(f"{what}_h"), n.whole(f"{what}_w")) if n.given(f"{what}_h") or n.given(f"{what}_w") else (n.whole(field, default),) * 2
        for what, field, default in (("kernel", "kernel_size", 0), ("stride", "stride", 1), ("pad", "pad", 0))
    }
    ceil = n.whole("round_mode") == 0 and n.flag("ceil_mode", True)
    return caffe_pool(n, x, name, kernel=sizes["kernel"], strides=sizes["stride"], pads=sizes["pad"], ceil=ceil)


@caffe_layer("BatchNorm")
def batch_norm(n: CaffeLayer) -> str:
    """Stored sums of means and variances, and the factor they are divided by; scale and bias are a Scale layer's."""
    n.group("batch_norm_param")
    if n.given("use_global_stats") and not n.flag("use_global_stats", True):
        raise n.unsupported("normalisation by the statistics of the batch")
    if n.blob_count != 3:
        raise n.unsupported(f"a BatchNorm with {n.blob_count} weights, where Caffe's has mean, variance and factor")
    x = n.x()
    channels = n.shape(x)[1] if n.rank(x) > 1 else 1
    factor = float(n.blob(2).reshape(-1)[0]) if n.blob(2).size == 1 else 0.0
    scale = np.float32(1 / factor if factor else 0)
    mean, var = n.blob(0, (channels,)) * scale, n.blob(1, (channels,)) * scale
    flat = n.reshape(x, (*n.shape(x), 1)) if n.rank(x) == 1 else x
    y = simple.batch_norm(n, flat, np.ones(channels, np.float32), np.zeros(channels, np.float32), mean, var, n.real("eps", 1e-5))
    return n.reshape(y, n.shape(x))


@caffe_layer("Scale")
def scale(n: CaffeLayer) -> str:
    """Times the second input or stored weights, from `axis` on; then a stored bias."""
    n.group("scale_param")
    return _along(n, "mul", n.flag("bias_term", False))


@caffe_layer("Bias")
def bias(n: CaffeLayer) -> str:
    n.group("bias_param")
    return _along(n, "add", False)


def _along(n: CaffeLayer, op: str, with_bias: bool) -> str:
    x = n.x()
    axis = n.axis(n.whole("axis", 1), n.rank(x))
    if len(n.inputs) > 1:
        other = n.x(1)
        shape, first = n.shape(other), 0
        factor = n.reshape(other, (*shape, *[1] * max(n.rank(x) - axis - len(shape), 0)))
    else:
        axes = n.whole("num_axes", 1)
        shape = n.shape(x)[axis:] if axes == -1 else n.shape(x)[axis : axis + axes]
        first = 1
        factor = simple.along_channels(n, n.blob(0, shape), n.rank(x), axis)
    if shape != n.shape(x)[axis : axis + len(shape)]:
        raise n.invalid(f"factors of shape {shape} do not fit an input of shape {n.shape(x)} from axis {axis} on")
    y = n.emit(op, [x, factor])
    return n.emit("add", [y, simple.along_channels(n, n.blob(first, shape), n.rank(x), axis)]) if with_bias else y


@caffe_layer("LRN")
def lrn(n: CaffeLayer) -> str:
    n.group("lrn_param")
    return simple.lrn(n, n.x(), n.whole("local_size", 5), n.real("alpha", 1.0), n.real("beta", 0.75), n.real("k", 1.0), n.whole("norm_region") == 1)


@caffe_layer("MVN")
def mvn(n: CaffeLayer) -> str:
    n.group("mvn_param")
    x = n.x()
    axes = range(1 if n.flag("across_channels", False) else 2, n.rank(x))
    centred = n.emit("sub", [x, n.reduce("mean", x, axes)])
    if not n.flag("normalize_variance", True):
        return centred
    deviation = n.emit("sqrt", [n.reduce("mean", n.emit("mul", [centred, centred]), axes)])
    return n.emit("div", [centred, n.emit("add", [deviation, n.number(n.real("eps", 1e-9))])])


@caffe_layer("Normalize")
def normalize(n: CaffeLayer) -> str:
    n.group("norm_param")
    x = n.x()
    axes = range(1, n.rank(x)) if n.flag("across_spatial", True) else [1]
    factors = n.blob(0, (1,) if n.flag("channel_shared", True) else (n.shape(x)[1],))
    return simple.normalize(n, x, list(axes), n.real("eps", 1e-10), "add", factors)


@caffe_layer("Softmax", "SoftmaxWithLoss")
def softmax(n: CaffeLayer) -> str:
    """The loss of training becomes the softmax it is taken of."""
    n.group("softmax_param")
    return simple.softmax(n, n.x(), n.whole("axis", 1))


@caffe_layer("SigmoidCrossEntropyLoss")
def sigmoid_loss(n: CaffeLayer) -> str:
    return n.emit("sigmoid", [n.x()])

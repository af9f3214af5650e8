"""Normalisation, reductions, and softmax."""

from __future__ import annotations

import math

import numpy as np

from pith.importers.layers import simple
from pith.importers.ncnn.layer import NcnnLayer
from pith.importers.ncnn.registry import ncnn_layer


@ncnn_layer("BatchNorm")
def batch_norm(n: NcnnLayer) -> str:
    channels = n.whole(0)
    slope, mean, var, bias = (n.plain(channels) for _ in range(4))
    return simple.batch_norm(n, n.x(), slope, bias, mean, var, n.real(1))


@ncnn_layer("Scale")
def scale(n: NcnnLayer) -> str:
    """Scales of its own, or (size -233) by the second input."""
    size = n.whole(0)
    if size != -233:
        factors = n.plain(size)
        return simple.affine(n, n.x(), factors, n.plain(size) if n.whole(1) else None)
    x, factor = n.x(), n.x(1)
    channels = n.shape(x)[1]
    if n.shape(factor)[1:] != (channels,):
        factor = n.blob(factor, (channels,))
    y = n.emit("mul", [x, n.blob(factor, (channels, *[1] * (n.dims(x) - 1)))])
    return simple.affine(n, y, None, n.plain(channels)) if n.whole(1) else y


@ncnn_layer("Bias")
def bias(n: NcnnLayer) -> str:
    return simple.affine(n, n.x(), None, n.plain(n.whole(0)))


@ncnn_layer("LRN")
def lrn(n: NcnnLayer) -> str:
    if n.whole(0) not in (0, 1):
        raise n.unsupported(f"a region of type {n.whole(0)}")
    return simple.lrn(n, n.x(), n.whole(1, 5), n.real(2, 1.0), n.real(3, 0.75), n.real(4, 1.0), n.whole(0) == 1)


@ncnn_layer("Normalize")
def normalize(n: NcnnLayer) -> str:
    x, mode = n.x(), n.whole(9)
    spatial, channel = n.whole(0), n.whole(4, 1)
    if mode not in (0, 1, 2) or not (spatial or channel):
        raise n.unsupported(f"normalisation of mode {mode}, across_spatial {spatial}, across_channel {channel}")
    axes = [*([1] if channel else []), *(range(2, n.rank(x)) if spatial else [])]
    factors = n.plain(n.whole(3))
    return simple.normalize(n, x, axes, n.real(2, 1e-4), ("add", "max", "under")[mode], factors)


@ncnn_layer("InstanceNorm")
def instance_norm(n: NcnnLayer) -> str:
    x = n.x()
    affine = n.whole(0) > 0 and n.whole(2, 1)
    channels = n.whole(0) if affine else n.shape(x)[1]
    n.check_constant((channels,))
    gamma, beta = (n.plain(channels), n.plain(channels)) if affine else (np.ones(channels), np.zeros(channels))
    if n.dims(x) < 2 or channels != n.shape(x)[1]:
        raise n.invalid(f"{channels} channels do not fit a blob of {n.shape(x)[1:]}")
    return n.emit("instance_norm", [x, n.const(gamma), n.const(beta)], epsilon=n.real(1, 1e-3), layout="channels_first")


@ncnn_layer("GroupNorm")
def group_norm(n: NcnnLayer) -> str:
    x, group = n.x(), n.whole(0, 1)
    batch, channels = n.shape(x)[:2]
    if group < 1 or channels % group or n.whole(1) != channels:
        raise n.invalid(f"{n.whole(1)} channels in {group} groups do not fit a blob of {n.shape(x)[1:]}")
    n.check_constant((group,))
    grouped = n.reshape(x, (batch, group, math.prod(n.shape(x)[1:]) // group))
    ones, zeros = n.const(np.ones(group)), n.const(np.zeros(group))
    y = n.reshape(n.emit("instance_norm", [grouped, ones, zeros], epsilon=n.real(2, 1e-3), layout="channels_first"), n.shape(x))
    if not n.whole(3, 1):
        return y
    gamma = n.plain(channels)
    return simple.affine(n, y, gamma, n.plain(channels))


@ncnn_layer("LayerNorm")
def layer_norm(n: NcnnLayer) -> str:
    axis, shape, (gamma, beta) = _normalised(n, True)
    return n.emit("layer_norm", [n.x(), n.const(gamma.reshape(shape)), n.const(beta.reshape(shape))], axis=axis, epsilon=n.real(1, 1e-3))


@ncnn_layer("RMSNorm")
def rms_norm(n: NcnnLayer) -> str:
    axis, shape, (gamma, _) = _normalised(n, False)
    return n.emit("rms_norm", [n.x(), n.const(gamma.reshape(shape))], axis=axis, epsilon=n.real(1, 1e-3))


def _normalised(n: NcnnLayer, with_beta: bool) -> tuple[int, tuple[int, ...], tuple[np.ndarray, np.ndarray]]:
    """(first normalised axis, shape of the normalised axes, gamma and beta): the innermost axes whose product is the size."""
    x, size = n.x(), n.whole(0)
    shape = n.shape(x)
    axis = next((a for a in range(len(shape) - 1, 0, -1) if math.prod(shape[a:]) == size), None)
    if size == 0 or axis is None:
        raise n.invalid(f"{size} elements are no innermost axes of a blob of {shape[1:]}")
    if not n.whole(2, 1):
        n.check_constant((size,))
        return axis, shape[axis:], (np.ones(size), np.zeros(size))
    gamma = n.plain(size)
    return axis, shape[axis:], (gamma, n.plain(size) if with_beta else np.zeros(0))


@ncnn_layer("MVN")
def mvn(n: NcnnLayer) -> str:
    """(x - mean) / (deviation + eps) of each channel or of all."""
    x = n.x()
    axes = range(1 if n.whole(1) else 2, n.rank(x))
    if n.dims(x) < 2:
        raise n.unsupported("a blob of one axis")
    centred = n.emit("sub", [x, n.reduce("mean", x, axes)])
    if not n.whole(0):
        return centred
    deviation = n.emit("sqrt", [n.reduce("mean", n.emit("mul", [centred, centred]), axes)])
    return n.emit("div", [centred, n.emit("add", [deviation, n.number(n.real(2, 1e-4))])])


@ncnn_layer("Softmax")
def softmax(n: NcnnLayer) -> str:
    if n.whole(0) and not n.whole(1):
        raise n.unsupported("an axis in the numbering of an old ncnn (before 2018)", "convert the model again")
    return simple.softmax(n, n.x(), n.positive(n.whole(0), n.x()))


_REDUCTIONS = {0: "sum", 1: "l1", 2: "sum_square", 3: "mean", 4: "max", 5: "min", 6: "prod", 7: "l1", 8: "l2", 9: "log_sum", 10: "log_sum_exp"}


@ncnn_layer("Reduction")
def reduction(n: NcnnLayer) -> str:
    x, kind, coefficient = n.x(), n.whole(0), n.real(2, 1.0)
    if kind not in _REDUCTIONS:
        raise n.unsupported(f"a reduction of type {kind}")
    if n.ints(3) and not n.whole(5):
        raise n.unsupported("axes in the numbering of an old ncnn (before 2020)", "convert the model again")
    if coefficient != 1 and kind in (1, 2, 7, 8, 9, 10):
        raise n.unsupported(f"a coefficient for a reduction of type {kind}")
    axes = [n.positive(a, x) for a in n.ints(3)]
    if n.whole(1, 1) or not axes:
        axes = list(range(1, n.rank(x)))
    keep = n.whole(4) != 0
    y = n.reduce(_REDUCTIONS[kind], x, sorted(set(axes)), keepdims=keep)
    y = n.blob(y, (1,)) if n.rank(y) == 1 else y
    return y if coefficient == 1 else n.emit("mul", [y, n.number(coefficient)])


@ncnn_layer("CumulativeSum")
def cumulative_sum(n: NcnnLayer) -> str:
    return n.emit("cumulative", [n.x()], kind="sum", axis=n.positive(n.whole(0), n.x()), exclusive=False, reverse=False)

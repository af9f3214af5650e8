"""Elementwise layers and those along channels, as all layer formats have them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.importers.layers.layer import MAX_EXTENT, Layer


def leaky(n: Layer, x: str, slope: float) -> str:
    """max(x, 0) + slope * min(x, 0)."""
    return n.emit("relu", [x]) if slope == 0 else n.emit("leaky_relu", [x], alpha=float(slope))


def along_channels(n: Layer, v: np.ndarray, rank: int, axis: int = 1) -> str:
    """A vector (or the tensor of several axes) as a constant that broadcasts to a tensor of `rank` from `axis` on."""
    v = np.asarray(v, np.float32)
    return n.const(v.reshape(*v.shape, *[1] * (rank - axis - v.ndim)))


def affine(n: Layer, x: str, scale: np.ndarray | None, bias: np.ndarray | None) -> str:
    """x * scale + bias along the channels (axis 1)."""
    channels = n.shape(x)[1] if n.rank(x) > 1 else 0
    for v in (scale, bias):
        if v is not None and v.shape not in ((channels,), (1,)):
            raise n.invalid(f"{v.size} values do not fit {channels} channels")
    if scale is not None:
        x = n.emit("mul", [x, along_channels(n, scale, n.rank(x))])
    return x if bias is None else n.emit("add", [x, along_channels(n, bias, n.rank(x))])


def batch_norm(n: Layer, x: str, scale: np.ndarray, bias: np.ndarray, mean: np.ndarray, var: np.ndarray, epsilon: float) -> str:
    """(x - mean) / sqrt(var + epsilon) * scale + bias, all of them vectors over the channels."""
    if n.rank(x) < 2 or any(v.shape != (n.shape(x)[1],) for v in (scale, bias, mean, var)):
        raise n.invalid(f"{mean.size} statistics do not fit an input of shape {n.shape(x)}")
    return n.emit("batch_norm", [x, *map(n.const, (scale, bias, mean, var))], epsilon=float(epsilon), layout="channels_first")


def prelu(n: Layer, x: str, slope: np.ndarray) -> str:
    """x above zero, slope * x below; one slope, or one for each channel."""
    if slope.size == 1:
        return leaky(n, x, float(slope.reshape(-1)[0]))
    if n.rank(x) < 2 or slope.shape != (n.shape(x)[1],):
        raise n.invalid(f"{slope.size} slopes do not fit an input of shape {n.shape(x)}")
    return n.emit("prelu", [x, along_channels(n, slope, n.rank(x))])


def power(n: Layer, x: str, exponent: float, scale: float, shift: float) -> str:
    """(shift + scale * x) ^ exponent."""
    if scale != 1:
        x = n.emit("mul", [x, n.number(scale)])
    if shift != 0:
        x = n.emit("add", [x, n.number(shift)])
    return x if exponent == 1 else n.emit("pow", [x, n.number(exponent)])


def exponential(n: Layer, x: str, base: float, scale: float, shift: float) -> str:
    """base ^ (shift + scale * x); a base of -1 is e."""
    if base != -1 and base <= 0:
        raise n.invalid(f"a base of {base}")
    factor = 1.0 if base == -1 else math.log(base)
    return n.emit("exp", [power(n, x, 1, scale * factor, shift * factor)])


def logarithm(n: Layer, x: str, base: float, scale: float, shift: float) -> str:
    """Logarithm of shift + scale * x to `base`; a base of -1 is e."""
    if base != -1 and (base <= 0 or base == 1):
        raise n.invalid(f"a base of {base}")
    y = n.emit("log", [power(n, x, 1, scale, shift)])
    return y if base == -1 else n.emit("mul", [y, n.number(1 / math.log(base))])


def eltwise(n: Layer, kind: str, values: Sequence[str], coefficients: Sequence[float] = ()) -> str:
    """mul, max, min or sum ("add"; each times its coefficient) of all inputs."""
    if not values:
        raise n.invalid("it has no input")
    if coefficients and kind == "add":
        if len(coefficients) != len(values):
            raise n.invalid(f"{len(coefficients)} coefficients for {len(values)} inputs")
        values = [v if c == 1 else n.emit("mul", [v, n.number(c)]) for v, c in zip(values, coefficients, strict=True)]
    y = values[0]
    for v in values[1:]:
        y = n.emit(kind, [y, v])
    return y


def clip(n: Layer, x: str, low: float, high: float) -> str:
    """x within [low, high]; bounds at the end of float32 are none."""
    if low > high:
        raise n.invalid(f"an empty range from {low} to {high}")
    largest = float(np.finfo(np.float32).max)
    return n.emit("clip", [x], min=None if low <= -largest else float(low), max=None if high >= largest else float(high))


def hard_sigmoid(n: Layer, x: str, alpha: float, beta: float) -> str:
    """max(0, min(1, alpha * x + beta))."""
    return n.emit("hard_sigmoid", [x], alpha=float(alpha), beta=float(beta))


def hard_swish(n: Layer, x: str, alpha: float, beta: float) -> str:
    """x * max(0, min(1, alpha * x + beta))."""
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return n.emit("hard_swish", [x])
    return n.emit("mul", [x, hard_sigmoid(n, x, alpha, beta)])


def lrn(n: Layer, x: str, size: int, alpha: float, beta: float, bias: float, within: bool = False) -> str:
    """x / (bias + alpha / size * sum of squares) ^ beta over `size` neighbouring channels, or (`within`) over a window of
    size x size of the same channel (alpha then over its area)."""
    if size < 1 or size % 2 == 0:
        raise n.invalid(f"a window of {size}", "it must be odd")
    if not within:
        return n.emit("lrn", [x], size=size, alpha=float(alpha), beta=float(beta), bias=float(bias), layout="channels_first")
    from pith.importers.layers.windows import pool

    half = size // 2
    squares = n.emit("mul", [x, x])
    mean = pool(n, squares, "average", kernel=(size, size), strides=(1, 1), pads=(half,) * 4, include_pad=True)
    base = n.emit("add", [n.emit("mul", [mean, n.number(alpha)]), n.number(bias)])
    return n.emit("div", [x, n.emit("pow", [base, n.number(beta)])])


def normalize(n: Layer, x: str, axes: Sequence[int], epsilon: float, mode: str, scale: np.ndarray | None) -> str:
    """x / norm * scale; the norm over `axes` is sqrt(sum + eps) ("add"), max(sqrt(sum), eps) ("max") or
    sqrt(max(sum, eps)) ("under")."""
    total = n.reduce("sum_square", x, axes)
    if mode == "add":
        norm = n.emit("sqrt", [n.emit("add", [total, n.number(epsilon)])])
    elif mode == "max":
        norm = n.emit("max", [n.emit("sqrt", [total]), n.number(epsilon)])
    else:
        norm = n.emit("sqrt", [n.emit("max", [total, n.number(epsilon)])])
    y = n.emit("div", [x, norm])
    return y if scale is None else affine(n, y, scale, None)


def inner_product(n: Layer, x: str, w: np.ndarray, bias: np.ndarray | None) -> str:
    """x [..., K] by w [O, K] with bias [O]."""
    if n.shape(x)[-1] != w.shape[1]:
        raise n.invalid(f"weights {w.shape} do not fit an input of shape {n.shape(x)}")
    return n.emit("matmul", [x, n.const(w), "" if bias is None else n.const(bias)], trans_a=False, trans_b=True)


def softmax(n: Layer, x: str, axis: int) -> str:
    return n.emit("softmax", [x], axis=n.axis(axis, n.rank(x)))


def tile(n: Layer, x: str, axis: int, count: int) -> str:
    """x, `count` times one behind the other along an axis."""
    if not 1 <= count <= MAX_EXTENT:
        raise n.invalid(f"{count} repetitions")
    shape = n.shape(x)
    apart = n.reshape(x, (*shape[:axis], 1, *shape[axis:]))
    return n.reshape(n.expand(apart, (*shape[:axis], count, *shape[axis:])), (*shape[:axis], count * shape[axis], *shape[axis + 1 :]))


def shuffle_channels(n: Layer, x: str, group: int) -> str:
    """Channel i * C / group + j of the input becomes channel j * group + i."""
    shape = n.shape(x)
    if len(shape) < 2 or group < 1 or shape[1] % group:
        raise n.invalid(f"an input of shape {shape} does not divide into {group} groups of channels")
    split = n.reshape(x, (shape[0], group, shape[1] // group, *shape[2:]))
    return n.reshape(n.transpose(split, (0, 2, 1, *range(3, len(shape) + 1))), shape)


def depth_to_space(n: Layer, x: str, block: int, column_major: bool) -> str:
    """[N, C * block^2, H, W] to [N, C, H * block, W * block]; column_major: channels are (block, block, C), else (C, block, block)."""
    if n.rank(x) != 4 or block < 1 or n.shape(x)[1] % block**2:
        raise n.invalid(f"an input of shape {n.shape(x)} does not divide into blocks of {block}")
    b, c, h, w = n.shape(x)
    c //= block**2
    split = n.reshape(x, (b, block, block, c, h, w) if column_major else (b, c, block, block, h, w))
    return n.reshape(n.transpose(split, (0, 3, 4, 1, 5, 2) if column_major else (0, 1, 4, 2, 5, 3)), (b, c, h * block, w * block))


def space_to_depth(n: Layer, x: str, block: int, column_major: bool) -> str:
    """The reverse of `depth_to_space`."""
    if n.rank(x) != 4 or block < 1 or n.shape(x)[2] % block or n.shape(x)[3] % block:
        raise n.invalid(f"an input of shape {n.shape(x)} does not divide into blocks of {block}")
    b, c, h, w = n.shape(x)
    split = n.reshape(x, (b, c, h // block, block, w // block, block))
    return n.reshape(n.transpose(split, (0, 3, 5, 1, 2, 4) if column_major else (0, 1, 3, 5, 2, 4)), (b, c * block**2, h // block, w // block))

"""Convolutions and matrix products.

On integers they are exact sums in int32 and one scaling. TFLite's kernels let a sum wrap that leaves int32; here it is proven that
none can, and the operator refused where that fails.
"""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.importers.tflite.activations import activated
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.quantised import factor, scaled, scaled_wide
from pith.importers.tflite.registry import tflite_op
from pith.importers.tflite.shorts import short_product
from pith.importers.tflite.windows import window
from pith.ops.int32 import LARGEST, centred_weights, reach

LAST = "channels_last"


def real_weights(n: Call, i: int) -> str:
    """Weights of an operator on real numbers, as they are or dequantised (hybrid models keep them as integers)."""
    v, t = n.x(i), n.tensor(i)
    q = n.known(v)
    if n.dtype(v).is_float:
        return n.cast(v, DType.F32)
    if q is None or t.steps is None or t.dtype not in (*BYTES, DType.I4, DType.I16):
        raise n.invalid(f"weights {t.name!r} of {n.dtype(v).value} for an input of float32", "integers need a scale, and to be constant")
    shape = [1] * q.ndim
    if not t.steps.single:
        shape[t.steps.axis] = t.steps.scale.size
    scale, zero = t.steps.scale.reshape(shape), t.steps.zero.reshape(shape)
    return n.const((q.astype(np.float64) - zero) * scale, DType.F32)


def bias_of(n: Call, i: int, channels: int) -> str:
    """The bias, one number for each channel; "" where the operator has none."""
    b = n.opt(i)
    if b and n.shape(b) != (channels,):
        if int(np.prod(n.shape(b))) != channels:
            raise n.invalid(f"a bias of shape {n.shape(b)} for {channels} channels")
        b = n.reshape(b, (channels,))
    return b


def integer_weights(n: Call, i: int) -> tuple[np.ndarray, int]:
    """Constant 8-bit (or 4-bit) weights and their zero point; weights less their zero point and 0 where that fits int8."""
    t = n.tensor(i)
    q = n.static(i, "the weights")
    if q.dtype == DType.I4.np:
        q = q.astype(np.int8)
    if t.steps is None or q.dtype not in (np.int8, np.uint8):
        raise n.unsupported(f"weights of {q.dtype} {'without a scale ' if t.steps is None else ''}for an input of {n.dtype(n.x(0)).value}")
    zeros = t.steps.zero
    if (zeros != zeros[0]).any():
        raise n.unsupported("weights with a zero point for each channel are not supported")
    zero = int(zeros[0])
    centred = centred_weights(q, np.asarray(zero))
    return (centred, 0) if centred is not None else (q, zero)


def short_weights(n: Call, i: int) -> np.ndarray:
    """Constant weights under inputs of 16 bits: int8 or int4 without a zero point, as int8."""
    q, zero = integer_weights(n, i)
    if zero:
        raise n.unsupported("weights with a zero point under 16-bit inputs are not supported")
    return q


def check_sums(n: Call, weights: np.ndarray, zero: int, bias: str, axis: int, data: int = 0) -> None:
    """Refuse what could leave int32: the largest element of input `data` times the weights of a channel, and its bias."""
    x = n.tensor(data)
    assert x.dtype is not None
    w = np.abs(np.moveaxis(weights, axis, 0).astype(np.int64) - zero)
    sums = reach(x.dtype, n.zero(x)) * w.reshape(w.shape[0], -1).sum(axis=1)
    known = n.known(bias) if bias else None
    if bias and (known is None or known.dtype != np.int32):
        raise n.unsupported("the bias of an integer product must be constant and int32")
    if (sums + (0 if known is None else np.abs(known.astype(np.int64))) > LARGEST).any():
        raise n.unsupported("its sums may leave int32")


def factors(n: Call, channels: int, axis: int, *, joined: bool = False, data: int = 0) -> list[float]:
    """The step of a sum in steps of the output. `joined`: one scale of all weights is multiplied with the input's in float32;
    `data`: which input is the data, input 1 being the weights."""
    x, w, y = n.scale(n.tensor(data)), n.tensor(1).steps, n.scale(n.out())
    assert w is not None
    if w.single:
        return [float(x * np.float32(w.scale[0])) / float(y) if joined else float(x) * float(w.scale[0]) / float(y)]
    if w.axis != axis or w.scale.size != channels:
        raise n.invalid(f"{w.scale.size} scales along axis {w.axis} of the weights, not one for each of {channels} channels")
    return [float(x) * float(s) / float(y) for s in w.scale]


@tflite_op("CONV_2D")
def conv_2d(n: Call) -> str:
    x, w = n.x(0), n.x(1)
    if n.rank(x) != 4 or n.rank(w) != 4:
        raise n.invalid(f"a picture of shape {n.shape(x)} and weights of shape {n.shape(w)}")
    o, kh, kw, c = n.shape(w)
    if c < 1 or n.shape(x)[3] % c:
        raise n.invalid(f"{n.shape(x)[3]} channels do not fit weights {n.shape(w)}")
    return _convolution(n, (0, 3, 1, 2), (o, c, kh, kw), n.shape(x)[3] // c, 0)


@tflite_op("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(n: Call) -> str:
    x, w = n.x(0), n.x(1)
    if n.rank(x) != 4 or n.rank(w) != 4 or n.shape(w)[0] != 1:
        raise n.invalid(f"a picture of shape {n.shape(x)} and weights of shape {n.shape(w)}")
    _, kh, kw, o = n.shape(w)
    c = n.shape(x)[3]
    if c < 1 or o % c:
        raise n.invalid(f"{c} channels do not fit weights {n.shape(w)}")
    return _convolution(n, (3, 0, 1, 2), (o, 1, kh, kw), c, 3)


def _convolution(n: Call, order: tuple[int, ...], shape: tuple[int, ...], group: int, axis: int) -> str:
    """Weights brought into the order [O, I / group, kh, kw] (`shape`) and the convolution of input 0 with them; `axis`: of their
    channels in the file."""
    x = n.x(0)
    win = window(n, n.shape(x)[1:3], shape[2:])
    attrs = {**win.attrs, "group": group, "layout": LAST}
    bias = bias_of(n, 2, shape[0])
    if n.short:
        packed = np.ascontiguousarray(short_weights(n, 1).transpose(order))
        return short_product(n, "conv_integer", x, packed, bias, 0, factors(n, shape[0], axis), {**attrs, "zero": 0})
    if not n.quantised:
        kernel = n.transpose(real_weights(n, 1), order)
        return activated(n, n.emit("conv", [n.cast(x, DType.F32), kernel, *([bias] if bias else [])], **attrs))
    w, zero_w = integer_weights(n, 1)
    check_sums(n, w, zero_w, bias, axis)
    kernel = n.const(np.ascontiguousarray(w.transpose(order)))
    attrs |= {"zero": n.zero(n.tensor(0)), **({"zero_w": zero_w} if zero_w else {})}
    sums = n.emit("conv_integer", [x, kernel, *([bias] if bias else [])], **attrs)
    return scaled(n, sums, [factor(f) for f in factors(n, shape[0], axis, joined=n.dtype(x) is DType.U8)], n.activation)


@tflite_op("FULLY_CONNECTED")
def fully_connected(n: Call) -> str:
    """On integers its sums are scaled in float64."""
    x, w = n.x(0), n.x(1)
    if n.option("weights_format"):
        raise n.unsupported("shuffled weights are not supported", "convert the model again")
    if n.rank(w) != 2 or not n.rank(x) or n.shape(w)[1] < 1:
        raise n.invalid(f"an input of shape {n.shape(x)} and weights of shape {n.shape(w)}")
    o, k = n.shape(w)
    size = int(np.prod(n.shape(x), dtype=np.int64))
    if size % k:
        raise n.invalid(f"{n.shape(x)} cannot be cut into rows of {k}")
    keep = bool(n.option("keep_num_dims")) and n.shape(x)[-1] == k
    rows = n.reshape(x, (size // k, k))
    bias = bias_of(n, 2, o)
    shape = (*n.shape(x)[:-1], o) if keep else (size // k, o)
    if n.short:
        attrs = {"trans_b": True, "zero_a": 0, "zero_b": 0}
        return n.reshape(short_product(n, "matmul_integer", rows, short_weights(n, 1), bias, 0, factors(n, o, 0), attrs), shape)
    if not n.quantised:
        y = n.emit("matmul", [n.cast(rows, DType.F32), real_weights(n, 1), *([bias] if bias else [])], trans_b=True)
        return n.reshape(activated(n, y), shape)
    if n.known(w) is None:
        raise n.unsupported("weights made at run time are not supported for integers")
    q, zero_b = integer_weights(n, 1)
    check_sums(n, q, zero_b, bias, 0)
    attrs = {"trans_b": True, "zero_a": n.zero(n.tensor(0)), "zero_b": zero_b}
    sums = n.emit("matmul_integer", [rows, n.const(q), *([bias] if bias else [])], **attrs)
    return n.reshape(scaled_wide(n, sums, factors(n, o, 0), n.activation), shape)


@tflite_op("TRANSPOSE_CONV")
def transpose_conv(n: Call) -> str:
    """Padding and size follow from the shape of the result, which the file gives."""
    shape, x, w = n.static_ints(0, "the shape of the result"), n.x(2), n.x(1)
    if n.rank(x) != 4 or n.rank(w) != 4 or len(shape) != 4 or n.shape(w)[3] != n.shape(x)[3] or min(n.shape(w)) < 1:
        raise n.invalid(f"a picture of shape {n.shape(x)}, weights of shape {n.shape(w)} and a result of shape {shape}")
    o, kh, kw, _ = n.shape(w)
    win = window(n, shape[1:3], (kh, kw))
    ends = [(d - 1) * s + k - b - out for d, s, k, b, out in zip(n.shape(x)[1:3], win.strides, (kh, kw), win.pads, shape[1:3], strict=False)]
    if (shape[0], shape[3]) != (n.shape(x)[0], o) or max(map(abs, ends)) > 2**20:
        raise n.invalid(f"a result of shape {shape} from {n.shape(x)}")
    attrs = {
        **win.attrs, "pads": (*win.pads[:2], *(max(e, 0) for e in ends)), "output_padding": tuple(max(-e, 0) for e in ends), "group": 1,
        "layout": LAST,
    }  # fmt: skip
    bias, order = bias_of(n, 3, o), (3, 0, 1, 2)
    steps = n.tensor(2).steps
    if n.dtype(x) not in BYTES or steps is None:
        kernel = n.transpose(real_weights(n, 1), order)
        return activated(n, n.emit("conv_transpose", [n.cast(x, DType.F32), kernel, *([bias] if bias else [])], **attrs))
    q, zero_w = integer_weights(n, 1)
    check_sums(n, q, zero_w, bias, 0, data=2)
    wide, zero = n.cast(x, DType.I32), n.zero(n.tensor(2))
    wide = n.emit("sub", [wide, n.like(zero, wide)]) if zero else wide
    kernel = n.const(q.astype(np.int32).transpose(order) - zero_w)
    sums = n.emit("conv_transpose", [wide, kernel, *([bias] if bias else [])], **attrs)
    found = factors(n, o, 0, joined=n.dtype(x) is DType.U8, data=2)
    return scaled(n, sums, [factor(f) for f in found], n.activation)


@tflite_op("BATCH_MATMUL")
def batch_matmul(n: Call) -> str:
    a, b = n.x(0), n.x(1)
    flips = {"trans_a": bool(n.option("adj_x")), "trans_b": bool(n.option("adj_y"))}
    if n.rank(a) < 2 or n.rank(b) < 2:
        raise n.invalid(f"operands of shape {n.shape(a)} and {n.shape(b)}")
    if not n.quantised:
        right = real_weights(n, 1) if n.known(b) is not None or n.dtype(b).is_float else ""
        if not right or not n.dtype(a).is_float:
            raise n.unsupported(f"operands of {n.dtype(a).value} and {n.dtype(b).value} are not supported")
        return n.emit("matmul", [n.cast(a, DType.F32), right], **flips)
    if n.dtype(a) is not DType.I8 or n.dtype(b) is not DType.I8:
        raise n.unsupported(f"operands of {n.dtype(a).value} and {n.dtype(b).value} are not supported")
    za, zb = n.zero(n.tensor(0)), n.zero(n.tensor(1))
    depth = n.shape(a)[-2 if flips["trans_a"] else -1]
    if depth * reach(DType.I8, za) * reach(DType.I8, zb) > LARGEST:
        raise n.unsupported("its sums may leave int32")
    sums = n.emit("matmul_integer", [a, b], zero_a=za, zero_b=zb, **flips)
    product = float(n.scale(n.tensor(0)) * n.scale(n.tensor(1)))
    return scaled(n, sums, [factor(product / float(n.scale(n.out())))], "NONE")

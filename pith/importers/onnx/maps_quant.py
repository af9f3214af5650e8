"""Quantised operators: QDQ forms map one to one, the others become exact integer arithmetic.

Products of 8-bit integers whose sums provably stay within int32 are conv_integer and matmul_integer; the rest (zero points made at
run time, weights that do not fit int8, a bias nobody knows) is computed by conv and matmul of int32, which wraps.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from pith.graph import DType
from pith.importers.onnx.context import Call
from pith.importers.onnx.maps_nn import averaged, convolution, product
from pith.importers.onnx.registry import onnx_op
from pith.importers.onnx.tensors import to_dtype
from pith.ops.base import normalize_axis
from pith.ops.int32 import LARGEST, centred_weights, fits_int32, reach


def granular(n: Call, v: str, x: str, axis: int, block: int) -> str:
    """A scale or zero point of `x`, shaped to broadcast with it: one number, one along `axis`, or one a block."""
    shape, dims = n.shape(v), n.shape(x)
    if n.type(v).size == 1 and not block:
        return n.reshape(v, ())
    axis = normalize_axis(axis, len(dims))
    if not block and len(shape) == 1:
        if shape[0] != dims[axis]:
            raise n.invalid(f"{shape[0]} scales do not fit axis {axis} of {dims}")
        return n.reshape(v, [d if a == axis else 1 for a, d in enumerate((*dims[:axis], shape[0], *dims[axis + 1 :]))])
    size = block or (-(-dims[axis] // shape[axis]) if len(shape) == len(dims) and shape[axis] else 0)
    expected = tuple(-(-d // size) if a == axis else d for a, d in enumerate(dims)) if size > 0 else ()
    if shape != expected:
        raise n.invalid(f"scales of shape {shape} in blocks of {size} do not fit {dims}")
    parts = n.reshape(v, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
    repeated = n.expand(parts, (*shape[: axis + 1], size, *shape[axis + 1 :]))
    whole = n.reshape(repeated, (*shape[:axis], shape[axis] * size, *shape[axis + 1 :]))
    return n.slice(whole, axis, 0, dims[axis])


@onnx_op("QuantizeLinear")
@onnx_op("QuantizeLinear", domain="com.microsoft")
def quantize_linear(n: Call) -> str:
    x = n.x(0)
    axis, block = n.attrs.int("axis", 1), n.attrs.int("block_size", 0)
    dtype = DType.U8
    if n.has(2):
        dtype = n.dtype(n.x(2))
    elif n.attrs.int("output_dtype", 0):
        dtype = to_dtype(n.attrs.int("output_dtype"), n.where)
    parts = [granular(n, n.x(i), x, axis, block) for i in (1, 2) if n.has(i)]
    return n.emit("quantize_linear", [x, *parts], dtype=dtype, saturate=n.attrs.flag("saturate", True))


@onnx_op("DequantizeLinear")
@onnx_op("DequantizeLinear", domain="com.microsoft")
def dequantize_linear(n: Call) -> str:
    x = n.x(0)
    axis, block = n.attrs.int("axis", 1), n.attrs.int("block_size", 0)
    dtype = n.dtype(n.x(1))
    if n.attrs.int("output_dtype", 0):
        dtype = to_dtype(n.attrs.int("output_dtype"), n.where)
    parts = [granular(n, n.x(i), x, axis, block) for i in (1, 2) if n.has(i)]
    return n.emit("dequantize_linear", [x, *parts], dtype=dtype)


def centred(n: Call, x: str, zero: str) -> str:
    """`x - zero` as int32 (8-bit floats, which have no zero point, as float32)."""
    if n.dtype(x).is_float:
        return n.cast(x, DType.F32)
    wide = n.cast(x, DType.I32)
    if not zero:
        return wide
    known = n.known(zero)
    return wide if known is not None and not known.any() else n.emit("sub", [wide, n.cast(zero, DType.I32)])


def requantized(n: Call, acc: str, multiplier: str, zero: str, dtype: DType) -> str:
    """clamp(rne(acc * multiplier) + zero) in float32."""
    y = n.emit("mul", [n.cast(acc, DType.F32), multiplier])
    one = n.const(1.0, DType.F32)
    return n.emit("quantize_linear", [y, one, *([zero] if zero else [])], dtype=dtype, saturate=True)


def _number(n: Call, zero: str) -> int | None:
    """A zero point that is one known number; 0 when it is left out."""
    array = n.known(zero) if zero else np.zeros((), np.int8)
    return int(array.reshape(-1)[0]) if array is not None and array.size == 1 else None


def _known_weights(n: Call, w: str, zero: str) -> np.ndarray | None:
    """Constant weights less their zero point, as int8; None where they are no such."""
    q, point = n.known(w), n.known(zero) if zero else np.zeros((), np.int8)
    if q is None or point is None or point.ndim > q.ndim:
        return None
    fits = all(d in (1, e) for d, e in zip(point.shape, q.shape[q.ndim - point.ndim :], strict=True))
    return centred_weights(q, point) if fits else None


def integer_convolution(n: Call, x: str, zero_x: str, w: str, zero_w: str, bias: str) -> str:
    """The int32 sums of a convolution of 8-bit integers; `zero_w` broadcasts with the weights."""
    zero, weights, known = _number(n, zero_x), _known_weights(n, w, zero_w), n.known(bias) if bias else None
    if zero is not None and weights is not None and (known is not None) == bool(bias) and n.dtype(x) in (DType.I8, DType.U8):
        fits = known is None or (known.shape == weights.shape[:1] and known.dtype == np.int32)
        if fits and fits_int32(reach(n.dtype(x), zero), weights, known, 0):
            return convolution(n, x, n.const(weights), bias, "conv_integer", zero=zero)
    return convolution(n, centred(n, x, zero_x), centred(n, w, zero_w), bias)


def integer_product(
    n: Call, a: str, zero_a: str, b: str, zero_b: str, *, bias: str = "", trans_a: bool = False, trans_b: bool = False
) -> str:
    """The int32 sums of a product of 8-bit integers, and a bias of int32 that broadcasts to them."""
    left, right, weights = _number(n, zero_a), _number(n, zero_b), _known_weights(n, b, zero_b)
    types, shape = (n.dtype(a), n.dtype(b)), n.shape(a)
    if left is None or any(t not in (DType.I8, DType.U8) for t in types) or not shape:
        return _added(n, product(n, centred(n, a, zero_a), centred(n, b, zero_b), trans_a=trans_a, trans_b=trans_b), bias)
    if weights is not None and weights.ndim == 2:
        axis = 0 if trans_b else 1
        known = n.known(bias) if bias else None
        inside = known is not None and known.shape == (weights.shape[axis],)
        if fits_int32(reach(types[0], left), weights, known if inside else None, axis):
            y = product(
                n, a, n.const(weights), bias=bias if inside else "", op="matmul_integer", zero_a=left, zero_b=0, trans_a=trans_a, trans_b=trans_b
            )
            return y if inside else _added(n, y, bias)
    depth = shape[-2] if trans_a and len(shape) > 1 else shape[-1]
    if right is None or depth * math.prod(reach(t, z) for t, z in zip(types, (left, right), strict=True)) > LARGEST:
        return _added(n, product(n, centred(n, a, zero_a), centred(n, b, zero_b), trans_a=trans_a, trans_b=trans_b), bias)
    return _added(n, product(n, a, b, op="matmul_integer", zero_a=left, zero_b=right, trans_a=trans_a, trans_b=trans_b), bias)


def _added(n: Call, sums: str, bias: str) -> str:
    return n.emit("add", [sums, bias]) if bias else sums


def _multiplier(n: Call, a: str, b: str, y: str) -> str:
    """a * b / y of scales, in float32."""
    scales = [n.cast(s, DType.F32) for s in (a, b, y)]
    return n.emit("div", [n.emit("mul", scales[:2]), scales[2]])


def _scalar(n: Call, i: int) -> str:
    """Input `i`, one number, without axes; "" when it is left out."""
    return n.reshape(n.x(i), ()) if n.has(i) else ""


def _per_filter(n: Call, v: str, rank: int) -> str:
    """A number, or one for each filter of weights of `rank`, shaped to broadcast with the weights."""
    return n.reshape(v, () if n.type(v).size == 1 else (n.type(v).size, *[1] * (rank - 1))) if v else ""


@onnx_op("QLinearConv")
def qlinear_conv(n: Call) -> str:
    x, w = n.x(0), n.x(3)
    rank = n.rank(w)
    acc = integer_convolution(n, x, _scalar(n, 2), w, _per_filter(n, n.opt(5), rank), n.opt(8))
    scale = n.x(4)
    scale = n.reshape(scale, () if n.type(scale).size == 1 else (n.type(scale).size, *[1] * (rank - 2)))
    multiplier = _multiplier(n, _scalar(n, 1), scale, _scalar(n, 6))
    return requantized(n, acc, multiplier, _scalar(n, 7), n.dtype(n.x(7)))


@onnx_op("ConvInteger")
def conv_integer(n: Call) -> str:
    x, w = n.x(0), n.x(1)
    return integer_convolution(n, x, _scalar(n, 2), w, _per_filter(n, n.opt(3), n.rank(w)), "")


def _matrix_side(n: Call, v: str, matrix: str, *, rows: bool) -> str:
    """Scale or zero point of a matrix product's side: a number, or one a row (column) shaped to broadcast with it."""
    if not v or n.type(v).size == 1:
        return n.reshape(v, ()) if v else ""
    if n.rank(v) == 1:
        return n.reshape(v, (n.type(v).size, 1) if rows else (1, n.type(v).size))
    return v


@onnx_op("MatMulInteger")
def matmul_integer(n: Call) -> str:
    a, b = n.x(0), n.x(1)
    zero_a = _matrix_side(n, n.opt(2), a, rows=True)
    zero_b = _matrix_side(n, n.opt(3), b, rows=False)
    return integer_product(n, a, zero_a, b, zero_b)


@onnx_op("QLinearMatMul")
def qlinear_matmul(n: Call) -> str:
    a, b = n.x(0), n.x(3)
    scale_a, zero_a = (_matrix_side(n, n.x(i), a, rows=True) for i in (1, 2))
    scale_b, zero_b = (_matrix_side(n, n.x(i), b, rows=False) for i in (4, 5))
    acc = integer_product(n, a, zero_a, b, zero_b)
    scale_y, zero_y = (_matrix_side(n, n.x(i), acc, rows=True) for i in (6, 7))
    multiplier = _multiplier(n, scale_a, scale_b, scale_y)
    return requantized(n, acc, multiplier, zero_y, n.dtype(n.x(7)))


# The rest are the operators that ONNX Runtime's quantiser writes, in its own domain.


@onnx_op("QGemm", domain="com.microsoft")
def qgemm(n: Call) -> str:
    """A, scale, zero, B, scale, zero, C (int32), and for a quantised output scale, zero."""
    a, b, alpha = n.x(0), n.x(3), n.attrs.float("alpha", 1.0)
    trans_a, trans_b = n.attrs.flag("transA", False), n.attrs.flag("transB", False)

    def column(i: int) -> str:  # one a column of the product
        v = n.x(i)
        size = n.type(v).size
        return n.reshape(v, () if size == 1 else (size, 1) if trans_b and i == 5 else (1, size))

    bias = n.x(6) if n.has(6) else ""
    acc = integer_product(n, a, _scalar(n, 2), b, column(5), bias=bias, trans_a=trans_a, trans_b=trans_b)
    scales = n.emit("mul", [_scalar(n, 1), column(4)])
    if alpha != 1:
        scales = n.emit("mul", [scales, n.like(alpha, scales)])
    if not n.has(7):
        return n.emit("mul", [n.cast(acc, DType.F32), scales])
    return requantized(
        n, acc, n.emit("div", [scales, _scalar(n, 7)]), _scalar(n, 8), n.dtype(n.x(8)) if n.has(8) else n.dtype(a)
    )


@onnx_op("MatMulIntegerToFloat", domain="com.microsoft")
def matmul_integer_to_float(n: Call) -> str:
    a, b = n.x(0), n.x(1)
    zero_a, zero_b = _matrix_side(n, n.opt(4), a, rows=True), _matrix_side(n, n.opt(5), b, rows=False)
    acc = integer_product(n, a, zero_a, b, zero_b)
    scale = n.emit("mul", [_matrix_side(n, n.x(2), a, rows=True), _matrix_side(n, n.x(3), b, rows=False)])
    y = n.emit("mul", [n.cast(acc, DType.F32), scale])
    return n.emit("add", [y, n.x(6)]) if n.has(6) else y


def _real(n: Call, i: int) -> str:
    """Inputs i, i + 1, i + 2 (tensor, scale, zero) as float32."""
    parts = [n.x(i), _scalar(n, i + 1), *([_scalar(n, i + 2)] if n.has(i + 2) else [])]
    return n.emit("dequantize_linear", parts, dtype=DType.F32)


def _quantized(n: Call, y: str, i: int, dtype: DType) -> str:
    """`y` quantised by inputs i, i + 1 (scale, zero) to `dtype`."""
    parts = [y, _scalar(n, i), *([_scalar(n, i + 1)] if n.has(i + 1) else [])]
    return n.emit("quantize_linear", parts, dtype=dtype, saturate=True)


@onnx_op("QLinearAdd", domain="com.microsoft")
def qlinear_add(n: Call) -> str:
    """Both sides are scaled to the output's steps, added, and rounded once."""
    scale = _scalar(n, 6)
    sides = []
    for i in (0, 3):
        ratio = n.emit("div", [_scalar(n, i + 1), scale])
        sides.append(n.emit("mul", [n.cast(centred(n, n.x(i), _scalar(n, i + 2)), DType.F32), ratio]))
    one, dtype = n.const(1.0, DType.F32), n.dtype(n.x(0))
    zero = [_scalar(n, 7)] if n.has(7) else []
    return n.emit("quantize_linear", [n.emit("add", sides), one, *zero], dtype=dtype, saturate=True)


@onnx_op("QLinearMul", domain="com.microsoft")
def qlinear_mul(n: Call) -> str:
    acc = n.emit("mul", [centred(n, n.x(i), _scalar(n, i + 2)) for i in (0, 3)])
    multiplier = _multiplier(n, _scalar(n, 1), _scalar(n, 4), _scalar(n, 6))
    return requantized(n, acc, multiplier, _scalar(n, 7), n.dtype(n.x(0)))


def _through_float(op: str, n: Call) -> str:
    attrs = {"alpha": n.attrs.float("alpha", 0.01)} if op == "leaky_relu" else {}
    return _quantized(n, n.emit(op, [_real(n, 0)], **attrs), 3, n.dtype(n.x(0)))


onnx_op("QLinearSigmoid", domain="com.microsoft")(partial(_through_float, "sigmoid"))
onnx_op("QLinearLeakyRelu", domain="com.microsoft")(partial(_through_float, "leaky_relu"))


@onnx_op("QLinearSoftmax", domain="com.microsoft")
def qlinear_softmax(n: Call) -> str:
    x = _real(n, 0)
    y = n.emit("softmax", [x], axis=n.axis("axis", -1, n.rank(x)))
    return _quantized(n, y, 3, n.dtype(n.x(0)))


@onnx_op("QLinearConcat", domain="com.microsoft")
def qlinear_concat(n: Call) -> str:
    """Output scale and zero, then tensor, scale, zero of each part."""
    dtype = n.dtype(n.x(2))
    parts = [_quantized(n, _real(n, i), 0, dtype) for i in range(2, len(n.inputs), 3)]
    return n.concat(parts, normalize_axis(n.attrs.int("axis"), n.rank(parts[0])))


def _channels_first(n: Call, x: str) -> str:
    rank = n.rank(x)
    return n.transpose(x, (0, rank - 1, *range(1, rank - 1))) if n.attrs.flag("channels_last", False) else x


def _channels_back(n: Call, x: str) -> str:
    return n.transpose(x, (0, *range(2, n.rank(x)), 1)) if n.attrs.flag("channels_last", False) else x


@onnx_op("QLinearAveragePool", domain="com.microsoft")
def qlinear_average_pool(n: Call) -> str:
    y = averaged(n, _channels_first(n, _real(n, 0)))
    return _channels_back(n, _quantized(n, y, 3, n.dtype(n.x(0))))


@onnx_op("QLinearGlobalAveragePool", domain="com.microsoft")
def qlinear_global_average_pool(n: Call) -> str:
    """The integers are summed exactly; one multiplier takes the sum to the output's steps."""
    x = _channels_first(n, centred(n, n.x(0), _scalar(n, 2)))
    axes = range(2, n.rank(x))
    count = 1
    for a in axes:
        count *= n.shape(x)[a]
    scale = n.emit("div", [_scalar(n, 1), n.emit("mul", [_scalar(n, 3), n.const(count, DType.F32)])])
    return _channels_back(n, requantized(n, n.reduce("sum", x, axes), scale, _scalar(n, 4), n.dtype(n.x(0))))

"""Quantised operators: QDQ forms map one to one, the others become exact integer arithmetic on common operators."""

from __future__ import annotations

from functools import partial

from pith.graph import DType
from pith.importers.onnx.context import Call
from pith.importers.onnx.maps_nn import averaged, convolution, product
from pith.importers.onnx.registry import onnx_op
from pith.importers.onnx.tensors import to_dtype
from pith.ops.base import normalize_axis


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
    acc = convolution(n, centred(n, x, _scalar(n, 2)), centred(n, w, _per_filter(n, n.opt(5), rank)), n.opt(8))
    scale = n.x(4)
    scale = n.reshape(scale, () if n.type(scale).size == 1 else (n.type(scale).size, *[1] * (rank - 2)))
    multiplier = _multiplier(n, _scalar(n, 1), scale, _scalar(n, 6))
    return requantized(n, acc, multiplier, _scalar(n, 7), n.dtype(n.x(7)))


@onnx_op("ConvInteger")
def conv_integer(n: Call) -> str:
    x, w = n.x(0), n.x(1)
    return convolution(n, centred(n, x, _scalar(n, 2)), centred(n, w, _per_filter(n, n.opt(3), n.rank(w))), "")


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
    return product(n, centred(n, a, zero_a), centred(n, b, zero_b))


@onnx_op("QLinearMatMul")
def qlinear_matmul(n: Call) -> str:
    a, b = n.x(0), n.x(3)
    scale_a, zero_a = (_matrix_side(n, n.x(i), a, rows=True) for i in (1, 2))
    scale_b, zero_b = (_matrix_side(n, n.x(i), b, rows=False) for i in (4, 5))
    acc = product(n, centred(n, a, zero_a), centred(n, b, zero_b))
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

    acc = product(n, centred(n, a, _scalar(n, 2)), centred(n, b, column(5)), trans_a=trans_a, trans_b=trans_b)
    if n.has(6):
        acc = n.emit("add", [acc, n.x(6)])
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
    acc = product(n, centred(n, a, zero_a), centred(n, b, zero_b))
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

"""Convolutions, matrix products and pooling."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op
from pith.importers.onnx.windows import transposed_window, window


@onnx_op("Conv")
def conv(n: Call) -> str:
    return convolution(n, n.x(0), n.x(1), n.opt(2))


def convolution(n: Call, x: str, w: str, bias: str, op: str = "conv", **attrs: Any) -> str:
    """conv of `x` by `w` with the node's attributes, or an operator alike that takes `attrs` besides."""
    xs, ws, group = n.shape(x), n.shape(w), n.attrs.int("group", 1)
    if len(xs) < 3 or len(ws) != len(xs):
        raise n.invalid(f"input {xs} and weights {ws} are no convolution")
    kernel = n.attrs.ints("kernel_shape") or ws[2:]
    if kernel != ws[2:] or group < 1 or xs[1] != ws[1] * group or ws[0] % group:
        raise n.invalid(f"weights {ws} in {group} groups do not fit input {xs} and kernel {kernel}")
    _check_bias(n, bias, ws[0])
    p = window(n, xs[2:], kernel)
    return n.emit(
        op,
        [x, w, bias],
        strides=p.strides,
        pads=p.pads,
        dilations=p.dilations,
        group=group,
        layout="channels_first",
        **attrs,
    )


def _check_bias(n: Call, bias: str, channels: int) -> None:
    if bias and n.shape(bias) != (channels,):
        raise n.invalid(f"bias {n.shape(bias)} does not fit {channels} output channels")


@onnx_op("ConvTranspose")
def conv_transpose(n: Call) -> str:
    x, w = n.x(0), n.x(1)
    xs, ws, group = n.shape(x), n.shape(w), n.attrs.int("group", 1)
    if len(xs) < 3 or len(ws) != len(xs) or group < 1 or xs[1] != ws[0] or ws[0] % group:
        raise n.invalid(f"weights {ws} in {group} groups do not fit input {xs}")
    kernel = n.attrs.ints("kernel_shape") or ws[2:]
    if kernel != ws[2:]:
        raise n.invalid(f"weights {ws} do not have kernel {kernel}")
    _check_bias(n, n.opt(2), ws[1] * group)
    p, extra = transposed_window(n, xs[2:], kernel)
    return n.emit(
        "conv_transpose",
        [x, w, n.opt(2)],
        strides=p.strides,
        pads=p.pads,
        dilations=p.dilations,
        group=group,
        output_padding=extra,
        layout="channels_first",
    )


@onnx_op("DeformConv")
def deform_conv(n: Call) -> str:
    x, w = n.x(0), n.x(1)
    p = window(n, n.shape(x)[2:], n.attrs.ints("kernel_shape") or n.shape(w)[2:])
    return n.emit(
        "deform_conv",
        [x, w, n.x(2), n.opt(3), n.opt(4)],
        strides=p.strides,
        pads=p.pads,
        dilations=p.dilations,
        group=n.attrs.int("group", 1),
        offset_group=n.attrs.int("offset_group", 1),
    )


@onnx_op("MatMul")
def matmul(n: Call) -> str:
    return product(n, n.x(0), n.x(1))


def product(
    n: Call, a: str, b: str, *, trans_a: bool = False, trans_b: bool = False, bias: str = "", op: str = "matmul", **attrs: Any
) -> str:
    """NumPy's matmul, or an operator alike that takes `attrs` besides; vectors become matrices and their axis is taken out
    of the result again."""
    vector_a, vector_b = n.rank(a) == 1, n.rank(b) == 1
    if n.rank(a) == 0 or n.rank(b) == 0:
        raise n.invalid("a matrix product needs vectors or matrices")
    a = n.reshape(a, (1, *n.shape(a))) if vector_a else a
    b = n.reshape(b, (*n.shape(b), 1)) if vector_b else b
    y = n.emit(op, [a, b, bias], trans_a=trans_a, trans_b=trans_b, **attrs)
    shape = n.shape(y)
    if vector_b:
        shape = shape[:-1]
    if vector_a:
        shape = (*shape[:-2], shape[-1]) if not vector_b else shape[:-1]
    return n.reshape(y, shape)


@onnx_op("Gemm")
def gemm(n: Call) -> str:
    a, b = n.x(0), n.x(1)
    if n.rank(a) != 2 or n.rank(b) != 2:
        raise n.invalid(f"Gemm of {n.shape(a)} and {n.shape(b)}", "both must be matrices")
    alpha, beta = n.attrs.float("alpha", 1.0), n.attrs.float("beta", 1.0)
    trans_a, trans_b = n.attrs.flag("transA", False), n.attrs.flag("transB", False)
    c = n.x(2) if n.has(2) and beta != 0 else ""
    if c and beta != 1:
        c = n.emit("mul", [c, n.like(beta, c)])
    if alpha != 1 and n.known(b) is not None:
        b, alpha = n.emit("mul", [b, n.like(alpha, b)]), 1.0
    bias = c if c and alpha == 1 and n.rank(c) == 1 and n.shape(c)[0] == n.shape(b)[0 if trans_b else 1] else ""
    y = n.emit("matmul", [a, b, bias], trans_a=trans_a, trans_b=trans_b)
    if alpha != 1:
        y = n.emit("mul", [y, n.like(alpha, y)])
    if c and not bias:
        result = n.emit("add", [y, c])
        if n.shape(result) != n.shape(y):
            raise n.invalid(f"C {n.shape(c)} does not broadcast to {n.shape(y)}")
        return result
    return y


@onnx_op("MaxPool")
def max_pool(n: Call) -> list[str]:
    x = n.x(0)
    p = window(n, n.shape(x)[2:], n.attrs.ints("kernel_shape") or (), ceil=n.attrs.flag("ceil_mode", False))
    return n.emit_n(
        "max_pool",
        [x],
        2 if n.wants(1) else 1,
        kernel_shape=p.kernel,
        strides=p.strides,
        pads=p.pads,
        dilations=p.dilations,
        layout="channels_first",
        storage_order=n.attrs.int("storage_order", 0),
    )


@onnx_op("AveragePool")
def average_pool(n: Call) -> str:
    return averaged(n, n.x(0))


def averaged(n: Call, x: str) -> str:
    """average_pool of `x` with the node's attributes."""
    p = window(n, n.shape(x)[2:], n.attrs.ints("kernel_shape") or (), ceil=n.attrs.flag("ceil_mode", False))
    return n.emit(
        "average_pool",
        [x],
        kernel_shape=p.kernel,
        strides=p.strides,
        pads=p.pads,
        dilations=p.dilations,
        layout="channels_first",
        count_include_pad=n.attrs.flag("count_include_pad", False),
        ceil_pads=p.extra,
    )


@onnx_op("LpPool")
def lp_pool(n: Call) -> str:
    x = n.x(0)
    p = window(n, n.shape(x)[2:], n.attrs.ints("kernel_shape") or (), ceil=n.attrs.flag("ceil_mode", False))
    order = n.attrs.float("p", 2.0) if n.opset < 2 else n.attrs.int("p", 2)
    return n.emit(
        "lp_pool",
        [x],
        kernel_shape=p.kernel,
        strides=p.strides,
        pads=p.pads,
        dilations=p.dilations,
        layout="channels_first",
        p=int(order),
    )


def _global_pool(kind: str, n: Call) -> str:
    x = n.x(0)
    if n.rank(x) < 2:
        raise n.invalid(f"the input has rank {n.rank(x)}, at least 2 is needed")
    return n.reduce(kind, x, range(2, n.rank(x)))


for _name, _kind in {"GlobalAveragePool": "mean", "GlobalMaxPool": "max"}.items():
    onnx_op(_name)(partial(_global_pool, _kind))


@onnx_op("GlobalLpPool")
def global_lp_pool(n: Call) -> str:
    x = n.x(0)
    p = n.attrs.float("p", 2.0) if n.opset < 2 else n.attrs.int("p", 2)
    axes = range(2, n.rank(x))
    if p in (1, 2):
        return n.reduce(f"l{int(p)}", x, axes)
    powers = n.emit("pow", [n.emit("abs", [x]), n.like(p, x)])
    total = n.reduce("sum", powers, axes)
    return n.emit("pow", [total, n.like(1 / p, total)])


@onnx_op("MaxUnpool", static=(2,))
def max_unpool(n: Call) -> str:
    """Scatter into zeros: the indices address the flattened output of the natural shape; a larger one is padded."""
    x, indices = n.x(0), n.x(1)
    xs = n.shape(x)
    kernel = n.attrs.ints("kernel_shape") or ()
    rank = len(xs) - 2
    strides, pads = n.attrs.ints("strides") or (1,) * rank, n.attrs.ints("pads") or (0,) * (2 * rank)
    if n.shape(indices) != xs or not len(kernel) == len(strides) == len(pads) // 2 == rank:
        raise n.invalid(f"indices {n.shape(indices)} and kernel {kernel} do not fit input {xs}")
    spatial = [(d - 1) * strides[a] + kernel[a] - pads[a] - pads[a + rank] for a, d in enumerate(xs[2:])]
    natural = (*xs[:2], *spatial)
    out = n.static_ints(2, "output_shape") if n.has(2) else natural
    if min(natural) < 0 or len(out) != len(xs) or any(o < s for o, s in zip(out, natural, strict=True)):
        raise n.invalid(f"output_shape {out} is smaller than {natural}")
    size = n.type(x).size
    zeros = n.expand(n.const([0], n.dtype(x)), (math.prod(natural),))
    flat = [n.reshape(indices, (size,)), n.reshape(x, (size,))]
    y = n.reshape(n.emit("scatter_elements", [zeros, *flat], axis=0, reduction="none"), natural)
    if out == natural:
        return y
    pads = (0,) * len(out) + tuple(o - s for o, s in zip(out, natural, strict=True))
    return n.emit("pad", [y], pads=pads, mode="constant", value=0)


@onnx_op("FusedMatMul", domain="com.microsoft")
def fused_matmul(n: Call) -> str:
    if n.attrs.flag("transBatchA", False) or n.attrs.flag("transBatchB", False):
        raise n.unsupported("transposed batch axes")
    trans_a, trans_b = n.attrs.flag("transA", False), n.attrs.flag("transB", False)
    y = product(n, n.x(0), n.x(1), trans_a=trans_a, trans_b=trans_b)
    alpha = n.attrs.float("alpha", 1.0)
    return y if alpha == 1 else n.emit("mul", [y, n.like(alpha, y)])


@onnx_op("FusedConv", domain="com.microsoft")
def fused_conv(n: Call) -> str:
    y = convolution(n, n.x(0), n.x(1), n.opt(2))
    if n.has(3):
        y = n.emit("add", [y, n.x(3)])
    return activated(n, y)


@onnx_op("FusedGemm", domain="com.microsoft")
def fused_gemm(n: Call) -> str:
    return activated(n, gemm(n))


def activated(n: Call, y: str) -> str:
    """`y` through the activation that a fused operator names."""
    kind = n.attrs.string("activation", "")
    p = n.attrs.floats("activation_params") or ()
    if kind == "Clip":
        return n.emit("clip", [y], min=p[0], max=p[1])
    if kind == "LeakyRelu":
        return n.emit("leaky_relu", [y], alpha=p[0] if p else n.attrs.float("activation_alpha", 0.01))
    if kind == "HardSigmoid":
        return n.emit("hard_sigmoid", [y], alpha=p[0], beta=p[1])
    plain = {"Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh"}
    if kind and kind not in plain:
        raise n.unsupported(f"activation {kind!r}")
    return n.emit(plain[kind], [y]) if kind else y

"""Elementwise operators of two and more operands."""

from __future__ import annotations

import numpy as np

from pith.graph import DType, Expr
from pith.graph.expr import call, cast, select
from pith.importers.tflite.activations import activated
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.quantised import bounds, factor, less_zero, whole_range
from pith.importers.tflite.registry import tflite_op
from pith.importers.tflite.shorts import check_scales
from pith.ops.requantize import fixed

_PLAIN = {
    "DIV": "div", "POW": "pow", "FLOOR_MOD": "mod", "LOGICAL_AND": "and", "LOGICAL_OR": "or", "BITWISE_XOR": "bitwise_xor",
}  # fmt: skip
_COMPARE = {
    "EQUAL": "equal", "NOT_EQUAL": "equal", "LESS": "less", "LESS_EQUAL": "less_or_equal", "GREATER": "greater", "GREATER_EQUAL": "greater_or_equal",
}  # fmt: skip


def pair(n: Call) -> tuple[str, str]:
    """Both operands, of one type."""
    a, b = n.x(0), n.x(1)
    if n.dtype(a) is not n.dtype(b):
        raise n.invalid(f"its operands are {n.dtype(a).value} and {n.dtype(b).value}")
    if n.dtype(a) in BYTES and not n.quantised and n.op.name not in ("EQUAL", "NOT_EQUAL", "MINIMUM", "MAXIMUM", "BITWISE_XOR"):
        raise n.unsupported(f"operands of {n.dtype(a).value} without a scale are not supported")
    return a, b


def _integers(n: Call) -> tuple[int, int, int, DType, tuple[int, int]]:
    """Of an operator of two quantised operands: its three zero points, the result's type and bounds."""
    out = n.out()
    dtype = n.out_dtype()
    if dtype is not n.dtype(n.x(0)):
        raise n.invalid(f"operands of {n.dtype(n.x(0)).value} and a result of {dtype.value}")
    return n.zero(n.tensor(0)), n.zero(n.tensor(1)), n.zero(out), dtype, bounds(n, out, n.activation)


@tflite_op("ADD", "SUB")
def add(n: Call) -> str:
    """Quantised operands are first brought to twice the larger of their scales, with `left` bits below the point."""
    a, b = pair(n)
    sub = n.op.name == "SUB"
    if n.short:
        check_scales(n)
    elif not n.quantised:
        return activated(n, n.emit("sub" if sub else "add", [a, b]))
    za, zb, zy, dtype, limits = _integers(n)
    sa, sb, sy, left = n.scale(n.tensor(0)), n.scale(n.tensor(1)), n.scale(n.out()), 15 if n.short else 20
    twice = float(np.float32(2) * max(sa, sb))
    x, y = n.args(a, b)
    p = _scaled(less_zero(x, za), left, float(sa) / twice)
    q = _scaled(less_zero(y, zb), left, float(sb) / twice)
    m, shift = factor(twice / float(np.float32(2**left) * sy))
    return n.fused(fixed(p - q if sub else p + q, m, shift, zy, limits, dtype), [a, b], dtype)


def _scaled(x: Expr, left: int, by: float) -> Expr:
    m, shift = factor(by)
    return call("scale_fixed", x * (1 << left), m, shift)


@tflite_op("SQUARED_DIFFERENCE")
def squared_difference(n: Call) -> str:
    a, b = pair(n)
    if not n.quantised:
        d = n.emit("sub", [a, b])
        return n.emit("mul", [d, d])
    za, zb, zy, dtype, limits = _integers(n)
    if dtype is not DType.I8:
        raise n.unsupported(f"operands of {dtype.value} are not supported")
    sa, sb, sy, left = n.scale(n.tensor(0)), n.scale(n.tensor(1)), n.scale(n.out()), 7
    twice = float(np.float32(2) * max(sa, sb))
    x, y = n.args(a, b)
    apart = _scaled(less_zero(x, za), left, float(sa) / twice) - _scaled(less_zero(y, zb), left, float(sb) / twice)
    m, shift = factor(twice * twice / float(np.float32(2 ** (2 * left)) * sy))
    return n.fused(fixed(apart * apart, m, shift, zy, limits, dtype), [a, b], dtype)


@tflite_op("MUL")
def mul(n: Call) -> str:
    a, b = pair(n)
    if not n.quantised and not n.short:
        return activated(n, n.emit("mul", [a, b]))
    za, zb, zy, dtype, limits = _integers(n)
    m, shift = factor(n.scale(n.tensor(0)) * n.scale(n.tensor(1)) / n.scale(n.out()))  # in float32, as the kernel has it
    x, y = n.args(a, b)
    return n.fused(fixed(less_zero(x, za) * less_zero(y, zb), m, shift, zy, limits, dtype), [a, b], dtype)


@tflite_op("PRELU")
def prelu(n: Call) -> str:
    a, b = pair(n)
    if not n.quantised:
        return n.emit("prelu", [a, b])
    za, zb, zy, dtype, limits = _integers(n)
    sa, sb, sy = n.scale(n.tensor(0)), n.scale(n.tensor(1)), n.scale(n.out())
    x, slope = n.args(a, b)
    v = less_zero(x, za)
    up = call("scale_fixed", v, *factor(sa / sy))
    down = call("scale_fixed", v * less_zero(slope, zb), *factor(sa * sb / sy))
    y = select(call("ge", v, 0), up, down)
    y = call("min", call("max", y + zy if zy else y, limits[0]), limits[1])
    return n.fused(cast(y, dtype), [a, b], dtype)


@tflite_op("MINIMUM", "MAXIMUM")
def minimum(n: Call) -> str:
    a, b = pair(n)
    if (n.quantised or n.short) and not (n.same_steps(n.tensor(0), n.out()) and n.same_steps(n.tensor(1), n.out())):
        raise n.unsupported("operands and result of different scales are not supported")
    return n.emit("min" if n.op.name == "MINIMUM" else "max", [a, b])


@tflite_op(*_PLAIN)
def plain(n: Call) -> str:
    a, b = pair(n)
    if n.quantised:
        raise n.unsupported("quantised operands are not supported")
    more = {"fmod": False} if n.op.name == "FLOOR_MOD" else {}
    return activated(n, n.emit(_PLAIN[n.op.name], [a, b], **more))


@tflite_op("FLOOR_DIV")
def floor_div(n: Call) -> str:
    a, b = pair(n)
    if n.quantised:
        raise n.unsupported("quantised operands are not supported")
    if n.dtype(a).is_float:
        return n.emit("floor", [n.emit("div", [a, b])])
    x, y = n.args(a, b)
    rest = call("mod", x, y)  # has the sign of the divisor, so what is left divides without one
    return n.fused(call("div", x - rest, y), [a, b], n.dtype(a))


@tflite_op("ATAN2")
def atan2(n: Call) -> str:
    a, b = pair(n)
    if not n.dtype(a).is_float:
        raise n.unsupported(f"operands of {n.dtype(a).value} are not supported")
    return n.fused(call("atan2", *n.args(a, b)), [a, b], n.dtype(a))


@tflite_op(*_COMPARE)
def compare(n: Call) -> str:
    a, b = pair(n)
    if n.quantised and not (n.scale(n.tensor(0)) == n.scale(n.tensor(1)) and n.zero(n.tensor(0)) == n.zero(n.tensor(1))):
        raise n.unsupported("comparing integers of different scales is not supported")
    y = n.emit(_COMPARE[n.op.name], [a, b])
    return n.emit("not", [y]) if n.op.name == "NOT_EQUAL" else y


@tflite_op("SELECT", "SELECT_V2")
def select_op(n: Call) -> str:
    condition, a, b = n.x(0), n.x(1), n.x(2)
    if n.dtype(condition) is not DType.BOOL or n.dtype(a) is not n.dtype(b):
        raise n.invalid(f"a choice by {n.dtype(condition).value} between {n.dtype(a).value} and {n.dtype(b).value}")
    if n.op.name == "SELECT" and n.rank(condition) == 1 and n.rank(a) > 1:  # chooses rows
        condition = n.reshape(condition, (*n.shape(condition), *(1,) * (n.rank(a) - 1)))
    return n.emit("where", [condition, a, b])


@tflite_op("ADD_N")
def add_n(n: Call) -> str:
    y = n.x(0)
    if n.quantised:
        raise n.unsupported("quantised operands are not supported")
    for i in range(1, len(n.inputs)):
        y = n.emit("add", [y, n.x(i)])
    return y


def requantised_like(n: Call, v: str, i: int) -> str:
    """Input `i` as integers of the output's scale: itself, or (uint8 only) by a table in float32."""
    t, out = n.tensor(i), n.out()
    if n.same_steps(t, out):
        return v
    if n.dtype(v) is not DType.U8:
        raise n.unsupported(f"joining {n.dtype(v).value} of different scales is not supported", "convert the model again")
    inverse = np.float32(1) / n.scale(out)
    scale = n.scale(t) * inverse
    bias = np.float32(-n.zero(t)) * scale
    low, high = whole_range(DType.U8)
    real = np.arange(256).astype(np.float32) * scale + bias
    steps = np.copysign(np.floor(np.abs(real) + np.float32(0.5)), real).astype(np.int64) + n.zero(out)
    return n.emit("lookup", [v, n.const(np.clip(steps, low, high).astype(np.uint8))])

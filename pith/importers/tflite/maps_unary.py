"""Elementwise operators of one operand. On 8-bit integers each is a table of its 256 values, made as TFLite's reference kernel goes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from pith.graph import DType
from pith.graph.fixed import rounded_shift, scale_fixed
from pith.importers.tflite.context import BYTES, Call
from pith.importers.tflite.quantised import ACTIVATION_BOUNDS, bounds, clamped, every, factor, function_table, table
from pith.importers.tflite.registry import tflite_op
from pith.importers.tflite.shorts import short_leaky_relu, short_relu

_PLAIN = {
    "ABS": "abs", "CEIL": "ceil", "COS": "cos", "EXP": "exp", "FLOOR": "floor", "LOG": "log", "LOGICAL_NOT": "not", "NEG": "neg",
    "ROUND": "round", "SIGN": "sign", "SIN": "sin", "SQRT": "sqrt", "LOGISTIC": "sigmoid", "TANH": "tanh", "HARD_SWISH": "hard_swish",
}  # fmt: skip


def _sigmoid(x: np.ndarray) -> np.ndarray:
    """In float32 steps, as the kernel has it: 1 / (1 + exp(-x))."""
    return np.asarray(np.float32(1) / (np.float32(1) + np.exp(-x).astype(np.float32)))


def _elu(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0, np.expm1(x), x)


# Functions whose quantised kernels are tables of real values.
_TABLES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "LOGISTIC": _sigmoid, "TANH": np.tanh, "EXP": np.exp, "ELU": _elu,
}  # fmt: skip


@tflite_op(*_PLAIN, "ELU")
def unary(n: Call) -> str:
    x = n.x(0)
    if n.quantised:
        return _quantised(n)
    if n.dtype(x) in BYTES:
        raise n.unsupported(f"an operand of {n.dtype(x).value} without a scale is not supported")
    return n.emit("elu", [x], alpha=1.0) if n.op.name == "ELU" else n.emit(_PLAIN[n.op.name], [x])


def _quantised(n: Call) -> str:
    name = n.op.name
    if name == "HARD_SWISH":
        return _hard_swish(n)
    if name == "ABS":
        return _abs(n)
    if name not in _TABLES:
        raise n.unsupported("a quantised operand is not supported")
    if name == "LOGISTIC" and float(n.scale(n.out())) != 1 / 256:
        raise n.invalid("the scale of a quantised sigmoid must be 1/256")
    return function_table(n, _TABLES[name])


def _values(n: Call) -> tuple[np.ndarray, DType]:
    """All integers of the input less its zero point, and the type of the result."""
    t, dtype = n.tensor(0), n.out_dtype()
    assert t.dtype is not None
    if dtype is not t.dtype:
        raise n.invalid(f"an operand of {t.dtype.value} and a result of {dtype.value}")
    return every(t.dtype) - n.zero(t), dtype


def _scale(v: np.ndarray, by: float | np.floating) -> np.ndarray:
    m, shift = factor(by)
    return scale_fixed(v, np.asarray(m), np.asarray(shift))


@tflite_op("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1")
def relu(n: Call) -> str:
    x = n.x(0)
    low, high = ACTIVATION_BOUNDS[n.op.name]
    if n.short:
        return short_relu(n, n.op.name)
    if not n.quantised:
        if not n.dtype(x).is_float:
            raise n.unsupported(f"an operand of {n.dtype(x).value} is not supported")
        return n.emit("relu", [x]) if high is None else n.emit("clip", [x], min=low, max=high)
    v, dtype = _values(n)
    lo, hi = bounds(n, n.out(), n.op.name)
    return table(n, np.clip(_scale(v, n.scale(n.tensor(0)) / n.scale(n.out())) + n.zero(n.out()), lo, hi), dtype)


@tflite_op("LEAKY_RELU")
def leaky_relu(n: Call) -> str:
    x, alpha = n.x(0), n.real("alpha")
    if n.short:
        return short_leaky_relu(n, alpha)
    if not n.quantised:
        return n.emit("leaky_relu", [x], alpha=alpha)
    v, dtype = _values(n)
    sx, sy = n.scale(n.tensor(0)), n.scale(n.out())
    m, shift = factor(sx * np.float32(alpha) / sy)
    down = scale_fixed(v, np.asarray(abs(m)), np.asarray(shift)) * (-1 if m < 0 else 1)
    return table(n, clamped(np.where(v >= 0, _scale(v, sx / sy), down) + n.zero(n.out()), dtype), dtype)


def _abs(n: Call) -> str:
    v, dtype = _values(n)
    y = np.abs(v)
    if n.scale(n.tensor(0)) != n.scale(n.out()):
        y = _scale(y, n.scale(n.tensor(0)) / n.scale(n.out()))
    return table(n, clamped(y + n.zero(n.out()), dtype), dtype)


def _short(x: np.ndarray) -> np.ndarray:
    """Held within int16."""
    return np.asarray(np.clip(x, -(2**15), 2**15 - 1))


def _hard_swish(n: Call) -> str:
    """x * clip(x + 3, 0, 6) / 6 in 16 bits: x in steps of its scale / 128, (x + 3) / 6 as a fraction of 15 bits, their product."""
    v, dtype = _values(n)
    hires = np.float32(1 / 128) * n.scale(n.tensor(0))
    (m_out, e_out), (m_relu, e_relu) = factor(hires / n.scale(n.out())), factor(hires / np.float32(3 / 32768))
    if e_out > 0:
        raise n.unsupported("the result's scale is far below the operand's")
    m_out, m_relu = (min((m + 2**15) >> 16, 2**15 - 1) for m in (m_out, m_relu))
    x = v << 7
    x = (x + 2**15) % 2**16 - 2**15
    before = _short((x * m_out + 2**14) >> 15)
    y = _short(x << (e_relu - 1)) if e_relu > 0 else x
    y = _short((y * m_relu + 2**14) >> 15)
    if e_relu > 0:
        y = _short(y << 1)
    elif e_relu < 0:
        y = rounded_shift(y, min(-e_relu, 31))
    y = (y + 2**15) >> 1
    product = y * before
    y = np.where(product >= 0, product >> 15, -(-product >> 15))  # towards zero
    return table(n, clamped(rounded_shift(y, min(-e_out, 31)) + n.zero(n.out()), dtype), dtype)


@tflite_op("RSQRT", "SQUARE")
def powers(n: Call) -> str:
    x = n.x(0)
    if n.quantised or not n.dtype(x).is_float:
        raise n.unsupported(f"an operand of {n.dtype(x).value} is not supported")
    return n.emit("reciprocal", [n.emit("sqrt", [x])]) if n.op.name == "RSQRT" else n.emit("mul", [x, x])


@tflite_op("GELU")
def gelu(n: Call) -> str:
    approximate = bool(n.option("approximate"))
    if n.quantised:
        return function_table(n, partial(_gelu, approximate=approximate))
    return n.emit("gelu", [n.x(0)], approximate="tanh" if approximate else "none")


def _gelu(x: np.ndarray, approximate: bool) -> np.ndarray:
    if approximate:
        return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    return np.asarray(0.5 * x * (1 + np.vectorize(math.erf)(x * math.sqrt(0.5))))


@tflite_op("CAST")
def cast(n: Call) -> str:
    dtype = n.out_dtype()
    if n.dtype(n.x(0)).is_float and dtype.is_int:
        return n.emit("cast", [n.x(0)], to=dtype, saturate=True)
    return n.cast(n.x(0), dtype)


@tflite_op("ZEROS_LIKE")
def zeros_like(n: Call) -> str:
    return n.emit("expand", [n.like(0, n.x(0))], shape=n.shape(n.x(0)))

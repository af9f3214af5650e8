"""Requantisation: how a sum becomes an integer of 8 or 16 bits again. Each rule for it is one tree, built here.

The rule of floats, for networks that describe scales as ONNX does, is made of float32 steps and recognised here too:

    v = float(acc) * m                           m: one number, or one for each channel (an extra of rank 1)
    v = v + float(r - zr) * mr                   only with a residual r, an 8-bit extra of the result's shape
    y = T(rint(min(max(v, lo), hi)) + zero)      lo, hi: whole numbers, the range of T less zero, or narrower

Every step rounds to float32 and none is fused with another, so that all targets give the same bits. As lo and hi are whole
numbers, clamping before the rounding is clamping after it.

The rule of fixed point is TensorFlow Lite's, in int32 throughout (`pith.graph.fixed`):

    y = T(min(max(scale_fixed(acc, multiplier, shift) + zero, lo), hi))

multiplier and shift are int32, one pair or one for each channel (extras of rank 1); lo and hi are integers of T. Its fully
connected layers have a rule of their own, in float64: y = T(min(max(round(acc * factor) + zero, lo), hi)), halves away from zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pith.graph import DType, Expr
from pith.graph.expr import arg, call, cast, const

ACC = arg(0, DType.I32)
NARROW = (DType.I8, DType.U8, DType.I16, DType.U16)


@dataclass(frozen=True, slots=True)
class Residual:
    """A second summand: `operand` (an argument of 8 or 16 bits) less `zero`, times `multiplier` (a float32)."""

    operand: Expr
    zero: int
    multiplier: float


@dataclass(frozen=True, slots=True)
class Clamp:
    """The end of every requantisation: bounds before the zero point is added, zero point and type of the result."""

    lo: float
    hi: float
    zero: int
    dtype: DType


@dataclass(frozen=True, slots=True)
class Requantize:
    """A requantisation taken apart. `multiplier`: a float32 constant, or the argument that has one for each channel; `acc`: type of the sum."""

    multiplier: Expr
    clamp: Clamp
    residual: Residual | None = None
    acc: DType = DType.I32


def limits(dtype: DType, zero: int, lo: float = -np.inf, hi: float = np.inf, *, scale: float = 1.0) -> Clamp:
    """The clamp to the range of `dtype` and to the real numbers [lo, hi], where a step of the result is `scale`.

    Bounds are divided in float32 and rounded to the nearest whole number, halves to even.
    """
    info = np.iinfo(dtype.np)
    low, high = float(info.min) - zero, float(info.max) - zero
    with np.errstate(all="ignore"):
        a, b = (float(np.rint(np.float32(v) / np.float32(scale))) for v in (lo, hi))
    top = min(max(b, low), high)
    return Clamp(min(max(a, low), top) + 0.0, top + 0.0, zero, dtype)


def scaled(operand: Expr, zero: int, multiplier: float | Expr) -> Expr:
    """float(operand - zero) * multiplier of an integer operand, the difference in int32."""
    q = cast(operand, DType.I32)
    return cast(q - zero if zero else q, DType.F32) * multiplier


def clamped(v: Expr, clamp: Clamp) -> Expr:
    """T(rint(min(max(v, lo), hi)) + zero) of a float32 `v`."""
    y = call("rint", call("min", call("max", v, clamp.lo), clamp.hi))
    return cast(y + float(clamp.zero) if clamp.zero else y, clamp.dtype)


def build(q: Requantize) -> Expr:
    """The canonical tree over argument 0, the sum."""
    v = scaled(ACC, 0, q.multiplier) if q.acc is DType.I32 else cast(arg(0, q.acc), DType.F32) * q.multiplier
    if q.residual is not None:
        v = v + scaled(q.residual.operand, q.residual.zero, q.residual.multiplier)
    return clamped(v, q.clamp)


def split(expr: Expr) -> tuple[Expr, Clamp] | None:
    """The v and the clamp of an expression that `clamped` built, whatever v is; None for any other."""
    if expr.op != "cast" or expr.dtype not in NARROW:
        return None
    y, zero = expr.args[0], 0
    if y.op == "add" and y.args[1].op == "const":
        y, zero = y.args[0], int(y.args[1].value)
    if y.op != "rint" or y.args[0].op != "min" or y.args[0].args[0].op != "max":
        return None
    top, bottom = y.args[0], y.args[0].args[0]
    lo, hi = bottom.args[1], top.args[1]
    if lo.op != "const" or hi.op != "const":
        return None
    v, clamp = bottom.args[0], Clamp(float(lo.value), float(hi.value), zero, expr.dtype)
    return (v, clamp) if clamped(v, clamp) == expr else None


def match(expr: Expr | None) -> Requantize | None:
    """The parts of an expression that `build` built; None for any other. `build(match(e)) == e`."""
    found = split(expr) if expr is not None else None
    if expr is None or found is None:
        return None
    v, clamp = found
    residual = None
    if v.op == "add":
        residual = _residual(v.args[1])
        v = v.args[0]
        if residual is None:
            return None
    if v.op != "mul" or v.args[1].op not in ("const", "arg"):
        return None
    acc = DType.I64 if v.args[0] == cast(arg(0, DType.I64), DType.F32) else DType.I32
    q = Requantize(v.args[1], clamp, residual, acc)
    return q if build(q) == expr else None


def _residual(v: Expr) -> Residual | None:
    if v.op != "mul" or v.args[1].op != "const" or v.args[0].op != "cast":
        return None
    q, zero = v.args[0].args[0], 0
    if q.op == "sub" and q.args[1].op == "const":
        q, zero = q.args[0], int(q.args[1].value)
    if q.op != "cast" or q.args[0].op != "arg" or q.args[0].dtype not in NARROW:
        return None
    return Residual(q.args[0], zero, float(v.args[1].value))


def multiplier(value: np.ndarray, index: int) -> Expr:
    """The multiplier leaf for float32 `value`: a constant where all are equal, else argument `index`."""
    flat = value.reshape(-1)
    return const(float(flat[0]), DType.F32) if bool((flat == flat[0]).all()) else arg(index, DType.F32)


def fixed(acc: Expr, multiplier: Expr | int, shift: Expr | int, zero: int, bounds: tuple[int, int], dtype: DType) -> Expr:
    """The rule of fixed point: the int32 `acc` scaled, clamped to `bounds` (which include the zero point), as `dtype`."""
    return _within(call("scale_fixed", acc, multiplier, shift), zero, bounds, dtype)


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """The rule of fixed point taken apart. multiplier, shift: int32 constants, or arguments that have one for each channel."""

    multiplier: Expr
    shift: Expr
    zero: int
    bounds: tuple[int, int]
    dtype: DType


def match_fixed(expr: Expr) -> FixedPoint | None:
    """The parts of an expression that `fixed` built of the sum; None for any other."""
    if expr.op != "cast" or expr.args[0].op != "min" or expr.args[0].args[0].op != "max":
        return None
    top, bottom = expr.args[0].args[1], expr.args[0].args[0].args[1]
    y, zero = expr.args[0].args[0].args[0], 0
    if y.op == "add" and y.args[1].op == "const":
        y, zero = y.args[0], int(y.args[1].value)
    if y.op != "scale_fixed" or {top.op, bottom.op} != {"const"} or any(v.op not in ("const", "arg") for v in y.args[1:]):
        return None
    found = FixedPoint(y.args[1], y.args[2], zero, (int(bottom.value), int(top.value)), expr.dtype)
    return found if fixed(ACC, found.multiplier, found.shift, zero, found.bounds, found.dtype) == expr else None


def fixed_wide(acc: Expr, multiplier: Expr | int, shift: Expr | int, zero: int, bounds: tuple[int, int], dtype: DType) -> Expr:
    """The rule of fixed point for sums in int64, whose multiplier has 15 bits; argument types: int64, int32, int32."""
    m, s = (v if isinstance(v, Expr) else const(v, DType.I32) for v in (multiplier, shift))
    return _within(call("scale_wide", acc, m, s), zero, bounds, dtype)


def wide(acc: Expr, factor: Expr | float, zero: int, bounds: tuple[int, int], dtype: DType) -> Expr:
    """The rule in float64: the int32 `acc` times `factor`, rounded to nearest with halves away from zero."""
    y = call("round", cast(acc, DType.F64) * factor)
    return _within(cast(y, DType.I32), zero, bounds, dtype)


def _within(y: Expr, zero: int, bounds: tuple[int, int], dtype: DType) -> Expr:
    y = y + zero if zero else y
    return cast(call("min", call("max", y, bounds[0]), bounds[1]), dtype)

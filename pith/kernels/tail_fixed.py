"""Epilogues in fixed point taken apart for vectors of int32: what is computed in each lane, and what the store does.

An 8-bit result is `clamp(e + zero)`: the store narrows with saturation, adds the zero point and narrows again. That is the clamp,
as long as e + zero stays within int32: where e is a number scaled to the right, so that it has at least one bit to spare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pith.graph import DType, Expr
from pith.graph.expr import arg, const

_BYTES = {DType.I8: (-128, 127), DType.U8: (0, 255)}
_OPS = ("add", "sub", "mul", "min", "max", "scale_fixed")
_KINDS = ("channel_i32", "i8", "u8")


@dataclass(frozen=True, slots=True)
class Fixed:
    """expr: int32, over the sum, the extras and then `values`, the constants of the expression;  kinds: of the extras and the values;
    a shift known to go right by 1 to 31 is "channel_right" or "value_right";  zero: added by the store."""

    expr: Expr
    kinds: tuple[str, ...]
    values: tuple[int, ...]
    zero: int


def fixed_tail(expr: Expr, kinds: Sequence[str], constants: Sequence[np.ndarray | None], out: DType) -> Fixed | None:
    """The epilogue `expr` over (sum, extras of `kinds`), of whose values `constants` are known; None where a step is no int32."""
    if out not in _BYTES or any(k not in _KINDS for k in kinds):
        return None
    inner, (low, high) = _unclamped(expr)
    zero = 0
    right = {1 + i for i, c in enumerate(constants) if kinds[i] == "channel_i32" and c is not None and c.size and c.min() >= -31 and c.max() < 0}
    if inner.op == "add" and _is_right(inner.args[0], right) and inner.args[1].op == "const" and abs(inner.args[1].value) <= 255:
        inner, zero = inner.args[0], int(inner.args[1].value)
    if (low, high) != _BYTES[out]:
        if zero:
            low, high = low - zero, high - zero
        inner = Expr("min", DType.I32, (Expr("max", DType.I32, (inner, const(low, DType.I32))), const(high, DType.I32)))
    return _numbered(inner, list(kinds), right, zero)


def _unclamped(expr: Expr) -> tuple[Expr, tuple[int, int]]:
    """A cast to 8 bits as what it casts and the bounds of its clamp; the cast itself and the type's where it is none."""
    e, bounds = expr.args[0] if expr.op in ("cast", "sat_cast") and expr.args else expr, _BYTES.get(expr.dtype, (0, 0))
    held = _clamp(e)
    if expr.op == "sat_cast" and e.dtype is DType.I32:
        return e, bounds
    if expr.op != "cast" or held is None or not bounds[0] <= held[0] <= held[1] <= bounds[1]:
        return expr, bounds
    return e.args[0].args[0], held


def _clamp(e: Expr) -> tuple[int, int] | None:
    """Bounds of min(max(_, low), high)."""
    if e.op != "min" or e.args[1].op != "const" or e.args[0].op != "max" or e.args[0].args[1].op != "const":
        return None
    return int(e.args[0].args[1].value), int(e.args[1].value)


def _keeps(cast: Expr) -> bool:
    """Whether a cast changes no number: one to int32 of 8 bits, or one to 8 bits of what is held within them."""
    low, high = _BYTES.get(cast.dtype, (0, 0))
    held = _clamp(cast.args[0])
    return (cast.dtype is DType.I32 and cast.args[0].dtype in _BYTES) or (cast.dtype in _BYTES and held is not None and low <= held[0] <= held[1] <= high)


def _is_right(e: Expr, right: set[int]) -> bool:
    """Whether e is a number scaled to the right."""
    if e.op != "scale_fixed":
        return False
    by = e.args[2]
    return (by.op == "const" and -31 <= by.value < 0) or (by.op == "arg" and by.value in right)


def _numbered(expr: Expr, kinds: list[str], right: set[int], zero: int) -> Fixed | None:
    memo: dict[int, Expr] = {}
    numbers: dict[tuple[int, bool], int] = {}
    shifts = {id(n.args[2]) for n in expr.walk() if n.op == "scale_fixed"}
    first = 1 + len(kinds)
    for i in right:
        kinds[i - 1] = "channel_right"
    for n in expr.walk():
        args = tuple(memo[id(a)] for a in n.args if id(a) in memo)
        if len(args) != len(n.args):
            return None
        if n.op == "const" and n.dtype is DType.I32 and -(2**31) < n.value < 2**31:
            moves = id(n) in shifts and -31 <= n.value < 0
            if id(n) in shifts and not moves:
                memo[id(n)] = n
            else:
                memo[id(n)] = arg(numbers.setdefault((int(n.value), moves), first + len(numbers)), DType.I32)
        elif n.op == "arg":
            memo[id(n)] = n if n.dtype in (DType.I32, *_BYTES) else Expr("none", n.dtype)
        elif n.op == "cast" and _keeps(n):
            memo[id(n)] = args[0]
        elif n.op in _OPS and n.dtype is DType.I32:
            memo[id(n)] = Expr(n.op, DType.I32, args)
    found = memo.get(id(expr))
    if found is None or any(n.op == "none" for n in found.walk()):
        return None
    kinds += ["value_right" if moves else "value_i32" for _, moves in numbers]
    return Fixed(found, tuple(kinds), tuple(v for v, _ in numbers), zero)

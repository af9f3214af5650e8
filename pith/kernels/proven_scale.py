"""The scaling of sums by one multiplication, one addition and one shift, proven to have the bits of the rule it stands for.

A requantisation maps an int32 sum to an 8-bit number, and never falls as the sum grows. So it is given by the smallest sum
that reaches each number (at most 255 of them), and

    y = clamp((floor(2^(8 + lift) * sum * m / 2^32) + b) >> shift, lo, hi)

has the same bits for every sum there can be, if it has them at those sums and at the ones just below. m follows from the factor
of the rule; which b do is an interval; where it is empty, other m near by are tried, then
larger shifts of the sums. This holds
for the rules of fixed point (rounded twice), of float32 and of float64 and for the mean of integers alike: they are only ever evaluated.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pith.graph import DType, Expr
from pith.graph.expr import arg, evaluate, substitute
from pith.kernels.base import Call
from pith.ops.int32 import LARGEST

_MOST = (1 << 23) - 1  # sums stay within int32 when they are multiplied by 256
_NEAR = 24  # multipliers tried on either side of the factor


@dataclass(frozen=True, slots=True)
class Scale:
    """m, b: int32 [channels];  shift: from 1 to 31;  lo, hi: bounds of the result, those of its type when it has no others;
    lift: bits that sums are moved up by beyond the 8."""

    m: np.ndarray
    b: np.ndarray
    shift: int
    lo: int
    hi: int
    lift: int = 0

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """The results for sums [..., channels], as int64."""
        t = (((sums.astype(np.int64) << (8 + self.lift)) * self.m) >> 32) + self.b
        return np.asarray(np.clip(t >> self.shift, self.lo, self.hi))


def scale_of(call: Call, start: np.ndarray, low: np.ndarray, high: np.ndarray) -> Scale | None:
    """The proven scaling of a call's epilogue for sums from `low` to `high` (int64 [channels]) to which `start` is still to be
    added; None where there is none."""
    expr, out = call.attrs.get("epilogue"), call.outputs[0].type.dtype
    extras = [x.const if x is not None else None for x in call.inputs[3:]]
    if expr is None or out not in (DType.I8, DType.U8) or int(max(high.max(), -low.min())) > _MOST:
        return None
    if any(e is None or e.shape != start.shape for e in extras):
        return None
    kinds = [DType.of(e.dtype) for e in extras if e is not None]
    whole = substitute(expr, [arg(0, DType.I32) + arg(len(kinds) + 1, DType.I32), *(arg(1 + i, t) for i, t in enumerate(kinds))])
    arrays = tuple((e.tobytes(), e.dtype.str) for e in (*extras, start.astype(np.int32)) if e is not None)
    return _proven(whole, arrays, low.tobytes(), high.tobytes(), out)


@functools.lru_cache(256)
def _proven(expr: Expr, extras: tuple[tuple[bytes, str], ...], low: bytes, high: bytes, out: DType) -> Scale | None:
    lo_sum, hi_sum = np.frombuffer(low, np.int64), np.frombuffer(high, np.int64)
    arrays = [np.frombuffer(data, kind) for data, kind in extras]
    factor = _factor(expr, arrays, len(lo_sum))
    if factor is None or not (factor > 0).all() or (factor * np.maximum(hi_sum, -lo_sum)).max() > 2**22:
        return None
    if not _rises(expr, arrays, int(np.maximum(hi_sum + arrays[-1], -(lo_sum + arrays[-1])).max())):
        return None

    def rule(sums: np.ndarray) -> np.ndarray:
        return evaluate(expr, [sums.astype(np.int32), *arrays]).astype(np.int64)

    ends = rule(np.stack([lo_sum, hi_sum]))
    steps = np.arange(int(ends.min()) + 1, int(ends.max()) + 1)[:, None]
    if not len(steps):
        return None
    first = _first(rule, steps, lo_sum, hi_sum, factor)
    largest = int(max(hi_sum.max(), -lo_sum.min(), 1))
    for lift in range(0, 24 - largest.bit_length()):
        found = _search(steps, first, lo_sum, hi_sum, factor, lift)
        if found is not None:
            return _bounded(found, lo_sum, hi_sum, ends, out)
    return None


def _search(steps: np.ndarray, first: np.ndarray, low: np.ndarray, high: np.ndarray, factor: np.ndarray, lift: int) -> Scale | None:
    """A scaling that reaches each step exactly at its first sum: every channel's multiplier near its factor, and any `b` that fits."""
    spread = float((factor * np.maximum(high, -low)).max()) + 512
    shift = min(31, 6 + lift + int(np.floor(-np.log2(factor.max()))), int(np.floor(30 - np.log2(spread))))
    if shift < 1:
        return None
    exact = np.rint(factor * 2.0 ** (24 + shift - lift)).astype(np.int64)
    m, b = np.zeros(len(exact), np.int64), np.zeros(len(exact), np.int64)
    left = np.arange(len(exact))
    for change in sorted(range(-_NEAR, _NEAR + 1), key=abs):
        if not len(left):
            return Scale(m.astype(np.int32), b.astype(np.int32), shift, 0, 0, lift)
        near, at = exact[left] + change, first[:, left]
        reached, before = (((at - d) << (8 + lift)) * near >> 32 for d in (0, 1))
        below = np.where(at <= high[left], (steps << shift) - reached, -(2**40)).max(0)
        above = np.where(at - 1 >= low[left], (steps << shift) - before, 2**40).min(0) - 1
        between = np.where(below == -(2**40), above, np.where(above >= 2**39, below, (below + above) // 2))
        between = np.where((below == -(2**40)) & (above >= 2**39), 0, between)
        fits = (below <= above) & (near <= LARGEST) & (near >= 0) & (np.abs(between) < 2**30)
        m[left[fits]], b[left[fits]] = near[fits], between[fits]
        left = left[~fits]
    return None


def _bounded(scale: Scale, low: np.ndarray, high: np.ndarray, ends: np.ndarray, out: DType) -> Scale | None:
    """The scaling with the bounds of its type where these do, else with those that the rule keeps to. What holds at every step
    and at both ends of the range holds between them."""
    info = np.iinfo(out.np)
    for lo, hi in ((int(info.min), int(info.max)), (int(ends.min()), int(ends.max()))):
        found = replace(scale, lo=lo, hi=hi)
        if (found(np.stack([low, high])) == ends).all():
            return found
    return None


def _first(
    rule: Callable[[np.ndarray], np.ndarray], steps: np.ndarray, low: np.ndarray, high: np.ndarray, factor: np.ndarray
) -> np.ndarray:
    """The smallest sum in [low, high] that reaches each step, or high + 1: int64 [steps, channels]."""
    shape = (len(steps), len(low))
    left, right = np.broadcast_to(low, shape).copy(), np.broadcast_to(high + 1, shape).copy()  # reached from `right` on
    zero = rule(np.clip(np.zeros((1, len(low)), np.int64), low, high))
    guess = ((steps - zero) / factor).astype(np.int64)
    for at in (guess - (1 / factor).astype(np.int64) - 2, guess + (1 / factor).astype(np.int64) + 2):
        probe = np.clip(at, low, high)
        reached = rule(probe) >= steps
        right = np.where(reached, np.minimum(right, probe), right)
        left = np.where(reached, left, np.maximum(left, probe + 1))
    while (left < right).any():
        probe = np.minimum((left + right) // 2, high)
        reached = rule(probe) >= steps
        right, left = np.where(reached & (left < right), probe, right), np.where(~reached & (left < right), probe + 1, left)
    return right


def _value(e: Expr, arrays: list[np.ndarray], channels: int) -> np.ndarray | None:
    """A constant, or the extra that has one number a channel."""
    if e.op == "const":
        return np.full(channels, float(e.value))
    if e.op == "cast":
        return _value(e.args[0], arrays, channels)
    return arrays[int(e.value) - 1].astype(np.float64) if e.op == "arg" and e.value else None


def _factor(expr: Expr, arrays: list[np.ndarray], channels: int) -> np.ndarray | None:
    """What the sum is multiplied by, of an expression with one such multiplication or division."""
    found: list[np.ndarray] = []
    for e in expr.walk():
        if e.op == "scale_fixed":
            m, s = (_value(a, arrays, channels) for a in e.args[1:])
            if m is None or s is None:
                return None
            found.append(m * 2.0 ** (s - 31))
        elif e.op == "div":
            by = _value(e.args[1], arrays, channels)
            if by is None or (by == 0).any():
                return None
            found.append(1 / by)
        elif e.op == "mul":
            values = [v for v in (_value(a, arrays, channels) for a in e.args) if v is not None]
            if len(values) != 1:
                return None
            found.append(values[0])
    return found[0] if len(found) == 1 else None


def _rises(e: Expr, arrays: list[np.ndarray], most: int) -> bool:
    """Whether the expression never falls as argument 0 grows, for sums up to `most` in magnitude: as far as its form shows."""
    if e.op == "arg":
        return e.value == 0 and e.dtype is DType.I32
    if e.op in ("cast", "sat_cast", "rint", "round"):
        if e.op == "cast" and e.dtype in (DType.I8, DType.U8) and (_bound(e.args[0], "min") is None and e.args[0].op != "add"):
            return False
        return _rises(e.args[0], arrays, most)
    channels = len(arrays[0]) if arrays else 1
    if e.op in ("add", "sub", "min", "max") and _value(e.args[1], arrays, channels) is not None:
        return _rises(e.args[0], arrays, most)
    if e.op == "div":
        by = _value(e.args[1], arrays, channels)
        return by is not None and bool((by > 0).all()) and _rises(e.args[0], arrays, most)
    if e.op == "select":
        return (inner := _away_from_zero(e)) is not None and _rises(inner, arrays, most)
    if e.op == "mul":
        a, b = e.args
        b_value = _value(b, arrays, channels)
        return b_value is not None and bool((b_value >= 0).all()) and _rises(a, arrays, most)
    if e.op == "scale_fixed":
        m, s = (_value(a, arrays, channels) for a in e.args[1:])
        if m is None or s is None or not (m >= 0).all() or most * 2.0 ** max(float(s.max()), 0.0) > LARGEST:
            return False
        return _rises(e.args[0], arrays, most)
    return False


def _away_from_zero(e: Expr) -> Expr | None:
    """v of `v + h where v > 0, else v - h`, by which a division rounds to the nearest; None for another expression."""
    test, up, down = e.args
    if (test.op, up.op, down.op) != ("gt", "add", "sub") or len({a.args[0].digest for a in e.args}) != 1:
        return None
    numbers = [a.args[1] for a in e.args]
    if any(k.op != "const" for k in numbers) or float(numbers[1].value) < 0 or float(numbers[2].value) < 0:
        return None
    return up.args[0]


def _bound(e: Expr, op: str) -> float | None:
    return float(e.args[1].value) if e.op == op and e.args[1].op == "const" else None

"""Expressions that end in a quantisation, brought into the form of `pith.ops.requantize`.

Scales that follow each other become one factor, computed in float64 and rounded once; bounds move behind it; what is neither
(an activation with slopes) keeps its steps. Positive factors pass through max, min and comparisons with zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pith.graph import DType, Expr
from pith.graph.expr import arg, call, cast, const
from pith.ops.requantize import clamped, limits, scaled

_COMPARE = ("lt", "le", "gt", "ge")
_BYTES = (DType.I8, DType.U8)
_NARROW = (*_BYTES, DType.I16, DType.U16)
_INTEGERS = (*_NARROW, DType.I32, DType.I64)
Factor = np.ndarray  # float64; of one element, or broadcast like the operands


@dataclass(slots=True)
class _Sum:
    """Numbers made of integers and other terms, each times a factor, and an offset."""

    terms: dict[Expr, Factor]
    offset: Factor

    def times(self, factor: Factor) -> _Sum:
        return _Sum({t: f * factor for t, f in self.terms.items()}, self.offset * factor)

    def plus(self, other: _Sum, sign: float) -> _Sum:
        terms = dict(self.terms)
        for t, f in other.terms.items():
            terms[t] = terms[t] + sign * f if t in terms else sign * f
        return _Sum(terms, self.offset + sign * other.offset)


@dataclass(slots=True)
class Canonical:
    """Rewrites expressions; `known`: arrays of the arguments that are constants; `made`: new ones, by their arguments."""

    known: Mapping[int, np.ndarray]
    next_arg: int
    made: dict[int, np.ndarray] = field(default_factory=dict)
    _args: dict[tuple[tuple[int, ...], bytes], int] = field(default_factory=dict)

    # ---- constants

    def value(self, e: Expr) -> Factor | None:
        """The numbers of a constant, conversions to floats left out; None for others."""
        if e.op == "cast" and e.dtype.is_float:
            return self.value(e.args[0])
        if e.op == "cast" and e.dtype is DType.I32 and e.args[0].dtype in _NARROW:
            return self.value(e.args[0])
        if e.op == "const":
            return np.asarray(e.value, np.float64)
        array = self.known.get(int(e.value)) if e.op == "arg" else None
        return None if array is None else array.astype(np.float64)

    def number(self, e: Expr) -> float | None:
        """The one number of a constant."""
        v = self.value(e)
        if v is None or v.size == 0 or not bool((v == v.reshape(-1)[0]).all()):
            return None
        return float(v.reshape(-1)[0])

    def leaf(self, factor: Factor) -> Expr:
        """`factor` in float32: a constant, or an argument with an array of its own."""
        narrow = np.asarray(factor, np.float32)
        flat = narrow.reshape(-1)
        if bool((flat == flat[0]).all()):
            return const(float(flat[0]), DType.F32)
        key = narrow.shape, narrow.tobytes()
        if key not in self._args:
            self._args[key] = self.next_arg
            self.made[self.next_arg] = narrow
            self.next_arg += 1
        return arg(self._args[key], DType.F32)

    # ---- sums of scaled integers

    def sum(self, e: Expr) -> _Sum | None:
        """`e` as a sum; None where it is none, or one that has only itself as a term."""
        if e.op == "cast" and e.dtype is DType.F32 and e.args[0].dtype in _INTEGERS:
            return _Sum({e: np.ones(())}, np.zeros(()))
        v = self.value(e)
        if v is not None and e.dtype is DType.F32:
            return _Sum({}, v)
        if e.op == "arg" and e.dtype is DType.F32:
            return _Sum({e: np.ones(())}, np.zeros(()))
        if e.dtype is not DType.F32 or e.op not in ("mul", "div", "add", "sub", "neg"):
            return None
        if e.op == "neg":
            a = self.sum(e.args[0])
            return None if a is None else a.times(-np.ones(()))
        if e.op in ("add", "sub"):
            a, b = self.sum(e.args[0]), self.sum(e.args[1])
            return None if a is None or b is None else a.plus(b, 1.0 if e.op == "add" else -1.0)
        x, by = e.args
        factor = self.value(by)
        if factor is None and e.op == "mul":
            x, by = by, x
            factor = self.value(by)
        if factor is None:
            return self.product(*e.args) if e.op == "mul" else None
        a = self.sum(x)
        if a is None or (e.op == "div" and not factor.all()):
            return None
        return a.times(factor if e.op == "mul" else 1 / factor)

    def product(self, a: Expr, b: Expr) -> _Sum | None:
        """Two scaled 8-bit integers multiplied: the product of the integers, which is exact, scaled."""
        p, q = self.sum(a), self.sum(b)
        if p is None or q is None or len(p.terms) != 1 or len(q.terms) != 1 or p.offset.any() or q.offset.any():
            return None
        (s, f), (t, g) = next(iter(p.terms.items())), next(iter(q.terms.items()))
        if not (_small(s) and _small(t)):
            return None
        return _Sum({cast(cast(s.args[0], DType.I32) * cast(t.args[0], DType.I32), DType.F32): f * g}, np.zeros(()))

    def emit(self, s: _Sum, step: float) -> Expr:
        """The sum in units of `step`, in float32: products in order, then the offset."""
        y: Expr | None = None
        for term, f in s.terms.items():
            k = self.leaf(f / step)
            part = self.integers(term) * k if term.op == "cast" or k.op != "const" or k.value != 1 else term
            y = part if y is None else y + part
        if y is None:
            return self.leaf(s.offset / step)
        return y + self.leaf(s.offset / step) if s.offset.any() else y

    def integers(self, term: Expr) -> Expr:
        """The float32 value of an integer term, its zero point a plain number."""
        if term.op != "cast":
            return term
        q, zero = term.args[0], 0.0
        if q.op == "sub" and q.args[0].op == "cast" and q.args[0].args[0].dtype in _NARROW:
            number = self.number(q.args[1])
            if number is None:
                return term
            q, zero = q.args[0].args[0], number
        if q.op == "mul":
            sides = [self.integers(cast(side, DType.F32)) for side in q.args]
            return cast(sides[0].args[0] * sides[1].args[0], DType.F32) if all(s.args[0].dtype is DType.I32 for s in sides) else term
        if q.dtype not in _NARROW and not (q.op == "cast" and q.args[0].dtype in _NARROW):
            return term
        return scaled(q if q.dtype in _NARROW else q.args[0], int(zero), 1.0).args[0]

    # ---- a change of units moved to the leaves

    def push(self, e: Expr, step: float, memo: dict[Expr, Expr]) -> Expr | None:
        """`e` in units of the positive `step`, None where these cannot be had from the leaves on."""
        if e in memo:
            return memo[e]
        found = self._push(e, step, memo)
        if found is not None:
            memo[e] = found
        return found

    def _push(self, e: Expr, step: float, memo: dict[Expr, Expr]) -> Expr | None:
        if e.op == "mul" and e.args[0] in memo and (k := self.value(e.args[1])) is not None:
            return memo[e.args[0]] * self.leaf(k)
        s = self.sum(e)
        if s is not None:
            return self.emit(s, step)
        if e.op in ("max", "min"):
            a = self.push(e.args[0], step, memo)
            bound = self.number(e.args[1])
            b = const(bound / step, DType.F32) if bound is not None else self.push(e.args[1], step, memo)
            return None if a is None or b is None else call(e.op, a, b)
        if e.op == "select" and e.args[0].op in _COMPARE and self.number(e.args[0].args[1]) == 0:
            x, a, b = (self.push(v, step, memo) for v in (e.args[0].args[0], *e.args[1:]))
            if x is None or a is None or b is None:
                return None
            return Expr("select", DType.F32, (call(e.args[0].op, x, 0.0), a, b))
        if e.op in ("add", "sub"):
            a, b = (self.push(v, step, memo) for v in e.args)
            return None if a is None or b is None else call(e.op, a, b)
        return None

    def tidy(self, e: Expr, memo: dict[Expr, Expr]) -> Expr:
        """`e` with every largest sum in it emitted, everything else as it is."""
        if e in memo or not e.args:
            return memo.get(e, e)
        s = self.sum(e) if e.dtype is DType.F32 else None
        if s is not None and s.terms:
            memo[e] = self.emit(s, 1.0)
        else:
            memo[e] = Expr(e.op, e.dtype, tuple(self.tidy(a, memo) for a in e.args), e.value)
        return memo[e]

    # ---- quantisations

    def quantised(self, e: Expr) -> Expr | None:
        """The canonical form of one quantisation to 8 or 16 bits, whatever is below it; None where `e` is no quantisation of float32,
        or one that no integers go into: that is ONNX's own, with its division."""
        if e.op != "sat_cast" or e.dtype not in _NARROW or e.args[0].dtype is not DType.F32 or not _of_integers(e):
            return None
        y, zero = e.args[0], 0.0
        if y.op == "add" and (point := self.number(y.args[1])) is not None:
            y, zero = y.args[0], point
        if y.op != "rint":
            return None
        x, scale = y.args[0], 1.0
        if x.op == "div":
            step = self.number(x.args[1])
            if step is None or not step > 0 or not np.isfinite(step):
                return None
            x, scale = x.args[0], step
        lo, hi = -np.inf, np.inf
        while x.op in ("max", "min"):
            k = 1 if self.number(x.args[1]) is not None else 0
            bound = self.number(x.args[k])
            if bound is None or bound != bound:
                break
            lo, hi = (min(max(lo, bound), hi), hi) if x.op == "max" else (lo, max(min(hi, bound), lo))
            x = x.args[1 - k]
        clamp = limits(e.dtype, int(zero), lo, hi, scale=scale)
        v = self.push(x, scale, {})
        if v is None:
            v = self.tidy(x, {})
            v = v if scale == 1 else v * const(1 / scale, DType.F32)
        return clamped(v, clamp)

    def run(self, e: Expr) -> Expr:
        """`e` with all quantisations to 8 or 16 bits in it in canonical form, innermost first."""
        memo: dict[Expr, Expr] = {}
        for node in e.walk():
            new = Expr(node.op, node.dtype, tuple(memo[a] for a in node.args), node.value) if node.args else node
            memo[node] = self.quantised(new) or new
        return memo[e]


def _of_integers(e: Expr) -> bool:
    return any(n.op == "arg" and n.dtype in _INTEGERS for n in e.walk())


def _small(term: Expr) -> bool:
    """Whether a term is an 8-bit integer, with or without its zero point taken off."""
    if term.op != "cast" or not term.args[0].dtype.is_int:
        return False
    q = term.args[0]
    q = q.args[0] if q.op == "sub" else q
    return q.dtype in _BYTES or (q.op == "cast" and q.args[0].dtype in _BYTES)

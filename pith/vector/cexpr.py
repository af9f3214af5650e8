"""Scalar expressions printed as C, and how elements are loaded and stored."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from pith.graph import SMALL_FLOATS, DType, Expr
from pith.vector.cfunction import CFunction
from pith.vector.fixed import SCALE_FIXED, SCALE_WIDE
from pith.vector.math import MATH

Requires = tuple[CFunction, ...]


def digest(text: str) -> str:
    """Eight hex digits that stand for `text` in the names of generated functions."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def literal(value: float | int | bool, dtype: DType) -> str:
    """A constant of `dtype` as C, exact."""
    if dtype is DType.BOOL:
        return "1" if value else "0"
    if dtype.is_float:
        double = dtype is DType.F64
        v = float(value)
        if v != v:
            return "(0.0/0.0)" if double else "(0.0f/0.0f)"
        if v in (float("inf"), float("-inf")):
            text = "(1.0/0.0)" if double else "(1.0f/0.0f)"
            return text if v > 0 else f"(-{text})"
        text = repr(v) if double else _shortest_f32(v)
        text = text if any(c in text for c in ".en") else text + ".0"
        text += "" if double else "f"
        return f"({text})" if text.startswith("-") else text
    v = int(value)
    if dtype is DType.I64:
        return "(-INT64_C(9223372036854775807) - 1)" if v == -(2**63) else f"INT64_C({v})"
    if dtype is DType.U64:
        return f"UINT64_C({v})"
    if dtype is DType.U32:
        return f"{v}u"
    if dtype is DType.I32 and v == -(2**31):
        return "(-2147483647 - 1)"
    return f"({v})" if v < 0 else str(v)


def _shortest_f32(v: float) -> str:
    return str(np.float32(v)) if np.float32(v) == v else repr(v)


def _helper(name: str, text: str, requires: Requires = ()) -> CFunction:
    return CFunction(name, text, requires, ("stdint.h",))


def _abs(double: bool) -> CFunction:
    t, u, mask, n = (
        ("double", "uint64_t", "UINT64_C(0x7fffffffffffffff)", "f64")
        if double
        else ("float", "uint32_t", "0x7fffffffu", "f32")
    )
    return _helper(
        f"pith_abs_{n}",
        f"static inline {t} pith_abs_{n}({t} x) {{\n  union {{ {t} f; {u} u; }} b;\n  b.f = x;\n  b.u &= {mask};\n  return b.f;\n}}\n",
    )


def _int_division(dtype: DType, kind: str) -> CFunction:
    """div (truncating), fmod (sign of dividend), mod (sign of divisor); x / 0 = 0, MIN / -1 wraps."""
    t, n = dtype.c, f"pith_{kind}_{dtype.short}"
    body = f"  if (b == 0) return 0;\n"  # noqa: F541 - kept uniform with the lines below
    if dtype.is_signed:
        u = DType.U64 if dtype is DType.I64 else DType.U32
        wrap = f"({t})(0u - ({u.c})a)"
        body += f"  if (b == -1) return {wrap if kind == 'div' else '0'};\n"
    if kind == "div":
        body += f"  return ({t})(a / b);\n"
    elif kind == "fmod" or not dtype.is_signed:
        body += f"  return ({t})(a % b);\n"
    else:
        body += f"  {t} r = ({t})(a % b);\n  return (r != 0 && (r < 0) != (b < 0)) ? ({t})(r + b) : r;\n"
    return _helper(n, f"static inline {t} {n}({t} a, {t} b) {{\n{body}}}\n")


def _int_pow(dtype: DType) -> CFunction:
    t, n = dtype.c, f"pith_pow_{dtype.short}"
    u = "uint64_t" if dtype.itemsize == 8 else "uint32_t"
    negative = "  if (e < 0) return a == 1 ? 1 : a == -1 ? (e % 2 == 0 ? 1 : -1) : 0;\n" if dtype.is_signed else ""
    return _helper(
        n,
        f"static inline {t} {n}({t} a, {t} e) {{\n{negative}  {u} r = 1u, b = ({u})a, k = ({u})e;\n"
        f"  while (k != 0u) {{\n    if ((k & 1u) != 0u) r *= b;\n    b *= b;\n    k >>= 1;\n  }}\n  return ({t})r;\n}}\n",
    )


def _float_mod(n: str, fmod: CFunction) -> CFunction:
    t = "double" if n == "f64" else "float"
    return _helper(
        f"pith_mod_{n}",
        f"static inline {t} pith_mod_{n}({t} a, {t} b) {{\n  const {t} r = {fmod.name}(a, b);\n"
        f"  return (r < 0 || r > 0) && (r < 0) != (b < 0) ? r + b : r;\n}}\n",
        (fmod,),
    )


_RANGES: dict[DType, tuple[int, int]] = {
    d: (int(np.iinfo(d.np).min), int(np.iinfo(d.np).max)) for d in DType if d.is_int and d not in (DType.I4, DType.U4)
}
_RANGES |= {DType.I4: (-8, 7), DType.U4: (0, 15)}


def _saturate(src: DType, dst: DType) -> CFunction:
    """Float to integer: round half to even, clamp to the range, NaN to 0."""
    lo, hi = _RANGES[dst]
    s, n = src.short, f"pith_sat_{src.short}_{dst.short}"
    rint = MATH[("rint", s)]
    edge = float(hi) if src is DType.F64 else float(np.float32(hi))
    return _helper(
        n,
        f"static inline {dst.c} {n}({src.c} x) {{\n  const {src.c} r = {rint.name}(x);\n"
        f"  if (!(r > {literal(float(lo), src)})) return r != r ? 0 : {literal(lo, dst)};\n"
        f"  return r >= {literal(edge, src)} ? {literal(hi, dst)} : ({dst.c})r;\n}}\n",
        (rint,),
    )


def _small_convert(dtype: DType, *, to_f32: bool, saturate: bool = False) -> CFunction:
    name = dtype.short.lower()
    if to_f32:
        return MATH[(f"{name}_to_f32", "")]
    suffix = "_sat" if saturate and dtype.itemsize == 1 else ""
    return MATH[(f"f32_to_{name}{suffix}", "")]


def nibble(dtype: DType, x: str) -> str:
    """The low four bits of integer `x` as a value of int4 or uint4."""
    return f"((int8_t)((int8_t)((uint8_t){x} << 4) >> 4))" if dtype is DType.I4 else f"((uint8_t)((uint8_t){x} & 15u))"


def load(dtype: DType, place: str) -> tuple[str, Requires]:
    """C expression of the element at `place` in its compute type, and the helpers it needs.

    Only the low four bits of a stored int4 or uint4 count (as in ml_dtypes).
    """
    if dtype in (DType.I4, DType.U4):
        return nibble(dtype, place), ()
    if dtype in SMALL_FLOATS:
        f = _small_convert(dtype, to_f32=True)
        return f"{f.name}({place})", (f,)
    return place, ()


def store(dtype: DType, place: str, value: str, *, saturate: bool = True) -> tuple[str, Requires]:
    """C statement storing `value` (of the compute type) at `place`, and the helpers it needs."""
    if dtype in SMALL_FLOATS:
        f = _small_convert(dtype, to_f32=False, saturate=saturate)
        return f"{place} = {f.name}({value});", (f,)
    if dtype in (DType.F32, DType.F64):
        return f"{place} = {value};", ()
    return f"{place} = ({dtype.c})({value});", ()


_INFIX = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "and": "&", "or": "|", "xor": "^"}
_INT_INFIX = {"add": "+", "sub": "-", "mul": "*", "bitand": "&", "bitor": "|", "bitxor": "^"}
_FLOAT_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def never_nan(expr: Expr) -> bool:
    """Whether the value is known to be a number."""
    return not expr.dtype.is_float or (expr.op == "const" and expr.value == expr.value)


def _larger(node: Expr, a: list[str]) -> str:
    """min or max, a NaN on either side staying. A comparison keeps the NaN of its first argument: one instruction everywhere,
    where the second is a number."""
    x, y = a if never_nan(node.args[1]) or not never_nan(node.args[0]) else a[::-1]
    test = f"{y} < {x}" if node.op == "min" else f"{x} < {y}"
    if not (never_nan(node.args[0]) or never_nan(node.args[1])):
        test += f" || {y} != {y}"
    return f"({test} ? {y} : {x})"


class _Printer:
    def __init__(self, args: Sequence[str]) -> None:
        self.args, self.requires, self.statements = args, dict[str, CFunction](), list[str]()

    def use(self, f: CFunction) -> str:
        self.requires[f.name] = f
        return f.name

    def cast(self, node: Expr, x: str) -> str:
        src, dst, saturate = node.args[0].dtype, node.dtype, node.op == "sat_cast"
        if src is dst:
            return x
        if dst is DType.BOOL:
            return f"({x} != 0)"
        if dst in SMALL_FLOATS:  # rounds, but stays in float32
            x = x if src.compute is DType.F32 else f"(float){x}"
            down, up = _small_convert(dst, to_f32=False, saturate=saturate), _small_convert(dst, to_f32=True)
            return f"{self.use(up)}({self.use(down)}({x}))"
        if dst.is_float:
            return x if src.compute is dst else f"({dst.c}){x}"
        if src.is_float:
            real = src.compute
            if saturate:
                return f"{self.use(_saturate(real, dst))}({x})"
            if dst not in (DType.I4, DType.U4):
                return f"{self.use(MATH[(f'{real.short}_to_{dst.short}', '')])}({x})"
            x, src = f"{self.use(MATH[(f'{real.short}_to_i32', '')])}({x})", DType.I32  # then the low four bits
        if saturate and src.is_int:
            (lo, hi), (slo, shi) = _RANGES[dst], _RANGES[src]
            if lo > slo:
                x = f"({x} < {literal(lo, src)} ? {literal(lo, src)} : {x})"
            if hi < shi:
                x = f"({x} > {literal(hi, src)} ? {literal(hi, src)} : {x})"
        if dst in (DType.I4, DType.U4):
            return nibble(dst, x)
        return f"({dst.c}){x}"

    def integer(self, node: Expr, a: list[str]) -> str:
        d, t, op = node.dtype, node.dtype.c, node.op
        u = "uint64_t" if d.itemsize == 8 else "uint32_t"
        if op in _INT_INFIX:
            return f"({t})(({u}){a[0]} {_INT_INFIX[op]} ({u}){a[1]})"
        if op in ("div", "mod", "fmod"):
            return f"{self.use(_int_division(d, op))}({a[0]}, {a[1]})"
        if op == "pow":
            return f"{self.use(_int_pow(d))}({a[0]}, {a[1]})"
        if op == "neg":
            return f"({t})(0u - ({u}){a[0]})"
        if op == "abs":
            return f"({a[0]} < 0 ? ({t})(0u - ({u}){a[0]}) : {a[0]})" if d.is_signed else a[0]
        if op == "sign":
            return f"({t})(({a[0]} > 0) - ({a[0]} < 0))" if d.is_signed else f"({t})({a[0]} > 0)"
        if op == "bitnot":
            return f"({t})(~({u}){a[0]})"
        if op in ("shl", "shr"):
            bits = d.itemsize * 8
            moved = f"(({u}){a[0]} << {a[1]})" if op == "shl" else f"({a[0]} >> {a[1]})"
            return f"({a[1]} >= {bits} ? ({t})0 : ({t}){moved})"
        if op in ("floor", "ceil", "trunc", "rint", "round"):
            return a[0]
        if op == "scale_fixed" and d is DType.I32:
            return f"{self.use(SCALE_FIXED)}({', '.join(a)})"
        if op == "scale_wide" and d is DType.I64:
            return f"{self.use(SCALE_WIDE)}({', '.join(a)})"
        raise KeyError(op)

    def node(self, node: Expr, a: list[str]) -> str:
        op, d = node.op, node.dtype
        if op in ("cast", "sat_cast"):
            return self.cast(node, a[0])
        if op == "select":
            return f"({a[0]} ? {a[1]} : {a[2]})"
        if op == "not":
            return f"(!{a[0]})"
        if op == "isnan":
            return f"({a[0]} != {a[0]})" if node.args[0].dtype.is_float else "0"
        if op == "isinf":
            real = node.args[0].dtype.compute
            if not real.is_float:
                return "0"
            top = literal(float(np.finfo(real.np).max), real)
            return f"({self.use(_abs(real is DType.F64))}({a[0]}) > {top})"
        if op in ("and", "or", "xor") or (op in ("eq", "ne", "lt", "le", "gt", "ge")):
            return f"({a[0]} {_INFIX[op]} {a[1]})"
        if op in ("min", "max"):
            return _larger(node, a)
        if d is DType.BOOL:
            return f"({a[0]} {'&' if op in ('mul', 'bitand') else '|'} {a[1]})"
        if d.is_int:
            return self.integer(node, a)
        if op in _FLOAT_INFIX:
            return f"({a[0]} {_FLOAT_INFIX[op]} {a[1]})"
        if op == "neg":
            return f"(-{a[0]})"
        n = d.compute.short
        if op == "abs":
            return f"{self.use(_abs(n == 'f64'))}({a[0]})"
        if op == "sign":
            t = d.compute.c
            return f"({a[0]} != {a[0]} ? {a[0]} : ({t})(({a[0]} > 0) - ({a[0]} < 0)))"
        if op == "mod":
            return f"{self.use(_float_mod(n, MATH[('fmod', n)]))}({', '.join(a)})"
        if op == "gelu":
            half, one, root = (literal(v, d.compute) for v in (0.5, 1.0, math.sqrt(0.5)))
            return f"({a[0]} * {half} * ({self.use(MATH[('erf', n)])}({a[0]} * {root}) + {one}))"
        return f"{self.use(MATH[(op, n)])}({', '.join(a)})"

    def run(self, expr: Expr) -> str:
        uses: dict[int, int] = {}
        order = list(expr.walk())
        for e in order:
            for x in e.args:
                uses[id(x)] = uses.get(id(x), 0) + (2 if e.op in _TWICE else 1)
        text: dict[int, str] = {}
        for e in order:
            if e.op == "arg":
                text[id(e)] = self.args[int(e.value)]
            elif e.op == "const":
                text[id(e)] = literal(e.value, e.dtype)
            else:
                s = self.node(e, [text[id(x)] for x in e.args])
                if uses.get(id(e), 0) > 1 or len(s) > 100:
                    t = f"t{len(self.statements)}"
                    ctype = "int" if e.dtype is DType.BOOL else e.dtype.compute.c
                    self.statements.append(f"const {ctype} {t} = {s};")
                    s = t
                text[id(e)] = s
        return text[id(expr)]


# functions whose C text repeats an argument
_TWICE = frozenset({"min", "max", "isnan", "sign", "abs", "shl", "shr", "sat_cast", "gelu"})


def print_expr(expr: Expr, args: Sequence[str]) -> tuple[list[str], str, Requires]:
    """`expr` as C: statements that define temporaries t0, t1, ..., the result expression, and the helpers needed.

    `args[i]` is the C text of argument i in its compute type; it should be a name or literal, since it may be repeated.
    """
    p = _Printer(args)
    result = p.run(expr)
    return p.statements, result, tuple(p.requires.values())

"""The end of 8-bit products: int32 sums through the epilogue to what is stored, a block of rows at a time.

An epilogue over an int32 sum is float32 arithmetic on the sum and its extras, with an integer or float result. Here its
integer parts are taken apart: sums and 8-bit extras are converted as they are loaded, and a result of 8 bits is rounded as
it is stored, so that all in between is float32 and printed like any other vector expression. The bits are those of the
expression: each step rounds once, and conversions of 8-bit numbers are exact.

Epilogues that are not such (those of fixed point, or in float64) are printed as they are, one element after another; the
compiler makes vectors of that loop.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pith.graph import DType, Expr
from pith.graph.expr import arg, clamp, const
from pith.graph.expr import call as function
from pith.kernels.base import Arg, Call, Float, In, Int
from pith.kernels.fused_map import IVDEP
from pith.kernels.tail_fixed import Fixed, fixed_tail
from pith.kernels.tile_f32 import _label, _parameters
from pith.ops.conv_integer import sum_type
from pith.targets.isa.base import ISA
from pith.vector.cexpr import digest, print_expr
from pith.vector.cfunction import CFunction
from pith.vector.f32 import needs, print_vector, vectorisable
from pith.vector.i32 import print_fixed
from pith.vector.s8 import dialect_s8

_BYTES = {DType.I8: (-128, 127), DType.U8: (0, 255)}
_SHORTS = (DType.I16, DType.U16)
_FULL = {"u8": "uint8_t", "i8": "int8_t", "u16": "uint16_t", "i16": "int16_t", "f32": "float"}  # extras of the output's shape
_SINGLE = {
    "channel": "const float *", "channel_i32": "const int32_t *", "channel_right": "const int32_t *", "channel_f64": "const double *",
    "value": "float ", "value_i32": "int32_t ", "value_right": "int32_t ",
}  # fmt: skip
_LOADS = {"u8": "_of_u8", "i8": "_of_i8", "f32": "_load"}


@dataclass(frozen=True, slots=True)
class SumTail:
    """An epilogue over (sum, extras...), all as float32, or (`plain`) as they are.

    expr: None keeps the int32 sums;  kinds: of each extra "channel" (float32, one a channel), "value" (a number), or the type
    of an array of the output's shape ("u8", "i8", "f32");  out: type of the result, 8-bit ones rounded with `zero` added.
    plain: the expression has the types of its own, and extras for each channel may be "channel_i32" and "channel_f64", full ones
    "u16" and "i16".  fixed: the expression is one of int32 vectors (`tail_fixed`), and extras are "channel_i32", "channel_right" and
    8-bit ones, numbers "value_i32" and "value_right".  acc: type of the sums; those in int64 have plain expressions.
    """

    expr: Expr | None
    kinds: tuple[str, ...]
    out: DType
    plain: bool = False
    acc: DType = DType.I32
    fixed: bool = False

    @property
    def inline(self) -> bool:
        """Whether it can be applied to vectors of sums in registers: one of vectors, for a result of 8 bits."""
        return self.expr is not None and not self.plain and self.out in _BYTES

    @property
    def lane(self) -> str:
        """What the names of functions on a vector of its numbers begin with: vectors of floats, or of int32."""
        return "vi" if self.fixed else "vf"

    @property
    def full(self) -> list[tuple[int, str]]:
        """Index and C type of the extras of the output's shape."""
        return [(i, _FULL[k]) for i, k in enumerate(self.kinds) if k in _FULL]

    @property
    def numbers(self) -> frozenset[int]:
        """Arguments of the expression that are never NaN: its own constants, and integers."""
        return frozenset({0, *(1 + i for i, kind in enumerate(self.kinds) if kind in ("value", "u8", "i8"))})

    @property
    def short_functions(self) -> bool:
        """Whether five digits do for its functions: the result is rounded to 8 bits, and no other picture is added that could cancel it."""
        return self.out in _BYTES and not self.full

    @property
    def suffix(self) -> str:
        """Part of function names that tells epilogues apart."""
        if self.expr is None:
            return "_sums" if self.acc is DType.I32 else "_sums_long"
        label = "plain_" * self.plain + "long_" * (self.acc is DType.I64) if self.plain else "fixed_" if self.fixed else _label(self.expr, self.kinds)
        return f"_{self.out.short}_{label}" + digest(f"{self.expr.digest.hex()}{self.kinds}")

    def printed(self, names: list[str], prefix: str) -> tuple[list[str], str]:
        """The expression over vectors of these names: C statements, and the result's text."""
        assert self.expr is not None
        if self.fixed:
            return print_fixed(self.expr, names, prefix, {1 + i for i, k in enumerate(self.kinds) if k.endswith("_right")})
        return print_vector(self.expr, names, prefix, self.numbers, short=self.short_functions)

    def requires(self, isa: ISA) -> tuple[CFunction, ...]:
        """What that text needs."""
        return (dialect_s8(isa),) if self.fixed else (dialect_s8(isa), *needs(self.expr, isa, short=self.short_functions))

    def params(self, row_pointers: bool) -> str:
        """C parameters of the extras, each beginning with a comma."""
        full = dict(self.full)
        text = ""
        for i, kind in enumerate(self.kinds):
            star = f"const {full.get(i)} *{'const *' if row_pointers else ''}"
            text += f", {star if i in full else _SINGLE[kind]}e{i}"
        return text


def _as_float(expr: Expr) -> Expr | None:
    """`expr` with its sums and 8-bit numbers as float32: arguments keep their index, differences of 8-bit numbers and
    quantisations on the way are exact in float32. None where other integers are left."""
    memo: dict[int, Expr] = {}
    for n in expr.walk():
        known = [memo.get(id(a)) for a in n.args]
        new: Expr | None = None
        if n.op == "arg":
            new = arg(int(n.value), DType.F32) if n.dtype in (*_BYTES, DType.F32) else None
        elif n.op == "const":
            new = n if n.dtype is DType.F32 else const(float(n.value), DType.F32) if n.dtype in (DType.I32, *_BYTES) and abs(n.value) <= 255 else None
        elif n.op == "cast" and n.dtype is DType.F32 and n.args[0].op == "arg" and n.args[0].dtype is DType.I32:
            new = arg(0, DType.F32) if n.args[0].value == 0 else None  # converted as it is loaded
        elif n.op == "cast" and n.dtype in (DType.F32, DType.I32) and n.args[0].dtype in (*_BYTES, DType.I32):
            new = known[0]
        elif n.dtype is DType.I32:
            x, y = known if n.op in ("add", "sub") else (None, None)
            new = Expr(n.op, DType.F32, (x, y)) if x is not None and y is not None and _is_byte(n.args[0]) and n.args[1].op == "const" else None
        elif n.dtype in _BYTES:
            store = stored(n) if n.op in ("cast", "sat_cast") else None
            inner = _as_float(store.held(n.dtype)) if store is not None else None
            new = None if inner is None or store is None else function("rint", inner) + float(store.zero)
        elif n.dtype in (DType.F32, DType.BOOL) and all(k is not None for k in known):
            new = Expr(n.op, n.dtype, tuple(k for k in known if k is not None), n.value)
        if new is not None:
            memo[id(n)] = new
    return memo.get(id(expr))


def prepared(store: Store, out: DType) -> Expr | None:
    """What is computed of an epilogue taken apart, in float32."""
    expr = _as_float(store.expr)
    return _without_detours(expr) if expr is not None and out in _BYTES else expr


def _without_detours(expr: Expr) -> Expr:
    """An expression of `_as_float` for a result of 8 bits, without what changes no bit of that: a bound that holds already, and
    zero points added to a rounded number and taken off again, which is exact but for the sign of a zero."""
    if any(n.op not in _SIGNLESS for n in expr.walk()):
        return expr
    memo: dict[int, Expr] = {}
    for n in expr.walk():
        args = tuple(memo[id(a)] for a in n.args)
        new = n if args == n.args else Expr(n.op, n.dtype, args, n.value)
        if n.op in ("min", "max") and args[1].op == "const" and _holds(args[0], n.op, float(args[1].value)):
            new = args[0]
        elif n.op == "sub" and args[0].op == "add" and args[1].op == "const" and args[0].args[1] == args[1] and _is_small(args[0].args[0]):
            new = args[0].args[0]
        memo[id(n)] = new
    return memo[id(expr)]


_SIGNLESS = ("arg", "const", "add", "sub", "mul", "min", "max", "rint")  # operators to which 0.0 and -0.0 are one number


def _holds(e: Expr, op: str, bound: float) -> bool:
    """Whether e = min(max(_, low), high), in either order, is within the bound of `op` by itself."""
    for _ in range(2):
        if e.op not in ("min", "max") or e.args[1].op != "const":
            return False
        limit = float(e.args[1].value)
        if limit == limit and (limit <= bound if op == "min" else limit >= bound) and e.op == op:
            return True
        if e.op == op or (limit > bound if op == "min" else limit < bound):
            return False
        e = e.args[0]
    return False


def _is_small(e: Expr) -> bool:
    """Whether e is a whole number of a few thousand at the most."""
    if e.op != "rint" or e.args[0].op not in ("min", "max"):
        return False
    outer = e.args[0]
    inner = outer.args[0]
    ends = [v.args[1] for v in (outer, inner) if v.op in ("min", "max") and v.args[1].op == "const" and abs(float(v.args[1].value)) <= 4096]
    return len(ends) == 2 and outer.op != inner.op


def _is_byte(e: Expr) -> bool:
    return e.dtype in _BYTES or (e.op == "cast" and e.args[0].dtype in _BYTES)


@dataclass(frozen=True, slots=True)
class Store:
    """An 8-bit result: rint(expr) + zero, held within the range of the type as it is stored."""

    expr: Expr
    zero: int

    def held(self, dtype: DType) -> Expr:
        """The float expression with both bounds of `dtype`."""
        return clamp(self.expr, float(_BYTES[dtype][0] - self.zero), float(_BYTES[dtype][1] - self.zero))


def stored(expr: Expr) -> Store | None:
    """An 8-bit result cast(rint(e) + zero) taken apart; None for any other, and where neither a saturating cast nor bounds
    inside `e` keep it within the range of its type.

    The bounds go where the store holds them by itself: from below always, for a number below int32 becomes the smallest
    one; from above only beside the other, since a number beyond int32 becomes the smallest one too.
    """
    e, zero = expr.args[0], 0
    low, high = _BYTES[expr.dtype]
    if e.dtype is not DType.F32:
        return None
    if e.op == "add" and e.args[1].op == "const" and e.args[0].op == "rint":
        number = float(e.args[1].value)
        if number != int(number) or abs(number) > 255:
            return None
        e, zero = e.args[0], int(number)
    if e.op == "rint":
        e = e.args[0]
    elif expr.op != "sat_cast":  # which rounds by itself; a plain cast truncates
        return None
    top, bottom = _bound(e, "min"), _bound(e.args[0] if e.op == "min" else e, "max")
    if expr.op == "cast" and (top is None or top > high - zero or bottom is None or bottom < low - zero):
        return None
    inner = e.args[0] if top is not None else e
    if bottom is not None and bottom <= low - zero:
        inner = inner.args[0]
    return Store(clamp(inner, None, float(high - zero) if top is None else min(top, float(high - zero))), zero)


def _bound(e: Expr, op: str) -> float | None:
    return float(e.args[1].value) if e.op == op and e.args[1].op == "const" else None


def tail_of_sums(call: Call) -> tuple[SumTail, int] | None:
    """The epilogue of a conv_integer or matmul_integer call and the zero point of its result; None when it cannot run here."""
    out = call.outputs[0]
    if call.attrs.get("epilogue") is None:
        return (SumTail(None, (), out.type.dtype, acc=out.type.dtype), 0) if len(call.inputs) <= 3 else None
    store = stored(call.attrs["epilogue"]) if out.type.dtype in _BYTES else Store(call.attrs["epilogue"], 0)
    expr = prepared(store, out.type.dtype) if store is not None and store.expr.dtype is DType.F32 else None
    kinds = _kinds(call)
    if kinds is None:
        return None
    if sum_type(call.attrs) is DType.I64 or any(k in ("channel_i32", "channel_f64", "u16", "i16") for k in kinds):
        return _plain(call)
    if store is None or expr is None or not vectorisable(expr):
        return _plain(call)
    expr, values = _parameters(expr, 1 + len(kinds))
    return SumTail(expr, (*kinds, *["value"] * len(values)), out.type.dtype), store.zero


def _kinds(call: Call) -> list[str] | None:
    """What each extra is; None where one has neither the output's shape nor one number for each channel."""
    out, kinds = call.outputs[0], list[str]()
    for x in call.inputs[3:]:
        if x is not None and x.type.dtype in (*_BYTES, *_SHORTS, DType.F32) and x.shape == out.shape:
            kinds.append(x.type.dtype.short)
        elif x is not None and x.type.dtype in (DType.F32, DType.I32, DType.F64) and x.shape == out.shape[-1:]:
            kinds.append("channel" if x.type.dtype is DType.F32 else f"channel_{x.type.dtype.short}")
        else:
            return None
    return kinds


def _fixed(call: Call) -> Fixed | None:
    """The epilogue in fixed point, where there are vectors for it."""
    kinds, expr, out = _kinds(call), call.attrs["epilogue"], call.outputs[0].type.dtype
    if kinds is None or "fixed" not in call.isa.features or sum_type(call.attrs) is not DType.I32:
        return None
    return fixed_tail(expr, kinds, [x.const if x is not None else None for x in call.inputs[3:]], out)


def _plain(call: Call) -> tuple[SumTail, int] | None:
    """An epilogue in fixed point, or one that is printed as it is, with a result of 8 or 16 bits or in float32."""
    fixed = _fixed(call)
    if fixed is not None:
        return SumTail(fixed.expr, fixed.kinds, call.outputs[0].type.dtype, fixed=True), fixed.zero
    kinds, expr, out = _kinds(call), call.attrs["epilogue"], call.outputs[0].type.dtype
    return None if kinds is None or out not in (*_BYTES, *_SHORTS, DType.F32) else (SumTail(expr, tuple(kinds), out, plain=True, acc=sum_type(call.attrs)), 0)


def sum_args(call: Call, tail: SumTail) -> tuple[list[Arg], list[Arg]]:
    """Arguments for the extras: pointers and values, and of each full one its three outer strides."""
    pointers: list[Arg] = [In(3 + i) for i, k in enumerate(tail.kinds) if not k.startswith("value")]
    strides: list[Arg] = [Int(s) for i, _ in tail.full for s in call.input(3 + i).strides[:3]]
    if tail.fixed:
        fixed = _fixed(call)
        assert fixed is not None
        pointers += map(Int, fixed.values)
    elif tail.expr is not None and not tail.plain:
        store = stored(call.attrs["epilogue"]) if tail.out in _BYTES else Store(call.attrs["epilogue"], 0)
        expr = prepared(store, tail.out) if store is not None else None
        assert expr is not None
        pointers += map(Float, _parameters(expr, 1 + len(pointers))[1])
    return pointers, strides


def plain_loop(tail: SumTail, places: list[str]) -> tuple[list[str], tuple[CFunction, ...]]:
    """C statements of a plain epilogue of the sum `v`, the last one the value of the result; `places`: where its extras are."""
    assert tail.expr is not None
    types = {"channel": "float", "channel_i32": "int32_t", "channel_f64": "double", **_FULL}
    loads = [f"const {types[k]} x{i} = {place};" for i, (k, place) in enumerate(zip(tail.kinds, places, strict=True))]
    statements, result, requires = print_expr(tail.expr, ["v", *(f"x{i}" for i in range(len(tail.kinds)))])
    return [*loads, *statements, f"({tail.out.c})({result})"], requires


def finish_sums(tail: SumTail, rows: int, vectors: int) -> list[str]:
    """C statements that take sums in registers, s{row}_{vector} of two vectors, through an `inline` epilogue to y[r][no], ...

    Rows past `rows` repeat the last one, and are stored again unless they read what that has overwritten.
    """
    lane, full, t = tail.lane, dict(tail.full), tail.out.short
    at = [f"no + {v} * VF_LANES" if v else "no" for v in range(vectors)]
    o = [f"const {lane} x{i} = {lane}_set1(e{i});" for i, k in enumerate(tail.kinds) if k.startswith("value")]
    o += [f"const {lane} x{i}_{v} = {lane}_load(e{i} + {at[v]});" for i, k in enumerate(tail.kinds) if k.startswith("channel") for v in range(vectors)]
    o.append("const vw z = vw_set1(zero);")
    if not full:
        o.append("(void)rows;")
    for r in range(rows):
        o.append(f"if ({r} < rows) {{" if full and r else "{")
        results = []
        for v in range(vectors):
            o += [f"  const {lane} f{i}_{v} = {lane}{_LOADS[tail.kinds[i]]}(e{i}[{r}] + {at[v]});" for i in full]
            names = ["x{}" if k.startswith("value") else "f{}_{}" if i in full else "x{}_{}" for i, k in enumerate(tail.kinds)]
            sum_of = f"s{r}_{v}" if tail.fixed else f"vf_of(s{r}_{v})"
            o.append(f"  const {lane} v_{v} = {sum_of};")
            statements, result = tail.printed([f"v_{v}", *(n.format(i, v) for i, n in enumerate(names))], f"t{v}_")
            o += [f"  {line}" for line in statements]
            results.append(result)
        o += [f"  {lane}_put2_{t}(y[{r}] + no, {', '.join(results)}, z);", "}"]
    return o


@functools.cache
def finish_block(isa: ISA, tail: SumTail) -> CFunction:
    """C function: sums s [rows, ld] through the epilogue to y[r][no], ..., y[r][no + cols - 1]."""
    name = f"finish_s8_{isa.name}{tail.suffix}"
    ctype = tail.out.c
    rows = f"int32_t rows, int32_t cols{tail.params(True)}, int32_t zero"
    head = f"static void {name}(const {tail.acc.c} *s, int32_t ld, {ctype} *const *y, ptrdiff_t no, {rows}) {{\n"
    if tail.expr is None:
        text = "  (void)zero;\n  for (int32_t r = 0; r < rows; r++)\n"
        text += "    for (int32_t c = 0; c < cols; c++) y[r][no + c] = s[(ptrdiff_t)r * ld + c];\n}\n"
        return CFunction(name, head + text, (), ("stdint.h", "stddef.h"))
    if tail.plain:
        full = dict(tail.full)
        lines, requires = plain_loop(tail, [f"p{i}[c]" if i in full else f"e{i}[no + c]" for i in range(len(tail.kinds))])
        text = "  (void)zero;\n  for (int32_t r = 0; r < rows; r++) {\n"
        text += f"    const {tail.acc.c} *const from = s + (ptrdiff_t)r * ld;\n    {ctype} *const to = y[r] + no;\n"
        text += "".join(f"    const {t} *const p{i} = e{i}[r] + no;\n" for i, t in full.items())
        text += "    PITH_IVDEP\n    for (int32_t c = 0; c < cols; c++) {\n"
        text += "".join(f"      {t}\n" for t in [f"const {tail.acc.c} v = from[c];", *lines[:-1], f"to[c] = {lines[-1]};"])
        return CFunction(name, head + text + "    }\n  }\n}\n", (IVDEP, *requires), ("stdint.h", "stddef.h"))
    full = dict(tail.full)
    lane = tail.lane
    fixed = "".join(f"  const {lane} x{i} = {lane}_set1(e{i});\n" for i, k in enumerate(tail.kinds) if k.startswith("value"))
    fixed += "  const vw z = vw_set1(zero);\n" if tail.out in _BYTES else "  (void)zero;\n"
    put = f"{lane}_put{{}}_{tail.out.short}" if tail.out in _BYTES else ""
    take = "vi_load" if tail.fixed else "vf_of_i32"
    body = ""
    loops = [("for (; c <= cols - 2 * VF_LANES; c += 2 * VF_LANES)", 2, "", ""), ("for (; c <= cols - VF_LANES; c += VF_LANES)", 1, "", ""),
             ("if (c < cols)", 1, "_n", ", cols - c")]  # fmt: skip
    if put and "put16" in isa.features:
        loops.insert(0, ("for (; c <= cols - 4 * VF_LANES; c += 4 * VF_LANES)", 4, "", ""))
    for start, vectors, part, n in loops:
        outer, inner, results = [], [], []
        for v in range(vectors):
            at = f"no + c{f' + {v} * VF_LANES' if v else ''}"
            outer += [f"const {lane} x{i}_{v} = {lane}_load{part}(e{i} + {at}{n});" for i, k in enumerate(tail.kinds) if k.startswith("channel")]
            inner.append(f"const {lane} v_{v} = {take}(s + (ptrdiff_t)r * ld + c{f' + {v} * VF_LANES' if v else ''});")
            inner += [f"const {lane} x{i}_{v} = {lane}{_LOADS[k]}{part}(e{i}[r] + {at}{n});" for i, k in enumerate(tail.kinds) if i in full]
            names = [f"v_{v}", *(f"x{i}" if k.startswith("value") else f"x{i}_{v}" for i, k in enumerate(tail.kinds))]
            statements, result = tail.printed(names, f"t{v}_")
            inner += statements
            results.append(result)
        if put:
            inner.append(f"{put.format({1: '', 2: '2', 4: '16'}[vectors])}{part}(y[r] + no + c, {', '.join(results)}, z{n});")
        else:
            inner += [f"vf_store{part}(y[r] + no + c{f' + {v} * VF_LANES' if v else ''}, {t}{n});" for v, t in enumerate(results)]
        body += f"  {start} {{\n" + "".join(f"    {t}\n" for t in outer) + "    for (int32_t r = 0; r < rows; r++) {\n"
        body += "".join(f"      {t}\n" for t in inner) + "    }\n  }\n"
    about = f"/* {str(tail.expr)[:100]} */\n"
    return CFunction(name, f"{about}{head}{fixed}  int32_t c = 0;\n{body}}}\n", tail.requires(isa), ("stdint.h", "stddef.h"))

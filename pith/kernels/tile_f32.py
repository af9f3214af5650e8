"""The register tile of float32 products: MR rows of A times a packed panel of B, shared by matmul and every convolution.

A tile multiplies `rows` rows (given as pointers, one for each tap and row: an indirection that serves plain matrices,
strided pixels and padding alike) with all columns of the packed weights, adds the bias, applies the fused epilogue and
stores. Three heights of each body keep waste small without a body for every remainder.
The weights are packed as `shape_f32.pack` says.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import numpy as np

from pith.graph import DType, Expr
from pith.graph.expr import arg
from pith.kernels.base import Arg, Call, Float, In, Int
from pith.kernels.fused_map import IVDEP
from pith.kernels.lane_f32 import lane_sums
from pith.kernels.shape_f32 import AHEAD, Shape, panel_width, panel_widths, shape_of
from pith.targets.isa.base import ISA
from pith.vector.cexpr import digest, never_nan, print_expr
from pith.vector.cfunction import CFunction
from pith.vector.f32 import FUNCTIONS, dialect, needs, print_vector, vectorisable

# ---- epilogue


@dataclass(frozen=True, slots=True)
class Tail:
    """A fused epilogue: its expression over (accumulator, extras...), and the kind of each extra.

    "full": an array like the output;  "channel": one value a channel;  "value": a number, the same for all (constants of
    the expression become such arguments, so that layers which differ only in them share their code).
    """

    expr: Expr | None
    kinds: tuple[str, ...]

    @property
    def vector(self) -> bool:
        """Applied in registers before the store; else by a second loop over the rows while they are in cache."""
        return self.expr is None or (vectorisable(self.expr) and not any(n.op in FUNCTIONS for n in self.expr.walk()))

    @property
    def numbers(self) -> frozenset[int]:
        """Arguments of the expression that are never NaN: its own constants."""
        return frozenset(1 + i for i, kind in enumerate(self.kinds) if kind == "value")

    @property
    def suffix(self) -> str:
        """Part of function names that tells epilogues apart."""
        return "" if self.expr is None else "_" + _label(self.expr, self.kinds) + digest(f"{self.expr.digest.hex()}{self.kinds}")

    def params(self, row_pointers: bool) -> str:
        """C parameters of the extras, each beginning with a comma."""
        star = "const float *const *" if row_pointers else "const float *"
        ctypes = {"full": star, "channel": "const float *", "value": "float "}
        return "".join(f", {ctypes[k]}e{i}" for i, k in enumerate(self.kinds))


def _label(expr: Expr, kinds: tuple[str, ...]) -> str:
    ops = {n.op for n in expr.walk() if n.args}
    for name in ("sigmoid", "tanh", "erf", "exp"):
        if name in ops:
            return name
    if "full" in kinds:
        return "residual"
    return "clip" if ops <= {"min", "max"} else "act"


def _parameters(expr: Expr, first: int) -> tuple[Expr, tuple[float, ...]]:
    """The expression with its constants but 0 and 1 as arguments from index `first` on, and their values."""
    values: dict[float, int] = {}
    memo: dict[int, Expr] = {}
    for n in expr.walk():
        if n.op == "const" and n.dtype is DType.F32 and n.value not in (0, 1) and never_nan(n):
            index = values.setdefault(float(n.value), first + len(values))
            memo[id(n)] = arg(index, DType.F32)
        else:
            memo[id(n)] = Expr(n.op, n.dtype, tuple(memo[id(a)] for a in n.args), n.value) if n.args else n
    return memo[id(expr)], tuple(values)


def tail_of(call: Call) -> Tail | None:
    """The epilogue of a conv or matmul call; None when the tile cannot run it (an extra of another kind or type)."""
    expr = call.attrs.get("epilogue")
    if expr is None:
        return Tail(None, ())
    kinds: list[str] = []
    out = call.outputs[0]
    for x in call.inputs[3:]:
        if x is None or x.type.dtype is not DType.F32:
            return None
        if x.shape == out.shape:
            kinds.append("full")
        elif len(x.shape) == 1 and x.shape[0] == out.shape[-1]:
            kinds.append("channel")
        else:
            return None
    expr, values = _parameters(expr, 1 + len(kinds))
    return Tail(expr, (*kinds, *["value"] * len(values)))


def bias_of(call: Call) -> np.ndarray | None:
    """The constant bias, where there is one."""
    bias = call.inputs[2] if len(call.inputs) > 2 else None
    return bias.const if bias is not None else None


def residuals(call: Call) -> tuple[int, ...]:
    """Extras of the output's shape that the output may overwrite: the fused tail reads each element before it is stored."""
    tail = tail_of(call)
    assert tail is not None
    return tuple(3 + i for i, k in enumerate(tail.kinds) if k == "full") if tail.vector else ()


# ---- rows that fall into one cache set

_WAY = 4096  # bytes of one way of a first-level cache (32 KiB, 8 ways; 48 KiB, 12 ways)
_APART = 16  # elements between copied rows, so that each begins in another cache set


def collide(isa: ISA, rows: int, pitch: int, k: int, n: int) -> bool:
    """Whether rows `pitch` elements apart evict each other: their steps along k all fall into the same few cache sets.

    Then a block of rows is copied side by side first, which pays where it is read for several panels.
    """
    s = shape_of(isa)
    return s.rows > 8 and rows >= s.rows and pitch * 4 % _WAY == 0 and k >= 64 and n >= 2 * s.vectors * isa.lanes(4)


def copied_bytes(isa: ISA, taps: int, k: int) -> int:
    """Scratch bytes for the copied rows of a block."""
    return 4 * shape_of(isa).rows * taps * (k + _APART)


@functools.cache
def copy_rows(isa: ISA) -> CFunction:
    """C function: `count` rows of k elements side by side, their pointers replaced."""
    name = f"copy_rows_f32_{isa.name}"
    text = f"""/* rows that evict each other from the cache, side by side */
static void {name}(const float **a, int32_t count, int32_t k, float *to) {{
  for (int32_t r = 0; r < count; r++, to += k + {_APART}) {{
    int32_t i = 0;
    for (; i <= k - VF_LANES; i += VF_LANES) vf_store(to + i, vf_load(a[r] + i));
    if (i < k) vf_store_n(to + i, vf_load_n(a[r] + i, k - i), k - i);
    a[r] = to;
  }}
}}
"""
    return CFunction(name, text, (dialect(isa),), ("stdint.h",))


# ---- bodies

_SPLIT = 4
START = 40  # cycles to begin and end one tile: loading the bias, the epilogue, stores

NOINLINE = CFunction(
    "PITH_NOINLINE",
    "/* keeps a rare path out of the loops that call it, and the registers of a loop out of what is around it */\n#if defined(__GNUC__)\n"
    "#define PITH_NOINLINE __attribute__((noinline))\n#else\n#define PITH_NOINLINE\n#endif\n",
)

_LINE = 64  # bytes of a cache line
_AHEAD = 32  # steps along k: weights that come from memory are asked for while those before them are multiplied

PREFETCH = CFunction(
    "PITH_PREFETCH",
    """/* asks for the cache line n floats on */
#if defined(__GNUC__)
#define PITH_PREFETCH(p, n) __builtin_prefetch((const char *)(p) + 4 * (n))
#else
#define PITH_PREFETCH(p, n) ((void)0)
#endif
""",
    (),
    ("stdint.h",),
)

LATER = CFunction(
    "PITH_LATER",
    """/* asks for a cache line that is needed later, into the second-level cache */
#if defined(__GNUC__)
#define PITH_LATER(address) __builtin_prefetch((const void *)(address), 0, 2)
#else
#define PITH_LATER(address) ((void)0)
#endif
""",
    (),
    ("stdint.h",),
)

PART = CFunction(
    "tile_part",
    """/* the first `cols` columns of a finished tile to their rows */
PITH_NOINLINE static void tile_part(float *const *y, ptrdiff_t no, const float *t, int32_t rows, int32_t cols, int32_t width) {
  for (int32_t r = 0; r < rows; r++, t += width) {
    float *const p = y[r] + no;
    for (int32_t c = 0; c < cols; c++) p[c] = t[c];
  }
}
""",
    (NOINLINE,),
    ("stdint.h", "stddef.h"),
)

PART_OF = CFunction(
    "tile_part_of",
    """/* the first `cols` columns of rows into a tile, zeros after them */
PITH_NOINLINE static void tile_part_of(const float *const *e, ptrdiff_t no, float *t, int32_t rows, int32_t cols, int32_t width) {
  for (int32_t r = 0; r < rows; r++, t += width)
    for (int32_t c = 0; c < width; c++) t[c] = c < cols ? e[r][no + c] : 0.0f;
}
""",
    (NOINLINE,),
    ("stdint.h", "stddef.h"),
)


@functools.cache
def body(isa: ISA, rows: int, vectors: int, tail: Tail, ahead: bool = False) -> CFunction:
    """One register tile: all taps of `rows` rows against one panel. ahead: a step along k asks for the line of `next`, and adds `step`."""
    inline = tail if tail.vector else Tail(None, ())
    name = f"tile_f32_{isa.name}_{rows}x{vectors * isa.lanes(4)}{'_ahead' if ahead else ''}{inline.suffix}"
    lanes = "VF_LANES"
    by_lane = "lane" in isa.features
    sums = range(_SPLIT if rows == 1 else 1)  # partial sums of one row, so that successive k do not wait for each other
    o = [
        f"/* {rows} rows x {vectors} vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */",
        f"static void {name}(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,",
        f"    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols{inline.params(True)}{', uintptr_t next, int32_t step' if ahead else ''}) {{",
    ]
    if by_lane:
        o += [f"  {line}" for line in lane_sums(rows, vectors)]
    else:
        for v in range(vectors):
            o.append(f"  const vf bias{v} = vf_load(w + {v} * {lanes});")
        o.append("  vf " + ", ".join(f"s{r}_{v} = bias{v}" for r in range(rows) for v in range(vectors)) + ";")
        if len(sums) > 1:
            o.append("  vf " + ", ".join(f"p{i}_{v} = vf_set1(0.0f)" for i in sums[1:] for v in range(vectors)) + ";")
        o.append(f"  w += {vectors} * {lanes};")
        o.append("  for (int32_t t = 0; t < taps; t++) {")
        for r in range(rows):
            o.append(f"    const float *const a{r} = a[{r}] + ao;")
        o.append(f"    a += {rows};")
        o.append("    int32_t k = 0;")
        for step in dict.fromkeys((len(sums), 1)):
            o.append(f"    for (; k <= kc - {step}; k += {step}, w += {step * vectors} * {lanes}) {{")
            for i in range(step):
                at = f"[k + {i}]" if i else "[k]"
                for v in range(vectors):
                    if isa.vector_bytes and v * isa.vector_bytes % _LINE == 0:
                        o.append(f"      {PREFETCH.name}(w, {(_AHEAD + i) * vectors + v} * {lanes});")
                    o.append(f"      const vf b{i}_{v} = vf_load(w + {i * vectors + v} * {lanes});")
                if ahead and not i:
                    o.append(f"      {LATER.name}(next);\n      next += (uintptr_t)step;")
                for r in range(rows):
                    o.append(f"      const vf x{r}_{i} = vf_set1(a{r}{at});")
                    for v in range(vectors):
                        total = f"p{i}_{v}" if i else f"s{r}_{v}"
                        o.append(f"      {total} = vf_fma(x{r}_{i}, b{i}_{v}, {total});")
            o.append("    }")
        o.append("  }")
    if len(sums) > 1:
        o += [f"  s0_{v} = (s0_{v} + p1_{v}) + (p2_{v} + p3_{v});" for v in range(vectors)]
    width = f"{vectors} * {lanes}"
    if by_lane:
        o += [f"  {line}" for line in _to_rows(inline, rows, vectors)]
        return CFunction(name, "\n".join([*o, "}"]) + "\n", (PART, *([PART_OF] if "full" in inline.kinds else []), *needs(inline.expr, isa)),
                         ("stdint.h", "stddef.h"))  # fmt: skip
    o.append("  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */")
    o.append(f"  float spare[{rows} * {width}], *p[{rows}];")
    o.append(f"  const int full = cols >= {width};")
    o.append(f"  for (int32_t r = 0; r < {rows}; r++) p[r] = full && r < rows ? y[r] + no : spare + r * {width};")
    called: list[CFunction] = [PART, *([PREFETCH] if isa.vector_bytes else []), *([LATER] if ahead else [])]
    for i, kind in enumerate(inline.kinds):
        if kind == "channel":
            for v in range(vectors):
                at = f"e{i} + no + {v} * {lanes}"
                o.append(f"  const vf c{i}_{v} = full ? vf_load({at}) : vf_load_n({at}, cols - {v} * {lanes});")
        elif kind == "value":
            o.append(f"  const vf v{i} = vf_set1(e{i});")
        else:
            called.append(PART_OF)
            o.append(f"  float spare{i}[{rows} * {width}];\n  const float *p{i}[{rows}];")
            if rows == 1:  # gcc does not see that it is filled where it is read; an initialiser would call memset at -O0
                o.append("  " + " ".join(f"vf_store(spare{i} + {v} * {lanes}, vf_set1(0.0f));" for v in range(vectors)))
            o.append(f"  if (!full) {PART_OF.name}(e{i}, no, spare{i}, {rows}, cols, {width});")
            o.append(f"  for (int32_t r = 0; r < {rows}; r++) p{i}[r] = full ? e{i}[r] + no : spare{i} + r * {width};")
    for r in range(rows):
        o.append("  {")
        for v in range(vectors):
            result = f"s{r}_{v}"
            if inline.expr is not None:
                args = [result]
                for i, kind in enumerate(inline.kinds):
                    if kind == "full":
                        o.append(f"    const vf x{i}_{v} = vf_load(p{i}[{r}] + {v} * {lanes});")
                    args.append({"full": f"x{i}_{v}", "channel": f"c{i}_{v}", "value": f"v{i}"}[kind])
                statements, result = print_vector(inline.expr, args, f"t{v}_", inline.numbers)
                o += [f"    {s}" for s in statements]
            o.append(f"    vf_store(p[{r}] + {v} * {lanes}, {result});")
        o.append("  }")
    o.append(f"  if (!full) {PART.name}(y, no, spare, rows, cols, {width});")
    o.append("}")
    return CFunction(name, "\n".join(o) + "\n", (*called, *needs(inline.expr, isa)), ("stdint.h", "stddef.h"))


def _to_rows(tail: Tail, rows: int, vectors: int) -> list[str]:
    """The end of a tile whose sums are in many registers: the epilogue there, then whole tiles to their rows and others to spare
    memory first, so that what nearly every tile does takes no decisions row by row."""
    width = vectors * 4
    o = [f"const int full = cols >= {width};"]
    for i, kind in enumerate(tail.kinds):
        if kind == "channel":
            for v in range(vectors):
                o.append(f"const vf c{i}_{v} = full ? vf_load(e{i} + no + {4 * v}) : vf_load_n(e{i} + no + {4 * v}, cols - {4 * v});")
        elif kind == "value":
            o.append(f"const vf v{i} = vf_set1(e{i});")
        else:
            o += [f"float spare{i}[{rows * width}];", f"if (!full) {PART_OF.name}(e{i}, no, spare{i}, {rows}, cols, {width});"]
    results: list[list[str]] = []
    for r in range(rows):
        full = [i for i, kind in enumerate(tail.kinds) if kind == "full"]
        o += [f"const float *const q{i}_{r} = full ? e{i}[{r}] + no : spare{i} + {r * width};" for i in full]
        results.append([])
        for v in range(vectors):
            result = f"s{r}_{v}"
            if tail.expr is not None:
                names = [f"vf_load(q{i}_{r} + {4 * v})" if k == "full" else f"c{i}_{v}" if k == "channel" else f"v{i}" for i, k in enumerate(tail.kinds)]
                o += [f"const vf x{i}_{r}_{v} = {names[i]};" for i in full]
                names = [f"x{i}_{r}_{v}" if i in full else n for i, n in enumerate(names)]
                statements, result = print_vector(tail.expr, [result, *names], f"t{r}_{v}_", tail.numbers)
                o += [*statements, f"const vf z{r}_{v} = {result};"]
                result = f"z{r}_{v}"
            results[-1].append(result)
    o.append(f"if (full && rows >= {rows}) {{")
    for r in range(rows):
        o += [f"  float *const y{r} = y[{r}] + no;", *(f"  vf_store(y{r} + {4 * v}, {results[r][v]});" for v in range(vectors))]
    o += ["} else {", f"  float spare[{rows * width}];"]
    o += [f"  vf_store(spare + {4 * (r * vectors + v)}, {results[r][v]});" for r in range(rows) for v in range(vectors)]
    return [*o, f"  {PART.name}(y, no, spare, rows < {rows} ? rows : {rows}, full ? {width} : cols, {width});", "}"]


@functools.cache
def rows_tail(isa: ISA, tail: Tail) -> CFunction:
    """The epilogue as a loop over finished rows, still in cache: for expressions with transcendental functions."""
    assert tail.expr is not None
    name = f"rows_tail_{isa.name}{tail.suffix}"
    head = (
        f"/* {str(tail.expr)[:100]} */\n"
        f"static void {name}(float *const *y, int32_t rows, int32_t n{tail.params(True)}) {{\n"
    )
    rows = "  for (int32_t r = 0; r < rows; r++) {\n    float *const p = y[r];\n"
    if all(kind == "value" for kind in tail.kinds):  # short rows without a gap are one: whole vectors of them
        rows = f"""  int32_t joined = 1;
  while (joined < rows && y[joined] == y[0] + (ptrdiff_t)joined * n) joined++;
  if (joined == rows) {{
    n *= rows;
    rows = 1;
  }}
{rows}"""
    places = {i: f"e{i}[r] + c" if k == "full" else f"e{i} + c" for i, k in enumerate(tail.kinds) if k != "value"}
    names = ["v", *(f"x{i}" for i in range(len(tail.kinds)))]
    if vectorisable(tail.expr):
        fixed = "".join(f"  const vf x{i} = vf_set1(e{i});\n" for i, k in enumerate(tail.kinds) if k == "value")
        statements, result = print_vector(tail.expr, names, "t", tail.numbers)
        loops = ""
        for start, load, store in (
            ("int32_t c = 0;\n    for (; c <= n - VF_LANES; c += VF_LANES)", "vf_load({})", "vf_store(p + c, {});"),
            ("if (c < n)", "vf_load_n({}, n - c)", "vf_store_n(p + c, {}, n - c);"),
        ):
            lines = [f"const vf v = {load.format('p + c')};"]
            lines += [f"const vf x{i} = {load.format(at)};" for i, at in places.items()]
            lines += [*statements, store.format(result)]
            loops += f"    {start} {{\n" + "".join(f"      {s}\n" for s in lines) + "    }\n"
        return CFunction(name, f"{head}{fixed}{rows}{loops}  }}\n}}\n", needs(tail.expr, isa), ("stdint.h", "stddef.h"))
    statements, result, requires = print_expr(tail.expr, [n if i - 1 in (-1, *places) else f"e{i - 1}" for i, n in enumerate(names)])
    loads = [f"const float x{i} = *({at});" for i, at in places.items()]
    inner = "\n".join(f"      {s}" for s in ["const float v = p[c];", *loads, *statements, f"p[c] = {result};"])
    text = f"{head}{rows}    PITH_IVDEP\n    for (int32_t c = 0; c < n; c++) {{\n{inner}\n    }}\n  }}\n}}\n"
    return CFunction(name, text, (IVDEP, *requires), ("stdint.h", "stddef.h"))


def halved(f: CFunction) -> CFunction:
    """A function of the dialect under names that begin with vh instead of vf, to stand beside the wider vectors."""

    def rename(text: str) -> str:
        return re.sub(r"\bvf(?=_|\b)", "vh", text).replace("VF_LANES", "VH_LANES")

    if not re.search(r"\bvf(_|\b)", f.text):
        return f
    return CFunction(rename(f.name), rename(f.text), tuple(halved(r) for r in f.requires), f.headers)


@functools.cache
def row_block(isa: ISA, tail: Tail, shape: Shape | None = None) -> CFunction:
    """All panels for one block of rows of one of the shape's heights; `a` holds that many rows for each tap.

    Where the shape asks ahead, `next` is the address of the weights to ask for, as many as are multiplied here over `blocks`.
    """
    s, lanes = shape or shape_of(isa), isa.lanes(4)
    inline = tail if tail.vector else Tail(None, ())
    called: list[CFunction] = [*([AHEAD] if s.ahead else []), *([] if s.whole else [panel_width(isa)])]
    widths = panel_widths(isa)[:1] if s.whole else panel_widths(isa)
    extras = "".join(f", e{i}" for i in range(len(tail.kinds)))
    passed = extras if tail.vector else ""
    choices = ""
    for _, width in widths:
        bodies = [
            body(isa, h, width // lanes, inline, s.ahead) if width >= lanes else halved(body(isa.half, h, 1, inline, s.ahead))
            for h in s.heights
            if width >= lanes or isa.half
        ]
        called += bodies
        step = f", next, ({4 * width} + blocks - 1) / blocks" if s.ahead else ""
        *most, last = bodies
        calls = [f"      if (height == {h}) {f.name}(ARGS);" for h, f in zip(s.heights, most, strict=False)]
        calls += [f"      {last.name}(ARGS);"]
        text = "\n".join(calls).replace("\n      ", "\n      else ").replace("ARGS", f"taps, kc, a, ao, w, y, c, rows, n - c{passed}{step}")
        choices += f" else if (width == {width}) {{\n{text}\n    }}" if choices else f"    if (width == {width}) {{\n{text}\n    }}"
    advance = "    next += (uintptr_t)((4 * (ptrdiff_t)width + blocks - 1) / blocks * (1 + (ptrdiff_t)taps * kc));\n" if s.ahead else ""
    post = ""
    if not tail.vector:
        f = rows_tail(isa, tail)
        called.append(f)
        post = f"  {f.name}(y, rows, n{extras});\n"
    name = f"rows_f32_{isa.name}_{s.label(isa)}{tail.suffix}"
    text = f"""/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void {name}(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, int32_t rows, int32_t n, int32_t height{tail.params(True)}{', uintptr_t next, int32_t blocks' if s.ahead else ''}) {{
{"" if s.few else f"  (void)height;{chr(10)}"}  int32_t width;
  for (int32_t c = 0; c < n; c += width) {{
    width = {widths[0][1] if s.whole else f'{panel_width(isa).name}(n - c)'};
{choices}
    w += (ptrdiff_t)width * (1 + (ptrdiff_t)taps * kc);
{advance}  }}
{post}}}
"""
    return CFunction(name, text, tuple(called), ("stdint.h", "stddef.h"))


def extra_args(call: Call, tail: Tail, pitches: int) -> tuple[list[Arg], list[Arg]]:
    """Arguments for the extras: pointers and values, and for each full one its outer strides (`pitches` of them)."""
    own: list[Arg] = []
    strides: list[Arg] = []
    for i, kind in enumerate(tail.kinds):
        if kind != "value":
            own.append(In(3 + i))
        if kind == "full":
            x = call.input(3 + i)
            strides += [Int(x.pitch)] if pitches == 1 else [Int(st) for st in x.strides[:pitches]]
    if tail.expr is not None:
        own += map(Float, _parameters(call.attrs["epilogue"], 1 + len(own))[1])
    return own, strides

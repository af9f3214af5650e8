"""The register tile of float32 products: MR rows of A times a packed panel of B, shared by matmul and every convolution.

A tile multiplies `rows` rows (given as pointers, one for each tap and row: an indirection that serves plain matrices,
strided pixels and padding alike) with all columns of the packed weights, adds the bias, applies the fused epilogue and
stores. Two heights of each body keep waste small without a body for every remainder.

Packing (`pack`): column panels of NR (the last one of one vector where that suffices); each panel is its bias, then for
each tap and each k one row of the panel, so the weights stream once, in order.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from pith.graph import DType, Expr
from pith.kernels.base import Arg, Call, In, Int
from pith.kernels.cexpr import digest, print_expr
from pith.kernels.fused_map import IVDEP
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32 import FUNCTIONS, needs, print_vector, vectorisable


@dataclass(frozen=True, slots=True)
class Shape:
    """Register tile: `rows` x `vectors` accumulators, and the height used for few rows."""

    rows: int
    vectors: int
    few: int


def shape_of(isa: ISA) -> Shape:
    """The tile that fills the register file: accumulators, one row of B, one broadcast."""
    if isa.lanes(4) == 1:
        return Shape(4, 4, 1)
    return Shape(14, 2, 4) if isa.registers >= 32 else Shape(6, 2, 2)


# ---- epilogue


@dataclass(frozen=True, slots=True)
class Tail:
    """A fused epilogue: its expression over (accumulator, extras...), and for each extra "full" or "channel"."""

    expr: Expr | None
    kinds: tuple[str, ...]

    @property
    def vector(self) -> bool:
        """Applied in registers before the store; else by a second loop over the rows while they are in cache."""
        return self.expr is None or (vectorisable(self.expr) and not any(n.op in FUNCTIONS for n in self.expr.walk()))

    @property
    def suffix(self) -> str:
        """Part of function names that tells epilogues apart."""
        return "" if self.expr is None else "_" + _label(self.expr) + digest(f"{self.expr!r}{self.kinds}")[:4]

    def params(self, row_pointers: bool) -> str:
        """C parameters of the extras, each beginning with a comma."""
        star = "const float *const *" if row_pointers else "const float *"
        return "".join(f", {star if k == 'full' else 'const float *'}e{i}" for i, k in enumerate(self.kinds))


def _label(expr: Expr) -> str:
    ops = {n.op for n in expr.walk() if n.args}
    for name in ("sigmoid", "tanh", "erf", "exp"):
        if name in ops:
            return name
    if any(n.op == "arg" and n.value for n in expr.walk()):
        return "residual"
    return "clip" if ops <= {"min", "max"} else "act"


def tail_of(call: Call) -> Tail | None:
    """The epilogue of a conv or matmul call; None when the tile cannot run it (an extra of another kind or type)."""
    expr = call.attrs.get("epilogue")
    if expr is None:
        return Tail(None, ())
    kinds = []
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
    return Tail(expr, tuple(kinds))


def bias_of(call: Call) -> np.ndarray | None:
    """The constant bias, where there is one."""
    bias = call.inputs[2] if len(call.inputs) > 2 else None
    return bias.const if bias is not None else None


def residuals(call: Call) -> tuple[int, ...]:
    """Extras of the output's shape that the output may overwrite: the fused tail reads each element before it is stored."""
    tail = tail_of(call)
    assert tail is not None
    return tuple(3 + i for i, k in enumerate(tail.kinds) if k == "full") if tail.vector else ()


# ---- bodies


@functools.cache
def body(isa: ISA, rows: int, vectors: int, tail: Tail) -> CFunction:
    """One register tile: all taps of `rows` rows against one panel."""
    inline = tail if tail.vector else Tail(None, ())
    name = f"tile_f32_{isa.name}_{rows}x{vectors}{inline.suffix}"
    lanes = "VF_LANES"
    o = [
        f"/* {rows} rows x {vectors} vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */",
        f"static void {name}(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,",
        f"    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols{inline.params(True)}) {{",
    ]
    for v in range(vectors):
        o.append(f"  const vf bias{v} = vf_load(w + {v} * {lanes});")
    o.append("  vf " + ", ".join(f"s{r}_{v} = bias{v}" for r in range(rows) for v in range(vectors)) + ";")
    o.append(f"  w += {vectors} * {lanes};")
    o.append("  for (int32_t t = 0; t < taps; t++) {")
    for r in range(rows):
        o.append(f"    const float *const a{r} = a[{r}] + ao;")
    o.append(f"    a += {rows};")
    o.append("    for (int32_t k = 0; k < kc; k++) {")
    for v in range(vectors):
        o.append(f"      const vf b{v} = vf_load(w + {v} * {lanes});")
    o.append(f"      w += {vectors} * {lanes};")
    for r in range(rows):
        o.append(f"      const vf x{r} = vf_set1(a{r}[k]);")
        o += [f"      s{r}_{v} = vf_fma(x{r}, b{v}, s{r}_{v});" for v in range(vectors)]
    o += ["    }", "  }"]
    o.append(f"  const int full = cols >= {vectors} * {lanes};")
    for i, kind in enumerate(inline.kinds):
        if kind == "channel":
            for v in range(vectors):
                at = f"e{i} + no + {v} * {lanes}"
                o.append(f"  const vf c{i}_{v} = full ? vf_load({at}) : vf_load_n({at}, cols - {v} * {lanes});")
    for r in range(rows):
        o.append(f"  if (rows > {r}) {{" if r else "  {")
        o.append(f"    float *const p = y[{r}] + no;")
        results = []
        for v in range(vectors):
            acc = f"s{r}_{v}"
            if inline.expr is None:
                results.append(acc)
                continue
            args = [acc]
            for i, kind in enumerate(inline.kinds):
                if kind == "channel":
                    args.append(f"c{i}_{v}")
                    continue
                at = f"e{i}[{r}] + no + {v} * {lanes}"
                o.append(f"    const vf x{i}_{v} = full ? vf_load({at}) : vf_load_n({at}, cols - {v} * {lanes});")
                args.append(f"x{i}_{v}")
            statements, text = print_vector(inline.expr, args, f"t{v}_")
            o += [f"    {s}" for s in statements]
            o.append(f"    const vf z{v} = {text};")
            results.append(f"z{v}")
        o.append("    if (full) {")
        o += [f"      vf_store(p + {v} * {lanes}, {z});" for v, z in enumerate(results)]
        o.append("    } else {")
        o += [f"      vf_store_n(p + {v} * {lanes}, {z}, cols - {v} * {lanes});" for v, z in enumerate(results)]
        o += ["    }", "  }"]
    o.append("}")
    return CFunction(name, "\n".join(o) + "\n", needs(inline.expr, isa), ("stdint.h", "stddef.h"))


@functools.cache
def rows_tail(isa: ISA, tail: Tail) -> CFunction:
    """The epilogue as a loop over finished rows, still in cache: for expressions with transcendental functions."""
    assert tail.expr is not None
    name = f"rows_tail_{isa.name}{tail.suffix}"
    head = (
        f"/* {str(tail.expr)[:100]} */\nstatic void {name}(float *const *y, int32_t rows, int32_t n{tail.params(True)}) {{\n"
        f"  for (int32_t r = 0; r < rows; r++) {{\n    float *const p = y[r];\n"
    )
    places = [f"e{i}[r] + c" if kind == "full" else f"e{i} + c" for i, kind in enumerate(tail.kinds)]
    if vectorisable(tail.expr):
        loops = ""
        for count, load, store in (("c <= n - VF_LANES", "vf_load({})", "vf_store(p + c, {});"), ("c < n", "vf_load_n({}, n - c)", "vf_store_n(p + c, {}, n - c);")):
            statements, result = print_vector(tail.expr, ["v", *(f"x{i}" for i in range(len(places)))], "t")
            lines = [f"const vf v = {load.format('p + c')};"]
            lines += [f"const vf x{i} = {load.format(at)};" for i, at in enumerate(places)]
            lines += [*statements, store.format(result)]
            start = "int32_t c = 0;\n    " if not loops else ""
            loops += f"    {start}for (; {count}; c += VF_LANES) {{\n" + "".join(f"      {s}\n" for s in lines) + "    }\n"
        return CFunction(name, f"{head}{loops}  }}\n}}\n", needs(tail.expr, isa), ("stdint.h",))
    args = ["v", *(f"x{i}" for i in range(len(places)))]
    statements, result, requires = print_expr(tail.expr, args)
    loads = [f"const float x{i} = *({at});" for i, at in enumerate(places)]
    inner = "\n".join(f"      {s}" for s in ["const float v = p[c];", *loads, *statements, f"p[c] = {result};"])
    text = f"{head}    PITH_IVDEP\n    for (int32_t c = 0; c < n; c++) {{\n{inner}\n    }}\n  }}\n}}\n"
    return CFunction(name, text, (IVDEP, *requires), ("stdint.h",))


@functools.cache
def row_block(isa: ISA, tail: Tail) -> CFunction:
    """All panels for one block of rows: `big` says whether `a` holds tall (rows of the tile) or few rows a tap."""
    s = shape_of(isa)
    inline = tail if tail.vector else Tail(None, ())
    wide, narrow = (body(isa, s.rows, v, inline) for v in (s.vectors, 1))
    wide_few, narrow_few = (body(isa, s.few, v, inline) for v in (s.vectors, 1))
    called: tuple[CFunction, ...] = (wide, narrow, wide_few, narrow_few)
    extras = "".join(f", e{i}" for i in range(len(tail.kinds)))
    passed = extras if tail.vector else ""
    post = ""
    if not tail.vector:
        f = rows_tail(isa, tail)
        called = (*called, f)
        post = f"  {f.name}(y, rows, n{extras});\n"
    name = f"rows_f32_{isa.name}_{s.rows}x{s.vectors}{tail.suffix}"
    call = "(taps, kc, a, ao, w, y, c, rows, n - c" + passed + ");"
    text = f"""/* one block of at most {s.rows} (tall) or {s.few} rows against every panel of the packed weights */
static void {name}(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, int32_t rows, int32_t n, int tall{tail.params(True)}) {{
  int32_t c = 0;
  while (c < n) {{
    if (n - c > VF_LANES) {{
      if (tall) {wide.name}{call}
      else {wide_few.name}{call}
      w += (ptrdiff_t){s.vectors} * VF_LANES * (1 + (ptrdiff_t)taps * kc);
      c += {s.vectors} * VF_LANES;
    }} else {{
      if (tall) {narrow.name}{call}
      else {narrow_few.name}{call}
      w += VF_LANES * (1 + (ptrdiff_t)taps * kc);
      c += VF_LANES;
    }}
  }}
{post}}}
"""
    return CFunction(name, text, called, ("stdint.h", "stddef.h"))


# ---- packing


def pack(isa: ISA, weights: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """Weights [taps * k, N] and bias [N] in the order the tile reads them, as float32 [?]."""
    s = shape_of(isa)
    lanes = isa.lanes(4)
    k, n = weights.shape
    stacked = np.zeros((k + 1, n), np.float32)
    stacked[1:] = weights
    if bias is not None:
        stacked[0] = bias
    panels, c = [], 0
    while c < n:
        width = s.vectors * lanes if n - c > lanes else lanes
        panel = np.zeros((k + 1, width), np.float32)
        part = stacked[:, c : c + width]
        panel[:, : part.shape[1]] = part
        panels.append(panel.reshape(-1))
        c += width
    return np.concatenate(panels) if panels else np.zeros(0, np.float32)


def extra_args(call: Call, tail: Tail, pitches: int) -> list[Arg]:
    """Arguments of the extras: the pointers, then for each full one its outer strides (`pitches` of them)."""
    args: list[Arg] = [In(3 + i) for i in range(len(tail.kinds))]
    for i, kind in enumerate(tail.kinds):
        if kind == "full":
            x = call.input(3 + i)
            args += [Int(x.pitch)] if pitches == 1 else [Int(st) for st in x.strides[:pitches]]
    return args

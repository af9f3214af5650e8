"""Register tiles of 8-bit products: rows of unsigned or signed bytes times a packed panel of signed weights, sums in int32.

A tile takes `rows` rows, given as pointers for each tap as in `tile_f32`, and all of K, four bytes at a time, and leaves its
sums in a small array; `tail_s8.finish_block` takes them through the epilogue. The bias that is packed with the weights holds
all that is the same for every pixel: bias, zero point of the input, and the shift that makes signed inputs unsigned.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pith.graph import DType
from pith.kernels.tail_s8 import SumTail, finish_block, finish_sums
from pith.kernels.tile_f32 import NOINLINE
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import dialect_s8, dot, is_signed


def totals(weights: np.ndarray, bias: np.ndarray | None, shift: int) -> np.ndarray:
    """What the sums begin with: bias - shift * (sum of each column of weights [K, N]), int64; of int32 sums the low bits count."""
    start = -shift * weights.astype(np.int64).sum(0)
    return np.asarray(start if bias is None else start + bias, np.int64)


def grouped(weights: np.ndarray, taps: int, step: int) -> np.ndarray:
    """Weights [taps * K, N] with each tap's K filled up with zeros to a multiple of `step`: [taps, K' / step, step, N]."""
    k, n = weights.shape[0] // taps, weights.shape[1]
    full = np.zeros((taps, -(-k // step) * step, n), np.int8)
    full[:, :k] = weights.reshape(taps, k, n)
    return full.reshape(taps, -1, step, n)


@dataclass(frozen=True, slots=True)
class DotTile:
    """Dot products of four bytes: some rows by 2 vectors, few rows, or 1 row.

    rowed: the block function takes a further number, and adds that many times the sum of each row's (unsigned) bytes.
    over: the last bytes of K are the last of four that overlap those before, whose weights are 0 there; K is 4 at least, and not a multiple.
    """

    isa: ISA
    rowed: bool = False
    over: bool = False

    name: ClassVar[str] = "dot"
    vectors: ClassVar[int] = 2
    why: ClassVar[str] = ""

    @property
    def rows(self) -> int:
        """As many as the registers hold, beside the halves of weights and inputs that are made where there is no VNNI."""
        return 14 if "vnni" in self.isa.features else 8 if self.isa.registers >= 32 else 4

    @property
    def few(self) -> int:
        return 4 if self.rows > 8 else 2

    @property
    def prefix(self) -> str:
        """Names of functions: the instruction set, and what dot products it has."""
        return self.isa.name + next((f"_{f}" for f in ("vnni", "sdot") if f in self.isa.features), "")

    @property
    def label(self) -> str:
        return f"{self.prefix}_{self.rows}x{self.width}{'_over' if self.over else ''}"

    @property
    def head(self) -> int:
        """Bytes that a column of a panel begins with, in front of its weights."""
        return 4

    @property
    def width(self) -> int:
        """Columns of the widest panel."""
        return self.vectors * self.isa.lanes(4)

    def height(self, left: str) -> str:
        """C expression of how many rows to take where `left` are left."""
        return f"{left} > {2 * self.few} ? {self.rows} : {left} > 1 ? {self.few} : 1"

    def column(self, taps: str, k: str) -> str:
        """C expression: bytes that one column of the packed weights has."""
        return f"(4 + (ptrdiff_t){taps} * (({k} + 3) / 4 * 4))"

    def shift(self, dtype: DType) -> int:
        """What is added to the inputs to make them unsigned, or signed where dot products want that."""
        if is_signed(self.isa):
            return -128 if dtype is DType.U8 else 0
        return 128 if dtype is DType.I8 else 0

    def pack(self, weights: np.ndarray, taps: int, start: np.ndarray) -> np.ndarray:
        """Weights [taps * K, N] and what the sums begin with [N] as panels of columns, one after another: bytes (int8)."""
        lanes, n = self.isa.lanes(4), weights.shape[1]
        four = grouped(weights, taps, 4)
        if self.over:
            four[:, -1] = np.roll(four[:, -1], -(weights.shape[0] // taps) % 4, 1)
        parts, c = [], 0
        while c < n:
            width = self.width if n - c > lanes else lanes
            panel, head = np.zeros((*four.shape[:2], width, 4), np.int8), np.zeros(width, np.int32)
            part = four[..., c : c + width]
            panel[:, :, : part.shape[-1]] = part.swapaxes(2, 3)
            head[: part.shape[-1]] = start[c : c + width]
            parts += [head.view(np.int8), panel.reshape(-1)]
            c += width
        return np.concatenate(parts)

    def scratch(self, taps: int, k: int) -> int:
        """Bytes of scratch memory a block needs."""
        return 0

    def cost(self, m: int, taps: int, k: int, n: int) -> float:
        """Time of the product in vector multiply-adds, whole tiles and the epilogue included."""
        lanes = self.isa.lanes(4)
        full, left = divmod(m, self.rows)
        rows = full * self.rows + (0 if not left else self.rows if left > 2 * self.few else -(-left // self.few) * self.few)
        panels, vectors = -(-n // self.width), -(-n // lanes)
        tail = 4.0 * rows * taps * panels if k % 4 and not self.over else 0.0  # bytes gathered one by one
        dot = 1.0 if self.isa.features & {"vnni", "sdot"} else 5.0
        return tail + rows * vectors * (dot * taps * -(-k // 4) + 10.0) + 40.0 * -(-m // self.rows) * panels

    def block(self, dtype: DType, tail: SumTail) -> CFunction:
        """All panels for one block of rows: `tile_f32.row_block` in 8 bits."""
        return _dot_block(self, dtype, tail)

    def body(self, dtype: DType, rows: int, vectors: int, tail: SumTail | None = None) -> CFunction:
        """One panel, or with a tail all of one width, for `rows` rows."""
        return _dot_body(self, dtype, rows, vectors, tail)

    enter: ClassVar[str] = ""
    leave: ClassVar[str] = ""


@functools.cache
def _dot_body(tile: DotTile, dtype: DType, rows: int, vectors: int, tail: SumTail | None = None) -> CFunction:
    """C function: sums of `rows` rows by a panel, left in an array; or of all panels of `vectors` vectors that there are, each taken
    through the epilogue while it is in registers: `left` columns, and the weights behind them are the result."""
    isa = tile.isa
    name = f"tile_{dtype.short}s8_{tile.prefix}_{rows}x{vectors * isa.lanes(4)}{'_over' if tile.over else ''}{tail.suffix if tail else ''}"
    ends = "int32_t *s" if tail is None else f"{tail.out.c} *const *y, ptrdiff_t no, int32_t rows, int32_t left{tail.params(True)}, int32_t zero"
    size = isa.vector_bytes
    x = dtype.c
    sums = range(4 if rows == 1 else 1)  # partial sums of one row, so that successive k do not wait for each other
    flip = "vi_flip(" if tile.shift(dtype) else "("
    o = [
        f"/* {rows} rows x {vectors} vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */",
        # apart: inlined, what an epilogue keeps in registers would push sums out of them
        f"{'PITH_NOINLINE static void ' if tail is None else 'static const int8_t *'}{name}(int32_t taps, int32_t kc, const {x} *const *a, ptrdiff_t ao,",
        f"    const int8_t *w, {ends}) {{",
    ]
    if tail is not None:
        o += [f"  const {x} *const *const first = a;", f"  for (; left > {isa.lanes(4)}; left -= {tile.width}, no += {tile.width}) {{", "  a = first;"]
    o += [f"  const vi start{v} = vi_load(w + {size * v});" for v in range(vectors)]
    o.append("  vi " + ", ".join(f"s{r}_{v} = start{v}" for r in range(rows) for v in range(vectors)) + ";")
    if len(sums) > 1:
        o.append("  vi " + ", ".join(f"p{i}_{v} = vi_set1(0)" for i in sums[1:] for v in range(vectors)) + ";")
    o.append(f"  w += {size * vectors};")
    o.append("  for (int32_t t = 0; t < taps; t++) {")
    o += [f"    const {x} *const a{r} = a[{r}] + ao;" for r in range(rows)]
    o.append(f"    a += {rows};")
    o.append("    int32_t k = 0;")
    if "sdot" in isa.features and rows > 1:  # sixteen of K by one load of each row
        o.append(f"    for (; k <= kc - 16; k += 16, w += {4 * size * vectors}) {{")
        o += [f"      const vi row{r} = {flip}vi_load(a{r} + k));" for r in range(rows)]
        for i in range(4):
            o += [f"      const vi l{i}_{v} = vi_load(w + {size * (i * vectors + v)});" for v in range(vectors)]
            o += [f"      s{r}_{v} = vi_dot_lane(s{r}_{v}, row{r}, {i}, l{i}_{v});" for r in range(rows) for v in range(vectors)]
        o.append("    }")
    for step in dict.fromkeys((len(sums), 1)):
        o.append(f"    for (; k <= kc - {4 * step}; k += {4 * step}, w += {size * vectors * step}) {{")
        for i in range(step):
            o += [f"      const vi b{i}_{v} = vi_load(w + {size * (i * vectors + v)});" for v in range(vectors)]
            for r in range(rows):
                o.append(f"      const vi x{r}_{i} = {flip}vi_four(a{r} + k + {4 * i}));")
                for v in range(vectors):
                    total = f"p{i}_{v}" if i else f"s{r}_{v}"
                    o.append(f"      {total} = vi_dot({total}, x{r}_{i}, b{i}_{v});")
        o.append("    }")
    o.append("    if (k < kc) { /* the last one to three of K */")
    o += [f"      const vi b{v} = vi_load(w + {size * v});" for v in range(vectors)]
    for r in range(rows):
        o.append(f"      const vi x{r} = {flip}{f'vi_four(a{r} + kc - 4)' if tile.over else f'vi_four_n(a{r} + k, kc - k)'});")
        o += [f"      s{r}_{v} = vi_dot(s{r}_{v}, x{r}, b{v});" for v in range(vectors)]
    o.append(f"      w += {size * vectors};\n    }}")
    o.append("  }")
    if len(sums) > 1:
        o += [f"  s0_{v} = vi_add(vi_add(s0_{v}, p1_{v}), vi_add(p2_{v}, p3_{v}));" for v in range(vectors)]
    stores = [f"  vi_store(s + {(r * vectors + v) * isa.lanes(4)}, s{r}_{v});" for r in range(rows) for v in range(vectors)]
    needs = [dot(isa), *([FLIP] if tile.shift(dtype) else []), *([NOINLINE] if tail is None else [])]
    if tail is not None:
        finish = finish_block(isa, tail)
        needs += [*tail.requires(isa), finish]
        passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
        o += [f"  if (left < {tile.width}) {{", f"    int32_t s[{rows * tile.width}];", *("  " + line for line in stores)]
        o += [f"    {finish.name}(s, {tile.width}, y, no, rows, left{passed}, zero);", "    return w;", "  }"]
        o += ["  " + line for line in finish_sums(tail, rows, vectors)]
        stores = ["  }", "  return w;"]
    o += [*stores, "}"]
    return CFunction(name, "\n".join(o) + "\n", tuple(needs), ("stdint.h", "stddef.h"))


FLIP = CFunction(
    "vi_flip",
    "/* signed bytes plus 128, unsigned; unsigned ones less 128, signed */\nstatic inline vi vi_flip(vi x) { return x ^ vi_set1((int32_t)0x80808080u); }\n",
)


@functools.cache
def _dot_block(tile: DotTile, dtype: DType, tail: SumTail) -> CFunction:
    isa, x = tile.isa, dtype.c
    finish = finish_block(isa, tail)
    lanes = isa.lanes(4)
    name = f"rows_{dtype.short}s8_{tile.label}{'_rowed' if tile.rowed else ''}{tail.suffix}"
    called: list[CFunction] = [finish, dialect_s8(isa)]
    byte = "p[k]" if not tile.shift(dtype) else "(int8_t)(p[k] ^ 128)" if dtype is DType.U8 else "(uint8_t)(p[k] ^ -128)"
    totals_text, added, times = "", "", ""
    if tile.rowed:
        times = ", int32_t times"
        totals_text = f"""  int32_t of[{tile.rows}];
  for (int32_t r = 0; r < rows; r++) {{
    of[r] = 0;
    for (int32_t t = 0; t < taps; t++) {{
      const {x} *const p = a[t * height + r] + ao;
      for (int32_t k = 0; k < kc; k++) of[r] += {byte};
    }}
    of[r] *= times;
  }}
"""
        added = f"""      for (int32_t r = 0; r < rows; r++)
        for (int32_t v = 0; v < width; v += {lanes}) vi_store(s + r * width + v, vi_add(vi_load(s + r * width + v), vi_set1(of[r])));
"""
    choices = []
    passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
    finished = f"{finish.name}(s, width, y, c, rows, left < width ? left : width{passed}, zero);"
    inlines = "put16" in isa.features and tail.inline and not tile.rowed
    for vectors in (tile.vectors, 1):
        inline = inlines and vectors == tile.vectors
        bodies = [tile.body(dtype, h, vectors, tail if inline else None) for h in (tile.rows, tile.few, 1)]
        called += bodies
        calls = " else ".join(
            [f"if (height == {h}) {f.name}(taps, kc, a, ao, w, s);" for h, f in zip((tile.rows, tile.few), bodies, strict=False)]
            + [f"{bodies[-1].name}(taps, kc, a, ao, w, s);"]
        )
        ends = f"y, 0, rows, n{passed}, zero" if inline else "s"
        calls = calls.replace(" else ", "\n      else ").replace("(taps, kc, a, ao, w, s)", f"(taps, kc, a, ao, w, {ends})")
        choices.append(re.sub(r"(tile_\w+)\(", r"w = \1(", calls) if inline else f"{calls}\n{added}      {finished}")
    step = f"w += (ptrdiff_t)width * {tile.column('taps', 'kc')};"
    if inlines:
        panels = f"""  int32_t c = 0;
  if (n > {lanes}) {{
      {choices[0]}
      c = (n - {lanes} + {tile.width - 1}) / {tile.width} * {tile.width};
  }}
  if (c < n) {{
      const int32_t left = n - c, width = {lanes};
      {choices[1]}
  }}
"""
    else:
        panels = f"""  for (int32_t c = 0; c < n; c += {tile.width}) {{
    const int32_t left = n - c, width = left > {lanes} ? {tile.width} : {lanes};
    if (width == {tile.width}) {{
      {choices[0]}
    }} else {{
      {choices[1]}
    }}
    {step}
  }}
"""
    text = f"""/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void {name}(int32_t taps, int32_t kc, const {x} *const *a, ptrdiff_t ao, const int8_t *w,
    {tail.out.c} *const *y, int32_t rows, int32_t n, int32_t height{tail.params(True)}, int32_t zero{times}) {{
  int32_t s[{tile.rows * tile.width}];
{totals_text}{panels}}}
"""
    return CFunction(name, text, tuple(called), ("stdint.h", "stddef.h"))

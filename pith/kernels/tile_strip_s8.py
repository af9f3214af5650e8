"""Register tiles of 8-bit products without dot product instructions: in 16-bit steps that are exact.

`depth` > 0, pairs: neighbouring products are summed in 16 bits, `depth` of such sums are added there, and only then widened to
int32. `exact_s16` has proven that they fit. `depth` 0, words: 16-bit factors, whose products are summed in pairs in int32;
this is exact for any bytes.

`edge` > 0, split: pairs that fit as long as the inputs stay within `edge`. Larger ones, which are rare behind a ReLU, are cut off
there, and what they exceed it by is multiplied too, in the groups of four bytes of K where any row of the block has some.

`least` < `depth`, mixed: a few columns of weights do not allow sums as deep as the others do. Panels that have none of them are
summed `depth` deep, the others `least`; each says which it is.

The inputs of a block of rows, all taps one after another, are first copied side by side, on the way shifted (pairs) or widened
(words). One tap of whole groups of four bytes that needs no shift is read where it lies.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pith.graph import DType
from pith.kernels import exact_s16
from pith.kernels.tail_s8 import SumTail, finish_block
from pith.kernels.tile_s8 import grouped
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import dialect_s8, shorts

_PART = 256  # groups of four bytes of K: the rows of a block share a panel of weights a part at a time, while it is near
_STRIP = 128 << 10  # bytes of the inputs of a block, and of one that takes all rows: weights that come from afar come once
_WHOLE = 256 << 10
_SHORT = 32  # bytes of a tap that are copied without asking how many they are


@dataclass(frozen=True, slots=True)
class StripTile:
    """Products over `taps` taps of `k` bytes each: some rows by 2 vectors, 2 rows, or 1 row."""

    isa: ISA
    taps: int
    k: int
    depth: int = 0
    moved: int = 0
    edge: int = 0
    rare: bool = True
    few_rows: int = 0  # how many rows there are, where they are few and the weights too large to stay near
    least: int = 0  # sums of the panels that are not `depth` deep; 0: all are
    top: int = 0  # the largest moved input, where panels differ
    share: float = 1.0  # of the panels that are `depth` deep

    name: ClassVar[str] = "strip"
    vectors: ClassVar[int] = 2
    few: ClassVar[int] = 2
    deepest: ClassVar[int] = 4
    enter: ClassVar[str] = ""
    leave: ClassVar[str] = ""

    @property
    def tall(self) -> int:
        """Rows that the registers hold."""
        return 8 if self.isa.registers >= 32 else 4

    @property
    def rows(self) -> int:
        """Rows of a block: some times as many as the registers hold, which share each panel of weights while it is near."""
        row = max(1, self.quads * 4 * (1 if self.depth else 2))
        whole = -(-self.few_rows // self.tall) * self.tall
        if whole and row * whole <= _WHOLE:
            return whole
        times = _STRIP // (row * self.tall)
        return self.tall * (4 if times >= 4 else 2 if times >= 2 else 1)

    @property
    def copied(self) -> bool:
        """Whether the inputs are copied first."""
        return not self.depth or self.taps > 1 or self.k % 4 != 0 or self.moved != 0 or self.edge != 0

    @property
    def label(self) -> str:
        deep = f"{self.depth}{f'or{self.least}' if self.least else ''}"
        kind = "split" if self.edge else f"pairs{deep}{'' if self.copied else '_near'}" if self.depth else "words"
        return f"{self.isa.name}_{kind}{'_moved' if self.moved else ''}{f'_by{self.reach}' if self.reach else ''}_{self.rows}x{self.width}"

    @property
    def why(self) -> str:
        """Words for `inspect`."""
        if not self.depth:
            return ", 16-bit factors"
        if self.edge:
            return f", products of two summed in 16 bits, inputs above {self.edge} in two steps"
        some = f" ({2 * self.least} in {1 - self.share:.0%} of the columns)" if self.least else ""
        return f", {2 * self.depth} products{some} summed in 16 bits{f', inputs moved by {self.moved}' if self.moved else ''}"

    @property
    def head(self) -> int:
        """Bytes that a column of a panel begins with, in front of its weights: its start, and whether the panel is a deep one."""
        return 8 if self.least else 4

    @property
    def reach(self) -> int:
        """Bytes that the copy of a short tap reads, those beyond it too where there are any, and the next tap overwrites; 0: taps
        are not short."""
        if self.taps == 1 or self.k > _SHORT:
            return 0
        step = self.isa.vector_bytes // (1 if self.depth else 2)
        return 16 if self.depth and self.k <= 16 else -(-self.k // step) * step

    @property
    def width(self) -> int:
        """Columns of the widest panel."""
        return self.vectors * self.isa.lanes(4)

    @property
    def quads(self) -> int:
        """Groups of four bytes of K."""
        return -(-self.taps * self.k // 4)

    @property
    def more(self) -> tuple[int, ...]:
        """Further arguments of the block function: shift, edge, bytes from one copied row to the next, bytes read of a short tap."""
        return (self.moved, self.edge, self.pitch, *([self.reach] if self.reach else [])) if self.copied else ()

    def height(self, left: str) -> str:
        """C expression of how many rows to take where `left` are left."""
        return f"{left} >= {self.rows} ? {self.rows} : {left} % {self.tall} > {self.few} ? ({left} + {self.tall - 1}) / {self.tall} * {self.tall} : {left}"

    def column(self, taps: str, k: str) -> str:
        """C expression: bytes that one column of the packed weights has."""
        return f"({self.head} + ((ptrdiff_t){taps} * {k} + 3) / 4 * 4)"

    def shift(self, dtype: DType) -> int:
        """What is added to the inputs to make them unsigned; words keep their sign."""
        return self.moved

    def pack(self, weights: np.ndarray, taps: int, start: np.ndarray) -> np.ndarray:
        """Weights [taps * K, N] and what the sums begin with [N] as panels of columns, one after another: bytes (int8).

        Of each panel as many numbers of a column lie side by side as one product sums: four bytes, or two.
        """
        lanes, n = self.isa.lanes(4), weights.shape[1]
        step = 4 if self.depth else 2
        groups = grouped(weights, 1, 4).reshape(-1, step, n)
        parts, c = [], 0
        while c < n:
            width = self.width if n - c > lanes else lanes
            panel, head = np.zeros((len(groups), width, step), np.int8), np.zeros(width, np.int32)
            part = groups[..., c : c + width]
            panel[:, : part.shape[-1]] = part.swapaxes(1, 2)
            head[: part.shape[-1]] = start[c : c + width]
            parts.append(head.view(np.int8))
            if self.least:
                deep = exact_s16.depth(self.top, part.reshape(-1, part.shape[-1]), self.depth) == self.depth
                parts.append(np.full(width, deep, np.int32).view(np.int8))
            parts.append(panel.reshape(-1))
            c += width
        return np.concatenate(parts)

    @property
    def pitch(self) -> int:
        """Bytes from one copied row to the next: a whole number of cache lines, not a multiple of 2048."""
        nbytes = -(-self.quads * 4 * (1 if self.depth else 2) // 64) * 64
        return nbytes + 64 if nbytes % 2048 == 0 else nbytes

    def scratch(self, taps: int, k: int) -> int:
        """Bytes of scratch memory a block needs, for the copied rows."""
        listed = -(-(self.quads * (self.tall + 1) + 1) * 4 // 64) * 64 if self.edge else 0
        return self.rows * self.pitch + self.rows // self.tall * listed + 2 * self.reach if self.copied else 0

    def cost(self, m: int, taps: int, k: int, n: int) -> float:
        """Time of the product in vector multiply-adds (two a cycle), whole tiles, copies and the epilogue included."""
        lanes = self.isa.lanes(4)
        left = m % self.tall
        rows = m - left + (0 if not left else self.tall if left > 2 else left)
        panels, vectors = -(-n // self.width), -(-n // lanes)
        split = 0.0 if not self.edge else 4.0 * k / self.isa.vector_bytes
        copy = 2.0 + split + 2.0 * k / self.isa.vector_bytes * (1 if self.depth else 2) if self.copied else 0.0
        each = {0: 2.9, 1: 2.1, 2: 1.85, 4: 1.8}
        quad = (self.share * each[self.depth] + (1 - self.share) * each[self.least]) * ((1.12 if self.rare else 2.0) if self.edge else 1.0)
        return rows * (taps * copy + vectors * (quad * self.quads + 10.0)) + 40.0 * -(-m // self.tall) * panels

    def block(self, dtype: DType, tail: SumTail) -> CFunction:
        """All panels for one block of rows."""
        return _block(self, dtype, tail)


def _copy(isa: ISA, dtype: DType, wide: bool, moved: bool) -> CFunction:
    """C function: n bytes as bytes plus `shift`, or as 16-bit numbers; nothing is read or written beyond them."""
    x, to, step = dtype.c, "int16_t" if wide else "uint8_t", isa.vector_bytes // (2 if wide else 1)
    name = f"strip_{dtype.short}_{isa.name}_{'words' if wide else 'moved' if moved else 'bytes'}"
    one = f"to[i] = ({to})(from[i]{' + shift' if moved else ''});"
    value = f"vi_words_{dtype.short}(from + i)" if wide else "vi_add8(vi_load(from + i), vi_set8(shift))" if moved else "vi_load(from + i)"
    put = f"vi_store((int32_t *)(void *)(to + i), {value});"
    eight = f"vi_eight{f'_{dtype.short}' if wide else ''}(to + i, from + i{'' if wide else ', shift' if moved else ', 0'});"
    halves = "" if wide or step == 16 else f"""  for (; i <= n - 16; i += 16) {eight.replace('eight', 'sixteen')}
  if (i < n && n >= 16) {{
    i = n - 16;
    {eight.replace('eight', 'sixteen')}
    return;
  }}
"""
    shift = "int32_t shift" if moved else ""
    text = f"""static inline void {name}({to} *to, const {x} *from, int32_t n{f', {shift}' if moved else ''}) {{
  int32_t i = 0;
  for (; i <= n - {step}; i += {step}) {put}
  if (i < n && n >= {step}) {{ /* the last ones, some of them once more */
    i = n - {step};
    {put}
    return;
  }}
{halves}  for (; i <= n - 8; i += 8) {eight}
  if (i < n && n >= 8) {{
    i = n - 8;
    {eight}
    return;
  }}
  for (; i < n; i++) {one}
}}
"""
    return CFunction(name, text, (shorts(isa),), ("stdint.h",))


def _copy_short(isa: ISA, dtype: DType, wide: bool, moved: bool, reach: int) -> CFunction:
    """C function: `reach` bytes as bytes plus `shift`, or as 16-bit numbers."""
    x, to, step = dtype.c, "int16_t" if wide else "uint8_t", isa.vector_bytes // (2 if wide else 1)
    name = f"strip_{dtype.short}_{isa.name}_{'words' if wide else 'moved' if moved else 'bytes'}_by{reach}"
    shift = "shift" if moved else "0"
    if not wide and reach < step:
        lines = [f"vi_sixteen(to, from, {shift});"]
    else:
        value = f"vi_words_{dtype.short}(from + {{0}})" if wide else "vi_add8(vi_load(from + {0}), vi_set8(shift))" if moved else "vi_load(from + {0})"
        lines = [f"vi_store((int32_t *)(void *)(to + {i}), {value.format(i)});" for i in range(0, reach, step)]
    head = f"static inline void {name}({to} *to, const {x} *from{', int32_t shift' if moved else ''}) {{\n"
    return CFunction(name, head + "".join(f"  {line}\n" for line in lines) + "}\n", (shorts(isa),), ("stdint.h",))


@functools.cache
def _split(isa: ISA, rows: int) -> CFunction:
    """C function: cuts rows [height, quads * 4] (readable to a whole vector) off at `edge`; lists which groups of four had more
    in any row, and how much in each of `rows`, ended by a group beyond all."""
    lanes = isa.lanes(4)
    name = f"split_{isa.name}_{rows}"
    text = f"""static void {name}(uint8_t *const *p, int32_t height, int32_t quads, int32_t edge, int32_t *places, int32_t *over) {{
  const vi top = vi_set8(edge);
  int32_t n = 0, left[{rows}][{lanes}], any[{lanes}];
  for (int32_t r = height; r < {rows}; r++)
    for (int32_t i = 0; i < {lanes}; i++) left[r][i] = 0;
  for (int32_t k = 0; k < quads; k += {lanes}) {{
    vi all = vi_set1(0);
    for (int32_t r = 0; r < height; r++) {{
      const vi x = vi_load(p[r] + 4 * k), more = vi_over8(x, top);
      vi_store((int32_t *)(void *)(p[r] + 4 * k), vi_min8(x, top));
      vi_store(left[r], more);
      all |= more;
    }}
    if (!vi_any(all)) continue;
    vi_store(any, all);
    for (int32_t i = 0; i < {lanes} && k + i < quads; i++) {{
      places[n] = k + i;
      for (int32_t r = 0; r < {rows}; r++) over[{rows} * n + r] = left[r][i];
      n += any[i] != 0;
    }}
  }}
  places[n] = INT32_MAX;
}}
"""
    return CFunction(name, text, (shorts(isa),), ("stdint.h",))


def _body(isa: ISA, depth: int, rows: int, vectors: int, apart: int = 0) -> CFunction:
    """C function: sums of `rows` rows over all of K, by one panel. apart: rows of the list of what was cut off, 0: there is none."""
    size, lanes = isa.vector_bytes, isa.lanes(4)
    x = "uint8_t" if depth else "int16_t"
    name = f"tile_{isa.name}_{'split' if apart else f'pairs{depth}' if depth else 'words'}_{rows}x{vectors * lanes}"
    o = [
        f"/* {rows} rows x {vectors} vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */",
        f"static void {name}(int32_t quads, const {x} *const *a{'' if apart else ', int32_t ao'}, const int8_t *w, int32_t *s, const int32_t *start"
        f"{', const int32_t *places, const int32_t *over' if apart else ', int32_t step'}) {{",
    ]
    o += [f"  const {x} *const a{r} = a[{r}]{'' if apart else ' + ao'};" for r in range(rows)]
    o += [f"  vi s{r}_{v} = vi_load(start + {'0' if apart else f'{r} * step'} + {lanes * v});" for r in range(rows) for v in range(vectors)]
    o += ["  const int8_t *const whole = w;"] if apart else []
    o += ["  int32_t k = 0;"]
    if not depth:
        o.append(f"  for (; k < 4 * quads; k += 4, w += {size * vectors}) {{")
        for n in range(2):
            o += [f"    const vi b{n}_{v} = vi_words_i8(w + {size // 2 * (n * vectors + v)});" for v in range(vectors)]
            for r in range(rows):
                o.append(f"    const vi x{r}_{n} = vi_four(a{r} + k + {2 * n});")
                o += [f"    s{r}_{v} = vi_add(s{r}_{v}, vi_wide_two(x{r}_{n}, b{n}_{v}));" for v in range(vectors)]
        o.append("  }")
    for n in dict.fromkeys((depth, 1)) if depth else ():
        if n == depth:
            o.insert(3, "  const vi one = vi_ones();")
        o.append(f"  for (; k <= 4 * quads - {4 * n}; k += {4 * n}, w += {size * vectors * n}) {{")
        o += [f"    const vi b{i}_{v} = vi_load(w + {size * (i * vectors + v)});" for i in range(n) for v in range(vectors)]
        for r in range(rows):
            o += [f"    const vi x{r}_{i} = vi_four(a{r} + k + {4 * i});" for i in range(n)]
            for v in range(vectors):
                total = f"vi_two(x{r}_0, b0_{v})"
                for i in range(1, n):
                    total = f"vi_add16({total}, vi_two(x{r}_{i}, b{i}_{v}))"
                o.append(f"    s{r}_{v} = vi_add(s{r}_{v}, vi_wide_two({total}, one));")
        o.append("  }")
    if apart:
        o.append(f"  for (; *places < quads; places++, over += {apart}) {{ /* what was cut off */")
        o.append(f"    const int8_t *const b = whole + (ptrdiff_t)*places * {size * vectors};")
        o += [f"    const vi b{v} = vi_load(b + {size * v});" for v in range(vectors)]
        for r in range(rows):
            o.append(f"    const vi x{r} = vi_set1(over[{r}]);")
            o += [f"    s{r}_{v} = vi_add(s{r}_{v}, vi_wide_two(vi_two(x{r}, b{v}), one));" for v in range(vectors)]
        o.append("  }")
    o += [f"  vi_store(s + {(r * vectors + v) * lanes}, s{r}_{v});" for r in range(rows) for v in range(vectors)]
    o.append("}")
    return CFunction(name, "\n".join(o) + "\n", (shorts(isa),), ("stdint.h", "stddef.h"))


@functools.cache
def _block(tile: StripTile, dtype: DType, tail: SumTail) -> CFunction:
    isa, depth, copied, moved, split = tile.isa, tile.depth, tile.copied, tile.moved != 0, tile.edge != 0
    x, lanes, finish = dtype.c, isa.lanes(4), finish_block(isa, tail)
    width, few, tall, rows = 2 * lanes, StripTile.few, tile.tall, tile.rows
    unit = "uint8_t" if depth else "int16_t"
    name = f"rows_{dtype.short}s8_{tile.label}{tail.suffix}"
    called: list[CFunction] = [finish, dialect_s8(isa)]

    def choice(vectors: int, depth: int) -> str:
        bodies = [_body(isa, depth, h, vectors, tall if split else 0) for h in (tall, few, 1)]
        called.extend(bodies)
        at = "p + r" if not copied else f"(const {unit} *const *)p + r"
        run = f"(part, {at}, 4 * q, w + (ptrdiff_t)4 * width * q, t, q ? t : head, q ? width : 0);"
        if split:
            run = f"(quads, {at}, w, t, head, places + r / {tall} * (quads + 1), over + r * quads);"
        calls = [f"if (height - r >= {h}) {f.name}{run}" for h, f in zip((tall, few), bodies, strict=False)]
        return "\n          else ".join([*calls, f"{bodies[-1].name}{run}"])

    cases = [("deep && ", depth), ("", tile.least)] if tile.least else [("", depth)]
    conditions = [f"if ({deep}width == {n * lanes}) {{\n          {choice(n, d)}\n        }}" for deep, d in cases for n in (2, 1)]
    conditions[-1] = "{" + conditions[-1].partition("{")[2]
    chosen = " else ".join(conditions)
    if copied:
        copy, with_shift = _copy(isa, dtype, not depth, moved), ", shift" if moved else ""
        called.append(copy)
        one = f"{copy.name}(to, a[t * height + r] + ao, kc{with_shift});"
        if tile.reach:
            short = _copy_short(isa, dtype, not depth, moved, tile.reach)
            called.append(short)
            one = f"""{{
      const {x} *const from = a[t * height + r] + ao;
      if ((uintptr_t)from <= last) {short.name}(to, from{with_shift});
      else {copy.name}(to, from, kc{with_shift});
    }}"""
        ends = f"(quads + {lanes - 1}) / {lanes} * {4 * lanes}" if split else "4 * quads"
        fill = f"""  for (int32_t r = 0; r < height; r++) {{ /* all taps of a row side by side, whole groups of four */
    {unit} *to = ({unit} *)(void *)(memory + (ptrdiff_t)r * pitch);
    p[r] = to;
    for (int32_t t = 0; t < taps; t++, to += kc) {one}
    for (int32_t k = taps * kc; k < {ends}; k++) *to++ = 0;
  }}
"""
        if split:
            cut = _split(isa, tall)
            called.append(cut)
            fill += f"""  int32_t *const over = (int32_t *)(void *)(memory + (ptrdiff_t){rows} * pitch), *const places = over + {rows} * quads;
  for (int32_t r = 0; r < height; r += {tall}) {{
    const int32_t left = height - r;
    {cut.name}(p + r, left < {tall} ? left : {tall}, quads, edge, places + r / {tall} * (quads + 1), over + r * quads);
  }}
"""
    else:
        fill = "  for (int32_t r = 0; r < height; r++) p[r] = a[r] + ao;\n"
    more = f", int32_t shift, int32_t edge, int32_t pitch{', uintptr_t last' if tile.reach else ''}, unsigned char *memory" if copied else ""
    unused = "" if not copied else "".join(f"  (void){v};\n" for v, used in (("shift", moved), ("edge", split)) if not used)
    # the list of what was cut off stands for all of K, which therefore is not taken in parts
    parts = "for (int32_t q = 0, part; q == 0 || q < quads; q += part) {"
    parts += f" /* a part of K */\n      part = quads - q < {_PART + _PART // 2} ? quads - q : {_PART};"
    passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
    deep = "    const int32_t deep = head[width];\n    w += 4 * width;\n" if tile.least else ""
    # weights that come from afar, once for all rows: those of the next part are sent for beside the rows of this one
    ahead = ""
    if rows > 4 * tall and not split:
        ahead = f"        for (int32_t i = 0; i < 4 * width * part * {tall} / rows + 64; i += 64)\n"
        ahead += "          _mm_prefetch((const char *)w + (ptrdiff_t)4 * width * (q + part) + (ptrdiff_t)4 * width * part / rows * r + i, _MM_HINT_T0);\n"
    text = f"""/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void {name}(int32_t taps, int32_t kc, const {x} *const *a, ptrdiff_t ao, const int8_t *w,
    {tail.out.c} *const *y, int32_t rows, int32_t n, int32_t height{tail.params(True)}, int32_t zero{more}) {{
  const int32_t quads = (taps * kc + 3) / 4;
  int32_t s[{rows * width}];
  {'' if copied else 'const '}{unit} *p[{rows}];
{unused}{fill}  for (int32_t c = 0; c < n; c += {width}) {{
    const int32_t left = n - c, width = left > {lanes} ? {width} : {lanes};
    const int32_t *const head = (const int32_t *)(const void *)w;
    w += 4 * width;
{deep}    {'{' if split else parts}
      for (int32_t r = 0; r < rows; r += height - r >= {tall} ? {tall} : height - r >= {few} ? {few} : 1) {{
        int32_t *const t = s + r * width;
{ahead}        {chosen}
      }}
    }}
    {finish.name}(s, width, y, c, rows, left < width ? left : width{passed}, zero);
    w += (ptrdiff_t)width * 4 * quads;
  }}
}}
"""
    return CFunction(name, text, tuple(called), ("stdint.h", "stddef.h"))

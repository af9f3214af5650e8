"""Register tiles of 8-bit products along K, sixteen at a time, for instruction sets that widen products of bytes to 16 bits.

Each sum is a vector: row and column are multiplied sixteen bytes at a time, `2 * group` products meet in each 16-bit number, and only
then are these widened to int32; the elements of a sum are added at the end. `proven` says how many products fit. `group` 0:
none is added to another, which is exact for any bytes.

The bytes of a row, all taps one after another, are copied side by side where they are not there already, and moved by `moved` so that
they are signed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pith.graph import DType
from pith.kernels.tail_s8 import SumTail, finish_block
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import chunks, dialect_s8

CHUNK = 16
MOST = 4  # chunks whose products are added in 16 bits
_COLUMNS = 4


def _tall(isa: ISA, group: int) -> int:
    """Rows whose sums, inputs and weights the registers hold."""
    return 2 if isa.registers < 32 else 3 if group == MOST else 4


def most(isa: ISA) -> int:
    """The most chunks whose products are added in 16 bits: the inputs of all of them are in registers at once."""
    return MOST if isa.registers >= 32 else 1


def proven(low: int, high: int, columns: np.ndarray) -> int:
    """The most chunks, 4, 2, 1 or 0, whose products of inputs in [low, high] with `columns` [K, N] can be added in 16 bits."""
    low, high = min(low, 0), max(high, 0)  # so that no partial sum is beyond the whole one
    w = columns.astype(np.int64)
    w = np.concatenate([w, np.zeros((-len(w) % (CHUNK * MOST), w.shape[1]), np.int64)]).reshape(-1, 2, 8, w.shape[1])
    up, down = np.maximum(low * w, high * w).sum(1), np.minimum(low * w, high * w).sum(1)  # [chunks, 8, N]
    group = MOST
    while group:
        most, least = (v.reshape(-1, group, *v.shape[1:]).sum(1) for v in (up, down))
        if most.max(initial=0) <= 32767 and least.min(initial=0) >= -32768:
            return group
        group //= 2
    return 0


@dataclass(frozen=True, slots=True)
class ChunkTile:
    """Products over `taps` taps of `k` bytes each, some rows by 4 columns."""

    isa: ISA
    taps: int
    k: int
    group: int = 0
    moved: int = 0

    name: ClassVar[str] = "strip"
    enter: ClassVar[str] = ""
    leave: ClassVar[str] = ""
    rows: ClassVar[int] = 12
    width: ClassVar[int] = 16
    head: ClassVar[int] = 0  # sums and weights of its panels are interleaved otherwise: weights of 4 bits stay one a byte

    @property
    def copied(self) -> bool:
        """Whether the inputs are copied first."""
        return self.taps > 1 or self.k % CHUNK != 0 or self.moved != 0

    @property
    def label(self) -> str:
        return f"{self.isa.name}_chunks{self.group}{'' if self.copied else '_near'}{'_moved' if self.moved else ''}_{_tall(self.isa, self.group)}x{_COLUMNS}"

    @property
    def why(self) -> str:
        """Words for `inspect`."""
        return f", {2 * self.group} products summed in 16 bits" if self.group else ", each product widened"

    @property
    def pitch(self) -> int:
        """Bytes from one copied row to the next."""
        return -(-self.taps * self.k // CHUNK) * CHUNK

    @property
    def more(self) -> tuple[int, ...]:
        """Further arguments of the block function: shift, none, bytes from one copied row to the next."""
        return (self.moved, 0, self.pitch) if self.copied else ()

    def height(self, left: str) -> str:
        """C expression of how many rows to take where `left` are left."""
        return f"{left} >= {self.rows} ? {self.rows} : {left}"

    def column(self, taps: str, k: str) -> str:
        """C expression: bytes that one column of the packed weights has."""
        return f"(4 + ((ptrdiff_t){taps} * {k} + {CHUNK - 1}) / {CHUNK} * {CHUNK})"

    def shift(self, dtype: DType) -> int:
        """What is added to the inputs."""
        return self.moved

    def pack(self, weights: np.ndarray, taps: int, start: np.ndarray) -> np.ndarray:
        """Weights [taps * K, N] and what the sums begin with [N] as panels of columns, one after another: bytes (int8)."""
        k, n = weights.shape
        full = np.zeros((-(-k // CHUNK) * CHUNK, -(-n // _COLUMNS) * _COLUMNS), np.int8)
        full[:k, :n] = weights
        heads = np.zeros(full.shape[1], np.int32)
        heads[:n] = start
        by_four = full.reshape(-1, CHUNK, full.shape[1] // _COLUMNS, _COLUMNS).transpose(2, 0, 3, 1)  # [N / 4, chunks, 4, 16]
        whole = by_four.shape[1] // self.group * self.group if self.group > 1 else 0
        parts = []
        for c in range(0, full.shape[1], self.width):
            parts.append(heads[c : c + self.width].view(np.int8))
            for four in by_four[c // _COLUMNS : c // _COLUMNS + self.width // _COLUMNS]:
                if whole:  # the chunks of a group side by side, for each column
                    parts.append(np.ascontiguousarray(four[:whole].reshape(-1, self.group, _COLUMNS, CHUNK).swapaxes(1, 2)).reshape(-1))
                parts.append(np.ascontiguousarray(four[whole:]).reshape(-1))
        return np.concatenate(parts)

    def scratch(self, taps: int, k: int) -> int:
        """Bytes of scratch memory a block needs, for the copied rows."""
        return self.rows * self.pitch if self.copied else 0

    def cost(self, m: int, taps: int, k: int, n: int) -> float:
        """Time of the product in vector multiply-adds, copies and the epilogue included."""
        sixteen = -(-taps * k // CHUNK)
        each = {0: 4.6, 1: 3.4, 2: 2.8, 4: 2.5}[self.group]
        copy = 4.0 * taps + 3.0 * sixteen if self.copied else 2.0
        return m * (copy + -(-n // _COLUMNS) * (_COLUMNS * each * sixteen + 12.0))

    def block(self, dtype: DType, tail: SumTail) -> CFunction:
        """All panels for one block of rows."""
        return _block(self.isa, dtype, tail, self.group, self.copied, self.moved != 0, self.label)


@functools.cache
def _body(isa: ISA, group: int, rows: int) -> CFunction:
    """C function: sums of `rows` rows by four columns over all chunks."""
    name = f"tile_s8_{isa.name}_chunks{group}_{rows}x{_COLUMNS}"
    row, column = range(rows), range(_COLUMNS)
    o = [
        f"/* {rows} rows x {_COLUMNS} columns: s[16 * r] = start + sum over k of a[r][k] * w */",
        f"static void {name}(int32_t chunks, const int8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start) {{",
        *(f"  const int8_t *const a{r} = a[{r}];" for r in row),
        "  vi " + ", ".join(f"s{r}_{c} = vi_set1(0)" for r in row for c in column) + ";",
        "  int32_t k = 0;",
    ]
    if group > 1:
        o.append(f"  for (; k <= {CHUNK} * (chunks - {group}); k += {CHUNK * group}, w += {CHUNK * group * _COLUMNS}) {{")
        o += [f"    const vb x{r}_{g} = vb_load(a{r} + k + {CHUNK * g});" for r in row for g in range(group)]
        for c in column:
            o += ["    {"]
            o += [f"      const vb b{g} = vb_load(w + {CHUNK * (c * group + g)});" for g in range(group)]
            o += [f"      vs t{r} = vb_low(x{r}_0, b0);" for r in row]
            o += [f"      t{r} = vb_add_high(t{r}, x{r}_0, b0);" for r in row]
            for g in range(1, group):
                o += [f"      t{r} = vb_add_{half}(t{r}, x{r}_{g}, b{g});" for half in ("low", "high") for r in row]
            o += [f"      s{r}_{c} = vi_pairs16(s{r}_{c}, t{r});" for r in row]
            o.append("    }")
        o.append("  }")
    o.append(f"  for (; k < {CHUNK} * chunks; k += {CHUNK}, w += {CHUNK * _COLUMNS}) {{")
    o += [f"    const vb x{r} = vb_load(a{r} + k);" for r in row]
    for c in column:
        o.append(f"    const vb b{c} = vb_load(w + {CHUNK * c});")
        if group and rows == 2 and isa.registers < 32:
            o.append(f"    vb_two_rows(s0_{c}, s1_{c}, x0, x1, b{c});")
            continue
        for r in row:
            if group:
                o.append(f"    s{r}_{c} = vi_pairs16(s{r}_{c}, vb_add_high(vb_low(x{r}, b{c}), x{r}, b{c}));")
            else:
                o.append(f"    s{r}_{c} = vi_pairs16(vi_pairs16(s{r}_{c}, vb_low(x{r}, b{c})), vb_high(x{r}, b{c}));")
    o.append("  }")
    o.append("  const vi from = vi_load(start);")
    o += [f"  vi_store(s + {16 * r}, vi_add(from, vi_sums(s{r}_0, s{r}_1, s{r}_2, s{r}_3)));" for r in row]
    return CFunction(name, "\n".join([*o, "}"]) + "\n", (chunks(isa),), ("stdint.h",))


def _copy(isa: ISA, moved: bool) -> CFunction:
    """C function: n bytes, `shift` added; nothing is read or written beyond them."""
    name = f"chunk_copy_{isa.name}{'_moved' if moved else ''}"
    value = "vb_add(vb_load(from + {}), shift)" if moved else "vb_load(from + {})"
    text = f"""static inline void {name}(int8_t *to, const void *p, int32_t n{', int32_t shift' if moved else ''}) {{
  const int8_t *const from = (const int8_t *)p;
  int32_t i = 0;
  for (; i <= n - {CHUNK}; i += {CHUNK}) vb_store(to + i, {value.format('i')});
  if (i < n && n >= {CHUNK}) { '{' } /* the last ones, some of them once more */
    vb_store(to + n - {CHUNK}, {value.format(f'n - {CHUNK}')});
    return;
  }}
  for (; i < n; i++) to[i] = (int8_t)(from[i]{' + shift' if moved else ''});
}}
"""
    return CFunction(name, text, (chunks(isa),), ("stdint.h",))


@functools.cache
def _block(isa: ISA, dtype: DType, tail: SumTail, group: int, copied: bool, moved: bool, label: str) -> CFunction:
    finish, rows, tall = finish_block(isa, tail), ChunkTile.rows, _tall(isa, group)
    bodies = [(h, _body(isa, group, h)) for h in dict.fromkeys((tall, 2, 1))]
    called: list[CFunction] = [finish, dialect_s8(isa), *(f for _, f in bodies)]
    name = f"rows_{dtype.short}s8_{label}{tail.suffix}"
    run = "(chunks, p + r, w, s + 16 * r + v, head + v);"
    calls = [f"if (height - r >= {h}) {f.name}{run}" for h, f in bodies[:-1]] + [f"{bodies[-1][1].name}{run}"]
    choice = "\n          else ".join(calls)
    more, fill = "", "  for (int32_t r = 0; r < height; r++) p[r] = (const int8_t *)(a[r] + ao);\n"
    if copied:
        copy = _copy(isa, moved)
        called.append(copy)
        more = ", int32_t shift, int32_t edge, int32_t pitch, unsigned char *memory"
        fill = f"""  (void)edge;
{'' if moved else '  (void)shift;'}
  for (int32_t r = 0; r < height; r++) {{ /* all taps of a row side by side, whole chunks */
    int8_t *to = (int8_t *)(memory + (ptrdiff_t)r * pitch);
    p[r] = to;
    for (int32_t t = 0; t < taps; t++, to += kc) {copy.name}(to, a[t * height + r] + ao, kc{', shift' if moved else ''});
    for (int32_t k = taps * kc; k < {CHUNK} * chunks; k++) *to++ = 0;
  }}
"""
    passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
    text = f"""/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void {name}(int32_t taps, int32_t kc, const {dtype.c} *const *a, ptrdiff_t ao, const int8_t *w,
    {tail.out.c} *const *y, int32_t rows, int32_t n, int32_t height{tail.params(True)}, int32_t zero{more}) {{
  const int32_t chunks = (taps * kc + {CHUNK - 1}) / {CHUNK};
  int32_t s[{16 * rows}];
  const int8_t *p[{rows}];
{fill}  for (int32_t c = 0; c < n; c += 16) {{
    const int32_t left = n - c < 16 ? n - c : 16, width = (left + 3) / 4 * 4;
    const int32_t *const head = (const int32_t *)(const void *)w;
    w += 4 * width;
    for (int32_t v = 0; v < width; v += 4, w += {CHUNK * _COLUMNS} * (ptrdiff_t)chunks) {{
      for (int32_t r = 0; r < height; r += height - r >= {tall} ? {tall} : height - r >= 2 ? 2 : 1) {{
          {choice}
      }}
    }}
    {finish.name}(s, 16, y, c, rows, left{passed}, zero);
  }}
}}
"""
    return CFunction(name, text, tuple(called), ("stdint.h", "stddef.h"))

"""Register tiles of 8-bit products by matrix multiplication of bytes (FEAT_I8MM): 2x8 bytes by 8x2, sums in int32.

Two rows lie in a register, eight bytes of each, and two columns of the weights in another; one instruction makes the four sums of
both. Rows are put together as they are loaded, sixteen bytes of two rows by two permutations, and sums are taken apart by one a
vector at the end. All else is `tile_s8`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pith.graph import DType
from pith.kernels.tail_s8 import SumTail, finish_block, finish_sums
from pith.kernels.tile_s8 import FLIP, DotTile, grouped
from pith.vector.cfunction import CFunction
from pith.vector.s8 import matrices

STEP = 8  # bytes of a row in one instruction


@dataclass(frozen=True, slots=True)
class MmlaTile(DotTile):
    """Eight rows, two, or one by eight columns; K is 8 at least. The last bytes of K are the last of eight that overlap those before,
    whose weights are 0 there."""

    name: ClassVar[str] = "mmla"

    @property
    def rows(self) -> int:
        return 8

    @property
    def few(self) -> int:
        return 2

    @property
    def prefix(self) -> str:
        return f"{self.isa.name}_mmla"

    def column(self, taps: str, k: str) -> str:
        return f"(4 + (ptrdiff_t){taps} * (({k} + {STEP - 1}) / {STEP} * {STEP}))"

    def pack(self, weights: np.ndarray, taps: int, start: np.ndarray) -> np.ndarray:
        lanes, n = self.isa.lanes(4), weights.shape[1]
        eight = grouped(weights, taps, STEP)  # [taps, groups, 8, N]
        eight[:, -1] = np.roll(eight[:, -1], -(weights.shape[0] // taps) % STEP, 1)
        parts, c = [], 0
        while c < n:
            width = self.width if n - c > lanes else lanes
            panel, head = np.zeros((*eight.shape[:2], width, STEP), np.int8), np.zeros(width, np.int32)
            part = eight[..., c : c + width]
            panel[:, :, : part.shape[-1]] = part.swapaxes(2, 3)
            head[: part.shape[-1]] = start[c : c + width]
            parts += [head.view(np.int8), panel.reshape(-1)]
            c += width
        return np.concatenate(parts)

    def cost(self, m: int, taps: int, k: int, n: int) -> float:
        full, left = divmod(m, self.rows)
        rows = full * self.rows + (0 if not left else self.rows if left > 2 * self.few else -(-left // self.few) * self.few)
        panels, vectors = -(-n // self.width), -(-n // self.isa.lanes(4))
        return rows * vectors * (0.7 * taps * -(-k // 4) + 11.0) + 40.0 * -(-m // self.rows) * panels

    def body(self, dtype: DType, rows: int, vectors: int, tail: SumTail | None = None) -> CFunction:
        return _body(self, dtype, rows, vectors, tail)


@functools.cache
def _body(tile: MmlaTile, dtype: DType, rows: int, vectors: int, tail: SumTail | None) -> CFunction:
    """As `tile_s8`'s: sums of `rows` rows by a panel left in an array; or of all panels of that width through the epilogue."""
    isa, size, x = tile.isa, tile.isa.vector_bytes, dtype.c
    lanes = isa.lanes(4)
    name = f"tile_{dtype.short}s8_{tile.prefix}_{rows}x{vectors * lanes}{tail.suffix if tail else ''}"
    ends = "int32_t *s" if tail is None else f"{tail.out.c} *const *y, ptrdiff_t no, int32_t rows, int32_t left{tail.params(True)}, int32_t zero"
    flip = "vi_flip(" if tile.shift(dtype) else "("
    pairs, columns = -(-rows // 2), 2 * vectors
    second = [min(2 * p + 1, rows - 1) for p in range(pairs)]  # a row without another is taken twice
    o = [
        f"/* {rows} rows x {vectors} vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */",
        f"static {'void ' if tail is None else 'const int8_t *'}{name}(int32_t taps, int32_t kc, const {x} *const *a, ptrdiff_t ao,",
        f"    const int8_t *w, {ends}) {{",
    ]
    if tail is not None:
        o += [f"  const {x} *const *const first = a;", f"  for (; left > {lanes}; left -= {tile.width}, no += {tile.width}) {{", "  a = first;"]
    o += [f"  const vi start{c} = vi_twice(w + {8 * c});" for c in range(columns)]
    o.append("  vi " + ", ".join(f"m{p}_{c} = start{c}" for p in range(pairs) for c in range(columns)) + ";")
    o += [f"  w += {size * vectors};", "  for (int32_t t = 0; t < taps; t++) {"]
    o += [f"    const {x} *const a{r} = a[{r}] + ao;" for r in range(rows)]
    o += [f"    a += {rows};", "    int32_t k = 0;", f"    for (; k <= kc - {2 * STEP}; k += {2 * STEP}, w += {4 * size * vectors}) {{"]
    o += [f"      const vi x{r} = {flip}vi_load(a{r} + k));" for r in range(rows)]
    for half, word in enumerate(("vi_lower", "vi_upper")):
        o += [f"      const vi p{half}_{p} = {word}(x{2 * p}, x{second[p]});" for p in range(pairs)]
        for c in range(columns):
            o.append(f"      const vi w{half}_{c} = vi_load(w + {size * (half * columns + c)});")
            o += [f"      m{p}_{c} = vi_matrix(m{p}_{c}, p{half}_{p}, w{half}_{c});" for p in range(pairs)]
    o += ["    }", f"    for (; k < kc; k += {STEP}, w += {2 * size * vectors}) {{ /* the last eight, some of them once more */"]
    o.append(f"      const int32_t at = k <= kc - {STEP} ? k : kc - {STEP};")
    o += [f"      const vi p{p} = {flip}vi_eights(a{2 * p} + at, a{second[p]} + at));" for p in range(pairs)]
    for c in range(columns):
        o.append(f"      const vi w{c} = vi_load(w + {size * c});")
        o += [f"      m{p}_{c} = vi_matrix(m{p}_{c}, p{p}, w{c});" for p in range(pairs)]
    o += ["    }", "  }"]
    for r in range(rows):
        word = "vi_upper" if r % 2 else "vi_lower"
        o += [f"  const vi s{r}_{v} = {word}(m{r // 2}_{2 * v}, m{r // 2}_{2 * v + 1});" for v in range(vectors)]
    stores = [f"  vi_store(s + {(r * vectors + v) * lanes}, s{r}_{v});" for r in range(rows) for v in range(vectors)]
    needs = [matrices(isa), *([FLIP] if tile.shift(dtype) else [])]
    if tail is not None:
        finish = finish_block(isa, tail)
        needs += [*tail.requires(isa), finish]
        passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
        o += [f"  if (left < {tile.width}) {{", f"    int32_t s[{rows * tile.width}];", *("  " + line for line in stores)]
        o += [f"    {finish.name}(s, {tile.width}, y, no, rows, left{passed}, zero);", "    return w;", "  }"]
        o += ["  " + line for line in finish_sums(tail, rows, vectors)]
        stores = ["  }", "  return w;"]
    return CFunction(name, "\n".join([*o, *stores, "}"]) + "\n", tuple(needs), ("stdint.h", "stddef.h"))

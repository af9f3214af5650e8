"""Register tiles of products of 16-bit inputs and 8-bit weights: `tile_strip_s8` in words, sums in int32 or int64.

The inputs of a block of rows are copied side by side, unsigned ones less 2^15. Sums of pairs of products are added in int32. What
they need beyond (sums in int64) is taken in parts: `part` groups of four of K, whose sums provably stay within int32 for any
inputs, are added to int64 numbers. Sums in int32 wrap on the way, since inputs have been moved; what comes out has been proven to fit.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from pith.graph import DType
from pith.kernels.tail_s8 import SumTail, finish_block
from pith.kernels.tile_s8 import grouped
from pith.kernels.tile_strip_s8 import StripTile, _body
from pith.ops.int32 import LARGEST
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import dialect_s8, shorts

_PARTS = (256, 128, 64)  # groups of four of K; the last fits whatever the weights are
_FARTHEST = 2**15  # magnitude of a moved input


def part_of(columns: np.ndarray) -> int:
    """How many groups of four of K, of weights `columns` [K, N] (K a multiple of 4), int32 holds the products of with any inputs."""
    for n in _PARTS[:-1]:
        padded = np.pad(np.abs(columns.astype(np.int64)), ((0, -len(columns) % (4 * n)), (0, 0)))
        if int(padded.reshape(-1, 4 * n, columns.shape[1]).sum(1).max(initial=0)) * _FARTHEST <= LARGEST:
            return n
    return _PARTS[-1]


@dataclass(frozen=True, slots=True)
class ShortTile(StripTile):
    """Products over `taps` taps of `k` 16-bit numbers each. part: 0 for sums in int32."""

    part: int = 0

    @property
    def reach(self) -> int:
        """Taps are copied number by number."""
        return 0

    @property
    def label(self) -> str:
        return f"{self.isa.name}_shorts{'_long' if self.part else ''}_{self.rows}x{self.width}"

    @property
    def why(self) -> str:
        """Words for `inspect`."""
        return ", 16-bit inputs, sums in int64" if self.part else ", 16-bit inputs"

    @property
    def head(self) -> int:
        """Bytes that a column of a panel begins with, in front of its weights."""
        return 12 if self.part else 4

    @property
    def more(self) -> tuple[int, ...]:
        """Further arguments of the block function: nothing, groups of a part, bytes from one copied row to the next."""
        return 0, self.part, self.pitch

    def column(self, taps: str, k: str) -> str:
        """C expression: bytes that one column of the packed weights has."""
        return f"({12 if self.part else 4} + ((ptrdiff_t){taps} * {k} + 3) / 4 * 4)"

    def shift(self, dtype: DType) -> int:
        """What is added to the inputs to make them signed."""
        return -_FARTHEST if dtype is DType.U16 else 0

    def pack(self, weights: np.ndarray, taps: int, start: np.ndarray) -> np.ndarray:
        """As of words; of sums in int64 what they begin with is int64, behind the zeros that a part begins with."""
        lanes, n = self.isa.lanes(4), weights.shape[1]
        groups = grouped(weights, 1, 4).reshape(-1, 2, n)
        parts, c = [], 0
        while c < n:
            width = self.width if n - c > lanes else lanes
            panel, head = np.zeros((len(groups), width, 2), np.int8), np.zeros(width, np.int64)
            own = groups[..., c : c + width]
            panel[:, : own.shape[-1]] = own.swapaxes(1, 2)
            head[: own.shape[-1]] = start[c : c + width]
            parts += [np.zeros(width, np.int32).view(np.int8), head.view(np.int8)] if self.part else [head.astype(np.int32).view(np.int8)]
            parts.append(panel.reshape(-1))
            c += width
        return np.concatenate(parts)

    def block(self, dtype: DType, tail: SumTail) -> CFunction:
        """All panels for one block of rows."""
        return _block(self.isa, dtype, tail, self.part != 0, (self.tall, self.rows), self.label)


@functools.cache
def _copy(isa: ISA, dtype: DType) -> CFunction:
    """C function: n numbers as signed ones; nothing is read or written beyond them."""
    x, step = dtype.c, isa.vector_bytes // 2
    name = f"strip_{dtype.short}_{isa.name}_shorts"
    signed = dtype is DType.I16
    one = "to[i] = from[i];" if signed else "to[i] = (int16_t)(from[i] - 32768);"
    put = f"vi_store((int32_t *)(void *)(to + i), vi_load(from + i){'' if signed else ' ^ vi_set1((int32_t)0x80008000u)'});"
    text = f"""static inline void {name}(int16_t *to, const {x} *from, int32_t n) {{
  int32_t i = 0;
  for (; i <= n - {step}; i += {step}) {put}
  if (i < n && n >= {step}) {{ /* the last ones, some of them once more */
    i = n - {step};
    {put}
    return;
  }}
  for (; i < n; i++) {one}
}}
"""
    return CFunction(name, text, (shorts(isa),), ("stdint.h",))


@functools.cache
def _block(isa: ISA, dtype: DType, tail: SumTail, long: bool, heights: tuple[int, int], label: str) -> CFunction:
    x, lanes, finish, copy = dtype.c, isa.lanes(4), finish_block(isa, tail), _copy(isa, dtype)
    width, few, (tall, rows) = 2 * lanes, StripTile.few, heights
    name = f"rows_{dtype.short}s8_{label}{tail.suffix}"
    called: list[CFunction] = [finish, dialect_s8(isa), copy]
    choices = []
    for vectors in (2, 1):
        bodies = [_body(isa, 0, h, vectors) for h in (tall, few, 1)]
        called += bodies
        run = f"(part, (const int16_t *const *)p + r, 4 * q, w + (ptrdiff_t)4 * width * q, t, {'head, 0' if long else 'q ? t : head, q ? width : 0'});"
        calls = [f"if (height - r >= {h}) {f.name}{run}" for h, f in zip((tall, few), bodies, strict=False)]
        choices.append("\n          else ".join([*calls, f"{bodies[-1].name}{run}"]))
    begin = gather = ""
    sums = "s"
    if long:
        sums = "total"
        begin = f"""    int64_t total[{rows * width}];
    for (int32_t i = 0; i < width; i++) total[i] = ((const int64_t *)(const void *)w)[i];
    for (int32_t i = width; i < height * width; i++) total[i] = total[i - width];
    w += 8 * width;
"""
        gather = "\n      for (int32_t i = 0; i < height * width; i++) total[i] += s[i];"
    size = "quads - q < edge ? quads - q : edge" if long else "quads - q < 384 ? quads - q : 256"
    passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
    text = f"""/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void {name}(int32_t taps, int32_t kc, const {x} *const *a, ptrdiff_t ao, const int8_t *w,
    {tail.out.c} *const *y, int32_t rows, int32_t n, int32_t height{tail.params(True)}, int32_t zero,
    int32_t shift, int32_t edge, int32_t pitch, unsigned char *memory) {{
  const int32_t quads = (taps * kc + 3) / 4;
  int32_t s[{rows * width}];
  int16_t *p[{rows}];
  (void)shift;
{'' if long else '  (void)edge;' + chr(10)}  for (int32_t r = 0; r < height; r++) {{ /* all taps of a row side by side, whole groups of four */
    int16_t *to = (int16_t *)(void *)(memory + (ptrdiff_t)r * pitch);
    p[r] = to;
    for (int32_t t = 0; t < taps; t++, to += kc) {copy.name}(to, a[t * height + r] + ao, kc);
    for (int32_t k = taps * kc; k < 4 * quads; k++) *to++ = 0;
  }}
  for (int32_t c = 0; c < n; c += {width}) {{
    const int32_t left = n - c, width = left > {lanes} ? {width} : {lanes};
    const int32_t *const head = (const int32_t *)(const void *)w;
    w += 4 * width;
{begin}    for (int32_t q = 0, part; q == 0 || q < quads; q += part) {{ /* a part of K */
      part = {size};
      for (int32_t r = 0; r < height; r += height - r >= {tall} ? {tall} : height - r >= {few} ? {few} : 1) {{
        int32_t *const t = s + r * width;
        if (width == {width}) {{
          {choices[0]}
        }} else {{
          {choices[1]}
        }}
      }}{gather}
    }}
    {finish.name}({sums}, width, y, c, rows, left < width ? left : width{passed}, zero);
    w += (ptrdiff_t)width * 4 * quads;
  }}
}}
"""
    return CFunction(name, text, tuple(called), ("stdint.h", "stddef.h"))

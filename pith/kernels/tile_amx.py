"""Tiles of 8-bit products by AMX: 32 rows by 32 columns of sums, 64 bytes of K at a time.

Where the rows of a block lie evenly apart and their K falls into whole chunks (1x1 convolutions, matrices), tiles are loaded
straight from the input; else the rows, tap by tap, are first copied side by side. The sums go through a small array to
`tail_s8.finish_block`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pith.graph import DType
from pith.kernels.tail_s8 import SumTail, finish_block
from pith.targets.isa.base import ISA
from pith.vector.amx import CONFIGURE
from pith.vector.cfunction import CFunction

_CHUNK = 64  # bytes of one row of a tile
_DEEP = 4096  # bytes of K


def chunk_of(k: int, whole: bool) -> int:
    """Bytes of K in one tile. `whole`: preferably such that K falls into whole chunks, for rows that are not copied."""
    least = max(1, -(-k // _CHUNK))
    if whole:
        for n in range(least, least + least // 4 + 2):
            if k % n == 0 and k // n % 4 == 0:
                return k // n
    return _CHUNK if k > _CHUNK else -(-k // 4) * 4


@dataclass(frozen=True, slots=True)
class AmxTile:
    """A product over `taps` taps of `k` bytes each by AMX."""

    isa: ISA
    taps: int
    k: int

    name: ClassVar[str] = "amx"
    why: ClassVar[str] = ""
    width: ClassVar[int] = 32
    head: ClassVar[int] = 4

    @property
    def rows(self) -> int:
        """Rows of a block: one group, or two that share a panel of weights where those do not stay near by themselves."""
        return 64 if self.taps * self.k >= _DEEP else 32

    @property
    def label(self) -> str:
        return f"amx_{self.rows}x{self.width}"

    @property
    def chunk(self) -> int:
        """Bytes of K in one tile."""
        return chunk_of(self.taps * self.k, self.taps == 1)

    @property
    def chunks(self) -> int:
        return -(-self.taps * self.k // self.chunk)

    def height(self, left: str) -> str:
        """C expression of how many rows to take where `left` are left: those there are, none of them twice."""
        return f"{left} >= {2 * self.rows} ? {self.rows} : {left} > {self.rows} ? ({left} + 1) / 2 : {left}"

    def column(self, taps: str, k: str) -> str:
        """C expression: bytes that one column of the packed weights has."""
        return f"(4 + (ptrdiff_t)(({taps} * {k} + chunk - 1) / chunk) * chunk)"

    def shift(self, dtype: DType) -> int:
        """What is added to the inputs: nothing, tiles multiply signed and unsigned bytes."""
        return 0

    def pack(self, weights: np.ndarray, taps: int, start: np.ndarray) -> np.ndarray:
        """Weights [taps * K, N] and what the sums begin with [N] as panels of one or two tiles of 16 columns: bytes (int8)."""
        k, n = weights.shape
        full = np.zeros((self.chunks * self.chunk, -(-n // 16) * 16), np.int8)
        full[:k, :n] = weights
        head = np.zeros(full.shape[1], np.int32)
        head[:n] = start
        tiles = full.reshape(self.chunks, self.chunk // 4, 4, -1, 16).transpose(3, 0, 1, 4, 2)  # [N / 16, chunks, chunk / 4, 16, 4]
        parts = []
        for t in range(0, len(tiles), 2):
            parts += [head[16 * t : 16 * t + 32].view(np.int8), np.ascontiguousarray(tiles[t : t + 2].swapaxes(0, 1)).reshape(-1)]
        return np.concatenate(parts)

    @property
    def pitch(self) -> int:
        """Bytes from one copied row to the next: a whole number of cache lines, not a multiple of 2048."""
        nbytes = -(-self.chunks * self.chunk // 64) * 64
        return nbytes + 64 if nbytes % 2048 == 0 else nbytes

    def scratch(self, taps: int, k: int) -> int:
        """Bytes of scratch memory a block needs, for the copied rows."""
        return self.rows * self.pitch

    def cost(self, m: int, taps: int, k: int, n: int) -> float:
        """Time of the product in vector multiply-adds (two a cycle), epilogue and copies included."""
        tiles = -(-n // 16)
        one = 32.0 * self.chunks / 16  # a tile's product takes as many cycles as it has rows
        copied = taps > 1 or k % self.chunk != 0
        copy = m * (taps * (4.0 + 2 * k / 64)) if copied else 0.0
        return m * tiles * (one + 12.0) + -(-m // 32) * -(-n // 32) * 80.0 + copy + 300.0

    def block(self, dtype: DType, tail: SumTail) -> CFunction:
        """All panels for one block of rows."""
        return _block(self.isa, dtype, tail)

    @property
    def enter(self) -> str:
        return f"{CONFIGURE.name}(32, chunk);"

    leave: ClassVar[str] = "_tile_release();"


_COPY = CFunction(
    "copy_bytes",
    """/* n bytes, nothing written after them */
static inline void copy_bytes(void *to, const void *from, int32_t n) {
  unsigned char *t = (unsigned char *)to;
  const unsigned char *f = (const unsigned char *)from;
  for (; n >= 64; n -= 64, t += 64, f += 64) _mm512_storeu_si512((void *)t, _mm512_loadu_si512((const void *)f));
  if (n > 0) {
    const __mmask64 m = (UINT64_C(1) << (uint32_t)n) - 1u;
    _mm512_mask_storeu_epi8((void *)t, m, _mm512_maskz_loadu_epi8(m, (const void *)f));
  }
}
""",
    (),
    ("stdint.h", "immintrin.h"),
)


def _tiles(rows: int, columns: int, signed: bool) -> str:
    """C of one panel: `rows` x `columns` tiles of sums over all of K."""
    dot = "_tile_dpbssd" if signed else "_tile_dpbusd"
    o = [f"for (int32_t v = 0; v < {columns}; v++) head[v] = (const int32_t *)(const void *)w + 16 * v;"]
    o += [f"_tile_loadd({2 * r + c}, head[{c}], 0);" for r in range(rows) for c in range(columns)]
    o += [f"const int8_t *b = w + {64 * columns};", "const unsigned char *p = from;", "for (int32_t k = 0; k < chunks; k++) {"]
    o += [f"  _tile_loadd({6 + c}, b + {c} * part, 64);" for c in range(columns)]
    for r in range(rows):
        o.append(f"  _tile_loadd({4 + r}, p + {16 * r} * pitch, pitch);")
        o += [f"  {dot}({2 * r + c}, {4 + r}, {6 + c});" for c in range(columns)]
    o += [f"  b += {columns} * part;", "  p += chunk;", "}"]
    o += [f"_tile_stored({2 * r + c}, s + {16 * 32 * r + 16 * c}, 128);" for r in range(rows) for c in range(columns)]
    return "\n".join("        " + line for line in o)


@functools.cache
def _block(isa: ISA, dtype: DType, tail: SumTail) -> CFunction:
    x, signed = dtype.c, dtype is DType.I8
    finish = finish_block(isa, tail)
    name = f"rows_{dtype.short}s8_amx_32x32{tail.suffix}"
    full = dict(tail.full)
    before = "".join(f", e{i} + last_r" if i in full else f", e{i}" for i in range(len(tail.kinds)))
    text = f"""/* a block of `rows` rows against every panel of the packed weights */
static void {name}(int32_t taps, int32_t kc, const {x} *const *a, ptrdiff_t ao, const int8_t *w,
    {tail.out.c} *const *y, int32_t rows, int32_t n, int32_t height{tail.params(True)}, int32_t zero, int32_t chunk, void *copies) {{
  int32_t sums[2][32 * 32] __attribute__((aligned(64)));
  const int32_t *head[2];
  const int32_t all = taps * kc, chunks = (all + chunk - 1) / chunk, part = 16 * chunk;
  const int32_t groups = (rows + 31) / 32, size = (rows + groups - 1) / groups;
  const unsigned char *base = (const unsigned char *)a[0] + ao;
  ptrdiff_t pitch = rows > 1 ? (const unsigned char *)a[1] - (const unsigned char *)a[0] : 64;
  int even = taps == 1 && all == chunks * chunk && pitch % 2048 != 0 && rows == groups * size;
  for (int32_t r = 2; r < rows && even; r++) even = (const unsigned char *)a[r] - (const unsigned char *)a[r - 1] == pitch;
  if (!even) {{ /* what lies behind a row's K meets weights that are 0; a row too many is not stored */
    unsigned char *to = (unsigned char *)copies;
    pitch = ((ptrdiff_t)chunks * chunk + 63) / 64 * 64;
    if (pitch % 2048 == 0) pitch += 64;
    for (int32_t r = 0; r < rows; r++)
      for (int32_t t = 0; t < taps; t++) copy_bytes(to + r * pitch + (ptrdiff_t)t * kc, a[t * height + r] + ao, kc);
    base = to;
    __asm__ volatile("" : : : "memory"); /* gcc does not know that tiles are loaded from memory */
  }}
  if (size < 32) pith_amx_configure(size, chunk);
  int32_t turn = 0, last_c = 0, last_r = 0;
  for (int32_t c = 0; c < n; c += 32) {{
    const int32_t left = n - c;
    for (int32_t r = 0; r < rows; r += size, turn++) {{ /* sums are finished while the next are made */
      int32_t *const s = sums[turn & 1];
      const unsigned char *const from = base + r * pitch;
      if (left > 16) {{
        if (size > 16) {{
{_tiles(2, 2, signed)}
        }} else {{
{_tiles(1, 2, signed)}
        }}
      }} else {{
        if (size > 16) {{
{_tiles(2, 1, signed)}
        }} else {{
{_tiles(1, 1, signed)}
        }}
      }}
      if (turn > 0) {{
        const int32_t count = rows - last_r < size ? rows - last_r : size;
        {finish.name}(sums[~turn & 1], 32, y + last_r, last_c, count, n - last_c < 32 ? n - last_c : 32{before}, zero);
      }}
      last_c = c;
      last_r = r;
    }}
    w += (ptrdiff_t)(left > 16 ? 32 : 16) * (4 + (ptrdiff_t)chunks * chunk);
  }}
  {finish.name}(sums[~turn & 1], 32, y + last_r, last_c, rows - last_r < size ? rows - last_r : size, n - last_c < 32 ? n - last_c : 32{before}, zero);
  if (size < 32) pith_amx_configure(32, chunk);
}}
"""
    return CFunction(name, text, (finish, CONFIGURE, _COPY), ("stdint.h", "stddef.h"))

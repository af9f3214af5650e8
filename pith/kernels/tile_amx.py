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


COPY = CFunction(
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


def _products(signed: bool) -> str:
    """C of one step: one or two tiles of rows by one or two of columns."""
    dot = "_tile_dpbssd" if signed else "_tile_dpbusd"
    return f"""_tile_loadd(6, b, 64);
        if (wide) _tile_loadd(7, b + part, 64);
        _tile_loadd(4, p, pitch);
        {dot}(0, 4, 6);
        if (wide) {dot}(1, 4, 7);
        if (tall) {{
          _tile_loadd(5, p + 16 * pitch, pitch);
          {dot}(2, 5, 6);
          if (wide) {dot}(3, 5, 7);
        }}"""


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
  int32_t sums[32 * 32] __attribute__((aligned(64)));
  const int32_t all = taps * kc, chunks = (all + chunk - 1) / chunk, part = 16 * chunk;
  const int32_t groups = (rows + 31) / 32, size = (rows + groups - 1) / groups, tall = size > 16;
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
  const int32_t share = (size + chunks - 1) / chunks, portion = share < 4 ? 4 : share;
  int32_t last_c = 0, last_r = 0, count = 0;
  for (int32_t c = 0; c < n; c += 32) {{
    const int32_t wide = n - c > 16;
    for (int32_t r = 0; r < rows; r += size) {{
      const int32_t last_n = n - last_c < 32 ? n - last_c : 32;
      const int32_t *const head = (const int32_t *)(const void *)w;
      const int8_t *b = w + (wide ? 128 : 64);
      const unsigned char *p = base + r * pitch;
      int32_t done = 0;
      _tile_loadd(0, head, 0);
      if (wide) _tile_loadd(1, head + 16, 0);
      if (tall) {{
        _tile_loadd(2, head, 0);
        if (wide) _tile_loadd(3, head + 16, 0);
      }}
      for (int32_t k = 0; k < chunks; k++) {{
        {_products(signed)}
        b += wide ? 2 * part : part;
        p += chunk;
        if (done < count) {{ /* sums of the products before go through their epilogue beside these */
          const int32_t some = count - done < portion ? count - done : portion;
          {finish.name}(sums + 32 * done, 32, y + last_r + done, last_c, some, last_n{before.replace("last_r", "last_r + done")}, zero);
          done += some;
        }}
      }}
      _tile_stored(0, sums, 128);
      if (wide) _tile_stored(1, sums + 16, 128);
      if (tall) {{
        _tile_stored(2, sums + 16 * 32, 128);
        if (wide) _tile_stored(3, sums + 16 * 32 + 16, 128);
      }}
      last_c = c;
      last_r = r;
      count = rows - r < size ? rows - r : size;
    }}
    w += (ptrdiff_t)(wide ? 32 : 16) * (4 + (ptrdiff_t)chunks * chunk);
  }}
  {finish.name}(sums, 32, y + last_r, last_c, count, n - last_c < 32 ? n - last_c : 32{before}, zero);
  if (size < 32) pith_amx_configure(32, chunk);
}}
"""
    return CFunction(name, text, (finish, CONFIGURE, COPY), ("stdint.h", "stddef.h"))

"""Tiles of bfloat16 products by AMX: 32 rows by 32 columns of float32 sums, 32 numbers of K at a time.

The rows of a block are rounded to bfloat16 side by side, tap by tap, each once for all columns. A sum begins with the bias; each
32 products more are added as TDPBF16PS does it: those of even and of odd K apart, one rounding a product, then both together. The
sums go through a small array to the epilogue, which is float32 as ever.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pith.kernels.fused_map import IVDEP
from pith.kernels.tile_f32 import Tail
from pith.targets.isa.base import ISA
from pith.vector.amx import CONFIGURE
from pith.vector.cexpr import print_expr
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect, needs, print_vector, vectorisable

CHUNK = 32  # numbers in one row of a tile
_DEEP = 2048  # numbers of K


def bf16_bits(x: np.ndarray) -> np.ndarray:
    """float32 [...] as the bits of bfloat16 (uint16): to nearest, halves to even, subnormal numbers to zeros of their sign, NaN to a
    quiet one. As VCVTNE2PS2BF16 (Intel, Software Developer's Manual, volume 2); beyond 3.3962e38 it is infinity."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    rounded = np.where(np.isnan(x), bits | np.uint32(0x400000), rounded)
    return np.where(bits & np.uint32(0x7F800000), rounded, bits & np.uint32(0x80000000)).astype(np.uint32).view(np.uint16)[..., 1::2].reshape(x.shape)


def chunk_of(k: int) -> int:
    """Numbers of K in one tile, of `k` in all: an even number."""
    return min(CHUNK, -(-k // 2) * 2)


def panels(weights: np.ndarray, bias: np.ndarray | None, chunk: int) -> np.ndarray:
    """Weights [K, N] and bias [N], both float32, in tiles of 16 columns: what each column's sum begins with, as float32, then pairs of
    K column by column. bytes [ceil(N / 16), 4 * 16 * (1 + K' / 2)] with K rounded up to whole chunks."""
    k, n = weights.shape
    full = np.zeros((-(-k // chunk) * chunk, -(-n // 16) * 16), np.uint16)
    full[:k, :n] = bf16_bits(weights)
    head = np.zeros(full.shape[1], np.float32)
    if bias is not None:
        head[:n] = bias
    pairs = np.ascontiguousarray(full.reshape(-1, 2, full.shape[1] // 16, 16).transpose(2, 0, 3, 1))  # [N / 16, K' / 2, 16, 2]
    return np.concatenate([head.view(np.uint8).reshape(-1, 64), pairs.view(np.uint8).reshape(len(pairs), -1)], 1)


@dataclass(frozen=True, slots=True)
class Bf16Tile:
    """A product over `k` numbers (those of all taps) by AMX."""

    isa: ISA
    k: int

    width: ClassVar[int] = 32
    enter: ClassVar[str] = f"{CONFIGURE.name}(32, 2 * chunk);"
    leave: ClassVar[str] = "_tile_release();"

    @property
    def rows(self) -> int:
        """Rows of a block: one group, or two that share a panel of weights where those do not stay near by themselves."""
        return 64 if self.k >= _DEEP else 32

    @property
    def chunk(self) -> int:
        return chunk_of(self.k)

    @property
    def chunks(self) -> int:
        return -(-self.k // self.chunk)

    @property
    def pitch(self) -> int:
        """Bytes from one rounded row to the next: whole cache lines, not a multiple of 2048."""
        nbytes = -(-2 * self.chunks * self.chunk // 64) * 64
        return nbytes + 64 if nbytes % 2048 == 0 else nbytes

    @property
    def column(self) -> int:
        """Bytes that one column of the packed weights has."""
        return 4 + 2 * self.chunks * self.chunk

    def height(self, left: str) -> str:
        """C expression of how many rows to take where `left` are left: those there are, none of them twice."""
        return f"{left} >= {2 * self.rows} ? {self.rows} : {left} > {self.rows} ? ({left} + 1) / 2 : {left}"

    def pack(self, weights: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        """Weights [K, N] and bias [N], float32, as panels of one or two tiles of 16 columns, chunk by chunk: bytes."""
        parts = []
        tiles = panels(weights, bias, self.chunk)
        for t in range(0, len(tiles), 2):
            pair = tiles[t : t + 2]
            parts += [pair[:, :64].reshape(-1), np.ascontiguousarray(pair[:, 64:].reshape(len(pair), self.chunks, -1).swapaxes(0, 1)).reshape(-1)]
        return np.concatenate(parts)

    def cost(self, m: int, taps: int, n: int) -> float:
        """Time of the product in vector multiply-adds (two a cycle), from the manual's numbers, not measured: a tile's product takes
        as many cycles as it has rows, rounding 32 numbers two, and the epilogue of 16 sums six."""
        one = 2.0 * self.chunks
        return m * -(-n // 16) * (one + 12.0) + -(-m // 32) * -(-n // 32) * 80.0 + m * (4.0 * taps + 4.0 * self.k / CHUNK) + 300.0


ROUND = CFunction(
    "to_bf16",
    """/* n floats as bfloat16: to nearest, halves to even; nothing is written after them */
static inline void to_bf16(uint16_t *to, const float *from, int32_t n) {
  for (; n >= 32; n -= 32, to += 32, from += 32)
    _mm512_storeu_si512((void *)to, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from)));
  if (n > 0) {
    const uint32_t m = (UINT32_C(1) << (uint32_t)n) - 1u;
    const __m512 low = _mm512_maskz_loadu_ps((__mmask16)(m & 0xffffu), from), high = _mm512_maskz_loadu_ps((__mmask16)(m >> 16), from + 16);
    _mm512_mask_storeu_epi16((void *)to, (__mmask32)m, (__m512i)_mm512_cvtne2ps_pbh(high, low));
  }
}
""",
    (),
    ("stdint.h", "immintrin.h"),
)


@functools.cache
def finish_rows(isa: ISA, tail: Tail) -> CFunction:
    """C function: sums s [rows, ld] through the epilogue to the columns no, ..., no + cols - 1 of their rows."""
    name = f"finish_f32_{isa.name}{tail.suffix}"
    places = {i: f"e{i}[r] + no + c" if k == "full" else f"e{i} + no + c" for i, k in enumerate(tail.kinds) if k != "value"}
    about = f"/* {str(tail.expr)[:100]} */" if tail.expr is not None else "/* sums to their rows */"
    head = f"""{about}
static void {name}(const float *s, int32_t ld, float *const *y, ptrdiff_t no, int32_t rows, int32_t cols{tail.params(True)}) {{
"""
    if tail.expr is not None and not vectorisable(tail.expr):
        names = ["v", *(f"x{i}" if i in places else f"e{i}" for i in range(len(tail.kinds)))]
        statements, result, requires = print_expr(tail.expr, names)
        loads = [f"const float x{i} = *({at});" for i, at in places.items()]
        inner = "\n".join(f"      {t}" for t in ["const float v = s[(ptrdiff_t)r * ld + c];", *loads, *statements, f"y[r][no + c] = {result};"])
        text = f"{head}  for (int32_t r = 0; r < rows; r++) {{\n    PITH_IVDEP\n    for (int32_t c = 0; c < cols; c++) {{\n{inner}\n    }}\n  }}\n}}\n"
        return CFunction(name, text, (IVDEP, *requires), ("stdint.h", "stddef.h"))
    result, statements = "v", []
    if tail.expr is not None:
        statements, result = print_vector(tail.expr, ["v", *(f"x{i}" for i in range(len(tail.kinds)))], "t", tail.numbers)
    fixed = "".join(f"  const vf x{i} = vf_set1(e{i});\n" for i, k in enumerate(tail.kinds) if k == "value")
    loops = ""
    for start, load, store in (
        ("for (; c <= cols - VF_LANES; c += VF_LANES)", "vf_load({})", "vf_store(y[r] + no + c, {});"),
        ("if (c < cols)", "vf_load_n({}, cols - c)", "vf_store_n(y[r] + no + c, {}, cols - c);"),
    ):
        lines = [f"const vf v = {load.format('s + (ptrdiff_t)r * ld + c')};", *(f"const vf x{i} = {load.format(at)};" for i, at in places.items())]
        loops += f"    {start} {{\n" + "".join(f"      {t}\n" for t in [*lines, *statements, store.format(result)]) + "    }\n"
    text = f"{head}{fixed}  for (int32_t r = 0; r < rows; r++) {{\n    int32_t c = 0;\n{loops}  }}\n}}\n"
    return CFunction(name, text, (needs(tail.expr, isa) if tail.expr is not None else (dialect(isa),)), ("stdint.h", "stddef.h"))


@functools.cache
def block(isa: ISA, tail: Tail) -> CFunction:
    """All panels for one block of rows."""
    finish = finish_rows(isa, tail)
    name = f"rows_bf16_amx_32x32{tail.suffix}"
    passed = "".join(f", e{i} + r" if k == "full" else f", e{i}" for i, k in enumerate(tail.kinds))
    text = f"""/* a block of `rows` rows, rounded to bfloat16, against every panel of the packed weights */
static void {name}(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const uint8_t *w,
    float *const *y, int32_t rows, int32_t n, int32_t height{tail.params(True)}, int32_t chunk, int32_t pitch, void *rounded) {{
  float sums[32 * 32] __attribute__((aligned(64)));
  const int32_t all = taps * kc, chunks = (all + chunk - 1) / chunk, part = 32 * chunk;
  const int32_t groups = (rows + 31) / 32, size = (rows + groups - 1) / groups, tall = size > 16;
  for (int32_t r = 0; r < rows; r++) {{ /* zeros behind a row's K: whatever else lies there may be no number */
    uint16_t *const to = (uint16_t *)(void *)((unsigned char *)rounded + (ptrdiff_t)r * pitch);
    for (int32_t t = 0; t < taps; t++) to_bf16(to + (ptrdiff_t)t * kc, a[t * height + r] + ao, kc);
    for (int32_t k = all; k < chunks * chunk; k++) to[k] = 0;
  }}
  __asm__ volatile("" : : : "memory"); /* gcc does not know that tiles are loaded from memory */
  if (size < 32) pith_amx_configure(size, 2 * chunk);
  for (int32_t c = 0; c < n; c += 32) {{
    const int32_t wide = n - c > 16;
    for (int32_t r = 0; r < rows; r += size) {{ /* the last row may be none, and is not stored */
      const uint8_t *b = w + (wide ? 128 : 64);
      const unsigned char *p = (const unsigned char *)rounded + (ptrdiff_t)r * pitch;
      _tile_loadd(0, w, 0);
      if (wide) _tile_loadd(1, w + 64, 0);
      if (tall) {{
        _tile_loadd(2, w, 0);
        if (wide) _tile_loadd(3, w + 64, 0);
      }}
      for (int32_t k = 0; k < chunks; k++, b += wide ? 2 * part : part, p += 2 * chunk) {{
        _tile_loadd(6, b, 64);
        if (wide) _tile_loadd(7, b + part, 64);
        _tile_loadd(4, p, pitch);
        _tile_dpbf16ps(0, 4, 6);
        if (wide) _tile_dpbf16ps(1, 4, 7);
        if (tall) {{
          _tile_loadd(5, p + 16 * (ptrdiff_t)pitch, pitch);
          _tile_dpbf16ps(2, 5, 6);
          if (wide) _tile_dpbf16ps(3, 5, 7);
        }}
      }}
      _tile_stored(0, sums, 128);
      if (wide) _tile_stored(1, sums + 16, 128);
      if (tall) {{
        _tile_stored(2, sums + 16 * 32, 128);
        if (wide) _tile_stored(3, sums + 16 * 32 + 16, 128);
      }}
      __asm__ volatile("" : : : "memory");
      {finish.name}(sums, 32, y + r, c, rows - r < size ? rows - r : size, n - c < 32 ? n - c : 32{passed});
    }}
    w += (ptrdiff_t)(wide ? 32 : 16) * (4 + 2 * (ptrdiff_t)chunks * chunk);
  }}
  if (size < 32) pith_amx_configure(32, 2 * chunk);
}}
"""
    return CFunction(name, text, (finish, CONFIGURE, ROUND), ("stdint.h", "stddef.h", "immintrin.h"))

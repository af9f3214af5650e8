"""The vector dialect for transforms in 16 and 32 bits: sums, differences and shifts that wrap, products of 16-bit numbers.

Beside the words of `s8.shorts`. What wraps on the way is right modulo 2^16 or 2^32; that the end fits is for who uses it to prove.
"""

from __future__ import annotations

import functools

from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import filled, shorts

_WORDS = """/* 16-bit */
static inline vi vi_sub16(vi a, vi b) { return MM_sub_epi16(a, b); }
static inline vi vi_set16(int32_t x) { return MM_set1_epi16((short)x); }
#define vi_up16(x, n) MM_slli_epi16(x, n)
/* int32 */
static inline vi vi_sub(vi a, vi b) { return MM_sub_epi32(a, b); }
static inline vi vi_mul(vi a, vi b) { return MM_mullo_epi32(a, b); }
#define vi_up(x, n) MM_slli_epi32(x, n)
#define vi_down(x, n) MM_srai_epi32(x, n)
/* s + the products of two neighbouring 16-bit numbers */
static inline vi vi_sum_two(vi s, vi x, vi w) { return SUM; }
"""
_PART = {
    "avx512": """static inline vi vi_words_part_KIND(const void *p, int32_t n) {
  return _mm512_cvtepCODE_epi16(_mm256_maskz_loadu_epi8((__mmask32)(((uint64_t)1 << (uint32_t)vi_hidden(n)) - 1u), p));
}
""",
    "": """static inline vi vi_words_part_KIND(const void *p, int32_t n) {
  unsigned char t[HALF];
  for (int32_t i = 0; i < HALF; i++) t[i] = i < n ? ((const unsigned char *)p)[i] : 0;
  return vi_words_KIND(t);
}
""",
}
_ISAS = ("sse42", "avx2", "avx512")


def has_words(isa: ISA) -> bool:
    """Whether the dialect exists for `isa`."""
    return isa.name in _ISAS


@functools.cache
def words(isa: ISA) -> CFunction:
    """The C definitions of the dialect, and `vi_words_part_u8` and `_i8`: the first n of half as many bytes as a vector has, 0 in
    the place of the others, as 16-bit numbers."""
    total = "MM_dpwssd_epi32(s, x, w)" if "vnni" in isa.features else "MM_add_epi32(s, MM_madd_epi16(x, w))"
    text = filled(_WORDS.replace("SUM", total), isa)
    part = _PART.get(isa.name, _PART[""]).replace("HALF", str(isa.vector_bytes // 2))
    for kind in ("i8", "u8"):
        text += ("/* only n of them, 0 in the place of the others */\n" if kind == "i8" else "") + part.replace("KIND", kind).replace("CODE", kind)
    return CFunction("vi_sum_two", text, (shorts(isa),), ("stdint.h", *isa.headers))

"""The vector dialect for 8-bit integers: sums of products in int32, and their way to and from float32.

`vi` holds as many int32 as `vf` holds floats. `vi_dot(s, x, w)` adds to each of them the products of four neighbouring bytes,
x unsigned and w signed; instruction sets that have that say "vnni" among their features.
"""

from __future__ import annotations

import functools

from pith.targets.isa.base import ISA
from pith.vector import gnu, simd128
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect
from pith.vector.s8_neon import CHUNKS, CHUNKS32, DIALECT32, MATRICES, QUADS32, SDOT
from pith.vector.s8_neon import DIALECT as _NEON
from pith.vector.s8_neon import DOT as _NEON_DOT
from pith.vector.s8_neon import PARTS as _NEON_PARTS
from pith.vector.s8_neon import QUADS as _NEON_QUADS

_AVX512 = """typedef __m512i vi;
/* n, of which the compiler knows nothing: clang 22 stores four bytes for a mask known to be of one, behind a permutation */
static inline int32_t vi_hidden(int32_t n) {
  __asm__("" : "+r"(n));
  return n;
}
static inline vi vi_load(const void *p) { return _mm512_loadu_si512(p); }
static inline void vi_store(int32_t *p, vi v) { _mm512_storeu_si512((void *)p, v); }
static inline vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
static inline vf vf_of_i32(const int32_t *p) { return _mm512_cvtepi32_ps(_mm512_loadu_si512((const void *)p)); }
static inline vf vf_of_u8(const uint8_t *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
static inline vf vf_of_i8(const int8_t *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(vf_mask(n), (const void *)p)));
}
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(vf_mask(n), (const void *)p)));
}
typedef __m512i vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return _mm512_set1_epi16((short)x); }
/* floats rounded, halves to even, plus a zero point, held within a byte; beyond int32 there is no upper bound */
static inline vw vf_words(vf a, vf b, vw zero) {
  return _mm512_adds_epi16(_mm512_packs_epi32(_mm512_cvtps_epi32(a), _mm512_cvtps_epi32(b)), zero);
}
static inline __m128i vf_bytes_u8(vf v, vw zero) {
  const __m512i w = vf_words(v, v, zero), order = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
  return _mm512_castsi512_si128(_mm512_permutexvar_epi32(order, _mm512_packus_epi16(w, w)));
}
static inline void vf_put_u8(uint8_t *p, vf v, vw zero) { _mm_storeu_si128((__m128i *)(void *)p, vf_bytes_u8(v, zero)); }
static inline void vf_put_u8_n(uint8_t *p, vf v, vw zero, int32_t n) {
  _mm_mask_storeu_epi8((void *)p, vf_mask(vi_hidden(n)), vf_bytes_u8(v, zero));
}
static inline void vf_put2_u8(uint8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  const __m512i w = vf_words(a, b, zero), order = _mm512_castsi256_si512(_mm256_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13));
  const __m512i t = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(w, w));
  _mm256_storeu_si256((__m256i *)(void *)p, _mm512_castsi512_si256(t));
}
static inline __m128i vf_bytes_i8(vf v, vw zero) {
  const __m512i w = vf_words(v, v, zero), order = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
  return _mm512_castsi512_si128(_mm512_permutexvar_epi32(order, _mm512_packs_epi16(w, w)));
}
static inline void vf_put_i8(int8_t *p, vf v, vw zero) { _mm_storeu_si128((__m128i *)(void *)p, vf_bytes_i8(v, zero)); }
static inline void vf_put_i8_n(int8_t *p, vf v, vw zero, int32_t n) {
  _mm_mask_storeu_epi8((void *)p, vf_mask(vi_hidden(n)), vf_bytes_i8(v, zero));
}
static inline void vf_put2_i8(int8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  const __m512i w = vf_words(a, b, zero), order = _mm512_castsi256_si512(_mm256_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13));
  const __m512i t = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(w, w));
  _mm256_storeu_si256((__m256i *)(void *)p, _mm512_castsi512_si256(t));
}
"""

_SSE42 = """typedef __m128i vi;
static inline vi vi_load(const void *p) { return _mm_loadu_si128((const __m128i *)p); }
static inline void vi_store(int32_t *p, vi v) { _mm_storeu_si128((__m128i *)(void *)p, v); }
static inline vi vi_set1(int32_t x) { return _mm_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm_add_epi32(a, b); }
static inline vf vf_of_i32(const int32_t *p) { return _mm_cvtepi32_ps(_mm_loadu_si128((const __m128i *)(const void *)p)); }
static inline vi vi_four(const void *p);
static inline vi vi_four_n(const void *p, int32_t n);
static inline vf vf_of_u8(const uint8_t *p) { return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(vi_four(p))); }
static inline vf vf_of_i8(const int8_t *p) { return _mm_cvtepi32_ps(_mm_cvtepi8_epi32(vi_four(p))); }
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) { return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(vi_four_n(p, n))); }
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) { return _mm_cvtepi32_ps(_mm_cvtepi8_epi32(vi_four_n(p, n))); }
typedef __m128i vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return _mm_set1_epi16((short)x); }
/* floats rounded, halves to even, plus a zero point, held within a byte; beyond int32 there is no upper bound */
static inline vw vf_words(vf a, vf b, vw zero) { return _mm_adds_epi16(_mm_packs_epi32(_mm_cvtps_epi32(a), _mm_cvtps_epi32(b)), zero); }
static inline void vf_put_u8_n(uint8_t *p, vf v, vw zero, int32_t n) {
  const vw w = vf_words(v, v, zero);
  const int32_t b = _mm_cvtsi128_si32(_mm_packus_epi16(w, w));
  for (int32_t i = 0; i < 4 && i < n; i++) p[i] = (uint8_t)((uint32_t)b >> (8 * (uint32_t)i));
}
static inline void vf_put_u8(uint8_t *p, vf v, vw zero) {
  const vw w = vf_words(v, v, zero);
  const int32_t b = _mm_cvtsi128_si32(_mm_packus_epi16(w, w));
  __builtin_memcpy(p, &b, 4);
}
static inline void vf_put2_u8(uint8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  const vw w = vf_words(a, b, zero);
  _mm_storel_epi64((__m128i *)(void *)p, _mm_packus_epi16(w, w));
}
static inline void vf_put_i8_n(int8_t *p, vf v, vw zero, int32_t n) {
  const vw w = vf_words(v, v, zero);
  const int32_t b = _mm_cvtsi128_si32(_mm_packs_epi16(w, w));
  for (int32_t i = 0; i < 4 && i < n; i++) p[i] = (int8_t)((uint32_t)b >> (8 * (uint32_t)i));
}
static inline void vf_put_i8(int8_t *p, vf v, vw zero) {
  const vw w = vf_words(v, v, zero);
  const int32_t b = _mm_cvtsi128_si32(_mm_packs_epi16(w, w));
  __builtin_memcpy(p, &b, 4);
}
static inline void vf_put2_i8(int8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  const vw w = vf_words(a, b, zero);
  _mm_storel_epi64((__m128i *)(void *)p, _mm_packs_epi16(w, w));
}
"""

_AVX2 = """typedef __m256i vi;
static inline vi vi_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline void vi_store(int32_t *p, vi v) { _mm256_storeu_si256((__m256i *)(void *)p, v); }
static inline vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
static inline vf vf_of_i32(const int32_t *p) { return _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(const void *)p)); }
static inline vf vf_of_u8(const uint8_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
static inline vf vf_of_i8(const int8_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) {
  uint8_t t[8];
  for (int32_t i = 0; i < 8; i++) t[i] = i < n ? p[i] : 0;
  return vf_of_u8(t);
}
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) {
  int8_t t[8];
  for (int32_t i = 0; i < 8; i++) t[i] = i < n ? p[i] : 0;
  return vf_of_i8(t);
}
typedef __m128i vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return _mm_set1_epi16((short)x); }
/* floats rounded, halves to even, plus a zero point, held within a byte; beyond int32 there is no upper bound */
static inline vw vf_words(vf v, vw zero) {
  const __m256i t = _mm256_cvtps_epi32(v);
  return _mm_adds_epi16(_mm_packs_epi32(_mm256_castsi256_si128(t), _mm256_extracti128_si256(t, 1)), zero);
}
static inline __m128i vf_bytes_u8(vf v, vw zero) {
  const __m128i w = vf_words(v, zero);
  return _mm_packus_epi16(w, w);
}
static inline void vf_put_u8(uint8_t *p, vf v, vw zero) { _mm_storel_epi64((__m128i *)(void *)p, vf_bytes_u8(v, zero)); }
static inline void vf_put_u8_n(uint8_t *p, vf v, vw zero, int32_t n) {
  uint8_t t[16];
  _mm_storeu_si128((__m128i *)(void *)t, vf_bytes_u8(v, zero));
  for (int32_t i = 0; i < 8 && i < n; i++) p[i] = t[i];
}
static inline void vf_put2_u8(uint8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  _mm_storeu_si128((__m128i *)(void *)p, _mm_packus_epi16(vf_words(a, zero), vf_words(b, zero)));
}
static inline __m128i vf_bytes_i8(vf v, vw zero) {
  const __m128i w = vf_words(v, zero);
  return _mm_packs_epi16(w, w);
}
static inline void vf_put_i8(int8_t *p, vf v, vw zero) { _mm_storel_epi64((__m128i *)(void *)p, vf_bytes_i8(v, zero)); }
static inline void vf_put_i8_n(int8_t *p, vf v, vw zero, int32_t n) {
  int8_t t[16];
  _mm_storeu_si128((__m128i *)(void *)t, vf_bytes_i8(v, zero));
  for (int32_t i = 0; i < 8 && i < n; i++) p[i] = t[i];
}
static inline void vf_put2_i8(int8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  _mm_storeu_si128((__m128i *)(void *)p, _mm_packs_epi16(vf_words(a, zero), vf_words(b, zero)));
}
"""

# MM: prefix of the intrinsics, SI: suffix of whole-register ones
_QUADS = """/* Four taps of as many channels as a vector has bytes: x[q] holds of each 16 channels the q-th four, the bytes of their taps
   side by side, so that the bytes of four such vectors packed again are in order. */
static inline void vi_quads(vi a, vi b, vi c, vi d, vi x[4]) {
  const vi ab0 = MM_unpacklo_epi8(a, b), ab1 = MM_unpackhi_epi8(a, b);
  const vi cd0 = MM_unpacklo_epi8(c, d), cd1 = MM_unpackhi_epi8(c, d);
  x[0] = MM_unpacklo_epi16(ab0, cd0);
  x[1] = MM_unpackhi_epi16(ab0, cd0);
  x[2] = MM_unpacklo_epi16(ab1, cd1);
  x[3] = MM_unpackhi_epi16(ab1, cd1);
}
static inline vf vf_of(vi v) { return MM_cvtepi32_ps(v); }
static inline vi vi_pairs(vf a, vf b, vi zero) {
  return MM_adds_epi16(MM_packs_epi32(MM_cvtps_epi32(a), MM_cvtps_epi32(b)), zero);
}
static inline void vf_put4_u8(uint8_t *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  vi_store_part((void *)p, MM_packus_epi16(vi_pairs(a, b, zero), vi_pairs(c, d, zero)), part);
}
static inline void vf_put4_i8(int8_t *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  vi_store_part((void *)p, MM_packs_epi16(vi_pairs(a, b, zero), vi_pairs(c, d, zero)), part);
}
"""

_PARTS_MASKED = """typedef __mmask64 vm; /* which bytes of a vector there are */
static inline vm vi_part(int32_t left) {
  const int32_t n = vi_hidden(left);
  return n >= 64 ? ~(vm)0 : ((vm)1 << (uint32_t)n) - 1u;
}
static inline vi vi_load_part(const void *p, vm part) { return _mm512_maskz_loadu_epi8(part, p); }
static inline void vi_store_part(void *p, vi v, vm part) { _mm512_mask_storeu_epi8(p, part, v); }
"""

_LINES_MASKED = """/* bytes `at` to `at` + 63 of a row of `size`: those that lie in it; in the place of the others, those of `fill` */
static inline vi vi_load_row(const void *row, ptrdiff_t at, ptrdiff_t size, vi fill) {
  const void *const p = (const void *)((uintptr_t)row + (uintptr_t)at); /* may be before the row, where no pointer may be made by adding */
  const ptrdiff_t before = at < 0 ? (at < -64 ? 64 : -at) : 0, left = size - at < 0 ? 0 : size - at > 64 ? 64 : size - at;
  const __mmask64 until = left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1u;
  const __mmask64 from = before >= 64 ? 0 : ~(__mmask64)0 << before;
  return _mm512_mask_loadu_epi8(fill, from & until, p);
}
/* of two vectors, every second pixel of 16 or of 32 bytes */
static inline vi vi_second16(vi a, vi b) { return _mm512_shuffle_i32x4(a, b, 0x88); }
static inline vi vi_second32(vi a, vi b) { return _mm512_shuffle_i32x4(a, b, 0x44); }
"""
_LINES = {"avx512": _LINES_MASKED}
SECOND = (16, 32)  # bytes of a pixel of which `lines` picks every second

_PARTS = """typedef int32_t vm; /* how many bytes of a vector there are */
static inline vm vi_part(int32_t n) { return n; }
static inline vi vi_load_part(const void *p, vm part) {
  unsigned char t[BYTES];
  if (part >= BYTES) return vi_load(p);
  for (int32_t i = 0; i < BYTES; i++) t[i] = i < part ? ((const unsigned char *)p)[i] : 0;
  return vi_load(t);
}
static inline void vi_store_part(void *p, vi v, vm part) {
  unsigned char t[BYTES];
  MM_storeu_SI((VI *)(part >= BYTES ? p : (void *)t), v);
  for (int32_t i = 0; part < BYTES && i < part; i++) ((unsigned char *)p)[i] = t[i];
}
"""

_PARTS_WORDS = """typedef int32_t vm; /* how many bytes of a vector there are */
static inline vm vi_part(int32_t n) { return n; }
static inline vi vi_load_part(const void *p, vm part) {
  unsigned char t[32];
  if (part >= 32) return vi_load(p);
  if ((part & 3) == 0) return _mm256_maskload_epi32((const int *)p, vf_mask(part / 4));
  for (int32_t i = 0; i < 32; i++) t[i] = i < part ? ((const unsigned char *)p)[i] : 0;
  return vi_load(t);
}
static inline void vi_store_part(void *p, vi v, vm part) {
  unsigned char t[32];
  if (part < 32 && (part & 3) == 0) {
    _mm256_maskstore_epi32((int *)p, vf_mask(part / 4), v);
    return;
  }
  _mm256_storeu_si256((__m256i *)(part >= 32 ? p : (void *)t), v);
  for (int32_t i = 0; part < 32 && i < part; i++) ((unsigned char *)p)[i] = t[i];
}
"""

_VNNI = """/* s + the products of four neighbouring bytes of x (unsigned) and w (signed) */
static inline vi vi_dot(vi s, vi x, vi w) { return _mm512_dpbusd_epi32(s, x, w); }
"""

# bytes at even and at odd places become 16-bit numbers; sums of two products then are exact in 32 bits
_WORDS = """/* s + the products of four neighbouring bytes of x (unsigned) and w (signed), exact */
static inline vi vi_dot(vi s, vi x, vi w) {
  const vi even = MM_madd_epi16(MM_and_SI(x, MM_set1_epi16(255)), MM_srai_epi16(MM_slli_epi16(w, 8), 8));
  const vi odd = MM_madd_epi16(MM_srli_epi16(x, 8), MM_srai_epi16(w, 8));
  return MM_add_epi32(s, MM_add_epi32(even, odd));
}
"""

_BYTES = """/* four bytes repeated; only n of them, 0 in the place of the others */
static inline vi vi_four(const void *p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return vi_set1(x);
}
static inline vi vi_four_n(const void *p, int32_t n) {
  const unsigned char *const b = (const unsigned char *)p;
  uint32_t x = n > 0 ? b[0] : 0;
  if (n > 1) x |= (uint32_t)b[1] << 8;
  if (n > 2) x |= (uint32_t)b[2] << 16;
  if (n > 3) x |= (uint32_t)b[3] << 24;
  return vi_set1((int32_t)x);
}
"""

# exact 16-bit arithmetic: who uses it has proven that nothing leaves 16 bits
_SHORTS = """/* 16-bit: of two neighbouring bytes the products x (unsigned) times w (signed), summed; it saturates, and must have no reason to */
static inline vi vi_two(vi x, vi w) { return MM_maddubs_epi16(x, w); }
static inline vi vi_add16(vi a, vi b) { return MM_add_epi16(a, b); }
/* int32: the products of two neighbouring 16-bit numbers, summed */
static inline vi vi_wide_two(vi x, vi w) { return MM_madd_epi16(x, w); }
static inline vi vi_ones(void) { return MM_set1_epi16(1); }
static inline vi vi_add8(vi x, vi y) { return MM_add_epi8(x, y); }
static inline vi vi_set8(int32_t x) { return MM_set1_epi8((char)x); }
/* two vectors of bytes a, b side by side, 16 channels at a time: their halves, and their quarters as 16-bit numbers */
static inline vi vi_pair0(vi a, vi b) { return MM_unpacklo_epi8(a, b); }
static inline vi vi_pair1(vi a, vi b) { return MM_unpackhi_epi8(a, b); }
static inline vi vi_word0(vi a, vi b) { return MM_unpacklo_epi8(vi_pair0(a, b), vi_set1(0)); }
static inline vi vi_word1(vi a, vi b) { return MM_unpackhi_epi8(vi_pair0(a, b), vi_set1(0)); }
static inline vi vi_word2(vi a, vi b) { return MM_unpacklo_epi8(vi_pair1(a, b), vi_set1(0)); }
static inline vi vi_word3(vi a, vi b) { return MM_unpackhi_epi8(vi_pair1(a, b), vi_set1(0)); }
/* unsigned bytes: the smaller one, and what a exceeds b by */
static inline vi vi_min8(vi a, vi b) { return MM_min_epu8(a, b); }
static inline vi vi_over8(vi a, vi b) { return MM_subs_epu8(a, b); }
static inline int vi_any(vi x) { return ANY; }
/* 16-bit numbers of two vectors side by side: the first and the second half of each 16 bytes */
static inline vi vi_zip0(vi a, vi b) { return MM_unpacklo_epi16(a, b); }
static inline vi vi_zip1(vi a, vi b) { return MM_unpackhi_epi16(a, b); }
/* p, of which the compiler forgets what lies there: weights that are read again are no load on the registers */
static inline const int8_t *vi_again(const int8_t *p) {
  __asm__("" : "+r"(p));
  return p;
}
/* eight or sixteen bytes, plus a number, and as 16-bit numbers */
static inline void vi_eight(uint8_t *to, const void *p, int32_t n) {
  _mm_storel_epi64((__m128i *)(void *)to, _mm_add_epi8(_mm_loadl_epi64((const __m128i *)p), _mm_set1_epi8((char)n)));
}
static inline void vi_sixteen(uint8_t *to, const void *p, int32_t n) {
  _mm_storeu_si128((__m128i *)(void *)to, _mm_add_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8((char)n)));
}
static inline void vi_eight_i8(int16_t *to, const void *p) {
  _mm_storeu_si128((__m128i *)(void *)to, _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)p)));
}
static inline void vi_eight_u8(int16_t *to, const void *p) {
  _mm_storeu_si128((__m128i *)(void *)to, _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)p)));
}
/* half as many bytes as a vector has, as 16-bit numbers */
static inline vi vi_words_i8(const void *p) { return MM_cvtepi8_epi16(HALF); }
static inline vi vi_words_u8(const void *p) { return MM_cvtepu8_epi16(HALF); }
"""
_ANY = {
    "sse42": "!_mm_testz_si128(x, x)", "avx2": "!_mm256_testz_si256(x, x)", "avx512": "_mm512_test_epi32_mask(x, x) != 0",
}  # fmt: skip
_HALF = {
    "sse42": "_mm_loadl_epi64((const __m128i *)p)", "avx2": "_mm_loadu_si128((const __m128i *)p)",
    "avx512": "_mm256_loadu_si256((const __m256i *)p)",
}  # fmt: skip

_TEXT = {"sse42": _SSE42, "avx2": _AVX2, "avx512": _AVX512, "neon": _NEON, "neon32": DIALECT32, "simd128": simd128.S8, "simd128r": simd128.S8}
# words that are no x86 intrinsics under another name: dot, shorts, quads
_OWN = dict.fromkeys(("simd128", "simd128r"), (simd128.DOT, simd128.SHORTS, simd128.QUADS))
for _isa in gnu.ISAS:
    _TEXT[_isa.name], _OWN[_isa.name] = gnu.s8(_isa), gnu.products(_isa)
_NAMES = {"sse42": ("_mm", "si128", "__m128i"), "avx2": ("_mm256", "si256", "__m256i"), "avx512": ("_mm512", "si512", "void")}


def has_bytes(isa: ISA) -> bool:
    """Whether the dialect of unsigned times signed bytes exists for `isa`."""
    return isa.name in _TEXT and not is_signed(isa)


def is_signed(isa: ISA) -> bool:
    """Whether both factors of products of bytes are signed, not only the weights."""
    return bool(isa.features & {"smull", "sdot"})


def has_dialect(isa: ISA) -> bool:
    """Whether there are words for 8-bit numbers on their way to and from float32."""
    return isa.name in _TEXT


def filled(text: str, isa: ISA) -> str:
    """A template with the names of the intrinsics of `isa`."""
    mm, si, vector = _NAMES[isa.name]
    return text.replace("MM_", f"{mm}_").replace("_SI(", f"_{si}(").replace("(VI *)", f"({vector} *)").replace("BYTES", str(isa.vector_bytes))


@functools.cache
def dialect_s8(isa: ISA) -> CFunction:
    """The C definitions of the dialect for `isa`, without `vi_dot`."""
    return CFunction("vi", _TEXT[isa.name] + _BYTES, (dialect(isa),), ("stdint.h", *isa.headers))


@functools.cache
def dot(isa: ISA) -> CFunction:
    """`vi_dot`: in one instruction with "vnni" or "sdot", else by 16-bit products; x is signed where `is_signed`."""
    own = _OWN.get(isa.name)
    text = own[0] if own else _VNNI if "vnni" in isa.features else SDOT if "sdot" in isa.features else _NEON_DOT if is_signed(isa) else filled(_WORDS, isa)
    return CFunction("vi_dot", text, (dialect_s8(isa),), ("stdint.h", *isa.headers))


@functools.cache
def chunks(isa: ISA) -> CFunction:
    """Products of signed bytes in 16 bits, for instruction sets with "smull"."""
    return CFunction("vb", CHUNKS32 if isa.name == "neon32" else CHUNKS, (dialect_s8(isa),), ("stdint.h", *isa.headers))


@functools.cache
def matrices(isa: ISA) -> CFunction:
    """Products of matrices of signed bytes, for instruction sets with "i8mm"."""
    return CFunction("vi_matrix", MATRICES, (dialect_s8(isa),), ("stdint.h", *isa.headers))


@functools.cache
def shorts(isa: ISA) -> CFunction:
    if isa.name in _OWN:
        return CFunction("vi_two", _OWN[isa.name][1], (dialect_s8(isa),), ("stdint.h", *isa.headers))
    text = filled(_SHORTS, isa).replace("HALF", _HALF[isa.name]).replace("ANY", _ANY[isa.name])
    return CFunction("vi_two", text, (dialect_s8(isa),), ("stdint.h", *isa.headers))


@functools.cache
def parts(isa: ISA) -> CFunction:
    """Parts of vectors and stores of four vectors of sums, for instruction sets whose factors are signed."""
    return CFunction("vm", _NEON_PARTS, (dialect_s8(isa),), ("stdint.h", *isa.headers))


@functools.cache
def quads(isa: ISA) -> CFunction:
    """`vi_quads`, parts of vectors, and stores of four vectors of sums."""
    if isa.name in _OWN:
        return CFunction("vi_quads", _OWN[isa.name][2], (dot(isa),), ("stdint.h", *isa.headers))
    if is_signed(isa):
        text = QUADS32 if isa.name == "neon32" else _NEON_QUADS
        return CFunction("vi_quads", text, (dot(isa), parts(isa)), ("stdint.h", *isa.headers))
    text = {"avx512": _PARTS_MASKED, "avx2": _PARTS_WORDS}.get(isa.name) or filled(_PARTS, isa)
    return CFunction("vi_quads", text + filled(_QUADS, isa), (dot(isa),), ("stdint.h", *isa.headers))


def has_lines(isa: ISA) -> bool:
    """Whether `lines` exists for `isa`, beside its unsigned times signed bytes."""
    return isa.name in _LINES


@functools.cache
def lines(isa: ISA) -> CFunction:
    """`vi_load_row`, a vector of a line of bytes with another's where the line has ended, and `vi_second16`, `vi_second32`."""
    return CFunction("vi_load_row", _LINES[isa.name], (dialect_s8(isa),), ("stdint.h", "stddef.h", *isa.headers))

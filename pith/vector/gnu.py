"""The vector dialect in GNU C's vectors of a fixed size, for instruction sets whose compiler turns those into good code (RISC-V's V).

Float32, and 8-bit integers by products of 16-bit halves of int32 lanes. Vectors of more than sixteen bytes keep the order of the
other dialects: bytes are put side by side sixteen at a time.
"""

from __future__ import annotations

from pith.targets.isa.base import ISA
from pith.targets.isa.riscv_v import RVV128, RVV256

ISAS = (RVV128, RVV256)
NAMES = tuple(isa.name for isa in ISAS)

_F32 = """typedef float vf __attribute__((vector_size(@BYTES@)));
typedef int32_t vi __attribute__((vector_size(@BYTES@)));
typedef float vf_unaligned __attribute__((vector_size(@BYTES@), aligned(4)));
#define VF_LANES @LANES@
static inline vf vf_load(const float *p) { return *(const vf_unaligned *)(const void *)p; }
static inline void vf_store(float *p, vf v) { *(vf_unaligned *)(void *)p = v; }
static inline vf vf_load_n(const float *p, int32_t n) {
  float t[VF_LANES];
  if (n >= VF_LANES) return vf_load(p);
  for (int32_t i = 0; i < VF_LANES; i++) t[i] = i < n ? p[i] : 0.0f;
  return vf_load(t);
}
static inline void vf_store_n(float *p, vf v, int32_t n) {
  float t[VF_LANES];
  if (n >= VF_LANES) {
    vf_store(p, v);
    return;
  }
  vf_store(t, v);
  for (int32_t i = 0; i < n; i++) p[i] = t[i];
}
static inline vf vf_set1(float x) { return (vf){@SPLAT@}; }
static inline vf vf_pick(vi m, vf t, vf f) { return (vf)((m & (vi)t) | (~m & (vi)f)); }
static inline vf vf_min(vf a, vf b) { return vf_pick(b < a, b, a); }
static inline vf vf_max(vf a, vf b) { return vf_pick(a < b, b, a); }
static inline vf vf_lt(vf a, vf b, vf t, vf f) { return vf_pick(a < b, t, f); }
static inline vf vf_le(vf a, vf b, vf t, vf f) { return vf_pick(a <= b, t, f); }
#if defined(__clang__)
static inline vf vf_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
#else
static inline vf vf_fma(vf a, vf b, vf c) {
  vf r;
  for (int i = 0; i < VF_LANES; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return r;
}
#endif
static inline vf vf_rint(vf v) { /* halves to even; a zero keeps its sign */
  const vi sign = (vi)v & INT32_MIN;
  const vf a = (vf)((vi)v ^ sign), big = vf_set1(8388608.0f);
  return (vf)((vi)vf_pick(a < big, (a + big) - big, a) | sign);
}
static inline float vf_sum(vf v) { return @SUM@; }
"""

SHIFT = "static inline vf vf_shift(vf x) { return (vf)((vi)x << 23); }\n"

_S8 = """typedef int32_t vi_unaligned __attribute__((vector_size(@BYTES@), aligned(1)));
typedef int8_t vi_bytes __attribute__((vector_size(@BYTES@)));
typedef int16_t vi_shorts __attribute__((vector_size(@BYTES@)));
typedef uint8_t vi_u8s __attribute__((vector_size(@LANES@)));
typedef int8_t vi_i8s __attribute__((vector_size(@LANES@)));
static inline vi vi_load(const void *p) { return *(const vi_unaligned *)p; }
static inline void vi_store(int32_t *p, vi v) { *(vi_unaligned *)(void *)p = v; }
static inline vi vi_set1(int32_t x) { return (vi){@SPLAT@}; }
static inline vi vi_add(vi a, vi b) { return a + b; }
static inline vf vf_of(vi v) { return __builtin_convertvector(v, vf); }
static inline vf vf_of_i32(const int32_t *p) { return vf_of(vi_load(p)); }
static inline vf vf_of_u8(const uint8_t *p) {
  vi_u8s b;
  __builtin_memcpy(&b, p, sizeof b);
  return vf_of(__builtin_convertvector(b, vi));
}
static inline vf vf_of_i8(const int8_t *p) {
  vi_i8s b;
  __builtin_memcpy(&b, p, sizeof b);
  return vf_of(__builtin_convertvector(b, vi));
}
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) {
  uint8_t t[@LANES@];
  for (int32_t i = 0; i < @LANES@; i++) t[i] = i < n ? p[i] : 0;
  return vf_of_u8(t);
}
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) {
  int8_t t[@LANES@];
  for (int32_t i = 0; i < @LANES@; i++) t[i] = i < n ? p[i] : 0;
  return vf_of_i8(t);
}
typedef vi vw; /* 16-bit: a number twice in each lane */
static inline vw vw_set1(int32_t x) { return vi_set1((int32_t)(((uint32_t)x & 0xffffu) * 0x10001u)); }
static inline vi vi_low(vi x) { return (vi)((vi_shorts)(x << 16)) >> 16; }
static inline vi vi_held(vi x, int32_t least, int32_t most) {
  const vi a = vi_set1(least), b = vi_set1(most), low = x < a, high = x > b;
  return (low & a) | (high & b) | (~(low | high) & x);
}
/* floats within 16 bits (NaN: the least of them), rounded, halves to even, plus a zero point: adding 1.5 * 2^23 leaves the
   integer in the low bits */
static inline vi vi_rounded(vf v, vw zero) {
  const vf held = vf_min(vf_max(vf_set1(-32768.0f), v), vf_set1(32767.0f));
  return (vi)(held + vf_set1(12582912.0f)) - 0x4b400000 + vi_low(zero);
}
static inline vi_u8s vi_narrow_u8(vf v, vw zero) { return __builtin_convertvector(vi_held(vi_rounded(v, zero), 0, 255), vi_u8s); }
static inline vi_i8s vi_narrow_i8(vf v, vw zero) { return __builtin_convertvector(vi_held(vi_rounded(v, zero), -128, 127), vi_i8s); }
"""
_PUT = """static inline void vf_put_@T@_n(@C@ *p, vf v, vw zero, int32_t n) {
  const vi_@T@s b = vi_narrow_@T@(v, zero);
  @C@ t[@LANES@];
  __builtin_memcpy(t, &b, sizeof b);
  for (int32_t i = 0; i < @LANES@ && i < n; i++) p[i] = t[i];
}
static inline void vf_put_@T@(@C@ *p, vf v, vw zero) {
  const vi_@T@s b = vi_narrow_@T@(v, zero);
  __builtin_memcpy(p, &b, sizeof b);
}
static inline void vf_put2_@T@(@C@ *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  vf_put_@T@(p, a, zero);
  vf_put_@T@(p + @LANES@, b, zero);
}
"""

_DOT = """/* s + the products of four neighbouring bytes of x (unsigned) and w (signed), exact */
static inline vi vi_dot(vi s, vi x, vi w) {
  s += (x & 255) * ((w << 24) >> 24);
  s += ((x >> 8) & 255) * ((w << 16) >> 24);
  s += ((x >> 16) & 255) * ((w << 8) >> 24);
  return s + ((x >> 24) & 255) * (w >> 24);
}
"""

_SHORTS = """/* int32: the products of two neighbouring 16-bit numbers, summed */
static inline vi vi_wide_two(vi x, vi w) { return vi_low(x) * vi_low(w) + (x >> 16) * (w >> 16); }
static inline vi vi_ones(void) { return vi_set1(0x10001); }
static inline vi vi_add8(vi x, vi y) { return (vi)((vi_bytes)x + (vi_bytes)y); }
static inline vi vi_set8(int32_t x) { return vi_set1((int32_t)(((uint32_t)x & 0xffu) * 0x1010101u)); }
/* two vectors of bytes a, b side by side, quarter by quarter, as 16-bit numbers */
static inline vi vi_word0(vi a, vi b) { return (vi)__builtin_shufflevector((vi_bytes)a, (vi_bytes)b, @WORD0@) & 0xff00ff; }
static inline vi vi_word1(vi a, vi b) { return (vi)__builtin_shufflevector((vi_bytes)a, (vi_bytes)b, @WORD1@) & 0xff00ff; }
static inline vi vi_word2(vi a, vi b) { return (vi)__builtin_shufflevector((vi_bytes)a, (vi_bytes)b, @WORD2@) & 0xff00ff; }
static inline vi vi_word3(vi a, vi b) { return (vi)__builtin_shufflevector((vi_bytes)a, (vi_bytes)b, @WORD3@) & 0xff00ff; }
/* p, of which the compiler forgets what lies there: weights that are read again are no load on the registers */
static inline const int8_t *vi_again(const int8_t *p) {
  __asm__("" : "+r"(p));
  return p;
}
/* eight bytes, plus a number, and as 16-bit numbers */
static inline void vi_eight(uint8_t *to, const void *p, int32_t n) {
  for (int i = 0; i < 8; i++) to[i] = (uint8_t)(((const uint8_t *)p)[i] + n);
}
static inline void vi_eight_i8(int16_t *to, const void *p) {
  for (int i = 0; i < 8; i++) to[i] = ((const int8_t *)p)[i];
}
static inline void vi_eight_u8(int16_t *to, const void *p) {
  for (int i = 0; i < 8; i++) to[i] = ((const uint8_t *)p)[i];
}
/* half as many bytes as a vector has, as 16-bit numbers */
typedef int8_t vi_half_i8 __attribute__((vector_size(@HALF@)));
typedef uint8_t vi_half_u8 __attribute__((vector_size(@HALF@)));
static inline vi vi_words_i8(const void *p) {
  vi_half_i8 b;
  __builtin_memcpy(&b, p, sizeof b);
  return (vi)__builtin_convertvector(b, vi_shorts);
}
static inline vi vi_words_u8(const void *p) {
  vi_half_u8 b;
  __builtin_memcpy(&b, p, sizeof b);
  return (vi)__builtin_convertvector(b, vi_shorts);
}
"""

_QUADS = """typedef int32_t vm; /* how many bytes of a vector there are */
static inline vm vi_part(int32_t n) { return n; }
static inline vi vi_load_part(const void *p, vm part) {
  unsigned char t[@BYTES@];
  if (part >= @BYTES@) return vi_load(p);
  for (int32_t i = 0; i < @BYTES@; i++) t[i] = i < part ? ((const unsigned char *)p)[i] : 0;
  return vi_load(t);
}
/* Four taps of as many channels as a vector has bytes: x[q] holds of each 16 channels the q-th four, the bytes of their taps
   side by side. */
static inline vi vi_pairs(vi a, vi b) { return (vi)__builtin_shufflevector((vi_shorts)a, (vi_shorts)b, @LOW16@); }
static inline vi vi_pairs_up(vi a, vi b) { return (vi)__builtin_shufflevector((vi_shorts)a, (vi_shorts)b, @HIGH16@); }
static inline void vi_quads(vi a, vi b, vi c, vi d, vi x[4]) {
  const vi ab0 = (vi)__builtin_shufflevector((vi_bytes)a, (vi_bytes)b, @LOW8@), ab1 = (vi)__builtin_shufflevector((vi_bytes)a, (vi_bytes)b, @HIGH8@);
  const vi cd0 = (vi)__builtin_shufflevector((vi_bytes)c, (vi_bytes)d, @LOW8@), cd1 = (vi)__builtin_shufflevector((vi_bytes)c, (vi_bytes)d, @HIGH8@);
  x[0] = vi_pairs(ab0, cd0);
  x[1] = vi_pairs_up(ab0, cd0);
  x[2] = vi_pairs(ab1, cd1);
  x[3] = vi_pairs_up(ab1, cd1);
}
"""
_PUT4 = """static inline void vf_put4_@T@(@C@ *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  @C@ t[@BYTES@], *const to = part >= @BYTES@ ? p : t;
  const vf v[4] = {a, b, c, d};
  for (int32_t q = 0; q < 4; q++) {
    const vi_@T@s four = vi_narrow_@T@(v[q], zero);
    for (int32_t k = 0; k < @LANES@ / 4; k++) __builtin_memcpy(to + 16 * k + 4 * q, (const char *)&four + 4 * k, 4);
  }
  for (int32_t i = 0; part < @BYTES@ && i < part; i++) p[i] = t[i];
}
"""
_BYTES = (("u8", "uint8_t"), ("i8", "int8_t"))


def _interleaved(size: int, block: int, upper: bool) -> str:
    """Indices of two vectors of `size` elements that put those of the lower or upper half of each `block` side by side."""
    places = []
    for first in range(0, size, block):
        for k in range(block // 2):
            at = first + (block // 2 if upper else 0) + k
            places += [at, size + at]
    return ", ".join(map(str, places))


def _words(size: int, quarter: int) -> str:
    """Indices of two vectors of `size` bytes: those of a quarter of each sixteen side by side, each followed by any other byte."""
    places = []
    for first in range(0, size, 16):
        for k in range(4):
            at = first + 4 * quarter + k
            places += [at, at, size + at, size + at]
    return ", ".join(map(str, places))


def _sum(names: list[str]) -> str:
    """The sum in halves, as the other dialects add."""
    if len(names) == 1:
        return names[0]
    half = len(names) // 2
    folded = [f"({a} + {b})" for a, b in zip(names[:half], names[half:], strict=True)]
    return _sum(folded)


def _filled(text: str, isa: ISA) -> str:
    size, lanes = isa.vector_bytes, isa.lanes(4)
    words = {
        "BYTES": size, "LANES": lanes, "HALF": size // 2, "SPLAT": ", ".join(["x"] * lanes), "SUM": _sum([f"v[{i}]" for i in range(lanes)])[1:-1],
        "LOW8": _interleaved(size, 16, False), "HIGH8": _interleaved(size, 16, True), "LOW16": _interleaved(size // 2, 8, False),
        "HIGH16": _interleaved(size // 2, 8, True), **{f"WORD{q}": _words(size, q) for q in range(4)},
    }  # fmt: skip
    for key, value in words.items():
        text = text.replace(f"@{key}@", str(value))
    return text


def _each(text: str) -> str:
    return "".join(text.replace("@T@", t).replace("@C@", c) for t, c in _BYTES)


def f32(isa: ISA) -> str:
    """The words of `pith.vector.f32`."""
    return _filled(_F32, isa)


def s8(isa: ISA) -> str:
    """The words of `pith.vector.s8` without dot products."""
    return _filled(_S8 + _each(_PUT), isa)


def products(isa: ISA) -> tuple[str, str, str]:
    """`vi_dot`, the words of 16-bit factors, those of four taps."""
    return _filled(_DOT, isa), _filled(_SHORTS, isa), _filled(_QUADS + _each(_PUT4), isa)

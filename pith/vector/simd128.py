"""The vector dialect for WebAssembly's 128-bit vectors: float32, and 8-bit integers.

`v128_t` is four int32; floats are a vector of their own, so that operators mean what they say. Engines turn pmin and pmax, which
are the comparison and choice of the dialect, into one instruction of x86; min and max of WebAssembly take several.
"""

from __future__ import annotations

_F32 = """typedef float vf __attribute__((vector_size(16)));
#define VF_LANES 4
static inline vf vf_load(const float *p) { return (vf)wasm_v128_load(p); }
static inline void vf_store(float *p, vf v) { wasm_v128_store(p, (v128_t)v); }
static inline vf vf_load_n(const float *p, int32_t n) {
  if (n >= 4) return vf_load(p);
  if (n <= 0) return (vf)wasm_f32x4_const_splat(0.0f);
  v128_t v = n > 1 ? wasm_v128_load64_zero(p) : wasm_v128_load32_zero(p);
  if (n == 3) v = wasm_v128_load32_lane(p + 2, v, 2);
  return (vf)v;
}
static inline void vf_store_n(float *p, vf v, int32_t n) {
  if (n >= 4) {
    vf_store(p, v);
    return;
  }
  if (n > 1) wasm_v128_store64_lane(p, (v128_t)v, 0);
  if (n == 1) wasm_v128_store32_lane(p, (v128_t)v, 0);
  if (n == 3) wasm_v128_store32_lane(p + 2, (v128_t)v, 2);
}
static inline vf vf_set1(float x) { return (vf)wasm_f32x4_splat(x); }
static inline vf vf_rint(vf v) { return (vf)wasm_f32x4_nearest((v128_t)v); }
static inline vf vf_min(vf a, vf b) { return (vf)wasm_f32x4_pmin((v128_t)a, (v128_t)b); }
static inline vf vf_max(vf a, vf b) { return (vf)wasm_f32x4_pmax((v128_t)a, (v128_t)b); }
static inline vf vf_lt(vf a, vf b, vf t, vf f) {
  return (vf)wasm_v128_bitselect((v128_t)t, (v128_t)f, wasm_f32x4_lt((v128_t)a, (v128_t)b));
}
static inline vf vf_le(vf a, vf b, vf t, vf f) {
  return (vf)wasm_v128_bitselect((v128_t)t, (v128_t)f, wasm_f32x4_le((v128_t)a, (v128_t)b));
}
static inline float vf_sum(vf v) { return (v[0] + v[2]) + (v[1] + v[3]); }
"""
F32 = _F32 + "static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }\n"
F32_RELAXED = _F32 + (
    "static inline vf vf_fma(vf a, vf b, vf c) { return (vf)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c); }\n"
)
SHIFT = "static inline vf vf_shift(vf x) { return (vf)wasm_i32x4_shl((v128_t)x, 23); }\n"

S8 = """typedef v128_t vi;
static inline vi vi_load(const void *p) { return wasm_v128_load(p); }
static inline void vi_store(int32_t *p, vi v) { wasm_v128_store(p, v); }
static inline vi vi_set1(int32_t x) { return wasm_i32x4_splat(x); }
static inline vi vi_add(vi a, vi b) { return wasm_i32x4_add(a, b); }
static inline vi vi_four_n(const void *p, int32_t n);
static inline vf vi_unsigned(vi v) { return (vf)wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(v))); }
static inline vf vi_signed(vi v) { return (vf)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(wasm_i16x8_extend_low_i8x16(v))); }
static inline vf vf_of_i32(const int32_t *p) { return (vf)wasm_f32x4_convert_i32x4(wasm_v128_load(p)); }
static inline vf vf_of_u8(const uint8_t *p) { return vi_unsigned(wasm_v128_load32_zero(p)); }
static inline vf vf_of_i8(const int8_t *p) { return vi_signed(wasm_v128_load32_zero(p)); }
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) { return vi_unsigned(vi_four_n(p, n)); }
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) { return vi_signed(vi_four_n(p, n)); }
typedef v128_t vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return wasm_i16x8_splat((int16_t)x); }
/* floats within 16 bits (NaN: the least of them), rounded, halves to even: adding 1.5 * 2^23 leaves the integer in the low bits */
static inline vi vi_rounded(vf v) {
  const v128_t held = wasm_f32x4_pmin(wasm_f32x4_pmax(wasm_f32x4_const_splat(-32768.0f), (v128_t)v), wasm_f32x4_const_splat(32767.0f));
  return wasm_i32x4_sub(wasm_f32x4_add(held, wasm_f32x4_const_splat(12582912.0f)), wasm_i32x4_const_splat(0x4b400000));
}
/* floats rounded, plus a zero point, held within 16 bits; narrowed to bytes they are held within a byte */
static inline vw vf_words(vf a, vf b, vw zero) { return wasm_i16x8_add_sat(wasm_i16x8_narrow_i32x4(vi_rounded(a), vi_rounded(b)), zero); }
static inline vi vi_narrow_u8(vw a, vw b) { return wasm_u8x16_narrow_i16x8(a, b); }
static inline vi vi_narrow_i8(vw a, vw b) { return wasm_i8x16_narrow_i16x8(a, b); }
static inline void vi_put_n(void *to, vi v, int32_t n) { /* the first n of four bytes */
  uint8_t *const p = (uint8_t *)to;
  uint32_t bytes = (uint32_t)wasm_i32x4_extract_lane(v, 0);
  for (int32_t i = 0; i < 4 && i < n; i++, bytes >>= 8) p[i] = (uint8_t)bytes;
}
"""
S8 += "".join(
    f"""static inline void vf_put_{t}_n({c} *p, vf v, vw zero, int32_t n) {{
  const vw w = vf_words(v, v, zero);
  vi_put_n(p, vi_narrow_{t}(w, w), n);
}}
static inline void vf_put_{t}({c} *p, vf v, vw zero) {{
  const vw w = vf_words(v, v, zero);
  wasm_v128_store32_lane(p, vi_narrow_{t}(w, w), 0);
}}
static inline void vf_put2_{t}({c} *p, vf a, vf b, vw zero) {{ /* two neighbouring vectors */
  const vw w = vf_words(a, b, zero);
  wasm_v128_store64_lane(p, vi_narrow_{t}(w, w), 0);
}}
"""
    for t, c in (("u8", "uint8_t"), ("i8", "int8_t"))
)

# bytes at even and at odd places become 16-bit numbers; sums of two products then are exact in 32 bits
DOT = """/* s + the products of four neighbouring bytes of x (unsigned) and w (signed), exact */
static inline vi vi_dot(vi s, vi x, vi w) {
  const vi even = wasm_i32x4_dot_i16x8(wasm_v128_and(x, wasm_i16x8_const_splat(255)), wasm_i16x8_shr(wasm_i16x8_shl(w, 8), 8));
  const vi odd = wasm_i32x4_dot_i16x8(wasm_u16x8_shr(x, 8), wasm_i16x8_shr(w, 8));
  return wasm_i32x4_add(s, wasm_i32x4_add(even, odd));
}
"""

SHORTS = """/* int32: the products of two neighbouring 16-bit numbers, summed */
static inline vi vi_wide_two(vi x, vi w) { return wasm_i32x4_dot_i16x8(x, w); }
static inline vi vi_ones(void) { return wasm_i16x8_const_splat(1); }
static inline vi vi_add8(vi x, vi y) { return wasm_i8x16_add(x, y); }
static inline vi vi_set8(int32_t x) { return wasm_i8x16_splat((int8_t)x); }
/* two vectors of bytes a, b side by side, quarter by quarter, as 16-bit numbers */
static inline vi vi_pair0(vi a, vi b) { return wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23); }
static inline vi vi_pair1(vi a, vi b) { return wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31); }
static inline vi vi_word0(vi a, vi b) { return wasm_u16x8_extend_low_u8x16(vi_pair0(a, b)); }
static inline vi vi_word1(vi a, vi b) { return wasm_u16x8_extend_high_u8x16(vi_pair0(a, b)); }
static inline vi vi_word2(vi a, vi b) { return wasm_u16x8_extend_low_u8x16(vi_pair1(a, b)); }
static inline vi vi_word3(vi a, vi b) { return wasm_u16x8_extend_high_u8x16(vi_pair1(a, b)); }
/* p, of which the compiler forgets what lies there: weights that are read again are no load on the registers */
static inline const int8_t *vi_again(const int8_t *p) {
  __asm__("" : "+r"(p));
  return p;
}
/* eight bytes, plus a number, and as 16-bit numbers */
static inline void vi_eight(uint8_t *to, const void *p, int32_t n) {
  wasm_v128_store64_lane(to, wasm_i8x16_add(wasm_v128_load64_zero(p), wasm_i8x16_splat((int8_t)n)), 0);
}
static inline void vi_eight_i8(int16_t *to, const void *p) { wasm_v128_store(to, wasm_i16x8_load8x8(p)); }
static inline void vi_eight_u8(int16_t *to, const void *p) { wasm_v128_store(to, wasm_u16x8_load8x8(p)); }
/* half as many bytes as a vector has, as 16-bit numbers */
static inline vi vi_words_i8(const void *p) { return wasm_i16x8_load8x8(p); }
static inline vi vi_words_u8(const void *p) { return wasm_u16x8_load8x8(p); }
"""

QUADS = """typedef int32_t vm; /* how many bytes of a vector there are */
static inline vm vi_part(int32_t n) { return n; }
static inline vi vi_load_part(const void *p, vm part) {
  unsigned char t[16];
  if (part >= 16) return vi_load(p);
  for (int32_t i = 0; i < 16; i++) t[i] = i < part ? ((const unsigned char *)p)[i] : 0;
  return vi_load(t);
}
static inline void vi_store_part(void *p, vi v, vm part) {
  unsigned char t[16];
  wasm_v128_store(part >= 16 ? p : (void *)t, v);
  for (int32_t i = 0; part < 16 && i < part; i++) ((unsigned char *)p)[i] = t[i];
}
/* Four taps of sixteen channels: x[q] holds the q-th four channels, the bytes of their taps side by side. */
static inline void vi_quads(vi a, vi b, vi c, vi d, vi x[4]) {
  const vi ab0 = wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const vi ab1 = wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const vi cd0 = wasm_i8x16_shuffle(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const vi cd1 = wasm_i8x16_shuffle(c, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  x[0] = wasm_i16x8_shuffle(ab0, cd0, 0, 8, 1, 9, 2, 10, 3, 11);
  x[1] = wasm_i16x8_shuffle(ab0, cd0, 4, 12, 5, 13, 6, 14, 7, 15);
  x[2] = wasm_i16x8_shuffle(ab1, cd1, 0, 8, 1, 9, 2, 10, 3, 11);
  x[3] = wasm_i16x8_shuffle(ab1, cd1, 4, 12, 5, 13, 6, 14, 7, 15);
}
static inline vf vf_of(vi v) { return (vf)wasm_f32x4_convert_i32x4(v); }
static inline void vf_put4_u8(uint8_t *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  vi_store_part((void *)p, vi_narrow_u8(vf_words(a, b, zero), vf_words(c, d, zero)), part);
}
static inline void vf_put4_i8(int8_t *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  vi_store_part((void *)p, vi_narrow_i8(vf_words(a, b, zero), vf_words(c, d, zero)), part);
}
"""

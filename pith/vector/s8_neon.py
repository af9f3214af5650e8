"""The dialect of 8-bit integers (`pith.vector.s8`) in NEON of AArch64 and of 32-bit Arm, for signed bytes on both sides.

`vb` is sixteen bytes, `vs` eight 16-bit numbers. Products of bytes are widened to 16 bits; where it is proven that several of them
fit, they are added there before they are widened to int32 (SMLAL, then SADALP; VMLAL and VPADAL). With dot products (SDOT) four at
once go to int32.
"""

_COMMON = """typedef int32x4_t vi;
static inline vi vi_load(const void *p) { return vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)p)); }
static inline void vi_store(int32_t *p, vi v) { vst1q_s32(p, v); }
static inline vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
static inline vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
static inline vi vi_min(vi a, vi b) { return vminq_s32(a, b); }
static inline vi vi_max(vi a, vi b) { return vmaxq_s32(a, b); }
static inline vi vi_load_n(const int32_t *p, int32_t n) {
  if (n >= 4) return vld1q_s32(p);
  vi v = vdupq_n_s32(0);
  if (n > 0) v = vld1q_lane_s32(p, v, 0);
  if (n > 1) v = vld1q_lane_s32(p + 1, v, 1);
  if (n > 2) v = vld1q_lane_s32(p + 2, v, 2);
  return v;
}
static inline vi vi_four(const void *p);
static inline vi vi_four_n(const void *p, int32_t n);
static inline vf vf_of_i32(const int32_t *p) { return vcvtq_f32_s32(vld1q_s32(p)); }
static inline vi vi_byte_u8(vi x) { return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vget_low_u8(vreinterpretq_u8_s32(x)))))); }
static inline vi vi_byte_i8(vi x) { return vmovl_s16(vget_low_s16(vmovl_s8(vget_low_s8(vreinterpretq_s8_s32(x))))); }
static inline vf vf_of(vi v) { return vcvtq_f32_s32(v); }
typedef int16x8_t vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return vdupq_n_s16((int16_t)x); }
/* int32, or floats rounded, halves to even, plus a zero point, held within 16 bits */
static inline vw vi_words(vi a, vi b, vw zero) { return vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), zero); }
/* x times m by 2^31, rounded to nearest, halves up; and x * m * 2^(shift - 31), rounded twice, for any shift, and for those from -31 to -1 */
static inline vi vi_high(vi x, vi m) { return vqrdmulhq_s32(x, m); }
static inline vi vi_scale(vi x, vi m, vi shift) {
  const vi none = vdupq_n_s32(0), right = vminq_s32(shift, none), h = vi_high(vshlq_s32(x, vmaxq_s32(shift, none)), m);
  return vrshlq_s32(vqaddq_s32(h, vshrq_n_s32(vandq_s32(h, right), 31)), right);
}
static inline vi vi_scale_right(vi x, vi m, vi shift) {
  const vi h = vi_high(x, m);
  return vrshlq_s32(vsraq_n_s32(h, h, 31), shift);
}
"""


def _stores(t: str) -> str:
    """Loads and stores of 8-bit numbers: as floats and as int32, for signed and for unsigned bytes."""
    c, sign, narrow, bytes_ = ("uint8_t", "u", "vqmovun_s16", "uint8x8_t") if t == "u8" else ("int8_t", "s", "vqmovn_s16", "int8x8_t")
    join = "vcombine_u8" if t == "u8" else "vcombine_s8"
    text = f"""static inline vi vi_of_{t}(const {c} *p) {{ return vi_byte_{t}(vi_four(p)); }}
static inline vi vi_of_{t}_n(const {c} *p, int32_t n) {{ return n >= 4 ? vi_of_{t}(p) : vi_byte_{t}(vi_four_n(p, n)); }}
static inline vf vf_of_{t}(const {c} *p) {{ return vf_of(vi_of_{t}(p)); }}
static inline vf vf_of_{t}_n(const {c} *p, int32_t n) {{ return vf_of(vi_of_{t}_n(p, n)); }}
static inline void vi_put2_{t}({c} *p, vi a, vi b, vw zero) {{ vst1_{t.replace('i', 's')}(p, {narrow}(vi_words(a, b, zero))); }}
static inline void vi_put16_{t}({c} *p, vi a, vi b, vi c, vi d, vw zero) {{
  vst1q_{t.replace('i', 's')}(p, {join}({narrow}(vi_words(a, b, zero)), {narrow}(vi_words(c, d, zero))));
}}
static inline void vi_put_{t}_n({c} *p, vi v, vw zero, int32_t n) {{
  {c} t[8];
  vi_put2_{t}(t, v, v, zero);
  for (int32_t i = 0; i < 4 && i < n; i++) p[i] = t[i];
}}
static inline void vi_put_{t}({c} *p, vi v, vw zero) {{
  const {bytes_} b = {narrow}(vi_words(v, v, zero));
  vst1_lane_u32((void *)p, vreinterpret_u32_{sign}8(b), 0);
}}
"""
    for name, values in (("put", "v"), ("put2", "a, b"), ("put16", "a, b, c, d")):
        each = values.split(", ")
        rounded = ", ".join(f"vi_rounded({v})" for v in each)
        text += f"static inline void vf_{name}_{t}({c} *p, {', '.join(f'vf {v}' for v in each)}, vw zero) {{ vi_{name}_{t}(p, {rounded}, zero); }}\n"
    return text + f"static inline void vf_put_{t}_n({c} *p, vf v, vw zero, int32_t n) {{ vi_put_{t}_n(p, vi_rounded(v), zero, n); }}\n"


def _part_stores(t: str) -> str:
    """Stores of sixteen 8-bit numbers, or of the first few."""
    c = "uint8_t" if t == "u8" else "int8_t"
    return "".join(
        f"""static inline void {v}_put4_{t}({c} *p, {v} a, {v} b, {v} c, {v} d, vi pairs, vm part) {{
  const vw zero = vreinterpretq_s16_s32(pairs);
  {c} t[16];
  if (part >= 16) {{
    {v}_put16_{t}(p, a, b, c, d, zero);
    return;
  }}
  {v}_put16_{t}(t, a, b, c, d, zero);
  if (part >= 8) __builtin_memcpy(p, t, 8);
  for (int32_t i = part >= 8 ? 8 : 0; i < part; i++) p[i] = t[i];
}}
"""
        for v in ("vf", "vi")
    )


_ENDS = _stores("u8") + _stores("i8")
DIALECT = (
    _COMMON
    + """static inline vi vi_rounded(vf v) { return vcvtnq_s32_f32(v); }
/* sums of neighbours: of a, then of b */
static inline vi vi_neighbours(vi a, vi b) { return vpaddq_s32(a, b); }
"""
    + _ENDS
)
DIALECT32 = (
    _COMMON
    + """/* within 16 bits, NaN the least of them: adding 1.5 * 2^23 leaves the integer, halves to even, in the low bits */
static inline vi vi_rounded(vf v) {
  const vf least = vdupq_n_f32(-32768.0f), held = vminq_f32(vbslq_f32(vcgtq_f32(v, least), v, least), vdupq_n_f32(32767.0f));
  return vsubq_s32(vreinterpretq_s32_f32(vaddq_f32(held, vdupq_n_f32(12582912.0f))), vdupq_n_s32(0x4b400000));
}
/* sums of neighbours: of a, then of b */
static inline vi vi_neighbours(vi a, vi b) {
  return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)), vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
}
"""
    + _ENDS
)

CHUNKS = """typedef int8x16_t vb;
typedef int16x8_t vs;
static inline vb vb_load(const void *p) { return vld1q_s8((const int8_t *)p); }
static inline vb vb_of(vi v) { return vreinterpretq_s8_s32(v); }
static inline void vb_store(void *p, vb v) { vst1q_s8((int8_t *)p, v); }
static inline vb vb_add(vb a, int32_t x) { return vaddq_s8(a, vdupq_n_s8((int8_t)x)); }
/* eight products of each half of two vectors, in 16 bits; added to t, which must have room */
static inline vs vb_low(vb x, vb w) { return vmull_s8(vget_low_s8(x), vget_low_s8(w)); }
static inline vs vb_high(vb x, vb w) { return vmull_s8(vget_high_s8(x), vget_high_s8(w)); }
static inline vs vb_add_low(vs t, vb x, vb w) { return vmlal_s8(t, vget_low_s8(x), vget_low_s8(w)); }
static inline vs vb_add_high(vs t, vb x, vb w) { return vmlal_s8(t, vget_high_s8(x), vget_high_s8(w)); }
static inline vs vs_zero(void) { return vdupq_n_s16(0); }
static inline vi vi_add_low(vi s, vs t) { return vaddw_s16(s, vget_low_s16(t)); }
static inline vi vi_add_high(vi s, vs t) { return vaddw_s16(s, vget_high_s16(t)); }
/* s + the sums of two neighbouring 16-bit numbers */
static inline vi vi_pairs16(vi s, vs t) { return vpadalq_s16(s, t); }
/* the sums of the elements of four vectors */
static inline vi vi_sums(vi a, vi b, vi c, vi d) { return vi_neighbours(vi_neighbours(a, b), vi_neighbours(c, d)); }
"""

# two rows by one column, in assembly so that no product is made before there is a register for it
CHUNKS32 = (
    CHUNKS
    + """/* s0 and s1 + products of sixteen bytes of two rows with the same weights, two of them added in 16 bits */
#define vb_two_rows(s0, s1, x0, x1, w) do { \\
    vs vb_t0, vb_t1; \\
    __asm__("vmull.s8 %q2, %e4, %e6\\n\\tvmull.s8 %q3, %e5, %e6\\n\\tvmlal.s8 %q2, %f4, %f6\\n\\tvmlal.s8 %q3, %f5, %f6\\n\\t" \\
            "vpadal.s16 %q0, %q2\\n\\tvpadal.s16 %q1, %q3" \\
            : "+w"(s0), "+w"(s1), "=&w"(vb_t0), "=&w"(vb_t1) : "w"(x0), "w"(x1), "w"(w)); \\
  } while (0)
"""
)

# both factors signed: pairs of products in int32, whose neighbours are added
DOT = """/* s + the products of four neighbouring bytes, both signed */
static inline vi vi_dot(vi s, vi x, vi w) {
  const int8x16_t a = vreinterpretq_s8_s32(x), b = vreinterpretq_s8_s32(w);
  return vaddq_s32(s, vi_neighbours(vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(b))), vpaddlq_s16(vmull_s8(vget_high_s8(a), vget_high_s8(b)))));
}
"""

PARTS = """typedef int32_t vm; /* how many bytes of a vector there are */
static inline vm vi_part(int32_t n) { return n; }
static inline vi vi_load_part(const void *p, vm part) {
  unsigned char t[16] = {0};
  if (part >= 16) return vi_load(p);
  if (part >= 8) __builtin_memcpy(t, p, 8);
  for (int32_t i = part >= 8 ? 8 : 0; i < part; i++) t[i] = ((const unsigned char *)p)[i];
  return vi_load(t);
}
"""
PARTS += _part_stores("u8") + _part_stores("i8")
QUADS = """/* Four taps of sixteen channels: x[q] holds the q-th four channels, the bytes of their taps side by side. */
static inline void vi_quads(vi a, vi b, vi c, vi d, vi x[4]) {
  const uint8x16x4_t t = {{vreinterpretq_u8_s32(a), vreinterpretq_u8_s32(b), vreinterpretq_u8_s32(c), vreinterpretq_u8_s32(d)}};
  const uint8x16_t first = {0, 16, 32, 48, 1, 17, 33, 49, 2, 18, 34, 50, 3, 19, 35, 51};
  for (int q = 0; q < 4; q++) x[q] = vreinterpretq_s32_u8(vqtbl4q_u8(t, vaddq_u8(first, vdupq_n_u8((uint8_t)(4 * q)))));
}
"""
QUADS32 = """/* Four taps of sixteen channels: x[q] holds the q-th four channels, the bytes of their taps side by side. */
static inline void vi_quads(vi a, vi b, vi c, vi d, vi x[4]) {
  const int8x16x2_t ab = vzipq_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)), cd = vzipq_s8(vreinterpretq_s8_s32(c), vreinterpretq_s8_s32(d));
  for (int q = 0; q < 2; q++) {
    const int16x8x2_t t = vzipq_s16(vreinterpretq_s16_s8(ab.val[q]), vreinterpretq_s16_s8(cd.val[q]));
    x[2 * q] = vreinterpretq_s32_s16(t.val[0]);
    x[2 * q + 1] = vreinterpretq_s32_s16(t.val[1]);
  }
}
"""

SDOT = """/* s + the products of four neighbouring bytes, both signed; of one group of four of x with all of w */
static inline vi vi_dot(vi s, vi x, vi w) { return vdotq_s32(s, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w)); }
#define vi_dot_lane(s, x, lane, w) vdotq_laneq_s32(s, vreinterpretq_s8_s32(w), vreinterpretq_s8_s32(x), lane)
"""

MATRICES = """static inline vi vi_lower(vi a, vi b) { return vreinterpretq_s32_s64(vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b))); }
static inline vi vi_upper(vi a, vi b) { return vreinterpretq_s32_s64(vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b))); }
/* eight bytes here, and eight there */
static inline vi vi_eights(const void *a, const void *b) {
  return vreinterpretq_s32_s8(vcombine_s8(vld1_s8((const int8_t *)a), vld1_s8((const int8_t *)b)));
}
/* two numbers, twice */
static inline vi vi_twice(const void *p) {
  const int32x2_t v = vreinterpret_s32_s8(vld1_s8((const int8_t *)p));
  return vcombine_s32(v, v);
}
/* 2x2 sums s + 2x8 bytes of x by as many of w, both signed: s[2 * i + j] + the sum over k of x[8 * i + k] * w[8 * j + k] */
static inline vi vi_matrix(vi s, vi x, vi w) { return vmmlaq_s32(s, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w)); }
"""

"""The dialect of 8-bit integers (`pith.vector.s8`) in NEON of AArch64, for signed bytes on both sides.

`vb` is sixteen bytes, `vs` eight 16-bit numbers. Products of bytes are widened to 16 bits; where it is proven that several of them
fit, they are added there before they are widened to int32 (SMLAL, then SADALP). With dot products (SDOT) four at once go to int32.
"""

DIALECT = """typedef int32x4_t vi;
static inline vi vi_load(const void *p) { return vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)p)); }
static inline void vi_store(int32_t *p, vi v) { vst1q_s32(p, v); }
static inline vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
static inline vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
static inline vi vi_four(const void *p);
static inline vi vi_four_n(const void *p, int32_t n);
static inline vf vf_of_i32(const int32_t *p) { return vcvtq_f32_s32(vld1q_s32(p)); }
static inline vf vf_byte_u8(vi x) { return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vget_low_u8(vreinterpretq_u8_s32(x)))))); }
static inline vf vf_byte_i8(vi x) { return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vget_low_s8(vreinterpretq_s8_s32(x)))))); }
static inline vf vf_of_u8(const uint8_t *p) { return vf_byte_u8(vi_four(p)); }
static inline vf vf_of_i8(const int8_t *p) { return vf_byte_i8(vi_four(p)); }
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) { return n >= 4 ? vf_of_u8(p) : vf_byte_u8(vi_four_n(p, n)); }
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) { return n >= 4 ? vf_of_i8(p) : vf_byte_i8(vi_four_n(p, n)); }
typedef int16x8_t vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return vdupq_n_s16((int16_t)x); }
/* floats rounded, halves to even, plus a zero point, held within 16 bits */
static inline vw vf_words(vf a, vf b, vw zero) {
  return vqaddq_s16(vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(a)), vcvtnq_s32_f32(b)), zero);
}
static inline void vf_put2_u8(uint8_t *p, vf a, vf b, vw zero) { vst1_u8(p, vqmovun_s16(vf_words(a, b, zero))); }
static inline void vf_put2_i8(int8_t *p, vf a, vf b, vw zero) { vst1_s8(p, vqmovn_s16(vf_words(a, b, zero))); }
static inline void vf_put_u8_n(uint8_t *p, vf v, vw zero, int32_t n) {
  uint8_t t[8];
  vf_put2_u8(t, v, v, zero);
  for (int32_t i = 0; i < 4 && i < n; i++) p[i] = t[i];
}
static inline void vf_put_i8_n(int8_t *p, vf v, vw zero, int32_t n) {
  int8_t t[8];
  vf_put2_i8(t, v, v, zero);
  for (int32_t i = 0; i < 4 && i < n; i++) p[i] = t[i];
}
static inline void vf_put_u8(uint8_t *p, vf v, vw zero) {
  const uint32_t t = vget_lane_u32(vreinterpret_u32_u8(vqmovun_s16(vf_words(v, v, zero))), 0);
  __builtin_memcpy(p, &t, 4);
}
static inline void vf_put_i8(int8_t *p, vf v, vw zero) {
  const uint32_t t = vget_lane_u32(vreinterpret_u32_s8(vqmovn_s16(vf_words(v, v, zero))), 0);
  __builtin_memcpy(p, &t, 4);
}
"""

CHUNKS = """typedef int8x16_t vb;
typedef int16x8_t vs;
static inline vb vb_load(const void *p) { return vld1q_s8((const int8_t *)p); }
static inline void vb_store(void *p, vb v) { vst1q_s8((int8_t *)p, v); }
static inline vb vb_add(vb a, int32_t x) { return vaddq_s8(a, vdupq_n_s8((int8_t)x)); }
/* eight products of each half of two vectors, in 16 bits; added to t, which must have room */
static inline vs vb_low(vb x, vb w) { return vmull_s8(vget_low_s8(x), vget_low_s8(w)); }
static inline vs vb_high(vb x, vb w) { return vmull_high_s8(x, w); }
static inline vs vb_add_low(vs t, vb x, vb w) { return vmlal_s8(t, vget_low_s8(x), vget_low_s8(w)); }
static inline vs vb_add_high(vs t, vb x, vb w) { return vmlal_high_s8(t, x, w); }
/* s + the sums of two neighbouring 16-bit numbers */
static inline vi vi_pairs16(vi s, vs t) { return vpadalq_s16(s, t); }
/* the sums of the elements of four vectors */
static inline vi vi_sums(vi a, vi b, vi c, vi d) { return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d)); }
"""

SDOT = """/* s + the products of four neighbouring bytes, both signed; of one group of four of x with all of w */
static inline vi vi_dot(vi s, vi x, vi w) { return vdotq_s32(s, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w)); }
#define vi_dot_lane(s, x, lane, w) vdotq_laneq_s32(s, vreinterpretq_s8_s32(w), vreinterpretq_s8_s32(x), lane)
"""

"""The float32 dialect (`pith.vector.f32`) in NEON: four lanes, fused multiply-add; on AArch64 products by one lane of a vector."""

_COMMON = """typedef float32x4_t vf;
#define VF_LANES 4
static inline vf vf_load(const float *p) { return vld1q_f32(p); }
static inline void vf_store(float *p, vf v) { vst1q_f32(p, v); }
static inline vf vf_load_n(const float *p, int32_t n) {
  if (n >= 4) return vld1q_f32(p);
  vf v = vdupq_n_f32(0.0f);
  if (n > 0) v = vld1q_lane_f32(p, v, 0);
  if (n > 1) v = vld1q_lane_f32(p + 1, v, 1);
  if (n > 2) v = vld1q_lane_f32(p + 2, v, 2);
  return v;
}
static inline void vf_store_n(float *p, vf v, int32_t n) {
  if (n >= 4) {
    vst1q_f32(p, v);
    return;
  }
  if (n > 0) vst1q_lane_f32(p, v, 0);
  if (n > 1) vst1q_lane_f32(p + 1, v, 1);
  if (n > 2) vst1q_lane_f32(p + 2, v, 2);
}
static inline vf vf_set1(float x) { return vdupq_n_f32(x); }
static inline vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
static inline vf vf_min(vf a, vf b) { return vminq_f32(a, b); } /* a NaN on either side stays */
static inline vf vf_max(vf a, vf b) { return vmaxq_f32(a, b); }
static inline vf vf_lt(vf a, vf b, vf t, vf f) { return vbslq_f32(vcltq_f32(a, b), t, f); }
static inline vf vf_le(vf a, vf b, vf t, vf f) { return vbslq_f32(vcleq_f32(a, b), t, f); }
"""
DIALECT = (
    _COMMON
    + """static inline vf vf_rint(vf v) { return vrndnq_f32(v); }
static inline float vf_sum(vf v) { return vaddvq_f32(v); }
/* p, of which the compiler forgets how it was made: rows keep pointers of their own, and none is computed from its neighbour again */
static inline const float *vf_row(const float *p) {
  __asm__("" : "+r"(p));
  return p;
}
#define vf_fma_lane(x, lane, b, c) vfmaq_laneq_f32(c, b, x, lane) /* x[lane] * b + c */
"""
)

# 32-bit Arm rounds by adding 2^23 and taking it off again
DIALECT32 = (
    _COMMON
    + """static inline vf vf_rint(vf v) { /* halves to even; a zero keeps its sign */
  const uint32x4_t sign = vandq_u32(vreinterpretq_u32_f32(v), vdupq_n_u32(0x80000000u));
  const vf a = vabsq_f32(v), big = vdupq_n_f32(8388608.0f);
  const vf r = vbslq_f32(vcltq_f32(a, big), vsubq_f32(vaddq_f32(a, big), big), a);
  return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(r), sign));
}
static inline float vf_sum(vf v) {
  const float32x2_t t = vadd_f32(vget_low_f32(v), vget_high_f32(v));
  return vget_lane_f32(vpadd_f32(t, t), 0);
}
"""
)

SHIFT = "static inline vf vf_shift(vf x) { return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(x), 23)); }\n"

static void mean_i8i8_mve_s8l0_m128_127(const int8_t *x, int8_t *y, int32_t pixels, int32_t oh, int32_t ow, int32_t c, int32_t kh, int32_t kw,
    int32_t sh, int32_t sw, int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t by, int32_t more) {
  const int32x4_t m = vdupq_n_s32(by), b = vdupq_n_s32(more);
  int16_t s[16];
  for (int32_t p = 0; p < pixels; p++, y += yp) {
    const int32_t i = p / ow % oh, j = p % ow;
    const int8_t *const from = x + (ptrdiff_t)(p / (oh * ow)) * xn + (ptrdiff_t)(i * sh) * xh + (ptrdiff_t)(j * sw) * xw;
    for (int32_t k = 0; k < c; k += 16) {
      const int32_t left = c - k;
      const mve_pred16_t first = vctp16q((uint32_t)left), second = vctp16q((uint32_t)(left > 8 ? left - 8 : 0));
      int16x8_t s0 = vdupq_n_s16(0), s1 = s0;
      for (int32_t u = 0; u < kh; u++) {
        const int8_t *q = from + (ptrdiff_t)u * xh + k;
        for (int32_t v = 0; v < kw; v++, q += xw) {
          s0 = vaddq_s16(s0, vldrbq_z_s16(q, first));
          s1 = vaddq_s16(s1, vldrbq_z_s16(q + 8, second));
        }
      }
      vstrhq_s16(s, s0);
      vstrhq_s16(s + 8, s1);
      for (int32_t l = 0; l < 16 && l < left; l += 4) {
        const int32x4_t v = vldrhq_s32(s + l);
        const int32x4_t h = vaddq_s32(vmulhq_s32(vshlq_n_s32(v, 8), m), b);
        vstrbq_p_s32((int8_t *)y + k + l, vminq_s32(vmaxq_s32(vshrq_n_s32(h, 8), vdupq_n_s32(-128)), vdupq_n_s32(127)), vctp32q((uint32_t)(left - l)));
      }
    }
  }
}

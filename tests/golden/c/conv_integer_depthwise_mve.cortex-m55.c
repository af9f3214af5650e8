static void conv_i8s8_mve_depthwise_3x3s11_s16l2_m128_127(const int8_t *x, const int8_t *w, const int32_t *scale, int8_t *y, void *scratch, int32_t n, int32_t oh, int32_t ow,
    int32_t c, int32_t ih, int32_t iw, int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t zero) {
  int8_t *const a = (int8_t *)scratch;
  int8_t *const none = a + 1152; /* what lies outside */
  int32_t *const s = (int32_t *)(void *)(none + 16);
  const uint32x4_t apart = vmulq_n_u32(vidupq_n_u32(0, 1), 64);
  vstrbq_s8(none, vdupq_n_s8((int8_t)zero));
  for (int32_t g = 0; g < c; g += 16, w += 256, scale += 32) {
    const int32_t many = c - g < 16 ? c - g : 16;
    const mve_pred16_t part = vctp8q((uint32_t)many);
    for (int32_t i = 0; i < n * oh; i += oh - i % oh < 2 ? oh - i % oh : 2) {
      const int32_t iy = i % oh * 1 - ph, height = oh - i % oh < 2 ? oh - i % oh : 2;
      const int8_t *const from = x + (ptrdiff_t)(i / oh) * xn + (ptrdiff_t)iy * xh + g;
      for (int32_t j = 0; j < ow; j += 16) {
        const int32_t width = ow - j < 16 ? ow - j : 16, first = j * 1 - pw;
        const int32_t columns = (width - 1) / 2 * 2 + 4;
        int8_t *to_column = a;
        for (int32_t q = 0; q < columns;) {
          const int32_t ix = first + q, inside = ix >= 0 && ix < iw, run = inside ? (columns - q < iw - ix ? columns - q : iw - ix) : 1;
          const int32_t in0 = inside && iy + 0 >= 0 && iy + 0 < ih, step0 = in0 ? xw : 0;
          const int32_t in1 = inside && iy + 1 >= 0 && iy + 1 < ih, step1 = in1 ? xw : 0;
          const int32_t in2 = inside && iy + 2 >= 0 && iy + 2 < ih, step2 = in2 ? xw : 0;
          const int32_t in3 = inside && iy + 3 >= 0 && iy + 3 < ih, step3 = in3 ? xw : 0;
          const int8_t *p0 = in0 ? from + 0 * (ptrdiff_t)xh + (ptrdiff_t)ix * xw : none;
          const int8_t *p1 = in1 ? from + 1 * (ptrdiff_t)xh + (ptrdiff_t)ix * xw : none;
          const int8_t *p2 = in2 ? from + 2 * (ptrdiff_t)xh + (ptrdiff_t)ix * xw : none;
          const int8_t *p3 = in3 ? from + 3 * (ptrdiff_t)xh + (ptrdiff_t)ix * xw : none;
          for (int32_t k = 0; k < run; k++, to_column += 64) {
            int8x16x4_t v;
            v.val[0] = vldrbq_z_s8(p0, part);
            p0 += step0;
            v.val[1] = vldrbq_z_s8(p1, part);
            p1 += step1;
            v.val[2] = vldrbq_z_s8(p2, part);
            p2 += step2;
            v.val[3] = vldrbq_z_s8(p3, part);
            p3 += step3;
            vst4q_s8(to_column, v);
          }
          q += run;
        }
        for (int32_t k = 0; k < many; k++) {
          const int8_t *const wk = w + 16 * (k + 1); /* there are zeros in front */
          const int8x16_t w00 = vldrbq_s8(wk - 0);
          const int8x16_t w01 = vldrbq_s8(wk - 4);
          const int8x16_t w10 = vldrbq_s8(wk - 1);
          const int8x16_t w11 = vldrbq_s8(wk - 5);
          const int8_t *p = a + 4 * k;
          int32_t *to = s + k;
          for (int32_t l = 0; l < width; l += 2, p += 128, to += 32) {
              const int8x16_t v = vreinterpretq_s8_s32(vldrwq_gather_offset_s32((const int32_t *)(const void *)p, apart));
              to[0] = vmladavq_s8(v, w00);
              to[16] = vmladavq_s8(v, w01);
              to[256] = vmladavq_s8(v, w10);
              to[272] = vmladavq_s8(v, w11);
          }
        }
        for (int32_t k = 0; k < many; k += 4) {
          const mve_pred16_t four = vctp32q((uint32_t)(many - k));
          const int32x4_t m = vldrwq_s32(scale + k), b = vldrwq_s32(scale + 16 + k);
          for (int32_t r = 0; r < height; r++) {
            const int32_t *at = s + 256 * r + k;
            int8_t *to = y + ((ptrdiff_t)(i + r) * ow + j) * yp + g + k;
            for (int32_t l = 0; l < width; l++, at += 16, to += yp) {
              const int32x4_t v = vldrwq_s32(at);
              const int32x4_t h = vaddq_s32(vmulhq_s32(vshlq_n_s32(v, 10), m), b);
              vstrbq_p_s32(to, vminq_s32(vmaxq_s32(vshrq_n_s32(h, 16), vdupq_n_s32(-128)), vdupq_n_s32(127)), four);
            }
          }
        }
      }
    }
  }
}

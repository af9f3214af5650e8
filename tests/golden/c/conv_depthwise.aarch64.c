/* rows i0 ... i1 - 1 of 8 channels, a column at a time */
static void walk_f32_neon_3x3s1l1r1t2_8_clipd2ed3cfd(const float *x, const float *w, float *y, float e0, int32_t i0, int32_t i1, int32_t ow, int32_t ih,
    int32_t sh, int32_t dh, int32_t ph, ptrdiff_t xh, ptrdiff_t xw, ptrdiff_t yh, ptrdiff_t yw) {
  static const float none[8] = {0};
  const vf zero_all = vf_set1(0.0f);
  const vf e0_all = vf_set1(e0);
  for (int32_t i = i0; i < i1; i++) {
    const int32_t y0 = i * sh - ph;
    const int in0 = y0 >= 0 && y0 < ih;
    const float *p0 = in0 ? x + y0 * xh : none;
    const ptrdiff_t d0 = in0 ? 4 * xw : 0;
    const int32_t y1 = i * sh - ph + dh;
    const int in1 = y1 >= 0 && y1 < ih;
    const float *p1 = in1 ? x + y1 * xh : none;
    const ptrdiff_t d1 = in1 ? 4 * xw : 0;
    const int32_t y2 = i * sh - ph + 2 * dh;
    const int in2 = y2 >= 0 && y2 < ih;
    const float *p2 = in2 ? x + y2 * xh : none;
    const ptrdiff_t d2 = in2 ? 4 * xw : 0;
    float *to = y + i * yh;
    int32_t n = (ow - 1) / 3;
    __asm__ volatile(
        "add x9, %[w], #32\n"
        "ld1 {v12.4s, v13.4s, v14.4s, v15.4s}, [x9], #64\n"
        "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [x9], #64\n"
        "ld1 {v20.4s, v21.4s, v22.4s, v23.4s}, [x9], #64\n"
        "ld1 {v24.4s, v25.4s, v26.4s, v27.4s}, [x9], #64\n"
        "ld1 {v28.4s, v29.4s}, [x9], #32\n"
        "ld1 {v0.4s, v1.4s}, [%[w]]\n"
        "ld1 {v2.4s, v3.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v0.4s, v6.4s, v14.4s\n"
        "fmla v1.4s, v7.4s, v15.4s\n"
        "fmla v2.4s, v6.4s, v12.4s\n"
        "fmla v3.4s, v7.4s, v13.4s\n"
        "fmla v0.4s, v8.4s, v20.4s\n"
        "fmla v1.4s, v9.4s, v21.4s\n"
        "fmla v2.4s, v8.4s, v18.4s\n"
        "fmla v3.4s, v9.4s, v19.4s\n"
        "fmla v0.4s, v10.4s, v26.4s\n"
        "fmla v1.4s, v11.4s, v27.4s\n"
        "fmla v2.4s, v10.4s, v24.4s\n"
        "fmla v3.4s, v11.4s, v25.4s\n"
        "cbz %w[n], 2f\n"
        "1:\n"
        "ld1 {v4.4s, v5.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v0.4s, v6.4s, v16.4s\n"
        "fmla v1.4s, v7.4s, v17.4s\n"
        "fmla v2.4s, v6.4s, v14.4s\n"
        "fmla v3.4s, v7.4s, v15.4s\n"
        "fmla v4.4s, v6.4s, v12.4s\n"
        "fmla v5.4s, v7.4s, v13.4s\n"
        "fmla v0.4s, v8.4s, v22.4s\n"
        "fmla v1.4s, v9.4s, v23.4s\n"
        "fmla v2.4s, v8.4s, v20.4s\n"
        "fmla v3.4s, v9.4s, v21.4s\n"
        "fmla v4.4s, v8.4s, v18.4s\n"
        "fmla v5.4s, v9.4s, v19.4s\n"
        "fmla v0.4s, v10.4s, v28.4s\n"
        "fmla v1.4s, v11.4s, v29.4s\n"
        "fmla v2.4s, v10.4s, v26.4s\n"
        "fmla v3.4s, v11.4s, v27.4s\n"
        "fmla v4.4s, v10.4s, v24.4s\n"
        "fmla v5.4s, v11.4s, v25.4s\n"
        "fmax v0.4s, v0.4s, %[zero].4s\n"
        "fmax v1.4s, v1.4s, %[zero].4s\n"
        "fmin v0.4s, v0.4s, %[e0].4s\n"
        "fmin v1.4s, v1.4s, %[e0].4s\n"
        "st1 {v0.4s, v1.4s}, [%[to]], %[yw]\n"
        "ld1 {v0.4s, v1.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v2.4s, v6.4s, v16.4s\n"
        "fmla v3.4s, v7.4s, v17.4s\n"
        "fmla v4.4s, v6.4s, v14.4s\n"
        "fmla v5.4s, v7.4s, v15.4s\n"
        "fmla v0.4s, v6.4s, v12.4s\n"
        "fmla v1.4s, v7.4s, v13.4s\n"
        "fmla v2.4s, v8.4s, v22.4s\n"
        "fmla v3.4s, v9.4s, v23.4s\n"
        "fmla v4.4s, v8.4s, v20.4s\n"
        "fmla v5.4s, v9.4s, v21.4s\n"
        "fmla v0.4s, v8.4s, v18.4s\n"
        "fmla v1.4s, v9.4s, v19.4s\n"
        "fmla v2.4s, v10.4s, v28.4s\n"
        "fmla v3.4s, v11.4s, v29.4s\n"
        "fmla v4.4s, v10.4s, v26.4s\n"
        "fmla v5.4s, v11.4s, v27.4s\n"
        "fmla v0.4s, v10.4s, v24.4s\n"
        "fmla v1.4s, v11.4s, v25.4s\n"
        "fmax v2.4s, v2.4s, %[zero].4s\n"
        "fmax v3.4s, v3.4s, %[zero].4s\n"
        "fmin v2.4s, v2.4s, %[e0].4s\n"
        "fmin v3.4s, v3.4s, %[e0].4s\n"
        "st1 {v2.4s, v3.4s}, [%[to]], %[yw]\n"
        "ld1 {v2.4s, v3.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v4.4s, v6.4s, v16.4s\n"
        "fmla v5.4s, v7.4s, v17.4s\n"
        "fmla v0.4s, v6.4s, v14.4s\n"
        "fmla v1.4s, v7.4s, v15.4s\n"
        "fmla v2.4s, v6.4s, v12.4s\n"
        "fmla v3.4s, v7.4s, v13.4s\n"
        "fmla v4.4s, v8.4s, v22.4s\n"
        "fmla v5.4s, v9.4s, v23.4s\n"
        "fmla v0.4s, v8.4s, v20.4s\n"
        "fmla v1.4s, v9.4s, v21.4s\n"
        "fmla v2.4s, v8.4s, v18.4s\n"
        "fmla v3.4s, v9.4s, v19.4s\n"
        "fmla v4.4s, v10.4s, v28.4s\n"
        "fmla v5.4s, v11.4s, v29.4s\n"
        "fmla v0.4s, v10.4s, v26.4s\n"
        "fmla v1.4s, v11.4s, v27.4s\n"
        "fmla v2.4s, v10.4s, v24.4s\n"
        "fmla v3.4s, v11.4s, v25.4s\n"
        "fmax v4.4s, v4.4s, %[zero].4s\n"
        "fmax v5.4s, v5.4s, %[zero].4s\n"
        "fmin v4.4s, v4.4s, %[e0].4s\n"
        "fmin v5.4s, v5.4s, %[e0].4s\n"
        "st1 {v4.4s, v5.4s}, [%[to]], %[yw]\n"
        "subs %w[n], %w[n], #1\n"
        "b.ne 1b\n"
        "2:\n"
        "ld1 {v4.4s, v5.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v0.4s, v6.4s, v16.4s\n"
        "fmla v1.4s, v7.4s, v17.4s\n"
        "fmla v2.4s, v6.4s, v14.4s\n"
        "fmla v3.4s, v7.4s, v15.4s\n"
        "fmla v4.4s, v6.4s, v12.4s\n"
        "fmla v5.4s, v7.4s, v13.4s\n"
        "fmla v0.4s, v8.4s, v22.4s\n"
        "fmla v1.4s, v9.4s, v23.4s\n"
        "fmla v2.4s, v8.4s, v20.4s\n"
        "fmla v3.4s, v9.4s, v21.4s\n"
        "fmla v4.4s, v8.4s, v18.4s\n"
        "fmla v5.4s, v9.4s, v19.4s\n"
        "fmla v0.4s, v10.4s, v28.4s\n"
        "fmla v1.4s, v11.4s, v29.4s\n"
        "fmla v2.4s, v10.4s, v26.4s\n"
        "fmla v3.4s, v11.4s, v27.4s\n"
        "fmla v4.4s, v10.4s, v24.4s\n"
        "fmla v5.4s, v11.4s, v25.4s\n"
        "fmax v0.4s, v0.4s, %[zero].4s\n"
        "fmax v1.4s, v1.4s, %[zero].4s\n"
        "fmin v0.4s, v0.4s, %[e0].4s\n"
        "fmin v1.4s, v1.4s, %[e0].4s\n"
        "st1 {v0.4s, v1.4s}, [%[to]], %[yw]\n"
        "ld1 {v0.4s, v1.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v2.4s, v6.4s, v16.4s\n"
        "fmla v3.4s, v7.4s, v17.4s\n"
        "fmla v4.4s, v6.4s, v14.4s\n"
        "fmla v5.4s, v7.4s, v15.4s\n"
        "fmla v0.4s, v6.4s, v12.4s\n"
        "fmla v1.4s, v7.4s, v13.4s\n"
        "fmla v2.4s, v8.4s, v22.4s\n"
        "fmla v3.4s, v9.4s, v23.4s\n"
        "fmla v4.4s, v8.4s, v20.4s\n"
        "fmla v5.4s, v9.4s, v21.4s\n"
        "fmla v0.4s, v8.4s, v18.4s\n"
        "fmla v1.4s, v9.4s, v19.4s\n"
        "fmla v2.4s, v10.4s, v28.4s\n"
        "fmla v3.4s, v11.4s, v29.4s\n"
        "fmla v4.4s, v10.4s, v26.4s\n"
        "fmla v5.4s, v11.4s, v27.4s\n"
        "fmla v0.4s, v10.4s, v24.4s\n"
        "fmla v1.4s, v11.4s, v25.4s\n"
        "fmax v2.4s, v2.4s, %[zero].4s\n"
        "fmax v3.4s, v3.4s, %[zero].4s\n"
        "fmin v2.4s, v2.4s, %[e0].4s\n"
        "fmin v3.4s, v3.4s, %[e0].4s\n"
        "st1 {v2.4s, v3.4s}, [%[to]], %[yw]\n"
        "fmax v4.4s, v4.4s, %[zero].4s\n"
        "fmax v5.4s, v5.4s, %[zero].4s\n"
        "fmin v4.4s, v4.4s, %[e0].4s\n"
        "fmin v5.4s, v5.4s, %[e0].4s\n"
        "st1 {v4.4s, v5.4s}, [%[to]], %[yw]\n"
        : [p0] "+&r"(p0), [p1] "+&r"(p1), [p2] "+&r"(p2), [to] "+&r"(to), [n] "+&r"(n)
        : [d0] "r"(d0), [d1] "r"(d1), [d2] "r"(d2), [yw] "r"(4 * yw), [w] "r"(w), [zero] "w"(zero_all), [e0] "w"(e0_all)
        : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "x9", "cc", "memory");
  }
}

PITH_NOINLINE static void conv_f32_neon_depthwise_walk_3x3s1l1r1t2_8_clipd2ed3cfd(const float *x, const float *w, const float *zero, float *y, float e0,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t sh, int32_t dh, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {
  const int32_t near = iw < 256 ? 256 / iw : 1; /* rows of which all inputs stay in the first-level cache */
  (void)zero;
  (void)pw;
  for (int32_t r = r_from, rows; r < r_to; r += rows) {
    const int32_t b = r / oh, i0 = r % oh, left = r_to - r < oh - i0 ? r_to - r : oh - i0;
    const float *const xb = x + (ptrdiff_t)b * xn;
    float *const yb = y + (ptrdiff_t)b * yn;
    rows = left < near ? left : near;
    int32_t c = c_from;
    for (; c <= c_to - 8; c += 8)
      walk_f32_neon_3x3s1l1r1t2_8_clipd2ed3cfd(xb + c, w + (ptrdiff_t)c * 10, yb + c, e0, i0, i0 + rows, ow, ih, sh, dh, ph, xh, xw, yh, yw);
  }
}

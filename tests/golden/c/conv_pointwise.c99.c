/* width of the panel that begins where `left` columns are left */
static inline int32_t panel_width_c99(int32_t left) { return left >= 2 ? 4 : 1; }

/* the first `cols` columns of a finished tile to their rows */
PITH_NOINLINE static void tile_part(float *const *y, ptrdiff_t no, const float *t, int32_t rows, int32_t cols, int32_t width) {
  for (int32_t r = 0; r < rows; r++, t += width) {
    float *const p = y[r] + no;
    for (int32_t c = 0; c < cols; c++) p[c] = t[c];
  }
}

/* 4 rows x 4 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_c99_4x4_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  const vf bias1 = vf_load(w + 1 * VF_LANES);
  const vf bias2 = vf_load(w + 2 * VF_LANES);
  const vf bias3 = vf_load(w + 3 * VF_LANES);
  vf s0_0 = bias0, s0_1 = bias1, s0_2 = bias2, s0_3 = bias3, s1_0 = bias0, s1_1 = bias1, s1_2 = bias2, s1_3 = bias3, s2_0 = bias0, s2_1 = bias1, s2_2 = bias2, s2_3 = bias3, s3_0 = bias0, s3_1 = bias1, s3_2 = bias2, s3_3 = bias3;
  w += 4 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    const float *const a2 = a[2] + ao;
    const float *const a3 = a[3] + ao;
    a += 4;
    int32_t k = 0;
    for (; k <= kc - 1; k += 1, w += 4 * VF_LANES) {
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf b0_1 = vf_load(w + 1 * VF_LANES);
      const vf b0_2 = vf_load(w + 2 * VF_LANES);
      const vf b0_3 = vf_load(w + 3 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      s0_1 = vf_fma(x0_0, b0_1, s0_1);
      s0_2 = vf_fma(x0_0, b0_2, s0_2);
      s0_3 = vf_fma(x0_0, b0_3, s0_3);
      const vf x1_0 = vf_set1(a1[k]);
      s1_0 = vf_fma(x1_0, b0_0, s1_0);
      s1_1 = vf_fma(x1_0, b0_1, s1_1);
      s1_2 = vf_fma(x1_0, b0_2, s1_2);
      s1_3 = vf_fma(x1_0, b0_3, s1_3);
      const vf x2_0 = vf_set1(a2[k]);
      s2_0 = vf_fma(x2_0, b0_0, s2_0);
      s2_1 = vf_fma(x2_0, b0_1, s2_1);
      s2_2 = vf_fma(x2_0, b0_2, s2_2);
      s2_3 = vf_fma(x2_0, b0_3, s2_3);
      const vf x3_0 = vf_set1(a3[k]);
      s3_0 = vf_fma(x3_0, b0_0, s3_0);
      s3_1 = vf_fma(x3_0, b0_1, s3_1);
      s3_2 = vf_fma(x3_0, b0_2, s3_2);
      s3_3 = vf_fma(x3_0, b0_3, s3_3);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[4 * 4 * VF_LANES], *p[4];
  const int full = cols >= 4 * VF_LANES;
  for (int32_t r = 0; r < 4; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 4 * VF_LANES;
  const vf v0 = vf_set1(e0);
  {
    const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
    vf_store(p[0] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
    vf_store(p[0] + 1 * VF_LANES, vf_min(t1_0, v0));
    const vf t2_0 = vf_max(s0_2, vf_set1(0.0f));
    vf_store(p[0] + 2 * VF_LANES, vf_min(t2_0, v0));
    const vf t3_0 = vf_max(s0_3, vf_set1(0.0f));
    vf_store(p[0] + 3 * VF_LANES, vf_min(t3_0, v0));
  }
  {
    const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
    vf_store(p[1] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
    vf_store(p[1] + 1 * VF_LANES, vf_min(t1_0, v0));
    const vf t2_0 = vf_max(s1_2, vf_set1(0.0f));
    vf_store(p[1] + 2 * VF_LANES, vf_min(t2_0, v0));
    const vf t3_0 = vf_max(s1_3, vf_set1(0.0f));
    vf_store(p[1] + 3 * VF_LANES, vf_min(t3_0, v0));
  }
  {
    const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
    vf_store(p[2] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s2_1, vf_set1(0.0f));
    vf_store(p[2] + 1 * VF_LANES, vf_min(t1_0, v0));
    const vf t2_0 = vf_max(s2_2, vf_set1(0.0f));
    vf_store(p[2] + 2 * VF_LANES, vf_min(t2_0, v0));
    const vf t3_0 = vf_max(s2_3, vf_set1(0.0f));
    vf_store(p[2] + 3 * VF_LANES, vf_min(t3_0, v0));
  }
  {
    const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
    vf_store(p[3] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s3_1, vf_set1(0.0f));
    vf_store(p[3] + 1 * VF_LANES, vf_min(t1_0, v0));
    const vf t2_0 = vf_max(s3_2, vf_set1(0.0f));
    vf_store(p[3] + 2 * VF_LANES, vf_min(t2_0, v0));
    const vf t3_0 = vf_max(s3_3, vf_set1(0.0f));
    vf_store(p[3] + 3 * VF_LANES, vf_min(t3_0, v0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 4 * VF_LANES);
}

/* 1 rows x 4 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_c99_1x4_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  const vf bias1 = vf_load(w + 1 * VF_LANES);
  const vf bias2 = vf_load(w + 2 * VF_LANES);
  const vf bias3 = vf_load(w + 3 * VF_LANES);
  vf s0_0 = bias0, s0_1 = bias1, s0_2 = bias2, s0_3 = bias3;
  vf p1_0 = vf_set1(0.0f), p1_1 = vf_set1(0.0f), p1_2 = vf_set1(0.0f), p1_3 = vf_set1(0.0f), p2_0 = vf_set1(0.0f), p2_1 = vf_set1(0.0f), p2_2 = vf_set1(0.0f), p2_3 = vf_set1(0.0f), p3_0 = vf_set1(0.0f), p3_1 = vf_set1(0.0f), p3_2 = vf_set1(0.0f), p3_3 = vf_set1(0.0f);
  w += 4 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    a += 1;
    int32_t k = 0;
    for (; k <= kc - 4; k += 4, w += 16 * VF_LANES) {
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf b0_1 = vf_load(w + 1 * VF_LANES);
      const vf b0_2 = vf_load(w + 2 * VF_LANES);
      const vf b0_3 = vf_load(w + 3 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      s0_1 = vf_fma(x0_0, b0_1, s0_1);
      s0_2 = vf_fma(x0_0, b0_2, s0_2);
      s0_3 = vf_fma(x0_0, b0_3, s0_3);
      const vf b1_0 = vf_load(w + 4 * VF_LANES);
      const vf b1_1 = vf_load(w + 5 * VF_LANES);
      const vf b1_2 = vf_load(w + 6 * VF_LANES);
      const vf b1_3 = vf_load(w + 7 * VF_LANES);
      const vf x0_1 = vf_set1(a0[k + 1]);
      p1_0 = vf_fma(x0_1, b1_0, p1_0);
      p1_1 = vf_fma(x0_1, b1_1, p1_1);
      p1_2 = vf_fma(x0_1, b1_2, p1_2);
      p1_3 = vf_fma(x0_1, b1_3, p1_3);
      const vf b2_0 = vf_load(w + 8 * VF_LANES);
      const vf b2_1 = vf_load(w + 9 * VF_LANES);
      const vf b2_2 = vf_load(w + 10 * VF_LANES);
      const vf b2_3 = vf_load(w + 11 * VF_LANES);
      const vf x0_2 = vf_set1(a0[k + 2]);
      p2_0 = vf_fma(x0_2, b2_0, p2_0);
      p2_1 = vf_fma(x0_2, b2_1, p2_1);
      p2_2 = vf_fma(x0_2, b2_2, p2_2);
      p2_3 = vf_fma(x0_2, b2_3, p2_3);
      const vf b3_0 = vf_load(w + 12 * VF_LANES);
      const vf b3_1 = vf_load(w + 13 * VF_LANES);
      const vf b3_2 = vf_load(w + 14 * VF_LANES);
      const vf b3_3 = vf_load(w + 15 * VF_LANES);
      const vf x0_3 = vf_set1(a0[k + 3]);
      p3_0 = vf_fma(x0_3, b3_0, p3_0);
      p3_1 = vf_fma(x0_3, b3_1, p3_1);
      p3_2 = vf_fma(x0_3, b3_2, p3_2);
      p3_3 = vf_fma(x0_3, b3_3, p3_3);
    }
    for (; k <= kc - 1; k += 1, w += 4 * VF_LANES) {
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf b0_1 = vf_load(w + 1 * VF_LANES);
      const vf b0_2 = vf_load(w + 2 * VF_LANES);
      const vf b0_3 = vf_load(w + 3 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      s0_1 = vf_fma(x0_0, b0_1, s0_1);
      s0_2 = vf_fma(x0_0, b0_2, s0_2);
      s0_3 = vf_fma(x0_0, b0_3, s0_3);
    }
  }
  s0_0 = (s0_0 + p1_0) + (p2_0 + p3_0);
  s0_1 = (s0_1 + p1_1) + (p2_1 + p3_1);
  s0_2 = (s0_2 + p1_2) + (p2_2 + p3_2);
  s0_3 = (s0_3 + p1_3) + (p2_3 + p3_3);
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[1 * 4 * VF_LANES], *p[1];
  const int full = cols >= 4 * VF_LANES;
  for (int32_t r = 0; r < 1; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 4 * VF_LANES;
  const vf v0 = vf_set1(e0);
  {
    const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
    vf_store(p[0] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
    vf_store(p[0] + 1 * VF_LANES, vf_min(t1_0, v0));
    const vf t2_0 = vf_max(s0_2, vf_set1(0.0f));
    vf_store(p[0] + 2 * VF_LANES, vf_min(t2_0, v0));
    const vf t3_0 = vf_max(s0_3, vf_set1(0.0f));
    vf_store(p[0] + 3 * VF_LANES, vf_min(t3_0, v0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 4 * VF_LANES);
}

/* 4 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_c99_4x1_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  vf s0_0 = bias0, s1_0 = bias0, s2_0 = bias0, s3_0 = bias0;
  w += 1 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    const float *const a2 = a[2] + ao;
    const float *const a3 = a[3] + ao;
    a += 4;
    int32_t k = 0;
    for (; k <= kc - 1; k += 1, w += 1 * VF_LANES) {
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      const vf x1_0 = vf_set1(a1[k]);
      s1_0 = vf_fma(x1_0, b0_0, s1_0);
      const vf x2_0 = vf_set1(a2[k]);
      s2_0 = vf_fma(x2_0, b0_0, s2_0);
      const vf x3_0 = vf_set1(a3[k]);
      s3_0 = vf_fma(x3_0, b0_0, s3_0);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[4 * 1 * VF_LANES], *p[4];
  const int full = cols >= 1 * VF_LANES;
  for (int32_t r = 0; r < 4; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 1 * VF_LANES;
  const vf v0 = vf_set1(e0);
  {
    const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
    vf_store(p[0] + 0 * VF_LANES, vf_min(t0_0, v0));
  }
  {
    const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
    vf_store(p[1] + 0 * VF_LANES, vf_min(t0_0, v0));
  }
  {
    const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
    vf_store(p[2] + 0 * VF_LANES, vf_min(t0_0, v0));
  }
  {
    const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
    vf_store(p[3] + 0 * VF_LANES, vf_min(t0_0, v0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 1 * VF_LANES);
}

/* 1 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_c99_1x1_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  vf s0_0 = bias0;
  vf p1_0 = vf_set1(0.0f), p2_0 = vf_set1(0.0f), p3_0 = vf_set1(0.0f);
  w += 1 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    a += 1;
    int32_t k = 0;
    for (; k <= kc - 4; k += 4, w += 4 * VF_LANES) {
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      const vf b1_0 = vf_load(w + 1 * VF_LANES);
      const vf x0_1 = vf_set1(a0[k + 1]);
      p1_0 = vf_fma(x0_1, b1_0, p1_0);
      const vf b2_0 = vf_load(w + 2 * VF_LANES);
      const vf x0_2 = vf_set1(a0[k + 2]);
      p2_0 = vf_fma(x0_2, b2_0, p2_0);
      const vf b3_0 = vf_load(w + 3 * VF_LANES);
      const vf x0_3 = vf_set1(a0[k + 3]);
      p3_0 = vf_fma(x0_3, b3_0, p3_0);
    }
    for (; k <= kc - 1; k += 1, w += 1 * VF_LANES) {
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
    }
  }
  s0_0 = (s0_0 + p1_0) + (p2_0 + p3_0);
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[1 * 1 * VF_LANES], *p[1];
  const int full = cols >= 1 * VF_LANES;
  for (int32_t r = 0; r < 1; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 1 * VF_LANES;
  const vf v0 = vf_set1(e0);
  {
    const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
    vf_store(p[0] + 0 * VF_LANES, vf_min(t0_0, v0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 1 * VF_LANES);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_f32_c99_4x4_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, int32_t rows, int32_t n, int32_t height, float e0) {
  int32_t width;
  for (int32_t c = 0; c < n; c += width) {
    width = panel_width_c99(n - c);
    if (width == 4) {
      if (height == 4) tile_f32_c99_4x4_clipd2ed3cfd(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else tile_f32_c99_1x4_clipd2ed3cfd(taps, kc, a, ao, w, y, c, rows, n - c, e0);
    } else if (width == 1) {
      if (height == 4) tile_f32_c99_4x1_clipd2ed3cfd(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else tile_f32_c99_1x1_clipd2ed3cfd(taps, kc, a, ao, w, y, c, rows, n - c, e0);
    }
    w += (ptrdiff_t)width * (1 + (ptrdiff_t)taps * kc);
  }
}

static void matmul_f32_c99_4x4_clipd2ed3cfd(const float *a, const float *w, float *y, float e0,
    int32_t m, int32_t k, int32_t near, int32_t lda, int32_t ldy, int32_t m_from, int32_t m_to, int32_t n_from, int32_t n_to) {
  const float *x[4];
  float *out[4];
  w += (ptrdiff_t)n_from * (1 + (ptrdiff_t)k);
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += (ptrdiff_t)near * (1 + (ptrdiff_t)k)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    for (int32_t m0 = m_from; m0 < m_to;) {
      const int32_t height = m - m0 > 1 ? 4 : 1;
      const int32_t rows = m - m0 < height ? m - m0 : height;
      for (int32_t i = 0; i < height; i++) { /* rows past the end repeat the last one and are not stored */
        const ptrdiff_t at = m0 + (i < rows ? i : rows - 1);
        x[i] = a + at * lda;
        out[i] = y + at * ldy + n0;
      }
      rows_f32_c99_4x4_clipd2ed3cfd(1, k, x, 0, w, out, rows, cols, height, e0);
      m0 += rows;
    }
  }
}

/* where the weights begin that block number `block` of `blocks` asks for: its share of those behind w's `bytes`. Behind the network's
   last ones there is nothing to ask for, and an address that is not mapped costs some processors a search each time: then those at w */
static inline uintptr_t weights_ahead(const float *w, uintptr_t bytes, int32_t blocks, int32_t block) {
  const uintptr_t share = bytes / (uintptr_t)blocks, next = (uintptr_t)w + share * (uintptr_t)(blocks + block);
  return next + share <= PITH_WEIGHTS_END ? next : (uintptr_t)w;
}

/* width of the panel that begins where `left` columns are left */
static inline int32_t panel_width_avx2(int32_t left) { return left >= 9 ? 16 : 8; }

/* the first `cols` columns of a finished tile to their rows */
PITH_NOINLINE static void tile_part(float *const *y, ptrdiff_t no, const float *t, int32_t rows, int32_t cols, int32_t width) {
  for (int32_t r = 0; r < rows; r++, t += width) {
    float *const p = y[r] + no;
    for (int32_t c = 0; c < cols; c++) p[c] = t[c];
  }
}

/* 5 rows x 2 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_5x16_ahead_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0, uintptr_t next, int32_t step) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  const vf bias1 = vf_load(w + 1 * VF_LANES);
  vf s0_0 = bias0, s0_1 = bias1, s1_0 = bias0, s1_1 = bias1, s2_0 = bias0, s2_1 = bias1, s3_0 = bias0, s3_1 = bias1, s4_0 = bias0, s4_1 = bias1;
  w += 2 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    const float *const a2 = a[2] + ao;
    const float *const a3 = a[3] + ao;
    const float *const a4 = a[4] + ao;
    a += 5;
    int32_t k = 0;
    for (; k <= kc - 1; k += 1, w += 2 * VF_LANES) {
      PITH_PREFETCH(w, 64 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf b0_1 = vf_load(w + 1 * VF_LANES);
      PITH_LATER(next);
      next += (uintptr_t)step;
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      s0_1 = vf_fma(x0_0, b0_1, s0_1);
      const vf x1_0 = vf_set1(a1[k]);
      s1_0 = vf_fma(x1_0, b0_0, s1_0);
      s1_1 = vf_fma(x1_0, b0_1, s1_1);
      const vf x2_0 = vf_set1(a2[k]);
      s2_0 = vf_fma(x2_0, b0_0, s2_0);
      s2_1 = vf_fma(x2_0, b0_1, s2_1);
      const vf x3_0 = vf_set1(a3[k]);
      s3_0 = vf_fma(x3_0, b0_0, s3_0);
      s3_1 = vf_fma(x3_0, b0_1, s3_1);
      const vf x4_0 = vf_set1(a4[k]);
      s4_0 = vf_fma(x4_0, b0_0, s4_0);
      s4_1 = vf_fma(x4_0, b0_1, s4_1);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[5 * 2 * VF_LANES], *p[5];
  const int full = cols >= 2 * VF_LANES;
  for (int32_t r = 0; r < 5; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 2 * VF_LANES;
  const vf v0 = vf_set1(e0);
  {
    const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
    vf_store(p[0] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
    vf_store(p[0] + 1 * VF_LANES, vf_min(t1_0, v0));
  }
  {
    const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
    vf_store(p[1] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
    vf_store(p[1] + 1 * VF_LANES, vf_min(t1_0, v0));
  }
  {
    const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
    vf_store(p[2] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s2_1, vf_set1(0.0f));
    vf_store(p[2] + 1 * VF_LANES, vf_min(t1_0, v0));
  }
  {
    const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
    vf_store(p[3] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s3_1, vf_set1(0.0f));
    vf_store(p[3] + 1 * VF_LANES, vf_min(t1_0, v0));
  }
  {
    const vf t0_0 = vf_max(s4_0, vf_set1(0.0f));
    vf_store(p[4] + 0 * VF_LANES, vf_min(t0_0, v0));
    const vf t1_0 = vf_max(s4_1, vf_set1(0.0f));
    vf_store(p[4] + 1 * VF_LANES, vf_min(t1_0, v0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 2 * VF_LANES);
}

/* 5 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_5x8_ahead_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0, uintptr_t next, int32_t step) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  vf s0_0 = bias0, s1_0 = bias0, s2_0 = bias0, s3_0 = bias0, s4_0 = bias0;
  w += 1 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    const float *const a2 = a[2] + ao;
    const float *const a3 = a[3] + ao;
    const float *const a4 = a[4] + ao;
    a += 5;
    int32_t k = 0;
    for (; k <= kc - 1; k += 1, w += 1 * VF_LANES) {
      PITH_PREFETCH(w, 32 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      PITH_LATER(next);
      next += (uintptr_t)step;
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      const vf x1_0 = vf_set1(a1[k]);
      s1_0 = vf_fma(x1_0, b0_0, s1_0);
      const vf x2_0 = vf_set1(a2[k]);
      s2_0 = vf_fma(x2_0, b0_0, s2_0);
      const vf x3_0 = vf_set1(a3[k]);
      s3_0 = vf_fma(x3_0, b0_0, s3_0);
      const vf x4_0 = vf_set1(a4[k]);
      s4_0 = vf_fma(x4_0, b0_0, s4_0);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[5 * 1 * VF_LANES], *p[5];
  const int full = cols >= 1 * VF_LANES;
  for (int32_t r = 0; r < 5; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 1 * VF_LANES;
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
  {
    const vf t0_0 = vf_max(s4_0, vf_set1(0.0f));
    vf_store(p[4] + 0 * VF_LANES, vf_min(t0_0, v0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 1 * VF_LANES);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_f32_avx2_5x16_ahead_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, int32_t rows, int32_t n, int32_t height, float e0, uintptr_t next, int32_t blocks) {
  (void)height;
  int32_t width;
  for (int32_t c = 0; c < n; c += width) {
    width = panel_width_avx2(n - c);
    if (width == 16) {
      tile_f32_avx2_5x16_ahead_clipd2ed3cfd(taps, kc, a, ao, w, y, c, rows, n - c, e0, next, (64 + blocks - 1) / blocks);
    } else if (width == 8) {
      tile_f32_avx2_5x8_ahead_clipd2ed3cfd(taps, kc, a, ao, w, y, c, rows, n - c, e0, next, (32 + blocks - 1) / blocks);
    }
    w += (ptrdiff_t)width * (1 + (ptrdiff_t)taps * kc);
    next += (uintptr_t)((4 * (ptrdiff_t)width + blocks - 1) / blocks * (1 + (ptrdiff_t)taps * kc));
  }
}

static void matmul_f32_avx2_5x16_ahead_clipd2ed3cfd(const float *a, const float *w, float *y, float e0,
    int32_t m, int32_t k, int32_t near, int32_t lda, int32_t ldy, int32_t m_from, int32_t m_to, int32_t n_from, int32_t n_to) {
  const float *x[5];
  float *out[5];
  w += (ptrdiff_t)n_from * (1 + (ptrdiff_t)k);
  const int32_t blocks = (m_to - m_from + 4) / 5;
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += (ptrdiff_t)near * (1 + (ptrdiff_t)k)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    for (int32_t m0 = m_from; m0 < m_to;) {
      const int32_t height = 5;
      const int32_t rows = m - m0 < height ? m - m0 : height;
      for (int32_t i = 0; i < height; i++) { /* rows past the end repeat the last one and are not stored */
        const ptrdiff_t at = m0 + (i < rows ? i : rows - 1);
        x[i] = a + at * lda;
        out[i] = y + at * ldy + n0;
      }
      rows_f32_avx2_5x16_ahead_clipd2ed3cfd(1, k, x, 0, w, out, rows, cols, height, e0, weights_ahead(w, 4 * (uintptr_t)(near * (1 + (ptrdiff_t)k)), blocks, (m0 - m_from) / 5), blocks);
      m0 += rows;
    }
  }
}

/* B^T d B of one tile of F(4,3): pixels d[36], element e of channel k to v[e * step + k] */
static void winograd_in_f32_avx2_4(const float *const *d, float *v, ptrdiff_t step, int32_t c) {
  const vf k0 = vf_set1(0.43945312f);
  const vf k1 = vf_set1(0.5f);
  const vf k2 = vf_set1((-1.3203125f));
  const vf k3 = vf_set1((-1.125f));
  const vf k4 = vf_set1(0.3125f);
  const vf k5 = vf_set1((-0.703125f));
  const vf k6 = vf_set1((-0.390625f));
  const vf k7 = vf_set1(1.5f);
  const vf k8 = vf_set1((-0.5859375f));
  const vf k9 = vf_set1(0.87890625f);
  const vf k10 = vf_set1((-2.640625f));
  vf t[36];
  int32_t k = 0;
  for (; k <= c - VF_LANES; k += VF_LANES) {
    for (int32_t j = 0; j < 6; j++) {
      const vf d0 = vf_load(d[0 + j] + k);
      const vf d1 = vf_load(d[6 + j] + k);
      const vf d2 = vf_load(d[12 + j] + k);
      const vf d3 = vf_load(d[18 + j] + k);
      const vf d4 = vf_load(d[24 + j] + k);
      const vf d5 = vf_load(d[30 + j] + k);
      const vf p0 = vf_fma(k3, d2, k1 * d4);
      const vf p1 = vf_fma(k5, d1, k4 * d3);
      const vf p2 = vf_fma(k6, d2, d4);
      const vf p3 = vf_fma(k8, d1, k7 * d3);
      t[0 + j] = vf_fma(k2, d2, vf_fma(k1, d4, k0 * d0));
      t[6 + j] = p0 + p1;
      t[12 + j] = p0 - p1;
      t[18 + j] = p2 + p3;
      t[24 + j] = p2 - p3;
      t[30 + j] = vf_fma(k10, d3, vf_fma(k9, d1, d5));
    }
    for (int32_t i = 0; i < 6; i++) {
      float *const to = v + i * 6 * step + k;
      const vf q0 = vf_fma(k3, t[i * 6 + 2], k1 * t[i * 6 + 4]);
      const vf q1 = vf_fma(k5, t[i * 6 + 1], k4 * t[i * 6 + 3]);
      const vf q2 = vf_fma(k6, t[i * 6 + 2], t[i * 6 + 4]);
      const vf q3 = vf_fma(k8, t[i * 6 + 1], k7 * t[i * 6 + 3]);
      vf_store(to, vf_fma(k2, t[i * 6 + 2], vf_fma(k1, t[i * 6 + 4], k0 * t[i * 6 + 0])));
      vf_store(to + 1 * step, q0 + q1);
      vf_store(to + 2 * step, q0 - q1);
      vf_store(to + 3 * step, q2 + q3);
      vf_store(to + 4 * step, q2 - q3);
      vf_store(to + 5 * step, vf_fma(k10, t[i * 6 + 3], vf_fma(k9, t[i * 6 + 1], t[i * 6 + 5])));
    }
  }
  if (k < c) {
    for (int32_t j = 0; j < 6; j++) {
      const vf d0 = vf_load_n(d[0 + j] + k, c - k);
      const vf d1 = vf_load_n(d[6 + j] + k, c - k);
      const vf d2 = vf_load_n(d[12 + j] + k, c - k);
      const vf d3 = vf_load_n(d[18 + j] + k, c - k);
      const vf d4 = vf_load_n(d[24 + j] + k, c - k);
      const vf d5 = vf_load_n(d[30 + j] + k, c - k);
      const vf p0 = vf_fma(k3, d2, k1 * d4);
      const vf p1 = vf_fma(k5, d1, k4 * d3);
      const vf p2 = vf_fma(k6, d2, d4);
      const vf p3 = vf_fma(k8, d1, k7 * d3);
      t[0 + j] = vf_fma(k2, d2, vf_fma(k1, d4, k0 * d0));
      t[6 + j] = p0 + p1;
      t[12 + j] = p0 - p1;
      t[18 + j] = p2 + p3;
      t[24 + j] = p2 - p3;
      t[30 + j] = vf_fma(k10, d3, vf_fma(k9, d1, d5));
    }
    for (int32_t i = 0; i < 6; i++) {
      float *const to = v + i * 6 * step + k;
      const vf q0 = vf_fma(k3, t[i * 6 + 2], k1 * t[i * 6 + 4]);
      const vf q1 = vf_fma(k5, t[i * 6 + 1], k4 * t[i * 6 + 3]);
      const vf q2 = vf_fma(k6, t[i * 6 + 2], t[i * 6 + 4]);
      const vf q3 = vf_fma(k8, t[i * 6 + 1], k7 * t[i * 6 + 3]);
      vf_store_n(to, vf_fma(k2, t[i * 6 + 2], vf_fma(k1, t[i * 6 + 4], k0 * t[i * 6 + 0])), c - k);
      vf_store_n(to + 1 * step, q0 + q1, c - k);
      vf_store_n(to + 2 * step, q0 - q1, c - k);
      vf_store_n(to + 3 * step, q2 + q3, c - k);
      vf_store_n(to + 4 * step, q2 - q3, c - k);
      vf_store_n(to + 5 * step, vf_fma(k10, t[i * 6 + 3], vf_fma(k9, t[i * 6 + 1], t[i * 6 + 5])), c - k);
    }
  }
}

/* tiles t_from ... t_to - 1 into v, which begins with tile t0 */
static void winograd_tiles_f32_avx2_4(const float *x, const float *zero, float *v, int32_t oh, int32_t ow, int32_t ih, int32_t iw,
    int32_t c, int32_t block, int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t t0, int32_t t_from, int32_t t_to) {
  for (int32_t t = t_from; t < t_to; t++) {
    const int32_t th = (oh + 3) / 4, tw = (ow + 3) / 4;
    const int32_t b = t / (th * tw), i0 = t / tw % th * 4, j0 = t % tw * 4;
    const float *const xb = x + (ptrdiff_t)b * xn;
    const float *d[36];
    for (int32_t i = 0; i < 6; i++)
      for (int32_t j = 0; j < 6; j++) {
        const int32_t iy = i0 + i - ph, ix = j0 + j - pw;
        const int inside = iy >= 0 && iy < ih && ix >= 0 && ix < iw;
        d[i * 6 + j] = inside ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
      }
    winograd_in_f32_avx2_4(d, v + (ptrdiff_t)(t - t0) * c, (ptrdiff_t)block * c + 16, c);
  }
}

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
static void tile_f32_avx2_5x16_ahead(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, uintptr_t next, int32_t step) {
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
  {
    vf_store(p[0] + 0 * VF_LANES, s0_0);
    vf_store(p[0] + 1 * VF_LANES, s0_1);
  }
  {
    vf_store(p[1] + 0 * VF_LANES, s1_0);
    vf_store(p[1] + 1 * VF_LANES, s1_1);
  }
  {
    vf_store(p[2] + 0 * VF_LANES, s2_0);
    vf_store(p[2] + 1 * VF_LANES, s2_1);
  }
  {
    vf_store(p[3] + 0 * VF_LANES, s3_0);
    vf_store(p[3] + 1 * VF_LANES, s3_1);
  }
  {
    vf_store(p[4] + 0 * VF_LANES, s4_0);
    vf_store(p[4] + 1 * VF_LANES, s4_1);
  }
  if (!full) tile_part(y, no, spare, rows, cols, 2 * VF_LANES);
}

/* 5 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_5x8_ahead(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, uintptr_t next, int32_t step) {
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
  {
    vf_store(p[0] + 0 * VF_LANES, s0_0);
  }
  {
    vf_store(p[1] + 0 * VF_LANES, s1_0);
  }
  {
    vf_store(p[2] + 0 * VF_LANES, s2_0);
  }
  {
    vf_store(p[3] + 0 * VF_LANES, s3_0);
  }
  {
    vf_store(p[4] + 0 * VF_LANES, s4_0);
  }
  if (!full) tile_part(y, no, spare, rows, cols, 1 * VF_LANES);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_f32_avx2_5x16_ahead(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, int32_t rows, int32_t n, int32_t height, uintptr_t next, int32_t blocks) {
  (void)height;
  int32_t width;
  for (int32_t c = 0; c < n; c += width) {
    width = panel_width_avx2(n - c);
    if (width == 16) {
      tile_f32_avx2_5x16_ahead(taps, kc, a, ao, w, y, c, rows, n - c, next, (64 + blocks - 1) / blocks);
    } else if (width == 8) {
      tile_f32_avx2_5x8_ahead(taps, kc, a, ao, w, y, c, rows, n - c, next, (32 + blocks - 1) / blocks);
    }
    w += (ptrdiff_t)width * (1 + (ptrdiff_t)taps * kc);
    next += (uintptr_t)((4 * (ptrdiff_t)width + blocks - 1) / blocks * (1 + (ptrdiff_t)taps * kc));
  }
}

static void matmul_f32_avx2_5x16_ahead(const float *a, const float *w, float *y,
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
      rows_f32_avx2_5x16_ahead(1, k, x, 0, w, out, rows, cols, height, weights_ahead(w, 4 * (uintptr_t)(near * (1 + (ptrdiff_t)k)), blocks, (m0 - m_from) / 5), blocks);
      m0 += rows;
    }
  }
}

/* products e_from ... e_to - 1 of `count` tiles; wg: elements of the packed weights of one */
static void winograd_products_f32_avx2_5x16_ahead(const float *v, const float *w, float *u, int32_t count, int32_t c, int32_t n, int32_t wg,
    int32_t block, int32_t e_from, int32_t e_to) {
  for (int32_t e = e_from; e < e_to; e++)
    matmul_f32_avx2_5x16_ahead(v + e * ((ptrdiff_t)block * c + 16), w + (ptrdiff_t)e * wg, u + e * ((ptrdiff_t)block * n + 16),
        count, c, n, c, n, 0, count, 0, n);
}

/* A^T u A of one tile of F(4,3), bias and epilogue: its first mh x mw pixels */
static void winograd_out_f32_avx2_4_clipd2ed3cfd(const float *u, ptrdiff_t step, const float *bias, float *y, ptrdiff_t yh, ptrdiff_t yw,
    int32_t mh, int32_t mw, int32_t n, float e0) {
  const vf k0 = vf_set1(0.625f);
  const vf k1 = vf_set1(1.5f);
  const vf k2 = vf_set1(0.390625f);
  const vf k3 = vf_set1(2.25f);
  const vf k4 = vf_set1(0.24414062f);
  const vf k5 = vf_set1(3.375f);
  vf t[24];
  int32_t k = 0;
  for (; k <= n - VF_LANES; k += VF_LANES) {
    for (int32_t j = 0; j < 6; j++) {
      const float *const from = u + j * step + k;
      const vf u0 = vf_load(from + 0 * step);
      const vf u1 = vf_load(from + 6 * step);
      const vf u2 = vf_load(from + 12 * step);
      const vf u3 = vf_load(from + 18 * step);
      const vf u4 = vf_load(from + 24 * step);
      const vf u5 = vf_load(from + 30 * step);
      const vf p0 = u1 + u2;
      const vf p1 = u1 - u2;
      const vf p2 = u3 + u4;
      const vf p3 = u3 - u4;
      t[0 + j] = u0 + p0 + p2;
      t[6 + j] = vf_fma(k1, p3, k0 * p1);
      t[12 + j] = vf_fma(k3, p2, k2 * p0);
      t[18 + j] = vf_fma(k5, p3, vf_fma(k4, p1, u5));
    }
    const vf b = vf_load(bias + k);
    for (int32_t i = 0; i < mh; i++) {
      const vf q0 = t[i * 6 + 1] + t[i * 6 + 2];
      const vf q1 = t[i * 6 + 1] - t[i * 6 + 2];
      const vf q2 = t[i * 6 + 3] + t[i * 6 + 4];
      const vf q3 = t[i * 6 + 3] - t[i * 6 + 4];
      const vf o[4] = {t[i * 6 + 0] + q0 + q2, vf_fma(k1, q3, k0 * q1), vf_fma(k3, q2, k2 * q0), vf_fma(k5, q3, vf_fma(k4, q1, t[i * 6 + 5]))};
      for (int32_t j = 0; j < mw; j++) {
        const vf s = o[j] + b;
        const vf x0 = vf_set1(e0);
        const vf f0 = vf_max(s, vf_set1(0.0f));
        vf_store(y + i * yh + j * yw + k, vf_min(f0, x0));
      }
    }
  }
  if (k < n) {
    for (int32_t j = 0; j < 6; j++) {
      const float *const from = u + j * step + k;
      const vf u0 = vf_load_n(from + 0 * step, n - k);
      const vf u1 = vf_load_n(from + 6 * step, n - k);
      const vf u2 = vf_load_n(from + 12 * step, n - k);
      const vf u3 = vf_load_n(from + 18 * step, n - k);
      const vf u4 = vf_load_n(from + 24 * step, n - k);
      const vf u5 = vf_load_n(from + 30 * step, n - k);
      const vf p0 = u1 + u2;
      const vf p1 = u1 - u2;
      const vf p2 = u3 + u4;
      const vf p3 = u3 - u4;
      t[0 + j] = u0 + p0 + p2;
      t[6 + j] = vf_fma(k1, p3, k0 * p1);
      t[12 + j] = vf_fma(k3, p2, k2 * p0);
      t[18 + j] = vf_fma(k5, p3, vf_fma(k4, p1, u5));
    }
    const vf b = vf_load_n(bias + k, n - k);
    for (int32_t i = 0; i < mh; i++) {
      const vf q0 = t[i * 6 + 1] + t[i * 6 + 2];
      const vf q1 = t[i * 6 + 1] - t[i * 6 + 2];
      const vf q2 = t[i * 6 + 3] + t[i * 6 + 4];
      const vf q3 = t[i * 6 + 3] - t[i * 6 + 4];
      const vf o[4] = {t[i * 6 + 0] + q0 + q2, vf_fma(k1, q3, k0 * q1), vf_fma(k3, q2, k2 * q0), vf_fma(k5, q3, vf_fma(k4, q1, t[i * 6 + 5]))};
      for (int32_t j = 0; j < mw; j++) {
        const vf s = o[j] + b;
        const vf x0 = vf_set1(e0);
        const vf f0 = vf_max(s, vf_set1(0.0f));
        vf_store_n(y + i * yh + j * yw + k, vf_min(f0, x0), n - k);
      }
    }
  }
}

/* tiles t_from ... t_to - 1 from u, which begins with tile t0, to pixels */
static void winograd_pixels_f32_avx2_4_clipd2ed3cfd(const float *u, const float *bias, float *y, float e0, int32_t oh, int32_t ow,
    int32_t n, int32_t block, int32_t yn, int32_t yh, int32_t yw, int32_t t0, int32_t t_from, int32_t t_to) {
  for (int32_t t = t_from; t < t_to; t++) {
    const int32_t th = (oh + 3) / 4, tw = (ow + 3) / 4;
    const int32_t b = t / (th * tw), i0 = t / tw % th * 4, j0 = t % tw * 4;
    const int32_t mh = oh - i0 < 4 ? oh - i0 : 4, mw = ow - j0 < 4 ? ow - j0 : 4;
    winograd_out_f32_avx2_4_clipd2ed3cfd(u + (ptrdiff_t)(t - t0) * n, (ptrdiff_t)block * n + 16, bias,
        y + (ptrdiff_t)b * yn + (ptrdiff_t)i0 * yh + (ptrdiff_t)j0 * yw, yh, yw, mh, mw, n, e0);
  }
}

static void conv_f32_avx2_winograd4_5x16_ahead_clipd2ed3cfd(const float *x, const float *w, const float *bias, const float *zero, float *y, float e0,
    void *scratch, int32_t tiles, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t wg, int32_t block,
    int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t begin, int32_t end) {
  float *const v = (float *)scratch, *const u = v + 36 * ((ptrdiff_t)block * c + 16);
  for (int32_t t0 = begin * block; t0 < tiles && t0 < end * block; t0 += block) {
    const int32_t count = tiles - t0 < block ? tiles - t0 : block;
    winograd_tiles_f32_avx2_4(x, zero, v, oh, ow, ih, iw, c, block, ph, pw, xn, xh, xw, t0, t0, t0 + count);
    winograd_products_f32_avx2_5x16_ahead(v, w, u, count, c, n, wg, block, 0, 36);
    winograd_pixels_f32_avx2_4_clipd2ed3cfd(u, bias, y, e0, oh, ow, n, block, yn, yh, yw, t0, t0, t0 + count);
  }
}

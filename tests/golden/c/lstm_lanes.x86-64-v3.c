/* where the weights begin that block number `block` of `blocks` asks for: its share of those behind w's `bytes`. Behind the network's
   last ones there is nothing to ask for, and an address that is not mapped costs some processors a search each time: then those at w */
static inline uintptr_t weights_ahead(const float *w, uintptr_t bytes, int32_t blocks, int32_t block) {
  const uintptr_t share = bytes / (uintptr_t)blocks, next = (uintptr_t)w + share * (uintptr_t)(blocks + block);
  return next + share <= PITH_WEIGHTS_END ? next : (uintptr_t)w;
}

/* the first `cols` columns of a finished tile to their rows */
PITH_NOINLINE static void tile_part(float *const *y, ptrdiff_t no, const float *t, int32_t rows, int32_t cols, int32_t width) {
  for (int32_t r = 0; r < rows; r++, t += width) {
    float *const p = y[r] + no;
    for (int32_t c = 0; c < cols; c++) p[c] = t[c];
  }
}

/* 6 rows x 2 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_6x16_ahead(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, uintptr_t next, int32_t step) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  const vf bias1 = vf_load(w + 1 * VF_LANES);
  vf s0_0 = bias0, s0_1 = bias1, s1_0 = bias0, s1_1 = bias1, s2_0 = bias0, s2_1 = bias1, s3_0 = bias0, s3_1 = bias1, s4_0 = bias0, s4_1 = bias1, s5_0 = bias0, s5_1 = bias1;
  w += 2 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    const float *const a2 = a[2] + ao;
    const float *const a3 = a[3] + ao;
    const float *const a4 = a[4] + ao;
    const float *const a5 = a[5] + ao;
    a += 6;
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
      const vf x5_0 = vf_set1(a5[k]);
      s5_0 = vf_fma(x5_0, b0_0, s5_0);
      s5_1 = vf_fma(x5_0, b0_1, s5_1);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[6 * 2 * VF_LANES], *p[6];
  const int full = cols >= 2 * VF_LANES;
  for (int32_t r = 0; r < 6; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 2 * VF_LANES;
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
  {
    vf_store(p[5] + 0 * VF_LANES, s5_0);
    vf_store(p[5] + 1 * VF_LANES, s5_1);
  }
  if (!full) tile_part(y, no, spare, rows, cols, 2 * VF_LANES);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_f32_avx2_6x16_whole_ahead(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, int32_t rows, int32_t n, int32_t height, uintptr_t next, int32_t blocks) {
  (void)height;
  int32_t width;
  for (int32_t c = 0; c < n; c += width) {
    width = 16;
    if (width == 16) {
      tile_f32_avx2_6x16_ahead(taps, kc, a, ao, w, y, c, rows, n - c, next, (64 + blocks - 1) / blocks);
    }
    w += (ptrdiff_t)width * (1 + (ptrdiff_t)taps * kc);
    next += (uintptr_t)((4 * (ptrdiff_t)width + blocks - 1) / blocks * (1 + (ptrdiff_t)taps * kc));
  }
}

static void matmul_f32_avx2_6x16_whole_ahead(const float *a, const float *w, float *y,
    int32_t m, int32_t k, int32_t near, int32_t lda, int32_t ldy, int32_t m_from, int32_t m_to, int32_t n_from, int32_t n_to) {
  const float *x[6];
  float *out[6];
  w += (ptrdiff_t)n_from * (1 + (ptrdiff_t)k);
  const int32_t blocks = (m_to - m_from + 5) / 6;
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += (ptrdiff_t)near * (1 + (ptrdiff_t)k)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    for (int32_t m0 = m_from; m0 < m_to;) {
      const int32_t height = 6;
      const int32_t rows = m - m0 < height ? m - m0 : height;
      for (int32_t i = 0; i < height; i++) { /* rows past the end repeat the last one and are not stored */
        const ptrdiff_t at = m0 + (i < rows ? i : rows - 1);
        x[i] = a + at * lda;
        out[i] = y + at * ldy + n0;
      }
      rows_f32_avx2_6x16_whole_ahead(1, k, x, 0, w, out, rows, cols, height, weights_ahead(w, 4 * (uintptr_t)(near * (1 + (ptrdiff_t)k)), blocks, (m0 - m_from) / 6), blocks);
      m0 += rows;
    }
  }
}

static void lstm_f32_avx2_2x8_sigmoid_tanh_tanh_clipy3(const float *g, const float *r,
    float *y, float *yh, float *yc, float *state, int32_t steps, int32_t batch, int32_t hidden,
    int32_t directions, int32_t reverse, float clip, int32_t begin, int32_t end) {
  const int32_t padded = (hidden + 7) / 8 * 8, groups = (batch + 1) / 2;
  const ptrdiff_t all = (ptrdiff_t)directions * padded * 4;
  const vf clip_at = vf_set1(clip);
  for (int32_t u = begin; u < end; u++) {
    const int32_t d = u / groups, first = u % groups * 2, backwards = d + reverse;
    float *const own = state + (ptrdiff_t)u * 4 * padded;
    const int32_t n0 = first + 0 < batch ? first + 0 : batch - 1;
    float *const h0 = own + (ptrdiff_t)0 * padded;
    const float *p0 = h0;
    float *const c0 = own + (ptrdiff_t)2 * padded;
    {
      for (int32_t j = 0; j < hidden; j++) h0[j] = 0.0f;
      for (int32_t j = 0; j < padded; j++) c0[j] = 0.0f;
    }
    const int32_t n1 = first + 1 < batch ? first + 1 : batch - 1;
    float *const h1 = own + (ptrdiff_t)1 * padded;
    const float *p1 = h1;
    float *const c1 = own + (ptrdiff_t)3 * padded;
    {
      for (int32_t j = 0; j < hidden; j++) h1[j] = 0.0f;
      for (int32_t j = 0; j < padded; j++) c1[j] = 0.0f;
    }
    const int32_t length = steps;
    for (int32_t i = 0; i < length; i++) {
      const ptrdiff_t t = backwards ? length - 1 - i : i;
      const float *w = r + (ptrdiff_t)d * padded * hidden * 4;
      const float *x0 = g + (t * batch + n0) * all + (ptrdiff_t)d * padded * 4;
      float *const y0 = y + ((t * directions + d) * batch + n0) * hidden;
      const float *x1 = g + (t * batch + n1) * all + (ptrdiff_t)d * padded * 4;
      float *const y1 = y + ((t * directions + d) * batch + n1) * hidden;
      for (int32_t j = 0; j < hidden; j += 8) {
        vf s0_0_0 = vf_load(x0 + 0);
        vf s0_1_0 = vf_load(x0 + 8);
        vf s0_2_0 = vf_load(x0 + 16);
        vf s0_3_0 = vf_load(x0 + 24);
        vf s1_0_0 = vf_load(x1 + 0);
        vf s1_1_0 = vf_load(x1 + 8);
        vf s1_2_0 = vf_load(x1 + 16);
        vf s1_3_0 = vf_load(x1 + 24);
        for (int32_t k = 0; k < hidden; k++, w += 32) {
          const vf a0 = vf_set1(p0[k]);
          const vf a1 = vf_set1(p1[k]);
          const vf w0_0 = vf_load(w + 0);
          s0_0_0 = vf_fma(a0, w0_0, s0_0_0);
          s1_0_0 = vf_fma(a1, w0_0, s1_0_0);
          const vf w1_0 = vf_load(w + 8);
          s0_1_0 = vf_fma(a0, w1_0, s0_1_0);
          s1_1_0 = vf_fma(a1, w1_0, s1_1_0);
          const vf w2_0 = vf_load(w + 16);
          s0_2_0 = vf_fma(a0, w2_0, s0_2_0);
          s1_2_0 = vf_fma(a1, w2_0, s1_2_0);
          const vf w3_0 = vf_load(w + 24);
          s0_3_0 = vf_fma(a0, w3_0, s0_3_0);
          s1_3_0 = vf_fma(a1, w3_0, s1_3_0);
        }
        {
          const vf s0 = s0_0_0;
          const vf s1 = s0_1_0;
          const vf s2 = s0_2_0;
          const vf s3 = s0_3_0;
          const vf in = vf_sigmoid(vf_min(vf_max(s0, -clip_at), clip_at)), out_of = vf_min(vf_max(s1, -clip_at), clip_at), forget = vf_sigmoid(vf_min(vf_max(s2, -clip_at), clip_at));
          const vf cell = vf_fma(forget, vf_load(c0 + j), in * vf_tanh(vf_min(vf_max(s3, -clip_at), clip_at)));
          vf_store(c0 + j, cell);
          const vf made = vf_sigmoid(out_of) * vf_tanh(cell);
          vf_store_n(y0 + j, made, hidden - (j));
        }
        x0 += 32;
        {
          const vf s0 = s1_0_0;
          const vf s1 = s1_1_0;
          const vf s2 = s1_2_0;
          const vf s3 = s1_3_0;
          const vf in = vf_sigmoid(vf_min(vf_max(s0, -clip_at), clip_at)), out_of = vf_min(vf_max(s1, -clip_at), clip_at), forget = vf_sigmoid(vf_min(vf_max(s2, -clip_at), clip_at));
          const vf cell = vf_fma(forget, vf_load(c1 + j), in * vf_tanh(vf_min(vf_max(s3, -clip_at), clip_at)));
          vf_store(c1 + j, cell);
          const vf made = vf_sigmoid(out_of) * vf_tanh(cell);
          vf_store_n(y1 + j, made, hidden - (j));
        }
        x1 += 32;
      }
      p0 = y0;
      p1 = y1;
    }
    for (int32_t j = 0; j < hidden; j++) yh[((ptrdiff_t)d * batch + n0) * hidden + j] = p0[j];
    for (int32_t j = 0; j < hidden; j++) yc[((ptrdiff_t)d * batch + n0) * hidden + j] = c0[j];
    for (int32_t j = 0; j < hidden; j++) yh[((ptrdiff_t)d * batch + n1) * hidden + j] = p1[j];
    for (int32_t j = 0; j < hidden; j++) yc[((ptrdiff_t)d * batch + n1) * hidden + j] = c1[j];
  }
}

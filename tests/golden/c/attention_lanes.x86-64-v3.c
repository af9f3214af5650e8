static void attention_keys_f32_avx2_5x16(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    float *more, const float *mask, ptrdiff_t mt) {
  vf s0_0 = vf_set1(0.0f), s0_1 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s1_1 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s2_1 = vf_set1(0.0f), s3_0 = vf_set1(0.0f), s3_1 = vf_set1(0.0f), s4_0 = vf_set1(0.0f), s4_1 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  const float *const a3 = a2 + ra;
  const float *const a4 = a3 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 2 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf b1 = vf_load(b + 1 * VF_LANES);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    s0_1 = vf_fma(x0, b1, s0_1);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    s1_1 = vf_fma(x1, b1, s1_1);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    s2_1 = vf_fma(x2, b1, s2_1);
    const vf x3 = vf_set1(a3[at]);
    s3_0 = vf_fma(x3, b0, s3_0);
    s3_1 = vf_fma(x3, b1, s3_1);
    const vf x4 = vf_set1(a4[at]);
    s4_0 = vf_fma(x4, b0, s4_0);
    s4_1 = vf_fma(x4, b1, s4_1);
  }
  vf m0 = vf_load(more);
  vf m1 = vf_load(more + 1 * VF_LANES);
  const vf k0 = vf_set1(mask[0 * mt]);
  s0_0 = s0_0 + k0;
  m0 = vf_max(m0, s0_0);
  vf_store(y + 0 * VF_LANES, s0_0);
  s0_1 = s0_1 + k0;
  m1 = vf_max(m1, s0_1);
  vf_store(y + 1 * VF_LANES, s0_1);
  const vf k1 = vf_set1(mask[1 * mt]);
  s1_0 = s1_0 + k1;
  m0 = vf_max(m0, s1_0);
  vf_store(y + 2 * VF_LANES, s1_0);
  s1_1 = s1_1 + k1;
  m1 = vf_max(m1, s1_1);
  vf_store(y + 3 * VF_LANES, s1_1);
  const vf k2 = vf_set1(mask[2 * mt]);
  s2_0 = s2_0 + k2;
  m0 = vf_max(m0, s2_0);
  vf_store(y + 4 * VF_LANES, s2_0);
  s2_1 = s2_1 + k2;
  m1 = vf_max(m1, s2_1);
  vf_store(y + 5 * VF_LANES, s2_1);
  const vf k3 = vf_set1(mask[3 * mt]);
  s3_0 = s3_0 + k3;
  m0 = vf_max(m0, s3_0);
  vf_store(y + 6 * VF_LANES, s3_0);
  s3_1 = s3_1 + k3;
  m1 = vf_max(m1, s3_1);
  vf_store(y + 7 * VF_LANES, s3_1);
  const vf k4 = vf_set1(mask[4 * mt]);
  s4_0 = s4_0 + k4;
  m0 = vf_max(m0, s4_0);
  vf_store(y + 8 * VF_LANES, s4_0);
  s4_1 = s4_1 + k4;
  m1 = vf_max(m1, s4_1);
  vf_store(y + 9 * VF_LANES, s4_1);
  vf_store(more, m0);
  vf_store(more + 1 * VF_LANES, m1);
}

static void attention_keys_f32_avx2_4x16(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    float *more, const float *mask, ptrdiff_t mt) {
  vf s0_0 = vf_set1(0.0f), s0_1 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s1_1 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s2_1 = vf_set1(0.0f), s3_0 = vf_set1(0.0f), s3_1 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  const float *const a3 = a2 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 2 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf b1 = vf_load(b + 1 * VF_LANES);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    s0_1 = vf_fma(x0, b1, s0_1);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    s1_1 = vf_fma(x1, b1, s1_1);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    s2_1 = vf_fma(x2, b1, s2_1);
    const vf x3 = vf_set1(a3[at]);
    s3_0 = vf_fma(x3, b0, s3_0);
    s3_1 = vf_fma(x3, b1, s3_1);
  }
  vf m0 = vf_load(more);
  vf m1 = vf_load(more + 1 * VF_LANES);
  const vf k0 = vf_set1(mask[0 * mt]);
  s0_0 = s0_0 + k0;
  m0 = vf_max(m0, s0_0);
  vf_store(y + 0 * VF_LANES, s0_0);
  s0_1 = s0_1 + k0;
  m1 = vf_max(m1, s0_1);
  vf_store(y + 1 * VF_LANES, s0_1);
  const vf k1 = vf_set1(mask[1 * mt]);
  s1_0 = s1_0 + k1;
  m0 = vf_max(m0, s1_0);
  vf_store(y + 2 * VF_LANES, s1_0);
  s1_1 = s1_1 + k1;
  m1 = vf_max(m1, s1_1);
  vf_store(y + 3 * VF_LANES, s1_1);
  const vf k2 = vf_set1(mask[2 * mt]);
  s2_0 = s2_0 + k2;
  m0 = vf_max(m0, s2_0);
  vf_store(y + 4 * VF_LANES, s2_0);
  s2_1 = s2_1 + k2;
  m1 = vf_max(m1, s2_1);
  vf_store(y + 5 * VF_LANES, s2_1);
  const vf k3 = vf_set1(mask[3 * mt]);
  s3_0 = s3_0 + k3;
  m0 = vf_max(m0, s3_0);
  vf_store(y + 6 * VF_LANES, s3_0);
  s3_1 = s3_1 + k3;
  m1 = vf_max(m1, s3_1);
  vf_store(y + 7 * VF_LANES, s3_1);
  vf_store(more, m0);
  vf_store(more + 1 * VF_LANES, m1);
}

static void attention_values_f32_avx2_4x16(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    const float *more) {
  vf s0_0 = vf_set1(0.0f), s0_1 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s1_1 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s2_1 = vf_set1(0.0f), s3_0 = vf_set1(0.0f), s3_1 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  const float *const a3 = a2 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 2 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf b1 = vf_load(b + 1 * VF_LANES);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    s0_1 = vf_fma(x0, b1, s0_1);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    s1_1 = vf_fma(x1, b1, s1_1);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    s2_1 = vf_fma(x2, b1, s2_1);
    const vf x3 = vf_set1(a3[at]);
    s3_0 = vf_fma(x3, b0, s3_0);
    s3_1 = vf_fma(x3, b1, s3_1);
  }
  const vf m0 = vf_load(more);
  const vf m1 = vf_load(more + 1 * VF_LANES);
  vf_store(y + 0 * VF_LANES, s0_0 * m0);
  vf_store(y + 1 * VF_LANES, s0_1 * m1);
  vf_store(y + 2 * VF_LANES, s1_0 * m0);
  vf_store(y + 3 * VF_LANES, s1_1 * m1);
  vf_store(y + 4 * VF_LANES, s2_0 * m0);
  vf_store(y + 5 * VF_LANES, s2_1 * m1);
  vf_store(y + 6 * VF_LANES, s3_0 * m0);
  vf_store(y + 7 * VF_LANES, s3_1 * m1);
}

static void attention_values_f32_avx2_3x16(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    const float *more) {
  vf s0_0 = vf_set1(0.0f), s0_1 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s1_1 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s2_1 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 2 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf b1 = vf_load(b + 1 * VF_LANES);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    s0_1 = vf_fma(x0, b1, s0_1);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    s1_1 = vf_fma(x1, b1, s1_1);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    s2_1 = vf_fma(x2, b1, s2_1);
  }
  const vf m0 = vf_load(more);
  const vf m1 = vf_load(more + 1 * VF_LANES);
  vf_store(y + 0 * VF_LANES, s0_0 * m0);
  vf_store(y + 1 * VF_LANES, s0_1 * m1);
  vf_store(y + 2 * VF_LANES, s1_0 * m0);
  vf_store(y + 3 * VF_LANES, s1_1 * m1);
  vf_store(y + 4 * VF_LANES, s2_0 * m0);
  vf_store(y + 5 * VF_LANES, s2_1 * m1);
}

/* 16 queries at most, a lane each */
static void attention_keys_f32_avx2_block16_5_4_4_3(const float *q, const float *k, const float *v, float *y, const float *mask, ptrdiff_t ms, ptrdiff_t mt, float *x, int32_t count,
    int32_t d, int32_t t, int32_t e, float scale, ptrdiff_t qs, ptrdiff_t qd, ptrdiff_t kt, ptrdiff_t kd, ptrdiff_t vt, ptrdiff_t ve,
    ptrdiff_t ys, ptrdiff_t ye, int32_t t_tall, int32_t t_low, int32_t e_tall, int32_t e_low) {
  float *const m = x + (ptrdiff_t)d * 16, *const p = m + 16, *const o = p + (ptrdiff_t)t * 16;
  for (int32_t j = 0; j < 16; j++) { /* lanes past the end repeat the last query */
    const float *const row = q + (j < count ? j : count - 1) * qs;
    for (int32_t i = 0; i < d; i++) x[i * 16 + j] = row[i * qd] * scale;
    m[j] = -3.4028235e38f;
  }
  (void)ms;
  float *to = p;
  for (int32_t i = 0; i < t_tall; i++, k += 5 * kt, to += 5 * 16, mask += 5 * mt) attention_keys_f32_avx2_5x16(k, kt, kd, x, d, to, m, mask, mt);
  for (int32_t i = 0; i < t_low; i++, k += 4 * kt, to += 4 * 16, mask += 4 * mt) attention_keys_f32_avx2_4x16(k, kt, kd, x, d, to, m, mask, mt);
  const vf top0 = vf_load(m);
  const vf top1 = vf_load(m + 1 * VF_LANES);
  vf total0 = vf_set1(0.0f), total1 = vf_set1(0.0f);
  to = p;
  for (int32_t i = 0; i < t;) {
    const int32_t end = t - i > 64 ? i + 64 : t;
    vf s0 = vf_set1(0.0f), s1 = vf_set1(0.0f);
    for (; i < end; i++, to += 16) {
      const vf e0 = vf_exp2_down((vf_load(to) - top0) * vf_set1(1.442695f));
      vf_store(to, e0);
      s0 += e0;
      const vf e1 = vf_exp2_down((vf_load(to + 1 * VF_LANES) - top1) * vf_set1(1.442695f));
      vf_store(to + 1 * VF_LANES, e1);
      s1 += e1;
    }
    total0 += s0;
    total1 += s1;
  }
  vf_store(m, vf_set1(1.0f) / total0);
  vf_store(m + 1 * VF_LANES, vf_set1(1.0f) / total1);
  to = o;
  for (int32_t i = 0; i < e_tall; i++, v += 4 * ve, to += 4 * 16) attention_values_f32_avx2_4x16(v, ve, vt, p, t, to, m);
  for (int32_t i = 0; i < e_low; i++, v += 3 * ve, to += 3 * 16) attention_values_f32_avx2_3x16(v, ve, vt, p, t, to, m);
  for (int32_t j = 0; j < count; j++)
    for (int32_t i = 0; i < e; i++) y[j * ys + i * ye] = o[i * 16 + j];
}

static void attention_keys_f32_avx2_5x8(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    float *more, const float *mask, ptrdiff_t mt) {
  vf s0_0 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s3_0 = vf_set1(0.0f), s4_0 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  const float *const a3 = a2 + ra;
  const float *const a4 = a3 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 1 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    const vf x3 = vf_set1(a3[at]);
    s3_0 = vf_fma(x3, b0, s3_0);
    const vf x4 = vf_set1(a4[at]);
    s4_0 = vf_fma(x4, b0, s4_0);
  }
  vf m0 = vf_load(more);
  const vf k0 = vf_set1(mask[0 * mt]);
  s0_0 = s0_0 + k0;
  m0 = vf_max(m0, s0_0);
  vf_store(y + 0 * VF_LANES, s0_0);
  const vf k1 = vf_set1(mask[1 * mt]);
  s1_0 = s1_0 + k1;
  m0 = vf_max(m0, s1_0);
  vf_store(y + 1 * VF_LANES, s1_0);
  const vf k2 = vf_set1(mask[2 * mt]);
  s2_0 = s2_0 + k2;
  m0 = vf_max(m0, s2_0);
  vf_store(y + 2 * VF_LANES, s2_0);
  const vf k3 = vf_set1(mask[3 * mt]);
  s3_0 = s3_0 + k3;
  m0 = vf_max(m0, s3_0);
  vf_store(y + 3 * VF_LANES, s3_0);
  const vf k4 = vf_set1(mask[4 * mt]);
  s4_0 = s4_0 + k4;
  m0 = vf_max(m0, s4_0);
  vf_store(y + 4 * VF_LANES, s4_0);
  vf_store(more, m0);
}

static void attention_keys_f32_avx2_4x8(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    float *more, const float *mask, ptrdiff_t mt) {
  vf s0_0 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s3_0 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  const float *const a3 = a2 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 1 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    const vf x3 = vf_set1(a3[at]);
    s3_0 = vf_fma(x3, b0, s3_0);
  }
  vf m0 = vf_load(more);
  const vf k0 = vf_set1(mask[0 * mt]);
  s0_0 = s0_0 + k0;
  m0 = vf_max(m0, s0_0);
  vf_store(y + 0 * VF_LANES, s0_0);
  const vf k1 = vf_set1(mask[1 * mt]);
  s1_0 = s1_0 + k1;
  m0 = vf_max(m0, s1_0);
  vf_store(y + 1 * VF_LANES, s1_0);
  const vf k2 = vf_set1(mask[2 * mt]);
  s2_0 = s2_0 + k2;
  m0 = vf_max(m0, s2_0);
  vf_store(y + 2 * VF_LANES, s2_0);
  const vf k3 = vf_set1(mask[3 * mt]);
  s3_0 = s3_0 + k3;
  m0 = vf_max(m0, s3_0);
  vf_store(y + 3 * VF_LANES, s3_0);
  vf_store(more, m0);
}

static void attention_values_f32_avx2_4x8(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    const float *more) {
  vf s0_0 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s3_0 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  const float *const a3 = a2 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 1 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    const vf x3 = vf_set1(a3[at]);
    s3_0 = vf_fma(x3, b0, s3_0);
  }
  const vf m0 = vf_load(more);
  vf_store(y + 0 * VF_LANES, s0_0 * m0);
  vf_store(y + 1 * VF_LANES, s1_0 * m0);
  vf_store(y + 2 * VF_LANES, s2_0 * m0);
  vf_store(y + 3 * VF_LANES, s3_0 * m0);
}

static void attention_values_f32_avx2_3x8(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    const float *more) {
  vf s0_0 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s2_0 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 1 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
  }
  const vf m0 = vf_load(more);
  vf_store(y + 0 * VF_LANES, s0_0 * m0);
  vf_store(y + 1 * VF_LANES, s1_0 * m0);
  vf_store(y + 2 * VF_LANES, s2_0 * m0);
}

/* 8 queries at most, a lane each */
static void attention_keys_f32_avx2_block8_5_4_4_3(const float *q, const float *k, const float *v, float *y, const float *mask, ptrdiff_t ms, ptrdiff_t mt, float *x, int32_t count,
    int32_t d, int32_t t, int32_t e, float scale, ptrdiff_t qs, ptrdiff_t qd, ptrdiff_t kt, ptrdiff_t kd, ptrdiff_t vt, ptrdiff_t ve,
    ptrdiff_t ys, ptrdiff_t ye, int32_t t_tall, int32_t t_low, int32_t e_tall, int32_t e_low) {
  float *const m = x + (ptrdiff_t)d * 8, *const p = m + 8, *const o = p + (ptrdiff_t)t * 8;
  for (int32_t j = 0; j < 8; j++) { /* lanes past the end repeat the last query */
    const float *const row = q + (j < count ? j : count - 1) * qs;
    for (int32_t i = 0; i < d; i++) x[i * 8 + j] = row[i * qd] * scale;
    m[j] = -3.4028235e38f;
  }
  (void)ms;
  float *to = p;
  for (int32_t i = 0; i < t_tall; i++, k += 5 * kt, to += 5 * 8, mask += 5 * mt) attention_keys_f32_avx2_5x8(k, kt, kd, x, d, to, m, mask, mt);
  for (int32_t i = 0; i < t_low; i++, k += 4 * kt, to += 4 * 8, mask += 4 * mt) attention_keys_f32_avx2_4x8(k, kt, kd, x, d, to, m, mask, mt);
  const vf top0 = vf_load(m);
  vf total0 = vf_set1(0.0f);
  to = p;
  for (int32_t i = 0; i < t;) {
    const int32_t end = t - i > 64 ? i + 64 : t;
    vf s0 = vf_set1(0.0f);
    for (; i < end; i++, to += 8) {
      const vf e0 = vf_exp2_down((vf_load(to) - top0) * vf_set1(1.442695f));
      vf_store(to, e0);
      s0 += e0;
    }
    total0 += s0;
  }
  vf_store(m, vf_set1(1.0f) / total0);
  to = o;
  for (int32_t i = 0; i < e_tall; i++, v += 4 * ve, to += 4 * 8) attention_values_f32_avx2_4x8(v, ve, vt, p, t, to, m);
  for (int32_t i = 0; i < e_low; i++, v += 3 * ve, to += 3 * 8) attention_values_f32_avx2_3x8(v, ve, vt, p, t, to, m);
  for (int32_t j = 0; j < count; j++)
    for (int32_t i = 0; i < e; i++) y[j * ys + i * ye] = o[i * 8 + j];
}

static void attention_f32_avx2_lanes_keys1_block16_5_4_4_3_block8_5_4_4_3(const float *q, const float *k, const float *v, const float *mask, float *y, void *scratch,
    int32_t s, int32_t d, int32_t t, int32_t e, float scale, int32_t qs, int32_t qd, int32_t kt, int32_t kd, int32_t vt, int32_t ve,
    int32_t ys, int32_t ye, int32_t ms, int32_t mt, int32_t t_tall, int32_t t_low, int32_t e_tall, int32_t e_low, int32_t n0, int32_t q0, int32_t k0, int32_t v0, int32_t y0, int32_t m0, int32_t begin, int32_t end) {
  const int32_t blocks = (s - 1) / 16 + 1;
  for (int32_t u = begin; u < end; u++) {
    const ptrdiff_t from = (ptrdiff_t)(u % blocks) * 16;
    const int32_t count = s - (int32_t)from < 16 ? s - (int32_t)from : 16;
    int32_t left = u / blocks;
    const int32_t i0 = left % n0;
    left /= n0;
    (void)left;
    if (count > VF_LANES) attention_keys_f32_avx2_block16_5_4_4_3(q + (ptrdiff_t)i0 * q0 + from * qs, k + (ptrdiff_t)i0 * k0, v + (ptrdiff_t)i0 * v0, y + (ptrdiff_t)i0 * y0 + from * ys, mask + (ptrdiff_t)i0 * m0, ms, mt, (float *)scratch, count, d, t, e, scale, qs, qd, kt, kd, vt, ve, ys, ye, t_tall, t_low, e_tall, e_low);
    else attention_keys_f32_avx2_block8_5_4_4_3(q + (ptrdiff_t)i0 * q0 + from * qs, k + (ptrdiff_t)i0 * k0, v + (ptrdiff_t)i0 * v0, y + (ptrdiff_t)i0 * y0 + from * ys, mask + (ptrdiff_t)i0 * m0, ms, mt, (float *)scratch, count, d, t, e, scale, qs, qd, kt, kd, vt, ve, ys, ye, t_tall, t_low, e_tall, e_low);
  }
}

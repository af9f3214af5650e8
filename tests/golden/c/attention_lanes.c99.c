static void attention_keys_f32_c99_4x4(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    float *more, const float *mask, ptrdiff_t mt) {
  vf s0_0 = vf_set1(0.0f), s0_1 = vf_set1(0.0f), s0_2 = vf_set1(0.0f), s0_3 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s1_1 = vf_set1(0.0f), s1_2 = vf_set1(0.0f), s1_3 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s2_1 = vf_set1(0.0f), s2_2 = vf_set1(0.0f), s2_3 = vf_set1(0.0f), s3_0 = vf_set1(0.0f), s3_1 = vf_set1(0.0f), s3_2 = vf_set1(0.0f), s3_3 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  const float *const a3 = a2 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 4 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf b1 = vf_load(b + 1 * VF_LANES);
    const vf b2 = vf_load(b + 2 * VF_LANES);
    const vf b3 = vf_load(b + 3 * VF_LANES);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    s0_1 = vf_fma(x0, b1, s0_1);
    s0_2 = vf_fma(x0, b2, s0_2);
    s0_3 = vf_fma(x0, b3, s0_3);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    s1_1 = vf_fma(x1, b1, s1_1);
    s1_2 = vf_fma(x1, b2, s1_2);
    s1_3 = vf_fma(x1, b3, s1_3);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    s2_1 = vf_fma(x2, b1, s2_1);
    s2_2 = vf_fma(x2, b2, s2_2);
    s2_3 = vf_fma(x2, b3, s2_3);
    const vf x3 = vf_set1(a3[at]);
    s3_0 = vf_fma(x3, b0, s3_0);
    s3_1 = vf_fma(x3, b1, s3_1);
    s3_2 = vf_fma(x3, b2, s3_2);
    s3_3 = vf_fma(x3, b3, s3_3);
  }
  vf m0 = vf_load(more);
  vf m1 = vf_load(more + 1 * VF_LANES);
  vf m2 = vf_load(more + 2 * VF_LANES);
  vf m3 = vf_load(more + 3 * VF_LANES);
  const vf k0 = vf_set1(mask[0 * mt]);
  s0_0 = s0_0 + k0;
  m0 = vf_max(m0, s0_0);
  vf_store(y + 0 * VF_LANES, s0_0);
  s0_1 = s0_1 + k0;
  m1 = vf_max(m1, s0_1);
  vf_store(y + 1 * VF_LANES, s0_1);
  s0_2 = s0_2 + k0;
  m2 = vf_max(m2, s0_2);
  vf_store(y + 2 * VF_LANES, s0_2);
  s0_3 = s0_3 + k0;
  m3 = vf_max(m3, s0_3);
  vf_store(y + 3 * VF_LANES, s0_3);
  const vf k1 = vf_set1(mask[1 * mt]);
  s1_0 = s1_0 + k1;
  m0 = vf_max(m0, s1_0);
  vf_store(y + 4 * VF_LANES, s1_0);
  s1_1 = s1_1 + k1;
  m1 = vf_max(m1, s1_1);
  vf_store(y + 5 * VF_LANES, s1_1);
  s1_2 = s1_2 + k1;
  m2 = vf_max(m2, s1_2);
  vf_store(y + 6 * VF_LANES, s1_2);
  s1_3 = s1_3 + k1;
  m3 = vf_max(m3, s1_3);
  vf_store(y + 7 * VF_LANES, s1_3);
  const vf k2 = vf_set1(mask[2 * mt]);
  s2_0 = s2_0 + k2;
  m0 = vf_max(m0, s2_0);
  vf_store(y + 8 * VF_LANES, s2_0);
  s2_1 = s2_1 + k2;
  m1 = vf_max(m1, s2_1);
  vf_store(y + 9 * VF_LANES, s2_1);
  s2_2 = s2_2 + k2;
  m2 = vf_max(m2, s2_2);
  vf_store(y + 10 * VF_LANES, s2_2);
  s2_3 = s2_3 + k2;
  m3 = vf_max(m3, s2_3);
  vf_store(y + 11 * VF_LANES, s2_3);
  const vf k3 = vf_set1(mask[3 * mt]);
  s3_0 = s3_0 + k3;
  m0 = vf_max(m0, s3_0);
  vf_store(y + 12 * VF_LANES, s3_0);
  s3_1 = s3_1 + k3;
  m1 = vf_max(m1, s3_1);
  vf_store(y + 13 * VF_LANES, s3_1);
  s3_2 = s3_2 + k3;
  m2 = vf_max(m2, s3_2);
  vf_store(y + 14 * VF_LANES, s3_2);
  s3_3 = s3_3 + k3;
  m3 = vf_max(m3, s3_3);
  vf_store(y + 15 * VF_LANES, s3_3);
  vf_store(more, m0);
  vf_store(more + 1 * VF_LANES, m1);
  vf_store(more + 2 * VF_LANES, m2);
  vf_store(more + 3 * VF_LANES, m3);
}

static void attention_keys_f32_c99_3x4(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    float *more, const float *mask, ptrdiff_t mt) {
  vf s0_0 = vf_set1(0.0f), s0_1 = vf_set1(0.0f), s0_2 = vf_set1(0.0f), s0_3 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s1_1 = vf_set1(0.0f), s1_2 = vf_set1(0.0f), s1_3 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s2_1 = vf_set1(0.0f), s2_2 = vf_set1(0.0f), s2_3 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 4 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf b1 = vf_load(b + 1 * VF_LANES);
    const vf b2 = vf_load(b + 2 * VF_LANES);
    const vf b3 = vf_load(b + 3 * VF_LANES);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    s0_1 = vf_fma(x0, b1, s0_1);
    s0_2 = vf_fma(x0, b2, s0_2);
    s0_3 = vf_fma(x0, b3, s0_3);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    s1_1 = vf_fma(x1, b1, s1_1);
    s1_2 = vf_fma(x1, b2, s1_2);
    s1_3 = vf_fma(x1, b3, s1_3);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    s2_1 = vf_fma(x2, b1, s2_1);
    s2_2 = vf_fma(x2, b2, s2_2);
    s2_3 = vf_fma(x2, b3, s2_3);
  }
  vf m0 = vf_load(more);
  vf m1 = vf_load(more + 1 * VF_LANES);
  vf m2 = vf_load(more + 2 * VF_LANES);
  vf m3 = vf_load(more + 3 * VF_LANES);
  const vf k0 = vf_set1(mask[0 * mt]);
  s0_0 = s0_0 + k0;
  m0 = vf_max(m0, s0_0);
  vf_store(y + 0 * VF_LANES, s0_0);
  s0_1 = s0_1 + k0;
  m1 = vf_max(m1, s0_1);
  vf_store(y + 1 * VF_LANES, s0_1);
  s0_2 = s0_2 + k0;
  m2 = vf_max(m2, s0_2);
  vf_store(y + 2 * VF_LANES, s0_2);
  s0_3 = s0_3 + k0;
  m3 = vf_max(m3, s0_3);
  vf_store(y + 3 * VF_LANES, s0_3);
  const vf k1 = vf_set1(mask[1 * mt]);
  s1_0 = s1_0 + k1;
  m0 = vf_max(m0, s1_0);
  vf_store(y + 4 * VF_LANES, s1_0);
  s1_1 = s1_1 + k1;
  m1 = vf_max(m1, s1_1);
  vf_store(y + 5 * VF_LANES, s1_1);
  s1_2 = s1_2 + k1;
  m2 = vf_max(m2, s1_2);
  vf_store(y + 6 * VF_LANES, s1_2);
  s1_3 = s1_3 + k1;
  m3 = vf_max(m3, s1_3);
  vf_store(y + 7 * VF_LANES, s1_3);
  const vf k2 = vf_set1(mask[2 * mt]);
  s2_0 = s2_0 + k2;
  m0 = vf_max(m0, s2_0);
  vf_store(y + 8 * VF_LANES, s2_0);
  s2_1 = s2_1 + k2;
  m1 = vf_max(m1, s2_1);
  vf_store(y + 9 * VF_LANES, s2_1);
  s2_2 = s2_2 + k2;
  m2 = vf_max(m2, s2_2);
  vf_store(y + 10 * VF_LANES, s2_2);
  s2_3 = s2_3 + k2;
  m3 = vf_max(m3, s2_3);
  vf_store(y + 11 * VF_LANES, s2_3);
  vf_store(more, m0);
  vf_store(more + 1 * VF_LANES, m1);
  vf_store(more + 2 * VF_LANES, m2);
  vf_store(more + 3 * VF_LANES, m3);
}

static void attention_values_f32_c99_4x4(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    const float *more) {
  vf s0_0 = vf_set1(0.0f), s0_1 = vf_set1(0.0f), s0_2 = vf_set1(0.0f), s0_3 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s1_1 = vf_set1(0.0f), s1_2 = vf_set1(0.0f), s1_3 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s2_1 = vf_set1(0.0f), s2_2 = vf_set1(0.0f), s2_3 = vf_set1(0.0f), s3_0 = vf_set1(0.0f), s3_1 = vf_set1(0.0f), s3_2 = vf_set1(0.0f), s3_3 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  const float *const a3 = a2 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 4 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf b1 = vf_load(b + 1 * VF_LANES);
    const vf b2 = vf_load(b + 2 * VF_LANES);
    const vf b3 = vf_load(b + 3 * VF_LANES);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    s0_1 = vf_fma(x0, b1, s0_1);
    s0_2 = vf_fma(x0, b2, s0_2);
    s0_3 = vf_fma(x0, b3, s0_3);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    s1_1 = vf_fma(x1, b1, s1_1);
    s1_2 = vf_fma(x1, b2, s1_2);
    s1_3 = vf_fma(x1, b3, s1_3);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    s2_1 = vf_fma(x2, b1, s2_1);
    s2_2 = vf_fma(x2, b2, s2_2);
    s2_3 = vf_fma(x2, b3, s2_3);
    const vf x3 = vf_set1(a3[at]);
    s3_0 = vf_fma(x3, b0, s3_0);
    s3_1 = vf_fma(x3, b1, s3_1);
    s3_2 = vf_fma(x3, b2, s3_2);
    s3_3 = vf_fma(x3, b3, s3_3);
  }
  const vf m0 = vf_load(more);
  const vf m1 = vf_load(more + 1 * VF_LANES);
  const vf m2 = vf_load(more + 2 * VF_LANES);
  const vf m3 = vf_load(more + 3 * VF_LANES);
  vf_store(y + 0 * VF_LANES, s0_0 * m0);
  vf_store(y + 1 * VF_LANES, s0_1 * m1);
  vf_store(y + 2 * VF_LANES, s0_2 * m2);
  vf_store(y + 3 * VF_LANES, s0_3 * m3);
  vf_store(y + 4 * VF_LANES, s1_0 * m0);
  vf_store(y + 5 * VF_LANES, s1_1 * m1);
  vf_store(y + 6 * VF_LANES, s1_2 * m2);
  vf_store(y + 7 * VF_LANES, s1_3 * m3);
  vf_store(y + 8 * VF_LANES, s2_0 * m0);
  vf_store(y + 9 * VF_LANES, s2_1 * m1);
  vf_store(y + 10 * VF_LANES, s2_2 * m2);
  vf_store(y + 11 * VF_LANES, s2_3 * m3);
  vf_store(y + 12 * VF_LANES, s3_0 * m0);
  vf_store(y + 13 * VF_LANES, s3_1 * m1);
  vf_store(y + 14 * VF_LANES, s3_2 * m2);
  vf_store(y + 15 * VF_LANES, s3_3 * m3);
}

static void attention_values_f32_c99_3x4(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,
    const float *more) {
  vf s0_0 = vf_set1(0.0f), s0_1 = vf_set1(0.0f), s0_2 = vf_set1(0.0f), s0_3 = vf_set1(0.0f), s1_0 = vf_set1(0.0f), s1_1 = vf_set1(0.0f), s1_2 = vf_set1(0.0f), s1_3 = vf_set1(0.0f), s2_0 = vf_set1(0.0f), s2_1 = vf_set1(0.0f), s2_2 = vf_set1(0.0f), s2_3 = vf_set1(0.0f);
  const float *const a0 = a;
  const float *const a1 = a0 + ra;
  const float *const a2 = a1 + ra;
  ptrdiff_t at = 0;
  for (int32_t i = 0; i < n; i++, at += ai, b += 4 * VF_LANES) {
    const vf b0 = vf_load(b);
    const vf b1 = vf_load(b + 1 * VF_LANES);
    const vf b2 = vf_load(b + 2 * VF_LANES);
    const vf b3 = vf_load(b + 3 * VF_LANES);
    const vf x0 = vf_set1(a0[at]);
    s0_0 = vf_fma(x0, b0, s0_0);
    s0_1 = vf_fma(x0, b1, s0_1);
    s0_2 = vf_fma(x0, b2, s0_2);
    s0_3 = vf_fma(x0, b3, s0_3);
    const vf x1 = vf_set1(a1[at]);
    s1_0 = vf_fma(x1, b0, s1_0);
    s1_1 = vf_fma(x1, b1, s1_1);
    s1_2 = vf_fma(x1, b2, s1_2);
    s1_3 = vf_fma(x1, b3, s1_3);
    const vf x2 = vf_set1(a2[at]);
    s2_0 = vf_fma(x2, b0, s2_0);
    s2_1 = vf_fma(x2, b1, s2_1);
    s2_2 = vf_fma(x2, b2, s2_2);
    s2_3 = vf_fma(x2, b3, s2_3);
  }
  const vf m0 = vf_load(more);
  const vf m1 = vf_load(more + 1 * VF_LANES);
  const vf m2 = vf_load(more + 2 * VF_LANES);
  const vf m3 = vf_load(more + 3 * VF_LANES);
  vf_store(y + 0 * VF_LANES, s0_0 * m0);
  vf_store(y + 1 * VF_LANES, s0_1 * m1);
  vf_store(y + 2 * VF_LANES, s0_2 * m2);
  vf_store(y + 3 * VF_LANES, s0_3 * m3);
  vf_store(y + 4 * VF_LANES, s1_0 * m0);
  vf_store(y + 5 * VF_LANES, s1_1 * m1);
  vf_store(y + 6 * VF_LANES, s1_2 * m2);
  vf_store(y + 7 * VF_LANES, s1_3 * m3);
  vf_store(y + 8 * VF_LANES, s2_0 * m0);
  vf_store(y + 9 * VF_LANES, s2_1 * m1);
  vf_store(y + 10 * VF_LANES, s2_2 * m2);
  vf_store(y + 11 * VF_LANES, s2_3 * m3);
}

/* 4 queries at most, a lane each */
static void attention_keys_f32_c99_block4_4_3_4_3(const float *q, const float *k, const float *v, float *y, const float *mask, ptrdiff_t ms, ptrdiff_t mt, float *x, int32_t count,
    int32_t d, int32_t t, int32_t e, float scale, ptrdiff_t qs, ptrdiff_t qd, ptrdiff_t kt, ptrdiff_t kd, ptrdiff_t vt, ptrdiff_t ve,
    ptrdiff_t ys, ptrdiff_t ye, int32_t t_tall, int32_t t_low, int32_t e_tall, int32_t e_low) {
  float *const m = x + (ptrdiff_t)d * 4, *const p = m + 4, *const o = p + (ptrdiff_t)t * 4;
  for (int32_t j = 0; j < 4; j++) { /* lanes past the end repeat the last query */
    const float *const row = q + (j < count ? j : count - 1) * qs;
    for (int32_t i = 0; i < d; i++) x[i * 4 + j] = row[i * qd] * scale;
    m[j] = -3.4028235e38f;
  }
  (void)ms;
  float *to = p;
  for (int32_t i = 0; i < t_tall; i++, k += 4 * kt, to += 4 * 4, mask += 4 * mt) attention_keys_f32_c99_4x4(k, kt, kd, x, d, to, m, mask, mt);
  for (int32_t i = 0; i < t_low; i++, k += 3 * kt, to += 3 * 4, mask += 3 * mt) attention_keys_f32_c99_3x4(k, kt, kd, x, d, to, m, mask, mt);
  const vf top0 = vf_load(m);
  const vf top1 = vf_load(m + 1 * VF_LANES);
  const vf top2 = vf_load(m + 2 * VF_LANES);
  const vf top3 = vf_load(m + 3 * VF_LANES);
  vf total0 = vf_set1(0.0f), total1 = vf_set1(0.0f), total2 = vf_set1(0.0f), total3 = vf_set1(0.0f);
  to = p;
  for (int32_t i = 0; i < t;) {
    const int32_t end = t - i > 64 ? i + 64 : t;
    vf s0 = vf_set1(0.0f), s1 = vf_set1(0.0f), s2 = vf_set1(0.0f), s3 = vf_set1(0.0f);
    for (; i < end; i++, to += 4) {
      const vf e0 = vf_exp2_down((vf_load(to) - top0) * vf_set1(1.442695f));
      vf_store(to, e0);
      s0 += e0;
      const vf e1 = vf_exp2_down((vf_load(to + 1 * VF_LANES) - top1) * vf_set1(1.442695f));
      vf_store(to + 1 * VF_LANES, e1);
      s1 += e1;
      const vf e2 = vf_exp2_down((vf_load(to + 2 * VF_LANES) - top2) * vf_set1(1.442695f));
      vf_store(to + 2 * VF_LANES, e2);
      s2 += e2;
      const vf e3 = vf_exp2_down((vf_load(to + 3 * VF_LANES) - top3) * vf_set1(1.442695f));
      vf_store(to + 3 * VF_LANES, e3);
      s3 += e3;
    }
    total0 += s0;
    total1 += s1;
    total2 += s2;
    total3 += s3;
  }
  vf_store(m, vf_set1(1.0f) / total0);
  vf_store(m + 1 * VF_LANES, vf_set1(1.0f) / total1);
  vf_store(m + 2 * VF_LANES, vf_set1(1.0f) / total2);
  vf_store(m + 3 * VF_LANES, vf_set1(1.0f) / total3);
  to = o;
  for (int32_t i = 0; i < e_tall; i++, v += 4 * ve, to += 4 * 4) attention_values_f32_c99_4x4(v, ve, vt, p, t, to, m);
  for (int32_t i = 0; i < e_low; i++, v += 3 * ve, to += 3 * 4) attention_values_f32_c99_3x4(v, ve, vt, p, t, to, m);
  for (int32_t j = 0; j < count; j++)
    for (int32_t i = 0; i < e; i++) y[j * ys + i * ye] = o[i * 4 + j];
}

static void attention_f32_c99_lanes_keys1_block4_4_3_4_3(const float *q, const float *k, const float *v, const float *mask, float *y, void *scratch,
    int32_t s, int32_t d, int32_t t, int32_t e, float scale, int32_t qs, int32_t qd, int32_t kt, int32_t kd, int32_t vt, int32_t ve,
    int32_t ys, int32_t ye, int32_t ms, int32_t mt, int32_t t_tall, int32_t t_low, int32_t e_tall, int32_t e_low, int32_t n0, int32_t q0, int32_t k0, int32_t v0, int32_t y0, int32_t m0, int32_t begin, int32_t end) {
  const int32_t blocks = (s - 1) / 4 + 1;
  for (int32_t u = begin; u < end; u++) {
    const ptrdiff_t from = (ptrdiff_t)(u % blocks) * 4;
    const int32_t count = s - (int32_t)from < 4 ? s - (int32_t)from : 4;
    int32_t left = u / blocks;
    const int32_t i0 = left % n0;
    left /= n0;
    (void)left;
    attention_keys_f32_c99_block4_4_3_4_3(q + (ptrdiff_t)i0 * q0 + from * qs, k + (ptrdiff_t)i0 * k0, v + (ptrdiff_t)i0 * v0, y + (ptrdiff_t)i0 * y0 + from * ys, mask + (ptrdiff_t)i0 * m0, ms, mt, (float *)scratch, count, d, t, e, scale, qs, qd, kt, kd, vt, ve, ys, ye, t_tall, t_low, e_tall, e_low);
  }
}

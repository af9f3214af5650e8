static void softmax_f32_avx2_vector(const float *x, float *y, int32_t rows, int32_t n, int32_t xp, int32_t yp) {
  for (int32_t r = 0; r < rows; r++) {
    const float *const p = x + (ptrdiff_t)r * xp;
    float *const q = y + (ptrdiff_t)r * yp;
    float top = p[0];
    int32_t i = 0;
    if (n >= VF_LANES) { /* a NaN may get lost here, but not in the sum */
      vf most = vf_load(p);
      for (i = VF_LANES; i <= n - VF_LANES; i += VF_LANES) most = vf_max(most, vf_load(p + i));
      float lanes[VF_LANES];
      vf_store(lanes, most);
      top = lanes[0];
      for (int32_t l = 1; l < VF_LANES; l++) top = top < lanes[l] ? lanes[l] : top;
    }
    for (; i < n; i++) top = top < p[i] ? p[i] : top;
    const vf origin = vf_set1(top);
    float total = 0;
    for (i = 0; i <= n - VF_LANES;) {
      const int32_t end = n - i > 1024 ? i + 1024 : n;
      vf s0 = vf_set1(0.0f), s1 = s0, s2 = s0, s3 = s0;
      for (; i <= end - 4 * VF_LANES; i += 4 * VF_LANES) {
        const vf e0 = vf_exp_down(vf_load(p + i) - origin), e1 = vf_exp_down(vf_load(p + i + VF_LANES) - origin);
        const vf e2 = vf_exp_down(vf_load(p + i + 2 * VF_LANES) - origin), e3 = vf_exp_down(vf_load(p + i + 3 * VF_LANES) - origin);
        vf_store(q + i, e0);
        vf_store(q + i + VF_LANES, e1);
        vf_store(q + i + 2 * VF_LANES, e2);
        vf_store(q + i + 3 * VF_LANES, e3);
        s0 += e0;
        s1 += e1;
        s2 += e2;
        s3 += e3;
      }
      for (; i <= end - VF_LANES; i += VF_LANES) {
        const vf e = vf_exp_down(vf_load(p + i) - origin);
        vf_store(q + i, e);
        s0 += e;
      }
      total += vf_sum((s0 + s1) + (s2 + s3));
    }
    if (i < n) {
      vf_store_n(q + i, vf_exp_down(vf_load_n(p + i, n - i) - origin), n - i);
      for (int32_t k = i; k < n; k++) total += q[k];
    }
    const vf last = vf_set1(1.0f / total);
    for (i = 0; i <= n - VF_LANES; i += VF_LANES) vf_store(q + i, vf_load(q + i) * last);
    if (i < n) vf_store_n(q + i, vf_load_n(q + i, n - i) * last, n - i);
  }
}

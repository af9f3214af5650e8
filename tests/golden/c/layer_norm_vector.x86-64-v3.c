static void layer_norm_f32_avx2_vector_bias_mean_inverse(const float *x_of, float *y, const float *scale, const float *bias, float *mean, float *inverse,
    int32_t rows, int32_t n, int32_t xp, int32_t yp, float epsilon) {
  for (int32_t r = 0; r < rows; r++) {
    const float *const p = x_of + (ptrdiff_t)r * xp;
    float *const q = y + (ptrdiff_t)r * yp;
    float sum = 0;
    for (int32_t i = 0; i < n;) {
      const int32_t end = n - i > 2048 ? i + 2048 : n;
      vf s0 = vf_set1(0.0f), s1 = s0, s2 = s0, s3 = s0;
      for (; i <= end - 4 * VF_LANES; i += 4 * VF_LANES) {
        { const vf x = vf_load(p + i + 0 * VF_LANES); s0 += x; }
        { const vf x = vf_load(p + i + 1 * VF_LANES); s1 += x; }
        { const vf x = vf_load(p + i + 2 * VF_LANES); s2 += x; }
        { const vf x = vf_load(p + i + 3 * VF_LANES); s3 += x; }
      }
      for (; i <= end - VF_LANES; i += VF_LANES) { const vf x = vf_load(p + i); s0 += x; }
      sum += vf_sum((s0 + s1) + (s2 + s3));
      for (; i < end; i++) { const float x = p[i]; sum += x; }
    }
    const float mean_of_row = sum / (float)n;
    const vf mean_of_lanes = vf_set1(mean_of_row);
    float squares = 0;
    for (int32_t i = 0; i < n;) {
      const int32_t end = n - i > 2048 ? i + 2048 : n;
      vf s0 = vf_set1(0.0f), s1 = s0, s2 = s0, s3 = s0;
      for (; i <= end - 4 * VF_LANES; i += 4 * VF_LANES) {
        { const vf x = vf_load(p + i + 0 * VF_LANES); const vf d = x - mean_of_lanes; s0 = vf_fma(d, d, s0); }
        { const vf x = vf_load(p + i + 1 * VF_LANES); const vf d = x - mean_of_lanes; s1 = vf_fma(d, d, s1); }
        { const vf x = vf_load(p + i + 2 * VF_LANES); const vf d = x - mean_of_lanes; s2 = vf_fma(d, d, s2); }
        { const vf x = vf_load(p + i + 3 * VF_LANES); const vf d = x - mean_of_lanes; s3 = vf_fma(d, d, s3); }
      }
      for (; i <= end - VF_LANES; i += VF_LANES) { const vf x = vf_load(p + i); const vf d = x - mean_of_lanes; s0 = vf_fma(d, d, s0); }
      squares += vf_sum((s0 + s1) + (s2 + s3));
      for (; i < end; i++) { const float x = p[i]; squares += (x - mean_of_row) * (x - mean_of_row); }
    }
    const float inverse_of_row = 1 / pith_sqrt_f32(squares / (float)n + epsilon);
    mean[r] = mean_of_row;
    inverse[r] = inverse_of_row;
    const vf inverse = vf_set1(inverse_of_row);
    int32_t i = 0;
    for (; i <= n - VF_LANES; i += VF_LANES) vf_store(q + i, vf_fma((vf_load(p + i) - mean_of_lanes) * inverse, vf_load(scale + i), vf_load(bias + i)));
    if (i < n) vf_store_n(q + i, vf_fma((vf_load_n(p + i, n - i) - mean_of_lanes) * inverse, vf_load_n(scale + i, n - i), vf_load_n(bias + i, n - i)), n - i);
  }
}

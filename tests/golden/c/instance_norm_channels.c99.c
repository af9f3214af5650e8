static void instance_norm_f32_c99_rows(const float *x, float *y, const float *scale, const float *bias, int32_t batch, int32_t channels, int32_t n,
    float epsilon) {
  for (int32_t b = 0; b < batch; ++b)
  for (int32_t c = 0; c < channels; ++c) {
    const float *p = x + (b * channels + c) * n;
    float *q = y + (b * channels + c) * n;
    const float mean = pith_row_sum_f32(p, n) / (float)n;
    const float k = (float)scale[c] / pith_sqrt_f32(pith_row_deviation_f32(p, n, mean) / (float)n + (float)epsilon);
    const float shift = (float)bias[c];
    for (int32_t i = 0; i < n; ++i) {
      q[i] = (p[i] - mean) * k + shift;
    }
  }
}

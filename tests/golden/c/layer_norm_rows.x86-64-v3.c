static void layer_norm_f32_avx2_rows_bias(const float *x, float *y, const float *scale, const float *bias, int32_t rows, int32_t n, int32_t xp, int32_t yp,
    int32_t ss, int32_t bs, float epsilon) {
  for (int32_t r = 0; r < rows; ++r) {
    const float *p = x + r * xp;
    float *q = y + r * yp;
    const float mean_of_row = pith_row_sum_f32(p, n) / (float)n;
    const float inverse_of_row = 1 / pith_sqrt_f32(pith_row_deviation_f32(p, n, mean_of_row) / (float)n + (float)epsilon);
    for (int32_t i = 0; i < n; ++i) {
      q[i] = (p[i] - mean_of_row) * inverse_of_row * (float)scale[i * ss] + (float)bias[i * bs];
    }
  }
}

static void rms_norm_f32_avx2_rows(const float *x, float *y, const float *scale, int32_t rows, int32_t n, int32_t xp, int32_t yp,
    int32_t ss, float epsilon) {
  for (int32_t r = 0; r < rows; ++r) {
    const float *p = x + r * xp;
    float *q = y + r * yp;
    const float inverse_of_row = 1 / pith_sqrt_f32(pith_row_sum_square_f32(p, n) / (float)n + (float)epsilon);
    for (int32_t i = 0; i < n; ++i) {
      q[i] = p[i] * inverse_of_row * (float)scale[i * ss];
    }
  }
}

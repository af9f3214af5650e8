static void log_softmax_f32_c99_rows(const float *x, float *y, int32_t rows, int32_t n, int32_t xp, int32_t yp) {
  for (int32_t r = 0; r < rows; ++r) {
    const float *p = x + r * xp;
    float *q = y + r * yp;
    const float top = pith_row_max_f32(p, n);
    float total = 0;
    for (int32_t i = 0; i < n; i += 256) {
      const int32_t m = n - i > 256 ? 256 : n - i;
      float e[256];
      for (int32_t l = 0; l < m; ++l) e[l] = p[i + l] - top;
      const int32_t whole = (m + 15) & ~15;
      for (int32_t l = m; l < whole; ++l) e[l] = 0;
      for (int32_t l = 0; l < whole; ++l) e[l] = pith_exp_f32(e[l]);
      total += pith_row_sum_f32(e, m);
    }
    const float last = pith_log_f32(total);
    for (int32_t k = 0; k < n; ++k) {
      q[k] = p[k] - top - last;
    }
  }
}

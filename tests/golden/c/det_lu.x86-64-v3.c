static void det_f32_avx2_lu(const float *x, float *y, float *m, int32_t batch, int32_t n) {
  for (int32_t b = 0; b < batch; ++b) {
    for (int32_t i = 0; i < n * n; ++i) m[i] = x[b * n * n + i];
    float det = 1;
    for (int32_t c = 0; c < n; ++c) {
      int32_t pivot = c;
      for (int32_t r = c + 1; r < n; ++r) {
        const float a = m[r * n + c] < 0 ? -m[r * n + c] : m[r * n + c];
        const float best = m[pivot * n + c] < 0 ? -m[pivot * n + c] : m[pivot * n + c];
        if (a > best) pivot = r;
      }
      if (pivot != c) {
        det = -det;
        for (int32_t k = c; k < n; ++k) {
          const float swap = m[c * n + k];
          m[c * n + k] = m[pivot * n + k];
          m[pivot * n + k] = swap;
        }
      }
      det *= m[c * n + c];
      if (m[c * n + c] == 0) break;
      for (int32_t r = c + 1; r < n; ++r) {
        const float f = m[r * n + c] / m[c * n + c];
        for (int32_t k = c + 1; k < n; ++k) m[r * n + k] -= f * m[c * n + k];
      }
    }
    y[b] = det;
  }
}

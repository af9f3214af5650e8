static void softmax_f32_c99_columns(const float *x, float *y, int32_t outer, int32_t n, int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; c += 32) {
    const int32_t m = inner - c < 32 ? inner - c : 32;
    const float *p = x + o * n * inner + c;
    float *q = y + o * n * inner + c;
    float top[32], last[32];
    for (int32_t l = 0; l < m; ++l) {
      top[l] = p[l];
      last[l] = 0;
    }
    for (int32_t k = 1; k < n; ++k) {
      for (int32_t l = 0; l < m; ++l) {
        const float v = p[k * inner + l];
        top[l] = ((v > top[l] || v != v) ? v : top[l]);
      }
    }
    for (int32_t k = 0; k < n; ++k) {
      for (int32_t l = 0; l < m; ++l) last[l] += pith_exp_f32(p[k * inner + l] - top[l]);
    }
    for (int32_t l = 0; l < m; ++l) last[l] = 1 / (last[l]);
    for (int32_t k = 0; k < n; ++k) {
      for (int32_t l = 0; l < m; ++l) {
        q[k * inner + l] = pith_exp_f32(p[k * inner + l] - top[l]) * last[l];
      }
    }
  }
}

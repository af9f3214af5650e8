static void lp_normalization_f32_c99_p1(const float *x, float *y, int32_t outer, int32_t n, int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; c += 32) {
    const int32_t m = inner - c < 32 ? inner - c : 32;
    float norm[32];
    for (int32_t l = 0; l < m; ++l) norm[l] = 0;
    for (int32_t i = 0; i < n; ++i) {
      for (int32_t l = 0; l < m; ++l) {
        const float v = x[(o * n + i) * inner + c + l];
        norm[l] += v < 0 ? -v : v;
      }
    }
    for (int32_t i = 0; i < n; ++i) {
      for (int32_t l = 0; l < m; ++l) {
        const int32_t at = (o * n + i) * inner + c + l;
        y[at] = norm[l] == 0 ? 0 : x[at] / norm[l];
      }
    }
  }
}

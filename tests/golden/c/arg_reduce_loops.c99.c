static void arg_reduce_f32_c99_max_columns(const float *x, int64_t *y, int32_t outer, int32_t n, int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; c += 32) {
    const int32_t m = inner - c < 32 ? inner - c : 32;
    const float *p = x + o * n * inner + c;
    float best[32];
    int32_t found[32];
    for (int32_t l = 0; l < m; ++l) {
      best[l] = p[0 * inner + l];
      found[l] = 0;
    }
    for (int32_t i = 0; i < n; ++i) {
      for (int32_t l = 0; l < m; ++l) {
        const float v = p[i * inner + l];
        const int better = v > best[l] || (v != v && best[l] == best[l]);
        best[l] = better ? v : best[l];
        found[l] = better ? i : found[l];
      }
    }
    for (int32_t l = 0; l < m; ++l) y[o * inner + c + l] = found[l];
  }
}

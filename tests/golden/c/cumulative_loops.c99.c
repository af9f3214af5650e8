static void cumulative_f64_c99_prod(const double *x, double *y, int32_t outer, int32_t n, int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; c += 32) {
    const int32_t m = inner - c < 32 ? inner - c : 32;
    double total[32];
    for (int32_t l = 0; l < 32; ++l) total[l] = 1;
    for (int32_t i = 0; i < n; ++i) {
      const int32_t at = (o * n + i) * inner + c;
      for (int32_t l = 0; l < m; ++l) {
        const double v = (double)x[at + l];
        total[l] = total[l] * v;
        y[at + l] = total[l];
      }
    }
  }
}

static void matmul_i32_avx2_loops0(const int32_t *a, const int32_t *b, int32_t *y, int32_t m, int32_t n, int32_t k, int32_t sam, int32_t sak, int32_t sbk,
    int32_t sbn, int32_t ym, int32_t yn) {
  for (int32_t r = 0; r < m; r++) {
    const int32_t *const p = a + (ptrdiff_t)r * sam;
    int32_t *const q_y = y + (ptrdiff_t)r * ym;
    for (int32_t c = 0; c < n; c += 8) {
      const int32_t cols = n - c < 8 ? n - c : 8;
      const int32_t *w = b + (ptrdiff_t)c * sbn;
      uint32_t acc[8];
      for (int32_t j = 0; j < 8; j++) acc[j] = 0;
      for (int32_t i = 0; i < k; i++, w += sbk) {
        const uint32_t x = (uint32_t)p[(ptrdiff_t)i * sak];
        for (int32_t j = 0; j < cols; j++) acc[j] += x * (uint32_t)w[(ptrdiff_t)j * sbn];
      }
      for (int32_t j = 0; j < cols; j++) {
        q_y[(ptrdiff_t)(c + j) * yn] = (int32_t)((int32_t)(acc[j]));
      }
    }
  }
}

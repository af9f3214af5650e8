static void matmul_integer_u8_avx2_loops0_zero_a_i8_46233bad(const uint8_t *a, const int8_t *b, uint8_t *y, int32_t m, int32_t n, int32_t k, int32_t sam, int32_t sak, int32_t sbk,
    int32_t sbn, int32_t zero_a, int32_t ym, int32_t yn) {
  for (int32_t r = 0; r < m; r++) {
    const uint8_t *const p = a + (ptrdiff_t)r * sam;
    uint8_t *const q_y = y + (ptrdiff_t)r * ym;
    for (int32_t c = 0; c < n; c += 8) {
      const int32_t cols = n - c < 8 ? n - c : 8;
      const int8_t *w = b + (ptrdiff_t)c * sbn;
      int32_t acc[8];
      for (int32_t j = 0; j < 8; j++) acc[j] = 0;
      for (int32_t i = 0; i < k; i++, w += sbk) {
        const int32_t x = ((int32_t)p[(ptrdiff_t)i * sak] - zero_a);
        for (int32_t j = 0; j < cols; j++) acc[j] += x * (int32_t)w[(ptrdiff_t)j * sbn];
      }
      for (int32_t j = 0; j < cols; j++) {
        const int32_t v = acc[j];
        const float t0 = ((float)v * 0.01f);
        const float t1 = (t0 < (-3.0f) ? (-3.0f) : t0);
        q_y[(ptrdiff_t)(c + j) * yn] = (uint8_t)(pith_f32_to_u8((pith_rint_f32((252.0f < t1 ? 252.0f : t1)) + 3.0f)));
      }
    }
  }
}

static void softmax_integer_u8_avx2_u8_rows(const uint8_t *x, const int32_t *t, uint8_t *y, int32_t n, int32_t px, int32_t py, float multiplier, int32_t zero,
    int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const uint8_t *const p = x + (ptrdiff_t)r * px;
    uint8_t *const q = y + (ptrdiff_t)r * py;
    int32_t top = p[0], sum = 0;
    for (int32_t i = 1; i < n; i++) top = p[i] > top ? p[i] : top;
    for (int32_t i = 0; i < n; i++) sum += t[top - p[i]];
    const float by = multiplier / (float)sum, high = (float)(255 - zero);
    PITH_IVDEP
    for (int32_t i = 0; i < n; i++) {
      const float v = pith_rint_f32((float)t[top - p[i]] * by);
      q[i] = (uint8_t)((int32_t)(v > high ? high : v) + zero);
    }
  }
}

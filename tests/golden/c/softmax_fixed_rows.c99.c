static void softmax_fixed_i8_c99_rows(const int8_t *x, const int32_t *t, int8_t *y, int32_t n, int32_t px, int32_t py, int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const int8_t *const p = x + (ptrdiff_t)r * px;
    int8_t *const q = y + (ptrdiff_t)r * py;
    int32_t top = p[0], sum = 0, bits;
    for (int32_t i = 1; i < n; i++) top = p[i] > top ? p[i] : top;
    for (int32_t i = 0; i < n; i++) sum += pith_rounded_shift(t[top - p[i]], 12);
    const int32_t scale = pith_fixed_reciprocal(sum, &bits), shift = bits + 23;
    for (int32_t i = 0; i < n; i++) {
      const int32_t v = shift > 31 ? 0 : pith_rounded_shift(pith_high_product(scale, t[top - p[i]]), shift);
      q[i] = (int8_t)((v < 0 ? 0 : v > 255 ? 255 : v) + (-128));
    }
  }
}

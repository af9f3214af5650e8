static void pad_i32_avx2_reflect(const int32_t *restrict x, int32_t *restrict y, const int32_t *restrict t, int32_t rows, int32_t run) {
  const int32_t last = t[0] - 1;
  const int32_t *axis = t + 1;
  const int32_t n = axis[4 * last], before = axis[4 * last + 1], width = axis[4 * last + 2], step = axis[4 * last + 3];
  for (int32_t r = 0; r < rows; ++r) {
    int32_t from = 0, rest = r, outside = 0;
    for (int32_t a = last - 1; a >= 0; --a) {
      const int32_t at = pith_pad_reflect(rest % axis[4 * a + 2] - axis[4 * a + 1], axis[4 * a]);
      rest /= axis[4 * a + 2];
      outside |= at < 0;
      from += at < 0 ? 0 : at * axis[4 * a + 3];
    }
    int32_t *q = y + r * width * run;
    const int32_t begin = outside ? width : before, end = outside ? width : before + n;
    for (int32_t i = 0; i < width; ++i) {
      if (i == begin && n > 0) {
        for (int32_t k = 0; k < n * run; ++k) q[before * run + k] = x[from + k];
        i = end - 1;
        continue;
      }
      const int32_t at = outside ? -1 : pith_pad_reflect(i - before, n);
      for (int32_t k = 0; k < run; ++k) q[i * run + k] = x[from + at * step + k];
    }
  }
}

static void reduce_f32_c99_mean_columns(const float *restrict x, float *restrict y, int32_t outer, int32_t n, int32_t columns, int32_t xo, int32_t xs,
    int32_t yo) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < columns; c += 64) {
    const int32_t m = columns - c < 64 ? columns - c : 64;
    float total[64], carry[64];
    for (int32_t l = 0; l < m; ++l) total[l] = carry[l] = 0;
    for (int32_t i = 0; i < n; i += 256) {
      const int32_t end = n - i > 256 ? i + 256 : n;
      float acc[64];
      for (int32_t l = 0; l < m; ++l) acc[l] = 0;
      int32_t r = i;
      for (; r + 4 <= end; r += 4) {
        const float *p = x + o * xo + r * xs + c, *p1 = p + xs, *p2 = p1 + xs, *p3 = p2 + xs;
        for (int32_t l = 0; l < m; ++l) {
          const float v = p[l], v1 = p1[l], v2 = p2[l], v3 = p3[l];
          float s = acc[l];
          s = s + v;
          s = s + v1;
          s = s + v2;
          acc[l] = s + v3;
        }
      }
      for (; r < end; ++r) {
        const float *p = x + o * xo + (ptrdiff_t)r * xs + c; /* wide: gcc cannot see that r stays small */
        for (int32_t l = 0; l < m; ++l) {
          const float v = p[l];
          acc[l] = acc[l] + v;
        }
      }
      for (int32_t l = 0; l < m; ++l) {
        const float next = total[l] + acc[l], part = next - total[l];
        carry[l] += (total[l] - (next - part)) + (acc[l] - part);
        total[l] = next;
      }
    }
    for (int32_t l = 0; l < m; ++l) {
      const float result = carry[l] == carry[l] ? total[l] + carry[l] : total[l];
      y[o * yo + c + l] = result / (float)n;
    }
  }
}

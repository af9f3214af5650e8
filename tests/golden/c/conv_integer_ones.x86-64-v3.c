/* windows begin ... end - 1: start + the sum of each channel's kh x kw numbers */
static void sums_u8(const uint8_t *x, int32_t *y, int32_t oh, int32_t ow, int32_t c, int32_t kh, int32_t kw, int32_t sh, int32_t sw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t start, int32_t begin, int32_t end) {
  for (int32_t w = begin; w < end; w++) {
    const int32_t n = w / (oh * ow), i = w / ow % oh, j = w % ow;
    const uint8_t *const from = x + (ptrdiff_t)n * xn + (ptrdiff_t)(i * sh) * xh + (ptrdiff_t)(j * sw) * xw;
    int32_t *const to = y + (ptrdiff_t)n * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw;
    int32_t k = 0;
    for (; k <= c - 32; k += 32) {
      int32_t s[32];
      for (int32_t i = 0; i < 32; i++) s[i] = start;
      for (int32_t a = 0; a < kh; a++)
        for (int32_t b = 0; b < kw; b++) {
          const uint8_t *const p = from + (ptrdiff_t)a * xh + (ptrdiff_t)b * xw + k;
          for (int32_t i = 0; i < 32; i++) s[i] += p[i];
        }
      for (int32_t i = 0; i < 32; i++) to[k + i] = s[i];
    }
    for (; k <= c - 8; k += 8) {
      int32_t s[8];
      for (int32_t i = 0; i < 8; i++) s[i] = start;
      for (int32_t a = 0; a < kh; a++)
        for (int32_t b = 0; b < kw; b++) {
          const uint8_t *const p = from + (ptrdiff_t)a * xh + (ptrdiff_t)b * xw + k;
          for (int32_t i = 0; i < 8; i++) s[i] += p[i];
        }
      for (int32_t i = 0; i < 8; i++) to[k + i] = s[i];
    }
    for (; k <= c - 1; k += 1) {
      int32_t s[1];
      for (int32_t i = 0; i < 1; i++) s[i] = start;
      for (int32_t a = 0; a < kh; a++)
        for (int32_t b = 0; b < kw; b++) {
          const uint8_t *const p = from + (ptrdiff_t)a * xh + (ptrdiff_t)b * xw + k;
          for (int32_t i = 0; i < 1; i++) s[i] += p[i];
        }
      for (int32_t i = 0; i < 1; i++) to[k + i] = s[i];
    }
  }
}

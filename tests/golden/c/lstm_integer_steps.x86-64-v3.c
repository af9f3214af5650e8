static void lstm_integer_i8_avx2_steps(const int8_t *x, const int8_t *w, const int8_t *r, const int32_t *b, const int32_t *f, int8_t *y, int16_t *c,
    int32_t steps, int32_t pace, int32_t seat, int32_t inputs, int32_t hidden, int32_t point, int32_t clip, int32_t by,
    int32_t shift, int32_t zero, int32_t begin, int32_t end) {
  for (int32_t n = begin; n < end; n++) {
    for (int32_t j = 0; j < hidden; j++) c[j] = 0;
    for (int32_t t = 0; t < steps; t++) {
      const ptrdiff_t row = (ptrdiff_t)t * pace + (ptrdiff_t)n * seat;
      const int8_t *const in = x + row * inputs, *const h = y + (t > 0 ? row - pace : row) * hidden;
      for (int32_t j = 0; j < hidden; j++) {
        int32_t g[4];
        for (int32_t k = 0; k < 4; k++) {
          const int32_t at = k * hidden + j;
          const int32_t sum = pith_dot_s8(in, w + (ptrdiff_t)at * inputs, inputs) + b[at];
          g[k] = pith_held_16(pith_scale_fixed(sum, f[2 * k], f[2 * k + 1]));
          if (t > 0) {
            const int32_t back = pith_dot_s8(h, r + (ptrdiff_t)at * hidden, hidden) + b[4 * hidden + at];
            g[k] = pith_held_16((int64_t)pith_scale_fixed(back, f[2 * k + 8], f[2 * k + 9]) + g[k]);
          }
        }
        const int32_t kept = pith_rounded_shift(pith_logistic_16(g[1]) * c[j], 15);
        const int32_t added = pith_rounded_shift(pith_logistic_16(g[0]) * pith_tanh_16(g[2], 3), 30 - point);
        int32_t cell = pith_held_16((int64_t)kept + added);
        if (clip > 0) cell = cell > clip ? clip : cell < -clip ? -clip : cell;
        c[j] = (int16_t)cell;
        const int32_t real = pith_logistic_16(g[3]) * pith_tanh_16(cell, 15 - point);
        const int64_t v = (int64_t)pith_scale_fixed(real, by, shift) + zero;
        y[row * hidden + j] = (int8_t)(v > 127 ? 127 : v < -128 ? -128 : v);
      }
    }
  }
}

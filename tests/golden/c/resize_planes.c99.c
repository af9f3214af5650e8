static void resize_f32_c99_linear_planes(const float *restrict x, float *restrict y, const int32_t *restrict rows, const int32_t *restrict columns,
    const float *restrict down, const float *restrict across, int32_t oh, int32_t ow, int32_t run, int32_t xo,
    int32_t xh, int32_t xw, int32_t yo, int32_t yh, int32_t yw, int32_t begin, int32_t end) {
  for (int32_t n = begin; n < end; ++n) {
    const int32_t o = n / oh, i = n % oh;
    const float *top = x + o * xo + rows[2 * i] * xh, *bottom = x + o * xo + rows[2 * i + 1] * xh;
    const float u0 = down[2 * i], u1 = down[2 * i + 1];
    for (int32_t j = 0; j < ow; ++j) {
      const float v0 = across[2 * j], v1 = across[2 * j + 1];
      const float a = u0 * v0, b = u0 * v1, c = u1 * v0, d = u1 * v1;
      const float *p = top + columns[2 * j] * xw, *q = top + columns[2 * j + 1] * xw;
      const float *r = bottom + columns[2 * j] * xw, *s = bottom + columns[2 * j + 1] * xw;
      float *to = y + o * yo + i * yh + j * yw;
      for (int32_t k = 0; k < run; ++k) {
        to[k] = (p[k] * a + q[k] * b) + (r[k] * c + s[k] * d);
      }
    }
  }
}

static void max_pool_f32_c99_k1x2(const float *restrict x, float *restrict y, int32_t begin, int32_t end, int32_t channels, int32_t ih, int32_t iw,
    int32_t oh, int32_t ow, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw, int32_t xn, int32_t xh,
    int32_t xw, int32_t yn, int32_t yh, int32_t yw) {
  for (int32_t r = begin; r < end; ++r) {
    const int32_t n = r / oh, i = r % oh;
    const int32_t h = i * sh - ph;
    const int32_t h0 = h < 0 ? (dh - 1 - h) / dh : 0;
    const int32_t h1 = h >= ih ? -1 : ((ih - 1 - h) / dh < 1 - 1 ? (ih - 1 - h) / dh : 1 - 1);
    for (int32_t j = 0; j < ow; ++j) {
      const int32_t w = j * sw - pw;
      const int32_t w0 = w < 0 ? (dw - 1 - w) / dw : 0;
      const int32_t w1 = w >= iw ? -1 : ((iw - 1 - w) / dw < 2 - 1 ? (iw - 1 - w) / dw : 2 - 1);
      float *restrict q = y + n * yn + i * yh + j * yw;
      if (h0 > h1 || w0 > w1) {
        for (int32_t c = 0; c < channels; ++c) {
          q[c] = (-(1.0f/0.0f));
        }
        continue;
      }
      const int32_t r0 = (0 < h0 ? h0 : 0 > h1 ? h1 : 0) * dh + h;
      const int32_t s0 = (0 < w0 ? w0 : 0 > w1 ? w1 : 0) * dw + w;
      const int32_t s1 = (1 < w0 ? w0 : 1 > w1 ? w1 : 1) * dw + w;
      const float *p00 = x + n * xn + r0 * xh + s0 * xw;
      const float *p01 = x + n * xn + r0 * xh + s1 * xw;
      for (int32_t c = 0; c < channels; ++c) {
        float m = p00[c];
        {
          const float v = p01[c];
          m = ((v > m || v != v) ? v : m);
        }
        q[c] = m;
      }
    }
  }
}

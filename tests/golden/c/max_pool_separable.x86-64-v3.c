static void max_pool_f32_avx2_k1x5(const float *restrict x, float *restrict y, int32_t begin, int32_t end, int32_t channels, int32_t ih, int32_t iw,
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
      const int32_t w1 = w >= iw ? -1 : ((iw - 1 - w) / dw < 5 - 1 ? (iw - 1 - w) / dw : 5 - 1);
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
      const int32_t s2 = (2 < w0 ? w0 : 2 > w1 ? w1 : 2) * dw + w;
      const int32_t s3 = (3 < w0 ? w0 : 3 > w1 ? w1 : 3) * dw + w;
      const int32_t s4 = (4 < w0 ? w0 : 4 > w1 ? w1 : 4) * dw + w;
      const float *p00 = x + n * xn + r0 * xh + s0 * xw;
      const float *p01 = x + n * xn + r0 * xh + s1 * xw;
      const float *p02 = x + n * xn + r0 * xh + s2 * xw;
      const float *p03 = x + n * xn + r0 * xh + s3 * xw;
      const float *p04 = x + n * xn + r0 * xh + s4 * xw;
      for (int32_t c = 0; c < channels; ++c) {
        float m = p00[c];
        {
          const float v = p01[c];
          m = ((v > m || v != v) ? v : m);
        }
        {
          const float v = p02[c];
          m = ((v > m || v != v) ? v : m);
        }
        {
          const float v = p03[c];
          m = ((v > m || v != v) ? v : m);
        }
        {
          const float v = p04[c];
          m = ((v > m || v != v) ? v : m);
        }
        q[c] = m;
      }
    }
  }
}

static void max_pool_f32_avx2_k5x1(const float *restrict x, float *restrict y, int32_t begin, int32_t end, int32_t channels, int32_t ih, int32_t iw,
    int32_t oh, int32_t ow, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw, int32_t xn, int32_t xh,
    int32_t xw, int32_t yn, int32_t yh, int32_t yw) {
  for (int32_t r = begin; r < end; ++r) {
    const int32_t n = r / oh, i = r % oh;
    const int32_t h = i * sh - ph;
    const int32_t h0 = h < 0 ? (dh - 1 - h) / dh : 0;
    const int32_t h1 = h >= ih ? -1 : ((ih - 1 - h) / dh < 5 - 1 ? (ih - 1 - h) / dh : 5 - 1);
    for (int32_t j = 0; j < ow; ++j) {
      const int32_t w = j * sw - pw;
      const int32_t w0 = w < 0 ? (dw - 1 - w) / dw : 0;
      const int32_t w1 = w >= iw ? -1 : ((iw - 1 - w) / dw < 1 - 1 ? (iw - 1 - w) / dw : 1 - 1);
      float *restrict q = y + n * yn + i * yh + j * yw;
      if (h0 > h1 || w0 > w1) {
        for (int32_t c = 0; c < channels; ++c) {
          q[c] = (-(1.0f/0.0f));
        }
        continue;
      }
      const int32_t r0 = (0 < h0 ? h0 : 0 > h1 ? h1 : 0) * dh + h;
      const int32_t r1 = (1 < h0 ? h0 : 1 > h1 ? h1 : 1) * dh + h;
      const int32_t r2 = (2 < h0 ? h0 : 2 > h1 ? h1 : 2) * dh + h;
      const int32_t r3 = (3 < h0 ? h0 : 3 > h1 ? h1 : 3) * dh + h;
      const int32_t r4 = (4 < h0 ? h0 : 4 > h1 ? h1 : 4) * dh + h;
      const int32_t s0 = (0 < w0 ? w0 : 0 > w1 ? w1 : 0) * dw + w;
      const float *p00 = x + n * xn + r0 * xh + s0 * xw;
      const float *p10 = x + n * xn + r1 * xh + s0 * xw;
      const float *p20 = x + n * xn + r2 * xh + s0 * xw;
      const float *p30 = x + n * xn + r3 * xh + s0 * xw;
      const float *p40 = x + n * xn + r4 * xh + s0 * xw;
      for (int32_t c = 0; c < channels; ++c) {
        float m = p00[c];
        {
          const float v = p10[c];
          m = ((v > m || v != v) ? v : m);
        }
        {
          const float v = p20[c];
          m = ((v > m || v != v) ? v : m);
        }
        {
          const float v = p30[c];
          m = ((v > m || v != v) ? v : m);
        }
        {
          const float v = p40[c];
          m = ((v > m || v != v) ? v : m);
        }
        q[c] = m;
      }
    }
  }
}

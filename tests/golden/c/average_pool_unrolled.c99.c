static void average_pool_f32_c99_k1x2(const float *restrict x, float *restrict y, int32_t begin, int32_t end, int32_t channels, int32_t ih, int32_t iw,
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
      if (h0 == 0 && w0 == 0 && h1 == 1 - 1 && w1 == 2 - 1) {
        const float *p = x + n * xn + h * xh + w * xw;
        const float *p00 = p + 0 * dh * xh + 0 * dw * xw;
        const float *p01 = p + 0 * dh * xh + 1 * dw * xw;
        for (int32_t c = 0; c < channels; ++c) {
          q[c] = ((p00[c] + p01[c])) / 2;
        }
        continue;
      }
      const int32_t count = (h1 >= h0 ? h1 - h0 + 1 : 0) * (w1 >= w0 ? w1 - w0 + 1 : 0);
      for (int32_t c = 0; c < channels; ++c) {
        float sum = 0;
        for (int32_t a = h0; a <= h1; ++a)
          for (int32_t b = w0; b <= w1; ++b) sum += x[n * xn + (h + a * dh) * xh + (w + b * dw) * xw + c];
        q[c] = count > 0 ? sum / (float)count : 0;
      }
    }
  }
}

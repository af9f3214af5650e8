/* rows begin ... end - 1 of all output pictures */
static void max_pool_i8_mve(const int8_t *x, int8_t *y, int32_t begin, int32_t end, int32_t c, int32_t ih, int32_t iw, int32_t oh, int32_t ow,
    int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh,
    int32_t yw, int32_t kh, int32_t kw) {
  for (int32_t r = begin; r < end; r++) {
    const int32_t n = r / oh, i = r % oh, h = i * sh - ph;
    const int32_t first = h < 0 ? (dh - 1 - h) / dh : 0, last = h >= ih ? 0 : (ih - 1 - h) / dh + 1, rows = last < kh ? last : kh;
    for (int32_t j = 0; j < ow; j++) {
      const int32_t w = j * sw - pw;
      const int32_t left = w < 0 ? (dw - 1 - w) / dw : 0, right = w >= iw ? 0 : (iw - 1 - w) / dw + 1, columns = right < kw ? right : kw;
      for (int32_t k = 0; k < c; k += 16) {
        const mve_pred16_t part = vctp8q((uint32_t)(c - k));
        int8x16_t most = vdupq_n_s8(-128);
        for (int32_t u = first; u < rows; u++) {
          const int32_t row = n * xn + (h + u * dh) * xh + w * xw + k;
          for (int32_t v = left; v < columns; v++) most = vmaxq_s8(most, vldrbq_z_s8(x + row + v * dw * xw, part));
        }
        vstrbq_p_s8(y + n * yn + i * yh + j * yw + k, most, part);
      }
    }
  }
}

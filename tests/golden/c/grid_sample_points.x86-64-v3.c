/* t: extents and strides of the spatial axes of x, three of each. */
static void grid_sample_f32_avx2_linear_zeros_2d(const float *x, const float *grid, float *y, const int32_t *t, int32_t batch, int32_t channels, int32_t points,
    int32_t plane) {
  for (int32_t n = 0; n < batch; ++n)
  for (int32_t p = 0; p < points; ++p) {
    int32_t at[3][4];
    float w[3][4];
    for (int32_t a = 0; a < 3; ++a) {
      at[a][0] = 0;
      w[a][0] = 1;
    }
    const float *g = grid + (n * points + p) * 2;
    for (int32_t a = 0; a < 2; ++a) pith_taps_linear_zeros_f32((float)g[2 - 1 - a], t[2 * a], at[a], w[a]);
    for (int32_t c = 0; c < channels; ++c) {
      const float *q = x + (n * channels + c) * plane;
      float sum = 0;
      for (int32_t i = 0; i < 2; ++i)
      for (int32_t j = 0; j < 2; ++j)
      for (int32_t k = 0; k < 1; ++k) {
        const float weight = w[0][i] * w[1][j] * w[2][k];
        sum += weight * q[at[0][i] * t[1] + at[1][j] * t[3] + at[2][k] * t[5]];
      }
      y[(n * channels + c) * points + p] = sum;
    }
  }
}

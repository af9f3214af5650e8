static void lp_pool_f32_c99_window_p3_strided(const float *restrict x, float *restrict y, const int32_t *restrict g,
    int32_t begin_unit, int32_t end_unit) {
  const int32_t *size = g + 6, *out = g + 9, *kernel = g + 12, *stride = g + 15, *dilation = g + 18, *begin = g + 21;
  const int32_t *xs = g + 24, *ys = g + 27;
  for (int32_t u = begin_unit; u < end_unit; ++u)
  for (int32_t o2 = 0; o2 < out[2]; ++o2) {
    const int32_t n = u / (out[0] * out[1]), o0 = u / out[1] % out[0], o1 = u % out[1];
    const int32_t o[3] = {o0, o1, o2};
    int32_t at[3], lo[3], hi[3];
    for (int32_t a = 0; a < 3; ++a) {
      at[a] = o[a] * stride[a] - begin[a];
      lo[a] = at[a] < 0 ? (dilation[a] - 1 - at[a]) / dilation[a] : 0;
      hi[a] = at[a] >= size[a] ? 0 : (size[a] - 1 - at[a]) / dilation[a] + 1;
      if (hi[a] > kernel[a]) hi[a] = kernel[a];
    }

    for (int32_t c = 0; c < g[1]; c += 32) {
      const int32_t m = g[1] - c < 32 ? g[1] - c : 32;
      float acc[32];
      for (int32_t l = 0; l < 32; ++l) acc[l] = 0;
      for (int32_t i = lo[0]; i < hi[0]; ++i)
      for (int32_t j = lo[1]; j < hi[1]; ++j)
      for (int32_t k = lo[2]; k < hi[2]; ++k) {
        const float *p = x + n * g[2] + c * g[4] + (at[0] + i * dilation[0]) * xs[0] + (at[1] + j * dilation[1]) * xs[1]
            + (at[2] + k * dilation[2]) * xs[2];
        for (int32_t l = 0; l < m; ++l) {
          const float v = p[l * g[4]];
          acc[l] = acc[l] + pith_pow_f32(v < 0 ? -v : v, 3);
        }
      }
      float *q = y + n * g[3] + c * g[5] + o0 * ys[0] + o1 * ys[1] + o2 * ys[2];
      for (int32_t l = 0; l < m; ++l) {
        q[l * g[5]] = pith_pow_f32(acc[l], (float)1 / 3);
      }
    }
  }
}

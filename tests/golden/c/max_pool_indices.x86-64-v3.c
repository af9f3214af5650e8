static void max_pool_f32_avx2_indices(const float *restrict x, float *restrict y, int64_t *restrict index, const int32_t *restrict g,
    const int32_t *restrict places) {
  const int32_t *size = g + 6, *out = g + 9, *kernel = g + 12, *stride = g + 15, *dilation = g + 18, *begin = g + 21;
  const int32_t *xs = g + 24, *ys = g + 27, *is = places + 6;
  for (int32_t n = 0; n < g[0]; ++n)
  for (int32_t o0 = 0; o0 < out[0]; ++o0)
  for (int32_t o1 = 0; o1 < out[1]; ++o1)
  for (int32_t o2 = 0; o2 < out[2]; ++o2)
  for (int32_t c = 0; c < g[1]; ++c) {
    float best = (-(1.0f/0.0f));
    int32_t found = -1;
    for (int32_t i = 0; i < kernel[0]; ++i)
    for (int32_t j = 0; j < kernel[1]; ++j)
    for (int32_t k = 0; k < kernel[2]; ++k) {
      const int32_t p0 = o0 * stride[0] - begin[0] + i * dilation[0];
      const int32_t p1 = o1 * stride[1] - begin[1] + j * dilation[1];
      const int32_t p2 = o2 * stride[2] - begin[2] + k * dilation[2];
      if (p0 < 0 || p1 < 0 || p2 < 0 || p0 >= size[0] || p1 >= size[1] || p2 >= size[2]) continue;
      const float v = x[n * g[2] + c * g[4] + p0 * xs[0] + p1 * xs[1] + p2 * xs[2]];
      if (found < 0 || (!(v <= best) && best == best)) {
        best = v;
        found = p0 * places[0] + p1 * places[1] + p2 * places[2];
      }
    }
    y[n * g[3] + c * g[5] + o0 * ys[0] + o1 * ys[1] + o2 * ys[2]] = best;
    index[n * places[4] + c * places[5] + o0 * is[0] + o1 * is[1] + o2 * is[2]] =
        found < 0 ? -1 : (int64_t)(n * g[1] + c) * places[3] + found;
  }
}

static void lrn_f32_c99_beta50(const float *restrict x, float *restrict y, int32_t outer, int32_t channels, int32_t inner, int32_t size,
    float alpha, float bias) {
  const int32_t before = (size - 1) / 2, after = size / 2;
  const float scale = (float)alpha / (float)size;
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < channels; ++c) {
    const int32_t low = c < before ? 0 : c - before, high = channels - c > after ? c + after : channels - 1;
    for (int32_t i = 0; i < inner; ++i) {
      const float *p = x + o * channels * inner + i;
      float sum = 0;
      for (int32_t k = low; k <= high; ++k) {
        const float v = p[k * inner];
        sum += v * v;
      }
      const float base = (float)bias + scale * sum;
      y[(o * channels + c) * inner + i] = p[c * inner] * (1 / pith_sqrt_f32(base));
    }
  }
}

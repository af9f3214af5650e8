static void resize_f32_c99_weighted_f32_f32(const float *restrict x, float *restrict y, const int32_t *restrict index, const float *restrict weights, int32_t outer, int32_t n,
    int32_t out, int32_t taps, int32_t inner, float value) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t i = 0; i < out; ++i) {
    const float *p = x + o * n * inner;
    float *q = y + (o * out + i) * inner;
    const int32_t *at = index + i * taps;
    if (at[0] < 0) {
      for (int32_t k = 0; k < inner; ++k) {
        q[k] = (float)value;
      }
      continue;
    }
    const float *w = weights + i * taps;
    for (int32_t k = 0; k < inner; ++k) {
      float sum = w[0] * (float)p[at[0] * inner + k];
      for (int32_t t = 1; t < taps; ++t) sum += w[t] * (float)p[at[t] * inner + k];
      q[k] = sum;
    }
  }
}

static void resize_f32_c99_chain2_weighted_f32_f32_weighted_f32_f32(const float *x, float *y, float *half0, int32_t offset, const int32_t *t0, const float *w0, const int32_t *t1, const float *w1,
    int32_t n0_0, int32_t n0_1, int32_t n0_2, int32_t n0_3, int32_t n0_4, int32_t n1_0, int32_t n1_1, int32_t n1_2, int32_t n1_3, int32_t n1_4, float value) {
  float *half1 = half0 + offset;
  resize_f32_c99_weighted_f32_f32(x, half0, t0, w0, n0_0, n0_1, n0_2, n0_3, n0_4, value);
  resize_f32_c99_weighted_f32_f32(half0, y, t1, w1, n1_0, n1_1, n1_2, n1_3, n1_4, value);
  (void)half1;
}

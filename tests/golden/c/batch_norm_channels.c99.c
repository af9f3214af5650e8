static void batch_norm_f32_c99_channels(const float *x, float *y, const float *scale, const float *bias, const float *mean, const float *var, int32_t outer,
    int32_t channels, int32_t inner, float epsilon) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < channels; ++c) {
    const float k = (float)scale[c] / pith_sqrt_f32((float)var[c] + (float)epsilon);
    const float center = (float)mean[c], shift = (float)bias[c];
    for (int32_t i = 0; i < inner; ++i) {
      const int32_t at = (o * channels + c) * inner + i;
      y[at] = (x[at] - center) * k + shift;
    }
  }
}

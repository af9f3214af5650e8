static void layer_norm_integer_i8_avx2_u8_rows(const int8_t *x, const float *scale, const float *bias, uint8_t *y, int32_t n, int32_t px, int32_t py, float epsilon,
    int32_t zero, int32_t begin, int32_t end) {
  const float low = (float)((0) - zero), high = (float)(255 - zero);
  for (int32_t r = begin; r < end; r++) {
    const int8_t *const p = x + (ptrdiff_t)r * px;
    uint8_t *const q = y + (ptrdiff_t)r * py;
    int32_t s = 0;
    int32_t squares = 0;
    for (int32_t i = 0; i < n; i++) s += p[i];
    for (int32_t i = 0; i < n; i++) squares += (int32_t)p[i] * p[i];
    const float by = 1.0f / pith_sqrt_f32((float)((int64_t)n * squares - (int64_t)s * s) + epsilon);
    PITH_IVDEP
    for (int32_t i = 0; i < n; i++) {
      const float v = pith_rint_f32((float)(n * p[i] - s) * by * scale[i] + bias[i]);
      q[i] = (uint8_t)((int32_t)(!(v > low) ? (v != v ? 0.0f : low) : v > high ? high : v) + zero);
    }
  }
}

static void gather_nd_f32_c99_i64(const float *restrict x, const int64_t *restrict index, float *restrict y, const int32_t *restrict t, int32_t batch,
    int32_t tuples, int32_t depth, int32_t run, int32_t step) {
  for (int32_t b = 0; b < batch; ++b)
  for (int32_t i = 0; i < tuples; ++i) {
    const float *p = x + b * step;
    for (int32_t d = 0; d < depth; ++d) p += pith_index_i64(*index++, t[2 * d]) * t[2 * d + 1];
    for (int32_t k = 0; k < run; ++k) *y++ = p[k];
  }
}

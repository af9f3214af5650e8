static void gather_f32_avx2_i64(const float *restrict x, const int64_t *restrict index, float *restrict y, int32_t outer, int32_t n, int32_t count,
    int32_t inner) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t i = 0; i < count; ++i) {
    const float *p = x + (o * n + pith_index_i64(index[i], n)) * inner;
    for (int32_t k = 0; k < inner; ++k) *y++ = p[k];
  }
}

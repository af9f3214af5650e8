static void gather_elements_f32_avx2_i64(const float *restrict x, const int64_t *restrict index, float *restrict y, const int32_t *restrict t, int32_t size,
    int32_t axis, int32_t n) {
  const int32_t rank = t[0];
  for (int32_t i = 0; i < size; ++i) {
    int32_t from = 0, rest = i;
    for (int32_t a = rank - 1; a >= 0; --a) {
      const int32_t at = a == axis ? pith_index_i64(index[i], n) : rest % t[1 + 2 * a];
      rest /= t[1 + 2 * a];
      from += at * t[2 + 2 * a];
    }
    y[i] = x[from];
  }
}

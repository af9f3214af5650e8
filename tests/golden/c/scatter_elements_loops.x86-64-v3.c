static void scatter_elements_f32_avx2_i64_none(const float *x, const int64_t *index, const float *updates, float *y, const int32_t *t, int32_t size, int32_t count,
    int32_t axis, int32_t n) {
  if (y != x) {
    for (int32_t i = 0; i < size; ++i) y[i] = x[i];
  }
  const int32_t rank = t[0];
  for (int32_t i = 0; i < count; ++i) {
    const int64_t given = (int64_t)index[i], where = given < 0 ? given + n : given;
    if (where < 0 || where >= n) continue;
    int32_t to = 0, rest = i;
    for (int32_t a = rank - 1; a >= 0; --a) {
      to += (a == axis ? (int32_t)where : rest % t[1 + 2 * a]) * t[2 + 2 * a];
      rest /= t[1 + 2 * a];
    }
    const float u = updates[i];
    y[to] = u;
  }
}

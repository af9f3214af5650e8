static void scatter_nd_f32_avx2_i64_none(const float *x, const int64_t *index, const float *updates, float *y, const int32_t *t, int32_t size, int32_t tuples,
    int32_t depth, int32_t run) {
  if (y != x) {
    for (int32_t i = 0; i < size; ++i) y[i] = x[i];
  }
  for (int32_t i = 0; i < tuples; ++i) {
    int32_t begin = 0, inside = 1;
    for (int32_t d = 0; d < depth; ++d) {
      const int64_t given = (int64_t)index[i * depth + d], where = given < 0 ? given + t[2 * d] : given;
      if (where < 0 || where >= t[2 * d]) {
        inside = 0;
        break;
      }
      begin += (int32_t)where * t[2 * d + 1];
    }
    if (!inside) continue;
    for (int32_t k = 0; k < run; ++k) {
      const int32_t to = begin + k;
      const float u = updates[i * run + k];
      y[to] = u;
    }
  }
}

/* min(max(add(mul(x0, 0.5), 0.6), 0), 1) */
static void map_min_f32_4f71d169(const float *a0, float *y, int32_t n0) {
  PITH_IVDEP
  for (int32_t i = 0; i < n0; i++) {
    const float x0 = a0[i];
    const float t0 = ((x0 * 0.5f) + 0.6f);
    const float t1 = (t0 < 0.0f ? 0.0f : t0);
    y[i] = (1.0f < t1 ? 1.0f : t1);
  }
}

/* y[p * sy + q] = a[q * sa + p] for 4 values of p */
static void transpose_float_p4_dense(const float *a, float *y, int32_t np, int32_t nq, ptrdiff_t sa, ptrdiff_t sy) {
  (void)np;
  (void)sa;
  PITH_IVDEP
  for (int32_t q = 0; q < nq; q++) {
    y[0 * sy + q] = a[(ptrdiff_t)q * 4 + 0];
    y[1 * sy + q] = a[(ptrdiff_t)q * 4 + 1];
    y[2 * sy + q] = a[(ptrdiff_t)q * 4 + 2];
    y[3 * sy + q] = a[(ptrdiff_t)q * 4 + 3];
  }
}

static void transpose_float_p4_dense_1d(const float *a, float *y, int32_t np, int32_t nq, int32_t sa, int32_t sy, int32_t n0, int32_t a0, int32_t y0) {
  for (int32_t i0 = 0; i0 < n0; i0++)
    transpose_float_p4_dense(a + (ptrdiff_t)i0 * a0, y + (ptrdiff_t)i0 * y0, np, nq, sa, sy);
}

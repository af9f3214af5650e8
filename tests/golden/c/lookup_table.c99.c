static void lookup_u8_u8_1d_11(const uint8_t *x, const uint8_t *t, uint8_t *y, int32_t n0) {
  PITH_IVDEP
  for (int32_t i0 = 0; i0 < n0; i0++)
    y[i0] = t[(uint8_t)x[i0]];
}

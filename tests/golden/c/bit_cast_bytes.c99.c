static void bit_cast_f32_c99_to_i32(const float *restrict x, int32_t *restrict y, int32_t bytes) {
  const unsigned char *p = (const unsigned char *)x;
  unsigned char *q = (unsigned char *)y;
  for (int32_t i = 0; i < bytes; ++i) q[i] = p[i];
}

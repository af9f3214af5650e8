typedef __m256i vi;
static inline vi vi_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline void vi_store(int32_t *p, vi v) { _mm256_storeu_si256((__m256i *)(void *)p, v); }
static inline vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
static inline vf vf_of_i32(const int32_t *p) { return _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(const void *)p)); }
static inline vf vf_of_u8(const uint8_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
static inline vf vf_of_i8(const int8_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) {
  uint8_t t[8];
  for (int32_t i = 0; i < 8; i++) t[i] = i < n ? p[i] : 0;
  return vf_of_u8(t);
}
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) {
  int8_t t[8];
  for (int32_t i = 0; i < 8; i++) t[i] = i < n ? p[i] : 0;
  return vf_of_i8(t);
}
typedef __m128i vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return _mm_set1_epi16((short)x); }
/* floats rounded, halves to even, plus a zero point, held within a byte; beyond int32 there is no upper bound */
static inline vw vf_words(vf v, vw zero) {
  const __m256i t = _mm256_cvtps_epi32(v);
  return _mm_adds_epi16(_mm_packs_epi32(_mm256_castsi256_si128(t), _mm256_extracti128_si256(t, 1)), zero);
}
static inline __m128i vf_bytes_u8(vf v, vw zero) {
  const __m128i w = vf_words(v, zero);
  return _mm_packus_epi16(w, w);
}
static inline void vf_put_u8(uint8_t *p, vf v, vw zero) { _mm_storel_epi64((__m128i *)(void *)p, vf_bytes_u8(v, zero)); }
static inline void vf_put_u8_n(uint8_t *p, vf v, vw zero, int32_t n) {
  uint8_t t[16];
  _mm_storeu_si128((__m128i *)(void *)t, vf_bytes_u8(v, zero));
  for (int32_t i = 0; i < 8 && i < n; i++) p[i] = t[i];
}
static inline void vf_put2_u8(uint8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  _mm_storeu_si128((__m128i *)(void *)p, _mm_packus_epi16(vf_words(a, zero), vf_words(b, zero)));
}
static inline __m128i vf_bytes_i8(vf v, vw zero) {
  const __m128i w = vf_words(v, zero);
  return _mm_packs_epi16(w, w);
}
static inline void vf_put_i8(int8_t *p, vf v, vw zero) { _mm_storel_epi64((__m128i *)(void *)p, vf_bytes_i8(v, zero)); }
static inline void vf_put_i8_n(int8_t *p, vf v, vw zero, int32_t n) {
  int8_t t[16];
  _mm_storeu_si128((__m128i *)(void *)t, vf_bytes_i8(v, zero));
  for (int32_t i = 0; i < 8 && i < n; i++) p[i] = t[i];
}
static inline void vf_put2_i8(int8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  _mm_storeu_si128((__m128i *)(void *)p, _mm_packs_epi16(vf_words(a, zero), vf_words(b, zero)));
}
/* four bytes repeated; only n of them, 0 in the place of the others */
static inline vi vi_four(const void *p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return vi_set1(x);
}
static inline vi vi_four_n(const void *p, int32_t n) {
  const unsigned char *const b = (const unsigned char *)p;
  uint32_t x = n > 0 ? b[0] : 0;
  if (n > 1) x |= (uint32_t)b[1] << 8;
  if (n > 2) x |= (uint32_t)b[2] << 16;
  if (n > 3) x |= (uint32_t)b[3] << 24;
  return vi_set1((int32_t)x);
}

/* cast<u8>(add(rint(min(max(add(mul(cast<f32>(sub(cast<i32>(cast<u8>(add(rint(min(max(mul(cast<f32>(sub(cast<... */
static void map_cast_u8_5be275ec(const uint8_t *a0, const float *a1, const int8_t *a2, uint8_t *y, int32_t n0, int32_t n1, int32_t s0_0, int32_t s2_0, int32_t s3_0) {
  for (int32_t i0 = 0; i0 < n0; i0++) {
    const uint8_t *a0_0 = a0 + (ptrdiff_t)i0 * s0_0;
    const int8_t *a2_0 = a2 + (ptrdiff_t)i0 * s2_0;
    uint8_t *y_0 = y + (ptrdiff_t)i0 * s3_0;
    PITH_IVDEP
    for (int32_t i = 0; i < n1; i++) {
      const uint8_t x0 = a0_0[i];
      const float x1 = a1[i];
      const int8_t x2 = a2_0[i];
      const float t0 = ((float)(int32_t)((uint32_t)(int32_t)x0 - (uint32_t)7) * x1);
      const float t1 = (t0 < (-9.0f) ? (-9.0f) : t0);
      const int32_t t2 = (int32_t)((uint32_t)(int32_t)pith_f32_to_u8((pith_rint_f32((246.0f < t1 ? 246.0f : t1)) + 9.0f)) - (uint32_t)9);
      const float t3 = (((float)t2 * 0.5f) + ((float)(int32_t)x2 * 0.25f));
      const float t4 = (t3 < (-3.0f) ? (-3.0f) : t3);
      y_0[i] = (uint8_t)(pith_f32_to_u8((pith_rint_f32((252.0f < t4 ? 252.0f : t4)) + 3.0f)));
    }
  }
}

/* min(add(mul(rint(max(min(mul(sub(x0, 7), x1), 246), -9)), 0.5), mul(x2, 0.25)), 252) */
static void bytes_avx2_u8_8b078572(const uint8_t *a0, const float *a1, const int8_t *a2, uint8_t *y, int32_t n0, int32_t n1, int32_t s0_0, int32_t s2_0, int32_t s3_0) {
  int ordinary = 1;
  for (int32_t i = 0; i < 24; i++) ordinary &= a1[i] >= -1000000.0f && a1[i] <= 1000000.0f;
  if (!ordinary) {
    map_cast_u8_5be275ec(a0, a1, a2, y, n0, n1, s0_0, s2_0, s3_0);
    return;
  }
  const vw z = vw_set1(3);
  for (int32_t i0 = 0; i0 < n0; i0++) {
    const uint8_t *a0_0 = a0 + (ptrdiff_t)i0 * s0_0;
    const int8_t *a2_0 = a2 + (ptrdiff_t)i0 * s2_0;
    uint8_t *y_0 = y + (ptrdiff_t)i0 * s3_0;
    int32_t i = 0;
    for (; i <= n1 - 2 * VF_LANES; i += 2 * VF_LANES) {
      const vf x0_0 = vf_of_u8(a0_0 + i);
      const vf x1_0 = vf_load(a1 + i);
      const vf x2_0 = vf_of_i8(a2_0 + i);
      const vf t0_0 = ((x0_0 - vf_set1(7.0f)) * x1_0);
      const vf t0_1 = vf_min(t0_0, vf_set1(246.0f));
      const vf t0_2 = ((vf_rint(vf_max(t0_1, vf_set1((-9.0f)))) * vf_set1(0.5f)) + (x2_0 * vf_set1(0.25f)));
      const vf x0_1 = vf_of_u8(a0_0 + i + 1 * VF_LANES);
      const vf x1_1 = vf_load(a1 + i + 1 * VF_LANES);
      const vf x2_1 = vf_of_i8(a2_0 + i + 1 * VF_LANES);
      const vf t1_0 = ((x0_1 - vf_set1(7.0f)) * x1_1);
      const vf t1_1 = vf_min(t1_0, vf_set1(246.0f));
      const vf t1_2 = ((vf_rint(vf_max(t1_1, vf_set1((-9.0f)))) * vf_set1(0.5f)) + (x2_1 * vf_set1(0.25f)));
      vf_put2_u8(y_0 + i, vf_min(t0_2, vf_set1(252.0f)), vf_min(t1_2, vf_set1(252.0f)), z);
    }
    for (; i <= n1 - VF_LANES; i += VF_LANES) {
      const vf x0_0 = vf_of_u8(a0_0 + i);
      const vf x1_0 = vf_load(a1 + i);
      const vf x2_0 = vf_of_i8(a2_0 + i);
      const vf t0_0 = ((x0_0 - vf_set1(7.0f)) * x1_0);
      const vf t0_1 = vf_min(t0_0, vf_set1(246.0f));
      const vf t0_2 = ((vf_rint(vf_max(t0_1, vf_set1((-9.0f)))) * vf_set1(0.5f)) + (x2_0 * vf_set1(0.25f)));
      vf_put_u8(y_0 + i, vf_min(t0_2, vf_set1(252.0f)), z);
    }
    if (i < n1) {
      const vf x0_0 = vf_of_u8_n(a0_0 + i, n1 - i);
      const vf x1_0 = vf_load_n(a1 + i, n1 - i);
      const vf x2_0 = vf_of_i8_n(a2_0 + i, n1 - i);
      const vf t0_0 = ((x0_0 - vf_set1(7.0f)) * x1_0);
      const vf t0_1 = vf_min(t0_0, vf_set1(246.0f));
      const vf t0_2 = ((vf_rint(vf_max(t0_1, vf_set1((-9.0f)))) * vf_set1(0.5f)) + (x2_0 * vf_set1(0.25f)));
      vf_put_u8_n(y_0 + i, vf_min(t0_2, vf_set1(252.0f)), z, n1 - i);
    }
  }
}

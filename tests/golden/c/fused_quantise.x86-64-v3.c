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

/* sat_cast<u8>(add(rint(div(x0, 0.25)), cast<f32>(9))) */
static void map_sat_cast_u8_9c5287cd(const float *a0, uint8_t *y, int32_t n0) {
  PITH_IVDEP
  for (int32_t i = 0; i < n0; i++) {
    const float x0 = a0[i];
    const float t0 = (pith_rint_f32((x0 / 0.25f)) + (float)9);
    y[i] = (uint8_t)(pith_sat_f32_u8(t0));
  }
}

/* min(add(rint(div(x0, 0.25)), 9), 255) */
static void quantise_avx2_u8_612bb5d8(const float *a0, uint8_t *y, int32_t n0) {
  const vw z = vw_set1(0);
  for (int32_t left = n0; left > 0; left -= 1024, a0 += 1024, y += 1024) {
    n0 = left < 1024 ? left : 1024;
    int ordinary = 1;
    for (int32_t k = 0; k < n0; k++) ordinary &= a0[k] >= -1000000.0f && a0[k] <= 1000000.0f;
    if (!ordinary) {
      map_sat_cast_u8_9c5287cd(a0, y, n0);
      continue;
    }
    int32_t i = 0;
    for (; i <= n0 - 2 * VF_LANES; i += 2 * VF_LANES) {
      const vf x0_0 = vf_load(a0 + i);
      const vf t0_0 = (vf_rint((x0_0 / vf_set1(0.25f))) + vf_set1(9.0f));
      const vf x0_1 = vf_load(a0 + i + 1 * VF_LANES);
      const vf t1_0 = (vf_rint((x0_1 / vf_set1(0.25f))) + vf_set1(9.0f));
      vf_put2_u8(y + i, vf_min(t0_0, vf_set1(255.0f)), vf_min(t1_0, vf_set1(255.0f)), z);
    }
    for (; i <= n0 - VF_LANES; i += VF_LANES) {
      const vf x0_0 = vf_load(a0 + i);
      const vf t0_0 = (vf_rint((x0_0 / vf_set1(0.25f))) + vf_set1(9.0f));
      vf_put_u8(y + i, vf_min(t0_0, vf_set1(255.0f)), z);
    }
    if (i < n0) {
      const vf x0_0 = vf_load_n(a0 + i, n0 - i);
      const vf t0_0 = (vf_rint((x0_0 / vf_set1(0.25f))) + vf_set1(9.0f));
      vf_put_u8_n(y + i, vf_min(t0_0, vf_set1(255.0f)), z, n0 - i);
    }
  }
}

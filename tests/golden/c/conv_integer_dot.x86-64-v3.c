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

/* min(mul(x0, x1), x2) */
static void finish_s8_avx2_u8_act4761c835(const int32_t *s, int32_t ld, uint8_t *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0, float e1, int32_t zero) {
  const vf x0 = vf_set1(e0);
  const vf x1 = vf_set1(e1);
  const vw z = vw_set1(zero);
  int32_t c = 0;
  for (; c <= cols - 2 * VF_LANES; c += 2 * VF_LANES) {
    for (int32_t r = 0; r < rows; r++) {
      const vf v_0 = vf_of_i32(s + (ptrdiff_t)r * ld + c);
      const vf t0_0 = (v_0 * x0);
      const vf v_1 = vf_of_i32(s + (ptrdiff_t)r * ld + c + 1 * VF_LANES);
      const vf t1_0 = (v_1 * x0);
      vf_put2_u8(y[r] + no + c, vf_min(t0_0, x1), vf_min(t1_0, x1), z);
    }
  }
  for (; c <= cols - VF_LANES; c += VF_LANES) {
    for (int32_t r = 0; r < rows; r++) {
      const vf v_0 = vf_of_i32(s + (ptrdiff_t)r * ld + c);
      const vf t0_0 = (v_0 * x0);
      vf_put_u8(y[r] + no + c, vf_min(t0_0, x1), z);
    }
  }
  if (c < cols) {
    for (int32_t r = 0; r < rows; r++) {
      const vf v_0 = vf_of_i32(s + (ptrdiff_t)r * ld + c);
      const vf t0_0 = (v_0 * x0);
      vf_put_u8_n(y[r] + no + c, vf_min(t0_0, x1), z, cols - c);
    }
  }
}

/* s + the products of four neighbouring bytes of x (unsigned) and w (signed), exact */
static inline vi vi_dot(vi s, vi x, vi w) {
  const vi even = _mm256_madd_epi16(_mm256_and_si256(x, _mm256_set1_epi16(255)), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
  const vi odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(w, 8));
  return _mm256_add_epi32(s, _mm256_add_epi32(even, odd));
}

/* 4 rows x 2 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
PITH_NOINLINE static void tile_u8s8_avx2_4x16(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_load(w + 0);
  const vi start1 = vi_load(w + 32);
  vi s0_0 = start0, s0_1 = start1, s1_0 = start0, s1_1 = start1, s2_0 = start0, s2_1 = start1, s3_0 = start0, s3_1 = start1;
  w += 64;
  for (int32_t t = 0; t < taps; t++) {
    const uint8_t *const a0 = a[0] + ao;
    const uint8_t *const a1 = a[1] + ao;
    const uint8_t *const a2 = a[2] + ao;
    const uint8_t *const a3 = a[3] + ao;
    a += 4;
    int32_t k = 0;
    for (; k <= kc - 4; k += 4, w += 64) {
      const vi b0_0 = vi_load(w + 0);
      const vi b0_1 = vi_load(w + 32);
      const vi x0_0 = (vi_four(a0 + k + 0));
      s0_0 = vi_dot(s0_0, x0_0, b0_0);
      s0_1 = vi_dot(s0_1, x0_0, b0_1);
      const vi x1_0 = (vi_four(a1 + k + 0));
      s1_0 = vi_dot(s1_0, x1_0, b0_0);
      s1_1 = vi_dot(s1_1, x1_0, b0_1);
      const vi x2_0 = (vi_four(a2 + k + 0));
      s2_0 = vi_dot(s2_0, x2_0, b0_0);
      s2_1 = vi_dot(s2_1, x2_0, b0_1);
      const vi x3_0 = (vi_four(a3 + k + 0));
      s3_0 = vi_dot(s3_0, x3_0, b0_0);
      s3_1 = vi_dot(s3_1, x3_0, b0_1);
    }
    if (k < kc) { /* the last one to three of K */
      const vi b0 = vi_load(w + 0);
      const vi b1 = vi_load(w + 32);
      const vi x0 = (vi_four_n(a0 + k, kc - k));
      s0_0 = vi_dot(s0_0, x0, b0);
      s0_1 = vi_dot(s0_1, x0, b1);
      const vi x1 = (vi_four_n(a1 + k, kc - k));
      s1_0 = vi_dot(s1_0, x1, b0);
      s1_1 = vi_dot(s1_1, x1, b1);
      const vi x2 = (vi_four_n(a2 + k, kc - k));
      s2_0 = vi_dot(s2_0, x2, b0);
      s2_1 = vi_dot(s2_1, x2, b1);
      const vi x3 = (vi_four_n(a3 + k, kc - k));
      s3_0 = vi_dot(s3_0, x3, b0);
      s3_1 = vi_dot(s3_1, x3, b1);
      w += 64;
    }
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s0_1);
  vi_store(s + 16, s1_0);
  vi_store(s + 24, s1_1);
  vi_store(s + 32, s2_0);
  vi_store(s + 40, s2_1);
  vi_store(s + 48, s3_0);
  vi_store(s + 56, s3_1);
}

/* 2 rows x 2 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
PITH_NOINLINE static void tile_u8s8_avx2_2x16(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_load(w + 0);
  const vi start1 = vi_load(w + 32);
  vi s0_0 = start0, s0_1 = start1, s1_0 = start0, s1_1 = start1;
  w += 64;
  for (int32_t t = 0; t < taps; t++) {
    const uint8_t *const a0 = a[0] + ao;
    const uint8_t *const a1 = a[1] + ao;
    a += 2;
    int32_t k = 0;
    for (; k <= kc - 4; k += 4, w += 64) {
      const vi b0_0 = vi_load(w + 0);
      const vi b0_1 = vi_load(w + 32);
      const vi x0_0 = (vi_four(a0 + k + 0));
      s0_0 = vi_dot(s0_0, x0_0, b0_0);
      s0_1 = vi_dot(s0_1, x0_0, b0_1);
      const vi x1_0 = (vi_four(a1 + k + 0));
      s1_0 = vi_dot(s1_0, x1_0, b0_0);
      s1_1 = vi_dot(s1_1, x1_0, b0_1);
    }
    if (k < kc) { /* the last one to three of K */
      const vi b0 = vi_load(w + 0);
      const vi b1 = vi_load(w + 32);
      const vi x0 = (vi_four_n(a0 + k, kc - k));
      s0_0 = vi_dot(s0_0, x0, b0);
      s0_1 = vi_dot(s0_1, x0, b1);
      const vi x1 = (vi_four_n(a1 + k, kc - k));
      s1_0 = vi_dot(s1_0, x1, b0);
      s1_1 = vi_dot(s1_1, x1, b1);
      w += 64;
    }
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s0_1);
  vi_store(s + 16, s1_0);
  vi_store(s + 24, s1_1);
}

/* 1 rows x 2 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
PITH_NOINLINE static void tile_u8s8_avx2_1x16(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_load(w + 0);
  const vi start1 = vi_load(w + 32);
  vi s0_0 = start0, s0_1 = start1;
  vi p1_0 = vi_set1(0), p1_1 = vi_set1(0), p2_0 = vi_set1(0), p2_1 = vi_set1(0), p3_0 = vi_set1(0), p3_1 = vi_set1(0);
  w += 64;
  for (int32_t t = 0; t < taps; t++) {
    const uint8_t *const a0 = a[0] + ao;
    a += 1;
    int32_t k = 0;
    for (; k <= kc - 16; k += 16, w += 256) {
      const vi b0_0 = vi_load(w + 0);
      const vi b0_1 = vi_load(w + 32);
      const vi x0_0 = (vi_four(a0 + k + 0));
      s0_0 = vi_dot(s0_0, x0_0, b0_0);
      s0_1 = vi_dot(s0_1, x0_0, b0_1);
      const vi b1_0 = vi_load(w + 64);
      const vi b1_1 = vi_load(w + 96);
      const vi x0_1 = (vi_four(a0 + k + 4));
      p1_0 = vi_dot(p1_0, x0_1, b1_0);
      p1_1 = vi_dot(p1_1, x0_1, b1_1);
      const vi b2_0 = vi_load(w + 128);
      const vi b2_1 = vi_load(w + 160);
      const vi x0_2 = (vi_four(a0 + k + 8));
      p2_0 = vi_dot(p2_0, x0_2, b2_0);
      p2_1 = vi_dot(p2_1, x0_2, b2_1);
      const vi b3_0 = vi_load(w + 192);
      const vi b3_1 = vi_load(w + 224);
      const vi x0_3 = (vi_four(a0 + k + 12));
      p3_0 = vi_dot(p3_0, x0_3, b3_0);
      p3_1 = vi_dot(p3_1, x0_3, b3_1);
    }
    for (; k <= kc - 4; k += 4, w += 64) {
      const vi b0_0 = vi_load(w + 0);
      const vi b0_1 = vi_load(w + 32);
      const vi x0_0 = (vi_four(a0 + k + 0));
      s0_0 = vi_dot(s0_0, x0_0, b0_0);
      s0_1 = vi_dot(s0_1, x0_0, b0_1);
    }
    if (k < kc) { /* the last one to three of K */
      const vi b0 = vi_load(w + 0);
      const vi b1 = vi_load(w + 32);
      const vi x0 = (vi_four_n(a0 + k, kc - k));
      s0_0 = vi_dot(s0_0, x0, b0);
      s0_1 = vi_dot(s0_1, x0, b1);
      w += 64;
    }
  }
  s0_0 = vi_add(vi_add(s0_0, p1_0), vi_add(p2_0, p3_0));
  s0_1 = vi_add(vi_add(s0_1, p1_1), vi_add(p2_1, p3_1));
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s0_1);
}

/* 4 rows x 1 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
PITH_NOINLINE static void tile_u8s8_avx2_4x8(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_load(w + 0);
  vi s0_0 = start0, s1_0 = start0, s2_0 = start0, s3_0 = start0;
  w += 32;
  for (int32_t t = 0; t < taps; t++) {
    const uint8_t *const a0 = a[0] + ao;
    const uint8_t *const a1 = a[1] + ao;
    const uint8_t *const a2 = a[2] + ao;
    const uint8_t *const a3 = a[3] + ao;
    a += 4;
    int32_t k = 0;
    for (; k <= kc - 4; k += 4, w += 32) {
      const vi b0_0 = vi_load(w + 0);
      const vi x0_0 = (vi_four(a0 + k + 0));
      s0_0 = vi_dot(s0_0, x0_0, b0_0);
      const vi x1_0 = (vi_four(a1 + k + 0));
      s1_0 = vi_dot(s1_0, x1_0, b0_0);
      const vi x2_0 = (vi_four(a2 + k + 0));
      s2_0 = vi_dot(s2_0, x2_0, b0_0);
      const vi x3_0 = (vi_four(a3 + k + 0));
      s3_0 = vi_dot(s3_0, x3_0, b0_0);
    }
    if (k < kc) { /* the last one to three of K */
      const vi b0 = vi_load(w + 0);
      const vi x0 = (vi_four_n(a0 + k, kc - k));
      s0_0 = vi_dot(s0_0, x0, b0);
      const vi x1 = (vi_four_n(a1 + k, kc - k));
      s1_0 = vi_dot(s1_0, x1, b0);
      const vi x2 = (vi_four_n(a2 + k, kc - k));
      s2_0 = vi_dot(s2_0, x2, b0);
      const vi x3 = (vi_four_n(a3 + k, kc - k));
      s3_0 = vi_dot(s3_0, x3, b0);
      w += 32;
    }
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s1_0);
  vi_store(s + 16, s2_0);
  vi_store(s + 24, s3_0);
}

/* 2 rows x 1 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
PITH_NOINLINE static void tile_u8s8_avx2_2x8(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_load(w + 0);
  vi s0_0 = start0, s1_0 = start0;
  w += 32;
  for (int32_t t = 0; t < taps; t++) {
    const uint8_t *const a0 = a[0] + ao;
    const uint8_t *const a1 = a[1] + ao;
    a += 2;
    int32_t k = 0;
    for (; k <= kc - 4; k += 4, w += 32) {
      const vi b0_0 = vi_load(w + 0);
      const vi x0_0 = (vi_four(a0 + k + 0));
      s0_0 = vi_dot(s0_0, x0_0, b0_0);
      const vi x1_0 = (vi_four(a1 + k + 0));
      s1_0 = vi_dot(s1_0, x1_0, b0_0);
    }
    if (k < kc) { /* the last one to three of K */
      const vi b0 = vi_load(w + 0);
      const vi x0 = (vi_four_n(a0 + k, kc - k));
      s0_0 = vi_dot(s0_0, x0, b0);
      const vi x1 = (vi_four_n(a1 + k, kc - k));
      s1_0 = vi_dot(s1_0, x1, b0);
      w += 32;
    }
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s1_0);
}

/* 1 rows x 1 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
PITH_NOINLINE static void tile_u8s8_avx2_1x8(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_load(w + 0);
  vi s0_0 = start0;
  vi p1_0 = vi_set1(0), p2_0 = vi_set1(0), p3_0 = vi_set1(0);
  w += 32;
  for (int32_t t = 0; t < taps; t++) {
    const uint8_t *const a0 = a[0] + ao;
    a += 1;
    int32_t k = 0;
    for (; k <= kc - 16; k += 16, w += 128) {
      const vi b0_0 = vi_load(w + 0);
      const vi x0_0 = (vi_four(a0 + k + 0));
      s0_0 = vi_dot(s0_0, x0_0, b0_0);
      const vi b1_0 = vi_load(w + 32);
      const vi x0_1 = (vi_four(a0 + k + 4));
      p1_0 = vi_dot(p1_0, x0_1, b1_0);
      const vi b2_0 = vi_load(w + 64);
      const vi x0_2 = (vi_four(a0 + k + 8));
      p2_0 = vi_dot(p2_0, x0_2, b2_0);
      const vi b3_0 = vi_load(w + 96);
      const vi x0_3 = (vi_four(a0 + k + 12));
      p3_0 = vi_dot(p3_0, x0_3, b3_0);
    }
    for (; k <= kc - 4; k += 4, w += 32) {
      const vi b0_0 = vi_load(w + 0);
      const vi x0_0 = (vi_four(a0 + k + 0));
      s0_0 = vi_dot(s0_0, x0_0, b0_0);
    }
    if (k < kc) { /* the last one to three of K */
      const vi b0 = vi_load(w + 0);
      const vi x0 = (vi_four_n(a0 + k, kc - k));
      s0_0 = vi_dot(s0_0, x0, b0);
      w += 32;
    }
  }
  s0_0 = vi_add(vi_add(s0_0, p1_0), vi_add(p2_0, p3_0));
  vi_store(s + 0, s0_0);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_u8s8_avx2_4x16_u8_act4761c835(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao, const int8_t *w,
    uint8_t *const *y, int32_t rows, int32_t n, int32_t height, float e0, float e1, int32_t zero) {
  int32_t s[64];
  for (int32_t c = 0; c < n; c += 16) {
    const int32_t left = n - c, width = left > 8 ? 16 : 8;
    if (width == 16) {
      if (height == 4) tile_u8s8_avx2_4x16(taps, kc, a, ao, w, s);
      else if (height == 2) tile_u8s8_avx2_2x16(taps, kc, a, ao, w, s);
      else tile_u8s8_avx2_1x16(taps, kc, a, ao, w, s);
      finish_s8_avx2_u8_act4761c835(s, width, y, c, rows, left < width ? left : width, e0, e1, zero);
    } else {
      if (height == 4) tile_u8s8_avx2_4x8(taps, kc, a, ao, w, s);
      else if (height == 2) tile_u8s8_avx2_2x8(taps, kc, a, ao, w, s);
      else tile_u8s8_avx2_1x8(taps, kc, a, ao, w, s);
      finish_s8_avx2_u8_act4761c835(s, width, y, c, rows, left < width ? left : width, e0, e1, zero);
    }
    w += (ptrdiff_t)width * (4 + (ptrdiff_t)taps * ((kc + 3) / 4 * 4));
  }
}

static void conv_u8s8_avx2_4x16_rows_u8_act4761c835(const uint8_t *x, const int8_t *w, const uint8_t *zero, uint8_t *y, float e0, float e1, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_y,
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {
  const uint8_t **const a = (const uint8_t **)scratch;
  uint8_t *const patch = (uint8_t *)(void *)(a + kh * 4);
  uint8_t *out[4];
  (void)n;
  (void)groups;
  (void)wg;
  (void)dw;
  const int32_t pixels = batch * oh * ow;
  w += n_from * (4 + (ptrdiff_t)kh * (((kw * c) + 3) / 4 * 4));
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * (4 + (ptrdiff_t)kh * (((kw * c) + 3) / 4 * 4))) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
    for (int32_t p = p_from; p < p_to;) {
      const int32_t height = (p_to - p) > 4 ? 4 : (p_to - p) > 1 ? 2 : 1;
      const int32_t rows = pixels - p < height ? pixels - p : height;
      for (int32_t r = 0; r < height; r++) { /* rows past the end repeat the last pixel and are not stored */
        const uint8_t *const xb = x + (ptrdiff_t)b * xn;
        const int32_t iy0 = i * sh - ph, ix0 = j * sw - pw;
        out[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw + n0;
        if (iy0 >= 0 && ix0 >= 0 && iy0 + (kh - 1) * dh < ih && ix0 + kw <= iw) {
          const uint8_t *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
          for (int32_t ty = 0; ty < kh; ty++, row += dh * (ptrdiff_t)xh) a[ty * height + r] = row;
        } else {
          for (int32_t ty = 0; ty < kh; ty++) {
            const int32_t iy = iy0 + ty * dh;
            const uint8_t *row = zero;
            if (iy >= 0 && iy < ih) {
              uint8_t *const edge = patch + (ptrdiff_t)(ty * height + r) * kw * c;
              row = edge;
              for (int32_t tx = 0; tx < kw; tx++) {
                const int32_t ix = ix0 + tx;
                const uint8_t *const from = ix >= 0 && ix < iw ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
                for (int32_t k = 0; k < c; k++) edge[tx * c + k] = from[k];
              }
            }
            a[ty * height + r] = row;
          }
        }
        if (r < rows - 1 || (r == rows - 1 && height == rows)) { /* next pixel */
          if (++j == ow) {
            j = 0;
            if (++i == oh) {
              i = 0;
              b++;
            }
          }
        }
      }
      rows_u8s8_avx2_4x16_u8_act4761c835(kh, kw * c, a, 0, w, out, rows, cols, height, e0, e1, zero_y);
      p += rows;
    }
  }
}

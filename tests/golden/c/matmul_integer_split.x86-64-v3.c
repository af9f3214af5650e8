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

/* 16-bit: of two neighbouring bytes the products x (unsigned) times w (signed), summed; it saturates, and must have no reason to */
static inline vi vi_two(vi x, vi w) { return _mm256_maddubs_epi16(x, w); }
static inline vi vi_add16(vi a, vi b) { return _mm256_add_epi16(a, b); }
/* int32: the products of two neighbouring 16-bit numbers, summed */
static inline vi vi_wide_two(vi x, vi w) { return _mm256_madd_epi16(x, w); }
static inline vi vi_ones(void) { return _mm256_set1_epi16(1); }
static inline vi vi_add8(vi x, vi y) { return _mm256_add_epi8(x, y); }
static inline vi vi_set8(int32_t x) { return _mm256_set1_epi8((char)x); }
/* two vectors of bytes a, b side by side, 16 channels at a time: their halves, and their quarters as 16-bit numbers */
static inline vi vi_pair0(vi a, vi b) { return _mm256_unpacklo_epi8(a, b); }
static inline vi vi_pair1(vi a, vi b) { return _mm256_unpackhi_epi8(a, b); }
static inline vi vi_word0(vi a, vi b) { return _mm256_unpacklo_epi8(vi_pair0(a, b), vi_set1(0)); }
static inline vi vi_word1(vi a, vi b) { return _mm256_unpackhi_epi8(vi_pair0(a, b), vi_set1(0)); }
static inline vi vi_word2(vi a, vi b) { return _mm256_unpacklo_epi8(vi_pair1(a, b), vi_set1(0)); }
static inline vi vi_word3(vi a, vi b) { return _mm256_unpackhi_epi8(vi_pair1(a, b), vi_set1(0)); }
/* unsigned bytes: the smaller one, and what a exceeds b by */
static inline vi vi_min8(vi a, vi b) { return _mm256_min_epu8(a, b); }
static inline vi vi_over8(vi a, vi b) { return _mm256_subs_epu8(a, b); }
static inline int vi_any(vi x) { return !_mm256_testz_si256(x, x); }
/* 16-bit numbers of two vectors side by side: the first and the second half of each 16 bytes */
static inline vi vi_zip0(vi a, vi b) { return _mm256_unpacklo_epi16(a, b); }
static inline vi vi_zip1(vi a, vi b) { return _mm256_unpackhi_epi16(a, b); }
/* p, of which the compiler forgets what lies there: weights that are read again are no load on the registers */
static inline const int8_t *vi_again(const int8_t *p) {
  __asm__("" : "+r"(p));
  return p;
}
/* eight or sixteen bytes, plus a number, and as 16-bit numbers */
static inline void vi_eight(uint8_t *to, const void *p, int32_t n) {
  _mm_storel_epi64((__m128i *)(void *)to, _mm_add_epi8(_mm_loadl_epi64((const __m128i *)p), _mm_set1_epi8((char)n)));
}
static inline void vi_sixteen(uint8_t *to, const void *p, int32_t n) {
  _mm_storeu_si128((__m128i *)(void *)to, _mm_add_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8((char)n)));
}
static inline void vi_eight_i8(int16_t *to, const void *p) {
  _mm_storeu_si128((__m128i *)(void *)to, _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)p)));
}
static inline void vi_eight_u8(int16_t *to, const void *p) {
  _mm_storeu_si128((__m128i *)(void *)to, _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)p)));
}
/* half as many bytes as a vector has, as 16-bit numbers */
static inline vi vi_words_i8(const void *p) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p)); }
static inline vi vi_words_u8(const void *p) { return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p)); }

/* 4 rows x 2 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_split_4x16(int32_t quads, const uint8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start, const int32_t *places, const int32_t *over) {
  const uint8_t *const a0 = a[0];
  const vi one = vi_ones();
  const uint8_t *const a1 = a[1];
  const uint8_t *const a2 = a[2];
  const uint8_t *const a3 = a[3];
  vi s0_0 = vi_load(start + 0 + 0);
  vi s0_1 = vi_load(start + 0 + 8);
  vi s1_0 = vi_load(start + 0 + 0);
  vi s1_1 = vi_load(start + 0 + 8);
  vi s2_0 = vi_load(start + 0 + 0);
  vi s2_1 = vi_load(start + 0 + 8);
  vi s3_0 = vi_load(start + 0 + 0);
  vi s3_1 = vi_load(start + 0 + 8);
  const int8_t *const whole = w;
  int32_t k = 0;
  for (; k <= 4 * quads - 4; k += 4, w += 64) {
    const vi b0_0 = vi_load(w + 0);
    const vi b0_1 = vi_load(w + 32);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0_0, b0_0), one));
    s0_1 = vi_add(s0_1, vi_wide_two(vi_two(x0_0, b0_1), one));
    const vi x1_0 = vi_four(a1 + k + 0);
    s1_0 = vi_add(s1_0, vi_wide_two(vi_two(x1_0, b0_0), one));
    s1_1 = vi_add(s1_1, vi_wide_two(vi_two(x1_0, b0_1), one));
    const vi x2_0 = vi_four(a2 + k + 0);
    s2_0 = vi_add(s2_0, vi_wide_two(vi_two(x2_0, b0_0), one));
    s2_1 = vi_add(s2_1, vi_wide_two(vi_two(x2_0, b0_1), one));
    const vi x3_0 = vi_four(a3 + k + 0);
    s3_0 = vi_add(s3_0, vi_wide_two(vi_two(x3_0, b0_0), one));
    s3_1 = vi_add(s3_1, vi_wide_two(vi_two(x3_0, b0_1), one));
  }
  for (; *places < quads; places++, over += 4) { /* what was cut off */
    const int8_t *const b = whole + (ptrdiff_t)*places * 64;
    const vi b0 = vi_load(b + 0);
    const vi b1 = vi_load(b + 32);
    const vi x0 = vi_set1(over[0]);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0, b0), one));
    s0_1 = vi_add(s0_1, vi_wide_two(vi_two(x0, b1), one));
    const vi x1 = vi_set1(over[1]);
    s1_0 = vi_add(s1_0, vi_wide_two(vi_two(x1, b0), one));
    s1_1 = vi_add(s1_1, vi_wide_two(vi_two(x1, b1), one));
    const vi x2 = vi_set1(over[2]);
    s2_0 = vi_add(s2_0, vi_wide_two(vi_two(x2, b0), one));
    s2_1 = vi_add(s2_1, vi_wide_two(vi_two(x2, b1), one));
    const vi x3 = vi_set1(over[3]);
    s3_0 = vi_add(s3_0, vi_wide_two(vi_two(x3, b0), one));
    s3_1 = vi_add(s3_1, vi_wide_two(vi_two(x3, b1), one));
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

/* 2 rows x 2 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_split_2x16(int32_t quads, const uint8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start, const int32_t *places, const int32_t *over) {
  const uint8_t *const a0 = a[0];
  const vi one = vi_ones();
  const uint8_t *const a1 = a[1];
  vi s0_0 = vi_load(start + 0 + 0);
  vi s0_1 = vi_load(start + 0 + 8);
  vi s1_0 = vi_load(start + 0 + 0);
  vi s1_1 = vi_load(start + 0 + 8);
  const int8_t *const whole = w;
  int32_t k = 0;
  for (; k <= 4 * quads - 4; k += 4, w += 64) {
    const vi b0_0 = vi_load(w + 0);
    const vi b0_1 = vi_load(w + 32);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0_0, b0_0), one));
    s0_1 = vi_add(s0_1, vi_wide_two(vi_two(x0_0, b0_1), one));
    const vi x1_0 = vi_four(a1 + k + 0);
    s1_0 = vi_add(s1_0, vi_wide_two(vi_two(x1_0, b0_0), one));
    s1_1 = vi_add(s1_1, vi_wide_two(vi_two(x1_0, b0_1), one));
  }
  for (; *places < quads; places++, over += 4) { /* what was cut off */
    const int8_t *const b = whole + (ptrdiff_t)*places * 64;
    const vi b0 = vi_load(b + 0);
    const vi b1 = vi_load(b + 32);
    const vi x0 = vi_set1(over[0]);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0, b0), one));
    s0_1 = vi_add(s0_1, vi_wide_two(vi_two(x0, b1), one));
    const vi x1 = vi_set1(over[1]);
    s1_0 = vi_add(s1_0, vi_wide_two(vi_two(x1, b0), one));
    s1_1 = vi_add(s1_1, vi_wide_two(vi_two(x1, b1), one));
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s0_1);
  vi_store(s + 16, s1_0);
  vi_store(s + 24, s1_1);
}

/* 1 rows x 2 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_split_1x16(int32_t quads, const uint8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start, const int32_t *places, const int32_t *over) {
  const uint8_t *const a0 = a[0];
  const vi one = vi_ones();
  vi s0_0 = vi_load(start + 0 + 0);
  vi s0_1 = vi_load(start + 0 + 8);
  const int8_t *const whole = w;
  int32_t k = 0;
  for (; k <= 4 * quads - 4; k += 4, w += 64) {
    const vi b0_0 = vi_load(w + 0);
    const vi b0_1 = vi_load(w + 32);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0_0, b0_0), one));
    s0_1 = vi_add(s0_1, vi_wide_two(vi_two(x0_0, b0_1), one));
  }
  for (; *places < quads; places++, over += 4) { /* what was cut off */
    const int8_t *const b = whole + (ptrdiff_t)*places * 64;
    const vi b0 = vi_load(b + 0);
    const vi b1 = vi_load(b + 32);
    const vi x0 = vi_set1(over[0]);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0, b0), one));
    s0_1 = vi_add(s0_1, vi_wide_two(vi_two(x0, b1), one));
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s0_1);
}

/* 4 rows x 1 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_split_4x8(int32_t quads, const uint8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start, const int32_t *places, const int32_t *over) {
  const uint8_t *const a0 = a[0];
  const vi one = vi_ones();
  const uint8_t *const a1 = a[1];
  const uint8_t *const a2 = a[2];
  const uint8_t *const a3 = a[3];
  vi s0_0 = vi_load(start + 0 + 0);
  vi s1_0 = vi_load(start + 0 + 0);
  vi s2_0 = vi_load(start + 0 + 0);
  vi s3_0 = vi_load(start + 0 + 0);
  const int8_t *const whole = w;
  int32_t k = 0;
  for (; k <= 4 * quads - 4; k += 4, w += 32) {
    const vi b0_0 = vi_load(w + 0);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0_0, b0_0), one));
    const vi x1_0 = vi_four(a1 + k + 0);
    s1_0 = vi_add(s1_0, vi_wide_two(vi_two(x1_0, b0_0), one));
    const vi x2_0 = vi_four(a2 + k + 0);
    s2_0 = vi_add(s2_0, vi_wide_two(vi_two(x2_0, b0_0), one));
    const vi x3_0 = vi_four(a3 + k + 0);
    s3_0 = vi_add(s3_0, vi_wide_two(vi_two(x3_0, b0_0), one));
  }
  for (; *places < quads; places++, over += 4) { /* what was cut off */
    const int8_t *const b = whole + (ptrdiff_t)*places * 32;
    const vi b0 = vi_load(b + 0);
    const vi x0 = vi_set1(over[0]);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0, b0), one));
    const vi x1 = vi_set1(over[1]);
    s1_0 = vi_add(s1_0, vi_wide_two(vi_two(x1, b0), one));
    const vi x2 = vi_set1(over[2]);
    s2_0 = vi_add(s2_0, vi_wide_two(vi_two(x2, b0), one));
    const vi x3 = vi_set1(over[3]);
    s3_0 = vi_add(s3_0, vi_wide_two(vi_two(x3, b0), one));
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s1_0);
  vi_store(s + 16, s2_0);
  vi_store(s + 24, s3_0);
}

/* 2 rows x 1 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_split_2x8(int32_t quads, const uint8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start, const int32_t *places, const int32_t *over) {
  const uint8_t *const a0 = a[0];
  const vi one = vi_ones();
  const uint8_t *const a1 = a[1];
  vi s0_0 = vi_load(start + 0 + 0);
  vi s1_0 = vi_load(start + 0 + 0);
  const int8_t *const whole = w;
  int32_t k = 0;
  for (; k <= 4 * quads - 4; k += 4, w += 32) {
    const vi b0_0 = vi_load(w + 0);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0_0, b0_0), one));
    const vi x1_0 = vi_four(a1 + k + 0);
    s1_0 = vi_add(s1_0, vi_wide_two(vi_two(x1_0, b0_0), one));
  }
  for (; *places < quads; places++, over += 4) { /* what was cut off */
    const int8_t *const b = whole + (ptrdiff_t)*places * 32;
    const vi b0 = vi_load(b + 0);
    const vi x0 = vi_set1(over[0]);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0, b0), one));
    const vi x1 = vi_set1(over[1]);
    s1_0 = vi_add(s1_0, vi_wide_two(vi_two(x1, b0), one));
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s1_0);
}

/* 1 rows x 1 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_split_1x8(int32_t quads, const uint8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start, const int32_t *places, const int32_t *over) {
  const uint8_t *const a0 = a[0];
  const vi one = vi_ones();
  vi s0_0 = vi_load(start + 0 + 0);
  const int8_t *const whole = w;
  int32_t k = 0;
  for (; k <= 4 * quads - 4; k += 4, w += 32) {
    const vi b0_0 = vi_load(w + 0);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0_0, b0_0), one));
  }
  for (; *places < quads; places++, over += 4) { /* what was cut off */
    const int8_t *const b = whole + (ptrdiff_t)*places * 32;
    const vi b0 = vi_load(b + 0);
    const vi x0 = vi_set1(over[0]);
    s0_0 = vi_add(s0_0, vi_wide_two(vi_two(x0, b0), one));
  }
  vi_store(s + 0, s0_0);
}

static inline void strip_u8_avx2_bytes(uint8_t *to, const uint8_t *from, int32_t n) {
  int32_t i = 0;
  for (; i <= n - 32; i += 32) vi_store((int32_t *)(void *)(to + i), vi_load(from + i));
  if (i < n && n >= 32) { /* the last ones, some of them once more */
    i = n - 32;
    vi_store((int32_t *)(void *)(to + i), vi_load(from + i));
    return;
  }
  for (; i <= n - 16; i += 16) vi_sixteen(to + i, from + i, 0);
  if (i < n && n >= 16) {
    i = n - 16;
    vi_sixteen(to + i, from + i, 0);
    return;
  }
  for (; i <= n - 8; i += 8) vi_eight(to + i, from + i, 0);
  if (i < n && n >= 8) {
    i = n - 8;
    vi_eight(to + i, from + i, 0);
    return;
  }
  for (; i < n; i++) to[i] = (uint8_t)(from[i]);
}

static void split_avx2_4(uint8_t *const *p, int32_t height, int32_t quads, int32_t edge, int32_t *places, int32_t *over) {
  const vi top = vi_set8(edge);
  int32_t n = 0, left[4][8], any[8];
  for (int32_t r = height; r < 4; r++)
    for (int32_t i = 0; i < 8; i++) left[r][i] = 0;
  for (int32_t k = 0; k < quads; k += 8) {
    vi all = vi_set1(0);
    for (int32_t r = 0; r < height; r++) {
      const vi x = vi_load(p[r] + 4 * k), more = vi_over8(x, top);
      vi_store((int32_t *)(void *)(p[r] + 4 * k), vi_min8(x, top));
      vi_store(left[r], more);
      all |= more;
    }
    if (!vi_any(all)) continue;
    vi_store(any, all);
    for (int32_t i = 0; i < 8 && k + i < quads; i++) {
      places[n] = k + i;
      for (int32_t r = 0; r < 4; r++) over[4 * n + r] = left[r][i];
      n += any[i] != 0;
    }
  }
  places[n] = INT32_MAX;
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_u8s8_avx2_split_16x16_u8_act4761c835(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao, const int8_t *w,
    uint8_t *const *y, int32_t rows, int32_t n, int32_t height, float e0, float e1, int32_t zero, int32_t shift, int32_t edge, int32_t pitch, unsigned char *memory) {
  const int32_t quads = (taps * kc + 3) / 4;
  int32_t s[256];
  uint8_t *p[16];
  (void)shift;
  for (int32_t r = 0; r < height; r++) { /* all taps of a row side by side, whole groups of four */
    uint8_t *to = (uint8_t *)(void *)(memory + (ptrdiff_t)r * pitch);
    p[r] = to;
    for (int32_t t = 0; t < taps; t++, to += kc) strip_u8_avx2_bytes(to, a[t * height + r] + ao, kc);
    for (int32_t k = taps * kc; k < (quads + 7) / 8 * 32; k++) *to++ = 0;
  }
  int32_t *const over = (int32_t *)(void *)(memory + (ptrdiff_t)16 * pitch), *const places = over + 16 * quads;
  for (int32_t r = 0; r < height; r += 4) {
    const int32_t left = height - r;
    split_avx2_4(p + r, left < 4 ? left : 4, quads, edge, places + r / 4 * (quads + 1), over + r * quads);
  }
  for (int32_t c = 0; c < n; c += 16) {
    const int32_t left = n - c, width = left > 8 ? 16 : 8;
    const int32_t *const head = (const int32_t *)(const void *)w;
    w += 4 * width;
    {
      for (int32_t r = 0; r < rows; r += height - r >= 4 ? 4 : height - r >= 2 ? 2 : 1) {
        int32_t *const t = s + r * width;
        if (width == 16) {
          if (height - r >= 4) tile_avx2_split_4x16(quads, (const uint8_t *const *)p + r, w, t, head, places + r / 4 * (quads + 1), over + r * quads);
          else if (height - r >= 2) tile_avx2_split_2x16(quads, (const uint8_t *const *)p + r, w, t, head, places + r / 4 * (quads + 1), over + r * quads);
          else tile_avx2_split_1x16(quads, (const uint8_t *const *)p + r, w, t, head, places + r / 4 * (quads + 1), over + r * quads);
        } else {
          if (height - r >= 4) tile_avx2_split_4x8(quads, (const uint8_t *const *)p + r, w, t, head, places + r / 4 * (quads + 1), over + r * quads);
          else if (height - r >= 2) tile_avx2_split_2x8(quads, (const uint8_t *const *)p + r, w, t, head, places + r / 4 * (quads + 1), over + r * quads);
          else tile_avx2_split_1x8(quads, (const uint8_t *const *)p + r, w, t, head, places + r / 4 * (quads + 1), over + r * quads);
        }
      }
    }
    finish_s8_avx2_u8_act4761c835(s, width, y, c, rows, left < width ? left : width, e0, e1, zero);
    w += (ptrdiff_t)width * 4 * quads;
  }
}

static void conv_u8s8_avx2_split_16x16_u8_act4761c835(const uint8_t *x, const int8_t *w, const uint8_t *zero, uint8_t *y, float e0, float e1, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_y, int32_t shift, int32_t edge, int32_t pitch, int32_t copies,
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {
  const uint8_t **const a = (const uint8_t **)scratch;
  uint8_t *out[16];
  const int32_t pixels = batch * oh * ow;
  w += n_from * (4 + ((ptrdiff_t)(kh * kw) * c + 3) / 4 * 4);
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * (4 + ((ptrdiff_t)(kh * kw) * c + 3) / 4 * 4)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
    for (int32_t p = p_from; p < p_to;) {
      const int32_t height = (p_to - p) >= 16 ? 16 : (p_to - p) % 4 > 2 ? ((p_to - p) + 3) / 4 * 4 : (p_to - p);
      const int32_t rows = pixels - p < height ? pixels - p : height;
      for (int32_t r = 0; r < height; r++) { /* rows past the end repeat the last pixel and are not stored */
        const uint8_t *const xb = x + (ptrdiff_t)b * xn;
        const int32_t iy0 = i * sh - ph, ix0 = j * sw - pw;
        out[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw + n0;
        if (iy0 >= 0 && ix0 >= 0 && iy0 + (kh - 1) * dh < ih && ix0 + (kw - 1) * dw < iw) {
          const uint8_t *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
          const uint8_t **to = a + r;
          for (int32_t ty = 0; ty < kh; ty++, row += dh * (ptrdiff_t)xh)
            for (int32_t tx = 0; tx < kw; tx++, to += height) *to = row + tx * dw * (ptrdiff_t)xw;
        } else {
          for (int32_t ty = 0; ty < kh; ty++)
            for (int32_t tx = 0; tx < kw; tx++) {
              const int32_t iy = iy0 + ty * dh, ix = ix0 + tx * dw;
              const int inside = iy >= 0 && iy < ih && ix >= 0 && ix < iw;
              a[(ty * kw + tx) * height + r] = inside ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
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
      for (int32_t g = 0; g < groups; g++) {
        rows_u8s8_avx2_split_16x16_u8_act4761c835(kh * kw, c, a, (ptrdiff_t)g * c, w + (ptrdiff_t)g * wg, out, rows, cols, height, e0, e1, zero_y, shift, edge, pitch, (unsigned char *)scratch + copies);
        for (int32_t r = 0; r < rows; r++) {
          out[r] += n;
        }
      }
      p += rows;
    }
  }
}

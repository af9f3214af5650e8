static void finish_s8_avx2_u8_plain_long_38656da2(const int64_t *s, int32_t ld, uint8_t *const *y, ptrdiff_t no, int32_t rows, int32_t cols, int32_t zero) {
  (void)zero;
  for (int32_t r = 0; r < rows; r++) {
    const int64_t *const from = s + (ptrdiff_t)r * ld;
    uint8_t *const to = y[r] + no;
    PITH_IVDEP
    for (int32_t c = 0; c < cols; c++) {
      const int64_t v = from[c];
      const float t0 = ((float)v * 0.01f);
      const float t1 = (t0 < (-3.0f) ? (-3.0f) : t0);
      to[c] = (uint8_t)(pith_f32_to_u8((pith_rint_f32((252.0f < t1 ? 252.0f : t1)) + 3.0f)));
    }
  }
}

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

static inline void strip_i16_avx2_shorts(int16_t *to, const int16_t *from, int32_t n) {
  int32_t i = 0;
  for (; i <= n - 16; i += 16) vi_store((int32_t *)(void *)(to + i), vi_load(from + i));
  if (i < n && n >= 16) { /* the last ones, some of them once more */
    i = n - 16;
    vi_store((int32_t *)(void *)(to + i), vi_load(from + i));
    return;
  }
  for (; i < n; i++) to[i] = from[i];
}

/* 4 rows x 2 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_words_4x16(int32_t quads, const int16_t *const *a, int32_t ao, const int8_t *w, int32_t *s, const int32_t *start, int32_t step) {
  const int16_t *const a0 = a[0] + ao;
  const int16_t *const a1 = a[1] + ao;
  const int16_t *const a2 = a[2] + ao;
  const int16_t *const a3 = a[3] + ao;
  vi s0_0 = vi_load(start + 0 * step + 0);
  vi s0_1 = vi_load(start + 0 * step + 8);
  vi s1_0 = vi_load(start + 1 * step + 0);
  vi s1_1 = vi_load(start + 1 * step + 8);
  vi s2_0 = vi_load(start + 2 * step + 0);
  vi s2_1 = vi_load(start + 2 * step + 8);
  vi s3_0 = vi_load(start + 3 * step + 0);
  vi s3_1 = vi_load(start + 3 * step + 8);
  int32_t k = 0;
  for (; k < 4 * quads; k += 4, w += 64) {
    const vi b0_0 = vi_words_i8(w + 0);
    const vi b0_1 = vi_words_i8(w + 16);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_0, b0_0));
    s0_1 = vi_add(s0_1, vi_wide_two(x0_0, b0_1));
    const vi x1_0 = vi_four(a1 + k + 0);
    s1_0 = vi_add(s1_0, vi_wide_two(x1_0, b0_0));
    s1_1 = vi_add(s1_1, vi_wide_two(x1_0, b0_1));
    const vi x2_0 = vi_four(a2 + k + 0);
    s2_0 = vi_add(s2_0, vi_wide_two(x2_0, b0_0));
    s2_1 = vi_add(s2_1, vi_wide_two(x2_0, b0_1));
    const vi x3_0 = vi_four(a3 + k + 0);
    s3_0 = vi_add(s3_0, vi_wide_two(x3_0, b0_0));
    s3_1 = vi_add(s3_1, vi_wide_two(x3_0, b0_1));
    const vi b1_0 = vi_words_i8(w + 32);
    const vi b1_1 = vi_words_i8(w + 48);
    const vi x0_1 = vi_four(a0 + k + 2);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_1, b1_0));
    s0_1 = vi_add(s0_1, vi_wide_two(x0_1, b1_1));
    const vi x1_1 = vi_four(a1 + k + 2);
    s1_0 = vi_add(s1_0, vi_wide_two(x1_1, b1_0));
    s1_1 = vi_add(s1_1, vi_wide_two(x1_1, b1_1));
    const vi x2_1 = vi_four(a2 + k + 2);
    s2_0 = vi_add(s2_0, vi_wide_two(x2_1, b1_0));
    s2_1 = vi_add(s2_1, vi_wide_two(x2_1, b1_1));
    const vi x3_1 = vi_four(a3 + k + 2);
    s3_0 = vi_add(s3_0, vi_wide_two(x3_1, b1_0));
    s3_1 = vi_add(s3_1, vi_wide_two(x3_1, b1_1));
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
static void tile_avx2_words_2x16(int32_t quads, const int16_t *const *a, int32_t ao, const int8_t *w, int32_t *s, const int32_t *start, int32_t step) {
  const int16_t *const a0 = a[0] + ao;
  const int16_t *const a1 = a[1] + ao;
  vi s0_0 = vi_load(start + 0 * step + 0);
  vi s0_1 = vi_load(start + 0 * step + 8);
  vi s1_0 = vi_load(start + 1 * step + 0);
  vi s1_1 = vi_load(start + 1 * step + 8);
  int32_t k = 0;
  for (; k < 4 * quads; k += 4, w += 64) {
    const vi b0_0 = vi_words_i8(w + 0);
    const vi b0_1 = vi_words_i8(w + 16);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_0, b0_0));
    s0_1 = vi_add(s0_1, vi_wide_two(x0_0, b0_1));
    const vi x1_0 = vi_four(a1 + k + 0);
    s1_0 = vi_add(s1_0, vi_wide_two(x1_0, b0_0));
    s1_1 = vi_add(s1_1, vi_wide_two(x1_0, b0_1));
    const vi b1_0 = vi_words_i8(w + 32);
    const vi b1_1 = vi_words_i8(w + 48);
    const vi x0_1 = vi_four(a0 + k + 2);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_1, b1_0));
    s0_1 = vi_add(s0_1, vi_wide_two(x0_1, b1_1));
    const vi x1_1 = vi_four(a1 + k + 2);
    s1_0 = vi_add(s1_0, vi_wide_two(x1_1, b1_0));
    s1_1 = vi_add(s1_1, vi_wide_two(x1_1, b1_1));
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s0_1);
  vi_store(s + 16, s1_0);
  vi_store(s + 24, s1_1);
}

/* 1 rows x 2 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_words_1x16(int32_t quads, const int16_t *const *a, int32_t ao, const int8_t *w, int32_t *s, const int32_t *start, int32_t step) {
  const int16_t *const a0 = a[0] + ao;
  vi s0_0 = vi_load(start + 0 * step + 0);
  vi s0_1 = vi_load(start + 0 * step + 8);
  int32_t k = 0;
  for (; k < 4 * quads; k += 4, w += 64) {
    const vi b0_0 = vi_words_i8(w + 0);
    const vi b0_1 = vi_words_i8(w + 16);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_0, b0_0));
    s0_1 = vi_add(s0_1, vi_wide_two(x0_0, b0_1));
    const vi b1_0 = vi_words_i8(w + 32);
    const vi b1_1 = vi_words_i8(w + 48);
    const vi x0_1 = vi_four(a0 + k + 2);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_1, b1_0));
    s0_1 = vi_add(s0_1, vi_wide_two(x0_1, b1_1));
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s0_1);
}

/* 4 rows x 1 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_words_4x8(int32_t quads, const int16_t *const *a, int32_t ao, const int8_t *w, int32_t *s, const int32_t *start, int32_t step) {
  const int16_t *const a0 = a[0] + ao;
  const int16_t *const a1 = a[1] + ao;
  const int16_t *const a2 = a[2] + ao;
  const int16_t *const a3 = a[3] + ao;
  vi s0_0 = vi_load(start + 0 * step + 0);
  vi s1_0 = vi_load(start + 1 * step + 0);
  vi s2_0 = vi_load(start + 2 * step + 0);
  vi s3_0 = vi_load(start + 3 * step + 0);
  int32_t k = 0;
  for (; k < 4 * quads; k += 4, w += 32) {
    const vi b0_0 = vi_words_i8(w + 0);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_0, b0_0));
    const vi x1_0 = vi_four(a1 + k + 0);
    s1_0 = vi_add(s1_0, vi_wide_two(x1_0, b0_0));
    const vi x2_0 = vi_four(a2 + k + 0);
    s2_0 = vi_add(s2_0, vi_wide_two(x2_0, b0_0));
    const vi x3_0 = vi_four(a3 + k + 0);
    s3_0 = vi_add(s3_0, vi_wide_two(x3_0, b0_0));
    const vi b1_0 = vi_words_i8(w + 16);
    const vi x0_1 = vi_four(a0 + k + 2);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_1, b1_0));
    const vi x1_1 = vi_four(a1 + k + 2);
    s1_0 = vi_add(s1_0, vi_wide_two(x1_1, b1_0));
    const vi x2_1 = vi_four(a2 + k + 2);
    s2_0 = vi_add(s2_0, vi_wide_two(x2_1, b1_0));
    const vi x3_1 = vi_four(a3 + k + 2);
    s3_0 = vi_add(s3_0, vi_wide_two(x3_1, b1_0));
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s1_0);
  vi_store(s + 16, s2_0);
  vi_store(s + 24, s3_0);
}

/* 2 rows x 1 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_words_2x8(int32_t quads, const int16_t *const *a, int32_t ao, const int8_t *w, int32_t *s, const int32_t *start, int32_t step) {
  const int16_t *const a0 = a[0] + ao;
  const int16_t *const a1 = a[1] + ao;
  vi s0_0 = vi_load(start + 0 * step + 0);
  vi s1_0 = vi_load(start + 1 * step + 0);
  int32_t k = 0;
  for (; k < 4 * quads; k += 4, w += 32) {
    const vi b0_0 = vi_words_i8(w + 0);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_0, b0_0));
    const vi x1_0 = vi_four(a1 + k + 0);
    s1_0 = vi_add(s1_0, vi_wide_two(x1_0, b0_0));
    const vi b1_0 = vi_words_i8(w + 16);
    const vi x0_1 = vi_four(a0 + k + 2);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_1, b1_0));
    const vi x1_1 = vi_four(a1 + k + 2);
    s1_0 = vi_add(s1_0, vi_wide_two(x1_1, b1_0));
  }
  vi_store(s + 0, s0_0);
  vi_store(s + 8, s1_0);
}

/* 1 rows x 1 vectors: s[r] = start[step * r] + sum over k of a[r][ao + k] * w */
static void tile_avx2_words_1x8(int32_t quads, const int16_t *const *a, int32_t ao, const int8_t *w, int32_t *s, const int32_t *start, int32_t step) {
  const int16_t *const a0 = a[0] + ao;
  vi s0_0 = vi_load(start + 0 * step + 0);
  int32_t k = 0;
  for (; k < 4 * quads; k += 4, w += 32) {
    const vi b0_0 = vi_words_i8(w + 0);
    const vi x0_0 = vi_four(a0 + k + 0);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_0, b0_0));
    const vi b1_0 = vi_words_i8(w + 16);
    const vi x0_1 = vi_four(a0 + k + 2);
    s0_0 = vi_add(s0_0, vi_wide_two(x0_1, b1_0));
  }
  vi_store(s + 0, s0_0);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_i16s8_avx2_shorts_long_16x16_u8_plain_long_38656da2(int32_t taps, int32_t kc, const int16_t *const *a, ptrdiff_t ao, const int8_t *w,
    uint8_t *const *y, int32_t rows, int32_t n, int32_t height, int32_t zero,
    int32_t shift, int32_t edge, int32_t pitch, unsigned char *memory) {
  const int32_t quads = (taps * kc + 3) / 4;
  int32_t s[256];
  int16_t *p[16];
  (void)shift;
  for (int32_t r = 0; r < height; r++) { /* all taps of a row side by side, whole groups of four */
    int16_t *to = (int16_t *)(void *)(memory + (ptrdiff_t)r * pitch);
    p[r] = to;
    for (int32_t t = 0; t < taps; t++, to += kc) strip_i16_avx2_shorts(to, a[t * height + r] + ao, kc);
    for (int32_t k = taps * kc; k < 4 * quads; k++) *to++ = 0;
  }
  for (int32_t c = 0; c < n; c += 16) {
    const int32_t left = n - c, width = left > 8 ? 16 : 8;
    const int32_t *const head = (const int32_t *)(const void *)w;
    w += 4 * width;
    int64_t total[256];
    for (int32_t i = 0; i < width; i++) total[i] = ((const int64_t *)(const void *)w)[i];
    for (int32_t i = width; i < height * width; i++) total[i] = total[i - width];
    w += 8 * width;
    for (int32_t q = 0, part; q == 0 || q < quads; q += part) { /* a part of K */
      part = quads - q < edge ? quads - q : edge;
      for (int32_t r = 0; r < height; r += height - r >= 4 ? 4 : height - r >= 2 ? 2 : 1) {
        int32_t *const t = s + r * width;
        if (width == 16) {
          if (height - r >= 4) tile_avx2_words_4x16(part, (const int16_t *const *)p + r, 4 * q, w + (ptrdiff_t)4 * width * q, t, head, 0);
          else if (height - r >= 2) tile_avx2_words_2x16(part, (const int16_t *const *)p + r, 4 * q, w + (ptrdiff_t)4 * width * q, t, head, 0);
          else tile_avx2_words_1x16(part, (const int16_t *const *)p + r, 4 * q, w + (ptrdiff_t)4 * width * q, t, head, 0);
        } else {
          if (height - r >= 4) tile_avx2_words_4x8(part, (const int16_t *const *)p + r, 4 * q, w + (ptrdiff_t)4 * width * q, t, head, 0);
          else if (height - r >= 2) tile_avx2_words_2x8(part, (const int16_t *const *)p + r, 4 * q, w + (ptrdiff_t)4 * width * q, t, head, 0);
          else tile_avx2_words_1x8(part, (const int16_t *const *)p + r, 4 * q, w + (ptrdiff_t)4 * width * q, t, head, 0);
        }
      }
      for (int32_t i = 0; i < height * width; i++) total[i] += s[i];
    }
    finish_s8_avx2_u8_plain_long_38656da2(total, width, y, c, rows, left < width ? left : width, zero);
    w += (ptrdiff_t)width * 4 * quads;
  }
}

static void conv_i16s8_avx2_shorts_long_16x16_u8_plain_long_38656da2(const int16_t *x, const int8_t *w, const int16_t *zero, uint8_t *y, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_y, int32_t shift, int32_t edge, int32_t pitch, int32_t copies,
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {
  const int16_t **const a = (const int16_t **)scratch;
  uint8_t *out[16];
  const int32_t pixels = batch * oh * ow;
  w += n_from * (12 + ((ptrdiff_t)(kh * kw) * c + 3) / 4 * 4);
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * (12 + ((ptrdiff_t)(kh * kw) * c + 3) / 4 * 4)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
    for (int32_t p = p_from; p < p_to;) {
      const int32_t height = (p_to - p) >= 16 ? 16 : (p_to - p) % 4 > 2 ? ((p_to - p) + 3) / 4 * 4 : (p_to - p);
      const int32_t rows = pixels - p < height ? pixels - p : height;
      for (int32_t r = 0; r < height; r++) { /* rows past the end repeat the last pixel and are not stored */
        const int16_t *const xb = x + (ptrdiff_t)b * xn;
        const int32_t iy0 = i * sh - ph, ix0 = j * sw - pw;
        out[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw + n0;
        if (iy0 >= 0 && ix0 >= 0 && iy0 + (kh - 1) * dh < ih && ix0 + (kw - 1) * dw < iw) {
          const int16_t *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
          const int16_t **to = a + r;
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
        rows_i16s8_avx2_shorts_long_16x16_u8_plain_long_38656da2(kh * kw, c, a, (ptrdiff_t)g * c, w + (ptrdiff_t)g * wg, out, rows, cols, height, zero_y, shift, edge, pitch, (unsigned char *)scratch + copies);
        for (int32_t r = 0; r < rows; r++) {
          out[r] += n;
        }
      }
      p += rows;
    }
  }
}

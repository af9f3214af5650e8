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

/* 16-bit */
static inline vi vi_sub16(vi a, vi b) { return _mm256_sub_epi16(a, b); }
static inline vi vi_set16(int32_t x) { return _mm256_set1_epi16((short)x); }
#define vi_up16(x, n) _mm256_slli_epi16(x, n)
/* int32 */
static inline vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
static inline vi vi_mul(vi a, vi b) { return _mm256_mullo_epi32(a, b); }
#define vi_up(x, n) _mm256_slli_epi32(x, n)
#define vi_down(x, n) _mm256_srai_epi32(x, n)
/* s + the products of two neighbouring 16-bit numbers */
static inline vi vi_sum_two(vi s, vi x, vi w) { return _mm256_add_epi32(s, _mm256_madd_epi16(x, w)); }
/* only n of them, 0 in the place of the others */
static inline vi vi_words_part_i8(const void *p, int32_t n) {
  unsigned char t[16];
  for (int32_t i = 0; i < 16; i++) t[i] = i < n ? ((const unsigned char *)p)[i] : 0;
  return vi_words_i8(t);
}
static inline vi vi_words_part_u8(const void *p, int32_t n) {
  unsigned char t[16];
  for (int32_t i = 0; i < 16; i++) t[i] = i < n ? ((const unsigned char *)p)[i] : 0;
  return vi_words_u8(t);
}

/* B^T d B of one tile of F(2,3) in 16 bits: pixels d[16] less zero, element e of channel k to v[e * step + k] */
static void winograd_in_u8_avx2_2(const uint8_t *const *d, int16_t *v, ptrdiff_t step, int32_t c, int32_t zero) {
  const vi shift = vi_set16(2 * zero);
  vi t[16];
  int32_t k = 0;
  for (; k <= c - 16; k += 16) {
    for (int32_t j = 0; j < 4; j++) {
      const vi d0 = vi_words_u8(d[0 + j] + k);
      const vi d1 = vi_words_u8(d[4 + j] + k);
      const vi d2 = vi_words_u8(d[8 + j] + k);
      const vi d3 = vi_words_u8(d[12 + j] + k);
      t[0 + j] = vi_sub16(d0, d2);
      t[4 + j] = vi_sub16(vi_add16(d1, d2), shift);
      t[8 + j] = vi_sub16(d2, d1);
      t[12 + j] = vi_sub16(d1, d3);
    }
    for (int32_t i = 0; i < 4; i++) {
      int16_t *const to = v + i * 4 * step + k;
      vi_store((int32_t *)(void *)(to), vi_sub16(t[i * 4 + 0], t[i * 4 + 2]));
      vi_store((int32_t *)(void *)(to + 1 * step), vi_add16(t[i * 4 + 1], t[i * 4 + 2]));
      vi_store((int32_t *)(void *)(to + 2 * step), vi_sub16(t[i * 4 + 2], t[i * 4 + 1]));
      vi_store((int32_t *)(void *)(to + 3 * step), vi_sub16(t[i * 4 + 1], t[i * 4 + 3]));
    }
  }
  if (k < c) {
    for (int32_t j = 0; j < 4; j++) {
      const vi d0 = vi_words_part_u8(d[0 + j] + k, c - k);
      const vi d1 = vi_words_part_u8(d[4 + j] + k, c - k);
      const vi d2 = vi_words_part_u8(d[8 + j] + k, c - k);
      const vi d3 = vi_words_part_u8(d[12 + j] + k, c - k);
      t[0 + j] = vi_sub16(d0, d2);
      t[4 + j] = vi_sub16(vi_add16(d1, d2), shift);
      t[8 + j] = vi_sub16(d2, d1);
      t[12 + j] = vi_sub16(d1, d3);
    }
    for (int32_t i = 0; i < 4; i++) {
      int16_t *const to = v + i * 4 * step + k;
      vi_store((int32_t *)(void *)(to), vi_sub16(t[i * 4 + 0], t[i * 4 + 2]));
      vi_store((int32_t *)(void *)(to + 1 * step), vi_add16(t[i * 4 + 1], t[i * 4 + 2]));
      vi_store((int32_t *)(void *)(to + 2 * step), vi_sub16(t[i * 4 + 2], t[i * 4 + 1]));
      vi_store((int32_t *)(void *)(to + 3 * step), vi_sub16(t[i * 4 + 1], t[i * 4 + 3]));
    }
  }
}

/* 5 rows x 2 vectors: s[r] = sum over k of a[r][k] * w, products of 16 bits */
static void tile_avx2_wide_5x16(int32_t pairs, const int16_t *a, ptrdiff_t as, const int16_t *w, int32_t *s, ptrdiff_t ss) {
  const int16_t *const a0 = a;
  const int16_t *const a1 = a + 1 * as;
  const int16_t *const a2 = a + 2 * as;
  const int16_t *const a3 = a + 3 * as;
  const int16_t *const a4 = a + 4 * as;
  vi s0_0 = vi_set1(0);
  vi s0_1 = vi_set1(0);
  vi s1_0 = vi_set1(0);
  vi s1_1 = vi_set1(0);
  vi s2_0 = vi_set1(0);
  vi s2_1 = vi_set1(0);
  vi s3_0 = vi_set1(0);
  vi s3_1 = vi_set1(0);
  vi s4_0 = vi_set1(0);
  vi s4_1 = vi_set1(0);
  for (int32_t k = 0; k < 2 * pairs; k += 2, w += 32) {
    const vi b0 = vi_load(w + 0);
    const vi b1 = vi_load(w + 16);
    const vi x0 = vi_four(a0 + k);
    s0_0 = vi_sum_two(s0_0, x0, b0);
    s0_1 = vi_sum_two(s0_1, x0, b1);
    const vi x1 = vi_four(a1 + k);
    s1_0 = vi_sum_two(s1_0, x1, b0);
    s1_1 = vi_sum_two(s1_1, x1, b1);
    const vi x2 = vi_four(a2 + k);
    s2_0 = vi_sum_two(s2_0, x2, b0);
    s2_1 = vi_sum_two(s2_1, x2, b1);
    const vi x3 = vi_four(a3 + k);
    s3_0 = vi_sum_two(s3_0, x3, b0);
    s3_1 = vi_sum_two(s3_1, x3, b1);
    const vi x4 = vi_four(a4 + k);
    s4_0 = vi_sum_two(s4_0, x4, b0);
    s4_1 = vi_sum_two(s4_1, x4, b1);
  }
  vi_store(s + 0 * ss + 0, s0_0);
  vi_store(s + 0 * ss + 8, s0_1);
  vi_store(s + 1 * ss + 0, s1_0);
  vi_store(s + 1 * ss + 8, s1_1);
  vi_store(s + 2 * ss + 0, s2_0);
  vi_store(s + 2 * ss + 8, s2_1);
  vi_store(s + 3 * ss + 0, s3_0);
  vi_store(s + 3 * ss + 8, s3_1);
  vi_store(s + 4 * ss + 0, s4_0);
  vi_store(s + 4 * ss + 8, s4_1);
}

/* 5 rows x 1 vectors: s[r] = sum over k of a[r][k] * w, products of 16 bits */
static void tile_avx2_wide_5x8(int32_t pairs, const int16_t *a, ptrdiff_t as, const int16_t *w, int32_t *s, ptrdiff_t ss) {
  const int16_t *const a0 = a;
  const int16_t *const a1 = a + 1 * as;
  const int16_t *const a2 = a + 2 * as;
  const int16_t *const a3 = a + 3 * as;
  const int16_t *const a4 = a + 4 * as;
  vi s0_0 = vi_set1(0);
  vi s1_0 = vi_set1(0);
  vi s2_0 = vi_set1(0);
  vi s3_0 = vi_set1(0);
  vi s4_0 = vi_set1(0);
  for (int32_t k = 0; k < 2 * pairs; k += 2, w += 16) {
    const vi b0 = vi_load(w + 0);
    const vi x0 = vi_four(a0 + k);
    s0_0 = vi_sum_two(s0_0, x0, b0);
    const vi x1 = vi_four(a1 + k);
    s1_0 = vi_sum_two(s1_0, x1, b0);
    const vi x2 = vi_four(a2 + k);
    s2_0 = vi_sum_two(s2_0, x2, b0);
    const vi x3 = vi_four(a3 + k);
    s3_0 = vi_sum_two(s3_0, x3, b0);
    const vi x4 = vi_four(a4 + k);
    s4_0 = vi_sum_two(s4_0, x4, b0);
  }
  vi_store(s + 0 * ss + 0, s0_0);
  vi_store(s + 1 * ss + 0, s1_0);
  vi_store(s + 2 * ss + 0, s2_0);
  vi_store(s + 3 * ss + 0, s3_0);
  vi_store(s + 4 * ss + 0, s4_0);
}

/* `elements` products of `rows` tiles (whole groups of 5); of the weights that come next each group of rows asks for its share */
static void winograd_products_s16_avx2_5x16(const int16_t *v, ptrdiff_t vs, const int16_t *w, int32_t *u, ptrdiff_t us, int32_t elements, int32_t rows,
    int32_t pairs, int32_t cs, int32_t ns) {
  for (int32_t e = 0; e < elements; e++, v += vs, u += us)
    for (int32_t c = 0; c < ns; c += 16) {
      const int32_t width = ns - c > 8 ? 16 : 8;
      const ptrdiff_t panel = 2 * (ptrdiff_t)width * pairs, share = (panel * 5 / rows + 31) / 32 * 32;
      const int16_t *ahead = w + panel;
      for (int32_t r = 0; r < rows; r += 5, ahead += share) {
        for (ptrdiff_t i = 0; i < share; i += 32) __builtin_prefetch(ahead + i);
        if (width == 16) tile_avx2_wide_5x16(pairs, v + (ptrdiff_t)r * cs, cs, w, u + (ptrdiff_t)r * ns + c, ns);
        else tile_avx2_wide_5x8(pairs, v + (ptrdiff_t)r * cs, cs, w, u + (ptrdiff_t)r * ns + c, ns);
      }
      w += panel;
    }
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

/* A^T u A of one tile of F(2,3), exact, bias and epilogue: its first mh x mw pixels, row by row at y */
static void winograd_out_s8_avx2_2_u8_act4761c835(const int32_t *u, ptrdiff_t step, const int32_t *bias, uint8_t *const *y, int32_t mh, int32_t mw,
    int32_t n, float e0, float e1, int32_t zero) {
  int32_t s[128];
  vi t[8];
  for (int32_t c = 0; c < n; c += 32) {
    const int32_t cols = n - c < 32 ? n - c : 32;
    for (int32_t k = 0; k < cols; k += 8) {
      for (int32_t j = 0; j < 4; j++) {
        const int32_t *const from = u + j * step + c + k;
        const vi u0 = vi_load(from + 0 * step);
        const vi u1 = vi_load(from + 4 * step);
        const vi u2 = vi_load(from + 8 * step);
        const vi u3 = vi_load(from + 12 * step);
        const vi pa = vi_add(u1, u2), pb = vi_sub(u1, u2);
        t[0 + j] = vi_add(vi_up(u0, 1), pa);
        t[4 + j] = vi_sub(pb, vi_up(u3, 1));
      }
      const vi b = vi_load(bias + c + k);
      for (int32_t i = 0; i < mh; i++) {
        int32_t *const to = s + i * mw * 32 + k;
        const vi qa = vi_add(t[i * 4 + 1], t[i * 4 + 2]), qb = vi_sub(t[i * 4 + 1], t[i * 4 + 2]);
        vi_store(to, vi_add(vi_down(vi_add(vi_up(t[i * 4 + 0], 1), qa), 2), b));
        if (mw > 1) vi_store(to + 32, vi_add(vi_down(vi_sub(qb, vi_up(t[i * 4 + 3], 1)), 2), b));
      }
    }
    finish_s8_avx2_u8_act4761c835(s, 32, y, c, mh * mw, cols, e0, e1, zero);
  }
}

static void conv_u8s8_avx2_5x16_winograd2_u8_act4761c835(const uint8_t *x, const int16_t *w, const int32_t *bias, const uint8_t *zero, uint8_t *y, float e0, float e1,
    void *scratch, int32_t tiles, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t block,
    int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_x, int32_t zero_y,
    int32_t begin, int32_t end) {
  const int32_t cs = (c + 15) / 16 * 16, ns = (n + 7) / 8 * 8;
  const int32_t th = (oh + 1) / 2, tw = (ow + 1) / 2;
  const ptrdiff_t vs = (ptrdiff_t)block * cs + 32, us = (ptrdiff_t)block * ns + 16;
  int16_t *const v = (int16_t *)scratch;
  int32_t *const u = (int32_t *)(void *)(v + 16 * vs);
  for (int32_t t0 = begin * block; t0 < tiles && t0 < end * block; t0 += block) {
    const int32_t count = tiles - t0 < block ? tiles - t0 : block;
    for (int32_t t = t0; t < t0 + count; t++) {
      const int32_t b = t / (th * tw), i0 = t / tw % th * 2 - ph, j0 = t % tw * 2 - pw;
      const uint8_t *const xb = x + (ptrdiff_t)b * xn, *d[16];
      for (int32_t i = 0; i < 4; i++)
        for (int32_t j = 0; j < 4; j++) {
          const int inside = i0 + i >= 0 && i0 + i < ih && j0 + j >= 0 && j0 + j < iw;
          d[i * 4 + j] = inside ? xb + (ptrdiff_t)(i0 + i) * xh + (ptrdiff_t)(j0 + j) * xw : zero;
        }
      winograd_in_u8_avx2_2(d, v + (ptrdiff_t)(t - t0) * cs, vs, c, zero_x);
    }
    winograd_products_s16_avx2_5x16(v, vs, w, u, us, 16, (count + 4) / 5 * 5, (c + 1) / 2, cs, ns);
    for (int32_t t = t0; t < t0 + count; t++) {
      const int32_t b = t / (th * tw), i0 = t / tw % th * 2, j0 = t % tw * 2;
      const int32_t mh = oh - i0 < 2 ? oh - i0 : 2, mw = ow - j0 < 2 ? ow - j0 : 2;
      uint8_t *p[4];
      for (int32_t i = 0, r = 0; i < mh; i++)
        for (int32_t j = 0; j < mw; j++, r++) {
          p[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)(i0 + i) * yh + (ptrdiff_t)(j0 + j) * yw;
        }
      winograd_out_s8_avx2_2_u8_act4761c835(u + (ptrdiff_t)(t - t0) * ns, us, bias, p, mh, mw, n, e0, e1, zero_y);
    }
  }
}

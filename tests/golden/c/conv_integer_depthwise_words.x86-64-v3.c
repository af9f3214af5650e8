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

/* s + the products of four neighbouring bytes of x (unsigned) and w (signed), exact */
static inline vi vi_dot(vi s, vi x, vi w) {
  const vi even = _mm256_madd_epi16(_mm256_and_si256(x, _mm256_set1_epi16(255)), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
  const vi odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(w, 8));
  return _mm256_add_epi32(s, _mm256_add_epi32(even, odd));
}

typedef int32_t vm; /* how many bytes of a vector there are */
static inline vm vi_part(int32_t n) { return n; }
static inline vi vi_load_part(const void *p, vm part) {
  unsigned char t[32];
  if (part >= 32) return vi_load(p);
  if ((part & 3) == 0) return _mm256_maskload_epi32((const int *)p, vf_mask(part / 4));
  for (int32_t i = 0; i < 32; i++) t[i] = i < part ? ((const unsigned char *)p)[i] : 0;
  return vi_load(t);
}
static inline void vi_store_part(void *p, vi v, vm part) {
  unsigned char t[32];
  if (part < 32 && (part & 3) == 0) {
    _mm256_maskstore_epi32((int *)p, vf_mask(part / 4), v);
    return;
  }
  _mm256_storeu_si256((__m256i *)(part >= 32 ? p : (void *)t), v);
  for (int32_t i = 0; part < 32 && i < part; i++) ((unsigned char *)p)[i] = t[i];
}
/* Four taps of as many channels as a vector has bytes: x[q] holds of each 16 channels the q-th four, the bytes of their taps
   side by side, so that the bytes of four such vectors packed again are in order. */
static inline void vi_quads(vi a, vi b, vi c, vi d, vi x[4]) {
  const vi ab0 = _mm256_unpacklo_epi8(a, b), ab1 = _mm256_unpackhi_epi8(a, b);
  const vi cd0 = _mm256_unpacklo_epi8(c, d), cd1 = _mm256_unpackhi_epi8(c, d);
  x[0] = _mm256_unpacklo_epi16(ab0, cd0);
  x[1] = _mm256_unpackhi_epi16(ab0, cd0);
  x[2] = _mm256_unpacklo_epi16(ab1, cd1);
  x[3] = _mm256_unpackhi_epi16(ab1, cd1);
}
static inline vf vf_of(vi v) { return _mm256_cvtepi32_ps(v); }
static inline vi vi_pairs(vf a, vf b, vi zero) {
  return _mm256_adds_epi16(_mm256_packs_epi32(_mm256_cvtps_epi32(a), _mm256_cvtps_epi32(b)), zero);
}
static inline void vf_put4_u8(uint8_t *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  vi_store_part((void *)p, _mm256_packus_epi16(vi_pairs(a, b, zero), vi_pairs(c, d, zero)), part);
}
static inline void vf_put4_i8(int8_t *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  vi_store_part((void *)p, _mm256_packs_epi16(vi_pairs(a, b, zero), vi_pairs(c, d, zero)), part);
}

static void conv_u8s8_avx2_depthwise_words_3x3s1_u8_act4761c835(const uint8_t *x, const int8_t *w, const uint8_t *zero, uint8_t *y, float e0, float e1,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t sh, int32_t dh, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_y, int32_t shift,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {
  const vi z = vi_set1((zero_y & 0xffff) * 0x10001); /* 16-bit */
  const int32_t columns = (ow - 1) * 1 + 3;
  (void)shift;
  const vf x0 = vf_set1(e0);
  const vf x1 = vf_set1(e1);
  for (int32_t r = r_from; r < r_to; r++) {
    const int32_t b = r / oh, i = r % oh, iy = i * sh - ph;
    const uint8_t *const xb = x + (ptrdiff_t)b * xn;
    uint8_t *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
    const int32_t at0 = iy + 0 * dh, ok0 = at0 >= 0 && at0 < ih;
    const uint8_t *const row0 = ok0 ? xb + (ptrdiff_t)at0 * xh : zero;
    const ptrdiff_t across0 = ok0 ? xw : 0;
    const int32_t at1 = iy + 1 * dh, ok1 = at1 >= 0 && at1 < ih;
    const uint8_t *const row1 = ok1 ? xb + (ptrdiff_t)at1 * xh : zero;
    const ptrdiff_t across1 = ok1 ? xw : 0;
    const int32_t at2 = iy + 2 * dh, ok2 = at2 >= 0 && at2 < ih;
    const uint8_t *const row2 = ok2 ? xb + (ptrdiff_t)at2 * xh : zero;
    const ptrdiff_t across2 = ok2 ? xw : 0;
    const int8_t *q = w + (ptrdiff_t)(c_from / 32) * 896;
    for (int32_t c = c_from; c < c_to; c += 32, q += 896) {
      if (c <= c_to - 32) { /* all channels of a vector are there */
        const vm part = vi_part(32);
        vi s0_0_0 = vi_set1(0), s0_0_1 = vi_set1(0), s0_0_2 = vi_set1(0), s0_0_3 = vi_set1(0), s1_0_0 = vi_set1(0), s1_0_1 = vi_set1(0), s1_0_2 = vi_set1(0), s1_0_3 = vi_set1(0), s2_0_0 = vi_set1(0), s2_0_1 = vi_set1(0), s2_0_2 = vi_set1(0), s2_0_3 = vi_set1(0);
        for (int32_t j = 0; j < columns; j += 3) { /* column after column */
          {
            const int32_t ix = j + 0 - pw;
            const int in = ix >= 0 && ix < iw;
            q = vi_again(q);
            const vi r0 = vi_load_part((in ? row0 + ix * across0 : zero) + c, part);
            const vi r1 = vi_load_part((in ? row1 + ix * across1 : zero) + c, part);
            const vi r2 = vi_load_part((in ? row2 + ix * across2 : zero) + c, part);
            const vi d0_0 = vi_word0(r0, r1);
            const vi d1_0 = vi_word0(r2, vi_set1(0));
            s0_0_0 = vi_add(vi_load(q + 0), vi_wide_two(d0_0, vi_load(q + 128)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d1_0, vi_load(q + 256)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d0_0, vi_load(q + 384)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d1_0, vi_load(q + 512)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d0_0, vi_load(q + 640)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d1_0, vi_load(q + 768)));
            const vi d0_1 = vi_word1(r0, r1);
            const vi d1_1 = vi_word1(r2, vi_set1(0));
            s0_0_1 = vi_add(vi_load(q + 32), vi_wide_two(d0_1, vi_load(q + 160)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d1_1, vi_load(q + 288)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d0_1, vi_load(q + 416)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d1_1, vi_load(q + 544)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d0_1, vi_load(q + 672)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d1_1, vi_load(q + 800)));
            const vi d0_2 = vi_word2(r0, r1);
            const vi d1_2 = vi_word2(r2, vi_set1(0));
            s0_0_2 = vi_add(vi_load(q + 64), vi_wide_two(d0_2, vi_load(q + 192)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d1_2, vi_load(q + 320)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d0_2, vi_load(q + 448)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d1_2, vi_load(q + 576)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d0_2, vi_load(q + 704)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d1_2, vi_load(q + 832)));
            const vi d0_3 = vi_word3(r0, r1);
            const vi d1_3 = vi_word3(r2, vi_set1(0));
            s0_0_3 = vi_add(vi_load(q + 96), vi_wide_two(d0_3, vi_load(q + 224)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d1_3, vi_load(q + 352)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d0_3, vi_load(q + 480)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d1_3, vi_load(q + 608)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d0_3, vi_load(q + 736)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d1_3, vi_load(q + 864)));
            const int32_t at = (j + 0 - 2) / 1;
            if (j + 0 >= 2) {
              const vi v0 = s1_0_0;
              const vi v1 = s1_0_1;
              const vi v2 = s1_0_2;
              const vi v3 = s1_0_3;
              const vf a0 = vf_of(v0);
              const vf t0_0 = (a0 * x0);
              const vf a1 = vf_of(v1);
              const vf t1_0 = (a1 * x0);
              const vf a2 = vf_of(v2);
              const vf t2_0 = (a2 * x0);
              const vf a3 = vf_of(v3);
              const vf t3_0 = (a3 * x0);
              vf_put4_u8(yr + (ptrdiff_t)at * yw + c, vf_min(t0_0, x1), vf_min(t1_0, x1), vf_min(t2_0, x1), vf_min(t3_0, x1), z, part);
            }
          }
          if (j + 1 < columns) {
            const int32_t ix = j + 1 - pw;
            const int in = ix >= 0 && ix < iw;
            q = vi_again(q);
            const vi r0 = vi_load_part((in ? row0 + ix * across0 : zero) + c, part);
            const vi r1 = vi_load_part((in ? row1 + ix * across1 : zero) + c, part);
            const vi r2 = vi_load_part((in ? row2 + ix * across2 : zero) + c, part);
            const vi d0_0 = vi_word0(r0, r1);
            const vi d1_0 = vi_word0(r2, vi_set1(0));
            s1_0_0 = vi_add(vi_load(q + 0), vi_wide_two(d0_0, vi_load(q + 128)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d1_0, vi_load(q + 256)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d0_0, vi_load(q + 384)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d1_0, vi_load(q + 512)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d0_0, vi_load(q + 640)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d1_0, vi_load(q + 768)));
            const vi d0_1 = vi_word1(r0, r1);
            const vi d1_1 = vi_word1(r2, vi_set1(0));
            s1_0_1 = vi_add(vi_load(q + 32), vi_wide_two(d0_1, vi_load(q + 160)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d1_1, vi_load(q + 288)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d0_1, vi_load(q + 416)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d1_1, vi_load(q + 544)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d0_1, vi_load(q + 672)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d1_1, vi_load(q + 800)));
            const vi d0_2 = vi_word2(r0, r1);
            const vi d1_2 = vi_word2(r2, vi_set1(0));
            s1_0_2 = vi_add(vi_load(q + 64), vi_wide_two(d0_2, vi_load(q + 192)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d1_2, vi_load(q + 320)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d0_2, vi_load(q + 448)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d1_2, vi_load(q + 576)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d0_2, vi_load(q + 704)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d1_2, vi_load(q + 832)));
            const vi d0_3 = vi_word3(r0, r1);
            const vi d1_3 = vi_word3(r2, vi_set1(0));
            s1_0_3 = vi_add(vi_load(q + 96), vi_wide_two(d0_3, vi_load(q + 224)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d1_3, vi_load(q + 352)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d0_3, vi_load(q + 480)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d1_3, vi_load(q + 608)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d0_3, vi_load(q + 736)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d1_3, vi_load(q + 864)));
            const int32_t at = (j + 1 - 2) / 1;
            if (j + 1 >= 2) {
              const vi v0 = s2_0_0;
              const vi v1 = s2_0_1;
              const vi v2 = s2_0_2;
              const vi v3 = s2_0_3;
              const vf a0 = vf_of(v0);
              const vf t0_0 = (a0 * x0);
              const vf a1 = vf_of(v1);
              const vf t1_0 = (a1 * x0);
              const vf a2 = vf_of(v2);
              const vf t2_0 = (a2 * x0);
              const vf a3 = vf_of(v3);
              const vf t3_0 = (a3 * x0);
              vf_put4_u8(yr + (ptrdiff_t)at * yw + c, vf_min(t0_0, x1), vf_min(t1_0, x1), vf_min(t2_0, x1), vf_min(t3_0, x1), z, part);
            }
          }
          if (j + 2 < columns) {
            const int32_t ix = j + 2 - pw;
            const int in = ix >= 0 && ix < iw;
            q = vi_again(q);
            const vi r0 = vi_load_part((in ? row0 + ix * across0 : zero) + c, part);
            const vi r1 = vi_load_part((in ? row1 + ix * across1 : zero) + c, part);
            const vi r2 = vi_load_part((in ? row2 + ix * across2 : zero) + c, part);
            const vi d0_0 = vi_word0(r0, r1);
            const vi d1_0 = vi_word0(r2, vi_set1(0));
            s2_0_0 = vi_add(vi_load(q + 0), vi_wide_two(d0_0, vi_load(q + 128)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d1_0, vi_load(q + 256)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d0_0, vi_load(q + 384)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d1_0, vi_load(q + 512)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d0_0, vi_load(q + 640)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d1_0, vi_load(q + 768)));
            const vi d0_1 = vi_word1(r0, r1);
            const vi d1_1 = vi_word1(r2, vi_set1(0));
            s2_0_1 = vi_add(vi_load(q + 32), vi_wide_two(d0_1, vi_load(q + 160)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d1_1, vi_load(q + 288)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d0_1, vi_load(q + 416)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d1_1, vi_load(q + 544)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d0_1, vi_load(q + 672)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d1_1, vi_load(q + 800)));
            const vi d0_2 = vi_word2(r0, r1);
            const vi d1_2 = vi_word2(r2, vi_set1(0));
            s2_0_2 = vi_add(vi_load(q + 64), vi_wide_two(d0_2, vi_load(q + 192)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d1_2, vi_load(q + 320)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d0_2, vi_load(q + 448)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d1_2, vi_load(q + 576)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d0_2, vi_load(q + 704)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d1_2, vi_load(q + 832)));
            const vi d0_3 = vi_word3(r0, r1);
            const vi d1_3 = vi_word3(r2, vi_set1(0));
            s2_0_3 = vi_add(vi_load(q + 96), vi_wide_two(d0_3, vi_load(q + 224)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d1_3, vi_load(q + 352)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d0_3, vi_load(q + 480)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d1_3, vi_load(q + 608)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d0_3, vi_load(q + 736)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d1_3, vi_load(q + 864)));
            const int32_t at = (j + 2 - 2) / 1;
            if (j + 2 >= 2) {
              const vi v0 = s0_0_0;
              const vi v1 = s0_0_1;
              const vi v2 = s0_0_2;
              const vi v3 = s0_0_3;
              const vf a0 = vf_of(v0);
              const vf t0_0 = (a0 * x0);
              const vf a1 = vf_of(v1);
              const vf t1_0 = (a1 * x0);
              const vf a2 = vf_of(v2);
              const vf t2_0 = (a2 * x0);
              const vf a3 = vf_of(v3);
              const vf t3_0 = (a3 * x0);
              vf_put4_u8(yr + (ptrdiff_t)at * yw + c, vf_min(t0_0, x1), vf_min(t1_0, x1), vf_min(t2_0, x1), vf_min(t3_0, x1), z, part);
            }
          }
        }
      } else {
        const vm part = vi_part(c_to - c);
        vi s0_0_0 = vi_set1(0), s0_0_1 = vi_set1(0), s0_0_2 = vi_set1(0), s0_0_3 = vi_set1(0), s1_0_0 = vi_set1(0), s1_0_1 = vi_set1(0), s1_0_2 = vi_set1(0), s1_0_3 = vi_set1(0), s2_0_0 = vi_set1(0), s2_0_1 = vi_set1(0), s2_0_2 = vi_set1(0), s2_0_3 = vi_set1(0);
        for (int32_t j = 0; j < columns; j += 3) { /* column after column */
          {
            const int32_t ix = j + 0 - pw;
            const int in = ix >= 0 && ix < iw;
            q = vi_again(q);
            const vi r0 = vi_load_part((in ? row0 + ix * across0 : zero) + c, part);
            const vi r1 = vi_load_part((in ? row1 + ix * across1 : zero) + c, part);
            const vi r2 = vi_load_part((in ? row2 + ix * across2 : zero) + c, part);
            const vi d0_0 = vi_word0(r0, r1);
            const vi d1_0 = vi_word0(r2, vi_set1(0));
            s0_0_0 = vi_add(vi_load(q + 0), vi_wide_two(d0_0, vi_load(q + 128)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d1_0, vi_load(q + 256)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d0_0, vi_load(q + 384)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d1_0, vi_load(q + 512)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d0_0, vi_load(q + 640)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d1_0, vi_load(q + 768)));
            const vi d0_1 = vi_word1(r0, r1);
            const vi d1_1 = vi_word1(r2, vi_set1(0));
            s0_0_1 = vi_add(vi_load(q + 32), vi_wide_two(d0_1, vi_load(q + 160)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d1_1, vi_load(q + 288)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d0_1, vi_load(q + 416)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d1_1, vi_load(q + 544)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d0_1, vi_load(q + 672)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d1_1, vi_load(q + 800)));
            const vi d0_2 = vi_word2(r0, r1);
            const vi d1_2 = vi_word2(r2, vi_set1(0));
            s0_0_2 = vi_add(vi_load(q + 64), vi_wide_two(d0_2, vi_load(q + 192)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d1_2, vi_load(q + 320)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d0_2, vi_load(q + 448)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d1_2, vi_load(q + 576)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d0_2, vi_load(q + 704)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d1_2, vi_load(q + 832)));
            const vi d0_3 = vi_word3(r0, r1);
            const vi d1_3 = vi_word3(r2, vi_set1(0));
            s0_0_3 = vi_add(vi_load(q + 96), vi_wide_two(d0_3, vi_load(q + 224)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d1_3, vi_load(q + 352)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d0_3, vi_load(q + 480)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d1_3, vi_load(q + 608)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d0_3, vi_load(q + 736)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d1_3, vi_load(q + 864)));
            const int32_t at = (j + 0 - 2) / 1;
            if (j + 0 >= 2) {
              const vi v0 = s1_0_0;
              const vi v1 = s1_0_1;
              const vi v2 = s1_0_2;
              const vi v3 = s1_0_3;
              const vf a0 = vf_of(v0);
              const vf t0_0 = (a0 * x0);
              const vf a1 = vf_of(v1);
              const vf t1_0 = (a1 * x0);
              const vf a2 = vf_of(v2);
              const vf t2_0 = (a2 * x0);
              const vf a3 = vf_of(v3);
              const vf t3_0 = (a3 * x0);
              vf_put4_u8(yr + (ptrdiff_t)at * yw + c, vf_min(t0_0, x1), vf_min(t1_0, x1), vf_min(t2_0, x1), vf_min(t3_0, x1), z, part);
            }
          }
          if (j + 1 < columns) {
            const int32_t ix = j + 1 - pw;
            const int in = ix >= 0 && ix < iw;
            q = vi_again(q);
            const vi r0 = vi_load_part((in ? row0 + ix * across0 : zero) + c, part);
            const vi r1 = vi_load_part((in ? row1 + ix * across1 : zero) + c, part);
            const vi r2 = vi_load_part((in ? row2 + ix * across2 : zero) + c, part);
            const vi d0_0 = vi_word0(r0, r1);
            const vi d1_0 = vi_word0(r2, vi_set1(0));
            s1_0_0 = vi_add(vi_load(q + 0), vi_wide_two(d0_0, vi_load(q + 128)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d1_0, vi_load(q + 256)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d0_0, vi_load(q + 384)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d1_0, vi_load(q + 512)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d0_0, vi_load(q + 640)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d1_0, vi_load(q + 768)));
            const vi d0_1 = vi_word1(r0, r1);
            const vi d1_1 = vi_word1(r2, vi_set1(0));
            s1_0_1 = vi_add(vi_load(q + 32), vi_wide_two(d0_1, vi_load(q + 160)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d1_1, vi_load(q + 288)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d0_1, vi_load(q + 416)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d1_1, vi_load(q + 544)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d0_1, vi_load(q + 672)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d1_1, vi_load(q + 800)));
            const vi d0_2 = vi_word2(r0, r1);
            const vi d1_2 = vi_word2(r2, vi_set1(0));
            s1_0_2 = vi_add(vi_load(q + 64), vi_wide_two(d0_2, vi_load(q + 192)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d1_2, vi_load(q + 320)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d0_2, vi_load(q + 448)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d1_2, vi_load(q + 576)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d0_2, vi_load(q + 704)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d1_2, vi_load(q + 832)));
            const vi d0_3 = vi_word3(r0, r1);
            const vi d1_3 = vi_word3(r2, vi_set1(0));
            s1_0_3 = vi_add(vi_load(q + 96), vi_wide_two(d0_3, vi_load(q + 224)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d1_3, vi_load(q + 352)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d0_3, vi_load(q + 480)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d1_3, vi_load(q + 608)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d0_3, vi_load(q + 736)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d1_3, vi_load(q + 864)));
            const int32_t at = (j + 1 - 2) / 1;
            if (j + 1 >= 2) {
              const vi v0 = s2_0_0;
              const vi v1 = s2_0_1;
              const vi v2 = s2_0_2;
              const vi v3 = s2_0_3;
              const vf a0 = vf_of(v0);
              const vf t0_0 = (a0 * x0);
              const vf a1 = vf_of(v1);
              const vf t1_0 = (a1 * x0);
              const vf a2 = vf_of(v2);
              const vf t2_0 = (a2 * x0);
              const vf a3 = vf_of(v3);
              const vf t3_0 = (a3 * x0);
              vf_put4_u8(yr + (ptrdiff_t)at * yw + c, vf_min(t0_0, x1), vf_min(t1_0, x1), vf_min(t2_0, x1), vf_min(t3_0, x1), z, part);
            }
          }
          if (j + 2 < columns) {
            const int32_t ix = j + 2 - pw;
            const int in = ix >= 0 && ix < iw;
            q = vi_again(q);
            const vi r0 = vi_load_part((in ? row0 + ix * across0 : zero) + c, part);
            const vi r1 = vi_load_part((in ? row1 + ix * across1 : zero) + c, part);
            const vi r2 = vi_load_part((in ? row2 + ix * across2 : zero) + c, part);
            const vi d0_0 = vi_word0(r0, r1);
            const vi d1_0 = vi_word0(r2, vi_set1(0));
            s2_0_0 = vi_add(vi_load(q + 0), vi_wide_two(d0_0, vi_load(q + 128)));
            s2_0_0 = vi_add(s2_0_0, vi_wide_two(d1_0, vi_load(q + 256)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d0_0, vi_load(q + 384)));
            s1_0_0 = vi_add(s1_0_0, vi_wide_two(d1_0, vi_load(q + 512)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d0_0, vi_load(q + 640)));
            s0_0_0 = vi_add(s0_0_0, vi_wide_two(d1_0, vi_load(q + 768)));
            const vi d0_1 = vi_word1(r0, r1);
            const vi d1_1 = vi_word1(r2, vi_set1(0));
            s2_0_1 = vi_add(vi_load(q + 32), vi_wide_two(d0_1, vi_load(q + 160)));
            s2_0_1 = vi_add(s2_0_1, vi_wide_two(d1_1, vi_load(q + 288)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d0_1, vi_load(q + 416)));
            s1_0_1 = vi_add(s1_0_1, vi_wide_two(d1_1, vi_load(q + 544)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d0_1, vi_load(q + 672)));
            s0_0_1 = vi_add(s0_0_1, vi_wide_two(d1_1, vi_load(q + 800)));
            const vi d0_2 = vi_word2(r0, r1);
            const vi d1_2 = vi_word2(r2, vi_set1(0));
            s2_0_2 = vi_add(vi_load(q + 64), vi_wide_two(d0_2, vi_load(q + 192)));
            s2_0_2 = vi_add(s2_0_2, vi_wide_two(d1_2, vi_load(q + 320)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d0_2, vi_load(q + 448)));
            s1_0_2 = vi_add(s1_0_2, vi_wide_two(d1_2, vi_load(q + 576)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d0_2, vi_load(q + 704)));
            s0_0_2 = vi_add(s0_0_2, vi_wide_two(d1_2, vi_load(q + 832)));
            const vi d0_3 = vi_word3(r0, r1);
            const vi d1_3 = vi_word3(r2, vi_set1(0));
            s2_0_3 = vi_add(vi_load(q + 96), vi_wide_two(d0_3, vi_load(q + 224)));
            s2_0_3 = vi_add(s2_0_3, vi_wide_two(d1_3, vi_load(q + 352)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d0_3, vi_load(q + 480)));
            s1_0_3 = vi_add(s1_0_3, vi_wide_two(d1_3, vi_load(q + 608)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d0_3, vi_load(q + 736)));
            s0_0_3 = vi_add(s0_0_3, vi_wide_two(d1_3, vi_load(q + 864)));
            const int32_t at = (j + 2 - 2) / 1;
            if (j + 2 >= 2) {
              const vi v0 = s0_0_0;
              const vi v1 = s0_0_1;
              const vi v2 = s0_0_2;
              const vi v3 = s0_0_3;
              const vf a0 = vf_of(v0);
              const vf t0_0 = (a0 * x0);
              const vf a1 = vf_of(v1);
              const vf t1_0 = (a1 * x0);
              const vf a2 = vf_of(v2);
              const vf t2_0 = (a2 * x0);
              const vf a3 = vf_of(v3);
              const vf t3_0 = (a3 * x0);
              vf_put4_u8(yr + (ptrdiff_t)at * yw + c, vf_min(t0_0, x1), vf_min(t1_0, x1), vf_min(t2_0, x1), vf_min(t3_0, x1), z, part);
            }
          }
        }
      }
    }
  }
}

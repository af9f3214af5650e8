typedef __m512i vi;
/* n, of which the compiler knows nothing: clang 22 stores four bytes for a mask known to be of one, behind a permutation */
static inline int32_t vi_hidden(int32_t n) {
  __asm__("" : "+r"(n));
  return n;
}
static inline vi vi_load(const void *p) { return _mm512_loadu_si512(p); }
static inline void vi_store(int32_t *p, vi v) { _mm512_storeu_si512((void *)p, v); }
static inline vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
static inline vf vf_of_i32(const int32_t *p) { return _mm512_cvtepi32_ps(_mm512_loadu_si512((const void *)p)); }
static inline vf vf_of_u8(const uint8_t *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
static inline vf vf_of_i8(const int8_t *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(vf_mask(n), (const void *)p)));
}
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(vf_mask(n), (const void *)p)));
}
typedef __m512i vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return _mm512_set1_epi16((short)x); }
/* floats rounded, halves to even, plus a zero point, held within a byte; beyond int32 there is no upper bound */
static inline vw vf_words(vf a, vf b, vw zero) {
  return _mm512_adds_epi16(_mm512_packs_epi32(_mm512_cvtps_epi32(a), _mm512_cvtps_epi32(b)), zero);
}
static inline __m128i vf_bytes_u8(vf v, vw zero) {
  const __m512i w = vf_words(v, v, zero), order = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
  return _mm512_castsi512_si128(_mm512_permutexvar_epi32(order, _mm512_packus_epi16(w, w)));
}
static inline void vf_put_u8(uint8_t *p, vf v, vw zero) { _mm_storeu_si128((__m128i *)(void *)p, vf_bytes_u8(v, zero)); }
static inline void vf_put_u8_n(uint8_t *p, vf v, vw zero, int32_t n) {
  _mm_mask_storeu_epi8((void *)p, vf_mask(vi_hidden(n)), vf_bytes_u8(v, zero));
}
static inline void vf_put2_u8(uint8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  const __m512i w = vf_words(a, b, zero), order = _mm512_castsi256_si512(_mm256_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13));
  const __m512i t = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(w, w));
  _mm256_storeu_si256((__m256i *)(void *)p, _mm512_castsi512_si256(t));
}
static inline __m128i vf_bytes_i8(vf v, vw zero) {
  const __m512i w = vf_words(v, v, zero), order = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
  return _mm512_castsi512_si128(_mm512_permutexvar_epi32(order, _mm512_packs_epi16(w, w)));
}
static inline void vf_put_i8(int8_t *p, vf v, vw zero) { _mm_storeu_si128((__m128i *)(void *)p, vf_bytes_i8(v, zero)); }
static inline void vf_put_i8_n(int8_t *p, vf v, vw zero, int32_t n) {
  _mm_mask_storeu_epi8((void *)p, vf_mask(vi_hidden(n)), vf_bytes_i8(v, zero));
}
static inline void vf_put2_i8(int8_t *p, vf a, vf b, vw zero) { /* two neighbouring vectors */
  const __m512i w = vf_words(a, b, zero), order = _mm512_castsi256_si512(_mm256_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13));
  const __m512i t = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(w, w));
  _mm256_storeu_si256((__m256i *)(void *)p, _mm512_castsi512_si256(t));
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

/* s + the products of four neighbouring bytes of x (unsigned) and w (signed) */
static inline vi vi_dot(vi s, vi x, vi w) { return _mm512_dpbusd_epi32(s, x, w); }

typedef __mmask64 vm; /* which bytes of a vector there are */
static inline vm vi_part(int32_t left) {
  const int32_t n = vi_hidden(left);
  return n >= 64 ? ~(vm)0 : ((vm)1 << (uint32_t)n) - 1u;
}
static inline vi vi_load_part(const void *p, vm part) { return _mm512_maskz_loadu_epi8(part, p); }
static inline void vi_store_part(void *p, vi v, vm part) { _mm512_mask_storeu_epi8(p, part, v); }
/* Four taps of as many channels as a vector has bytes: x[q] holds of each 16 channels the q-th four, the bytes of their taps
   side by side, so that the bytes of four such vectors packed again are in order. */
static inline void vi_quads(vi a, vi b, vi c, vi d, vi x[4]) {
  const vi ab0 = _mm512_unpacklo_epi8(a, b), ab1 = _mm512_unpackhi_epi8(a, b);
  const vi cd0 = _mm512_unpacklo_epi8(c, d), cd1 = _mm512_unpackhi_epi8(c, d);
  x[0] = _mm512_unpacklo_epi16(ab0, cd0);
  x[1] = _mm512_unpackhi_epi16(ab0, cd0);
  x[2] = _mm512_unpacklo_epi16(ab1, cd1);
  x[3] = _mm512_unpackhi_epi16(ab1, cd1);
}
static inline vf vf_of(vi v) { return _mm512_cvtepi32_ps(v); }
static inline vi vi_pairs(vf a, vf b, vi zero) {
  return _mm512_adds_epi16(_mm512_packs_epi32(_mm512_cvtps_epi32(a), _mm512_cvtps_epi32(b)), zero);
}
static inline void vf_put4_u8(uint8_t *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  vi_store_part((void *)p, _mm512_packus_epi16(vi_pairs(a, b, zero), vi_pairs(c, d, zero)), part);
}
static inline void vf_put4_i8(int8_t *p, vf a, vf b, vf c, vf d, vi zero, vm part) {
  vi_store_part((void *)p, _mm512_packs_epi16(vi_pairs(a, b, zero), vi_pairs(c, d, zero)), part);
}

/* bytes `at` to `at` + 63 of a row of `size`: those that lie in it; in the place of the others, those of `fill` */
static inline vi vi_load_row(const void *row, ptrdiff_t at, ptrdiff_t size, vi fill) {
  const void *const p = (const void *)((uintptr_t)row + (uintptr_t)at); /* may be before the row, where no pointer may be made by adding */
  const ptrdiff_t before = at < 0 ? (at < -64 ? 64 : -at) : 0, left = size - at < 0 ? 0 : size - at > 64 ? 64 : size - at;
  const __mmask64 until = left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1u;
  const __mmask64 from = before >= 64 ? 0 : ~(__mmask64)0 << before;
  return _mm512_mask_loadu_epi8(fill, from & until, p);
}
/* of two vectors, every second pixel of 16 or of 32 bytes */
static inline vi vi_second16(vi a, vi b) { return _mm512_shuffle_i32x4(a, b, 0x88); }
static inline vi vi_second32(vi a, vi b) { return _mm512_shuffle_i32x4(a, b, 0x44); }

static void conv_u8s8_avx512_vnni_flat_3x3s1_u8_act4761c835(const uint8_t *x, const int8_t *w, const uint8_t *zero, uint8_t *y, float e0, float e1,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t ch, int32_t sh, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t yn, int32_t yh, int32_t blocks, int32_t zero_y, int32_t r_from, int32_t r_to) {
  const vi z = vi_set1((zero_y & 0xffff) * 0x10001); /* 16-bit */
  const ptrdiff_t across = (ptrdiff_t)iw * ch, step = (ptrdiff_t)dw * ch, size = 1024;
  const int32_t width = ow * ch, at = 0, yw = 0;
  const vi fill = vi_load(zero);
  const vf x0 = vf_set1(e0);
  const vf x1 = vf_set1(e1);
  for (int32_t r = r_from; r < r_to; r++) {
    const int32_t b = r / oh, i = r % oh, iy = i * sh - ph;
    const uint8_t *const xb = x + (ptrdiff_t)b * xn;
    uint8_t *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
    const int32_t at0 = iy + 0 * dh, ok0 = at0 >= 0 && at0 < ih;
    const uint8_t *const row0 = xb + (ptrdiff_t)(ok0 ? at0 : 0) * xh;
    const int32_t at1 = iy + 1 * dh, ok1 = at1 >= 0 && at1 < ih;
    const uint8_t *const row1 = xb + (ptrdiff_t)(ok1 ? at1 : 0) * xh;
    const int32_t at2 = iy + 2 * dh, ok2 = at2 >= 0 && at2 < ih;
    const uint8_t *const row2 = xb + (ptrdiff_t)(ok2 ? at2 : 0) * xh;
    const int8_t *q = w;
    int32_t block = 0;
    for (int32_t c = 0; c < width; c += 64) {
      const ptrdiff_t first = (ptrdiff_t)1 * c - (ptrdiff_t)pw * ch;
      const vm part = vi_part(width - c);
      if (first >= 0 && first + 2 * step + 64 <= across && width - c >= 64) {
        vi v0 = vi_load(q + 0);
        vi v1 = vi_load(q + 64);
        vi v2 = vi_load(q + 128);
        vi v3 = vi_load(q + 192);
        {
          const ptrdiff_t o = first + 0 * step;
          vi x[4];
          vi_quads((vi_load(ok0 ? row0 + o : zero)), (vi_load(ok1 ? row1 + o : zero)), (vi_load(ok2 ? row2 + o : zero)), vi_set1(0), x + 0);
          v0 = vi_dot(v0, x[0], vi_load(q + 256));
          v1 = vi_dot(v1, x[1], vi_load(q + 320));
          v2 = vi_dot(v2, x[2], vi_load(q + 384));
          v3 = vi_dot(v3, x[3], vi_load(q + 448));
        }
        {
          const ptrdiff_t o = first + 1 * step;
          vi x[4];
          vi_quads((vi_load(ok0 ? row0 + o : zero)), (vi_load(ok1 ? row1 + o : zero)), (vi_load(ok2 ? row2 + o : zero)), vi_set1(0), x + 0);
          v0 = vi_dot(v0, x[0], vi_load(q + 512));
          v1 = vi_dot(v1, x[1], vi_load(q + 576));
          v2 = vi_dot(v2, x[2], vi_load(q + 640));
          v3 = vi_dot(v3, x[3], vi_load(q + 704));
        }
        {
          const ptrdiff_t o = first + 2 * step;
          vi x[4];
          vi_quads((vi_load(ok0 ? row0 + o : zero)), (vi_load(ok1 ? row1 + o : zero)), (vi_load(ok2 ? row2 + o : zero)), vi_set1(0), x + 0);
          v0 = vi_dot(v0, x[0], vi_load(q + 768));
          v1 = vi_dot(v1, x[1], vi_load(q + 832));
          v2 = vi_dot(v2, x[2], vi_load(q + 896));
          v3 = vi_dot(v3, x[3], vi_load(q + 960));
        }
        const vf a0 = vf_of(v0);
        const vf t0_0 = (a0 * x0);
        const vf a1 = vf_of(v1);
        const vf t1_0 = (a1 * x0);
        const vf a2 = vf_of(v2);
        const vf t2_0 = (a2 * x0);
        const vf a3 = vf_of(v3);
        const vf t3_0 = (a3 * x0);
        vf_put4_u8(yr + (ptrdiff_t)at * yw + c, vf_min(t0_0, x1), vf_min(t1_0, x1), vf_min(t2_0, x1), vf_min(t3_0, x1), z, part);
      } else {
        vi v0 = vi_load(q + 0);
        vi v1 = vi_load(q + 64);
        vi v2 = vi_load(q + 128);
        vi v3 = vi_load(q + 192);
        {
          const ptrdiff_t o = first + 0 * step;
          vi x[4];
          vi_quads(((ok0 ? vi_load_row(row0, o, across, fill) : fill)), ((ok1 ? vi_load_row(row1, o, across, fill) : fill)), ((ok2 ? vi_load_row(row2, o, across, fill) : fill)), vi_set1(0), x + 0);
          v0 = vi_dot(v0, x[0], vi_load(q + 256));
          v1 = vi_dot(v1, x[1], vi_load(q + 320));
          v2 = vi_dot(v2, x[2], vi_load(q + 384));
          v3 = vi_dot(v3, x[3], vi_load(q + 448));
        }
        {
          const ptrdiff_t o = first + 1 * step;
          vi x[4];
          vi_quads(((ok0 ? vi_load_row(row0, o, across, fill) : fill)), ((ok1 ? vi_load_row(row1, o, across, fill) : fill)), ((ok2 ? vi_load_row(row2, o, across, fill) : fill)), vi_set1(0), x + 0);
          v0 = vi_dot(v0, x[0], vi_load(q + 512));
          v1 = vi_dot(v1, x[1], vi_load(q + 576));
          v2 = vi_dot(v2, x[2], vi_load(q + 640));
          v3 = vi_dot(v3, x[3], vi_load(q + 704));
        }
        {
          const ptrdiff_t o = first + 2 * step;
          vi x[4];
          vi_quads(((ok0 ? vi_load_row(row0, o, across, fill) : fill)), ((ok1 ? vi_load_row(row1, o, across, fill) : fill)), ((ok2 ? vi_load_row(row2, o, across, fill) : fill)), vi_set1(0), x + 0);
          v0 = vi_dot(v0, x[0], vi_load(q + 768));
          v1 = vi_dot(v1, x[1], vi_load(q + 832));
          v2 = vi_dot(v2, x[2], vi_load(q + 896));
          v3 = vi_dot(v3, x[3], vi_load(q + 960));
        }
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
      q += size;
      if (++block == blocks) {
        block = 0;
        q = w;
      }
    }
  }
}

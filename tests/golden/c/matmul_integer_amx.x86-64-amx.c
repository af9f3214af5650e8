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

/* min(mul(x0, x1), x2) */
static void finish_s8_avx512_u8_act4761c835(const int32_t *s, int32_t ld, uint8_t *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0, float e1, int32_t zero) {
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

/* n bytes, nothing written after them */
static inline void copy_bytes(void *to, const void *from, int32_t n) {
  unsigned char *t = (unsigned char *)to;
  const unsigned char *f = (const unsigned char *)from;
  for (; n >= 64; n -= 64, t += 64, f += 64) _mm512_storeu_si512((void *)t, _mm512_loadu_si512((const void *)f));
  if (n > 0) {
    const __mmask64 m = (UINT64_C(1) << (uint32_t)n) - 1u;
    _mm512_mask_storeu_epi8((void *)t, m, _mm512_maskz_loadu_epi8(m, (const void *)f));
  }
}

/* a block of `rows` rows against every panel of the packed weights */
static void rows_u8s8_amx_32x32_u8_act4761c835(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao, const int8_t *w,
    uint8_t *const *y, int32_t rows, int32_t n, int32_t height, float e0, float e1, int32_t zero, int32_t chunk, void *copies) {
  int32_t sums[32 * 32] __attribute__((aligned(64)));
  const int32_t all = taps * kc, chunks = (all + chunk - 1) / chunk, part = 16 * chunk;
  const int32_t groups = (rows + 31) / 32, size = (rows + groups - 1) / groups, tall = size > 16;
  const unsigned char *base = (const unsigned char *)a[0] + ao;
  ptrdiff_t pitch = rows > 1 ? (const unsigned char *)a[1] - (const unsigned char *)a[0] : 64;
  int even = taps == 1 && all == chunks * chunk && pitch % 2048 != 0 && rows == groups * size;
  for (int32_t r = 2; r < rows && even; r++) even = (const unsigned char *)a[r] - (const unsigned char *)a[r - 1] == pitch;
  if (!even) { /* what lies behind a row's K meets weights that are 0; a row too many is not stored */
    unsigned char *to = (unsigned char *)copies;
    pitch = ((ptrdiff_t)chunks * chunk + 63) / 64 * 64;
    if (pitch % 2048 == 0) pitch += 64;
    for (int32_t r = 0; r < rows; r++)
      for (int32_t t = 0; t < taps; t++) copy_bytes(to + r * pitch + (ptrdiff_t)t * kc, a[t * height + r] + ao, kc);
    base = to;
    __asm__ volatile("" : : : "memory"); /* gcc does not know that tiles are loaded from memory */
  }
  if (size < 32) pith_amx_configure(size, chunk);
  const int32_t share = (size + chunks - 1) / chunks, portion = share < 4 ? 4 : share;
  int32_t last_c = 0, last_r = 0, count = 0;
  for (int32_t c = 0; c < n; c += 32) {
    const int32_t wide = n - c > 16;
    for (int32_t r = 0; r < rows; r += size) {
      const int32_t last_n = n - last_c < 32 ? n - last_c : 32;
      const int32_t *const head = (const int32_t *)(const void *)w;
      const int8_t *b = w + (wide ? 128 : 64);
      const unsigned char *p = base + r * pitch;
      int32_t done = 0;
      _tile_loadd(0, head, 0);
      if (wide) _tile_loadd(1, head + 16, 0);
      if (tall) {
        _tile_loadd(2, head, 0);
        if (wide) _tile_loadd(3, head + 16, 0);
      }
      for (int32_t k = 0; k < chunks; k++) {
        _tile_loadd(6, b, 64);
        if (wide) _tile_loadd(7, b + part, 64);
        _tile_loadd(4, p, pitch);
        _tile_dpbusd(0, 4, 6);
        if (wide) _tile_dpbusd(1, 4, 7);
        if (tall) {
          _tile_loadd(5, p + 16 * pitch, pitch);
          _tile_dpbusd(2, 5, 6);
          if (wide) _tile_dpbusd(3, 5, 7);
        }
        b += wide ? 2 * part : part;
        p += chunk;
        if (done < count) { /* sums of the products before go through their epilogue beside these */
          const int32_t some = count - done < portion ? count - done : portion;
          finish_s8_avx512_u8_act4761c835(sums + 32 * done, 32, y + last_r + done, last_c, some, last_n, e0, e1, zero);
          done += some;
        }
      }
      _tile_stored(0, sums, 128);
      if (wide) _tile_stored(1, sums + 16, 128);
      if (tall) {
        _tile_stored(2, sums + 16 * 32, 128);
        if (wide) _tile_stored(3, sums + 16 * 32 + 16, 128);
      }
      last_c = c;
      last_r = r;
      count = rows - r < size ? rows - r : size;
    }
    w += (ptrdiff_t)(wide ? 32 : 16) * (4 + (ptrdiff_t)chunks * chunk);
  }
  finish_s8_avx512_u8_act4761c835(sums, 32, y + last_r, last_c, count, n - last_c < 32 ? n - last_c : 32, e0, e1, zero);
  if (size < 32) pith_amx_configure(32, chunk);
}

static void conv_u8s8_amx_32x32_u8_act4761c835(const uint8_t *x, const int8_t *w, const uint8_t *zero, uint8_t *y, float e0, float e1, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_y, int32_t chunk, int32_t copies,
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {
  const uint8_t **const a = (const uint8_t **)scratch;
  uint8_t *out[32];
  const int32_t pixels = batch * oh * ow;
  w += n_from * (4 + (ptrdiff_t)(((kh * kw) * c + chunk - 1) / chunk) * chunk);
  pith_amx_configure(32, chunk);
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * (4 + (ptrdiff_t)(((kh * kw) * c + chunk - 1) / chunk) * chunk)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
    for (int32_t p = p_from; p < p_to;) {
      const int32_t height = (p_to - p) >= 64 ? 32 : (p_to - p) > 32 ? ((p_to - p) + 1) / 2 : (p_to - p);
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
        rows_u8s8_amx_32x32_u8_act4761c835(kh * kw, c, a, (ptrdiff_t)g * c, w + (ptrdiff_t)g * wg, out, rows, cols, height, e0, e1, zero_y, chunk, (unsigned char *)scratch + copies);
        for (int32_t r = 0; r < rows; r++) {
          out[r] += n;
        }
      }
      p += rows;
    }
  }
  _tile_release();
}

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

/* n bytes of one value */
static inline void fill_bytes(void *to, int32_t value, int32_t n) {
  unsigned char *t = (unsigned char *)to;
  const __m512i v = _mm512_set1_epi8((char)value);
  for (; n >= 64; n -= 64, t += 64) _mm512_storeu_si512((void *)t, v);
  if (n > 0) _mm512_mask_storeu_epi8((void *)t, (UINT64_C(1) << (uint32_t)n) - 1u, v);
}

static void conv_u8s8_amx_window_u8_act4761c835(const uint8_t *x, const int8_t *w, const int32_t *at, uint8_t *y, float e0, float e1, void *scratch,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t sh, int32_t sw, int32_t ph, int32_t pw, int32_t extent,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero, int32_t zero_y,
    int32_t size, int32_t across, int32_t span, int32_t most, int32_t pitch, int32_t wide, int32_t steps, int32_t chunk, int32_t copied,
    int32_t r_from, int32_t r_to, int32_t n_from, int32_t n_to) {
  int32_t sums[2][64 * 32] __attribute__((aligned(64)));
  int32_t base[32];
  uint8_t *to[512];
  unsigned char *const memory = (unsigned char *)scratch;
  uint8_t *const nowhere = (uint8_t *)(void *)(memory + copied); /* pixels that are none */
  const ptrdiff_t column = 64 + (ptrdiff_t)steps * 16 * chunk, apart = (ptrdiff_t)sw * c;
  const int32_t middle = iw < wide - pw ? iw : wide - pw;
  pith_amx_configure_column(size, chunk);
  for (int32_t row = r_from; row < r_to;) {
    const int32_t batch = row / oh, first = row % oh;
    int32_t lines = oh - first < most ? oh - first : most;
    if (lines > r_to - row) lines = r_to - row;
    for (int32_t l = 0; l < (lines - 1) * sh + extent; l++) {
      unsigned char *const line = memory + (ptrdiff_t)l * pitch;
      const int32_t iy = first * sh - ph + l;
      if (iy < 0 || iy >= ih) {
        fill_bytes(line, zero, pitch);
        continue;
      }
      const uint8_t *const from = x + (ptrdiff_t)batch * xn + (ptrdiff_t)iy * xh;
      fill_bytes(line, zero, pw * c);
      if (xw == c) copy_bytes(line + pw * c, from, middle * c);
      else
        for (int32_t j = 0; j < middle; j++) copy_bytes(line + (pw + j) * c, from + (ptrdiff_t)j * xw, c);
      fill_bytes(line + (pw + middle) * c, zero, pitch - (pw + middle) * c);
    }
    const int32_t tiles = span > 1 ? (lines + span - 1) / span : lines * across;
    for (int32_t t = 0, k = 0; t < tiles; t++) {
      const int32_t top = t / across * span, left = t % across * size;
      base[t] = top * sh * pitch + left * sw * c;
      for (int32_t q = 0; q < size; q++, k++) {
        const int32_t down = span > 1 ? q / wide : 0, i = top + down, j = left + q - down * wide, inside = i < lines && j < ow;
        to[k] = inside ? y + (ptrdiff_t)batch * yn + (ptrdiff_t)(first + i) * yh + (ptrdiff_t)j * yw : nowhere;
      }
    }
    __asm__ volatile("" : : : "memory"); /* gcc does not know that tiles are loaded from memory */
    int32_t turn = 0, old_k = 0, old_c = 0, old_rows = 0, old_columns = 0;
    for (int32_t c0 = n_from; c0 < n_to; c0 += 32) {
      const int32_t columns = n_to - c0 < 32 ? n_to - c0 : 32, vectors = columns > 16 ? 2 : 1;
      for (int32_t t = 0; t < tiles; t += 4, turn++) {
        const int32_t count = tiles - t < 4 ? tiles - t : 4;
        int32_t *const s = sums[turn & 1], *const old = sums[~turn & 1];
        const int32_t share = (old_rows + vectors * steps - 1) / (vectors * steps), portion = share < 4 ? 4 : share;
        int32_t done = 0;
        for (int32_t v = 0; v < vectors; v++) {
          const int8_t *b = w + (c0 / 16 + v) * column;
          _tile_loadd(0, b, 0);
          if (count > 1) _tile_loadd(1, b, 0);
          if (count > 2) _tile_loadd(2, b, 0);
          if (count > 3) _tile_loadd(3, b, 0);
          b += 64;
          for (int32_t k = 0; k < steps; k++, b += 16 * chunk) {
            const unsigned char *const from = memory + at[k];
            _tile_loadd(7, b, 64);
            _tile_loadd(4, from + base[t], apart);
            _tile_dpbusd(0, 4, 7);
            if (count > 1) {
              _tile_loadd(5, from + base[t + 1], apart);
              _tile_dpbusd(1, 5, 7);
            }
            if (count > 2) {
              _tile_loadd(6, from + base[t + 2], apart);
              _tile_dpbusd(2, 6, 7);
            }
            if (count > 3) {
              _tile_loadd(4, from + base[t + 3], apart);
              _tile_dpbusd(3, 4, 7);
            }
            if (done < old_rows) {
              const int32_t rows = old_rows - done < portion ? old_rows - done : portion;
              finish_s8_avx512_u8_act4761c835(old + done * 32, 32, to + old_k + done, old_c, rows, old_columns, e0, e1, zero_y);
              done += rows;
            }
          }
          _tile_stored(0, s + 0 * size * 32 + 16 * v, 128);
          if (count > 1) _tile_stored(1, s + 1 * size * 32 + 16 * v, 128);
          if (count > 2) _tile_stored(2, s + 2 * size * 32 + 16 * v, 128);
          if (count > 3) _tile_stored(3, s + 3 * size * 32 + 16 * v, 128);
        }
        old_k = t * size;
        old_c = c0;
        old_rows = count * size;
        old_columns = columns;
      }
    }
    finish_s8_avx512_u8_act4761c835(sums[~turn & 1], 32, to + old_k, old_c, old_rows, old_columns, e0, e1, zero_y);
    row += lines;
  }
  (void)n;
  _tile_release();
}

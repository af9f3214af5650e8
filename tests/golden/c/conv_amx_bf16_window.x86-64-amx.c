/* min(max(x0, 0), x1) */
static void finish_f32_avx512_clipd2ed3cfd(const float *s, int32_t ld, float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0) {
  const vf x0 = vf_set1(e0);
  for (int32_t r = 0; r < rows; r++) {
    int32_t c = 0;
    for (; c <= cols - VF_LANES; c += VF_LANES) {
      const vf v = vf_load(s + (ptrdiff_t)r * ld + c);
      const vf t0 = vf_max(v, vf_set1(0.0f));
      vf_store(y[r] + no + c, vf_min(t0, x0));
    }
    if (c < cols) {
      const vf v = vf_load_n(s + (ptrdiff_t)r * ld + c, cols - c);
      const vf t0 = vf_max(v, vf_set1(0.0f));
      vf_store_n(y[r] + no + c, vf_min(t0, x0), cols - c);
    }
  }
}

/* n floats as bfloat16: to nearest, halves to even; nothing is written after them */
static inline void to_bf16(uint16_t *to, const float *from, int32_t n) {
  for (; n >= 32; n -= 32, to += 32, from += 32)
    _mm512_storeu_si512((void *)to, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from)));
  if (n > 0) {
    const uint32_t m = (UINT32_C(1) << (uint32_t)n) - 1u;
    const __m512 low = _mm512_maskz_loadu_ps((__mmask16)(m & 0xffffu), from), high = _mm512_maskz_loadu_ps((__mmask16)(m >> 16), from + 16);
    _mm512_mask_storeu_epi16((void *)to, (__mmask32)m, (__m512i)_mm512_cvtne2ps_pbh(high, low));
  }
}

/* n bytes of one value */
static inline void fill_bytes(void *to, int32_t value, int32_t n) {
  unsigned char *t = (unsigned char *)to;
  const __m512i v = _mm512_set1_epi8((char)value);
  for (; n >= 64; n -= 64, t += 64) _mm512_storeu_si512((void *)t, v);
  if (n > 0) _mm512_mask_storeu_epi8((void *)t, (UINT64_C(1) << (uint32_t)n) - 1u, v);
}

static void conv_bf16_amx_window_clipd2ed3cfd(const float *x, const int8_t *w, const int32_t *at, float *y, float e0, void *scratch,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t sh, int32_t sw, int32_t ph, int32_t pw, int32_t extent,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw,
    int32_t size, int32_t across, int32_t span, int32_t most, int32_t pitch, int32_t wide, int32_t steps, int32_t chunk, int32_t copied,
    int32_t r_from, int32_t r_to, int32_t n_from, int32_t n_to) {
  float sums[2][64 * 32] __attribute__((aligned(64)));
  int32_t base[32];
  float *to[512];
  unsigned char *const memory = (unsigned char *)scratch;
  float *const nowhere = (float *)(void *)(memory + copied); /* pixels that are none */
  const ptrdiff_t column = 64 + (ptrdiff_t)steps * 16 * chunk, apart = (ptrdiff_t)sw * 2 * c;
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
        fill_bytes(line, 0, pitch);
        continue;
      }
      const float *const from = x + (ptrdiff_t)batch * xn + (ptrdiff_t)iy * xh;
      fill_bytes(line, 0, pw * 2 * c);
      if (xw == c) to_bf16((uint16_t *)(void *)(line + pw * 2 * c), from, middle * c);
      else
        for (int32_t j = 0; j < middle; j++) to_bf16((uint16_t *)(void *)(line + (pw + j) * 2 * c), from + (ptrdiff_t)j * xw, c);
      fill_bytes(line + (pw + middle) * 2 * c, 0, pitch - (pw + middle) * 2 * c);
    }
    const int32_t tiles = span > 1 ? (lines + span - 1) / span : lines * across;
    for (int32_t t = 0, k = 0; t < tiles; t++) {
      const int32_t top = t / across * span, left = t % across * size;
      base[t] = top * sh * pitch + left * sw * 2 * c;
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
        float *const s = sums[turn & 1], *const old = sums[~turn & 1];
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
            _tile_dpbf16ps(0, 4, 7);
            if (count > 1) {
              _tile_loadd(5, from + base[t + 1], apart);
              _tile_dpbf16ps(1, 5, 7);
            }
            if (count > 2) {
              _tile_loadd(6, from + base[t + 2], apart);
              _tile_dpbf16ps(2, 6, 7);
            }
            if (count > 3) {
              _tile_loadd(4, from + base[t + 3], apart);
              _tile_dpbf16ps(3, 4, 7);
            }
            if (done < old_rows) {
              const int32_t rows = old_rows - done < portion ? old_rows - done : portion;
              finish_f32_avx512_clipd2ed3cfd(old + done * 32, 32, to + old_k + done, old_c, rows, old_columns, e0);
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
    finish_f32_avx512_clipd2ed3cfd(sums[~turn & 1], 32, to + old_k, old_c, old_rows, old_columns, e0);
    row += lines;
  }
  (void)n;
  _tile_release();
}

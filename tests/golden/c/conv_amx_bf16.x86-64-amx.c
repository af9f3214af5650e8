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

/* a block of `rows` rows, rounded to bfloat16, against every panel of the packed weights */
static void rows_bf16_amx_32x32_clipd2ed3cfd(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const uint8_t *w,
    float *const *y, int32_t rows, int32_t n, int32_t height, float e0, int32_t chunk, int32_t pitch, void *rounded) {
  float sums[32 * 32] __attribute__((aligned(64)));
  const int32_t all = taps * kc, chunks = (all + chunk - 1) / chunk, part = 32 * chunk;
  const int32_t groups = (rows + 31) / 32, size = (rows + groups - 1) / groups, tall = size > 16;
  for (int32_t r = 0; r < rows; r++) { /* zeros behind a row's K: whatever else lies there may be no number */
    uint16_t *const to = (uint16_t *)(void *)((unsigned char *)rounded + (ptrdiff_t)r * pitch);
    for (int32_t t = 0; t < taps; t++) to_bf16(to + (ptrdiff_t)t * kc, a[t * height + r] + ao, kc);
    for (int32_t k = all; k < chunks * chunk; k++) to[k] = 0;
  }
  __asm__ volatile("" : : : "memory"); /* gcc does not know that tiles are loaded from memory */
  if (size < 32) pith_amx_configure(size, 2 * chunk);
  for (int32_t c = 0; c < n; c += 32) {
    const int32_t wide = n - c > 16;
    for (int32_t r = 0; r < rows; r += size) { /* the last row may be none, and is not stored */
      const uint8_t *b = w + (wide ? 128 : 64);
      const unsigned char *p = (const unsigned char *)rounded + (ptrdiff_t)r * pitch;
      _tile_loadd(0, w, 0);
      if (wide) _tile_loadd(1, w + 64, 0);
      if (tall) {
        _tile_loadd(2, w, 0);
        if (wide) _tile_loadd(3, w + 64, 0);
      }
      for (int32_t k = 0; k < chunks; k++, b += wide ? 2 * part : part, p += 2 * chunk) {
        _tile_loadd(6, b, 64);
        if (wide) _tile_loadd(7, b + part, 64);
        _tile_loadd(4, p, pitch);
        _tile_dpbf16ps(0, 4, 6);
        if (wide) _tile_dpbf16ps(1, 4, 7);
        if (tall) {
          _tile_loadd(5, p + 16 * (ptrdiff_t)pitch, pitch);
          _tile_dpbf16ps(2, 5, 6);
          if (wide) _tile_dpbf16ps(3, 5, 7);
        }
      }
      _tile_stored(0, sums, 128);
      if (wide) _tile_stored(1, sums + 16, 128);
      if (tall) {
        _tile_stored(2, sums + 16 * 32, 128);
        if (wide) _tile_stored(3, sums + 16 * 32 + 16, 128);
      }
      __asm__ volatile("" : : : "memory");
      finish_f32_avx512_clipd2ed3cfd(sums, 32, y + r, c, rows - r < size ? rows - r : size, n - c < 32 ? n - c : 32, e0);
    }
    w += (ptrdiff_t)(wide ? 32 : 16) * (4 + 2 * (ptrdiff_t)chunks * chunk);
  }
  if (size < 32) pith_amx_configure(32, 2 * chunk);
}

static void conv_bf16_amx_32x32_rows_clipd2ed3cfd(const float *x, const uint8_t *w, const float *zero, float *y, float e0, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t chunk, int32_t pitch, int32_t rounded,
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {
  const float **const a = (const float **)scratch;
  float *const patch = (float *)(void *)(a + kh * 32);
  float *out[32];
  (void)n;
  (void)groups;
  (void)wg;
  (void)dw;
  const int32_t pixels = batch * oh * ow;
  w += n_from * (4 + 2 * (ptrdiff_t)((kh * kw * c + chunk - 1) / chunk) * chunk);
  pith_amx_configure(32, 2 * chunk);
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * (4 + 2 * (ptrdiff_t)((kh * kw * c + chunk - 1) / chunk) * chunk)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
    for (int32_t p = p_from; p < p_to;) {
      const int32_t height = (p_to - p) >= 64 ? 32 : (p_to - p) > 32 ? ((p_to - p) + 1) / 2 : (p_to - p);
      const int32_t rows = pixels - p < height ? pixels - p : height;
      for (int32_t r = 0; r < height; r++) { /* rows past the end repeat the last pixel and are not stored */
        const float *const xb = x + (ptrdiff_t)b * xn;
        const int32_t iy0 = i * sh - ph, ix0 = j * sw - pw;
        out[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw + n0;
        if (iy0 >= 0 && ix0 >= 0 && iy0 + (kh - 1) * dh < ih && ix0 + kw <= iw) {
          const float *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
          for (int32_t ty = 0; ty < kh; ty++, row += dh * (ptrdiff_t)xh) a[ty * height + r] = row;
        } else {
          for (int32_t ty = 0; ty < kh; ty++) {
            const int32_t iy = iy0 + ty * dh;
            const float *row = zero;
            if (iy >= 0 && iy < ih) {
              float *const edge = patch + (ptrdiff_t)(ty * height + r) * kw * c;
              row = edge;
              for (int32_t tx = 0; tx < kw; tx++) {
                const int32_t ix = ix0 + tx;
                const float *const from = ix >= 0 && ix < iw ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
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
      rows_bf16_amx_32x32_clipd2ed3cfd(kh, kw * c, a, 0, w, out, rows, cols, height, e0, chunk, pitch, (unsigned char *)scratch + rounded);
      p += rows;
    }
  }
  _tile_release();
}

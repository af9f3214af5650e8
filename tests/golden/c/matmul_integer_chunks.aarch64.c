typedef int32x4_t vi;
static inline vi vi_load(const void *p) { return vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)p)); }
static inline void vi_store(int32_t *p, vi v) { vst1q_s32(p, v); }
static inline vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
static inline vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
static inline vi vi_min(vi a, vi b) { return vminq_s32(a, b); }
static inline vi vi_max(vi a, vi b) { return vmaxq_s32(a, b); }
static inline vi vi_load_n(const int32_t *p, int32_t n) {
  if (n >= 4) return vld1q_s32(p);
  vi v = vdupq_n_s32(0);
  if (n > 0) v = vld1q_lane_s32(p, v, 0);
  if (n > 1) v = vld1q_lane_s32(p + 1, v, 1);
  if (n > 2) v = vld1q_lane_s32(p + 2, v, 2);
  return v;
}
static inline vi vi_four(const void *p);
static inline vi vi_four_n(const void *p, int32_t n);
static inline vf vf_of_i32(const int32_t *p) { return vcvtq_f32_s32(vld1q_s32(p)); }
static inline vi vi_byte_u8(vi x) { return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vget_low_u8(vreinterpretq_u8_s32(x)))))); }
static inline vi vi_byte_i8(vi x) { return vmovl_s16(vget_low_s16(vmovl_s8(vget_low_s8(vreinterpretq_s8_s32(x))))); }
static inline vf vf_of(vi v) { return vcvtq_f32_s32(v); }
typedef int16x8_t vw; /* 16-bit */
static inline vw vw_set1(int32_t x) { return vdupq_n_s16((int16_t)x); }
/* int32, or floats rounded, halves to even, plus a zero point, held within 16 bits */
static inline vw vi_words(vi a, vi b, vw zero) { return vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), zero); }
/* x times m by 2^31, rounded to nearest, halves up; and x * m * 2^(shift - 31), rounded twice, for any shift, and for those from -31 to -1 */
static inline vi vi_high(vi x, vi m) { return vqrdmulhq_s32(x, m); }
static inline vi vi_scale(vi x, vi m, vi shift) {
  const vi none = vdupq_n_s32(0), right = vminq_s32(shift, none), h = vi_high(vshlq_s32(x, vmaxq_s32(shift, none)), m);
  return vrshlq_s32(vqaddq_s32(h, vshrq_n_s32(vandq_s32(h, right), 31)), right);
}
static inline vi vi_scale_right(vi x, vi m, vi shift) {
  const vi h = vi_high(x, m);
  return vrshlq_s32(vsraq_n_s32(h, h, 31), shift);
}
static inline vi vi_rounded(vf v) { return vcvtnq_s32_f32(v); }
/* sums of neighbours: of a, then of b */
static inline vi vi_neighbours(vi a, vi b) { return vpaddq_s32(a, b); }
static inline vi vi_of_u8(const uint8_t *p) { return vi_byte_u8(vi_four(p)); }
static inline vi vi_of_u8_n(const uint8_t *p, int32_t n) { return n >= 4 ? vi_of_u8(p) : vi_byte_u8(vi_four_n(p, n)); }
static inline vf vf_of_u8(const uint8_t *p) { return vf_of(vi_of_u8(p)); }
static inline vf vf_of_u8_n(const uint8_t *p, int32_t n) { return vf_of(vi_of_u8_n(p, n)); }
static inline void vi_put2_u8(uint8_t *p, vi a, vi b, vw zero) { vst1_u8(p, vqmovun_s16(vi_words(a, b, zero))); }
static inline void vi_put16_u8(uint8_t *p, vi a, vi b, vi c, vi d, vw zero) {
  vst1q_u8(p, vcombine_u8(vqmovun_s16(vi_words(a, b, zero)), vqmovun_s16(vi_words(c, d, zero))));
}
static inline void vi_put_u8_n(uint8_t *p, vi v, vw zero, int32_t n) {
  uint8_t t[8];
  vi_put2_u8(t, v, v, zero);
  for (int32_t i = 0; i < 4 && i < n; i++) p[i] = t[i];
}
static inline void vi_put_u8(uint8_t *p, vi v, vw zero) {
  const uint8x8_t b = vqmovun_s16(vi_words(v, v, zero));
  vst1_lane_u32((void *)p, vreinterpret_u32_u8(b), 0);
}
static inline void vf_put_u8(uint8_t *p, vf v, vw zero) { vi_put_u8(p, vi_rounded(v), zero); }
static inline void vf_put2_u8(uint8_t *p, vf a, vf b, vw zero) { vi_put2_u8(p, vi_rounded(a), vi_rounded(b), zero); }
static inline void vf_put16_u8(uint8_t *p, vf a, vf b, vf c, vf d, vw zero) { vi_put16_u8(p, vi_rounded(a), vi_rounded(b), vi_rounded(c), vi_rounded(d), zero); }
static inline void vf_put_u8_n(uint8_t *p, vf v, vw zero, int32_t n) { vi_put_u8_n(p, vi_rounded(v), zero, n); }
static inline vi vi_of_i8(const int8_t *p) { return vi_byte_i8(vi_four(p)); }
static inline vi vi_of_i8_n(const int8_t *p, int32_t n) { return n >= 4 ? vi_of_i8(p) : vi_byte_i8(vi_four_n(p, n)); }
static inline vf vf_of_i8(const int8_t *p) { return vf_of(vi_of_i8(p)); }
static inline vf vf_of_i8_n(const int8_t *p, int32_t n) { return vf_of(vi_of_i8_n(p, n)); }
static inline void vi_put2_i8(int8_t *p, vi a, vi b, vw zero) { vst1_s8(p, vqmovn_s16(vi_words(a, b, zero))); }
static inline void vi_put16_i8(int8_t *p, vi a, vi b, vi c, vi d, vw zero) {
  vst1q_s8(p, vcombine_s8(vqmovn_s16(vi_words(a, b, zero)), vqmovn_s16(vi_words(c, d, zero))));
}
static inline void vi_put_i8_n(int8_t *p, vi v, vw zero, int32_t n) {
  int8_t t[8];
  vi_put2_i8(t, v, v, zero);
  for (int32_t i = 0; i < 4 && i < n; i++) p[i] = t[i];
}
static inline void vi_put_i8(int8_t *p, vi v, vw zero) {
  const int8x8_t b = vqmovn_s16(vi_words(v, v, zero));
  vst1_lane_u32((void *)p, vreinterpret_u32_s8(b), 0);
}
static inline void vf_put_i8(int8_t *p, vf v, vw zero) { vi_put_i8(p, vi_rounded(v), zero); }
static inline void vf_put2_i8(int8_t *p, vf a, vf b, vw zero) { vi_put2_i8(p, vi_rounded(a), vi_rounded(b), zero); }
static inline void vf_put16_i8(int8_t *p, vf a, vf b, vf c, vf d, vw zero) { vi_put16_i8(p, vi_rounded(a), vi_rounded(b), vi_rounded(c), vi_rounded(d), zero); }
static inline void vf_put_i8_n(int8_t *p, vf v, vw zero, int32_t n) { vi_put_i8_n(p, vi_rounded(v), zero, n); }
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
static void finish_s8_neon_u8_act4761c835(const int32_t *s, int32_t ld, uint8_t *const *y, ptrdiff_t no, int32_t rows, int32_t cols, float e0, float e1, int32_t zero) {
  const vf x0 = vf_set1(e0);
  const vf x1 = vf_set1(e1);
  const vw z = vw_set1(zero);
  int32_t c = 0;
  for (; c <= cols - 4 * VF_LANES; c += 4 * VF_LANES) {
    for (int32_t r = 0; r < rows; r++) {
      const vf v_0 = vf_of_i32(s + (ptrdiff_t)r * ld + c);
      const vf t0_0 = (v_0 * x0);
      const vf v_1 = vf_of_i32(s + (ptrdiff_t)r * ld + c + 1 * VF_LANES);
      const vf t1_0 = (v_1 * x0);
      const vf v_2 = vf_of_i32(s + (ptrdiff_t)r * ld + c + 2 * VF_LANES);
      const vf t2_0 = (v_2 * x0);
      const vf v_3 = vf_of_i32(s + (ptrdiff_t)r * ld + c + 3 * VF_LANES);
      const vf t3_0 = (v_3 * x0);
      vf_put16_u8(y[r] + no + c, vf_min(t0_0, x1), vf_min(t1_0, x1), vf_min(t2_0, x1), vf_min(t3_0, x1), z);
    }
  }
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

typedef int8x16_t vb;
typedef int16x8_t vs;
static inline vb vb_load(const void *p) { return vld1q_s8((const int8_t *)p); }
static inline vb vb_of(vi v) { return vreinterpretq_s8_s32(v); }
static inline void vb_store(void *p, vb v) { vst1q_s8((int8_t *)p, v); }
static inline vb vb_add(vb a, int32_t x) { return vaddq_s8(a, vdupq_n_s8((int8_t)x)); }
/* eight products of each half of two vectors, in 16 bits; added to t, which must have room */
static inline vs vb_low(vb x, vb w) { return vmull_s8(vget_low_s8(x), vget_low_s8(w)); }
static inline vs vb_high(vb x, vb w) { return vmull_s8(vget_high_s8(x), vget_high_s8(w)); }
static inline vs vb_add_low(vs t, vb x, vb w) { return vmlal_s8(t, vget_low_s8(x), vget_low_s8(w)); }
static inline vs vb_add_high(vs t, vb x, vb w) { return vmlal_s8(t, vget_high_s8(x), vget_high_s8(w)); }
static inline vs vs_zero(void) { return vdupq_n_s16(0); }
static inline vi vi_add_low(vi s, vs t) { return vaddw_s16(s, vget_low_s16(t)); }
static inline vi vi_add_high(vi s, vs t) { return vaddw_s16(s, vget_high_s16(t)); }
/* s + the sums of two neighbouring 16-bit numbers */
static inline vi vi_pairs16(vi s, vs t) { return vpadalq_s16(s, t); }
/* the sums of the elements of four vectors */
static inline vi vi_sums(vi a, vi b, vi c, vi d) { return vi_neighbours(vi_neighbours(a, b), vi_neighbours(c, d)); }

/* 4 rows x 4 columns: s[16 * r] = start + sum over k of a[r][k] * w */
static void tile_s8_neon_chunks1_4x4(int32_t chunks, const int8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start) {
  const int8_t *const a0 = a[0];
  const int8_t *const a1 = a[1];
  const int8_t *const a2 = a[2];
  const int8_t *const a3 = a[3];
  vi s0_0 = vi_set1(0), s0_1 = vi_set1(0), s0_2 = vi_set1(0), s0_3 = vi_set1(0), s1_0 = vi_set1(0), s1_1 = vi_set1(0), s1_2 = vi_set1(0), s1_3 = vi_set1(0), s2_0 = vi_set1(0), s2_1 = vi_set1(0), s2_2 = vi_set1(0), s2_3 = vi_set1(0), s3_0 = vi_set1(0), s3_1 = vi_set1(0), s3_2 = vi_set1(0), s3_3 = vi_set1(0);
  int32_t k = 0;
  for (; k < 16 * chunks; k += 16, w += 64) {
    const vb x0 = vb_load(a0 + k);
    const vb x1 = vb_load(a1 + k);
    const vb x2 = vb_load(a2 + k);
    const vb x3 = vb_load(a3 + k);
    const vb b0 = vb_load(w + 0);
    s0_0 = vi_pairs16(s0_0, vb_add_high(vb_low(x0, b0), x0, b0));
    s1_0 = vi_pairs16(s1_0, vb_add_high(vb_low(x1, b0), x1, b0));
    s2_0 = vi_pairs16(s2_0, vb_add_high(vb_low(x2, b0), x2, b0));
    s3_0 = vi_pairs16(s3_0, vb_add_high(vb_low(x3, b0), x3, b0));
    const vb b1 = vb_load(w + 16);
    s0_1 = vi_pairs16(s0_1, vb_add_high(vb_low(x0, b1), x0, b1));
    s1_1 = vi_pairs16(s1_1, vb_add_high(vb_low(x1, b1), x1, b1));
    s2_1 = vi_pairs16(s2_1, vb_add_high(vb_low(x2, b1), x2, b1));
    s3_1 = vi_pairs16(s3_1, vb_add_high(vb_low(x3, b1), x3, b1));
    const vb b2 = vb_load(w + 32);
    s0_2 = vi_pairs16(s0_2, vb_add_high(vb_low(x0, b2), x0, b2));
    s1_2 = vi_pairs16(s1_2, vb_add_high(vb_low(x1, b2), x1, b2));
    s2_2 = vi_pairs16(s2_2, vb_add_high(vb_low(x2, b2), x2, b2));
    s3_2 = vi_pairs16(s3_2, vb_add_high(vb_low(x3, b2), x3, b2));
    const vb b3 = vb_load(w + 48);
    s0_3 = vi_pairs16(s0_3, vb_add_high(vb_low(x0, b3), x0, b3));
    s1_3 = vi_pairs16(s1_3, vb_add_high(vb_low(x1, b3), x1, b3));
    s2_3 = vi_pairs16(s2_3, vb_add_high(vb_low(x2, b3), x2, b3));
    s3_3 = vi_pairs16(s3_3, vb_add_high(vb_low(x3, b3), x3, b3));
  }
  const vi from = vi_load(start);
  vi_store(s + 0, vi_add(from, vi_sums(s0_0, s0_1, s0_2, s0_3)));
  vi_store(s + 16, vi_add(from, vi_sums(s1_0, s1_1, s1_2, s1_3)));
  vi_store(s + 32, vi_add(from, vi_sums(s2_0, s2_1, s2_2, s2_3)));
  vi_store(s + 48, vi_add(from, vi_sums(s3_0, s3_1, s3_2, s3_3)));
}

/* 2 rows x 4 columns: s[16 * r] = start + sum over k of a[r][k] * w */
static void tile_s8_neon_chunks1_2x4(int32_t chunks, const int8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start) {
  const int8_t *const a0 = a[0];
  const int8_t *const a1 = a[1];
  vi s0_0 = vi_set1(0), s0_1 = vi_set1(0), s0_2 = vi_set1(0), s0_3 = vi_set1(0), s1_0 = vi_set1(0), s1_1 = vi_set1(0), s1_2 = vi_set1(0), s1_3 = vi_set1(0);
  int32_t k = 0;
  for (; k < 16 * chunks; k += 16, w += 64) {
    const vb x0 = vb_load(a0 + k);
    const vb x1 = vb_load(a1 + k);
    const vb b0 = vb_load(w + 0);
    s0_0 = vi_pairs16(s0_0, vb_add_high(vb_low(x0, b0), x0, b0));
    s1_0 = vi_pairs16(s1_0, vb_add_high(vb_low(x1, b0), x1, b0));
    const vb b1 = vb_load(w + 16);
    s0_1 = vi_pairs16(s0_1, vb_add_high(vb_low(x0, b1), x0, b1));
    s1_1 = vi_pairs16(s1_1, vb_add_high(vb_low(x1, b1), x1, b1));
    const vb b2 = vb_load(w + 32);
    s0_2 = vi_pairs16(s0_2, vb_add_high(vb_low(x0, b2), x0, b2));
    s1_2 = vi_pairs16(s1_2, vb_add_high(vb_low(x1, b2), x1, b2));
    const vb b3 = vb_load(w + 48);
    s0_3 = vi_pairs16(s0_3, vb_add_high(vb_low(x0, b3), x0, b3));
    s1_3 = vi_pairs16(s1_3, vb_add_high(vb_low(x1, b3), x1, b3));
  }
  const vi from = vi_load(start);
  vi_store(s + 0, vi_add(from, vi_sums(s0_0, s0_1, s0_2, s0_3)));
  vi_store(s + 16, vi_add(from, vi_sums(s1_0, s1_1, s1_2, s1_3)));
}

/* 1 rows x 4 columns: s[16 * r] = start + sum over k of a[r][k] * w */
static void tile_s8_neon_chunks1_1x4(int32_t chunks, const int8_t *const *a, const int8_t *w, int32_t *s, const int32_t *start) {
  const int8_t *const a0 = a[0];
  vi s0_0 = vi_set1(0), s0_1 = vi_set1(0), s0_2 = vi_set1(0), s0_3 = vi_set1(0);
  int32_t k = 0;
  for (; k < 16 * chunks; k += 16, w += 64) {
    const vb x0 = vb_load(a0 + k);
    const vb b0 = vb_load(w + 0);
    s0_0 = vi_pairs16(s0_0, vb_add_high(vb_low(x0, b0), x0, b0));
    const vb b1 = vb_load(w + 16);
    s0_1 = vi_pairs16(s0_1, vb_add_high(vb_low(x0, b1), x0, b1));
    const vb b2 = vb_load(w + 32);
    s0_2 = vi_pairs16(s0_2, vb_add_high(vb_low(x0, b2), x0, b2));
    const vb b3 = vb_load(w + 48);
    s0_3 = vi_pairs16(s0_3, vb_add_high(vb_low(x0, b3), x0, b3));
  }
  const vi from = vi_load(start);
  vi_store(s + 0, vi_add(from, vi_sums(s0_0, s0_1, s0_2, s0_3)));
}

static inline void chunk_copy_neon_moved(int8_t *to, const void *p, int32_t n, int32_t shift) {
  const int8_t *const from = (const int8_t *)p;
  int32_t i = 0;
  for (; i <= n - 16; i += 16) vb_store(to + i, vb_add(vb_load(from + i), shift));
  if (i < n && n >= 16) { /* the last ones, some of them once more */
    vb_store(to + n - 16, vb_add(vb_load(from + n - 16), shift));
    return;
  }
  for (; i < n; i++) to[i] = (int8_t)(from[i] + shift);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_u8s8_neon_chunks1_moved_4x4_u8_act4761c835(int32_t taps, int32_t kc, const uint8_t *const *a, ptrdiff_t ao, const int8_t *w,
    uint8_t *const *y, int32_t rows, int32_t n, int32_t height, float e0, float e1, int32_t zero, int32_t shift, int32_t edge, int32_t pitch, unsigned char *memory) {
  const int32_t chunks = (taps * kc + 15) / 16;
  int32_t s[192];
  const int8_t *p[12];
  (void)edge;

  for (int32_t r = 0; r < height; r++) { /* all taps of a row side by side, whole chunks */
    int8_t *to = (int8_t *)(memory + (ptrdiff_t)r * pitch);
    p[r] = to;
    for (int32_t t = 0; t < taps; t++, to += kc) chunk_copy_neon_moved(to, a[t * height + r] + ao, kc, shift);
    for (int32_t k = taps * kc; k < 16 * chunks; k++) *to++ = 0;
  }
  for (int32_t c = 0; c < n; c += 16) {
    const int32_t left = n - c < 16 ? n - c : 16, width = (left + 3) / 4 * 4;
    const int32_t *const head = (const int32_t *)(const void *)w;
    w += 4 * width;
    for (int32_t v = 0; v < width; v += 4, w += 64 * (ptrdiff_t)chunks) {
      for (int32_t r = 0; r < height; r += height - r >= 4 ? 4 : height - r >= 2 ? 2 : 1) {
          if (height - r >= 4) tile_s8_neon_chunks1_4x4(chunks, p + r, w, s + 16 * r + v, head + v);
          else if (height - r >= 2) tile_s8_neon_chunks1_2x4(chunks, p + r, w, s + 16 * r + v, head + v);
          else tile_s8_neon_chunks1_1x4(chunks, p + r, w, s + 16 * r + v, head + v);
      }
    }
    finish_s8_neon_u8_act4761c835(s, 16, y, c, rows, left, e0, e1, zero);
  }
}

static void conv_u8s8_neon_chunks1_moved_4x4_u8_act4761c835(const uint8_t *x, const int8_t *w, const uint8_t *zero, uint8_t *y, float e0, float e1, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_y, int32_t shift, int32_t edge, int32_t pitch, int32_t copies,
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {
  const uint8_t **const a = (const uint8_t **)scratch;
  uint8_t *out[12];
  const int32_t pixels = batch * oh * ow;
  w += n_from * (4 + ((ptrdiff_t)(kh * kw) * c + 15) / 16 * 16);
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * (4 + ((ptrdiff_t)(kh * kw) * c + 15) / 16 * 16)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
    for (int32_t p = p_from; p < p_to;) {
      const int32_t height = (p_to - p) >= 12 ? 12 : (p_to - p);
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
        rows_u8s8_neon_chunks1_moved_4x4_u8_act4761c835(kh * kw, c, a, (ptrdiff_t)g * c, w + (ptrdiff_t)g * wg, out, rows, cols, height, e0, e1, zero_y, shift, edge, pitch, (unsigned char *)scratch + copies);
        for (int32_t r = 0; r < rows; r++) {
          out[r] += n;
        }
      }
      p += rows;
    }
  }
}

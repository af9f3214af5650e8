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

/* scale_fixed(x0, x1, x2) */
static void finish_s8_neon_i8_fixed_4efc7217(const int32_t *s, int32_t ld, int8_t *const *y, ptrdiff_t no, int32_t rows, int32_t cols, int32_t e0, int32_t e1, int32_t zero) {
  const vi x0 = vi_set1(e0);
  const vi x1 = vi_set1(e1);
  const vw z = vw_set1(zero);
  int32_t c = 0;
  for (; c <= cols - 4 * VF_LANES; c += 4 * VF_LANES) {
    for (int32_t r = 0; r < rows; r++) {
      const vi v_0 = vi_load(s + (ptrdiff_t)r * ld + c);
      const vi t0_0 = vi_scale_right(v_0, x0, x1);
      const vi v_1 = vi_load(s + (ptrdiff_t)r * ld + c + 1 * VF_LANES);
      const vi t1_0 = vi_scale_right(v_1, x0, x1);
      const vi v_2 = vi_load(s + (ptrdiff_t)r * ld + c + 2 * VF_LANES);
      const vi t2_0 = vi_scale_right(v_2, x0, x1);
      const vi v_3 = vi_load(s + (ptrdiff_t)r * ld + c + 3 * VF_LANES);
      const vi t3_0 = vi_scale_right(v_3, x0, x1);
      vi_put16_i8(y[r] + no + c, t0_0, t1_0, t2_0, t3_0, z);
    }
  }
  for (; c <= cols - 2 * VF_LANES; c += 2 * VF_LANES) {
    for (int32_t r = 0; r < rows; r++) {
      const vi v_0 = vi_load(s + (ptrdiff_t)r * ld + c);
      const vi t0_0 = vi_scale_right(v_0, x0, x1);
      const vi v_1 = vi_load(s + (ptrdiff_t)r * ld + c + 1 * VF_LANES);
      const vi t1_0 = vi_scale_right(v_1, x0, x1);
      vi_put2_i8(y[r] + no + c, t0_0, t1_0, z);
    }
  }
  for (; c <= cols - VF_LANES; c += VF_LANES) {
    for (int32_t r = 0; r < rows; r++) {
      const vi v_0 = vi_load(s + (ptrdiff_t)r * ld + c);
      const vi t0_0 = vi_scale_right(v_0, x0, x1);
      vi_put_i8(y[r] + no + c, t0_0, z);
    }
  }
  if (c < cols) {
    for (int32_t r = 0; r < rows; r++) {
      const vi v_0 = vi_load(s + (ptrdiff_t)r * ld + c);
      const vi t0_0 = vi_scale_right(v_0, x0, x1);
      vi_put_i8_n(y[r] + no + c, t0_0, z, cols - c);
    }
  }
}

static inline vi vi_lower(vi a, vi b) { return vreinterpretq_s32_s64(vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b))); }
static inline vi vi_upper(vi a, vi b) { return vreinterpretq_s32_s64(vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b))); }
/* eight bytes here, and eight there */
static inline vi vi_eights(const void *a, const void *b) {
  return vreinterpretq_s32_s8(vcombine_s8(vld1_s8((const int8_t *)a), vld1_s8((const int8_t *)b)));
}
/* two numbers, twice */
static inline vi vi_twice(const void *p) {
  const int32x2_t v = vreinterpret_s32_s8(vld1_s8((const int8_t *)p));
  return vcombine_s32(v, v);
}
/* 2x2 sums s + 2x8 bytes of x by as many of w, both signed: s[2 * i + j] + the sum over k of x[8 * i + k] * w[8 * j + k] */
static inline vi vi_matrix(vi s, vi x, vi w) { return vmmlaq_s32(s, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w)); }

/* 8 rows x 2 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
static const int8_t *tile_i8s8_neon_mmla_8x8_i8_fixed_4efc7217(int32_t taps, int32_t kc, const int8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int8_t *const *y, ptrdiff_t no, int32_t rows, int32_t left, int32_t e0, int32_t e1, int32_t zero) {
  const int8_t *const *const first = a;
  for (; left > 4; left -= 8, no += 8) {
  a = first;
  const vi start0 = vi_twice(w + 0);
  const vi start1 = vi_twice(w + 8);
  const vi start2 = vi_twice(w + 16);
  const vi start3 = vi_twice(w + 24);
  vi m0_0 = start0, m0_1 = start1, m0_2 = start2, m0_3 = start3, m1_0 = start0, m1_1 = start1, m1_2 = start2, m1_3 = start3, m2_0 = start0, m2_1 = start1, m2_2 = start2, m2_3 = start3, m3_0 = start0, m3_1 = start1, m3_2 = start2, m3_3 = start3;
  w += 32;
  for (int32_t t = 0; t < taps; t++) {
    const int8_t *const a0 = a[0] + ao;
    const int8_t *const a1 = a[1] + ao;
    const int8_t *const a2 = a[2] + ao;
    const int8_t *const a3 = a[3] + ao;
    const int8_t *const a4 = a[4] + ao;
    const int8_t *const a5 = a[5] + ao;
    const int8_t *const a6 = a[6] + ao;
    const int8_t *const a7 = a[7] + ao;
    a += 8;
    int32_t k = 0;
    for (; k <= kc - 16; k += 16, w += 128) {
      const vi x0 = (vi_load(a0 + k));
      const vi x1 = (vi_load(a1 + k));
      const vi x2 = (vi_load(a2 + k));
      const vi x3 = (vi_load(a3 + k));
      const vi x4 = (vi_load(a4 + k));
      const vi x5 = (vi_load(a5 + k));
      const vi x6 = (vi_load(a6 + k));
      const vi x7 = (vi_load(a7 + k));
      const vi p0_0 = vi_lower(x0, x1);
      const vi p0_1 = vi_lower(x2, x3);
      const vi p0_2 = vi_lower(x4, x5);
      const vi p0_3 = vi_lower(x6, x7);
      const vi w0_0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0_0, w0_0);
      m1_0 = vi_matrix(m1_0, p0_1, w0_0);
      m2_0 = vi_matrix(m2_0, p0_2, w0_0);
      m3_0 = vi_matrix(m3_0, p0_3, w0_0);
      const vi w0_1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0_0, w0_1);
      m1_1 = vi_matrix(m1_1, p0_1, w0_1);
      m2_1 = vi_matrix(m2_1, p0_2, w0_1);
      m3_1 = vi_matrix(m3_1, p0_3, w0_1);
      const vi w0_2 = vi_load(w + 32);
      m0_2 = vi_matrix(m0_2, p0_0, w0_2);
      m1_2 = vi_matrix(m1_2, p0_1, w0_2);
      m2_2 = vi_matrix(m2_2, p0_2, w0_2);
      m3_2 = vi_matrix(m3_2, p0_3, w0_2);
      const vi w0_3 = vi_load(w + 48);
      m0_3 = vi_matrix(m0_3, p0_0, w0_3);
      m1_3 = vi_matrix(m1_3, p0_1, w0_3);
      m2_3 = vi_matrix(m2_3, p0_2, w0_3);
      m3_3 = vi_matrix(m3_3, p0_3, w0_3);
      const vi p1_0 = vi_upper(x0, x1);
      const vi p1_1 = vi_upper(x2, x3);
      const vi p1_2 = vi_upper(x4, x5);
      const vi p1_3 = vi_upper(x6, x7);
      const vi w1_0 = vi_load(w + 64);
      m0_0 = vi_matrix(m0_0, p1_0, w1_0);
      m1_0 = vi_matrix(m1_0, p1_1, w1_0);
      m2_0 = vi_matrix(m2_0, p1_2, w1_0);
      m3_0 = vi_matrix(m3_0, p1_3, w1_0);
      const vi w1_1 = vi_load(w + 80);
      m0_1 = vi_matrix(m0_1, p1_0, w1_1);
      m1_1 = vi_matrix(m1_1, p1_1, w1_1);
      m2_1 = vi_matrix(m2_1, p1_2, w1_1);
      m3_1 = vi_matrix(m3_1, p1_3, w1_1);
      const vi w1_2 = vi_load(w + 96);
      m0_2 = vi_matrix(m0_2, p1_0, w1_2);
      m1_2 = vi_matrix(m1_2, p1_1, w1_2);
      m2_2 = vi_matrix(m2_2, p1_2, w1_2);
      m3_2 = vi_matrix(m3_2, p1_3, w1_2);
      const vi w1_3 = vi_load(w + 112);
      m0_3 = vi_matrix(m0_3, p1_0, w1_3);
      m1_3 = vi_matrix(m1_3, p1_1, w1_3);
      m2_3 = vi_matrix(m2_3, p1_2, w1_3);
      m3_3 = vi_matrix(m3_3, p1_3, w1_3);
    }
    for (; k < kc; k += 8, w += 64) { /* the last eight, some of them once more */
      const int32_t at = k <= kc - 8 ? k : kc - 8;
      const vi p0 = (vi_eights(a0 + at, a1 + at));
      const vi p1 = (vi_eights(a2 + at, a3 + at));
      const vi p2 = (vi_eights(a4 + at, a5 + at));
      const vi p3 = (vi_eights(a6 + at, a7 + at));
      const vi w0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0, w0);
      m1_0 = vi_matrix(m1_0, p1, w0);
      m2_0 = vi_matrix(m2_0, p2, w0);
      m3_0 = vi_matrix(m3_0, p3, w0);
      const vi w1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0, w1);
      m1_1 = vi_matrix(m1_1, p1, w1);
      m2_1 = vi_matrix(m2_1, p2, w1);
      m3_1 = vi_matrix(m3_1, p3, w1);
      const vi w2 = vi_load(w + 32);
      m0_2 = vi_matrix(m0_2, p0, w2);
      m1_2 = vi_matrix(m1_2, p1, w2);
      m2_2 = vi_matrix(m2_2, p2, w2);
      m3_2 = vi_matrix(m3_2, p3, w2);
      const vi w3 = vi_load(w + 48);
      m0_3 = vi_matrix(m0_3, p0, w3);
      m1_3 = vi_matrix(m1_3, p1, w3);
      m2_3 = vi_matrix(m2_3, p2, w3);
      m3_3 = vi_matrix(m3_3, p3, w3);
    }
  }
  const vi s0_0 = vi_lower(m0_0, m0_1);
  const vi s0_1 = vi_lower(m0_2, m0_3);
  const vi s1_0 = vi_upper(m0_0, m0_1);
  const vi s1_1 = vi_upper(m0_2, m0_3);
  const vi s2_0 = vi_lower(m1_0, m1_1);
  const vi s2_1 = vi_lower(m1_2, m1_3);
  const vi s3_0 = vi_upper(m1_0, m1_1);
  const vi s3_1 = vi_upper(m1_2, m1_3);
  const vi s4_0 = vi_lower(m2_0, m2_1);
  const vi s4_1 = vi_lower(m2_2, m2_3);
  const vi s5_0 = vi_upper(m2_0, m2_1);
  const vi s5_1 = vi_upper(m2_2, m2_3);
  const vi s6_0 = vi_lower(m3_0, m3_1);
  const vi s6_1 = vi_lower(m3_2, m3_3);
  const vi s7_0 = vi_upper(m3_0, m3_1);
  const vi s7_1 = vi_upper(m3_2, m3_3);
  if (left < 8) {
    int32_t s[64];
    vi_store(s + 0, s0_0);
    vi_store(s + 4, s0_1);
    vi_store(s + 8, s1_0);
    vi_store(s + 12, s1_1);
    vi_store(s + 16, s2_0);
    vi_store(s + 20, s2_1);
    vi_store(s + 24, s3_0);
    vi_store(s + 28, s3_1);
    vi_store(s + 32, s4_0);
    vi_store(s + 36, s4_1);
    vi_store(s + 40, s5_0);
    vi_store(s + 44, s5_1);
    vi_store(s + 48, s6_0);
    vi_store(s + 52, s6_1);
    vi_store(s + 56, s7_0);
    vi_store(s + 60, s7_1);
    finish_s8_neon_i8_fixed_4efc7217(s, 8, y, no, rows, left, e0, e1, zero);
    return w;
  }
  const vi x0 = vi_set1(e0);
  const vi x1 = vi_set1(e1);
  const vw z = vw_set1(zero);
  (void)rows;
  {
    const vi v_0 = s0_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s0_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[0] + no, t0_0, t1_0, z);
  }
  {
    const vi v_0 = s1_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s1_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[1] + no, t0_0, t1_0, z);
  }
  {
    const vi v_0 = s2_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s2_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[2] + no, t0_0, t1_0, z);
  }
  {
    const vi v_0 = s3_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s3_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[3] + no, t0_0, t1_0, z);
  }
  {
    const vi v_0 = s4_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s4_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[4] + no, t0_0, t1_0, z);
  }
  {
    const vi v_0 = s5_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s5_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[5] + no, t0_0, t1_0, z);
  }
  {
    const vi v_0 = s6_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s6_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[6] + no, t0_0, t1_0, z);
  }
  {
    const vi v_0 = s7_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s7_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[7] + no, t0_0, t1_0, z);
  }
  }
  return w;
}

/* 2 rows x 2 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
static const int8_t *tile_i8s8_neon_mmla_2x8_i8_fixed_4efc7217(int32_t taps, int32_t kc, const int8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int8_t *const *y, ptrdiff_t no, int32_t rows, int32_t left, int32_t e0, int32_t e1, int32_t zero) {
  const int8_t *const *const first = a;
  for (; left > 4; left -= 8, no += 8) {
  a = first;
  const vi start0 = vi_twice(w + 0);
  const vi start1 = vi_twice(w + 8);
  const vi start2 = vi_twice(w + 16);
  const vi start3 = vi_twice(w + 24);
  vi m0_0 = start0, m0_1 = start1, m0_2 = start2, m0_3 = start3;
  w += 32;
  for (int32_t t = 0; t < taps; t++) {
    const int8_t *const a0 = a[0] + ao;
    const int8_t *const a1 = a[1] + ao;
    a += 2;
    int32_t k = 0;
    for (; k <= kc - 16; k += 16, w += 128) {
      const vi x0 = (vi_load(a0 + k));
      const vi x1 = (vi_load(a1 + k));
      const vi p0_0 = vi_lower(x0, x1);
      const vi w0_0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0_0, w0_0);
      const vi w0_1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0_0, w0_1);
      const vi w0_2 = vi_load(w + 32);
      m0_2 = vi_matrix(m0_2, p0_0, w0_2);
      const vi w0_3 = vi_load(w + 48);
      m0_3 = vi_matrix(m0_3, p0_0, w0_3);
      const vi p1_0 = vi_upper(x0, x1);
      const vi w1_0 = vi_load(w + 64);
      m0_0 = vi_matrix(m0_0, p1_0, w1_0);
      const vi w1_1 = vi_load(w + 80);
      m0_1 = vi_matrix(m0_1, p1_0, w1_1);
      const vi w1_2 = vi_load(w + 96);
      m0_2 = vi_matrix(m0_2, p1_0, w1_2);
      const vi w1_3 = vi_load(w + 112);
      m0_3 = vi_matrix(m0_3, p1_0, w1_3);
    }
    for (; k < kc; k += 8, w += 64) { /* the last eight, some of them once more */
      const int32_t at = k <= kc - 8 ? k : kc - 8;
      const vi p0 = (vi_eights(a0 + at, a1 + at));
      const vi w0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0, w0);
      const vi w1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0, w1);
      const vi w2 = vi_load(w + 32);
      m0_2 = vi_matrix(m0_2, p0, w2);
      const vi w3 = vi_load(w + 48);
      m0_3 = vi_matrix(m0_3, p0, w3);
    }
  }
  const vi s0_0 = vi_lower(m0_0, m0_1);
  const vi s0_1 = vi_lower(m0_2, m0_3);
  const vi s1_0 = vi_upper(m0_0, m0_1);
  const vi s1_1 = vi_upper(m0_2, m0_3);
  if (left < 8) {
    int32_t s[16];
    vi_store(s + 0, s0_0);
    vi_store(s + 4, s0_1);
    vi_store(s + 8, s1_0);
    vi_store(s + 12, s1_1);
    finish_s8_neon_i8_fixed_4efc7217(s, 8, y, no, rows, left, e0, e1, zero);
    return w;
  }
  const vi x0 = vi_set1(e0);
  const vi x1 = vi_set1(e1);
  const vw z = vw_set1(zero);
  (void)rows;
  {
    const vi v_0 = s0_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s0_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[0] + no, t0_0, t1_0, z);
  }
  {
    const vi v_0 = s1_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s1_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[1] + no, t0_0, t1_0, z);
  }
  }
  return w;
}

/* 1 rows x 2 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
static const int8_t *tile_i8s8_neon_mmla_1x8_i8_fixed_4efc7217(int32_t taps, int32_t kc, const int8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int8_t *const *y, ptrdiff_t no, int32_t rows, int32_t left, int32_t e0, int32_t e1, int32_t zero) {
  const int8_t *const *const first = a;
  for (; left > 4; left -= 8, no += 8) {
  a = first;
  const vi start0 = vi_twice(w + 0);
  const vi start1 = vi_twice(w + 8);
  const vi start2 = vi_twice(w + 16);
  const vi start3 = vi_twice(w + 24);
  vi m0_0 = start0, m0_1 = start1, m0_2 = start2, m0_3 = start3;
  w += 32;
  for (int32_t t = 0; t < taps; t++) {
    const int8_t *const a0 = a[0] + ao;
    a += 1;
    int32_t k = 0;
    for (; k <= kc - 16; k += 16, w += 128) {
      const vi x0 = (vi_load(a0 + k));
      const vi p0_0 = vi_lower(x0, x0);
      const vi w0_0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0_0, w0_0);
      const vi w0_1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0_0, w0_1);
      const vi w0_2 = vi_load(w + 32);
      m0_2 = vi_matrix(m0_2, p0_0, w0_2);
      const vi w0_3 = vi_load(w + 48);
      m0_3 = vi_matrix(m0_3, p0_0, w0_3);
      const vi p1_0 = vi_upper(x0, x0);
      const vi w1_0 = vi_load(w + 64);
      m0_0 = vi_matrix(m0_0, p1_0, w1_0);
      const vi w1_1 = vi_load(w + 80);
      m0_1 = vi_matrix(m0_1, p1_0, w1_1);
      const vi w1_2 = vi_load(w + 96);
      m0_2 = vi_matrix(m0_2, p1_0, w1_2);
      const vi w1_3 = vi_load(w + 112);
      m0_3 = vi_matrix(m0_3, p1_0, w1_3);
    }
    for (; k < kc; k += 8, w += 64) { /* the last eight, some of them once more */
      const int32_t at = k <= kc - 8 ? k : kc - 8;
      const vi p0 = (vi_eights(a0 + at, a0 + at));
      const vi w0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0, w0);
      const vi w1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0, w1);
      const vi w2 = vi_load(w + 32);
      m0_2 = vi_matrix(m0_2, p0, w2);
      const vi w3 = vi_load(w + 48);
      m0_3 = vi_matrix(m0_3, p0, w3);
    }
  }
  const vi s0_0 = vi_lower(m0_0, m0_1);
  const vi s0_1 = vi_lower(m0_2, m0_3);
  if (left < 8) {
    int32_t s[8];
    vi_store(s + 0, s0_0);
    vi_store(s + 4, s0_1);
    finish_s8_neon_i8_fixed_4efc7217(s, 8, y, no, rows, left, e0, e1, zero);
    return w;
  }
  const vi x0 = vi_set1(e0);
  const vi x1 = vi_set1(e1);
  const vw z = vw_set1(zero);
  (void)rows;
  {
    const vi v_0 = s0_0;
    const vi t0_0 = vi_scale_right(v_0, x0, x1);
    const vi v_1 = s0_1;
    const vi t1_0 = vi_scale_right(v_1, x0, x1);
    vi_put2_i8(y[0] + no, t0_0, t1_0, z);
  }
  }
  return w;
}

/* 8 rows x 1 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_i8s8_neon_mmla_8x4(int32_t taps, int32_t kc, const int8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_twice(w + 0);
  const vi start1 = vi_twice(w + 8);
  vi m0_0 = start0, m0_1 = start1, m1_0 = start0, m1_1 = start1, m2_0 = start0, m2_1 = start1, m3_0 = start0, m3_1 = start1;
  w += 16;
  for (int32_t t = 0; t < taps; t++) {
    const int8_t *const a0 = a[0] + ao;
    const int8_t *const a1 = a[1] + ao;
    const int8_t *const a2 = a[2] + ao;
    const int8_t *const a3 = a[3] + ao;
    const int8_t *const a4 = a[4] + ao;
    const int8_t *const a5 = a[5] + ao;
    const int8_t *const a6 = a[6] + ao;
    const int8_t *const a7 = a[7] + ao;
    a += 8;
    int32_t k = 0;
    for (; k <= kc - 16; k += 16, w += 64) {
      const vi x0 = (vi_load(a0 + k));
      const vi x1 = (vi_load(a1 + k));
      const vi x2 = (vi_load(a2 + k));
      const vi x3 = (vi_load(a3 + k));
      const vi x4 = (vi_load(a4 + k));
      const vi x5 = (vi_load(a5 + k));
      const vi x6 = (vi_load(a6 + k));
      const vi x7 = (vi_load(a7 + k));
      const vi p0_0 = vi_lower(x0, x1);
      const vi p0_1 = vi_lower(x2, x3);
      const vi p0_2 = vi_lower(x4, x5);
      const vi p0_3 = vi_lower(x6, x7);
      const vi w0_0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0_0, w0_0);
      m1_0 = vi_matrix(m1_0, p0_1, w0_0);
      m2_0 = vi_matrix(m2_0, p0_2, w0_0);
      m3_0 = vi_matrix(m3_0, p0_3, w0_0);
      const vi w0_1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0_0, w0_1);
      m1_1 = vi_matrix(m1_1, p0_1, w0_1);
      m2_1 = vi_matrix(m2_1, p0_2, w0_1);
      m3_1 = vi_matrix(m3_1, p0_3, w0_1);
      const vi p1_0 = vi_upper(x0, x1);
      const vi p1_1 = vi_upper(x2, x3);
      const vi p1_2 = vi_upper(x4, x5);
      const vi p1_3 = vi_upper(x6, x7);
      const vi w1_0 = vi_load(w + 32);
      m0_0 = vi_matrix(m0_0, p1_0, w1_0);
      m1_0 = vi_matrix(m1_0, p1_1, w1_0);
      m2_0 = vi_matrix(m2_0, p1_2, w1_0);
      m3_0 = vi_matrix(m3_0, p1_3, w1_0);
      const vi w1_1 = vi_load(w + 48);
      m0_1 = vi_matrix(m0_1, p1_0, w1_1);
      m1_1 = vi_matrix(m1_1, p1_1, w1_1);
      m2_1 = vi_matrix(m2_1, p1_2, w1_1);
      m3_1 = vi_matrix(m3_1, p1_3, w1_1);
    }
    for (; k < kc; k += 8, w += 32) { /* the last eight, some of them once more */
      const int32_t at = k <= kc - 8 ? k : kc - 8;
      const vi p0 = (vi_eights(a0 + at, a1 + at));
      const vi p1 = (vi_eights(a2 + at, a3 + at));
      const vi p2 = (vi_eights(a4 + at, a5 + at));
      const vi p3 = (vi_eights(a6 + at, a7 + at));
      const vi w0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0, w0);
      m1_0 = vi_matrix(m1_0, p1, w0);
      m2_0 = vi_matrix(m2_0, p2, w0);
      m3_0 = vi_matrix(m3_0, p3, w0);
      const vi w1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0, w1);
      m1_1 = vi_matrix(m1_1, p1, w1);
      m2_1 = vi_matrix(m2_1, p2, w1);
      m3_1 = vi_matrix(m3_1, p3, w1);
    }
  }
  const vi s0_0 = vi_lower(m0_0, m0_1);
  const vi s1_0 = vi_upper(m0_0, m0_1);
  const vi s2_0 = vi_lower(m1_0, m1_1);
  const vi s3_0 = vi_upper(m1_0, m1_1);
  const vi s4_0 = vi_lower(m2_0, m2_1);
  const vi s5_0 = vi_upper(m2_0, m2_1);
  const vi s6_0 = vi_lower(m3_0, m3_1);
  const vi s7_0 = vi_upper(m3_0, m3_1);
  vi_store(s + 0, s0_0);
  vi_store(s + 4, s1_0);
  vi_store(s + 8, s2_0);
  vi_store(s + 12, s3_0);
  vi_store(s + 16, s4_0);
  vi_store(s + 20, s5_0);
  vi_store(s + 24, s6_0);
  vi_store(s + 28, s7_0);
}

/* 2 rows x 1 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_i8s8_neon_mmla_2x4(int32_t taps, int32_t kc, const int8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_twice(w + 0);
  const vi start1 = vi_twice(w + 8);
  vi m0_0 = start0, m0_1 = start1;
  w += 16;
  for (int32_t t = 0; t < taps; t++) {
    const int8_t *const a0 = a[0] + ao;
    const int8_t *const a1 = a[1] + ao;
    a += 2;
    int32_t k = 0;
    for (; k <= kc - 16; k += 16, w += 64) {
      const vi x0 = (vi_load(a0 + k));
      const vi x1 = (vi_load(a1 + k));
      const vi p0_0 = vi_lower(x0, x1);
      const vi w0_0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0_0, w0_0);
      const vi w0_1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0_0, w0_1);
      const vi p1_0 = vi_upper(x0, x1);
      const vi w1_0 = vi_load(w + 32);
      m0_0 = vi_matrix(m0_0, p1_0, w1_0);
      const vi w1_1 = vi_load(w + 48);
      m0_1 = vi_matrix(m0_1, p1_0, w1_1);
    }
    for (; k < kc; k += 8, w += 32) { /* the last eight, some of them once more */
      const int32_t at = k <= kc - 8 ? k : kc - 8;
      const vi p0 = (vi_eights(a0 + at, a1 + at));
      const vi w0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0, w0);
      const vi w1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0, w1);
    }
  }
  const vi s0_0 = vi_lower(m0_0, m0_1);
  const vi s1_0 = vi_upper(m0_0, m0_1);
  vi_store(s + 0, s0_0);
  vi_store(s + 4, s1_0);
}

/* 1 rows x 1 vectors: s[r] = start + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_i8s8_neon_mmla_1x4(int32_t taps, int32_t kc, const int8_t *const *a, ptrdiff_t ao,
    const int8_t *w, int32_t *s) {
  const vi start0 = vi_twice(w + 0);
  const vi start1 = vi_twice(w + 8);
  vi m0_0 = start0, m0_1 = start1;
  w += 16;
  for (int32_t t = 0; t < taps; t++) {
    const int8_t *const a0 = a[0] + ao;
    a += 1;
    int32_t k = 0;
    for (; k <= kc - 16; k += 16, w += 64) {
      const vi x0 = (vi_load(a0 + k));
      const vi p0_0 = vi_lower(x0, x0);
      const vi w0_0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0_0, w0_0);
      const vi w0_1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0_0, w0_1);
      const vi p1_0 = vi_upper(x0, x0);
      const vi w1_0 = vi_load(w + 32);
      m0_0 = vi_matrix(m0_0, p1_0, w1_0);
      const vi w1_1 = vi_load(w + 48);
      m0_1 = vi_matrix(m0_1, p1_0, w1_1);
    }
    for (; k < kc; k += 8, w += 32) { /* the last eight, some of them once more */
      const int32_t at = k <= kc - 8 ? k : kc - 8;
      const vi p0 = (vi_eights(a0 + at, a0 + at));
      const vi w0 = vi_load(w + 0);
      m0_0 = vi_matrix(m0_0, p0, w0);
      const vi w1 = vi_load(w + 16);
      m0_1 = vi_matrix(m0_1, p0, w1);
    }
  }
  const vi s0_0 = vi_lower(m0_0, m0_1);
  vi_store(s + 0, s0_0);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_i8s8_neon_mmla_8x8_i8_fixed_4efc7217(int32_t taps, int32_t kc, const int8_t *const *a, ptrdiff_t ao, const int8_t *w,
    int8_t *const *y, int32_t rows, int32_t n, int32_t height, int32_t e0, int32_t e1, int32_t zero) {
  int32_t s[64];
  int32_t c = 0;
  if (n > 4) {
      if (height == 8) w = tile_i8s8_neon_mmla_8x8_i8_fixed_4efc7217(taps, kc, a, ao, w, y, 0, rows, n, e0, e1, zero);
      else if (height == 2) w = tile_i8s8_neon_mmla_2x8_i8_fixed_4efc7217(taps, kc, a, ao, w, y, 0, rows, n, e0, e1, zero);
      else w = tile_i8s8_neon_mmla_1x8_i8_fixed_4efc7217(taps, kc, a, ao, w, y, 0, rows, n, e0, e1, zero);
      c = (n - 4 + 7) / 8 * 8;
  }
  if (c < n) {
      const int32_t left = n - c, width = 4;
      if (height == 8) tile_i8s8_neon_mmla_8x4(taps, kc, a, ao, w, s);
      else if (height == 2) tile_i8s8_neon_mmla_2x4(taps, kc, a, ao, w, s);
      else tile_i8s8_neon_mmla_1x4(taps, kc, a, ao, w, s);
      finish_s8_neon_i8_fixed_4efc7217(s, width, y, c, rows, left < width ? left : width, e0, e1, zero);
  }
}

static void conv_i8s8_neon_mmla_8x8_i8_fixed_4efc7217(const int8_t *x, const int8_t *w, const int8_t *zero, int8_t *y, int32_t e0, int32_t e1, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_y,
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {
  const int8_t **const a = (const int8_t **)scratch;
  int8_t *out[8];
  const int32_t pixels = batch * oh * ow;
  w += n_from * (4 + (ptrdiff_t)(kh * kw) * ((c + 7) / 8 * 8));
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * (4 + (ptrdiff_t)(kh * kw) * ((c + 7) / 8 * 8))) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
    for (int32_t p = p_from; p < p_to;) {
      const int32_t height = (p_to - p) > 4 ? 8 : (p_to - p) > 1 ? 2 : 1;
      const int32_t rows = pixels - p < height ? pixels - p : height;
      for (int32_t r = 0; r < height; r++) { /* rows past the end repeat the last pixel and are not stored */
        const int8_t *const xb = x + (ptrdiff_t)b * xn;
        const int32_t iy0 = i * sh - ph, ix0 = j * sw - pw;
        out[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw + n0;
        if (iy0 >= 0 && ix0 >= 0 && iy0 + (kh - 1) * dh < ih && ix0 + (kw - 1) * dw < iw) {
          const int8_t *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
          const int8_t **to = a + r;
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
        rows_i8s8_neon_mmla_8x8_i8_fixed_4efc7217(kh * kw, c, a, (ptrdiff_t)g * c, w + (ptrdiff_t)g * wg, out, rows, cols, height, e0, e1, zero_y);
        for (int32_t r = 0; r < rows; r++) {
          out[r] += n;
        }
      }
      p += rows;
    }
  }
}

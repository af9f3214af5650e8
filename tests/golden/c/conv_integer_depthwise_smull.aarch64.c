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

typedef int32_t vm; /* how many bytes of a vector there are */
static inline vm vi_part(int32_t n) { return n; }
static inline vi vi_load_part(const void *p, vm part) {
  unsigned char t[16] = {0};
  if (part >= 16) return vi_load(p);
  if (part >= 8) __builtin_memcpy(t, p, 8);
  for (int32_t i = part >= 8 ? 8 : 0; i < part; i++) t[i] = ((const unsigned char *)p)[i];
  return vi_load(t);
}
static inline void vf_put4_u8(uint8_t *p, vf a, vf b, vf c, vf d, vi pairs, vm part) {
  const vw zero = vreinterpretq_s16_s32(pairs);
  uint8_t t[16];
  if (part >= 16) {
    vf_put16_u8(p, a, b, c, d, zero);
    return;
  }
  vf_put16_u8(t, a, b, c, d, zero);
  if (part >= 8) __builtin_memcpy(p, t, 8);
  for (int32_t i = part >= 8 ? 8 : 0; i < part; i++) p[i] = t[i];
}
static inline void vi_put4_u8(uint8_t *p, vi a, vi b, vi c, vi d, vi pairs, vm part) {
  const vw zero = vreinterpretq_s16_s32(pairs);
  uint8_t t[16];
  if (part >= 16) {
    vi_put16_u8(p, a, b, c, d, zero);
    return;
  }
  vi_put16_u8(t, a, b, c, d, zero);
  if (part >= 8) __builtin_memcpy(p, t, 8);
  for (int32_t i = part >= 8 ? 8 : 0; i < part; i++) p[i] = t[i];
}
static inline void vf_put4_i8(int8_t *p, vf a, vf b, vf c, vf d, vi pairs, vm part) {
  const vw zero = vreinterpretq_s16_s32(pairs);
  int8_t t[16];
  if (part >= 16) {
    vf_put16_i8(p, a, b, c, d, zero);
    return;
  }
  vf_put16_i8(t, a, b, c, d, zero);
  if (part >= 8) __builtin_memcpy(p, t, 8);
  for (int32_t i = part >= 8 ? 8 : 0; i < part; i++) p[i] = t[i];
}
static inline void vi_put4_i8(int8_t *p, vi a, vi b, vi c, vi d, vi pairs, vm part) {
  const vw zero = vreinterpretq_s16_s32(pairs);
  int8_t t[16];
  if (part >= 16) {
    vi_put16_i8(p, a, b, c, d, zero);
    return;
  }
  vi_put16_i8(t, a, b, c, d, zero);
  if (part >= 8) __builtin_memcpy(p, t, 8);
  for (int32_t i = part >= 8 ? 8 : 0; i < part; i++) p[i] = t[i];
}

/* s + the products of four neighbouring bytes, both signed */
static inline vi vi_dot(vi s, vi x, vi w) {
  const int8x16_t a = vreinterpretq_s8_s32(x), b = vreinterpretq_s8_s32(w);
  return vaddq_s32(s, vi_neighbours(vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(b))), vpaddlq_s16(vmull_s8(vget_high_s8(a), vget_high_s8(b)))));
}

/* Four taps of sixteen channels: x[q] holds the q-th four channels, the bytes of their taps side by side. */
static inline void vi_quads(vi a, vi b, vi c, vi d, vi x[4]) {
  const uint8x16x4_t t = {{vreinterpretq_u8_s32(a), vreinterpretq_u8_s32(b), vreinterpretq_u8_s32(c), vreinterpretq_u8_s32(d)}};
  const uint8x16_t first = {0, 16, 32, 48, 1, 17, 33, 49, 2, 18, 34, 50, 3, 19, 35, 51};
  for (int q = 0; q < 4; q++) x[q] = vreinterpretq_s32_u8(vqtbl4q_u8(t, vaddq_u8(first, vdupq_n_u8((uint8_t)(4 * q)))));
}

static void conv_i8s8_neon_depthwise_sums2_2_2_2_1_3x3s1_whole_i8_fixed_4efc7217(const int8_t *x, const int8_t *w, const int8_t *zero, int8_t *y, int32_t e0, int32_t e1,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t sh, int32_t dh, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw, int32_t zero_y, int32_t shift,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {
  const vi z = vi_set1((zero_y & 0xffff) * 0x10001); /* 16-bit */
  const int32_t columns = (ow - 1) * 1 + 3;
  (void)shift;
  const vi x0 = vi_set1(e0);
  const vi x1 = vi_set1(e1);
  for (int32_t r = r_from; r < r_to; r++) {
    const int32_t b = r / oh, i = r % oh, iy = i * sh - ph;
    const int8_t *const xb = x + (ptrdiff_t)b * xn;
    int8_t *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
    const int32_t at0 = iy + 0 * dh, ok0 = at0 >= 0 && at0 < ih;
    const int8_t *const row0 = ok0 ? xb + (ptrdiff_t)at0 * xh : zero;
    const ptrdiff_t across0 = ok0 ? xw : 0;
    const int32_t at1 = iy + 1 * dh, ok1 = at1 >= 0 && at1 < ih;
    const int8_t *const row1 = ok1 ? xb + (ptrdiff_t)at1 * xh : zero;
    const ptrdiff_t across1 = ok1 ? xw : 0;
    const int32_t at2 = iy + 2 * dh, ok2 = at2 >= 0 && at2 < ih;
    const int8_t *const row2 = ok2 ? xb + (ptrdiff_t)at2 * xh : zero;
    const ptrdiff_t across2 = ok2 ? xw : 0;
    const int8_t *q = w + (ptrdiff_t)(c_from / 16) * 208;
    for (int32_t c = c_from; c < c_to; c += 16, q += 208) {
      vi s0_0 = vi_set1(0), s0_1 = vi_set1(0), s0_2 = vi_set1(0), s0_3 = vi_set1(0), s1_0 = vi_set1(0), s1_1 = vi_set1(0), s1_2 = vi_set1(0), s1_3 = vi_set1(0), s2_0 = vi_set1(0), s2_1 = vi_set1(0), s2_2 = vi_set1(0), s2_3 = vi_set1(0);
      vs t0_low = vs_zero(), t0_high = vs_zero(), t1_low = vs_zero(), t1_high = vs_zero(), t2_low = vs_zero(), t2_high = vs_zero();
      for (int32_t j = 0; j < columns; j += 3) { /* column after column */
        if (j >= pw && j >= 2 && j + 3 <= columns && j + 3 - pw <= iw) {
          const int8_t *const p0 = row0 + ((j - pw) * across0 + c);
          const int8_t *const p1 = row1 + ((j - pw) * across1 + c);
          const int8_t *const p2 = row2 + ((j - pw) * across2 + c);
          {
            const vb r0 = vb_of(vi_load(p0 + 0 * across0));
            const vb r1 = vb_of(vi_load(p1 + 0 * across1));
            const vb r2 = vb_of(vi_load(p2 + 0 * across2));
            {
              const vb b = vb_load(q + 64);
              t0_low = vb_low(r0, b);
              t0_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 80);
              t0_low = vb_add_low(t0_low, r1, b);
              t0_high = vb_add_high(t0_high, r1, b);
            }
            s0_0 = vi_add_low(vi_load(q + 0), t0_low);
            s0_1 = vi_add_high(vi_load(q + 16), t0_low);
            s0_2 = vi_add_low(vi_load(q + 32), t0_high);
            s0_3 = vi_add_high(vi_load(q + 48), t0_high);
            {
              const vb b = vb_load(q + 96);
              t0_low = vb_low(r2, b);
              t0_high = vb_high(r2, b);
            }
            {
              const vb b = vb_load(q + 112);
              t2_low = vb_add_low(t2_low, r0, b);
              t2_high = vb_add_high(t2_high, r0, b);
            }
            s2_0 = vi_add_low(s2_0, t2_low);
            s2_1 = vi_add_high(s2_1, t2_low);
            s2_2 = vi_add_low(s2_2, t2_high);
            s2_3 = vi_add_high(s2_3, t2_high);
            {
              const vb b = vb_load(q + 128);
              t2_low = vb_low(r1, b);
              t2_high = vb_high(r1, b);
            }
            {
              const vb b = vb_load(q + 144);
              t2_low = vb_add_low(t2_low, r2, b);
              t2_high = vb_add_high(t2_high, r2, b);
            }
            s1_0 = vi_add_low(s1_0, t1_low);
            s1_1 = vi_add_high(s1_1, t1_low);
            s1_2 = vi_add_low(s1_2, t1_high);
            s1_3 = vi_add_high(s1_3, t1_high);
            {
              const vb b = vb_load(q + 160);
              t1_low = vb_low(r0, b);
              t1_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 176);
              t1_low = vb_add_low(t1_low, r1, b);
              t1_high = vb_add_high(t1_high, r1, b);
            }
            s1_0 = vi_add_low(s1_0, t1_low);
            s1_1 = vi_add_high(s1_1, t1_low);
            s1_2 = vi_add_low(s1_2, t1_high);
            s1_3 = vi_add_high(s1_3, t1_high);
            {
              const vb b = vb_load(q + 192);
              t1_low = vb_low(r2, b);
              t1_high = vb_high(r2, b);
            }
            const int32_t at = (int32_t)((uint32_t)(j + -2) / 1u);
            {
              s1_0 = vi_add_low(s1_0, t1_low);
              s1_1 = vi_add_high(s1_1, t1_low);
              s1_2 = vi_add_low(s1_2, t1_high);
              s1_3 = vi_add_high(s1_3, t1_high);
              const vi v0 = s1_0;
              const vi v1 = s1_1;
              const vi v2 = s1_2;
              const vi v3 = s1_3;
              const vi a0 = v0;
              const vi t0_0 = vi_scale_right(a0, x0, x1);
              const vi a1 = v1;
              const vi t1_0 = vi_scale_right(a1, x0, x1);
              const vi a2 = v2;
              const vi t2_0 = vi_scale_right(a2, x0, x1);
              const vi a3 = v3;
              const vi t3_0 = vi_scale_right(a3, x0, x1);
              vi_put4_i8(yr + (ptrdiff_t)at * yw + c, t0_0, t1_0, t2_0, t3_0, z, 16);
            }
          }
          {
            const vb r0 = vb_of(vi_load(p0 + 1 * across0));
            const vb r1 = vb_of(vi_load(p1 + 1 * across1));
            const vb r2 = vb_of(vi_load(p2 + 1 * across2));
            {
              const vb b = vb_load(q + 64);
              t1_low = vb_low(r0, b);
              t1_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 80);
              t1_low = vb_add_low(t1_low, r1, b);
              t1_high = vb_add_high(t1_high, r1, b);
            }
            s1_0 = vi_add_low(vi_load(q + 0), t1_low);
            s1_1 = vi_add_high(vi_load(q + 16), t1_low);
            s1_2 = vi_add_low(vi_load(q + 32), t1_high);
            s1_3 = vi_add_high(vi_load(q + 48), t1_high);
            {
              const vb b = vb_load(q + 96);
              t1_low = vb_low(r2, b);
              t1_high = vb_high(r2, b);
            }
            {
              const vb b = vb_load(q + 112);
              t0_low = vb_add_low(t0_low, r0, b);
              t0_high = vb_add_high(t0_high, r0, b);
            }
            s0_0 = vi_add_low(s0_0, t0_low);
            s0_1 = vi_add_high(s0_1, t0_low);
            s0_2 = vi_add_low(s0_2, t0_high);
            s0_3 = vi_add_high(s0_3, t0_high);
            {
              const vb b = vb_load(q + 128);
              t0_low = vb_low(r1, b);
              t0_high = vb_high(r1, b);
            }
            {
              const vb b = vb_load(q + 144);
              t0_low = vb_add_low(t0_low, r2, b);
              t0_high = vb_add_high(t0_high, r2, b);
            }
            s2_0 = vi_add_low(s2_0, t2_low);
            s2_1 = vi_add_high(s2_1, t2_low);
            s2_2 = vi_add_low(s2_2, t2_high);
            s2_3 = vi_add_high(s2_3, t2_high);
            {
              const vb b = vb_load(q + 160);
              t2_low = vb_low(r0, b);
              t2_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 176);
              t2_low = vb_add_low(t2_low, r1, b);
              t2_high = vb_add_high(t2_high, r1, b);
            }
            s2_0 = vi_add_low(s2_0, t2_low);
            s2_1 = vi_add_high(s2_1, t2_low);
            s2_2 = vi_add_low(s2_2, t2_high);
            s2_3 = vi_add_high(s2_3, t2_high);
            {
              const vb b = vb_load(q + 192);
              t2_low = vb_low(r2, b);
              t2_high = vb_high(r2, b);
            }
            const int32_t at = (int32_t)((uint32_t)(j + -1) / 1u);
            {
              s2_0 = vi_add_low(s2_0, t2_low);
              s2_1 = vi_add_high(s2_1, t2_low);
              s2_2 = vi_add_low(s2_2, t2_high);
              s2_3 = vi_add_high(s2_3, t2_high);
              const vi v0 = s2_0;
              const vi v1 = s2_1;
              const vi v2 = s2_2;
              const vi v3 = s2_3;
              const vi a0 = v0;
              const vi t0_0 = vi_scale_right(a0, x0, x1);
              const vi a1 = v1;
              const vi t1_0 = vi_scale_right(a1, x0, x1);
              const vi a2 = v2;
              const vi t2_0 = vi_scale_right(a2, x0, x1);
              const vi a3 = v3;
              const vi t3_0 = vi_scale_right(a3, x0, x1);
              vi_put4_i8(yr + (ptrdiff_t)at * yw + c, t0_0, t1_0, t2_0, t3_0, z, 16);
            }
          }
          {
            const vb r0 = vb_of(vi_load(p0 + 2 * across0));
            const vb r1 = vb_of(vi_load(p1 + 2 * across1));
            const vb r2 = vb_of(vi_load(p2 + 2 * across2));
            {
              const vb b = vb_load(q + 64);
              t2_low = vb_low(r0, b);
              t2_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 80);
              t2_low = vb_add_low(t2_low, r1, b);
              t2_high = vb_add_high(t2_high, r1, b);
            }
            s2_0 = vi_add_low(vi_load(q + 0), t2_low);
            s2_1 = vi_add_high(vi_load(q + 16), t2_low);
            s2_2 = vi_add_low(vi_load(q + 32), t2_high);
            s2_3 = vi_add_high(vi_load(q + 48), t2_high);
            {
              const vb b = vb_load(q + 96);
              t2_low = vb_low(r2, b);
              t2_high = vb_high(r2, b);
            }
            {
              const vb b = vb_load(q + 112);
              t1_low = vb_add_low(t1_low, r0, b);
              t1_high = vb_add_high(t1_high, r0, b);
            }
            s1_0 = vi_add_low(s1_0, t1_low);
            s1_1 = vi_add_high(s1_1, t1_low);
            s1_2 = vi_add_low(s1_2, t1_high);
            s1_3 = vi_add_high(s1_3, t1_high);
            {
              const vb b = vb_load(q + 128);
              t1_low = vb_low(r1, b);
              t1_high = vb_high(r1, b);
            }
            {
              const vb b = vb_load(q + 144);
              t1_low = vb_add_low(t1_low, r2, b);
              t1_high = vb_add_high(t1_high, r2, b);
            }
            s0_0 = vi_add_low(s0_0, t0_low);
            s0_1 = vi_add_high(s0_1, t0_low);
            s0_2 = vi_add_low(s0_2, t0_high);
            s0_3 = vi_add_high(s0_3, t0_high);
            {
              const vb b = vb_load(q + 160);
              t0_low = vb_low(r0, b);
              t0_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 176);
              t0_low = vb_add_low(t0_low, r1, b);
              t0_high = vb_add_high(t0_high, r1, b);
            }
            s0_0 = vi_add_low(s0_0, t0_low);
            s0_1 = vi_add_high(s0_1, t0_low);
            s0_2 = vi_add_low(s0_2, t0_high);
            s0_3 = vi_add_high(s0_3, t0_high);
            {
              const vb b = vb_load(q + 192);
              t0_low = vb_low(r2, b);
              t0_high = vb_high(r2, b);
            }
            const int32_t at = (int32_t)((uint32_t)(j + 0) / 1u);
            {
              s0_0 = vi_add_low(s0_0, t0_low);
              s0_1 = vi_add_high(s0_1, t0_low);
              s0_2 = vi_add_low(s0_2, t0_high);
              s0_3 = vi_add_high(s0_3, t0_high);
              const vi v0 = s0_0;
              const vi v1 = s0_1;
              const vi v2 = s0_2;
              const vi v3 = s0_3;
              const vi a0 = v0;
              const vi t0_0 = vi_scale_right(a0, x0, x1);
              const vi a1 = v1;
              const vi t1_0 = vi_scale_right(a1, x0, x1);
              const vi a2 = v2;
              const vi t2_0 = vi_scale_right(a2, x0, x1);
              const vi a3 = v3;
              const vi t3_0 = vi_scale_right(a3, x0, x1);
              vi_put4_i8(yr + (ptrdiff_t)at * yw + c, t0_0, t1_0, t2_0, t3_0, z, 16);
            }
          }
        } else {
          {
            const int32_t ix = j + 0 - pw;
            const int in = ix >= 0 && ix < iw;
            const vb r0 = vb_of(vi_load((in ? row0 + ix * across0 : zero) + c));
            const vb r1 = vb_of(vi_load((in ? row1 + ix * across1 : zero) + c));
            const vb r2 = vb_of(vi_load((in ? row2 + ix * across2 : zero) + c));
            {
              const vb b = vb_load(q + 64);
              t0_low = vb_low(r0, b);
              t0_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 80);
              t0_low = vb_add_low(t0_low, r1, b);
              t0_high = vb_add_high(t0_high, r1, b);
            }
            s0_0 = vi_add_low(vi_load(q + 0), t0_low);
            s0_1 = vi_add_high(vi_load(q + 16), t0_low);
            s0_2 = vi_add_low(vi_load(q + 32), t0_high);
            s0_3 = vi_add_high(vi_load(q + 48), t0_high);
            {
              const vb b = vb_load(q + 96);
              t0_low = vb_low(r2, b);
              t0_high = vb_high(r2, b);
            }
            {
              const vb b = vb_load(q + 112);
              t2_low = vb_add_low(t2_low, r0, b);
              t2_high = vb_add_high(t2_high, r0, b);
            }
            s2_0 = vi_add_low(s2_0, t2_low);
            s2_1 = vi_add_high(s2_1, t2_low);
            s2_2 = vi_add_low(s2_2, t2_high);
            s2_3 = vi_add_high(s2_3, t2_high);
            {
              const vb b = vb_load(q + 128);
              t2_low = vb_low(r1, b);
              t2_high = vb_high(r1, b);
            }
            {
              const vb b = vb_load(q + 144);
              t2_low = vb_add_low(t2_low, r2, b);
              t2_high = vb_add_high(t2_high, r2, b);
            }
            s1_0 = vi_add_low(s1_0, t1_low);
            s1_1 = vi_add_high(s1_1, t1_low);
            s1_2 = vi_add_low(s1_2, t1_high);
            s1_3 = vi_add_high(s1_3, t1_high);
            {
              const vb b = vb_load(q + 160);
              t1_low = vb_low(r0, b);
              t1_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 176);
              t1_low = vb_add_low(t1_low, r1, b);
              t1_high = vb_add_high(t1_high, r1, b);
            }
            s1_0 = vi_add_low(s1_0, t1_low);
            s1_1 = vi_add_high(s1_1, t1_low);
            s1_2 = vi_add_low(s1_2, t1_high);
            s1_3 = vi_add_high(s1_3, t1_high);
            {
              const vb b = vb_load(q + 192);
              t1_low = vb_low(r2, b);
              t1_high = vb_high(r2, b);
            }
            const int32_t at = (j + 0 - 2) / 1;
            if (j + 0 >= 2) {
              s1_0 = vi_add_low(s1_0, t1_low);
              s1_1 = vi_add_high(s1_1, t1_low);
              s1_2 = vi_add_low(s1_2, t1_high);
              s1_3 = vi_add_high(s1_3, t1_high);
              const vi v0 = s1_0;
              const vi v1 = s1_1;
              const vi v2 = s1_2;
              const vi v3 = s1_3;
              const vi a0 = v0;
              const vi t0_0 = vi_scale_right(a0, x0, x1);
              const vi a1 = v1;
              const vi t1_0 = vi_scale_right(a1, x0, x1);
              const vi a2 = v2;
              const vi t2_0 = vi_scale_right(a2, x0, x1);
              const vi a3 = v3;
              const vi t3_0 = vi_scale_right(a3, x0, x1);
              vi_put4_i8(yr + (ptrdiff_t)at * yw + c, t0_0, t1_0, t2_0, t3_0, z, 16);
            }
          }
          if (j + 1 < columns) {
            const int32_t ix = j + 1 - pw;
            const int in = ix >= 0 && ix < iw;
            const vb r0 = vb_of(vi_load((in ? row0 + ix * across0 : zero) + c));
            const vb r1 = vb_of(vi_load((in ? row1 + ix * across1 : zero) + c));
            const vb r2 = vb_of(vi_load((in ? row2 + ix * across2 : zero) + c));
            {
              const vb b = vb_load(q + 64);
              t1_low = vb_low(r0, b);
              t1_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 80);
              t1_low = vb_add_low(t1_low, r1, b);
              t1_high = vb_add_high(t1_high, r1, b);
            }
            s1_0 = vi_add_low(vi_load(q + 0), t1_low);
            s1_1 = vi_add_high(vi_load(q + 16), t1_low);
            s1_2 = vi_add_low(vi_load(q + 32), t1_high);
            s1_3 = vi_add_high(vi_load(q + 48), t1_high);
            {
              const vb b = vb_load(q + 96);
              t1_low = vb_low(r2, b);
              t1_high = vb_high(r2, b);
            }
            {
              const vb b = vb_load(q + 112);
              t0_low = vb_add_low(t0_low, r0, b);
              t0_high = vb_add_high(t0_high, r0, b);
            }
            s0_0 = vi_add_low(s0_0, t0_low);
            s0_1 = vi_add_high(s0_1, t0_low);
            s0_2 = vi_add_low(s0_2, t0_high);
            s0_3 = vi_add_high(s0_3, t0_high);
            {
              const vb b = vb_load(q + 128);
              t0_low = vb_low(r1, b);
              t0_high = vb_high(r1, b);
            }
            {
              const vb b = vb_load(q + 144);
              t0_low = vb_add_low(t0_low, r2, b);
              t0_high = vb_add_high(t0_high, r2, b);
            }
            s2_0 = vi_add_low(s2_0, t2_low);
            s2_1 = vi_add_high(s2_1, t2_low);
            s2_2 = vi_add_low(s2_2, t2_high);
            s2_3 = vi_add_high(s2_3, t2_high);
            {
              const vb b = vb_load(q + 160);
              t2_low = vb_low(r0, b);
              t2_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 176);
              t2_low = vb_add_low(t2_low, r1, b);
              t2_high = vb_add_high(t2_high, r1, b);
            }
            s2_0 = vi_add_low(s2_0, t2_low);
            s2_1 = vi_add_high(s2_1, t2_low);
            s2_2 = vi_add_low(s2_2, t2_high);
            s2_3 = vi_add_high(s2_3, t2_high);
            {
              const vb b = vb_load(q + 192);
              t2_low = vb_low(r2, b);
              t2_high = vb_high(r2, b);
            }
            const int32_t at = (j + 1 - 2) / 1;
            if (j + 1 >= 2) {
              s2_0 = vi_add_low(s2_0, t2_low);
              s2_1 = vi_add_high(s2_1, t2_low);
              s2_2 = vi_add_low(s2_2, t2_high);
              s2_3 = vi_add_high(s2_3, t2_high);
              const vi v0 = s2_0;
              const vi v1 = s2_1;
              const vi v2 = s2_2;
              const vi v3 = s2_3;
              const vi a0 = v0;
              const vi t0_0 = vi_scale_right(a0, x0, x1);
              const vi a1 = v1;
              const vi t1_0 = vi_scale_right(a1, x0, x1);
              const vi a2 = v2;
              const vi t2_0 = vi_scale_right(a2, x0, x1);
              const vi a3 = v3;
              const vi t3_0 = vi_scale_right(a3, x0, x1);
              vi_put4_i8(yr + (ptrdiff_t)at * yw + c, t0_0, t1_0, t2_0, t3_0, z, 16);
            }
          }
          if (j + 2 < columns) {
            const int32_t ix = j + 2 - pw;
            const int in = ix >= 0 && ix < iw;
            const vb r0 = vb_of(vi_load((in ? row0 + ix * across0 : zero) + c));
            const vb r1 = vb_of(vi_load((in ? row1 + ix * across1 : zero) + c));
            const vb r2 = vb_of(vi_load((in ? row2 + ix * across2 : zero) + c));
            {
              const vb b = vb_load(q + 64);
              t2_low = vb_low(r0, b);
              t2_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 80);
              t2_low = vb_add_low(t2_low, r1, b);
              t2_high = vb_add_high(t2_high, r1, b);
            }
            s2_0 = vi_add_low(vi_load(q + 0), t2_low);
            s2_1 = vi_add_high(vi_load(q + 16), t2_low);
            s2_2 = vi_add_low(vi_load(q + 32), t2_high);
            s2_3 = vi_add_high(vi_load(q + 48), t2_high);
            {
              const vb b = vb_load(q + 96);
              t2_low = vb_low(r2, b);
              t2_high = vb_high(r2, b);
            }
            {
              const vb b = vb_load(q + 112);
              t1_low = vb_add_low(t1_low, r0, b);
              t1_high = vb_add_high(t1_high, r0, b);
            }
            s1_0 = vi_add_low(s1_0, t1_low);
            s1_1 = vi_add_high(s1_1, t1_low);
            s1_2 = vi_add_low(s1_2, t1_high);
            s1_3 = vi_add_high(s1_3, t1_high);
            {
              const vb b = vb_load(q + 128);
              t1_low = vb_low(r1, b);
              t1_high = vb_high(r1, b);
            }
            {
              const vb b = vb_load(q + 144);
              t1_low = vb_add_low(t1_low, r2, b);
              t1_high = vb_add_high(t1_high, r2, b);
            }
            s0_0 = vi_add_low(s0_0, t0_low);
            s0_1 = vi_add_high(s0_1, t0_low);
            s0_2 = vi_add_low(s0_2, t0_high);
            s0_3 = vi_add_high(s0_3, t0_high);
            {
              const vb b = vb_load(q + 160);
              t0_low = vb_low(r0, b);
              t0_high = vb_high(r0, b);
            }
            {
              const vb b = vb_load(q + 176);
              t0_low = vb_add_low(t0_low, r1, b);
              t0_high = vb_add_high(t0_high, r1, b);
            }
            s0_0 = vi_add_low(s0_0, t0_low);
            s0_1 = vi_add_high(s0_1, t0_low);
            s0_2 = vi_add_low(s0_2, t0_high);
            s0_3 = vi_add_high(s0_3, t0_high);
            {
              const vb b = vb_load(q + 192);
              t0_low = vb_low(r2, b);
              t0_high = vb_high(r2, b);
            }
            const int32_t at = (j + 2 - 2) / 1;
            if (j + 2 >= 2) {
              s0_0 = vi_add_low(s0_0, t0_low);
              s0_1 = vi_add_high(s0_1, t0_low);
              s0_2 = vi_add_low(s0_2, t0_high);
              s0_3 = vi_add_high(s0_3, t0_high);
              const vi v0 = s0_0;
              const vi v1 = s0_1;
              const vi v2 = s0_2;
              const vi v3 = s0_3;
              const vi a0 = v0;
              const vi t0_0 = vi_scale_right(a0, x0, x1);
              const vi a1 = v1;
              const vi t1_0 = vi_scale_right(a1, x0, x1);
              const vi a2 = v2;
              const vi t2_0 = vi_scale_right(a2, x0, x1);
              const vi a3 = v3;
              const vi t3_0 = vi_scale_right(a3, x0, x1);
              vi_put4_i8(yr + (ptrdiff_t)at * yw + c, t0_0, t1_0, t2_0, t3_0, z, 16);
            }
          }
        }
      }
    }
  }
}

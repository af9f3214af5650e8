static inline void mve_copy(int8_t *to, const int8_t *from, int32_t bytes) {
  for (; bytes > 0; bytes -= 16, to += 16, from += 16) {
    const mve_pred16_t p = vctp8q((uint32_t)bytes);
    vstrbq_p_s8(to, vldrbq_z_s8(from, p), p);
  }
}
static inline void mve_fill(int8_t *to, int32_t zero, int32_t bytes) {
  for (; bytes > 0; bytes -= 16, to += 16) vstrbq_p_s8(to, vdupq_n_s8((int8_t)zero), vctp8q((uint32_t)bytes));
}

/* three pixels by `pairs` pairs of channels, sixteen products at a time */
__attribute__((naked, noinline)) static void mve_3x2(const int8_t *x0 __attribute__((unused)), const int8_t *x1 __attribute__((unused)), const int8_t *x2 __attribute__((unused)), const int8_t *w __attribute__((unused)), int32_t *s __attribute__((unused)), int32_t pairs __attribute__((unused)), int32_t blocks __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "sub sp, sp, #24\n"
      "strd r0, r1, [sp]\n"
      "str r2, [sp, #8]\n"
      "mov r9, r3\n"
      "ldrd r11, r12, [sp, #60]\n"
      "ldr r4, [sp, #68]\n"
      "lsl r5, r4, #4\n"
      "strd r4, r5, [sp, #12]\n"
      "1:\n"
      "mov r7, r9\n"
      "ldrd lr, r5, [sp, #12]\n"
      "add r9, r7, r5\n"
      "ldrd r1, r3, [sp]\n"
      "ldr r5, [sp, #8]\n"
      "mov.w r0, #0\n"
      "mov.w r2, #0\n"
      "mov.w r4, #0\n"
      "mov.w r6, #0\n"
      "mov.w r8, #0\n"
      "mov.w r10, #0\n"
      "dls lr, lr\n"
      "2:\n"
      "vldrb.8 q0, [r1], #16\n"
      "vldrb.8 q3, [r7], #16\n"
      "vldrb.8 q1, [r3], #16\n"
      "vmladava.s8 r0, q0, q3\n"
      "vldrb.8 q2, [r5], #16\n"
      "vmladava.s8 r4, q1, q3\n"
      "vmladava.s8 r8, q2, q3\n"
      "vldrb.8 q3, [r9], #16\n"
      "vmladava.s8 r2, q0, q3\n"
      "vmladava.s8 r6, q1, q3\n"
      "vmladava.s8 r10, q2, q3\n"
      "le lr, 2b\n"
      "strd r0, r2, [r11], #8\n"
      "strd r4, r6, [r11], #8\n"
      "strd r8, r10, [r11], #8\n"
      "subs r12, r12, #1\n"
      "bne.w 1b\n"
      "add sp, sp, #24\n"
      "pop {r4-r11, pc}\n");
}

static void conv_s8s8_mve_3x2_s16l2_m128_127(const int8_t *x, const int8_t *w, const int32_t *start, int8_t *y, void *scratch, int32_t pixels,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c_in, int32_t o, int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t ph,
    int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t blocks, int32_t zero) {
  int32_t *const s = (int32_t *)scratch;
  int8_t *const a = (int8_t *)(s + 6 * ((o + 1) / 2));
  int32_t n = 0, i = 0, j = 0;
  const uint64x2_t apart = vcreateq_u64(0, 24);
  for (int32_t p = 0; p < pixels; p += 3) {
    const int8_t *rows[3];
    for (int32_t r = 0; r < 3; r++) {
      const int32_t iy = i * sh - ph, ix = j * sw - pw, left = ix < 0 ? -ix : 0, right = ix + kw < iw ? kw : iw - ix;
      const int8_t *from = x + (ptrdiff_t)n * xn + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw;
      int8_t *to = a + (ptrdiff_t)r * 16 * blocks;
      rows[r] = to;
      if (iy >= 0 && ix >= 0 && iy + kh <= ih && ix + kw <= iw) {
        for (int32_t k = 0; k < kh; k++, from += xh, to += kw * c_in) mve_copy(to, from, kw * c_in);
      } else
      for (int32_t k = 0; k < kh; k++, from += xh, to += kw * c_in) {
        if (iy + k < 0 || iy + k >= ih || left >= right) {
          mve_fill(to, zero, kw * c_in);
          continue;
        }
        mve_fill(to, zero, left * c_in);
        mve_copy(to + left * c_in, from + left * c_in, (right - left) * c_in);
        mve_fill(to + right * c_in, zero, (kw - right) * c_in);
      }
      if (p + r < pixels - 1 && ++j == ow) {
        j = 0;
        if (++i == oh) {
          i = 0;
          n++;
        }
      }
    }
    mve_3x2(rows[0], rows[1], rows[2], w, s, (o + 1) / 2, blocks);
    const int32_t many = pixels - p < 3 ? pixels - p : 3;
    int32_t c = 0;
    for (; c + 4 <= o; c += 4) {
      const int32x4_t m = vldrwq_s32(start + c), b = vldrwq_s32(start + o + c);
      for (int32_t r = 0; r < many; r++) {
        const int32x4_t v = vreinterpretq_s32_s64(vldrdq_gather_offset_s64((const int64_t *)(const void *)(s + 3 * c + 2 * r), apart));
        const int32x4_t h = vaddq_s32(vmulhq_s32(vshlq_n_s32(v, 10), m), b);
        vstrbq_s32(y + (ptrdiff_t)(p + r) * yp + c, vminq_s32(vmaxq_s32(vshrq_n_s32(h, 16), vdupq_n_s32(-128)), vdupq_n_s32(127)));
      }
    }
    for (; c < o; c++) {
      for (int32_t r = 0; r < many; r++) {
        int8_t *const q = y + (ptrdiff_t)(p + r) * yp;
        const int32_t v = s[c / 2 * 6 + 2 * r + c % 2] * 1024;
        const int32_t h = ((int32_t)(((int64_t)v * start[c]) >> 32) + start[o + c]) >> 16;
        q[c] = (int8_t)(h < -128 ? -128 : h > 127 ? 127 : h);
      }
    }
  }
}

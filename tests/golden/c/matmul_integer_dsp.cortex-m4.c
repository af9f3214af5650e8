static inline uint32_t dsp_sxtb16(uint32_t w) {
  __asm__("sxtb16 %0, %1" : "=r"(w) : "r"(w));
  return w;
}
static inline uint32_t dsp_sxtb16_8(uint32_t w) {
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(w) : "r"(w));
  return w;
}

typedef struct {
  uint32_t w;
} __attribute__((packed, may_alias)) dsp_word; /* at any address */

static inline uint32_t *dsp_widen_i8_1(uint32_t *to, const int8_t *from, int32_t bytes) {
  for (; bytes >= 16; bytes -= 16, from += 16, to += 8) {
    for (int i = 0; i < 4; i++) {
      const uint32_t w = ((const dsp_word *)(const void *)(from + 4 * i))->w;
      to[2 * i] = dsp_sxtb16(w);
      to[2 * i + 1] = dsp_sxtb16_8(w);
    }
  }
  for (; bytes >= 4; bytes -= 4, from += 4, to += 2) {
    const uint32_t w = ((const dsp_word *)(const void *)from)->w;
    to[0] = dsp_sxtb16(w);
    to[1] = dsp_sxtb16_8(w);
  }
  if (bytes > 0) {
    uint32_t w = (uint8_t)from[0];
    if (bytes > 1) w |= (uint32_t)(uint8_t)from[1] << 8;
    if (bytes > 2) w |= (uint32_t)(uint8_t)from[2] << 16;
    to[0] = dsp_sxtb16(w);
    to[1] = dsp_sxtb16_8(w);
    to += 2;
  }
  return to;
}

/* one pixel by `groups` groups of eight channels */
__attribute__((naked, noinline)) static void dsp_1x8_s16l2(const int32_t *a __attribute__((unused)), const void *w __attribute__((unused)), void *y __attribute__((unused)), int32_t groups __attribute__((unused)), int32_t words __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "sub sp, sp, #24\n"
      "ldr r5, [sp, #60]\n"
      "str r0, [sp]\n"
      "add r6, r0, r5, lsl #2\n"
      "str r6, [sp, #8]\n"
      "strd r2, r3, [sp, #12]\n"
      "rsb r12, r5, #0\n"
      "and r12, r12, #7\n"
      "mov lr, #60\n"
      "mul r12, r12, lr\n"
      "adr lr, 2f\n"
      "add r12, r12, lr\n"
      "orr r12, r12, #1\n"
      "str r12, [sp, #4]\n"
      "b 1f\n"
      ".p2align 2\n"
      "1:\n"
      "ldr r0, [sp]\n"
      "mov.w r2, #0\n"
      "mov.w r3, #0\n"
      "mov.w r4, #0\n"
      "mov.w r5, #0\n"
      "mov.w r6, #0\n"
      "mov.w r7, #0\n"
      "mov.w r8, #0\n"
      "mov.w r9, #0\n"
      "ldr pc, [sp, #4]\n"
      ".p2align 2\n"
      "2:\n"
      "ldr.w r10, [r0], #4\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r3, lr, r10, r3\n"
      "sxtb16 lr, r12\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r5, lr, r10, r5\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r6, r11, r10, r6\n"
      "smlad r7, lr, r10, r7\n"
      "sxtb16 lr, r12\n"
      "smlad r8, r12, r10, r8\n"
      "smlad r9, lr, r10, r9\n"
      "ldr.w r10, [r0], #4\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r3, lr, r10, r3\n"
      "sxtb16 lr, r12\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r5, lr, r10, r5\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r6, r11, r10, r6\n"
      "smlad r7, lr, r10, r7\n"
      "sxtb16 lr, r12\n"
      "smlad r8, r12, r10, r8\n"
      "smlad r9, lr, r10, r9\n"
      "ldr.w r10, [r0], #4\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r3, lr, r10, r3\n"
      "sxtb16 lr, r12\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r5, lr, r10, r5\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r6, r11, r10, r6\n"
      "smlad r7, lr, r10, r7\n"
      "sxtb16 lr, r12\n"
      "smlad r8, r12, r10, r8\n"
      "smlad r9, lr, r10, r9\n"
      "ldr.w r10, [r0], #4\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r3, lr, r10, r3\n"
      "sxtb16 lr, r12\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r5, lr, r10, r5\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r6, r11, r10, r6\n"
      "smlad r7, lr, r10, r7\n"
      "sxtb16 lr, r12\n"
      "smlad r8, r12, r10, r8\n"
      "smlad r9, lr, r10, r9\n"
      "ldr.w r10, [r0], #4\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r3, lr, r10, r3\n"
      "sxtb16 lr, r12\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r5, lr, r10, r5\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r6, r11, r10, r6\n"
      "smlad r7, lr, r10, r7\n"
      "sxtb16 lr, r12\n"
      "smlad r8, r12, r10, r8\n"
      "smlad r9, lr, r10, r9\n"
      "ldr.w r10, [r0], #4\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r3, lr, r10, r3\n"
      "sxtb16 lr, r12\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r5, lr, r10, r5\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r6, r11, r10, r6\n"
      "smlad r7, lr, r10, r7\n"
      "sxtb16 lr, r12\n"
      "smlad r8, r12, r10, r8\n"
      "smlad r9, lr, r10, r9\n"
      "ldr.w r10, [r0], #4\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r3, lr, r10, r3\n"
      "sxtb16 lr, r12\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r5, lr, r10, r5\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r6, r11, r10, r6\n"
      "smlad r7, lr, r10, r7\n"
      "sxtb16 lr, r12\n"
      "smlad r8, r12, r10, r8\n"
      "smlad r9, lr, r10, r9\n"
      "ldr.w r10, [r0], #4\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r2, r11, r10, r2\n"
      "smlad r3, lr, r10, r3\n"
      "sxtb16 lr, r12\n"
      "smlad r4, r12, r10, r4\n"
      "smlad r5, lr, r10, r5\n"
      "ldrd r11, r12, [r1], #8\n"
      "sxtb16 lr, r11\n"
      "smlad r6, r11, r10, r6\n"
      "smlad r7, lr, r10, r7\n"
      "sxtb16 lr, r12\n"
      "smlad r8, r12, r10, r8\n"
      "smlad r9, lr, r10, r9\n"
      "ldr r12, [sp, #8]\n"
      "cmp r0, r12\n"
      "bne.w 2b\n"
      "ldr r0, [sp, #12]\n"
      "ldrd r10, r11, [r1], #8\n"
      "ldrd r12, lr, [r1], #8\n"
      "sub r2, r2, r3\n"
      "lsl r2, r2, #2\n"
      "lsl r3, r3, #10\n"
      "smmla r2, r2, r10, r11\n"
      "ssat r2, #8, r2, asr #16\n"
      "smmla r3, r3, r12, lr\n"
      "ssat r3, #8, r3, asr #16\n"
      "bfi r3, r2, #8, #8\n"
      "strh r3, [r0], #2\n"
      "ldrd r10, r11, [r1], #8\n"
      "ldrd r12, lr, [r1], #8\n"
      "sub r4, r4, r5\n"
      "lsl r4, r4, #2\n"
      "lsl r5, r5, #10\n"
      "smmla r4, r4, r10, r11\n"
      "ssat r4, #8, r4, asr #16\n"
      "smmla r5, r5, r12, lr\n"
      "ssat r5, #8, r5, asr #16\n"
      "bfi r5, r4, #8, #8\n"
      "strh r5, [r0], #2\n"
      "ldrd r10, r11, [r1], #8\n"
      "ldrd r12, lr, [r1], #8\n"
      "sub r6, r6, r7\n"
      "lsl r6, r6, #2\n"
      "lsl r7, r7, #10\n"
      "smmla r6, r6, r10, r11\n"
      "ssat r6, #8, r6, asr #16\n"
      "smmla r7, r7, r12, lr\n"
      "ssat r7, #8, r7, asr #16\n"
      "bfi r7, r6, #8, #8\n"
      "strh r7, [r0], #2\n"
      "ldrd r10, r11, [r1], #8\n"
      "ldrd r12, lr, [r1], #8\n"
      "sub r8, r8, r9\n"
      "lsl r8, r8, #2\n"
      "lsl r9, r9, #10\n"
      "smmla r8, r8, r10, r11\n"
      "ssat r8, #8, r8, asr #16\n"
      "smmla r9, r9, r12, lr\n"
      "ssat r9, #8, r9, asr #16\n"
      "bfi r9, r8, #8, #8\n"
      "strh r9, [r0], #2\n"
      "ldr r12, [sp, #16]\n"
      "subs r12, r12, #1\n"
      "strd r0, r12, [sp, #12]\n"
      "bne.w 1b\n"
      "add sp, sp, #24\n"
      "pop {r4-r11, pc}\n");
}

static void conv_i8s8_dsp_1x8_s16l2(const int8_t *x, const int32_t *w, int8_t *y, void *scratch, int32_t pixels, int32_t oh,
    int32_t ow, int32_t ih, int32_t iw, int32_t c_in, int32_t o, int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t words, int32_t zero) {
  int32_t *const a = (int32_t *)scratch;
  const int32_t run = kw * c_in;
  int32_t b = 0, i = 0, j = 0;
  for (int32_t p = 0; p < pixels; p += 1) {
    for (int32_t r = 0; r < 1; r++) {
      const int32_t iy = i * sh - ph, ix = j * sw - pw;
      const int8_t *from = x + (ptrdiff_t)b * xn + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw;
      uint32_t *to = (uint32_t *)(void *)a + r;
      if (iy >= 0 && ix >= 0 && iy + kh <= ih && ix + kw <= iw) {
        for (int32_t k = 0; k < kh; k++, from += xh) to = dsp_widen_i8_1(to, from, run);
      } else {
        const int32_t left = (ix < 0 ? -ix : 0) * c_in, right = (ix + kw < iw ? kw : iw - ix) * c_in;
        for (int32_t k = 0; k < kh; k++, from += xh) {
          const int32_t inside = iy + k >= 0 && iy + k < ih;
          for (int32_t q = 0; q < run; q += 4) {
            int8_t part[4];
            for (int32_t l = 0; l < 4; l++) part[l] = inside && q + l >= left && q + l < right ? from[q + l] : (int8_t)zero;
            to = dsp_widen_i8_1(to, part, 4);
          }
        }
      }
      if (++j == ow) {
        j = 0;
        if (++i == oh) {
          i = 0;
          b++;
        }
      }
    }
    if (o > 7) dsp_1x8_s16l2(a, w, y + (ptrdiff_t)p * yp, o / 8, words);
    if (o % 8) { /* the last channels by way of a place of their own */
      int8_t last[8];
      dsp_1x8_s16l2(a, w + (ptrdiff_t)(o / 8) * (4 * words + 16), last, 1, words);
      for (int32_t c = 0; c < o % 8; c++) y[(ptrdiff_t)p * yp + o / 8 * 8 + c] = last[c];
    }
  }
}

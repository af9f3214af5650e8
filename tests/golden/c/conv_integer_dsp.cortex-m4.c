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

static inline uint32_t *dsp_widen_i8_4(uint32_t *to, const int8_t *from, int32_t bytes) {
  for (; bytes >= 16; bytes -= 16, from += 16, to += 32) {
    for (int i = 0; i < 4; i++) {
      const uint32_t w = ((const dsp_word *)(const void *)(from + 4 * i))->w;
      to[8 * i] = dsp_sxtb16(w);
      to[8 * i + 4] = dsp_sxtb16_8(w);
    }
  }
  for (; bytes >= 4; bytes -= 4, from += 4, to += 8) {
    const uint32_t w = ((const dsp_word *)(const void *)from)->w;
    to[0] = dsp_sxtb16(w);
    to[4] = dsp_sxtb16_8(w);
  }
  if (bytes > 0) {
    uint32_t w = (uint8_t)from[0];
    if (bytes > 1) w |= (uint32_t)(uint8_t)from[1] << 8;
    if (bytes > 2) w |= (uint32_t)(uint8_t)from[2] << 16;
    to[0] = dsp_sxtb16(w);
    to[4] = dsp_sxtb16_8(w);
    to += 8;
  }
  return to;
}

/* four pixels by `pairs` pairs of channels */
__attribute__((naked, noinline)) static void dsp_4x2_s16l2(const int32_t *a __attribute__((unused)), const void *w __attribute__((unused)), void *y __attribute__((unused)), int32_t pitch __attribute__((unused)), int32_t pairs __attribute__((unused)), int32_t words __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "sub sp, sp, #24\n"
      "ldr r4, [sp, #60]\n"
      "ldr r5, [sp, #64]\n"
      "str r0, [sp]\n"
      "add r6, r0, r5, lsl #4\n"
      "str r6, [sp, #8]\n"
      "strd r2, r3, [sp, #12]\n"
      "str r4, [sp, #20]\n"
      "rsb r12, r5, #0\n"
      "and r12, r12, #7\n"
      "mov lr, #48\n"
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
      "ldr.w r10, [r1], #4\n"
      "ldrd r12, lr, [r0], #8\n"
      "sxtb16 r11, r10\n"
      "smlad r2, r10, r12, r2\n"
      "smlad r3, r10, lr, r3\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldrd r12, lr, [r0], #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r8, r11, r12, r8\n"
      "smlad r9, r11, lr, r9\n"
      "ldr.w r10, [r1], #4\n"
      "ldrd r12, lr, [r0], #8\n"
      "sxtb16 r11, r10\n"
      "smlad r2, r10, r12, r2\n"
      "smlad r3, r10, lr, r3\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldrd r12, lr, [r0], #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r8, r11, r12, r8\n"
      "smlad r9, r11, lr, r9\n"
      "ldr.w r10, [r1], #4\n"
      "ldrd r12, lr, [r0], #8\n"
      "sxtb16 r11, r10\n"
      "smlad r2, r10, r12, r2\n"
      "smlad r3, r10, lr, r3\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldrd r12, lr, [r0], #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r8, r11, r12, r8\n"
      "smlad r9, r11, lr, r9\n"
      "ldr.w r10, [r1], #4\n"
      "ldrd r12, lr, [r0], #8\n"
      "sxtb16 r11, r10\n"
      "smlad r2, r10, r12, r2\n"
      "smlad r3, r10, lr, r3\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldrd r12, lr, [r0], #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r8, r11, r12, r8\n"
      "smlad r9, r11, lr, r9\n"
      "ldr.w r10, [r1], #4\n"
      "ldrd r12, lr, [r0], #8\n"
      "sxtb16 r11, r10\n"
      "smlad r2, r10, r12, r2\n"
      "smlad r3, r10, lr, r3\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldrd r12, lr, [r0], #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r8, r11, r12, r8\n"
      "smlad r9, r11, lr, r9\n"
      "ldr.w r10, [r1], #4\n"
      "ldrd r12, lr, [r0], #8\n"
      "sxtb16 r11, r10\n"
      "smlad r2, r10, r12, r2\n"
      "smlad r3, r10, lr, r3\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldrd r12, lr, [r0], #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r8, r11, r12, r8\n"
      "smlad r9, r11, lr, r9\n"
      "ldr.w r10, [r1], #4\n"
      "ldrd r12, lr, [r0], #8\n"
      "sxtb16 r11, r10\n"
      "smlad r2, r10, r12, r2\n"
      "smlad r3, r10, lr, r3\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldrd r12, lr, [r0], #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r8, r11, r12, r8\n"
      "smlad r9, r11, lr, r9\n"
      "ldr.w r10, [r1], #4\n"
      "ldrd r12, lr, [r0], #8\n"
      "sxtb16 r11, r10\n"
      "smlad r2, r10, r12, r2\n"
      "smlad r3, r10, lr, r3\n"
      "smlad r6, r11, r12, r6\n"
      "smlad r7, r11, lr, r7\n"
      "ldrd r12, lr, [r0], #8\n"
      "smlad r4, r10, r12, r4\n"
      "smlad r5, r10, lr, r5\n"
      "smlad r8, r11, r12, r8\n"
      "smlad r9, r11, lr, r9\n"
      "ldr r12, [sp, #8]\n"
      "cmp r0, r12\n"
      "bne.w 2b\n"
      "ldrd r10, r11, [r1], #8\n"
      "ldrd r12, lr, [r1], #8\n"
      "sub r2, r2, r6\n"
      "lsl r2, r2, #2\n"
      "lsl r6, r6, #10\n"
      "smmla r2, r2, r10, r11\n"
      "ssat r2, #8, r2, asr #16\n"
      "smmla r6, r6, r12, lr\n"
      "ssat r6, #8, r6, asr #16\n"
      "bfi r6, r2, #8, #8\n"
      "sub r3, r3, r7\n"
      "lsl r3, r3, #2\n"
      "lsl r7, r7, #10\n"
      "smmla r3, r3, r10, r11\n"
      "ssat r3, #8, r3, asr #16\n"
      "smmla r7, r7, r12, lr\n"
      "ssat r7, #8, r7, asr #16\n"
      "bfi r7, r3, #8, #8\n"
      "sub r4, r4, r8\n"
      "lsl r4, r4, #2\n"
      "lsl r8, r8, #10\n"
      "smmla r4, r4, r10, r11\n"
      "ssat r4, #8, r4, asr #16\n"
      "smmla r8, r8, r12, lr\n"
      "ssat r8, #8, r8, asr #16\n"
      "bfi r8, r4, #8, #8\n"
      "sub r5, r5, r9\n"
      "lsl r5, r5, #2\n"
      "lsl r9, r9, #10\n"
      "smmla r5, r5, r10, r11\n"
      "ssat r5, #8, r5, asr #16\n"
      "smmla r9, r9, r12, lr\n"
      "ssat r9, #8, r9, asr #16\n"
      "bfi r9, r5, #8, #8\n"
      "ldrd r12, lr, [sp, #12]\n"
      "add r10, r12, #2\n"
      "str r10, [sp, #12]\n"
      "strh r6, [r12]\n"
      "strh r7, [r12, lr]\n"
      "add r12, r12, lr, lsl #1\n"
      "strh r8, [r12]\n"
      "strh r9, [r12, lr]\n"
      "ldr r12, [sp, #20]\n"
      "subs r12, r12, #1\n"
      "str r12, [sp, #20]\n"
      "bne.w 1b\n"
      "add sp, sp, #24\n"
      "pop {r4-r11, pc}\n");
}

static void conv_i8s8_dsp_4x2_s16l2(const int8_t *x, const int32_t *w, int8_t *y, void *scratch, int32_t pixels, int32_t oh,
    int32_t ow, int32_t ih, int32_t iw, int32_t c_in, int32_t o, int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t words, int32_t zero) {
  int32_t *const a = (int32_t *)scratch;
  const int32_t run = kw * c_in;
  int32_t b = 0, i = 0, j = 0;
  for (int32_t p = 0; p < pixels; p += 4) {
    if (p > pixels - 4) { /* again some of those before */
      p = pixels - 4;
      b = p / (oh * ow), i = p / ow % oh, j = p % ow;
    }
    for (int32_t r = 0; r < 4; r++) {
      const int32_t iy = i * sh - ph, ix = j * sw - pw;
      const int8_t *from = x + (ptrdiff_t)b * xn + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw;
      uint32_t *to = (uint32_t *)(void *)a + r;
      if (iy >= 0 && ix >= 0 && iy + kh <= ih && ix + kw <= iw) {
        for (int32_t k = 0; k < kh; k++, from += xh) to = dsp_widen_i8_4(to, from, run);
      } else {
        const int32_t left = (ix < 0 ? -ix : 0) * c_in, right = (ix + kw < iw ? kw : iw - ix) * c_in;
        for (int32_t k = 0; k < kh; k++, from += xh) {
          const int32_t inside = iy + k >= 0 && iy + k < ih;
          for (int32_t q = 0; q < run; q += 4) {
            int8_t part[4];
            for (int32_t l = 0; l < 4; l++) part[l] = inside && q + l >= left && q + l < right ? from[q + l] : (int8_t)zero;
            to = dsp_widen_i8_4(to, part, 4);
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
    if (o > 1) dsp_4x2_s16l2(a, w, y + (ptrdiff_t)p * yp, yp, o / 2, words);
    if (o % 2) { /* the last channel by way of a place of its own */
      int8_t last[8];
      dsp_4x2_s16l2(a, w + (ptrdiff_t)(o / 2) * (words + 4), last, 2, 1, words);
      for (int32_t r = 0; r < 4; r++) y[(ptrdiff_t)(p + r) * yp + o - 1] = last[2 * r];
    }
  }
}

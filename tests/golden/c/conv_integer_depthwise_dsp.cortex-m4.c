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

static inline void dsp_planes_i8_pair(uint32_t *to, int32_t plane, uint32_t u, uint32_t v) {
  uint32_t a, b;
  const uint32_t u0 = dsp_sxtb16(u), v0 = dsp_sxtb16(v), u1 = dsp_sxtb16_8(u), v1 = dsp_sxtb16_8(v);
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(a) : "r"(u0), "r"(v0));
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(b) : "r"(v0), "r"(u0));
  to[0] = a;
  to[2 * plane] = b;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(a) : "r"(u1), "r"(v1));
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(b) : "r"(v1), "r"(u1));
  to[plane] = a;
  to[3 * plane] = b;
}
static void dsp_planes_i8(uint32_t *to, const int8_t *x, int32_t rows, int32_t words, int32_t plane, int32_t first, int32_t left, int32_t ih,
    int32_t iw, int32_t xh, int32_t xw, int32_t zero) {
  const uint32_t none = (uint32_t)(uint8_t)zero * UINT32_C(0x01010101);
  for (int32_t r = 0; r < rows; r++) {
    const int32_t iy = first + r, inside = iy >= 0 && iy < ih;
    const int8_t *const row = x + (ptrdiff_t)iy * xh;
    int32_t q = 0, ix = -left;
    for (; q < words; q++, ix += 2) {
      if (inside && ix >= 0) {
        for (const int8_t *p = row + (ptrdiff_t)ix * xw; ix + 1 < iw && q < words; q++, ix += 2, p += 2 * (ptrdiff_t)xw)
          dsp_planes_i8_pair(to + q, plane, ((const dsp_word *)(const void *)p)->w, ((const dsp_word *)(const void *)(p + xw))->w);
        if (q == words) break;
      }
      dsp_planes_i8_pair(to + q, plane, inside && ix >= 0 && ix < iw ? ((const dsp_word *)(const void *)(row + (ptrdiff_t)ix * xw))->w : none,
          inside && ix + 1 >= 0 && ix + 1 < iw ? ((const dsp_word *)(const void *)(row + (ptrdiff_t)(ix + 1) * xw))->w : none);
    }
    to += words;
  }
}

/* rows of 5 outputs of 3x3 taps with stride 1, channel by channel */
__attribute__((naked, noinline)) static void dsp_depthwise_3x3s1_5_s16l2(const int32_t *x __attribute__((unused)), const int32_t *w __attribute__((unused)), int8_t *y __attribute__((unused)), int32_t yp __attribute__((unused)), int32_t channels __attribute__((unused)), int32_t height __attribute__((unused)), int32_t plane __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "sub sp, sp, #32\n"
      "strd r0, r1, [sp]\n"
      "str r2, [sp, #16]\n"
      "ldr r12, [sp, #68]\n"
      "str r12, [sp, #20]\n"
      "1:\n"
      "ldr r12, [sp, #4]\n"
      "ldmia.w r12!, {r4-r9}\n"
      "ldrd r10, r11, [r12], #8\n"
      "strd r10, r11, [sp, #8]\n"
      "str r12, [sp, #4]\n"
      "ldr r0, [sp]\n"
      "ldr r12, [sp, #76]\n"
      "add r12, r0, r12\n"
      "str r12, [sp]\n"
      "ldr r2, [sp, #16]\n"
      "add r12, r2, #1\n"
      "str r12, [sp, #16]\n"
      "ldr r1, [sp, #72]\n"
      "2:\n"
      "ldrd r12, lr, [r0, #32]\n"
      "smuad r10, r12, r8\n"
      "smlabt r10, lr, r9, r10\n"
      "smultb r11, r12, r8\n"
      "smlad r11, lr, r9, r11\n"
      "ldrd r12, lr, [r0, #16]\n"
      "smlad r10, r12, r6, r10\n"
      "smlabt r10, lr, r7, r10\n"
      "smlatb r11, r12, r6, r11\n"
      "smlad r11, lr, r7, r11\n"
      "ldrd r12, lr, [r0], #4\n"
      "smlad r10, r12, r4, r10\n"
      "smlabt r10, lr, r5, r10\n"
      "smlatb r11, r12, r4, r11\n"
      "smlad r11, lr, r5, r11\n"
      "lsl r10, r10, #2\n"
      "lsl r11, r11, #2\n"
      "ldrd r12, lr, [sp, #8]\n"
      "smmla r10, r10, r12, lr\n"
      "ssat r10, #8, r10, asr #16\n"
      "smmla r11, r11, r12, lr\n"
      "ssat r11, #8, r11, asr #16\n"
      "strb r10, [r2]\n"
      "strb r11, [r2, r3]\n"
      "add r2, r2, r3, lsl #1\n"
      "ldrd r12, lr, [r0, #32]\n"
      "smuad r10, r12, r8\n"
      "smlabt r10, lr, r9, r10\n"
      "smultb r11, r12, r8\n"
      "smlad r11, lr, r9, r11\n"
      "ldrd r12, lr, [r0, #16]\n"
      "smlad r10, r12, r6, r10\n"
      "smlabt r10, lr, r7, r10\n"
      "smlatb r11, r12, r6, r11\n"
      "smlad r11, lr, r7, r11\n"
      "ldrd r12, lr, [r0], #4\n"
      "smlad r10, r12, r4, r10\n"
      "smlabt r10, lr, r5, r10\n"
      "smlatb r11, r12, r4, r11\n"
      "smlad r11, lr, r5, r11\n"
      "lsl r10, r10, #2\n"
      "lsl r11, r11, #2\n"
      "ldrd r12, lr, [sp, #8]\n"
      "smmla r10, r10, r12, lr\n"
      "ssat r10, #8, r10, asr #16\n"
      "smmla r11, r11, r12, lr\n"
      "ssat r11, #8, r11, asr #16\n"
      "strb r10, [r2]\n"
      "strb r11, [r2, r3]\n"
      "add r2, r2, r3, lsl #1\n"
      "ldrd r12, lr, [r0, #32]\n"
      "smuad r10, r12, r8\n"
      "smlabt r10, lr, r9, r10\n"
      "ldrd r12, lr, [r0, #16]\n"
      "smlad r10, r12, r6, r10\n"
      "smlabt r10, lr, r7, r10\n"
      "ldrd r12, lr, [r0], #4\n"
      "smlad r10, r12, r4, r10\n"
      "smlabt r10, lr, r5, r10\n"
      "lsl r10, r10, #2\n"
      "ldrd r12, lr, [sp, #8]\n"
      "smmla r10, r10, r12, lr\n"
      "ssat r10, #8, r10, asr #16\n"
      "strb r10, [r2]\n"
      "add r2, r2, r3\n"
      "add r0, r0, #4\n"
      "subs r1, r1, #1\n"
      "bne.w 2b\n"
      "ldr r12, [sp, #20]\n"
      "subs r12, r12, #1\n"
      "str r12, [sp, #20]\n"
      "bne.w 1b\n"
      "add sp, sp, #32\n"
      "pop {r4-r11, pc}\n");
}

static void conv_i8s8_dsp_depthwise_3x3s1_5_s16l2(const int8_t *x, const int32_t *w, int8_t *y, void *scratch, int32_t n, int32_t oh, int32_t c, int32_t ih,
    int32_t iw, int32_t strip, int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t zero) {
  uint32_t *const a = (uint32_t *)scratch;
  const int32_t plane = ((strip - 1) * 1 + 3) * 4;
  for (int32_t b = 0; b < n; b++) {
    for (int32_t g = 0; g < c; g += 4) {
      const int32_t from = g > c - 4 ? c - 4 : g; /* the last four, perhaps some of them again */
      for (int32_t i = 0; i < oh; i += strip) {
        const int32_t height = oh - i < strip ? oh - i : strip, tall = (height - 1) * 1 + 3, kept = i ? 2 : 0;
        for (int32_t k = 0; k < 4 && i; k++) /* rows that both strips need, which the output may have taken the place of */
          for (int32_t l = 0; l < 8; l++) a[k * plane + l] = a[k * plane + strip * 4 + l];
        dsp_planes_i8(a + kept * 4, x + (ptrdiff_t)b * xn + from, tall - kept, 4, plane, i * 1 - ph + kept, pw, ih, iw,
            xh, xw, zero);
        dsp_depthwise_3x3s1_5_s16l2((const int32_t *)(const void *)a, w + (ptrdiff_t)from * 8,
            y + ((ptrdiff_t)b * oh + i) * 5 * yp + from, yp, 4, height, 4 * plane);
      }
    }
  }
}

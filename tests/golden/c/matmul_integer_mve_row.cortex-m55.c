static inline void mve_copy(int8_t *to, const int8_t *from, int32_t bytes) {
  for (; bytes > 0; bytes -= 16, to += 16, from += 16) {
    const mve_pred16_t p = vctp8q((uint32_t)bytes);
    vstrbq_p_s8(to, vldrbq_z_s8(from, p), p);
  }
}
static inline void mve_fill(int8_t *to, int32_t zero, int32_t bytes) {
  for (; bytes > 0; bytes -= 16, to += 16) vstrbq_p_s8(to, vdupq_n_s8((int8_t)zero), vctp8q((uint32_t)bytes));
}

/* one pixel by `fours` times four channels, sixteen products at a time */
__attribute__((naked, noinline)) static void mve_1x4(const int8_t *x __attribute__((unused)), const int8_t *w __attribute__((unused)), int32_t *s __attribute__((unused)), int32_t fours __attribute__((unused)), int32_t blocks __attribute__((unused))) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "ldr r5, [sp, #36]\n"
      "1:\n"
      "mov r9, r0\n"
      "mov.w r4, #0\n"
      "mov.w r6, #0\n"
      "mov.w r8, #0\n"
      "mov.w r10, #0\n"
      "dls lr, r5\n"
      "2:\n"
      "vldrb.8 q0, [r9], #16\n"
      "vldrb.8 q1, [r1], #16\n"
      "vldrb.8 q2, [r1], #16\n"
      "vmladava.s8 r4, q0, q1\n"
      "vldrb.8 q3, [r1], #16\n"
      "vmladava.s8 r6, q0, q2\n"
      "vldrb.8 q1, [r1], #16\n"
      "vmladava.s8 r8, q0, q3\n"
      "vmladava.s8 r10, q0, q1\n"
      "le lr, 2b\n"
      "strd r4, r6, [r2], #8\n"
      "strd r8, r10, [r2], #8\n"
      "subs r3, r3, #1\n"
      "bne.w 1b\n"
      "pop {r4-r11, pc}\n");
}

static void conv_s8s8_mve_1x4_s16l2_m128_127(const int8_t *x, const int8_t *w, const int32_t *scale, int8_t *y, void *scratch, int32_t rows, int32_t k,
    int32_t o, int32_t xw, int32_t yp, int32_t blocks) {
  int32_t *const s = (int32_t *)scratch;
  int8_t *const a = (int8_t *)(s + (o + 3) / 4 * 4);
  mve_fill(a, 0, 16 * blocks);
  for (int32_t p = 0; p < rows; p++) {
    int8_t *const q = y + (ptrdiff_t)p * yp;
    mve_copy(a, x + (ptrdiff_t)p * xw, k);
    mve_1x4(a, w, s, (o + 3) / 4, blocks);
    for (int32_t c = 0; c < o; c += 4) {
      const int32x4_t v = vldrwq_s32(s + c), m = vldrwq_s32(scale + c), b = vldrwq_s32(scale + (o + 3) / 4 * 4 + c);
      const int32x4_t h = vaddq_s32(vmulhq_s32(vshlq_n_s32(v, 10), m), b);
      vstrbq_p_s32(q + c, vminq_s32(vmaxq_s32(vshrq_n_s32(h, 16), vdupq_n_s32(-128)), vdupq_n_s32(127)), vctp32q((uint32_t)(o - c)));
    }
  }
}

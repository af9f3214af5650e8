PITH_NOINLINE static void expand_f32_neon_5x16_dense_clipd2ed3cfd(const float *x, const float *w, float *y, float e0, int32_t h, int32_t iw, int32_t k,
    int32_t lda, int32_t width, int32_t cols) {
  const int32_t m = h * iw;
  (void)width;
  if (cols > 2 * VF_LANES) {
    const vf x0 = vf_set1(e0);
    for (int32_t i = 0; i < m;) {
      if (m - i >= 5) {
        const float *const a = x + (ptrdiff_t)i * lda;
        const float *q = w;
        register vf s0_0 __asm__("v12");
        register vf s0_1 __asm__("v13");
        register vf s0_2 __asm__("v14");
        register vf s0_3 __asm__("v15");
        register vf s1_0 __asm__("v16");
        register vf s1_1 __asm__("v17");
        register vf s1_2 __asm__("v18");
        register vf s1_3 __asm__("v19");
        register vf s2_0 __asm__("v20");
        register vf s2_1 __asm__("v21");
        register vf s2_2 __asm__("v22");
        register vf s2_3 __asm__("v23");
        register vf s3_0 __asm__("v24");
        register vf s3_1 __asm__("v25");
        register vf s3_2 __asm__("v26");
        register vf s3_3 __asm__("v27");
        register vf s4_0 __asm__("v28");
        register vf s4_1 __asm__("v29");
        register vf s4_2 __asm__("v30");
        register vf s4_3 __asm__("v31");
        __asm__ volatile(
            "ld1 {v12.4s, v13.4s, v14.4s, v15.4s}, [%[w]]\n"
            "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[w]]\n"
            "ld1 {v20.4s, v21.4s, v22.4s, v23.4s}, [%[w]]\n"
            "ld1 {v24.4s, v25.4s, v26.4s, v27.4s}, [%[w]]\n"
            "ld1 {v28.4s, v29.4s, v30.4s, v31.4s}, [%[w]]\n"
            "add %[w], %[w], #64\n"
            "add x9, %[a], #0\n"
            "add x10, x9, %[lda], lsl #2\n"
            "add x11, x10, %[lda], lsl #2\n"
            "add x12, x11, %[lda], lsl #2\n"
            "add x13, x12, %[lda], lsl #2\n"
            "lsr w14, %w[kc], #3\n"
            "cbz x14, 3f\n"
            "2:\n"
            "ldp q4, q9, [x9], #32\n"
            "ldp q5, q10, [x10], #32\n"
            "ldp q6, q11, [x11], #32\n"
            "ldr q7, [x12], #16\n"
            "ldr q8, [x13], #16\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v4.s[0]\n"
            "fmla v13.4s, v1.4s, v4.s[0]\n"
            "fmla v14.4s, v2.4s, v4.s[0]\n"
            "fmla v15.4s, v3.4s, v4.s[0]\n"
            "fmla v16.4s, v0.4s, v5.s[0]\n"
            "fmla v17.4s, v1.4s, v5.s[0]\n"
            "fmla v18.4s, v2.4s, v5.s[0]\n"
            "fmla v19.4s, v3.4s, v5.s[0]\n"
            "fmla v20.4s, v0.4s, v6.s[0]\n"
            "fmla v21.4s, v1.4s, v6.s[0]\n"
            "fmla v22.4s, v2.4s, v6.s[0]\n"
            "fmla v23.4s, v3.4s, v6.s[0]\n"
            "fmla v24.4s, v0.4s, v7.s[0]\n"
            "fmla v25.4s, v1.4s, v7.s[0]\n"
            "fmla v26.4s, v2.4s, v7.s[0]\n"
            "fmla v27.4s, v3.4s, v7.s[0]\n"
            "fmla v28.4s, v0.4s, v8.s[0]\n"
            "fmla v29.4s, v1.4s, v8.s[0]\n"
            "fmla v30.4s, v2.4s, v8.s[0]\n"
            "fmla v31.4s, v3.4s, v8.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v4.s[1]\n"
            "fmla v13.4s, v1.4s, v4.s[1]\n"
            "fmla v14.4s, v2.4s, v4.s[1]\n"
            "fmla v15.4s, v3.4s, v4.s[1]\n"
            "fmla v16.4s, v0.4s, v5.s[1]\n"
            "fmla v17.4s, v1.4s, v5.s[1]\n"
            "fmla v18.4s, v2.4s, v5.s[1]\n"
            "fmla v19.4s, v3.4s, v5.s[1]\n"
            "fmla v20.4s, v0.4s, v6.s[1]\n"
            "fmla v21.4s, v1.4s, v6.s[1]\n"
            "fmla v22.4s, v2.4s, v6.s[1]\n"
            "fmla v23.4s, v3.4s, v6.s[1]\n"
            "fmla v24.4s, v0.4s, v7.s[1]\n"
            "fmla v25.4s, v1.4s, v7.s[1]\n"
            "fmla v26.4s, v2.4s, v7.s[1]\n"
            "fmla v27.4s, v3.4s, v7.s[1]\n"
            "fmla v28.4s, v0.4s, v8.s[1]\n"
            "fmla v29.4s, v1.4s, v8.s[1]\n"
            "fmla v30.4s, v2.4s, v8.s[1]\n"
            "fmla v31.4s, v3.4s, v8.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v4.s[2]\n"
            "fmla v13.4s, v1.4s, v4.s[2]\n"
            "fmla v14.4s, v2.4s, v4.s[2]\n"
            "fmla v15.4s, v3.4s, v4.s[2]\n"
            "fmla v16.4s, v0.4s, v5.s[2]\n"
            "fmla v17.4s, v1.4s, v5.s[2]\n"
            "fmla v18.4s, v2.4s, v5.s[2]\n"
            "fmla v19.4s, v3.4s, v5.s[2]\n"
            "fmla v20.4s, v0.4s, v6.s[2]\n"
            "fmla v21.4s, v1.4s, v6.s[2]\n"
            "fmla v22.4s, v2.4s, v6.s[2]\n"
            "fmla v23.4s, v3.4s, v6.s[2]\n"
            "fmla v24.4s, v0.4s, v7.s[2]\n"
            "fmla v25.4s, v1.4s, v7.s[2]\n"
            "fmla v26.4s, v2.4s, v7.s[2]\n"
            "fmla v27.4s, v3.4s, v7.s[2]\n"
            "fmla v28.4s, v0.4s, v8.s[2]\n"
            "fmla v29.4s, v1.4s, v8.s[2]\n"
            "fmla v30.4s, v2.4s, v8.s[2]\n"
            "fmla v31.4s, v3.4s, v8.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v4.s[3]\n"
            "fmla v13.4s, v1.4s, v4.s[3]\n"
            "fmla v14.4s, v2.4s, v4.s[3]\n"
            "fmla v15.4s, v3.4s, v4.s[3]\n"
            "fmla v16.4s, v0.4s, v5.s[3]\n"
            "fmla v17.4s, v1.4s, v5.s[3]\n"
            "fmla v18.4s, v2.4s, v5.s[3]\n"
            "fmla v19.4s, v3.4s, v5.s[3]\n"
            "fmla v20.4s, v0.4s, v6.s[3]\n"
            "fmla v21.4s, v1.4s, v6.s[3]\n"
            "fmla v22.4s, v2.4s, v6.s[3]\n"
            "fmla v23.4s, v3.4s, v6.s[3]\n"
            "fmla v24.4s, v0.4s, v7.s[3]\n"
            "fmla v25.4s, v1.4s, v7.s[3]\n"
            "fmla v26.4s, v2.4s, v7.s[3]\n"
            "fmla v27.4s, v3.4s, v7.s[3]\n"
            "fmla v28.4s, v0.4s, v8.s[3]\n"
            "fmla v29.4s, v1.4s, v8.s[3]\n"
            "fmla v30.4s, v2.4s, v8.s[3]\n"
            "fmla v31.4s, v3.4s, v8.s[3]\n"
            "ldr q7, [x12], #16\n"
            "ldr q8, [x13], #16\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v9.s[0]\n"
            "fmla v13.4s, v1.4s, v9.s[0]\n"
            "fmla v14.4s, v2.4s, v9.s[0]\n"
            "fmla v15.4s, v3.4s, v9.s[0]\n"
            "fmla v16.4s, v0.4s, v10.s[0]\n"
            "fmla v17.4s, v1.4s, v10.s[0]\n"
            "fmla v18.4s, v2.4s, v10.s[0]\n"
            "fmla v19.4s, v3.4s, v10.s[0]\n"
            "fmla v20.4s, v0.4s, v11.s[0]\n"
            "fmla v21.4s, v1.4s, v11.s[0]\n"
            "fmla v22.4s, v2.4s, v11.s[0]\n"
            "fmla v23.4s, v3.4s, v11.s[0]\n"
            "fmla v24.4s, v0.4s, v7.s[0]\n"
            "fmla v25.4s, v1.4s, v7.s[0]\n"
            "fmla v26.4s, v2.4s, v7.s[0]\n"
            "fmla v27.4s, v3.4s, v7.s[0]\n"
            "fmla v28.4s, v0.4s, v8.s[0]\n"
            "fmla v29.4s, v1.4s, v8.s[0]\n"
            "fmla v30.4s, v2.4s, v8.s[0]\n"
            "fmla v31.4s, v3.4s, v8.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v9.s[1]\n"
            "fmla v13.4s, v1.4s, v9.s[1]\n"
            "fmla v14.4s, v2.4s, v9.s[1]\n"
            "fmla v15.4s, v3.4s, v9.s[1]\n"
            "fmla v16.4s, v0.4s, v10.s[1]\n"
            "fmla v17.4s, v1.4s, v10.s[1]\n"
            "fmla v18.4s, v2.4s, v10.s[1]\n"
            "fmla v19.4s, v3.4s, v10.s[1]\n"
            "fmla v20.4s, v0.4s, v11.s[1]\n"
            "fmla v21.4s, v1.4s, v11.s[1]\n"
            "fmla v22.4s, v2.4s, v11.s[1]\n"
            "fmla v23.4s, v3.4s, v11.s[1]\n"
            "fmla v24.4s, v0.4s, v7.s[1]\n"
            "fmla v25.4s, v1.4s, v7.s[1]\n"
            "fmla v26.4s, v2.4s, v7.s[1]\n"
            "fmla v27.4s, v3.4s, v7.s[1]\n"
            "fmla v28.4s, v0.4s, v8.s[1]\n"
            "fmla v29.4s, v1.4s, v8.s[1]\n"
            "fmla v30.4s, v2.4s, v8.s[1]\n"
            "fmla v31.4s, v3.4s, v8.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v9.s[2]\n"
            "fmla v13.4s, v1.4s, v9.s[2]\n"
            "fmla v14.4s, v2.4s, v9.s[2]\n"
            "fmla v15.4s, v3.4s, v9.s[2]\n"
            "fmla v16.4s, v0.4s, v10.s[2]\n"
            "fmla v17.4s, v1.4s, v10.s[2]\n"
            "fmla v18.4s, v2.4s, v10.s[2]\n"
            "fmla v19.4s, v3.4s, v10.s[2]\n"
            "fmla v20.4s, v0.4s, v11.s[2]\n"
            "fmla v21.4s, v1.4s, v11.s[2]\n"
            "fmla v22.4s, v2.4s, v11.s[2]\n"
            "fmla v23.4s, v3.4s, v11.s[2]\n"
            "fmla v24.4s, v0.4s, v7.s[2]\n"
            "fmla v25.4s, v1.4s, v7.s[2]\n"
            "fmla v26.4s, v2.4s, v7.s[2]\n"
            "fmla v27.4s, v3.4s, v7.s[2]\n"
            "fmla v28.4s, v0.4s, v8.s[2]\n"
            "fmla v29.4s, v1.4s, v8.s[2]\n"
            "fmla v30.4s, v2.4s, v8.s[2]\n"
            "fmla v31.4s, v3.4s, v8.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v9.s[3]\n"
            "fmla v13.4s, v1.4s, v9.s[3]\n"
            "fmla v14.4s, v2.4s, v9.s[3]\n"
            "fmla v15.4s, v3.4s, v9.s[3]\n"
            "fmla v16.4s, v0.4s, v10.s[3]\n"
            "fmla v17.4s, v1.4s, v10.s[3]\n"
            "fmla v18.4s, v2.4s, v10.s[3]\n"
            "fmla v19.4s, v3.4s, v10.s[3]\n"
            "fmla v20.4s, v0.4s, v11.s[3]\n"
            "fmla v21.4s, v1.4s, v11.s[3]\n"
            "fmla v22.4s, v2.4s, v11.s[3]\n"
            "fmla v23.4s, v3.4s, v11.s[3]\n"
            "fmla v24.4s, v0.4s, v7.s[3]\n"
            "fmla v25.4s, v1.4s, v7.s[3]\n"
            "fmla v26.4s, v2.4s, v7.s[3]\n"
            "fmla v27.4s, v3.4s, v7.s[3]\n"
            "fmla v28.4s, v0.4s, v8.s[3]\n"
            "fmla v29.4s, v1.4s, v8.s[3]\n"
            "fmla v30.4s, v2.4s, v8.s[3]\n"
            "fmla v31.4s, v3.4s, v8.s[3]\n"
            "subs x14, x14, #1\n"
            "b.ne 2b\n"
            "3:\n"
            "tbz %w[kc], #2, 4f\n"
            "ldr q4, [x9], #16\n"
            "ldr q5, [x10], #16\n"
            "ldr q6, [x11], #16\n"
            "ldr q7, [x12], #16\n"
            "ldr q8, [x13], #16\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v4.s[0]\n"
            "fmla v13.4s, v1.4s, v4.s[0]\n"
            "fmla v14.4s, v2.4s, v4.s[0]\n"
            "fmla v15.4s, v3.4s, v4.s[0]\n"
            "fmla v16.4s, v0.4s, v5.s[0]\n"
            "fmla v17.4s, v1.4s, v5.s[0]\n"
            "fmla v18.4s, v2.4s, v5.s[0]\n"
            "fmla v19.4s, v3.4s, v5.s[0]\n"
            "fmla v20.4s, v0.4s, v6.s[0]\n"
            "fmla v21.4s, v1.4s, v6.s[0]\n"
            "fmla v22.4s, v2.4s, v6.s[0]\n"
            "fmla v23.4s, v3.4s, v6.s[0]\n"
            "fmla v24.4s, v0.4s, v7.s[0]\n"
            "fmla v25.4s, v1.4s, v7.s[0]\n"
            "fmla v26.4s, v2.4s, v7.s[0]\n"
            "fmla v27.4s, v3.4s, v7.s[0]\n"
            "fmla v28.4s, v0.4s, v8.s[0]\n"
            "fmla v29.4s, v1.4s, v8.s[0]\n"
            "fmla v30.4s, v2.4s, v8.s[0]\n"
            "fmla v31.4s, v3.4s, v8.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v4.s[1]\n"
            "fmla v13.4s, v1.4s, v4.s[1]\n"
            "fmla v14.4s, v2.4s, v4.s[1]\n"
            "fmla v15.4s, v3.4s, v4.s[1]\n"
            "fmla v16.4s, v0.4s, v5.s[1]\n"
            "fmla v17.4s, v1.4s, v5.s[1]\n"
            "fmla v18.4s, v2.4s, v5.s[1]\n"
            "fmla v19.4s, v3.4s, v5.s[1]\n"
            "fmla v20.4s, v0.4s, v6.s[1]\n"
            "fmla v21.4s, v1.4s, v6.s[1]\n"
            "fmla v22.4s, v2.4s, v6.s[1]\n"
            "fmla v23.4s, v3.4s, v6.s[1]\n"
            "fmla v24.4s, v0.4s, v7.s[1]\n"
            "fmla v25.4s, v1.4s, v7.s[1]\n"
            "fmla v26.4s, v2.4s, v7.s[1]\n"
            "fmla v27.4s, v3.4s, v7.s[1]\n"
            "fmla v28.4s, v0.4s, v8.s[1]\n"
            "fmla v29.4s, v1.4s, v8.s[1]\n"
            "fmla v30.4s, v2.4s, v8.s[1]\n"
            "fmla v31.4s, v3.4s, v8.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v4.s[2]\n"
            "fmla v13.4s, v1.4s, v4.s[2]\n"
            "fmla v14.4s, v2.4s, v4.s[2]\n"
            "fmla v15.4s, v3.4s, v4.s[2]\n"
            "fmla v16.4s, v0.4s, v5.s[2]\n"
            "fmla v17.4s, v1.4s, v5.s[2]\n"
            "fmla v18.4s, v2.4s, v5.s[2]\n"
            "fmla v19.4s, v3.4s, v5.s[2]\n"
            "fmla v20.4s, v0.4s, v6.s[2]\n"
            "fmla v21.4s, v1.4s, v6.s[2]\n"
            "fmla v22.4s, v2.4s, v6.s[2]\n"
            "fmla v23.4s, v3.4s, v6.s[2]\n"
            "fmla v24.4s, v0.4s, v7.s[2]\n"
            "fmla v25.4s, v1.4s, v7.s[2]\n"
            "fmla v26.4s, v2.4s, v7.s[2]\n"
            "fmla v27.4s, v3.4s, v7.s[2]\n"
            "fmla v28.4s, v0.4s, v8.s[2]\n"
            "fmla v29.4s, v1.4s, v8.s[2]\n"
            "fmla v30.4s, v2.4s, v8.s[2]\n"
            "fmla v31.4s, v3.4s, v8.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v12.4s, v0.4s, v4.s[3]\n"
            "fmla v13.4s, v1.4s, v4.s[3]\n"
            "fmla v14.4s, v2.4s, v4.s[3]\n"
            "fmla v15.4s, v3.4s, v4.s[3]\n"
            "fmla v16.4s, v0.4s, v5.s[3]\n"
            "fmla v17.4s, v1.4s, v5.s[3]\n"
            "fmla v18.4s, v2.4s, v5.s[3]\n"
            "fmla v19.4s, v3.4s, v5.s[3]\n"
            "fmla v20.4s, v0.4s, v6.s[3]\n"
            "fmla v21.4s, v1.4s, v6.s[3]\n"
            "fmla v22.4s, v2.4s, v6.s[3]\n"
            "fmla v23.4s, v3.4s, v6.s[3]\n"
            "fmla v24.4s, v0.4s, v7.s[3]\n"
            "fmla v25.4s, v1.4s, v7.s[3]\n"
            "fmla v26.4s, v2.4s, v7.s[3]\n"
            "fmla v27.4s, v3.4s, v7.s[3]\n"
            "fmla v28.4s, v0.4s, v8.s[3]\n"
            "fmla v29.4s, v1.4s, v8.s[3]\n"
            "fmla v30.4s, v2.4s, v8.s[3]\n"
            "fmla v31.4s, v3.4s, v8.s[3]\n"
            "4:\n"
            "ands x14, %[kc], #3\n"
            "b.eq 6f\n"
            "5:\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "ldr s4, [x9], #4\n"
            "ldr s5, [x10], #4\n"
            "ldr s6, [x11], #4\n"
            "ldr s7, [x12], #4\n"
            "ldr s8, [x13], #4\n"
            "fmla v12.4s, v0.4s, v4.s[0]\n"
            "fmla v13.4s, v1.4s, v4.s[0]\n"
            "fmla v14.4s, v2.4s, v4.s[0]\n"
            "fmla v15.4s, v3.4s, v4.s[0]\n"
            "fmla v16.4s, v0.4s, v5.s[0]\n"
            "fmla v17.4s, v1.4s, v5.s[0]\n"
            "fmla v18.4s, v2.4s, v5.s[0]\n"
            "fmla v19.4s, v3.4s, v5.s[0]\n"
            "fmla v20.4s, v0.4s, v6.s[0]\n"
            "fmla v21.4s, v1.4s, v6.s[0]\n"
            "fmla v22.4s, v2.4s, v6.s[0]\n"
            "fmla v23.4s, v3.4s, v6.s[0]\n"
            "fmla v24.4s, v0.4s, v7.s[0]\n"
            "fmla v25.4s, v1.4s, v7.s[0]\n"
            "fmla v26.4s, v2.4s, v7.s[0]\n"
            "fmla v27.4s, v3.4s, v7.s[0]\n"
            "fmla v28.4s, v0.4s, v8.s[0]\n"
            "fmla v29.4s, v1.4s, v8.s[0]\n"
            "fmla v30.4s, v2.4s, v8.s[0]\n"
            "fmla v31.4s, v3.4s, v8.s[0]\n"
            "subs x14, x14, #1\n"
            "b.ne 5b\n"
            "6:\n"
            : "=w"(s0_0), "=w"(s0_1), "=w"(s0_2), "=w"(s0_3), "=w"(s1_0), "=w"(s1_1), "=w"(s1_2), "=w"(s1_3), "=w"(s2_0), "=w"(s2_1), "=w"(s2_2), "=w"(s2_3), "=w"(s3_0), "=w"(s3_1), "=w"(s3_2), "=w"(s3_3), "=w"(s4_0), "=w"(s4_1), "=w"(s4_2), "=w"(s4_3), [w] "+&r"(q)
            : [a] "r"(a), [lda] "r"((ptrdiff_t)lda), [kc] "r"((ptrdiff_t)k)
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "x9", "x10", "x11", "x12", "x13", "x14", "cc", "memory");
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          s0_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          s0_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s0_2, vf_set1(0.0f));
          s0_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s0_3, vf_set1(0.0f));
          s0_3 = vf_min(t3_0, x0);
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          s1_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          s1_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s1_2, vf_set1(0.0f));
          s1_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s1_3, vf_set1(0.0f));
          s1_3 = vf_min(t3_0, x0);
        }
        {
          const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
          s2_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s2_1, vf_set1(0.0f));
          s2_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s2_2, vf_set1(0.0f));
          s2_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s2_3, vf_set1(0.0f));
          s2_3 = vf_min(t3_0, x0);
        }
        {
          const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
          s3_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s3_1, vf_set1(0.0f));
          s3_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s3_2, vf_set1(0.0f));
          s3_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s3_3, vf_set1(0.0f));
          s3_3 = vf_min(t3_0, x0);
        }
        {
          const vf t0_0 = vf_max(s4_0, vf_set1(0.0f));
          s4_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s4_1, vf_set1(0.0f));
          s4_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s4_2, vf_set1(0.0f));
          s4_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s4_3, vf_set1(0.0f));
          s4_3 = vf_min(t3_0, x0);
        }
        vf_store(y + 0 + 0 * VF_LANES, s0_0);
        vf_store(y + 0 + 1 * VF_LANES, s0_1);
        vf_store(y + 0 + 2 * VF_LANES, s0_2);
        vf_store(y + 0 + 3 * VF_LANES, s0_3);
        vf_store(y + 16 + 0 * VF_LANES, s1_0);
        vf_store(y + 16 + 1 * VF_LANES, s1_1);
        vf_store(y + 16 + 2 * VF_LANES, s1_2);
        vf_store(y + 16 + 3 * VF_LANES, s1_3);
        vf_store(y + 32 + 0 * VF_LANES, s2_0);
        vf_store(y + 32 + 1 * VF_LANES, s2_1);
        vf_store(y + 32 + 2 * VF_LANES, s2_2);
        vf_store(y + 32 + 3 * VF_LANES, s2_3);
        vf_store(y + 48 + 0 * VF_LANES, s3_0);
        vf_store(y + 48 + 1 * VF_LANES, s3_1);
        vf_store(y + 48 + 2 * VF_LANES, s3_2);
        vf_store(y + 48 + 3 * VF_LANES, s3_3);
        vf_store(y + 64 + 0 * VF_LANES, s4_0);
        vf_store(y + 64 + 1 * VF_LANES, s4_1);
        vf_store(y + 64 + 2 * VF_LANES, s4_2);
        vf_store(y + 64 + 3 * VF_LANES, s4_3);
        y += 80;
        i += 5;
      }
      else if (m - i >= 4) {
        const float *const a = x + (ptrdiff_t)i * lda;
        const float *q = w;
        register vf s0_0 __asm__("v16");
        register vf s0_1 __asm__("v17");
        register vf s0_2 __asm__("v18");
        register vf s0_3 __asm__("v19");
        register vf s1_0 __asm__("v20");
        register vf s1_1 __asm__("v21");
        register vf s1_2 __asm__("v22");
        register vf s1_3 __asm__("v23");
        register vf s2_0 __asm__("v24");
        register vf s2_1 __asm__("v25");
        register vf s2_2 __asm__("v26");
        register vf s2_3 __asm__("v27");
        register vf s3_0 __asm__("v28");
        register vf s3_1 __asm__("v29");
        register vf s3_2 __asm__("v30");
        register vf s3_3 __asm__("v31");
        __asm__ volatile(
            "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[w]]\n"
            "ld1 {v20.4s, v21.4s, v22.4s, v23.4s}, [%[w]]\n"
            "ld1 {v24.4s, v25.4s, v26.4s, v27.4s}, [%[w]]\n"
            "ld1 {v28.4s, v29.4s, v30.4s, v31.4s}, [%[w]]\n"
            "add %[w], %[w], #64\n"
            "add x9, %[a], #0\n"
            "add x10, x9, %[lda], lsl #2\n"
            "add x11, x10, %[lda], lsl #2\n"
            "add x12, x11, %[lda], lsl #2\n"
            "lsr w14, %w[kc], #3\n"
            "cbz x14, 3f\n"
            "2:\n"
            "ldp q4, q8, [x9], #32\n"
            "ldp q5, q9, [x10], #32\n"
            "ldp q6, q10, [x11], #32\n"
            "ldp q7, q11, [x12], #32\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v4.s[0]\n"
            "fmla v17.4s, v1.4s, v4.s[0]\n"
            "fmla v18.4s, v2.4s, v4.s[0]\n"
            "fmla v19.4s, v3.4s, v4.s[0]\n"
            "fmla v20.4s, v0.4s, v5.s[0]\n"
            "fmla v21.4s, v1.4s, v5.s[0]\n"
            "fmla v22.4s, v2.4s, v5.s[0]\n"
            "fmla v23.4s, v3.4s, v5.s[0]\n"
            "fmla v24.4s, v0.4s, v6.s[0]\n"
            "fmla v25.4s, v1.4s, v6.s[0]\n"
            "fmla v26.4s, v2.4s, v6.s[0]\n"
            "fmla v27.4s, v3.4s, v6.s[0]\n"
            "fmla v28.4s, v0.4s, v7.s[0]\n"
            "fmla v29.4s, v1.4s, v7.s[0]\n"
            "fmla v30.4s, v2.4s, v7.s[0]\n"
            "fmla v31.4s, v3.4s, v7.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v4.s[1]\n"
            "fmla v17.4s, v1.4s, v4.s[1]\n"
            "fmla v18.4s, v2.4s, v4.s[1]\n"
            "fmla v19.4s, v3.4s, v4.s[1]\n"
            "fmla v20.4s, v0.4s, v5.s[1]\n"
            "fmla v21.4s, v1.4s, v5.s[1]\n"
            "fmla v22.4s, v2.4s, v5.s[1]\n"
            "fmla v23.4s, v3.4s, v5.s[1]\n"
            "fmla v24.4s, v0.4s, v6.s[1]\n"
            "fmla v25.4s, v1.4s, v6.s[1]\n"
            "fmla v26.4s, v2.4s, v6.s[1]\n"
            "fmla v27.4s, v3.4s, v6.s[1]\n"
            "fmla v28.4s, v0.4s, v7.s[1]\n"
            "fmla v29.4s, v1.4s, v7.s[1]\n"
            "fmla v30.4s, v2.4s, v7.s[1]\n"
            "fmla v31.4s, v3.4s, v7.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v4.s[2]\n"
            "fmla v17.4s, v1.4s, v4.s[2]\n"
            "fmla v18.4s, v2.4s, v4.s[2]\n"
            "fmla v19.4s, v3.4s, v4.s[2]\n"
            "fmla v20.4s, v0.4s, v5.s[2]\n"
            "fmla v21.4s, v1.4s, v5.s[2]\n"
            "fmla v22.4s, v2.4s, v5.s[2]\n"
            "fmla v23.4s, v3.4s, v5.s[2]\n"
            "fmla v24.4s, v0.4s, v6.s[2]\n"
            "fmla v25.4s, v1.4s, v6.s[2]\n"
            "fmla v26.4s, v2.4s, v6.s[2]\n"
            "fmla v27.4s, v3.4s, v6.s[2]\n"
            "fmla v28.4s, v0.4s, v7.s[2]\n"
            "fmla v29.4s, v1.4s, v7.s[2]\n"
            "fmla v30.4s, v2.4s, v7.s[2]\n"
            "fmla v31.4s, v3.4s, v7.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v4.s[3]\n"
            "fmla v17.4s, v1.4s, v4.s[3]\n"
            "fmla v18.4s, v2.4s, v4.s[3]\n"
            "fmla v19.4s, v3.4s, v4.s[3]\n"
            "fmla v20.4s, v0.4s, v5.s[3]\n"
            "fmla v21.4s, v1.4s, v5.s[3]\n"
            "fmla v22.4s, v2.4s, v5.s[3]\n"
            "fmla v23.4s, v3.4s, v5.s[3]\n"
            "fmla v24.4s, v0.4s, v6.s[3]\n"
            "fmla v25.4s, v1.4s, v6.s[3]\n"
            "fmla v26.4s, v2.4s, v6.s[3]\n"
            "fmla v27.4s, v3.4s, v6.s[3]\n"
            "fmla v28.4s, v0.4s, v7.s[3]\n"
            "fmla v29.4s, v1.4s, v7.s[3]\n"
            "fmla v30.4s, v2.4s, v7.s[3]\n"
            "fmla v31.4s, v3.4s, v7.s[3]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v8.s[0]\n"
            "fmla v17.4s, v1.4s, v8.s[0]\n"
            "fmla v18.4s, v2.4s, v8.s[0]\n"
            "fmla v19.4s, v3.4s, v8.s[0]\n"
            "fmla v20.4s, v0.4s, v9.s[0]\n"
            "fmla v21.4s, v1.4s, v9.s[0]\n"
            "fmla v22.4s, v2.4s, v9.s[0]\n"
            "fmla v23.4s, v3.4s, v9.s[0]\n"
            "fmla v24.4s, v0.4s, v10.s[0]\n"
            "fmla v25.4s, v1.4s, v10.s[0]\n"
            "fmla v26.4s, v2.4s, v10.s[0]\n"
            "fmla v27.4s, v3.4s, v10.s[0]\n"
            "fmla v28.4s, v0.4s, v11.s[0]\n"
            "fmla v29.4s, v1.4s, v11.s[0]\n"
            "fmla v30.4s, v2.4s, v11.s[0]\n"
            "fmla v31.4s, v3.4s, v11.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v8.s[1]\n"
            "fmla v17.4s, v1.4s, v8.s[1]\n"
            "fmla v18.4s, v2.4s, v8.s[1]\n"
            "fmla v19.4s, v3.4s, v8.s[1]\n"
            "fmla v20.4s, v0.4s, v9.s[1]\n"
            "fmla v21.4s, v1.4s, v9.s[1]\n"
            "fmla v22.4s, v2.4s, v9.s[1]\n"
            "fmla v23.4s, v3.4s, v9.s[1]\n"
            "fmla v24.4s, v0.4s, v10.s[1]\n"
            "fmla v25.4s, v1.4s, v10.s[1]\n"
            "fmla v26.4s, v2.4s, v10.s[1]\n"
            "fmla v27.4s, v3.4s, v10.s[1]\n"
            "fmla v28.4s, v0.4s, v11.s[1]\n"
            "fmla v29.4s, v1.4s, v11.s[1]\n"
            "fmla v30.4s, v2.4s, v11.s[1]\n"
            "fmla v31.4s, v3.4s, v11.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v8.s[2]\n"
            "fmla v17.4s, v1.4s, v8.s[2]\n"
            "fmla v18.4s, v2.4s, v8.s[2]\n"
            "fmla v19.4s, v3.4s, v8.s[2]\n"
            "fmla v20.4s, v0.4s, v9.s[2]\n"
            "fmla v21.4s, v1.4s, v9.s[2]\n"
            "fmla v22.4s, v2.4s, v9.s[2]\n"
            "fmla v23.4s, v3.4s, v9.s[2]\n"
            "fmla v24.4s, v0.4s, v10.s[2]\n"
            "fmla v25.4s, v1.4s, v10.s[2]\n"
            "fmla v26.4s, v2.4s, v10.s[2]\n"
            "fmla v27.4s, v3.4s, v10.s[2]\n"
            "fmla v28.4s, v0.4s, v11.s[2]\n"
            "fmla v29.4s, v1.4s, v11.s[2]\n"
            "fmla v30.4s, v2.4s, v11.s[2]\n"
            "fmla v31.4s, v3.4s, v11.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v8.s[3]\n"
            "fmla v17.4s, v1.4s, v8.s[3]\n"
            "fmla v18.4s, v2.4s, v8.s[3]\n"
            "fmla v19.4s, v3.4s, v8.s[3]\n"
            "fmla v20.4s, v0.4s, v9.s[3]\n"
            "fmla v21.4s, v1.4s, v9.s[3]\n"
            "fmla v22.4s, v2.4s, v9.s[3]\n"
            "fmla v23.4s, v3.4s, v9.s[3]\n"
            "fmla v24.4s, v0.4s, v10.s[3]\n"
            "fmla v25.4s, v1.4s, v10.s[3]\n"
            "fmla v26.4s, v2.4s, v10.s[3]\n"
            "fmla v27.4s, v3.4s, v10.s[3]\n"
            "fmla v28.4s, v0.4s, v11.s[3]\n"
            "fmla v29.4s, v1.4s, v11.s[3]\n"
            "fmla v30.4s, v2.4s, v11.s[3]\n"
            "fmla v31.4s, v3.4s, v11.s[3]\n"
            "subs x14, x14, #1\n"
            "b.ne 2b\n"
            "3:\n"
            "tbz %w[kc], #2, 4f\n"
            "ldr q4, [x9], #16\n"
            "ldr q5, [x10], #16\n"
            "ldr q6, [x11], #16\n"
            "ldr q7, [x12], #16\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v4.s[0]\n"
            "fmla v17.4s, v1.4s, v4.s[0]\n"
            "fmla v18.4s, v2.4s, v4.s[0]\n"
            "fmla v19.4s, v3.4s, v4.s[0]\n"
            "fmla v20.4s, v0.4s, v5.s[0]\n"
            "fmla v21.4s, v1.4s, v5.s[0]\n"
            "fmla v22.4s, v2.4s, v5.s[0]\n"
            "fmla v23.4s, v3.4s, v5.s[0]\n"
            "fmla v24.4s, v0.4s, v6.s[0]\n"
            "fmla v25.4s, v1.4s, v6.s[0]\n"
            "fmla v26.4s, v2.4s, v6.s[0]\n"
            "fmla v27.4s, v3.4s, v6.s[0]\n"
            "fmla v28.4s, v0.4s, v7.s[0]\n"
            "fmla v29.4s, v1.4s, v7.s[0]\n"
            "fmla v30.4s, v2.4s, v7.s[0]\n"
            "fmla v31.4s, v3.4s, v7.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v4.s[1]\n"
            "fmla v17.4s, v1.4s, v4.s[1]\n"
            "fmla v18.4s, v2.4s, v4.s[1]\n"
            "fmla v19.4s, v3.4s, v4.s[1]\n"
            "fmla v20.4s, v0.4s, v5.s[1]\n"
            "fmla v21.4s, v1.4s, v5.s[1]\n"
            "fmla v22.4s, v2.4s, v5.s[1]\n"
            "fmla v23.4s, v3.4s, v5.s[1]\n"
            "fmla v24.4s, v0.4s, v6.s[1]\n"
            "fmla v25.4s, v1.4s, v6.s[1]\n"
            "fmla v26.4s, v2.4s, v6.s[1]\n"
            "fmla v27.4s, v3.4s, v6.s[1]\n"
            "fmla v28.4s, v0.4s, v7.s[1]\n"
            "fmla v29.4s, v1.4s, v7.s[1]\n"
            "fmla v30.4s, v2.4s, v7.s[1]\n"
            "fmla v31.4s, v3.4s, v7.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v4.s[2]\n"
            "fmla v17.4s, v1.4s, v4.s[2]\n"
            "fmla v18.4s, v2.4s, v4.s[2]\n"
            "fmla v19.4s, v3.4s, v4.s[2]\n"
            "fmla v20.4s, v0.4s, v5.s[2]\n"
            "fmla v21.4s, v1.4s, v5.s[2]\n"
            "fmla v22.4s, v2.4s, v5.s[2]\n"
            "fmla v23.4s, v3.4s, v5.s[2]\n"
            "fmla v24.4s, v0.4s, v6.s[2]\n"
            "fmla v25.4s, v1.4s, v6.s[2]\n"
            "fmla v26.4s, v2.4s, v6.s[2]\n"
            "fmla v27.4s, v3.4s, v6.s[2]\n"
            "fmla v28.4s, v0.4s, v7.s[2]\n"
            "fmla v29.4s, v1.4s, v7.s[2]\n"
            "fmla v30.4s, v2.4s, v7.s[2]\n"
            "fmla v31.4s, v3.4s, v7.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v16.4s, v0.4s, v4.s[3]\n"
            "fmla v17.4s, v1.4s, v4.s[3]\n"
            "fmla v18.4s, v2.4s, v4.s[3]\n"
            "fmla v19.4s, v3.4s, v4.s[3]\n"
            "fmla v20.4s, v0.4s, v5.s[3]\n"
            "fmla v21.4s, v1.4s, v5.s[3]\n"
            "fmla v22.4s, v2.4s, v5.s[3]\n"
            "fmla v23.4s, v3.4s, v5.s[3]\n"
            "fmla v24.4s, v0.4s, v6.s[3]\n"
            "fmla v25.4s, v1.4s, v6.s[3]\n"
            "fmla v26.4s, v2.4s, v6.s[3]\n"
            "fmla v27.4s, v3.4s, v6.s[3]\n"
            "fmla v28.4s, v0.4s, v7.s[3]\n"
            "fmla v29.4s, v1.4s, v7.s[3]\n"
            "fmla v30.4s, v2.4s, v7.s[3]\n"
            "fmla v31.4s, v3.4s, v7.s[3]\n"
            "4:\n"
            "ands x14, %[kc], #3\n"
            "b.eq 6f\n"
            "5:\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "ldr s4, [x9], #4\n"
            "ldr s5, [x10], #4\n"
            "ldr s6, [x11], #4\n"
            "ldr s7, [x12], #4\n"
            "fmla v16.4s, v0.4s, v4.s[0]\n"
            "fmla v17.4s, v1.4s, v4.s[0]\n"
            "fmla v18.4s, v2.4s, v4.s[0]\n"
            "fmla v19.4s, v3.4s, v4.s[0]\n"
            "fmla v20.4s, v0.4s, v5.s[0]\n"
            "fmla v21.4s, v1.4s, v5.s[0]\n"
            "fmla v22.4s, v2.4s, v5.s[0]\n"
            "fmla v23.4s, v3.4s, v5.s[0]\n"
            "fmla v24.4s, v0.4s, v6.s[0]\n"
            "fmla v25.4s, v1.4s, v6.s[0]\n"
            "fmla v26.4s, v2.4s, v6.s[0]\n"
            "fmla v27.4s, v3.4s, v6.s[0]\n"
            "fmla v28.4s, v0.4s, v7.s[0]\n"
            "fmla v29.4s, v1.4s, v7.s[0]\n"
            "fmla v30.4s, v2.4s, v7.s[0]\n"
            "fmla v31.4s, v3.4s, v7.s[0]\n"
            "subs x14, x14, #1\n"
            "b.ne 5b\n"
            "6:\n"
            : "=w"(s0_0), "=w"(s0_1), "=w"(s0_2), "=w"(s0_3), "=w"(s1_0), "=w"(s1_1), "=w"(s1_2), "=w"(s1_3), "=w"(s2_0), "=w"(s2_1), "=w"(s2_2), "=w"(s2_3), "=w"(s3_0), "=w"(s3_1), "=w"(s3_2), "=w"(s3_3), [w] "+&r"(q)
            : [a] "r"(a), [lda] "r"((ptrdiff_t)lda), [kc] "r"((ptrdiff_t)k)
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "x9", "x10", "x11", "x12", "x14", "cc", "memory");
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          s0_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          s0_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s0_2, vf_set1(0.0f));
          s0_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s0_3, vf_set1(0.0f));
          s0_3 = vf_min(t3_0, x0);
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          s1_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          s1_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s1_2, vf_set1(0.0f));
          s1_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s1_3, vf_set1(0.0f));
          s1_3 = vf_min(t3_0, x0);
        }
        {
          const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
          s2_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s2_1, vf_set1(0.0f));
          s2_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s2_2, vf_set1(0.0f));
          s2_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s2_3, vf_set1(0.0f));
          s2_3 = vf_min(t3_0, x0);
        }
        {
          const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
          s3_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s3_1, vf_set1(0.0f));
          s3_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s3_2, vf_set1(0.0f));
          s3_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s3_3, vf_set1(0.0f));
          s3_3 = vf_min(t3_0, x0);
        }
        vf_store(y + 0 + 0 * VF_LANES, s0_0);
        vf_store(y + 0 + 1 * VF_LANES, s0_1);
        vf_store(y + 0 + 2 * VF_LANES, s0_2);
        vf_store(y + 0 + 3 * VF_LANES, s0_3);
        vf_store(y + 16 + 0 * VF_LANES, s1_0);
        vf_store(y + 16 + 1 * VF_LANES, s1_1);
        vf_store(y + 16 + 2 * VF_LANES, s1_2);
        vf_store(y + 16 + 3 * VF_LANES, s1_3);
        vf_store(y + 32 + 0 * VF_LANES, s2_0);
        vf_store(y + 32 + 1 * VF_LANES, s2_1);
        vf_store(y + 32 + 2 * VF_LANES, s2_2);
        vf_store(y + 32 + 3 * VF_LANES, s2_3);
        vf_store(y + 48 + 0 * VF_LANES, s3_0);
        vf_store(y + 48 + 1 * VF_LANES, s3_1);
        vf_store(y + 48 + 2 * VF_LANES, s3_2);
        vf_store(y + 48 + 3 * VF_LANES, s3_3);
        y += 64;
        i += 4;
      }
      else {
        if (m - i < 2) { /* the pixel before once more, which is in the same row: iw is at least 2 */
          i--;
          y -= 16;
        }
        const float *const a = x + (ptrdiff_t)i * lda;
        const float *q = w;
        register vf s0_0 __asm__("v24");
        register vf s0_1 __asm__("v25");
        register vf s0_2 __asm__("v26");
        register vf s0_3 __asm__("v27");
        register vf s1_0 __asm__("v28");
        register vf s1_1 __asm__("v29");
        register vf s1_2 __asm__("v30");
        register vf s1_3 __asm__("v31");
        __asm__ volatile(
            "ld1 {v24.4s, v25.4s, v26.4s, v27.4s}, [%[w]]\n"
            "ld1 {v28.4s, v29.4s, v30.4s, v31.4s}, [%[w]]\n"
            "add %[w], %[w], #64\n"
            "add x9, %[a], #0\n"
            "add x10, x9, %[lda], lsl #2\n"
            "lsr w14, %w[kc], #3\n"
            "cbz x14, 3f\n"
            "2:\n"
            "ldp q4, q6, [x9], #32\n"
            "ldp q5, q7, [x10], #32\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v4.s[0]\n"
            "fmla v25.4s, v1.4s, v4.s[0]\n"
            "fmla v26.4s, v2.4s, v4.s[0]\n"
            "fmla v27.4s, v3.4s, v4.s[0]\n"
            "fmla v28.4s, v0.4s, v5.s[0]\n"
            "fmla v29.4s, v1.4s, v5.s[0]\n"
            "fmla v30.4s, v2.4s, v5.s[0]\n"
            "fmla v31.4s, v3.4s, v5.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v4.s[1]\n"
            "fmla v25.4s, v1.4s, v4.s[1]\n"
            "fmla v26.4s, v2.4s, v4.s[1]\n"
            "fmla v27.4s, v3.4s, v4.s[1]\n"
            "fmla v28.4s, v0.4s, v5.s[1]\n"
            "fmla v29.4s, v1.4s, v5.s[1]\n"
            "fmla v30.4s, v2.4s, v5.s[1]\n"
            "fmla v31.4s, v3.4s, v5.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v4.s[2]\n"
            "fmla v25.4s, v1.4s, v4.s[2]\n"
            "fmla v26.4s, v2.4s, v4.s[2]\n"
            "fmla v27.4s, v3.4s, v4.s[2]\n"
            "fmla v28.4s, v0.4s, v5.s[2]\n"
            "fmla v29.4s, v1.4s, v5.s[2]\n"
            "fmla v30.4s, v2.4s, v5.s[2]\n"
            "fmla v31.4s, v3.4s, v5.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v4.s[3]\n"
            "fmla v25.4s, v1.4s, v4.s[3]\n"
            "fmla v26.4s, v2.4s, v4.s[3]\n"
            "fmla v27.4s, v3.4s, v4.s[3]\n"
            "fmla v28.4s, v0.4s, v5.s[3]\n"
            "fmla v29.4s, v1.4s, v5.s[3]\n"
            "fmla v30.4s, v2.4s, v5.s[3]\n"
            "fmla v31.4s, v3.4s, v5.s[3]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v6.s[0]\n"
            "fmla v25.4s, v1.4s, v6.s[0]\n"
            "fmla v26.4s, v2.4s, v6.s[0]\n"
            "fmla v27.4s, v3.4s, v6.s[0]\n"
            "fmla v28.4s, v0.4s, v7.s[0]\n"
            "fmla v29.4s, v1.4s, v7.s[0]\n"
            "fmla v30.4s, v2.4s, v7.s[0]\n"
            "fmla v31.4s, v3.4s, v7.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v6.s[1]\n"
            "fmla v25.4s, v1.4s, v6.s[1]\n"
            "fmla v26.4s, v2.4s, v6.s[1]\n"
            "fmla v27.4s, v3.4s, v6.s[1]\n"
            "fmla v28.4s, v0.4s, v7.s[1]\n"
            "fmla v29.4s, v1.4s, v7.s[1]\n"
            "fmla v30.4s, v2.4s, v7.s[1]\n"
            "fmla v31.4s, v3.4s, v7.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v6.s[2]\n"
            "fmla v25.4s, v1.4s, v6.s[2]\n"
            "fmla v26.4s, v2.4s, v6.s[2]\n"
            "fmla v27.4s, v3.4s, v6.s[2]\n"
            "fmla v28.4s, v0.4s, v7.s[2]\n"
            "fmla v29.4s, v1.4s, v7.s[2]\n"
            "fmla v30.4s, v2.4s, v7.s[2]\n"
            "fmla v31.4s, v3.4s, v7.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v6.s[3]\n"
            "fmla v25.4s, v1.4s, v6.s[3]\n"
            "fmla v26.4s, v2.4s, v6.s[3]\n"
            "fmla v27.4s, v3.4s, v6.s[3]\n"
            "fmla v28.4s, v0.4s, v7.s[3]\n"
            "fmla v29.4s, v1.4s, v7.s[3]\n"
            "fmla v30.4s, v2.4s, v7.s[3]\n"
            "fmla v31.4s, v3.4s, v7.s[3]\n"
            "subs x14, x14, #1\n"
            "b.ne 2b\n"
            "3:\n"
            "tbz %w[kc], #2, 4f\n"
            "ldr q4, [x9], #16\n"
            "ldr q5, [x10], #16\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v4.s[0]\n"
            "fmla v25.4s, v1.4s, v4.s[0]\n"
            "fmla v26.4s, v2.4s, v4.s[0]\n"
            "fmla v27.4s, v3.4s, v4.s[0]\n"
            "fmla v28.4s, v0.4s, v5.s[0]\n"
            "fmla v29.4s, v1.4s, v5.s[0]\n"
            "fmla v30.4s, v2.4s, v5.s[0]\n"
            "fmla v31.4s, v3.4s, v5.s[0]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v4.s[1]\n"
            "fmla v25.4s, v1.4s, v4.s[1]\n"
            "fmla v26.4s, v2.4s, v4.s[1]\n"
            "fmla v27.4s, v3.4s, v4.s[1]\n"
            "fmla v28.4s, v0.4s, v5.s[1]\n"
            "fmla v29.4s, v1.4s, v5.s[1]\n"
            "fmla v30.4s, v2.4s, v5.s[1]\n"
            "fmla v31.4s, v3.4s, v5.s[1]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v4.s[2]\n"
            "fmla v25.4s, v1.4s, v4.s[2]\n"
            "fmla v26.4s, v2.4s, v4.s[2]\n"
            "fmla v27.4s, v3.4s, v4.s[2]\n"
            "fmla v28.4s, v0.4s, v5.s[2]\n"
            "fmla v29.4s, v1.4s, v5.s[2]\n"
            "fmla v30.4s, v2.4s, v5.s[2]\n"
            "fmla v31.4s, v3.4s, v5.s[2]\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "fmla v24.4s, v0.4s, v4.s[3]\n"
            "fmla v25.4s, v1.4s, v4.s[3]\n"
            "fmla v26.4s, v2.4s, v4.s[3]\n"
            "fmla v27.4s, v3.4s, v4.s[3]\n"
            "fmla v28.4s, v0.4s, v5.s[3]\n"
            "fmla v29.4s, v1.4s, v5.s[3]\n"
            "fmla v30.4s, v2.4s, v5.s[3]\n"
            "fmla v31.4s, v3.4s, v5.s[3]\n"
            "4:\n"
            "ands x14, %[kc], #3\n"
            "b.eq 6f\n"
            "5:\n"
            "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
            "ldr s4, [x9], #4\n"
            "ldr s5, [x10], #4\n"
            "fmla v24.4s, v0.4s, v4.s[0]\n"
            "fmla v25.4s, v1.4s, v4.s[0]\n"
            "fmla v26.4s, v2.4s, v4.s[0]\n"
            "fmla v27.4s, v3.4s, v4.s[0]\n"
            "fmla v28.4s, v0.4s, v5.s[0]\n"
            "fmla v29.4s, v1.4s, v5.s[0]\n"
            "fmla v30.4s, v2.4s, v5.s[0]\n"
            "fmla v31.4s, v3.4s, v5.s[0]\n"
            "subs x14, x14, #1\n"
            "b.ne 5b\n"
            "6:\n"
            : "=w"(s0_0), "=w"(s0_1), "=w"(s0_2), "=w"(s0_3), "=w"(s1_0), "=w"(s1_1), "=w"(s1_2), "=w"(s1_3), [w] "+&r"(q)
            : [a] "r"(a), [lda] "r"((ptrdiff_t)lda), [kc] "r"((ptrdiff_t)k)
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "x9", "x10", "x14", "cc", "memory");
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          s0_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          s0_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s0_2, vf_set1(0.0f));
          s0_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s0_3, vf_set1(0.0f));
          s0_3 = vf_min(t3_0, x0);
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          s1_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          s1_1 = vf_min(t1_0, x0);
          const vf t2_0 = vf_max(s1_2, vf_set1(0.0f));
          s1_2 = vf_min(t2_0, x0);
          const vf t3_0 = vf_max(s1_3, vf_set1(0.0f));
          s1_3 = vf_min(t3_0, x0);
        }
        vf_store(y + 0 + 0 * VF_LANES, s0_0);
        vf_store(y + 0 + 1 * VF_LANES, s0_1);
        vf_store(y + 0 + 2 * VF_LANES, s0_2);
        vf_store(y + 0 + 3 * VF_LANES, s0_3);
        vf_store(y + 16 + 0 * VF_LANES, s1_0);
        vf_store(y + 16 + 1 * VF_LANES, s1_1);
        vf_store(y + 16 + 2 * VF_LANES, s1_2);
        vf_store(y + 16 + 3 * VF_LANES, s1_3);
        y += 32;
        i += 2;
      }
    }
  }
  else {
    const vf x0 = vf_set1(e0);
    for (int32_t i = 0; i < m;) {
      if (m - i >= 5) {
        const float *const a = x + (ptrdiff_t)i * lda;
        const float *q = w;
        register vf s0_0 __asm__("v22");
        register vf s0_1 __asm__("v23");
        register vf s1_0 __asm__("v24");
        register vf s1_1 __asm__("v25");
        register vf s2_0 __asm__("v26");
        register vf s2_1 __asm__("v27");
        register vf s3_0 __asm__("v28");
        register vf s3_1 __asm__("v29");
        register vf s4_0 __asm__("v30");
        register vf s4_1 __asm__("v31");
        __asm__ volatile(
            "ld1 {v22.4s, v23.4s}, [%[w]]\n"
            "ld1 {v24.4s, v25.4s}, [%[w]]\n"
            "ld1 {v26.4s, v27.4s}, [%[w]]\n"
            "ld1 {v28.4s, v29.4s}, [%[w]]\n"
            "ld1 {v30.4s, v31.4s}, [%[w]]\n"
            "add %[w], %[w], #64\n"
            "mov x15, #64\n"
            "add x9, %[a], #0\n"
            "add x10, x9, %[lda], lsl #2\n"
            "add x11, x10, %[lda], lsl #2\n"
            "add x12, x11, %[lda], lsl #2\n"
            "add x13, x12, %[lda], lsl #2\n"
            "lsr w14, %w[kc], #3\n"
            "cbz x14, 3f\n"
            "2:\n"
            "ldp q2, q7, [x9], #32\n"
            "ldp q3, q8, [x10], #32\n"
            "ldp q4, q9, [x11], #32\n"
            "ldp q5, q10, [x12], #32\n"
            "ldp q6, q11, [x13], #32\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v2.s[0]\n"
            "fmla v23.4s, v1.4s, v2.s[0]\n"
            "fmla v24.4s, v0.4s, v3.s[0]\n"
            "fmla v25.4s, v1.4s, v3.s[0]\n"
            "fmla v26.4s, v0.4s, v4.s[0]\n"
            "fmla v27.4s, v1.4s, v4.s[0]\n"
            "fmla v28.4s, v0.4s, v5.s[0]\n"
            "fmla v29.4s, v1.4s, v5.s[0]\n"
            "fmla v30.4s, v0.4s, v6.s[0]\n"
            "fmla v31.4s, v1.4s, v6.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v2.s[1]\n"
            "fmla v23.4s, v1.4s, v2.s[1]\n"
            "fmla v24.4s, v0.4s, v3.s[1]\n"
            "fmla v25.4s, v1.4s, v3.s[1]\n"
            "fmla v26.4s, v0.4s, v4.s[1]\n"
            "fmla v27.4s, v1.4s, v4.s[1]\n"
            "fmla v28.4s, v0.4s, v5.s[1]\n"
            "fmla v29.4s, v1.4s, v5.s[1]\n"
            "fmla v30.4s, v0.4s, v6.s[1]\n"
            "fmla v31.4s, v1.4s, v6.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v2.s[2]\n"
            "fmla v23.4s, v1.4s, v2.s[2]\n"
            "fmla v24.4s, v0.4s, v3.s[2]\n"
            "fmla v25.4s, v1.4s, v3.s[2]\n"
            "fmla v26.4s, v0.4s, v4.s[2]\n"
            "fmla v27.4s, v1.4s, v4.s[2]\n"
            "fmla v28.4s, v0.4s, v5.s[2]\n"
            "fmla v29.4s, v1.4s, v5.s[2]\n"
            "fmla v30.4s, v0.4s, v6.s[2]\n"
            "fmla v31.4s, v1.4s, v6.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v2.s[3]\n"
            "fmla v23.4s, v1.4s, v2.s[3]\n"
            "fmla v24.4s, v0.4s, v3.s[3]\n"
            "fmla v25.4s, v1.4s, v3.s[3]\n"
            "fmla v26.4s, v0.4s, v4.s[3]\n"
            "fmla v27.4s, v1.4s, v4.s[3]\n"
            "fmla v28.4s, v0.4s, v5.s[3]\n"
            "fmla v29.4s, v1.4s, v5.s[3]\n"
            "fmla v30.4s, v0.4s, v6.s[3]\n"
            "fmla v31.4s, v1.4s, v6.s[3]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v7.s[0]\n"
            "fmla v23.4s, v1.4s, v7.s[0]\n"
            "fmla v24.4s, v0.4s, v8.s[0]\n"
            "fmla v25.4s, v1.4s, v8.s[0]\n"
            "fmla v26.4s, v0.4s, v9.s[0]\n"
            "fmla v27.4s, v1.4s, v9.s[0]\n"
            "fmla v28.4s, v0.4s, v10.s[0]\n"
            "fmla v29.4s, v1.4s, v10.s[0]\n"
            "fmla v30.4s, v0.4s, v11.s[0]\n"
            "fmla v31.4s, v1.4s, v11.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v7.s[1]\n"
            "fmla v23.4s, v1.4s, v7.s[1]\n"
            "fmla v24.4s, v0.4s, v8.s[1]\n"
            "fmla v25.4s, v1.4s, v8.s[1]\n"
            "fmla v26.4s, v0.4s, v9.s[1]\n"
            "fmla v27.4s, v1.4s, v9.s[1]\n"
            "fmla v28.4s, v0.4s, v10.s[1]\n"
            "fmla v29.4s, v1.4s, v10.s[1]\n"
            "fmla v30.4s, v0.4s, v11.s[1]\n"
            "fmla v31.4s, v1.4s, v11.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v7.s[2]\n"
            "fmla v23.4s, v1.4s, v7.s[2]\n"
            "fmla v24.4s, v0.4s, v8.s[2]\n"
            "fmla v25.4s, v1.4s, v8.s[2]\n"
            "fmla v26.4s, v0.4s, v9.s[2]\n"
            "fmla v27.4s, v1.4s, v9.s[2]\n"
            "fmla v28.4s, v0.4s, v10.s[2]\n"
            "fmla v29.4s, v1.4s, v10.s[2]\n"
            "fmla v30.4s, v0.4s, v11.s[2]\n"
            "fmla v31.4s, v1.4s, v11.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v7.s[3]\n"
            "fmla v23.4s, v1.4s, v7.s[3]\n"
            "fmla v24.4s, v0.4s, v8.s[3]\n"
            "fmla v25.4s, v1.4s, v8.s[3]\n"
            "fmla v26.4s, v0.4s, v9.s[3]\n"
            "fmla v27.4s, v1.4s, v9.s[3]\n"
            "fmla v28.4s, v0.4s, v10.s[3]\n"
            "fmla v29.4s, v1.4s, v10.s[3]\n"
            "fmla v30.4s, v0.4s, v11.s[3]\n"
            "fmla v31.4s, v1.4s, v11.s[3]\n"
            "subs x14, x14, #1\n"
            "b.ne 2b\n"
            "3:\n"
            "tbz %w[kc], #2, 4f\n"
            "ldr q2, [x9], #16\n"
            "ldr q3, [x10], #16\n"
            "ldr q4, [x11], #16\n"
            "ldr q5, [x12], #16\n"
            "ldr q6, [x13], #16\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v2.s[0]\n"
            "fmla v23.4s, v1.4s, v2.s[0]\n"
            "fmla v24.4s, v0.4s, v3.s[0]\n"
            "fmla v25.4s, v1.4s, v3.s[0]\n"
            "fmla v26.4s, v0.4s, v4.s[0]\n"
            "fmla v27.4s, v1.4s, v4.s[0]\n"
            "fmla v28.4s, v0.4s, v5.s[0]\n"
            "fmla v29.4s, v1.4s, v5.s[0]\n"
            "fmla v30.4s, v0.4s, v6.s[0]\n"
            "fmla v31.4s, v1.4s, v6.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v2.s[1]\n"
            "fmla v23.4s, v1.4s, v2.s[1]\n"
            "fmla v24.4s, v0.4s, v3.s[1]\n"
            "fmla v25.4s, v1.4s, v3.s[1]\n"
            "fmla v26.4s, v0.4s, v4.s[1]\n"
            "fmla v27.4s, v1.4s, v4.s[1]\n"
            "fmla v28.4s, v0.4s, v5.s[1]\n"
            "fmla v29.4s, v1.4s, v5.s[1]\n"
            "fmla v30.4s, v0.4s, v6.s[1]\n"
            "fmla v31.4s, v1.4s, v6.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v2.s[2]\n"
            "fmla v23.4s, v1.4s, v2.s[2]\n"
            "fmla v24.4s, v0.4s, v3.s[2]\n"
            "fmla v25.4s, v1.4s, v3.s[2]\n"
            "fmla v26.4s, v0.4s, v4.s[2]\n"
            "fmla v27.4s, v1.4s, v4.s[2]\n"
            "fmla v28.4s, v0.4s, v5.s[2]\n"
            "fmla v29.4s, v1.4s, v5.s[2]\n"
            "fmla v30.4s, v0.4s, v6.s[2]\n"
            "fmla v31.4s, v1.4s, v6.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v22.4s, v0.4s, v2.s[3]\n"
            "fmla v23.4s, v1.4s, v2.s[3]\n"
            "fmla v24.4s, v0.4s, v3.s[3]\n"
            "fmla v25.4s, v1.4s, v3.s[3]\n"
            "fmla v26.4s, v0.4s, v4.s[3]\n"
            "fmla v27.4s, v1.4s, v4.s[3]\n"
            "fmla v28.4s, v0.4s, v5.s[3]\n"
            "fmla v29.4s, v1.4s, v5.s[3]\n"
            "fmla v30.4s, v0.4s, v6.s[3]\n"
            "fmla v31.4s, v1.4s, v6.s[3]\n"
            "4:\n"
            "ands x14, %[kc], #3\n"
            "b.eq 6f\n"
            "5:\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "ldr s2, [x9], #4\n"
            "ldr s3, [x10], #4\n"
            "ldr s4, [x11], #4\n"
            "ldr s5, [x12], #4\n"
            "ldr s6, [x13], #4\n"
            "fmla v22.4s, v0.4s, v2.s[0]\n"
            "fmla v23.4s, v1.4s, v2.s[0]\n"
            "fmla v24.4s, v0.4s, v3.s[0]\n"
            "fmla v25.4s, v1.4s, v3.s[0]\n"
            "fmla v26.4s, v0.4s, v4.s[0]\n"
            "fmla v27.4s, v1.4s, v4.s[0]\n"
            "fmla v28.4s, v0.4s, v5.s[0]\n"
            "fmla v29.4s, v1.4s, v5.s[0]\n"
            "fmla v30.4s, v0.4s, v6.s[0]\n"
            "fmla v31.4s, v1.4s, v6.s[0]\n"
            "subs x14, x14, #1\n"
            "b.ne 5b\n"
            "6:\n"
            : "=w"(s0_0), "=w"(s0_1), "=w"(s1_0), "=w"(s1_1), "=w"(s2_0), "=w"(s2_1), "=w"(s3_0), "=w"(s3_1), "=w"(s4_0), "=w"(s4_1), [w] "+&r"(q)
            : [a] "r"(a), [lda] "r"((ptrdiff_t)lda), [kc] "r"((ptrdiff_t)k)
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "cc", "memory");
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          s0_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          s0_1 = vf_min(t1_0, x0);
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          s1_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          s1_1 = vf_min(t1_0, x0);
        }
        {
          const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
          s2_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s2_1, vf_set1(0.0f));
          s2_1 = vf_min(t1_0, x0);
        }
        {
          const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
          s3_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s3_1, vf_set1(0.0f));
          s3_1 = vf_min(t1_0, x0);
        }
        {
          const vf t0_0 = vf_max(s4_0, vf_set1(0.0f));
          s4_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s4_1, vf_set1(0.0f));
          s4_1 = vf_min(t1_0, x0);
        }
        vf_store(y + 0 + 0 * VF_LANES, s0_0);
        vf_store(y + 0 + 1 * VF_LANES, s0_1);
        vf_store(y + 16 + 0 * VF_LANES, s1_0);
        vf_store(y + 16 + 1 * VF_LANES, s1_1);
        vf_store(y + 32 + 0 * VF_LANES, s2_0);
        vf_store(y + 32 + 1 * VF_LANES, s2_1);
        vf_store(y + 48 + 0 * VF_LANES, s3_0);
        vf_store(y + 48 + 1 * VF_LANES, s3_1);
        vf_store(y + 64 + 0 * VF_LANES, s4_0);
        vf_store(y + 64 + 1 * VF_LANES, s4_1);
        y += 80;
        i += 5;
      }
      else if (m - i >= 4) {
        const float *const a = x + (ptrdiff_t)i * lda;
        const float *q = w;
        register vf s0_0 __asm__("v24");
        register vf s0_1 __asm__("v25");
        register vf s1_0 __asm__("v26");
        register vf s1_1 __asm__("v27");
        register vf s2_0 __asm__("v28");
        register vf s2_1 __asm__("v29");
        register vf s3_0 __asm__("v30");
        register vf s3_1 __asm__("v31");
        __asm__ volatile(
            "ld1 {v24.4s, v25.4s}, [%[w]]\n"
            "ld1 {v26.4s, v27.4s}, [%[w]]\n"
            "ld1 {v28.4s, v29.4s}, [%[w]]\n"
            "ld1 {v30.4s, v31.4s}, [%[w]]\n"
            "add %[w], %[w], #64\n"
            "mov x15, #64\n"
            "add x9, %[a], #0\n"
            "add x10, x9, %[lda], lsl #2\n"
            "add x11, x10, %[lda], lsl #2\n"
            "add x12, x11, %[lda], lsl #2\n"
            "lsr w14, %w[kc], #3\n"
            "cbz x14, 3f\n"
            "2:\n"
            "ldp q2, q6, [x9], #32\n"
            "ldp q3, q7, [x10], #32\n"
            "ldp q4, q8, [x11], #32\n"
            "ldp q5, q9, [x12], #32\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v2.s[0]\n"
            "fmla v25.4s, v1.4s, v2.s[0]\n"
            "fmla v26.4s, v0.4s, v3.s[0]\n"
            "fmla v27.4s, v1.4s, v3.s[0]\n"
            "fmla v28.4s, v0.4s, v4.s[0]\n"
            "fmla v29.4s, v1.4s, v4.s[0]\n"
            "fmla v30.4s, v0.4s, v5.s[0]\n"
            "fmla v31.4s, v1.4s, v5.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v2.s[1]\n"
            "fmla v25.4s, v1.4s, v2.s[1]\n"
            "fmla v26.4s, v0.4s, v3.s[1]\n"
            "fmla v27.4s, v1.4s, v3.s[1]\n"
            "fmla v28.4s, v0.4s, v4.s[1]\n"
            "fmla v29.4s, v1.4s, v4.s[1]\n"
            "fmla v30.4s, v0.4s, v5.s[1]\n"
            "fmla v31.4s, v1.4s, v5.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v2.s[2]\n"
            "fmla v25.4s, v1.4s, v2.s[2]\n"
            "fmla v26.4s, v0.4s, v3.s[2]\n"
            "fmla v27.4s, v1.4s, v3.s[2]\n"
            "fmla v28.4s, v0.4s, v4.s[2]\n"
            "fmla v29.4s, v1.4s, v4.s[2]\n"
            "fmla v30.4s, v0.4s, v5.s[2]\n"
            "fmla v31.4s, v1.4s, v5.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v2.s[3]\n"
            "fmla v25.4s, v1.4s, v2.s[3]\n"
            "fmla v26.4s, v0.4s, v3.s[3]\n"
            "fmla v27.4s, v1.4s, v3.s[3]\n"
            "fmla v28.4s, v0.4s, v4.s[3]\n"
            "fmla v29.4s, v1.4s, v4.s[3]\n"
            "fmla v30.4s, v0.4s, v5.s[3]\n"
            "fmla v31.4s, v1.4s, v5.s[3]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v6.s[0]\n"
            "fmla v25.4s, v1.4s, v6.s[0]\n"
            "fmla v26.4s, v0.4s, v7.s[0]\n"
            "fmla v27.4s, v1.4s, v7.s[0]\n"
            "fmla v28.4s, v0.4s, v8.s[0]\n"
            "fmla v29.4s, v1.4s, v8.s[0]\n"
            "fmla v30.4s, v0.4s, v9.s[0]\n"
            "fmla v31.4s, v1.4s, v9.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v6.s[1]\n"
            "fmla v25.4s, v1.4s, v6.s[1]\n"
            "fmla v26.4s, v0.4s, v7.s[1]\n"
            "fmla v27.4s, v1.4s, v7.s[1]\n"
            "fmla v28.4s, v0.4s, v8.s[1]\n"
            "fmla v29.4s, v1.4s, v8.s[1]\n"
            "fmla v30.4s, v0.4s, v9.s[1]\n"
            "fmla v31.4s, v1.4s, v9.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v6.s[2]\n"
            "fmla v25.4s, v1.4s, v6.s[2]\n"
            "fmla v26.4s, v0.4s, v7.s[2]\n"
            "fmla v27.4s, v1.4s, v7.s[2]\n"
            "fmla v28.4s, v0.4s, v8.s[2]\n"
            "fmla v29.4s, v1.4s, v8.s[2]\n"
            "fmla v30.4s, v0.4s, v9.s[2]\n"
            "fmla v31.4s, v1.4s, v9.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v6.s[3]\n"
            "fmla v25.4s, v1.4s, v6.s[3]\n"
            "fmla v26.4s, v0.4s, v7.s[3]\n"
            "fmla v27.4s, v1.4s, v7.s[3]\n"
            "fmla v28.4s, v0.4s, v8.s[3]\n"
            "fmla v29.4s, v1.4s, v8.s[3]\n"
            "fmla v30.4s, v0.4s, v9.s[3]\n"
            "fmla v31.4s, v1.4s, v9.s[3]\n"
            "subs x14, x14, #1\n"
            "b.ne 2b\n"
            "3:\n"
            "tbz %w[kc], #2, 4f\n"
            "ldr q2, [x9], #16\n"
            "ldr q3, [x10], #16\n"
            "ldr q4, [x11], #16\n"
            "ldr q5, [x12], #16\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v2.s[0]\n"
            "fmla v25.4s, v1.4s, v2.s[0]\n"
            "fmla v26.4s, v0.4s, v3.s[0]\n"
            "fmla v27.4s, v1.4s, v3.s[0]\n"
            "fmla v28.4s, v0.4s, v4.s[0]\n"
            "fmla v29.4s, v1.4s, v4.s[0]\n"
            "fmla v30.4s, v0.4s, v5.s[0]\n"
            "fmla v31.4s, v1.4s, v5.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v2.s[1]\n"
            "fmla v25.4s, v1.4s, v2.s[1]\n"
            "fmla v26.4s, v0.4s, v3.s[1]\n"
            "fmla v27.4s, v1.4s, v3.s[1]\n"
            "fmla v28.4s, v0.4s, v4.s[1]\n"
            "fmla v29.4s, v1.4s, v4.s[1]\n"
            "fmla v30.4s, v0.4s, v5.s[1]\n"
            "fmla v31.4s, v1.4s, v5.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v2.s[2]\n"
            "fmla v25.4s, v1.4s, v2.s[2]\n"
            "fmla v26.4s, v0.4s, v3.s[2]\n"
            "fmla v27.4s, v1.4s, v3.s[2]\n"
            "fmla v28.4s, v0.4s, v4.s[2]\n"
            "fmla v29.4s, v1.4s, v4.s[2]\n"
            "fmla v30.4s, v0.4s, v5.s[2]\n"
            "fmla v31.4s, v1.4s, v5.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v24.4s, v0.4s, v2.s[3]\n"
            "fmla v25.4s, v1.4s, v2.s[3]\n"
            "fmla v26.4s, v0.4s, v3.s[3]\n"
            "fmla v27.4s, v1.4s, v3.s[3]\n"
            "fmla v28.4s, v0.4s, v4.s[3]\n"
            "fmla v29.4s, v1.4s, v4.s[3]\n"
            "fmla v30.4s, v0.4s, v5.s[3]\n"
            "fmla v31.4s, v1.4s, v5.s[3]\n"
            "4:\n"
            "ands x14, %[kc], #3\n"
            "b.eq 6f\n"
            "5:\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "ldr s2, [x9], #4\n"
            "ldr s3, [x10], #4\n"
            "ldr s4, [x11], #4\n"
            "ldr s5, [x12], #4\n"
            "fmla v24.4s, v0.4s, v2.s[0]\n"
            "fmla v25.4s, v1.4s, v2.s[0]\n"
            "fmla v26.4s, v0.4s, v3.s[0]\n"
            "fmla v27.4s, v1.4s, v3.s[0]\n"
            "fmla v28.4s, v0.4s, v4.s[0]\n"
            "fmla v29.4s, v1.4s, v4.s[0]\n"
            "fmla v30.4s, v0.4s, v5.s[0]\n"
            "fmla v31.4s, v1.4s, v5.s[0]\n"
            "subs x14, x14, #1\n"
            "b.ne 5b\n"
            "6:\n"
            : "=w"(s0_0), "=w"(s0_1), "=w"(s1_0), "=w"(s1_1), "=w"(s2_0), "=w"(s2_1), "=w"(s3_0), "=w"(s3_1), [w] "+&r"(q)
            : [a] "r"(a), [lda] "r"((ptrdiff_t)lda), [kc] "r"((ptrdiff_t)k)
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "x9", "x10", "x11", "x12", "x14", "x15", "cc", "memory");
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          s0_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          s0_1 = vf_min(t1_0, x0);
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          s1_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          s1_1 = vf_min(t1_0, x0);
        }
        {
          const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
          s2_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s2_1, vf_set1(0.0f));
          s2_1 = vf_min(t1_0, x0);
        }
        {
          const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
          s3_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s3_1, vf_set1(0.0f));
          s3_1 = vf_min(t1_0, x0);
        }
        vf_store(y + 0 + 0 * VF_LANES, s0_0);
        vf_store(y + 0 + 1 * VF_LANES, s0_1);
        vf_store(y + 16 + 0 * VF_LANES, s1_0);
        vf_store(y + 16 + 1 * VF_LANES, s1_1);
        vf_store(y + 32 + 0 * VF_LANES, s2_0);
        vf_store(y + 32 + 1 * VF_LANES, s2_1);
        vf_store(y + 48 + 0 * VF_LANES, s3_0);
        vf_store(y + 48 + 1 * VF_LANES, s3_1);
        y += 64;
        i += 4;
      }
      else {
        if (m - i < 2) { /* the pixel before once more, which is in the same row: iw is at least 2 */
          i--;
          y -= 16;
        }
        const float *const a = x + (ptrdiff_t)i * lda;
        const float *q = w;
        register vf s0_0 __asm__("v28");
        register vf s0_1 __asm__("v29");
        register vf s1_0 __asm__("v30");
        register vf s1_1 __asm__("v31");
        __asm__ volatile(
            "ld1 {v28.4s, v29.4s}, [%[w]]\n"
            "ld1 {v30.4s, v31.4s}, [%[w]]\n"
            "add %[w], %[w], #64\n"
            "mov x15, #64\n"
            "add x9, %[a], #0\n"
            "add x10, x9, %[lda], lsl #2\n"
            "lsr w14, %w[kc], #3\n"
            "cbz x14, 3f\n"
            "2:\n"
            "ldp q2, q4, [x9], #32\n"
            "ldp q3, q5, [x10], #32\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v2.s[0]\n"
            "fmla v29.4s, v1.4s, v2.s[0]\n"
            "fmla v30.4s, v0.4s, v3.s[0]\n"
            "fmla v31.4s, v1.4s, v3.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v2.s[1]\n"
            "fmla v29.4s, v1.4s, v2.s[1]\n"
            "fmla v30.4s, v0.4s, v3.s[1]\n"
            "fmla v31.4s, v1.4s, v3.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v2.s[2]\n"
            "fmla v29.4s, v1.4s, v2.s[2]\n"
            "fmla v30.4s, v0.4s, v3.s[2]\n"
            "fmla v31.4s, v1.4s, v3.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v2.s[3]\n"
            "fmla v29.4s, v1.4s, v2.s[3]\n"
            "fmla v30.4s, v0.4s, v3.s[3]\n"
            "fmla v31.4s, v1.4s, v3.s[3]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v4.s[0]\n"
            "fmla v29.4s, v1.4s, v4.s[0]\n"
            "fmla v30.4s, v0.4s, v5.s[0]\n"
            "fmla v31.4s, v1.4s, v5.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v4.s[1]\n"
            "fmla v29.4s, v1.4s, v4.s[1]\n"
            "fmla v30.4s, v0.4s, v5.s[1]\n"
            "fmla v31.4s, v1.4s, v5.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v4.s[2]\n"
            "fmla v29.4s, v1.4s, v4.s[2]\n"
            "fmla v30.4s, v0.4s, v5.s[2]\n"
            "fmla v31.4s, v1.4s, v5.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v4.s[3]\n"
            "fmla v29.4s, v1.4s, v4.s[3]\n"
            "fmla v30.4s, v0.4s, v5.s[3]\n"
            "fmla v31.4s, v1.4s, v5.s[3]\n"
            "subs x14, x14, #1\n"
            "b.ne 2b\n"
            "3:\n"
            "tbz %w[kc], #2, 4f\n"
            "ldr q2, [x9], #16\n"
            "ldr q3, [x10], #16\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v2.s[0]\n"
            "fmla v29.4s, v1.4s, v2.s[0]\n"
            "fmla v30.4s, v0.4s, v3.s[0]\n"
            "fmla v31.4s, v1.4s, v3.s[0]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v2.s[1]\n"
            "fmla v29.4s, v1.4s, v2.s[1]\n"
            "fmla v30.4s, v0.4s, v3.s[1]\n"
            "fmla v31.4s, v1.4s, v3.s[1]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v2.s[2]\n"
            "fmla v29.4s, v1.4s, v2.s[2]\n"
            "fmla v30.4s, v0.4s, v3.s[2]\n"
            "fmla v31.4s, v1.4s, v3.s[2]\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "fmla v28.4s, v0.4s, v2.s[3]\n"
            "fmla v29.4s, v1.4s, v2.s[3]\n"
            "fmla v30.4s, v0.4s, v3.s[3]\n"
            "fmla v31.4s, v1.4s, v3.s[3]\n"
            "4:\n"
            "ands x14, %[kc], #3\n"
            "b.eq 6f\n"
            "5:\n"
            "ld1 {v0.4s, v1.4s}, [%[w]], x15\n"
            "ldr s2, [x9], #4\n"
            "ldr s3, [x10], #4\n"
            "fmla v28.4s, v0.4s, v2.s[0]\n"
            "fmla v29.4s, v1.4s, v2.s[0]\n"
            "fmla v30.4s, v0.4s, v3.s[0]\n"
            "fmla v31.4s, v1.4s, v3.s[0]\n"
            "subs x14, x14, #1\n"
            "b.ne 5b\n"
            "6:\n"
            : "=w"(s0_0), "=w"(s0_1), "=w"(s1_0), "=w"(s1_1), [w] "+&r"(q)
            : [a] "r"(a), [lda] "r"((ptrdiff_t)lda), [kc] "r"((ptrdiff_t)k)
            : "v0", "v1", "v2", "v3", "v4", "v5", "x9", "x10", "x14", "x15", "cc", "memory");
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          s0_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          s0_1 = vf_min(t1_0, x0);
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          s1_0 = vf_min(t0_0, x0);
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          s1_1 = vf_min(t1_0, x0);
        }
        vf_store(y + 0 + 0 * VF_LANES, s0_0);
        vf_store(y + 0 + 1 * VF_LANES, s0_1);
        vf_store(y + 16 + 0 * VF_LANES, s1_0);
        vf_store(y + 16 + 1 * VF_LANES, s1_1);
        y += 32;
        i += 2;
      }
    }
  }
}

/* rows i0 ... i1 - 1 of 8 channels, a column at a time */
static void walk_f32_neon_3x3s1l1r1t1_8_clipd2ed3cfd(const float *x, const float *w, float *y, float e0, int32_t i0, int32_t i1, int32_t ow, int32_t ih,
    int32_t sh, int32_t dh, int32_t ph, ptrdiff_t xh, ptrdiff_t xw, ptrdiff_t yh, ptrdiff_t yw) {
  static const float none[8] = {0};
  const vf zero_all = vf_set1(0.0f);
  const vf e0_all = vf_set1(e0);
  for (int32_t i = i0; i < i1; i++) {
    const int32_t y0 = i * sh - ph;
    const int in0 = y0 >= 0 && y0 < ih;
    const float *p0 = in0 ? x + y0 * xh : none;
    const ptrdiff_t d0 = in0 ? 4 * xw : 0;
    const int32_t y1 = i * sh - ph + dh;
    const int in1 = y1 >= 0 && y1 < ih;
    const float *p1 = in1 ? x + y1 * xh : none;
    const ptrdiff_t d1 = in1 ? 4 * xw : 0;
    const int32_t y2 = i * sh - ph + 2 * dh;
    const int in2 = y2 >= 0 && y2 < ih;
    const float *p2 = in2 ? x + y2 * xh : none;
    const ptrdiff_t d2 = in2 ? 4 * xw : 0;
    float *to = y + i * yh;
    int32_t n = (ow - 1) / 3;
    __asm__ volatile(
        "add x9, %[w], #32\n"
        "ld1 {v12.4s, v13.4s, v14.4s, v15.4s}, [x9], #64\n"
        "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [x9], #64\n"
        "ld1 {v20.4s, v21.4s, v22.4s, v23.4s}, [x9], #64\n"
        "ld1 {v24.4s, v25.4s, v26.4s, v27.4s}, [x9], #64\n"
        "ld1 {v28.4s, v29.4s}, [x9], #32\n"
        "ld1 {v0.4s, v1.4s}, [%[w]]\n"
        "ld1 {v2.4s, v3.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v0.4s, v6.4s, v14.4s\n"
        "fmla v1.4s, v7.4s, v15.4s\n"
        "fmla v2.4s, v6.4s, v12.4s\n"
        "fmla v3.4s, v7.4s, v13.4s\n"
        "fmla v0.4s, v8.4s, v20.4s\n"
        "fmla v1.4s, v9.4s, v21.4s\n"
        "fmla v2.4s, v8.4s, v18.4s\n"
        "fmla v3.4s, v9.4s, v19.4s\n"
        "fmla v0.4s, v10.4s, v26.4s\n"
        "fmla v1.4s, v11.4s, v27.4s\n"
        "fmla v2.4s, v10.4s, v24.4s\n"
        "fmla v3.4s, v11.4s, v25.4s\n"
        "cbz %w[n], 2f\n"
        "1:\n"
        "ld1 {v4.4s, v5.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v0.4s, v6.4s, v16.4s\n"
        "fmla v1.4s, v7.4s, v17.4s\n"
        "fmla v2.4s, v6.4s, v14.4s\n"
        "fmla v3.4s, v7.4s, v15.4s\n"
        "fmla v4.4s, v6.4s, v12.4s\n"
        "fmla v5.4s, v7.4s, v13.4s\n"
        "fmla v0.4s, v8.4s, v22.4s\n"
        "fmla v1.4s, v9.4s, v23.4s\n"
        "fmla v2.4s, v8.4s, v20.4s\n"
        "fmla v3.4s, v9.4s, v21.4s\n"
        "fmla v4.4s, v8.4s, v18.4s\n"
        "fmla v5.4s, v9.4s, v19.4s\n"
        "fmla v0.4s, v10.4s, v28.4s\n"
        "fmla v1.4s, v11.4s, v29.4s\n"
        "fmla v2.4s, v10.4s, v26.4s\n"
        "fmla v3.4s, v11.4s, v27.4s\n"
        "fmla v4.4s, v10.4s, v24.4s\n"
        "fmla v5.4s, v11.4s, v25.4s\n"
        "fmax v0.4s, v0.4s, %[zero].4s\n"
        "fmax v1.4s, v1.4s, %[zero].4s\n"
        "fmin v0.4s, v0.4s, %[e0].4s\n"
        "fmin v1.4s, v1.4s, %[e0].4s\n"
        "st1 {v0.4s, v1.4s}, [%[to]], %[yw]\n"
        "ld1 {v0.4s, v1.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v2.4s, v6.4s, v16.4s\n"
        "fmla v3.4s, v7.4s, v17.4s\n"
        "fmla v4.4s, v6.4s, v14.4s\n"
        "fmla v5.4s, v7.4s, v15.4s\n"
        "fmla v0.4s, v6.4s, v12.4s\n"
        "fmla v1.4s, v7.4s, v13.4s\n"
        "fmla v2.4s, v8.4s, v22.4s\n"
        "fmla v3.4s, v9.4s, v23.4s\n"
        "fmla v4.4s, v8.4s, v20.4s\n"
        "fmla v5.4s, v9.4s, v21.4s\n"
        "fmla v0.4s, v8.4s, v18.4s\n"
        "fmla v1.4s, v9.4s, v19.4s\n"
        "fmla v2.4s, v10.4s, v28.4s\n"
        "fmla v3.4s, v11.4s, v29.4s\n"
        "fmla v4.4s, v10.4s, v26.4s\n"
        "fmla v5.4s, v11.4s, v27.4s\n"
        "fmla v0.4s, v10.4s, v24.4s\n"
        "fmla v1.4s, v11.4s, v25.4s\n"
        "fmax v2.4s, v2.4s, %[zero].4s\n"
        "fmax v3.4s, v3.4s, %[zero].4s\n"
        "fmin v2.4s, v2.4s, %[e0].4s\n"
        "fmin v3.4s, v3.4s, %[e0].4s\n"
        "st1 {v2.4s, v3.4s}, [%[to]], %[yw]\n"
        "ld1 {v2.4s, v3.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v4.4s, v6.4s, v16.4s\n"
        "fmla v5.4s, v7.4s, v17.4s\n"
        "fmla v0.4s, v6.4s, v14.4s\n"
        "fmla v1.4s, v7.4s, v15.4s\n"
        "fmla v2.4s, v6.4s, v12.4s\n"
        "fmla v3.4s, v7.4s, v13.4s\n"
        "fmla v4.4s, v8.4s, v22.4s\n"
        "fmla v5.4s, v9.4s, v23.4s\n"
        "fmla v0.4s, v8.4s, v20.4s\n"
        "fmla v1.4s, v9.4s, v21.4s\n"
        "fmla v2.4s, v8.4s, v18.4s\n"
        "fmla v3.4s, v9.4s, v19.4s\n"
        "fmla v4.4s, v10.4s, v28.4s\n"
        "fmla v5.4s, v11.4s, v29.4s\n"
        "fmla v0.4s, v10.4s, v26.4s\n"
        "fmla v1.4s, v11.4s, v27.4s\n"
        "fmla v2.4s, v10.4s, v24.4s\n"
        "fmla v3.4s, v11.4s, v25.4s\n"
        "fmax v4.4s, v4.4s, %[zero].4s\n"
        "fmax v5.4s, v5.4s, %[zero].4s\n"
        "fmin v4.4s, v4.4s, %[e0].4s\n"
        "fmin v5.4s, v5.4s, %[e0].4s\n"
        "st1 {v4.4s, v5.4s}, [%[to]], %[yw]\n"
        "subs %w[n], %w[n], #1\n"
        "b.ne 1b\n"
        "2:\n"
        "ld1 {v4.4s, v5.4s}, [%[w]]\n"
        "ld1 {v6.4s, v7.4s}, [%[p0]], %[d0]\n"
        "ld1 {v8.4s, v9.4s}, [%[p1]], %[d1]\n"
        "ld1 {v10.4s, v11.4s}, [%[p2]], %[d2]\n"
        "fmla v0.4s, v6.4s, v16.4s\n"
        "fmla v1.4s, v7.4s, v17.4s\n"
        "fmla v2.4s, v6.4s, v14.4s\n"
        "fmla v3.4s, v7.4s, v15.4s\n"
        "fmla v4.4s, v6.4s, v12.4s\n"
        "fmla v5.4s, v7.4s, v13.4s\n"
        "fmla v0.4s, v8.4s, v22.4s\n"
        "fmla v1.4s, v9.4s, v23.4s\n"
        "fmla v2.4s, v8.4s, v20.4s\n"
        "fmla v3.4s, v9.4s, v21.4s\n"
        "fmla v4.4s, v8.4s, v18.4s\n"
        "fmla v5.4s, v9.4s, v19.4s\n"
        "fmla v0.4s, v10.4s, v28.4s\n"
        "fmla v1.4s, v11.4s, v29.4s\n"
        "fmla v2.4s, v10.4s, v26.4s\n"
        "fmla v3.4s, v11.4s, v27.4s\n"
        "fmla v4.4s, v10.4s, v24.4s\n"
        "fmla v5.4s, v11.4s, v25.4s\n"
        "fmax v0.4s, v0.4s, %[zero].4s\n"
        "fmax v1.4s, v1.4s, %[zero].4s\n"
        "fmin v0.4s, v0.4s, %[e0].4s\n"
        "fmin v1.4s, v1.4s, %[e0].4s\n"
        "st1 {v0.4s, v1.4s}, [%[to]], %[yw]\n"
        "fmax v2.4s, v2.4s, %[zero].4s\n"
        "fmax v3.4s, v3.4s, %[zero].4s\n"
        "fmin v2.4s, v2.4s, %[e0].4s\n"
        "fmin v3.4s, v3.4s, %[e0].4s\n"
        "st1 {v2.4s, v3.4s}, [%[to]], %[yw]\n"
        : [p0] "+&r"(p0), [p1] "+&r"(p1), [p2] "+&r"(p2), [to] "+&r"(to), [n] "+&r"(n)
        : [d0] "r"(d0), [d1] "r"(d1), [d2] "r"(d2), [yw] "r"(4 * yw), [w] "r"(w), [zero] "w"(zero_all), [e0] "w"(e0_all)
        : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "x9", "cc", "memory");
  }
}

static void conv_f32_neon_block_walk16_3x3s1l1r1t1_8_clipd2ed3cfd(const float *e, const float *w, float *y, float e0, int32_t oh, int32_t ow, int32_t ih,
    int32_t sh, int32_t ph, int32_t width, int32_t yh, int32_t yw, int32_t cols) {
  const int32_t c_from = 0, c_to = cols;
  int32_t c = c_from;
  for (; c <= c_to - 8; c += 8)
    walk_f32_neon_3x3s1l1r1t1_8_clipd2ed3cfd(e + c, w + (ptrdiff_t)c * 10, y + c, e0, 0, oh, ow, ih, sh, 1, ph, width, 16, yh, yw);
}

/* n floats (whole blocks) from p + by to p */
static void keep_f32_neon(float *p, ptrdiff_t by, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i += 4 * VF_LANES) {
    const vf v0 = vf_load(p + by + i + 0 * VF_LANES); const vf v1 = vf_load(p + by + i + 1 * VF_LANES); const vf v2 = vf_load(p + by + i + 2 * VF_LANES); const vf v3 = vf_load(p + by + i + 3 * VF_LANES);
    vf_store(p + i + 0 * VF_LANES, v0); vf_store(p + i + 1 * VF_LANES, v1); vf_store(p + i + 2 * VF_LANES, v2); vf_store(p + i + 3 * VF_LANES, v3);
  }
}

/* width of the panel that begins where `left` columns are left */
static inline int32_t panel_width_neon(int32_t left) { return left >= 13 ? 16 : left >= 5 ? 8 : 4; }

/* the first `cols` columns of a finished tile to their rows */
PITH_NOINLINE static void tile_part(float *const *y, ptrdiff_t no, const float *t, int32_t rows, int32_t cols, int32_t width) {
  for (int32_t r = 0; r < rows; r++, t += width) {
    float *const p = y[r] + no;
    for (int32_t c = 0; c < cols; c++) p[c] = t[c];
  }
}

/* the first `cols` columns of rows into a tile, zeros after them */
PITH_NOINLINE static void tile_part_of(const float *const *e, ptrdiff_t no, float *t, int32_t rows, int32_t cols, int32_t width) {
  for (int32_t r = 0; r < rows; r++, t += width)
    for (int32_t c = 0; c < width; c++) t[c] = c < cols ? e[r][no + c] : 0.0f;
}

/* 5 rows x 4 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_5x16_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v12");
  register vf s0_1 __asm__("v13");
  register vf s0_2 __asm__("v14");
  register vf s0_3 __asm__("v15");
  register vf s1_0 __asm__("v16");
  register vf s1_1 __asm__("v17");
  register vf s1_2 __asm__("v18");
  register vf s1_3 __asm__("v19");
  register vf s2_0 __asm__("v20");
  register vf s2_1 __asm__("v21");
  register vf s2_2 __asm__("v22");
  register vf s2_3 __asm__("v23");
  register vf s3_0 __asm__("v24");
  register vf s3_1 __asm__("v25");
  register vf s3_2 __asm__("v26");
  register vf s3_3 __asm__("v27");
  register vf s4_0 __asm__("v28");
  register vf s4_1 __asm__("v29");
  register vf s4_2 __asm__("v30");
  register vf s4_3 __asm__("v31");
  __asm__ volatile(
      "ld1 {v12.4s, v13.4s, v14.4s, v15.4s}, [%[w]]\n"
      "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[w]]\n"
      "ld1 {v20.4s, v21.4s, v22.4s, v23.4s}, [%[w]]\n"
      "ld1 {v24.4s, v25.4s, v26.4s, v27.4s}, [%[w]]\n"
      "ld1 {v28.4s, v29.4s, v30.4s, v31.4s}, [%[w]]\n"
      "add %[w], %[w], #64\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldp x9, x10, [%[a]], #16\n"
      "ldp x11, x12, [%[a]], #16\n"
      "ldr x13, [%[a]], #8\n"
      "add x9, x9, %[ao], lsl #2\n"
      "add x10, x10, %[ao], lsl #2\n"
      "add x11, x11, %[ao], lsl #2\n"
      "add x12, x12, %[ao], lsl #2\n"
      "add x13, x13, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q4, q9, [x9], #32\n"
      "ldp q5, q10, [x10], #32\n"
      "ldp q6, q11, [x11], #32\n"
      "ldr q7, [x12], #16\n"
      "ldr q8, [x13], #16\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v4.s[0]\n"
      "fmla v13.4s, v1.4s, v4.s[0]\n"
      "fmla v14.4s, v2.4s, v4.s[0]\n"
      "fmla v15.4s, v3.4s, v4.s[0]\n"
      "fmla v16.4s, v0.4s, v5.s[0]\n"
      "fmla v17.4s, v1.4s, v5.s[0]\n"
      "fmla v18.4s, v2.4s, v5.s[0]\n"
      "fmla v19.4s, v3.4s, v5.s[0]\n"
      "fmla v20.4s, v0.4s, v6.s[0]\n"
      "fmla v21.4s, v1.4s, v6.s[0]\n"
      "fmla v22.4s, v2.4s, v6.s[0]\n"
      "fmla v23.4s, v3.4s, v6.s[0]\n"
      "fmla v24.4s, v0.4s, v7.s[0]\n"
      "fmla v25.4s, v1.4s, v7.s[0]\n"
      "fmla v26.4s, v2.4s, v7.s[0]\n"
      "fmla v27.4s, v3.4s, v7.s[0]\n"
      "fmla v28.4s, v0.4s, v8.s[0]\n"
      "fmla v29.4s, v1.4s, v8.s[0]\n"
      "fmla v30.4s, v2.4s, v8.s[0]\n"
      "fmla v31.4s, v3.4s, v8.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v4.s[1]\n"
      "fmla v13.4s, v1.4s, v4.s[1]\n"
      "fmla v14.4s, v2.4s, v4.s[1]\n"
      "fmla v15.4s, v3.4s, v4.s[1]\n"
      "fmla v16.4s, v0.4s, v5.s[1]\n"
      "fmla v17.4s, v1.4s, v5.s[1]\n"
      "fmla v18.4s, v2.4s, v5.s[1]\n"
      "fmla v19.4s, v3.4s, v5.s[1]\n"
      "fmla v20.4s, v0.4s, v6.s[1]\n"
      "fmla v21.4s, v1.4s, v6.s[1]\n"
      "fmla v22.4s, v2.4s, v6.s[1]\n"
      "fmla v23.4s, v3.4s, v6.s[1]\n"
      "fmla v24.4s, v0.4s, v7.s[1]\n"
      "fmla v25.4s, v1.4s, v7.s[1]\n"
      "fmla v26.4s, v2.4s, v7.s[1]\n"
      "fmla v27.4s, v3.4s, v7.s[1]\n"
      "fmla v28.4s, v0.4s, v8.s[1]\n"
      "fmla v29.4s, v1.4s, v8.s[1]\n"
      "fmla v30.4s, v2.4s, v8.s[1]\n"
      "fmla v31.4s, v3.4s, v8.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v4.s[2]\n"
      "fmla v13.4s, v1.4s, v4.s[2]\n"
      "fmla v14.4s, v2.4s, v4.s[2]\n"
      "fmla v15.4s, v3.4s, v4.s[2]\n"
      "fmla v16.4s, v0.4s, v5.s[2]\n"
      "fmla v17.4s, v1.4s, v5.s[2]\n"
      "fmla v18.4s, v2.4s, v5.s[2]\n"
      "fmla v19.4s, v3.4s, v5.s[2]\n"
      "fmla v20.4s, v0.4s, v6.s[2]\n"
      "fmla v21.4s, v1.4s, v6.s[2]\n"
      "fmla v22.4s, v2.4s, v6.s[2]\n"
      "fmla v23.4s, v3.4s, v6.s[2]\n"
      "fmla v24.4s, v0.4s, v7.s[2]\n"
      "fmla v25.4s, v1.4s, v7.s[2]\n"
      "fmla v26.4s, v2.4s, v7.s[2]\n"
      "fmla v27.4s, v3.4s, v7.s[2]\n"
      "fmla v28.4s, v0.4s, v8.s[2]\n"
      "fmla v29.4s, v1.4s, v8.s[2]\n"
      "fmla v30.4s, v2.4s, v8.s[2]\n"
      "fmla v31.4s, v3.4s, v8.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v4.s[3]\n"
      "fmla v13.4s, v1.4s, v4.s[3]\n"
      "fmla v14.4s, v2.4s, v4.s[3]\n"
      "fmla v15.4s, v3.4s, v4.s[3]\n"
      "fmla v16.4s, v0.4s, v5.s[3]\n"
      "fmla v17.4s, v1.4s, v5.s[3]\n"
      "fmla v18.4s, v2.4s, v5.s[3]\n"
      "fmla v19.4s, v3.4s, v5.s[3]\n"
      "fmla v20.4s, v0.4s, v6.s[3]\n"
      "fmla v21.4s, v1.4s, v6.s[3]\n"
      "fmla v22.4s, v2.4s, v6.s[3]\n"
      "fmla v23.4s, v3.4s, v6.s[3]\n"
      "fmla v24.4s, v0.4s, v7.s[3]\n"
      "fmla v25.4s, v1.4s, v7.s[3]\n"
      "fmla v26.4s, v2.4s, v7.s[3]\n"
      "fmla v27.4s, v3.4s, v7.s[3]\n"
      "fmla v28.4s, v0.4s, v8.s[3]\n"
      "fmla v29.4s, v1.4s, v8.s[3]\n"
      "fmla v30.4s, v2.4s, v8.s[3]\n"
      "fmla v31.4s, v3.4s, v8.s[3]\n"
      "ldr q7, [x12], #16\n"
      "ldr q8, [x13], #16\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v9.s[0]\n"
      "fmla v13.4s, v1.4s, v9.s[0]\n"
      "fmla v14.4s, v2.4s, v9.s[0]\n"
      "fmla v15.4s, v3.4s, v9.s[0]\n"
      "fmla v16.4s, v0.4s, v10.s[0]\n"
      "fmla v17.4s, v1.4s, v10.s[0]\n"
      "fmla v18.4s, v2.4s, v10.s[0]\n"
      "fmla v19.4s, v3.4s, v10.s[0]\n"
      "fmla v20.4s, v0.4s, v11.s[0]\n"
      "fmla v21.4s, v1.4s, v11.s[0]\n"
      "fmla v22.4s, v2.4s, v11.s[0]\n"
      "fmla v23.4s, v3.4s, v11.s[0]\n"
      "fmla v24.4s, v0.4s, v7.s[0]\n"
      "fmla v25.4s, v1.4s, v7.s[0]\n"
      "fmla v26.4s, v2.4s, v7.s[0]\n"
      "fmla v27.4s, v3.4s, v7.s[0]\n"
      "fmla v28.4s, v0.4s, v8.s[0]\n"
      "fmla v29.4s, v1.4s, v8.s[0]\n"
      "fmla v30.4s, v2.4s, v8.s[0]\n"
      "fmla v31.4s, v3.4s, v8.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v9.s[1]\n"
      "fmla v13.4s, v1.4s, v9.s[1]\n"
      "fmla v14.4s, v2.4s, v9.s[1]\n"
      "fmla v15.4s, v3.4s, v9.s[1]\n"
      "fmla v16.4s, v0.4s, v10.s[1]\n"
      "fmla v17.4s, v1.4s, v10.s[1]\n"
      "fmla v18.4s, v2.4s, v10.s[1]\n"
      "fmla v19.4s, v3.4s, v10.s[1]\n"
      "fmla v20.4s, v0.4s, v11.s[1]\n"
      "fmla v21.4s, v1.4s, v11.s[1]\n"
      "fmla v22.4s, v2.4s, v11.s[1]\n"
      "fmla v23.4s, v3.4s, v11.s[1]\n"
      "fmla v24.4s, v0.4s, v7.s[1]\n"
      "fmla v25.4s, v1.4s, v7.s[1]\n"
      "fmla v26.4s, v2.4s, v7.s[1]\n"
      "fmla v27.4s, v3.4s, v7.s[1]\n"
      "fmla v28.4s, v0.4s, v8.s[1]\n"
      "fmla v29.4s, v1.4s, v8.s[1]\n"
      "fmla v30.4s, v2.4s, v8.s[1]\n"
      "fmla v31.4s, v3.4s, v8.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v9.s[2]\n"
      "fmla v13.4s, v1.4s, v9.s[2]\n"
      "fmla v14.4s, v2.4s, v9.s[2]\n"
      "fmla v15.4s, v3.4s, v9.s[2]\n"
      "fmla v16.4s, v0.4s, v10.s[2]\n"
      "fmla v17.4s, v1.4s, v10.s[2]\n"
      "fmla v18.4s, v2.4s, v10.s[2]\n"
      "fmla v19.4s, v3.4s, v10.s[2]\n"
      "fmla v20.4s, v0.4s, v11.s[2]\n"
      "fmla v21.4s, v1.4s, v11.s[2]\n"
      "fmla v22.4s, v2.4s, v11.s[2]\n"
      "fmla v23.4s, v3.4s, v11.s[2]\n"
      "fmla v24.4s, v0.4s, v7.s[2]\n"
      "fmla v25.4s, v1.4s, v7.s[2]\n"
      "fmla v26.4s, v2.4s, v7.s[2]\n"
      "fmla v27.4s, v3.4s, v7.s[2]\n"
      "fmla v28.4s, v0.4s, v8.s[2]\n"
      "fmla v29.4s, v1.4s, v8.s[2]\n"
      "fmla v30.4s, v2.4s, v8.s[2]\n"
      "fmla v31.4s, v3.4s, v8.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v9.s[3]\n"
      "fmla v13.4s, v1.4s, v9.s[3]\n"
      "fmla v14.4s, v2.4s, v9.s[3]\n"
      "fmla v15.4s, v3.4s, v9.s[3]\n"
      "fmla v16.4s, v0.4s, v10.s[3]\n"
      "fmla v17.4s, v1.4s, v10.s[3]\n"
      "fmla v18.4s, v2.4s, v10.s[3]\n"
      "fmla v19.4s, v3.4s, v10.s[3]\n"
      "fmla v20.4s, v0.4s, v11.s[3]\n"
      "fmla v21.4s, v1.4s, v11.s[3]\n"
      "fmla v22.4s, v2.4s, v11.s[3]\n"
      "fmla v23.4s, v3.4s, v11.s[3]\n"
      "fmla v24.4s, v0.4s, v7.s[3]\n"
      "fmla v25.4s, v1.4s, v7.s[3]\n"
      "fmla v26.4s, v2.4s, v7.s[3]\n"
      "fmla v27.4s, v3.4s, v7.s[3]\n"
      "fmla v28.4s, v0.4s, v8.s[3]\n"
      "fmla v29.4s, v1.4s, v8.s[3]\n"
      "fmla v30.4s, v2.4s, v8.s[3]\n"
      "fmla v31.4s, v3.4s, v8.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q4, [x9], #16\n"
      "ldr q5, [x10], #16\n"
      "ldr q6, [x11], #16\n"
      "ldr q7, [x12], #16\n"
      "ldr q8, [x13], #16\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v4.s[0]\n"
      "fmla v13.4s, v1.4s, v4.s[0]\n"
      "fmla v14.4s, v2.4s, v4.s[0]\n"
      "fmla v15.4s, v3.4s, v4.s[0]\n"
      "fmla v16.4s, v0.4s, v5.s[0]\n"
      "fmla v17.4s, v1.4s, v5.s[0]\n"
      "fmla v18.4s, v2.4s, v5.s[0]\n"
      "fmla v19.4s, v3.4s, v5.s[0]\n"
      "fmla v20.4s, v0.4s, v6.s[0]\n"
      "fmla v21.4s, v1.4s, v6.s[0]\n"
      "fmla v22.4s, v2.4s, v6.s[0]\n"
      "fmla v23.4s, v3.4s, v6.s[0]\n"
      "fmla v24.4s, v0.4s, v7.s[0]\n"
      "fmla v25.4s, v1.4s, v7.s[0]\n"
      "fmla v26.4s, v2.4s, v7.s[0]\n"
      "fmla v27.4s, v3.4s, v7.s[0]\n"
      "fmla v28.4s, v0.4s, v8.s[0]\n"
      "fmla v29.4s, v1.4s, v8.s[0]\n"
      "fmla v30.4s, v2.4s, v8.s[0]\n"
      "fmla v31.4s, v3.4s, v8.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v4.s[1]\n"
      "fmla v13.4s, v1.4s, v4.s[1]\n"
      "fmla v14.4s, v2.4s, v4.s[1]\n"
      "fmla v15.4s, v3.4s, v4.s[1]\n"
      "fmla v16.4s, v0.4s, v5.s[1]\n"
      "fmla v17.4s, v1.4s, v5.s[1]\n"
      "fmla v18.4s, v2.4s, v5.s[1]\n"
      "fmla v19.4s, v3.4s, v5.s[1]\n"
      "fmla v20.4s, v0.4s, v6.s[1]\n"
      "fmla v21.4s, v1.4s, v6.s[1]\n"
      "fmla v22.4s, v2.4s, v6.s[1]\n"
      "fmla v23.4s, v3.4s, v6.s[1]\n"
      "fmla v24.4s, v0.4s, v7.s[1]\n"
      "fmla v25.4s, v1.4s, v7.s[1]\n"
      "fmla v26.4s, v2.4s, v7.s[1]\n"
      "fmla v27.4s, v3.4s, v7.s[1]\n"
      "fmla v28.4s, v0.4s, v8.s[1]\n"
      "fmla v29.4s, v1.4s, v8.s[1]\n"
      "fmla v30.4s, v2.4s, v8.s[1]\n"
      "fmla v31.4s, v3.4s, v8.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v4.s[2]\n"
      "fmla v13.4s, v1.4s, v4.s[2]\n"
      "fmla v14.4s, v2.4s, v4.s[2]\n"
      "fmla v15.4s, v3.4s, v4.s[2]\n"
      "fmla v16.4s, v0.4s, v5.s[2]\n"
      "fmla v17.4s, v1.4s, v5.s[2]\n"
      "fmla v18.4s, v2.4s, v5.s[2]\n"
      "fmla v19.4s, v3.4s, v5.s[2]\n"
      "fmla v20.4s, v0.4s, v6.s[2]\n"
      "fmla v21.4s, v1.4s, v6.s[2]\n"
      "fmla v22.4s, v2.4s, v6.s[2]\n"
      "fmla v23.4s, v3.4s, v6.s[2]\n"
      "fmla v24.4s, v0.4s, v7.s[2]\n"
      "fmla v25.4s, v1.4s, v7.s[2]\n"
      "fmla v26.4s, v2.4s, v7.s[2]\n"
      "fmla v27.4s, v3.4s, v7.s[2]\n"
      "fmla v28.4s, v0.4s, v8.s[2]\n"
      "fmla v29.4s, v1.4s, v8.s[2]\n"
      "fmla v30.4s, v2.4s, v8.s[2]\n"
      "fmla v31.4s, v3.4s, v8.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v12.4s, v0.4s, v4.s[3]\n"
      "fmla v13.4s, v1.4s, v4.s[3]\n"
      "fmla v14.4s, v2.4s, v4.s[3]\n"
      "fmla v15.4s, v3.4s, v4.s[3]\n"
      "fmla v16.4s, v0.4s, v5.s[3]\n"
      "fmla v17.4s, v1.4s, v5.s[3]\n"
      "fmla v18.4s, v2.4s, v5.s[3]\n"
      "fmla v19.4s, v3.4s, v5.s[3]\n"
      "fmla v20.4s, v0.4s, v6.s[3]\n"
      "fmla v21.4s, v1.4s, v6.s[3]\n"
      "fmla v22.4s, v2.4s, v6.s[3]\n"
      "fmla v23.4s, v3.4s, v6.s[3]\n"
      "fmla v24.4s, v0.4s, v7.s[3]\n"
      "fmla v25.4s, v1.4s, v7.s[3]\n"
      "fmla v26.4s, v2.4s, v7.s[3]\n"
      "fmla v27.4s, v3.4s, v7.s[3]\n"
      "fmla v28.4s, v0.4s, v8.s[3]\n"
      "fmla v29.4s, v1.4s, v8.s[3]\n"
      "fmla v30.4s, v2.4s, v8.s[3]\n"
      "fmla v31.4s, v3.4s, v8.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "ldr s4, [x9], #4\n"
      "ldr s5, [x10], #4\n"
      "ldr s6, [x11], #4\n"
      "ldr s7, [x12], #4\n"
      "ldr s8, [x13], #4\n"
      "fmla v12.4s, v0.4s, v4.s[0]\n"
      "fmla v13.4s, v1.4s, v4.s[0]\n"
      "fmla v14.4s, v2.4s, v4.s[0]\n"
      "fmla v15.4s, v3.4s, v4.s[0]\n"
      "fmla v16.4s, v0.4s, v5.s[0]\n"
      "fmla v17.4s, v1.4s, v5.s[0]\n"
      "fmla v18.4s, v2.4s, v5.s[0]\n"
      "fmla v19.4s, v3.4s, v5.s[0]\n"
      "fmla v20.4s, v0.4s, v6.s[0]\n"
      "fmla v21.4s, v1.4s, v6.s[0]\n"
      "fmla v22.4s, v2.4s, v6.s[0]\n"
      "fmla v23.4s, v3.4s, v6.s[0]\n"
      "fmla v24.4s, v0.4s, v7.s[0]\n"
      "fmla v25.4s, v1.4s, v7.s[0]\n"
      "fmla v26.4s, v2.4s, v7.s[0]\n"
      "fmla v27.4s, v3.4s, v7.s[0]\n"
      "fmla v28.4s, v0.4s, v8.s[0]\n"
      "fmla v29.4s, v1.4s, v8.s[0]\n"
      "fmla v30.4s, v2.4s, v8.s[0]\n"
      "fmla v31.4s, v3.4s, v8.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(s0_1), "=w"(s0_2), "=w"(s0_3), "=w"(s1_0), "=w"(s1_1), "=w"(s1_2), "=w"(s1_3), "=w"(s2_0), "=w"(s2_1), "=w"(s2_2), "=w"(s2_3), "=w"(s3_0), "=w"(s3_1), "=w"(s3_2), "=w"(s3_3), "=w"(s4_0), "=w"(s4_1), "=w"(s4_2), "=w"(s4_3), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "x9", "x10", "x11", "x12", "x13", "x14", "cc", "memory");
  const int full = cols >= 16;
  float spare0[80];
  if (!full) tile_part_of(e0, no, spare0, 5, cols, 16);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  const vf x0_0_1 = vf_load(q0_0 + 4);
  const vf z0_1 = (s0_1 + x0_0_1);
  const vf x0_0_2 = vf_load(q0_0 + 8);
  const vf z0_2 = (s0_2 + x0_0_2);
  const vf x0_0_3 = vf_load(q0_0 + 12);
  const vf z0_3 = (s0_3 + x0_0_3);
  const float *const q0_1 = full ? e0[1] + no : spare0 + 16;
  const vf x0_1_0 = vf_load(q0_1 + 0);
  const vf z1_0 = (s1_0 + x0_1_0);
  const vf x0_1_1 = vf_load(q0_1 + 4);
  const vf z1_1 = (s1_1 + x0_1_1);
  const vf x0_1_2 = vf_load(q0_1 + 8);
  const vf z1_2 = (s1_2 + x0_1_2);
  const vf x0_1_3 = vf_load(q0_1 + 12);
  const vf z1_3 = (s1_3 + x0_1_3);
  const float *const q0_2 = full ? e0[2] + no : spare0 + 32;
  const vf x0_2_0 = vf_load(q0_2 + 0);
  const vf z2_0 = (s2_0 + x0_2_0);
  const vf x0_2_1 = vf_load(q0_2 + 4);
  const vf z2_1 = (s2_1 + x0_2_1);
  const vf x0_2_2 = vf_load(q0_2 + 8);
  const vf z2_2 = (s2_2 + x0_2_2);
  const vf x0_2_3 = vf_load(q0_2 + 12);
  const vf z2_3 = (s2_3 + x0_2_3);
  const float *const q0_3 = full ? e0[3] + no : spare0 + 48;
  const vf x0_3_0 = vf_load(q0_3 + 0);
  const vf z3_0 = (s3_0 + x0_3_0);
  const vf x0_3_1 = vf_load(q0_3 + 4);
  const vf z3_1 = (s3_1 + x0_3_1);
  const vf x0_3_2 = vf_load(q0_3 + 8);
  const vf z3_2 = (s3_2 + x0_3_2);
  const vf x0_3_3 = vf_load(q0_3 + 12);
  const vf z3_3 = (s3_3 + x0_3_3);
  const float *const q0_4 = full ? e0[4] + no : spare0 + 64;
  const vf x0_4_0 = vf_load(q0_4 + 0);
  const vf z4_0 = (s4_0 + x0_4_0);
  const vf x0_4_1 = vf_load(q0_4 + 4);
  const vf z4_1 = (s4_1 + x0_4_1);
  const vf x0_4_2 = vf_load(q0_4 + 8);
  const vf z4_2 = (s4_2 + x0_4_2);
  const vf x0_4_3 = vf_load(q0_4 + 12);
  const vf z4_3 = (s4_3 + x0_4_3);
  if (full && rows >= 5) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
    vf_store(y0 + 4, z0_1);
    vf_store(y0 + 8, z0_2);
    vf_store(y0 + 12, z0_3);
    float *const y1 = y[1] + no;
    vf_store(y1 + 0, z1_0);
    vf_store(y1 + 4, z1_1);
    vf_store(y1 + 8, z1_2);
    vf_store(y1 + 12, z1_3);
    float *const y2 = y[2] + no;
    vf_store(y2 + 0, z2_0);
    vf_store(y2 + 4, z2_1);
    vf_store(y2 + 8, z2_2);
    vf_store(y2 + 12, z2_3);
    float *const y3 = y[3] + no;
    vf_store(y3 + 0, z3_0);
    vf_store(y3 + 4, z3_1);
    vf_store(y3 + 8, z3_2);
    vf_store(y3 + 12, z3_3);
    float *const y4 = y[4] + no;
    vf_store(y4 + 0, z4_0);
    vf_store(y4 + 4, z4_1);
    vf_store(y4 + 8, z4_2);
    vf_store(y4 + 12, z4_3);
  } else {
    float spare[80];
    vf_store(spare + 0, z0_0);
    vf_store(spare + 4, z0_1);
    vf_store(spare + 8, z0_2);
    vf_store(spare + 12, z0_3);
    vf_store(spare + 16, z1_0);
    vf_store(spare + 20, z1_1);
    vf_store(spare + 24, z1_2);
    vf_store(spare + 28, z1_3);
    vf_store(spare + 32, z2_0);
    vf_store(spare + 36, z2_1);
    vf_store(spare + 40, z2_2);
    vf_store(spare + 44, z2_3);
    vf_store(spare + 48, z3_0);
    vf_store(spare + 52, z3_1);
    vf_store(spare + 56, z3_2);
    vf_store(spare + 60, z3_3);
    vf_store(spare + 64, z4_0);
    vf_store(spare + 68, z4_1);
    vf_store(spare + 72, z4_2);
    vf_store(spare + 76, z4_3);
    tile_part(y, no, spare, rows < 5 ? rows : 5, full ? 16 : cols, 16);
  }
}

/* 4 rows x 4 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_4x16_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v16");
  register vf s0_1 __asm__("v17");
  register vf s0_2 __asm__("v18");
  register vf s0_3 __asm__("v19");
  register vf s1_0 __asm__("v20");
  register vf s1_1 __asm__("v21");
  register vf s1_2 __asm__("v22");
  register vf s1_3 __asm__("v23");
  register vf s2_0 __asm__("v24");
  register vf s2_1 __asm__("v25");
  register vf s2_2 __asm__("v26");
  register vf s2_3 __asm__("v27");
  register vf s3_0 __asm__("v28");
  register vf s3_1 __asm__("v29");
  register vf s3_2 __asm__("v30");
  register vf s3_3 __asm__("v31");
  __asm__ volatile(
      "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[w]]\n"
      "ld1 {v20.4s, v21.4s, v22.4s, v23.4s}, [%[w]]\n"
      "ld1 {v24.4s, v25.4s, v26.4s, v27.4s}, [%[w]]\n"
      "ld1 {v28.4s, v29.4s, v30.4s, v31.4s}, [%[w]]\n"
      "add %[w], %[w], #64\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldp x9, x10, [%[a]], #16\n"
      "ldp x11, x12, [%[a]], #16\n"
      "add x9, x9, %[ao], lsl #2\n"
      "add x10, x10, %[ao], lsl #2\n"
      "add x11, x11, %[ao], lsl #2\n"
      "add x12, x12, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q4, q8, [x9], #32\n"
      "ldp q5, q9, [x10], #32\n"
      "ldp q6, q10, [x11], #32\n"
      "ldp q7, q11, [x12], #32\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[0]\n"
      "fmla v17.4s, v1.4s, v4.s[0]\n"
      "fmla v18.4s, v2.4s, v4.s[0]\n"
      "fmla v19.4s, v3.4s, v4.s[0]\n"
      "fmla v20.4s, v0.4s, v5.s[0]\n"
      "fmla v21.4s, v1.4s, v5.s[0]\n"
      "fmla v22.4s, v2.4s, v5.s[0]\n"
      "fmla v23.4s, v3.4s, v5.s[0]\n"
      "fmla v24.4s, v0.4s, v6.s[0]\n"
      "fmla v25.4s, v1.4s, v6.s[0]\n"
      "fmla v26.4s, v2.4s, v6.s[0]\n"
      "fmla v27.4s, v3.4s, v6.s[0]\n"
      "fmla v28.4s, v0.4s, v7.s[0]\n"
      "fmla v29.4s, v1.4s, v7.s[0]\n"
      "fmla v30.4s, v2.4s, v7.s[0]\n"
      "fmla v31.4s, v3.4s, v7.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[1]\n"
      "fmla v17.4s, v1.4s, v4.s[1]\n"
      "fmla v18.4s, v2.4s, v4.s[1]\n"
      "fmla v19.4s, v3.4s, v4.s[1]\n"
      "fmla v20.4s, v0.4s, v5.s[1]\n"
      "fmla v21.4s, v1.4s, v5.s[1]\n"
      "fmla v22.4s, v2.4s, v5.s[1]\n"
      "fmla v23.4s, v3.4s, v5.s[1]\n"
      "fmla v24.4s, v0.4s, v6.s[1]\n"
      "fmla v25.4s, v1.4s, v6.s[1]\n"
      "fmla v26.4s, v2.4s, v6.s[1]\n"
      "fmla v27.4s, v3.4s, v6.s[1]\n"
      "fmla v28.4s, v0.4s, v7.s[1]\n"
      "fmla v29.4s, v1.4s, v7.s[1]\n"
      "fmla v30.4s, v2.4s, v7.s[1]\n"
      "fmla v31.4s, v3.4s, v7.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[2]\n"
      "fmla v17.4s, v1.4s, v4.s[2]\n"
      "fmla v18.4s, v2.4s, v4.s[2]\n"
      "fmla v19.4s, v3.4s, v4.s[2]\n"
      "fmla v20.4s, v0.4s, v5.s[2]\n"
      "fmla v21.4s, v1.4s, v5.s[2]\n"
      "fmla v22.4s, v2.4s, v5.s[2]\n"
      "fmla v23.4s, v3.4s, v5.s[2]\n"
      "fmla v24.4s, v0.4s, v6.s[2]\n"
      "fmla v25.4s, v1.4s, v6.s[2]\n"
      "fmla v26.4s, v2.4s, v6.s[2]\n"
      "fmla v27.4s, v3.4s, v6.s[2]\n"
      "fmla v28.4s, v0.4s, v7.s[2]\n"
      "fmla v29.4s, v1.4s, v7.s[2]\n"
      "fmla v30.4s, v2.4s, v7.s[2]\n"
      "fmla v31.4s, v3.4s, v7.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[3]\n"
      "fmla v17.4s, v1.4s, v4.s[3]\n"
      "fmla v18.4s, v2.4s, v4.s[3]\n"
      "fmla v19.4s, v3.4s, v4.s[3]\n"
      "fmla v20.4s, v0.4s, v5.s[3]\n"
      "fmla v21.4s, v1.4s, v5.s[3]\n"
      "fmla v22.4s, v2.4s, v5.s[3]\n"
      "fmla v23.4s, v3.4s, v5.s[3]\n"
      "fmla v24.4s, v0.4s, v6.s[3]\n"
      "fmla v25.4s, v1.4s, v6.s[3]\n"
      "fmla v26.4s, v2.4s, v6.s[3]\n"
      "fmla v27.4s, v3.4s, v6.s[3]\n"
      "fmla v28.4s, v0.4s, v7.s[3]\n"
      "fmla v29.4s, v1.4s, v7.s[3]\n"
      "fmla v30.4s, v2.4s, v7.s[3]\n"
      "fmla v31.4s, v3.4s, v7.s[3]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v8.s[0]\n"
      "fmla v17.4s, v1.4s, v8.s[0]\n"
      "fmla v18.4s, v2.4s, v8.s[0]\n"
      "fmla v19.4s, v3.4s, v8.s[0]\n"
      "fmla v20.4s, v0.4s, v9.s[0]\n"
      "fmla v21.4s, v1.4s, v9.s[0]\n"
      "fmla v22.4s, v2.4s, v9.s[0]\n"
      "fmla v23.4s, v3.4s, v9.s[0]\n"
      "fmla v24.4s, v0.4s, v10.s[0]\n"
      "fmla v25.4s, v1.4s, v10.s[0]\n"
      "fmla v26.4s, v2.4s, v10.s[0]\n"
      "fmla v27.4s, v3.4s, v10.s[0]\n"
      "fmla v28.4s, v0.4s, v11.s[0]\n"
      "fmla v29.4s, v1.4s, v11.s[0]\n"
      "fmla v30.4s, v2.4s, v11.s[0]\n"
      "fmla v31.4s, v3.4s, v11.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v8.s[1]\n"
      "fmla v17.4s, v1.4s, v8.s[1]\n"
      "fmla v18.4s, v2.4s, v8.s[1]\n"
      "fmla v19.4s, v3.4s, v8.s[1]\n"
      "fmla v20.4s, v0.4s, v9.s[1]\n"
      "fmla v21.4s, v1.4s, v9.s[1]\n"
      "fmla v22.4s, v2.4s, v9.s[1]\n"
      "fmla v23.4s, v3.4s, v9.s[1]\n"
      "fmla v24.4s, v0.4s, v10.s[1]\n"
      "fmla v25.4s, v1.4s, v10.s[1]\n"
      "fmla v26.4s, v2.4s, v10.s[1]\n"
      "fmla v27.4s, v3.4s, v10.s[1]\n"
      "fmla v28.4s, v0.4s, v11.s[1]\n"
      "fmla v29.4s, v1.4s, v11.s[1]\n"
      "fmla v30.4s, v2.4s, v11.s[1]\n"
      "fmla v31.4s, v3.4s, v11.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v8.s[2]\n"
      "fmla v17.4s, v1.4s, v8.s[2]\n"
      "fmla v18.4s, v2.4s, v8.s[2]\n"
      "fmla v19.4s, v3.4s, v8.s[2]\n"
      "fmla v20.4s, v0.4s, v9.s[2]\n"
      "fmla v21.4s, v1.4s, v9.s[2]\n"
      "fmla v22.4s, v2.4s, v9.s[2]\n"
      "fmla v23.4s, v3.4s, v9.s[2]\n"
      "fmla v24.4s, v0.4s, v10.s[2]\n"
      "fmla v25.4s, v1.4s, v10.s[2]\n"
      "fmla v26.4s, v2.4s, v10.s[2]\n"
      "fmla v27.4s, v3.4s, v10.s[2]\n"
      "fmla v28.4s, v0.4s, v11.s[2]\n"
      "fmla v29.4s, v1.4s, v11.s[2]\n"
      "fmla v30.4s, v2.4s, v11.s[2]\n"
      "fmla v31.4s, v3.4s, v11.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v8.s[3]\n"
      "fmla v17.4s, v1.4s, v8.s[3]\n"
      "fmla v18.4s, v2.4s, v8.s[3]\n"
      "fmla v19.4s, v3.4s, v8.s[3]\n"
      "fmla v20.4s, v0.4s, v9.s[3]\n"
      "fmla v21.4s, v1.4s, v9.s[3]\n"
      "fmla v22.4s, v2.4s, v9.s[3]\n"
      "fmla v23.4s, v3.4s, v9.s[3]\n"
      "fmla v24.4s, v0.4s, v10.s[3]\n"
      "fmla v25.4s, v1.4s, v10.s[3]\n"
      "fmla v26.4s, v2.4s, v10.s[3]\n"
      "fmla v27.4s, v3.4s, v10.s[3]\n"
      "fmla v28.4s, v0.4s, v11.s[3]\n"
      "fmla v29.4s, v1.4s, v11.s[3]\n"
      "fmla v30.4s, v2.4s, v11.s[3]\n"
      "fmla v31.4s, v3.4s, v11.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q4, [x9], #16\n"
      "ldr q5, [x10], #16\n"
      "ldr q6, [x11], #16\n"
      "ldr q7, [x12], #16\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[0]\n"
      "fmla v17.4s, v1.4s, v4.s[0]\n"
      "fmla v18.4s, v2.4s, v4.s[0]\n"
      "fmla v19.4s, v3.4s, v4.s[0]\n"
      "fmla v20.4s, v0.4s, v5.s[0]\n"
      "fmla v21.4s, v1.4s, v5.s[0]\n"
      "fmla v22.4s, v2.4s, v5.s[0]\n"
      "fmla v23.4s, v3.4s, v5.s[0]\n"
      "fmla v24.4s, v0.4s, v6.s[0]\n"
      "fmla v25.4s, v1.4s, v6.s[0]\n"
      "fmla v26.4s, v2.4s, v6.s[0]\n"
      "fmla v27.4s, v3.4s, v6.s[0]\n"
      "fmla v28.4s, v0.4s, v7.s[0]\n"
      "fmla v29.4s, v1.4s, v7.s[0]\n"
      "fmla v30.4s, v2.4s, v7.s[0]\n"
      "fmla v31.4s, v3.4s, v7.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[1]\n"
      "fmla v17.4s, v1.4s, v4.s[1]\n"
      "fmla v18.4s, v2.4s, v4.s[1]\n"
      "fmla v19.4s, v3.4s, v4.s[1]\n"
      "fmla v20.4s, v0.4s, v5.s[1]\n"
      "fmla v21.4s, v1.4s, v5.s[1]\n"
      "fmla v22.4s, v2.4s, v5.s[1]\n"
      "fmla v23.4s, v3.4s, v5.s[1]\n"
      "fmla v24.4s, v0.4s, v6.s[1]\n"
      "fmla v25.4s, v1.4s, v6.s[1]\n"
      "fmla v26.4s, v2.4s, v6.s[1]\n"
      "fmla v27.4s, v3.4s, v6.s[1]\n"
      "fmla v28.4s, v0.4s, v7.s[1]\n"
      "fmla v29.4s, v1.4s, v7.s[1]\n"
      "fmla v30.4s, v2.4s, v7.s[1]\n"
      "fmla v31.4s, v3.4s, v7.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[2]\n"
      "fmla v17.4s, v1.4s, v4.s[2]\n"
      "fmla v18.4s, v2.4s, v4.s[2]\n"
      "fmla v19.4s, v3.4s, v4.s[2]\n"
      "fmla v20.4s, v0.4s, v5.s[2]\n"
      "fmla v21.4s, v1.4s, v5.s[2]\n"
      "fmla v22.4s, v2.4s, v5.s[2]\n"
      "fmla v23.4s, v3.4s, v5.s[2]\n"
      "fmla v24.4s, v0.4s, v6.s[2]\n"
      "fmla v25.4s, v1.4s, v6.s[2]\n"
      "fmla v26.4s, v2.4s, v6.s[2]\n"
      "fmla v27.4s, v3.4s, v6.s[2]\n"
      "fmla v28.4s, v0.4s, v7.s[2]\n"
      "fmla v29.4s, v1.4s, v7.s[2]\n"
      "fmla v30.4s, v2.4s, v7.s[2]\n"
      "fmla v31.4s, v3.4s, v7.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[3]\n"
      "fmla v17.4s, v1.4s, v4.s[3]\n"
      "fmla v18.4s, v2.4s, v4.s[3]\n"
      "fmla v19.4s, v3.4s, v4.s[3]\n"
      "fmla v20.4s, v0.4s, v5.s[3]\n"
      "fmla v21.4s, v1.4s, v5.s[3]\n"
      "fmla v22.4s, v2.4s, v5.s[3]\n"
      "fmla v23.4s, v3.4s, v5.s[3]\n"
      "fmla v24.4s, v0.4s, v6.s[3]\n"
      "fmla v25.4s, v1.4s, v6.s[3]\n"
      "fmla v26.4s, v2.4s, v6.s[3]\n"
      "fmla v27.4s, v3.4s, v6.s[3]\n"
      "fmla v28.4s, v0.4s, v7.s[3]\n"
      "fmla v29.4s, v1.4s, v7.s[3]\n"
      "fmla v30.4s, v2.4s, v7.s[3]\n"
      "fmla v31.4s, v3.4s, v7.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "ldr s4, [x9], #4\n"
      "ldr s5, [x10], #4\n"
      "ldr s6, [x11], #4\n"
      "ldr s7, [x12], #4\n"
      "fmla v16.4s, v0.4s, v4.s[0]\n"
      "fmla v17.4s, v1.4s, v4.s[0]\n"
      "fmla v18.4s, v2.4s, v4.s[0]\n"
      "fmla v19.4s, v3.4s, v4.s[0]\n"
      "fmla v20.4s, v0.4s, v5.s[0]\n"
      "fmla v21.4s, v1.4s, v5.s[0]\n"
      "fmla v22.4s, v2.4s, v5.s[0]\n"
      "fmla v23.4s, v3.4s, v5.s[0]\n"
      "fmla v24.4s, v0.4s, v6.s[0]\n"
      "fmla v25.4s, v1.4s, v6.s[0]\n"
      "fmla v26.4s, v2.4s, v6.s[0]\n"
      "fmla v27.4s, v3.4s, v6.s[0]\n"
      "fmla v28.4s, v0.4s, v7.s[0]\n"
      "fmla v29.4s, v1.4s, v7.s[0]\n"
      "fmla v30.4s, v2.4s, v7.s[0]\n"
      "fmla v31.4s, v3.4s, v7.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(s0_1), "=w"(s0_2), "=w"(s0_3), "=w"(s1_0), "=w"(s1_1), "=w"(s1_2), "=w"(s1_3), "=w"(s2_0), "=w"(s2_1), "=w"(s2_2), "=w"(s2_3), "=w"(s3_0), "=w"(s3_1), "=w"(s3_2), "=w"(s3_3), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "x9", "x10", "x11", "x12", "x14", "cc", "memory");
  const int full = cols >= 16;
  float spare0[64];
  if (!full) tile_part_of(e0, no, spare0, 4, cols, 16);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  const vf x0_0_1 = vf_load(q0_0 + 4);
  const vf z0_1 = (s0_1 + x0_0_1);
  const vf x0_0_2 = vf_load(q0_0 + 8);
  const vf z0_2 = (s0_2 + x0_0_2);
  const vf x0_0_3 = vf_load(q0_0 + 12);
  const vf z0_3 = (s0_3 + x0_0_3);
  const float *const q0_1 = full ? e0[1] + no : spare0 + 16;
  const vf x0_1_0 = vf_load(q0_1 + 0);
  const vf z1_0 = (s1_0 + x0_1_0);
  const vf x0_1_1 = vf_load(q0_1 + 4);
  const vf z1_1 = (s1_1 + x0_1_1);
  const vf x0_1_2 = vf_load(q0_1 + 8);
  const vf z1_2 = (s1_2 + x0_1_2);
  const vf x0_1_3 = vf_load(q0_1 + 12);
  const vf z1_3 = (s1_3 + x0_1_3);
  const float *const q0_2 = full ? e0[2] + no : spare0 + 32;
  const vf x0_2_0 = vf_load(q0_2 + 0);
  const vf z2_0 = (s2_0 + x0_2_0);
  const vf x0_2_1 = vf_load(q0_2 + 4);
  const vf z2_1 = (s2_1 + x0_2_1);
  const vf x0_2_2 = vf_load(q0_2 + 8);
  const vf z2_2 = (s2_2 + x0_2_2);
  const vf x0_2_3 = vf_load(q0_2 + 12);
  const vf z2_3 = (s2_3 + x0_2_3);
  const float *const q0_3 = full ? e0[3] + no : spare0 + 48;
  const vf x0_3_0 = vf_load(q0_3 + 0);
  const vf z3_0 = (s3_0 + x0_3_0);
  const vf x0_3_1 = vf_load(q0_3 + 4);
  const vf z3_1 = (s3_1 + x0_3_1);
  const vf x0_3_2 = vf_load(q0_3 + 8);
  const vf z3_2 = (s3_2 + x0_3_2);
  const vf x0_3_3 = vf_load(q0_3 + 12);
  const vf z3_3 = (s3_3 + x0_3_3);
  if (full && rows >= 4) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
    vf_store(y0 + 4, z0_1);
    vf_store(y0 + 8, z0_2);
    vf_store(y0 + 12, z0_3);
    float *const y1 = y[1] + no;
    vf_store(y1 + 0, z1_0);
    vf_store(y1 + 4, z1_1);
    vf_store(y1 + 8, z1_2);
    vf_store(y1 + 12, z1_3);
    float *const y2 = y[2] + no;
    vf_store(y2 + 0, z2_0);
    vf_store(y2 + 4, z2_1);
    vf_store(y2 + 8, z2_2);
    vf_store(y2 + 12, z2_3);
    float *const y3 = y[3] + no;
    vf_store(y3 + 0, z3_0);
    vf_store(y3 + 4, z3_1);
    vf_store(y3 + 8, z3_2);
    vf_store(y3 + 12, z3_3);
  } else {
    float spare[64];
    vf_store(spare + 0, z0_0);
    vf_store(spare + 4, z0_1);
    vf_store(spare + 8, z0_2);
    vf_store(spare + 12, z0_3);
    vf_store(spare + 16, z1_0);
    vf_store(spare + 20, z1_1);
    vf_store(spare + 24, z1_2);
    vf_store(spare + 28, z1_3);
    vf_store(spare + 32, z2_0);
    vf_store(spare + 36, z2_1);
    vf_store(spare + 40, z2_2);
    vf_store(spare + 44, z2_3);
    vf_store(spare + 48, z3_0);
    vf_store(spare + 52, z3_1);
    vf_store(spare + 56, z3_2);
    vf_store(spare + 60, z3_3);
    tile_part(y, no, spare, rows < 4 ? rows : 4, full ? 16 : cols, 16);
  }
}

/* 1 rows x 4 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_1x16_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v16");
  register vf s0_1 __asm__("v17");
  register vf s0_2 __asm__("v18");
  register vf s0_3 __asm__("v19");
  register vf p1_0 __asm__("v20");
  register vf p1_1 __asm__("v21");
  register vf p1_2 __asm__("v22");
  register vf p1_3 __asm__("v23");
  register vf p2_0 __asm__("v24");
  register vf p2_1 __asm__("v25");
  register vf p2_2 __asm__("v26");
  register vf p2_3 __asm__("v27");
  register vf p3_0 __asm__("v28");
  register vf p3_1 __asm__("v29");
  register vf p3_2 __asm__("v30");
  register vf p3_3 __asm__("v31");
  __asm__ volatile(
      "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[w]]\n"
      "add %[w], %[w], #64\n"
      "movi v20.4s, #0\n"
      "movi v21.4s, #0\n"
      "movi v22.4s, #0\n"
      "movi v23.4s, #0\n"
      "movi v24.4s, #0\n"
      "movi v25.4s, #0\n"
      "movi v26.4s, #0\n"
      "movi v27.4s, #0\n"
      "movi v28.4s, #0\n"
      "movi v29.4s, #0\n"
      "movi v30.4s, #0\n"
      "movi v31.4s, #0\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldr x9, [%[a]], #8\n"
      "add x9, x9, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q4, q5, [x9], #32\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[0]\n"
      "fmla v17.4s, v1.4s, v4.s[0]\n"
      "fmla v18.4s, v2.4s, v4.s[0]\n"
      "fmla v19.4s, v3.4s, v4.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v20.4s, v0.4s, v4.s[1]\n"
      "fmla v21.4s, v1.4s, v4.s[1]\n"
      "fmla v22.4s, v2.4s, v4.s[1]\n"
      "fmla v23.4s, v3.4s, v4.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v24.4s, v0.4s, v4.s[2]\n"
      "fmla v25.4s, v1.4s, v4.s[2]\n"
      "fmla v26.4s, v2.4s, v4.s[2]\n"
      "fmla v27.4s, v3.4s, v4.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v28.4s, v0.4s, v4.s[3]\n"
      "fmla v29.4s, v1.4s, v4.s[3]\n"
      "fmla v30.4s, v2.4s, v4.s[3]\n"
      "fmla v31.4s, v3.4s, v4.s[3]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v5.s[0]\n"
      "fmla v17.4s, v1.4s, v5.s[0]\n"
      "fmla v18.4s, v2.4s, v5.s[0]\n"
      "fmla v19.4s, v3.4s, v5.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v20.4s, v0.4s, v5.s[1]\n"
      "fmla v21.4s, v1.4s, v5.s[1]\n"
      "fmla v22.4s, v2.4s, v5.s[1]\n"
      "fmla v23.4s, v3.4s, v5.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v24.4s, v0.4s, v5.s[2]\n"
      "fmla v25.4s, v1.4s, v5.s[2]\n"
      "fmla v26.4s, v2.4s, v5.s[2]\n"
      "fmla v27.4s, v3.4s, v5.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v28.4s, v0.4s, v5.s[3]\n"
      "fmla v29.4s, v1.4s, v5.s[3]\n"
      "fmla v30.4s, v2.4s, v5.s[3]\n"
      "fmla v31.4s, v3.4s, v5.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q4, [x9], #16\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v16.4s, v0.4s, v4.s[0]\n"
      "fmla v17.4s, v1.4s, v4.s[0]\n"
      "fmla v18.4s, v2.4s, v4.s[0]\n"
      "fmla v19.4s, v3.4s, v4.s[0]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v20.4s, v0.4s, v4.s[1]\n"
      "fmla v21.4s, v1.4s, v4.s[1]\n"
      "fmla v22.4s, v2.4s, v4.s[1]\n"
      "fmla v23.4s, v3.4s, v4.s[1]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v24.4s, v0.4s, v4.s[2]\n"
      "fmla v25.4s, v1.4s, v4.s[2]\n"
      "fmla v26.4s, v2.4s, v4.s[2]\n"
      "fmla v27.4s, v3.4s, v4.s[2]\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "fmla v28.4s, v0.4s, v4.s[3]\n"
      "fmla v29.4s, v1.4s, v4.s[3]\n"
      "fmla v30.4s, v2.4s, v4.s[3]\n"
      "fmla v31.4s, v3.4s, v4.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[w]], #64\n"
      "ldr s4, [x9], #4\n"
      "fmla v16.4s, v0.4s, v4.s[0]\n"
      "fmla v17.4s, v1.4s, v4.s[0]\n"
      "fmla v18.4s, v2.4s, v4.s[0]\n"
      "fmla v19.4s, v3.4s, v4.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(s0_1), "=w"(s0_2), "=w"(s0_3), "=w"(p1_0), "=w"(p1_1), "=w"(p1_2), "=w"(p1_3), "=w"(p2_0), "=w"(p2_1), "=w"(p2_2), "=w"(p2_3), "=w"(p3_0), "=w"(p3_1), "=w"(p3_2), "=w"(p3_3), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "v3", "v4", "v5", "x9", "x14", "cc", "memory");
  s0_0 = (s0_0 + p1_0) + (p2_0 + p3_0);
  s0_1 = (s0_1 + p1_1) + (p2_1 + p3_1);
  s0_2 = (s0_2 + p1_2) + (p2_2 + p3_2);
  s0_3 = (s0_3 + p1_3) + (p2_3 + p3_3);
  const int full = cols >= 16;
  float spare0[16];
  if (!full) tile_part_of(e0, no, spare0, 1, cols, 16);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  const vf x0_0_1 = vf_load(q0_0 + 4);
  const vf z0_1 = (s0_1 + x0_0_1);
  const vf x0_0_2 = vf_load(q0_0 + 8);
  const vf z0_2 = (s0_2 + x0_0_2);
  const vf x0_0_3 = vf_load(q0_0 + 12);
  const vf z0_3 = (s0_3 + x0_0_3);
  if (full && rows >= 1) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
    vf_store(y0 + 4, z0_1);
    vf_store(y0 + 8, z0_2);
    vf_store(y0 + 12, z0_3);
  } else {
    float spare[16];
    vf_store(spare + 0, z0_0);
    vf_store(spare + 4, z0_1);
    vf_store(spare + 8, z0_2);
    vf_store(spare + 12, z0_3);
    tile_part(y, no, spare, rows < 1 ? rows : 1, full ? 16 : cols, 16);
  }
}

/* 5 rows x 2 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_5x8_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v22");
  register vf s0_1 __asm__("v23");
  register vf s1_0 __asm__("v24");
  register vf s1_1 __asm__("v25");
  register vf s2_0 __asm__("v26");
  register vf s2_1 __asm__("v27");
  register vf s3_0 __asm__("v28");
  register vf s3_1 __asm__("v29");
  register vf s4_0 __asm__("v30");
  register vf s4_1 __asm__("v31");
  __asm__ volatile(
      "ld1 {v22.4s, v23.4s}, [%[w]]\n"
      "ld1 {v24.4s, v25.4s}, [%[w]]\n"
      "ld1 {v26.4s, v27.4s}, [%[w]]\n"
      "ld1 {v28.4s, v29.4s}, [%[w]]\n"
      "ld1 {v30.4s, v31.4s}, [%[w]]\n"
      "add %[w], %[w], #32\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldp x9, x10, [%[a]], #16\n"
      "ldp x11, x12, [%[a]], #16\n"
      "ldr x13, [%[a]], #8\n"
      "add x9, x9, %[ao], lsl #2\n"
      "add x10, x10, %[ao], lsl #2\n"
      "add x11, x11, %[ao], lsl #2\n"
      "add x12, x12, %[ao], lsl #2\n"
      "add x13, x13, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q2, q7, [x9], #32\n"
      "ldp q3, q8, [x10], #32\n"
      "ldp q4, q9, [x11], #32\n"
      "ldp q5, q10, [x12], #32\n"
      "ldp q6, q11, [x13], #32\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v2.s[0]\n"
      "fmla v23.4s, v1.4s, v2.s[0]\n"
      "fmla v24.4s, v0.4s, v3.s[0]\n"
      "fmla v25.4s, v1.4s, v3.s[0]\n"
      "fmla v26.4s, v0.4s, v4.s[0]\n"
      "fmla v27.4s, v1.4s, v4.s[0]\n"
      "fmla v28.4s, v0.4s, v5.s[0]\n"
      "fmla v29.4s, v1.4s, v5.s[0]\n"
      "fmla v30.4s, v0.4s, v6.s[0]\n"
      "fmla v31.4s, v1.4s, v6.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v2.s[1]\n"
      "fmla v23.4s, v1.4s, v2.s[1]\n"
      "fmla v24.4s, v0.4s, v3.s[1]\n"
      "fmla v25.4s, v1.4s, v3.s[1]\n"
      "fmla v26.4s, v0.4s, v4.s[1]\n"
      "fmla v27.4s, v1.4s, v4.s[1]\n"
      "fmla v28.4s, v0.4s, v5.s[1]\n"
      "fmla v29.4s, v1.4s, v5.s[1]\n"
      "fmla v30.4s, v0.4s, v6.s[1]\n"
      "fmla v31.4s, v1.4s, v6.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v2.s[2]\n"
      "fmla v23.4s, v1.4s, v2.s[2]\n"
      "fmla v24.4s, v0.4s, v3.s[2]\n"
      "fmla v25.4s, v1.4s, v3.s[2]\n"
      "fmla v26.4s, v0.4s, v4.s[2]\n"
      "fmla v27.4s, v1.4s, v4.s[2]\n"
      "fmla v28.4s, v0.4s, v5.s[2]\n"
      "fmla v29.4s, v1.4s, v5.s[2]\n"
      "fmla v30.4s, v0.4s, v6.s[2]\n"
      "fmla v31.4s, v1.4s, v6.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v2.s[3]\n"
      "fmla v23.4s, v1.4s, v2.s[3]\n"
      "fmla v24.4s, v0.4s, v3.s[3]\n"
      "fmla v25.4s, v1.4s, v3.s[3]\n"
      "fmla v26.4s, v0.4s, v4.s[3]\n"
      "fmla v27.4s, v1.4s, v4.s[3]\n"
      "fmla v28.4s, v0.4s, v5.s[3]\n"
      "fmla v29.4s, v1.4s, v5.s[3]\n"
      "fmla v30.4s, v0.4s, v6.s[3]\n"
      "fmla v31.4s, v1.4s, v6.s[3]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v7.s[0]\n"
      "fmla v23.4s, v1.4s, v7.s[0]\n"
      "fmla v24.4s, v0.4s, v8.s[0]\n"
      "fmla v25.4s, v1.4s, v8.s[0]\n"
      "fmla v26.4s, v0.4s, v9.s[0]\n"
      "fmla v27.4s, v1.4s, v9.s[0]\n"
      "fmla v28.4s, v0.4s, v10.s[0]\n"
      "fmla v29.4s, v1.4s, v10.s[0]\n"
      "fmla v30.4s, v0.4s, v11.s[0]\n"
      "fmla v31.4s, v1.4s, v11.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v7.s[1]\n"
      "fmla v23.4s, v1.4s, v7.s[1]\n"
      "fmla v24.4s, v0.4s, v8.s[1]\n"
      "fmla v25.4s, v1.4s, v8.s[1]\n"
      "fmla v26.4s, v0.4s, v9.s[1]\n"
      "fmla v27.4s, v1.4s, v9.s[1]\n"
      "fmla v28.4s, v0.4s, v10.s[1]\n"
      "fmla v29.4s, v1.4s, v10.s[1]\n"
      "fmla v30.4s, v0.4s, v11.s[1]\n"
      "fmla v31.4s, v1.4s, v11.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v7.s[2]\n"
      "fmla v23.4s, v1.4s, v7.s[2]\n"
      "fmla v24.4s, v0.4s, v8.s[2]\n"
      "fmla v25.4s, v1.4s, v8.s[2]\n"
      "fmla v26.4s, v0.4s, v9.s[2]\n"
      "fmla v27.4s, v1.4s, v9.s[2]\n"
      "fmla v28.4s, v0.4s, v10.s[2]\n"
      "fmla v29.4s, v1.4s, v10.s[2]\n"
      "fmla v30.4s, v0.4s, v11.s[2]\n"
      "fmla v31.4s, v1.4s, v11.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v7.s[3]\n"
      "fmla v23.4s, v1.4s, v7.s[3]\n"
      "fmla v24.4s, v0.4s, v8.s[3]\n"
      "fmla v25.4s, v1.4s, v8.s[3]\n"
      "fmla v26.4s, v0.4s, v9.s[3]\n"
      "fmla v27.4s, v1.4s, v9.s[3]\n"
      "fmla v28.4s, v0.4s, v10.s[3]\n"
      "fmla v29.4s, v1.4s, v10.s[3]\n"
      "fmla v30.4s, v0.4s, v11.s[3]\n"
      "fmla v31.4s, v1.4s, v11.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q2, [x9], #16\n"
      "ldr q3, [x10], #16\n"
      "ldr q4, [x11], #16\n"
      "ldr q5, [x12], #16\n"
      "ldr q6, [x13], #16\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v2.s[0]\n"
      "fmla v23.4s, v1.4s, v2.s[0]\n"
      "fmla v24.4s, v0.4s, v3.s[0]\n"
      "fmla v25.4s, v1.4s, v3.s[0]\n"
      "fmla v26.4s, v0.4s, v4.s[0]\n"
      "fmla v27.4s, v1.4s, v4.s[0]\n"
      "fmla v28.4s, v0.4s, v5.s[0]\n"
      "fmla v29.4s, v1.4s, v5.s[0]\n"
      "fmla v30.4s, v0.4s, v6.s[0]\n"
      "fmla v31.4s, v1.4s, v6.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v2.s[1]\n"
      "fmla v23.4s, v1.4s, v2.s[1]\n"
      "fmla v24.4s, v0.4s, v3.s[1]\n"
      "fmla v25.4s, v1.4s, v3.s[1]\n"
      "fmla v26.4s, v0.4s, v4.s[1]\n"
      "fmla v27.4s, v1.4s, v4.s[1]\n"
      "fmla v28.4s, v0.4s, v5.s[1]\n"
      "fmla v29.4s, v1.4s, v5.s[1]\n"
      "fmla v30.4s, v0.4s, v6.s[1]\n"
      "fmla v31.4s, v1.4s, v6.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v2.s[2]\n"
      "fmla v23.4s, v1.4s, v2.s[2]\n"
      "fmla v24.4s, v0.4s, v3.s[2]\n"
      "fmla v25.4s, v1.4s, v3.s[2]\n"
      "fmla v26.4s, v0.4s, v4.s[2]\n"
      "fmla v27.4s, v1.4s, v4.s[2]\n"
      "fmla v28.4s, v0.4s, v5.s[2]\n"
      "fmla v29.4s, v1.4s, v5.s[2]\n"
      "fmla v30.4s, v0.4s, v6.s[2]\n"
      "fmla v31.4s, v1.4s, v6.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v22.4s, v0.4s, v2.s[3]\n"
      "fmla v23.4s, v1.4s, v2.s[3]\n"
      "fmla v24.4s, v0.4s, v3.s[3]\n"
      "fmla v25.4s, v1.4s, v3.s[3]\n"
      "fmla v26.4s, v0.4s, v4.s[3]\n"
      "fmla v27.4s, v1.4s, v4.s[3]\n"
      "fmla v28.4s, v0.4s, v5.s[3]\n"
      "fmla v29.4s, v1.4s, v5.s[3]\n"
      "fmla v30.4s, v0.4s, v6.s[3]\n"
      "fmla v31.4s, v1.4s, v6.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "ldr s2, [x9], #4\n"
      "ldr s3, [x10], #4\n"
      "ldr s4, [x11], #4\n"
      "ldr s5, [x12], #4\n"
      "ldr s6, [x13], #4\n"
      "fmla v22.4s, v0.4s, v2.s[0]\n"
      "fmla v23.4s, v1.4s, v2.s[0]\n"
      "fmla v24.4s, v0.4s, v3.s[0]\n"
      "fmla v25.4s, v1.4s, v3.s[0]\n"
      "fmla v26.4s, v0.4s, v4.s[0]\n"
      "fmla v27.4s, v1.4s, v4.s[0]\n"
      "fmla v28.4s, v0.4s, v5.s[0]\n"
      "fmla v29.4s, v1.4s, v5.s[0]\n"
      "fmla v30.4s, v0.4s, v6.s[0]\n"
      "fmla v31.4s, v1.4s, v6.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(s0_1), "=w"(s1_0), "=w"(s1_1), "=w"(s2_0), "=w"(s2_1), "=w"(s3_0), "=w"(s3_1), "=w"(s4_0), "=w"(s4_1), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "x9", "x10", "x11", "x12", "x13", "x14", "cc", "memory");
  const int full = cols >= 8;
  float spare0[40];
  if (!full) tile_part_of(e0, no, spare0, 5, cols, 8);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  const vf x0_0_1 = vf_load(q0_0 + 4);
  const vf z0_1 = (s0_1 + x0_0_1);
  const float *const q0_1 = full ? e0[1] + no : spare0 + 8;
  const vf x0_1_0 = vf_load(q0_1 + 0);
  const vf z1_0 = (s1_0 + x0_1_0);
  const vf x0_1_1 = vf_load(q0_1 + 4);
  const vf z1_1 = (s1_1 + x0_1_1);
  const float *const q0_2 = full ? e0[2] + no : spare0 + 16;
  const vf x0_2_0 = vf_load(q0_2 + 0);
  const vf z2_0 = (s2_0 + x0_2_0);
  const vf x0_2_1 = vf_load(q0_2 + 4);
  const vf z2_1 = (s2_1 + x0_2_1);
  const float *const q0_3 = full ? e0[3] + no : spare0 + 24;
  const vf x0_3_0 = vf_load(q0_3 + 0);
  const vf z3_0 = (s3_0 + x0_3_0);
  const vf x0_3_1 = vf_load(q0_3 + 4);
  const vf z3_1 = (s3_1 + x0_3_1);
  const float *const q0_4 = full ? e0[4] + no : spare0 + 32;
  const vf x0_4_0 = vf_load(q0_4 + 0);
  const vf z4_0 = (s4_0 + x0_4_0);
  const vf x0_4_1 = vf_load(q0_4 + 4);
  const vf z4_1 = (s4_1 + x0_4_1);
  if (full && rows >= 5) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
    vf_store(y0 + 4, z0_1);
    float *const y1 = y[1] + no;
    vf_store(y1 + 0, z1_0);
    vf_store(y1 + 4, z1_1);
    float *const y2 = y[2] + no;
    vf_store(y2 + 0, z2_0);
    vf_store(y2 + 4, z2_1);
    float *const y3 = y[3] + no;
    vf_store(y3 + 0, z3_0);
    vf_store(y3 + 4, z3_1);
    float *const y4 = y[4] + no;
    vf_store(y4 + 0, z4_0);
    vf_store(y4 + 4, z4_1);
  } else {
    float spare[40];
    vf_store(spare + 0, z0_0);
    vf_store(spare + 4, z0_1);
    vf_store(spare + 8, z1_0);
    vf_store(spare + 12, z1_1);
    vf_store(spare + 16, z2_0);
    vf_store(spare + 20, z2_1);
    vf_store(spare + 24, z3_0);
    vf_store(spare + 28, z3_1);
    vf_store(spare + 32, z4_0);
    vf_store(spare + 36, z4_1);
    tile_part(y, no, spare, rows < 5 ? rows : 5, full ? 8 : cols, 8);
  }
}

/* 4 rows x 2 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_4x8_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v24");
  register vf s0_1 __asm__("v25");
  register vf s1_0 __asm__("v26");
  register vf s1_1 __asm__("v27");
  register vf s2_0 __asm__("v28");
  register vf s2_1 __asm__("v29");
  register vf s3_0 __asm__("v30");
  register vf s3_1 __asm__("v31");
  __asm__ volatile(
      "ld1 {v24.4s, v25.4s}, [%[w]]\n"
      "ld1 {v26.4s, v27.4s}, [%[w]]\n"
      "ld1 {v28.4s, v29.4s}, [%[w]]\n"
      "ld1 {v30.4s, v31.4s}, [%[w]]\n"
      "add %[w], %[w], #32\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldp x9, x10, [%[a]], #16\n"
      "ldp x11, x12, [%[a]], #16\n"
      "add x9, x9, %[ao], lsl #2\n"
      "add x10, x10, %[ao], lsl #2\n"
      "add x11, x11, %[ao], lsl #2\n"
      "add x12, x12, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q2, q6, [x9], #32\n"
      "ldp q3, q7, [x10], #32\n"
      "ldp q4, q8, [x11], #32\n"
      "ldp q5, q9, [x12], #32\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[0]\n"
      "fmla v25.4s, v1.4s, v2.s[0]\n"
      "fmla v26.4s, v0.4s, v3.s[0]\n"
      "fmla v27.4s, v1.4s, v3.s[0]\n"
      "fmla v28.4s, v0.4s, v4.s[0]\n"
      "fmla v29.4s, v1.4s, v4.s[0]\n"
      "fmla v30.4s, v0.4s, v5.s[0]\n"
      "fmla v31.4s, v1.4s, v5.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[1]\n"
      "fmla v25.4s, v1.4s, v2.s[1]\n"
      "fmla v26.4s, v0.4s, v3.s[1]\n"
      "fmla v27.4s, v1.4s, v3.s[1]\n"
      "fmla v28.4s, v0.4s, v4.s[1]\n"
      "fmla v29.4s, v1.4s, v4.s[1]\n"
      "fmla v30.4s, v0.4s, v5.s[1]\n"
      "fmla v31.4s, v1.4s, v5.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[2]\n"
      "fmla v25.4s, v1.4s, v2.s[2]\n"
      "fmla v26.4s, v0.4s, v3.s[2]\n"
      "fmla v27.4s, v1.4s, v3.s[2]\n"
      "fmla v28.4s, v0.4s, v4.s[2]\n"
      "fmla v29.4s, v1.4s, v4.s[2]\n"
      "fmla v30.4s, v0.4s, v5.s[2]\n"
      "fmla v31.4s, v1.4s, v5.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[3]\n"
      "fmla v25.4s, v1.4s, v2.s[3]\n"
      "fmla v26.4s, v0.4s, v3.s[3]\n"
      "fmla v27.4s, v1.4s, v3.s[3]\n"
      "fmla v28.4s, v0.4s, v4.s[3]\n"
      "fmla v29.4s, v1.4s, v4.s[3]\n"
      "fmla v30.4s, v0.4s, v5.s[3]\n"
      "fmla v31.4s, v1.4s, v5.s[3]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v6.s[0]\n"
      "fmla v25.4s, v1.4s, v6.s[0]\n"
      "fmla v26.4s, v0.4s, v7.s[0]\n"
      "fmla v27.4s, v1.4s, v7.s[0]\n"
      "fmla v28.4s, v0.4s, v8.s[0]\n"
      "fmla v29.4s, v1.4s, v8.s[0]\n"
      "fmla v30.4s, v0.4s, v9.s[0]\n"
      "fmla v31.4s, v1.4s, v9.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v6.s[1]\n"
      "fmla v25.4s, v1.4s, v6.s[1]\n"
      "fmla v26.4s, v0.4s, v7.s[1]\n"
      "fmla v27.4s, v1.4s, v7.s[1]\n"
      "fmla v28.4s, v0.4s, v8.s[1]\n"
      "fmla v29.4s, v1.4s, v8.s[1]\n"
      "fmla v30.4s, v0.4s, v9.s[1]\n"
      "fmla v31.4s, v1.4s, v9.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v6.s[2]\n"
      "fmla v25.4s, v1.4s, v6.s[2]\n"
      "fmla v26.4s, v0.4s, v7.s[2]\n"
      "fmla v27.4s, v1.4s, v7.s[2]\n"
      "fmla v28.4s, v0.4s, v8.s[2]\n"
      "fmla v29.4s, v1.4s, v8.s[2]\n"
      "fmla v30.4s, v0.4s, v9.s[2]\n"
      "fmla v31.4s, v1.4s, v9.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v6.s[3]\n"
      "fmla v25.4s, v1.4s, v6.s[3]\n"
      "fmla v26.4s, v0.4s, v7.s[3]\n"
      "fmla v27.4s, v1.4s, v7.s[3]\n"
      "fmla v28.4s, v0.4s, v8.s[3]\n"
      "fmla v29.4s, v1.4s, v8.s[3]\n"
      "fmla v30.4s, v0.4s, v9.s[3]\n"
      "fmla v31.4s, v1.4s, v9.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q2, [x9], #16\n"
      "ldr q3, [x10], #16\n"
      "ldr q4, [x11], #16\n"
      "ldr q5, [x12], #16\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[0]\n"
      "fmla v25.4s, v1.4s, v2.s[0]\n"
      "fmla v26.4s, v0.4s, v3.s[0]\n"
      "fmla v27.4s, v1.4s, v3.s[0]\n"
      "fmla v28.4s, v0.4s, v4.s[0]\n"
      "fmla v29.4s, v1.4s, v4.s[0]\n"
      "fmla v30.4s, v0.4s, v5.s[0]\n"
      "fmla v31.4s, v1.4s, v5.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[1]\n"
      "fmla v25.4s, v1.4s, v2.s[1]\n"
      "fmla v26.4s, v0.4s, v3.s[1]\n"
      "fmla v27.4s, v1.4s, v3.s[1]\n"
      "fmla v28.4s, v0.4s, v4.s[1]\n"
      "fmla v29.4s, v1.4s, v4.s[1]\n"
      "fmla v30.4s, v0.4s, v5.s[1]\n"
      "fmla v31.4s, v1.4s, v5.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[2]\n"
      "fmla v25.4s, v1.4s, v2.s[2]\n"
      "fmla v26.4s, v0.4s, v3.s[2]\n"
      "fmla v27.4s, v1.4s, v3.s[2]\n"
      "fmla v28.4s, v0.4s, v4.s[2]\n"
      "fmla v29.4s, v1.4s, v4.s[2]\n"
      "fmla v30.4s, v0.4s, v5.s[2]\n"
      "fmla v31.4s, v1.4s, v5.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[3]\n"
      "fmla v25.4s, v1.4s, v2.s[3]\n"
      "fmla v26.4s, v0.4s, v3.s[3]\n"
      "fmla v27.4s, v1.4s, v3.s[3]\n"
      "fmla v28.4s, v0.4s, v4.s[3]\n"
      "fmla v29.4s, v1.4s, v4.s[3]\n"
      "fmla v30.4s, v0.4s, v5.s[3]\n"
      "fmla v31.4s, v1.4s, v5.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "ldr s2, [x9], #4\n"
      "ldr s3, [x10], #4\n"
      "ldr s4, [x11], #4\n"
      "ldr s5, [x12], #4\n"
      "fmla v24.4s, v0.4s, v2.s[0]\n"
      "fmla v25.4s, v1.4s, v2.s[0]\n"
      "fmla v26.4s, v0.4s, v3.s[0]\n"
      "fmla v27.4s, v1.4s, v3.s[0]\n"
      "fmla v28.4s, v0.4s, v4.s[0]\n"
      "fmla v29.4s, v1.4s, v4.s[0]\n"
      "fmla v30.4s, v0.4s, v5.s[0]\n"
      "fmla v31.4s, v1.4s, v5.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(s0_1), "=w"(s1_0), "=w"(s1_1), "=w"(s2_0), "=w"(s2_1), "=w"(s3_0), "=w"(s3_1), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "x9", "x10", "x11", "x12", "x14", "cc", "memory");
  const int full = cols >= 8;
  float spare0[32];
  if (!full) tile_part_of(e0, no, spare0, 4, cols, 8);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  const vf x0_0_1 = vf_load(q0_0 + 4);
  const vf z0_1 = (s0_1 + x0_0_1);
  const float *const q0_1 = full ? e0[1] + no : spare0 + 8;
  const vf x0_1_0 = vf_load(q0_1 + 0);
  const vf z1_0 = (s1_0 + x0_1_0);
  const vf x0_1_1 = vf_load(q0_1 + 4);
  const vf z1_1 = (s1_1 + x0_1_1);
  const float *const q0_2 = full ? e0[2] + no : spare0 + 16;
  const vf x0_2_0 = vf_load(q0_2 + 0);
  const vf z2_0 = (s2_0 + x0_2_0);
  const vf x0_2_1 = vf_load(q0_2 + 4);
  const vf z2_1 = (s2_1 + x0_2_1);
  const float *const q0_3 = full ? e0[3] + no : spare0 + 24;
  const vf x0_3_0 = vf_load(q0_3 + 0);
  const vf z3_0 = (s3_0 + x0_3_0);
  const vf x0_3_1 = vf_load(q0_3 + 4);
  const vf z3_1 = (s3_1 + x0_3_1);
  if (full && rows >= 4) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
    vf_store(y0 + 4, z0_1);
    float *const y1 = y[1] + no;
    vf_store(y1 + 0, z1_0);
    vf_store(y1 + 4, z1_1);
    float *const y2 = y[2] + no;
    vf_store(y2 + 0, z2_0);
    vf_store(y2 + 4, z2_1);
    float *const y3 = y[3] + no;
    vf_store(y3 + 0, z3_0);
    vf_store(y3 + 4, z3_1);
  } else {
    float spare[32];
    vf_store(spare + 0, z0_0);
    vf_store(spare + 4, z0_1);
    vf_store(spare + 8, z1_0);
    vf_store(spare + 12, z1_1);
    vf_store(spare + 16, z2_0);
    vf_store(spare + 20, z2_1);
    vf_store(spare + 24, z3_0);
    vf_store(spare + 28, z3_1);
    tile_part(y, no, spare, rows < 4 ? rows : 4, full ? 8 : cols, 8);
  }
}

/* 1 rows x 2 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_1x8_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v24");
  register vf s0_1 __asm__("v25");
  register vf p1_0 __asm__("v26");
  register vf p1_1 __asm__("v27");
  register vf p2_0 __asm__("v28");
  register vf p2_1 __asm__("v29");
  register vf p3_0 __asm__("v30");
  register vf p3_1 __asm__("v31");
  __asm__ volatile(
      "ld1 {v24.4s, v25.4s}, [%[w]]\n"
      "add %[w], %[w], #32\n"
      "movi v26.4s, #0\n"
      "movi v27.4s, #0\n"
      "movi v28.4s, #0\n"
      "movi v29.4s, #0\n"
      "movi v30.4s, #0\n"
      "movi v31.4s, #0\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldr x9, [%[a]], #8\n"
      "add x9, x9, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q2, q3, [x9], #32\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[0]\n"
      "fmla v25.4s, v1.4s, v2.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v26.4s, v0.4s, v2.s[1]\n"
      "fmla v27.4s, v1.4s, v2.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v28.4s, v0.4s, v2.s[2]\n"
      "fmla v29.4s, v1.4s, v2.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v30.4s, v0.4s, v2.s[3]\n"
      "fmla v31.4s, v1.4s, v2.s[3]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v3.s[0]\n"
      "fmla v25.4s, v1.4s, v3.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v26.4s, v0.4s, v3.s[1]\n"
      "fmla v27.4s, v1.4s, v3.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v28.4s, v0.4s, v3.s[2]\n"
      "fmla v29.4s, v1.4s, v3.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v30.4s, v0.4s, v3.s[3]\n"
      "fmla v31.4s, v1.4s, v3.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q2, [x9], #16\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v24.4s, v0.4s, v2.s[0]\n"
      "fmla v25.4s, v1.4s, v2.s[0]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v26.4s, v0.4s, v2.s[1]\n"
      "fmla v27.4s, v1.4s, v2.s[1]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v28.4s, v0.4s, v2.s[2]\n"
      "fmla v29.4s, v1.4s, v2.s[2]\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "fmla v30.4s, v0.4s, v2.s[3]\n"
      "fmla v31.4s, v1.4s, v2.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s, v1.4s}, [%[w]], #32\n"
      "ldr s2, [x9], #4\n"
      "fmla v24.4s, v0.4s, v2.s[0]\n"
      "fmla v25.4s, v1.4s, v2.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(s0_1), "=w"(p1_0), "=w"(p1_1), "=w"(p2_0), "=w"(p2_1), "=w"(p3_0), "=w"(p3_1), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "v3", "x9", "x14", "cc", "memory");
  s0_0 = (s0_0 + p1_0) + (p2_0 + p3_0);
  s0_1 = (s0_1 + p1_1) + (p2_1 + p3_1);
  const int full = cols >= 8;
  float spare0[8];
  if (!full) tile_part_of(e0, no, spare0, 1, cols, 8);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  const vf x0_0_1 = vf_load(q0_0 + 4);
  const vf z0_1 = (s0_1 + x0_0_1);
  if (full && rows >= 1) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
    vf_store(y0 + 4, z0_1);
  } else {
    float spare[8];
    vf_store(spare + 0, z0_0);
    vf_store(spare + 4, z0_1);
    tile_part(y, no, spare, rows < 1 ? rows : 1, full ? 8 : cols, 8);
  }
}

/* 5 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_5x4_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v27");
  register vf s1_0 __asm__("v28");
  register vf s2_0 __asm__("v29");
  register vf s3_0 __asm__("v30");
  register vf s4_0 __asm__("v31");
  __asm__ volatile(
      "ld1 {v27.4s}, [%[w]]\n"
      "ld1 {v28.4s}, [%[w]]\n"
      "ld1 {v29.4s}, [%[w]]\n"
      "ld1 {v30.4s}, [%[w]]\n"
      "ld1 {v31.4s}, [%[w]]\n"
      "add %[w], %[w], #16\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldp x9, x10, [%[a]], #16\n"
      "ldp x11, x12, [%[a]], #16\n"
      "ldr x13, [%[a]], #8\n"
      "add x9, x9, %[ao], lsl #2\n"
      "add x10, x10, %[ao], lsl #2\n"
      "add x11, x11, %[ao], lsl #2\n"
      "add x12, x12, %[ao], lsl #2\n"
      "add x13, x13, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q1, q6, [x9], #32\n"
      "ldp q2, q7, [x10], #32\n"
      "ldp q3, q8, [x11], #32\n"
      "ldp q4, q9, [x12], #32\n"
      "ldp q5, q10, [x13], #32\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v1.s[0]\n"
      "fmla v28.4s, v0.4s, v2.s[0]\n"
      "fmla v29.4s, v0.4s, v3.s[0]\n"
      "fmla v30.4s, v0.4s, v4.s[0]\n"
      "fmla v31.4s, v0.4s, v5.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v1.s[1]\n"
      "fmla v28.4s, v0.4s, v2.s[1]\n"
      "fmla v29.4s, v0.4s, v3.s[1]\n"
      "fmla v30.4s, v0.4s, v4.s[1]\n"
      "fmla v31.4s, v0.4s, v5.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v1.s[2]\n"
      "fmla v28.4s, v0.4s, v2.s[2]\n"
      "fmla v29.4s, v0.4s, v3.s[2]\n"
      "fmla v30.4s, v0.4s, v4.s[2]\n"
      "fmla v31.4s, v0.4s, v5.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v1.s[3]\n"
      "fmla v28.4s, v0.4s, v2.s[3]\n"
      "fmla v29.4s, v0.4s, v3.s[3]\n"
      "fmla v30.4s, v0.4s, v4.s[3]\n"
      "fmla v31.4s, v0.4s, v5.s[3]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v6.s[0]\n"
      "fmla v28.4s, v0.4s, v7.s[0]\n"
      "fmla v29.4s, v0.4s, v8.s[0]\n"
      "fmla v30.4s, v0.4s, v9.s[0]\n"
      "fmla v31.4s, v0.4s, v10.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v6.s[1]\n"
      "fmla v28.4s, v0.4s, v7.s[1]\n"
      "fmla v29.4s, v0.4s, v8.s[1]\n"
      "fmla v30.4s, v0.4s, v9.s[1]\n"
      "fmla v31.4s, v0.4s, v10.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v6.s[2]\n"
      "fmla v28.4s, v0.4s, v7.s[2]\n"
      "fmla v29.4s, v0.4s, v8.s[2]\n"
      "fmla v30.4s, v0.4s, v9.s[2]\n"
      "fmla v31.4s, v0.4s, v10.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v6.s[3]\n"
      "fmla v28.4s, v0.4s, v7.s[3]\n"
      "fmla v29.4s, v0.4s, v8.s[3]\n"
      "fmla v30.4s, v0.4s, v9.s[3]\n"
      "fmla v31.4s, v0.4s, v10.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q1, [x9], #16\n"
      "ldr q2, [x10], #16\n"
      "ldr q3, [x11], #16\n"
      "ldr q4, [x12], #16\n"
      "ldr q5, [x13], #16\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v1.s[0]\n"
      "fmla v28.4s, v0.4s, v2.s[0]\n"
      "fmla v29.4s, v0.4s, v3.s[0]\n"
      "fmla v30.4s, v0.4s, v4.s[0]\n"
      "fmla v31.4s, v0.4s, v5.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v1.s[1]\n"
      "fmla v28.4s, v0.4s, v2.s[1]\n"
      "fmla v29.4s, v0.4s, v3.s[1]\n"
      "fmla v30.4s, v0.4s, v4.s[1]\n"
      "fmla v31.4s, v0.4s, v5.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v1.s[2]\n"
      "fmla v28.4s, v0.4s, v2.s[2]\n"
      "fmla v29.4s, v0.4s, v3.s[2]\n"
      "fmla v30.4s, v0.4s, v4.s[2]\n"
      "fmla v31.4s, v0.4s, v5.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v27.4s, v0.4s, v1.s[3]\n"
      "fmla v28.4s, v0.4s, v2.s[3]\n"
      "fmla v29.4s, v0.4s, v3.s[3]\n"
      "fmla v30.4s, v0.4s, v4.s[3]\n"
      "fmla v31.4s, v0.4s, v5.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "ldr s1, [x9], #4\n"
      "ldr s2, [x10], #4\n"
      "ldr s3, [x11], #4\n"
      "ldr s4, [x12], #4\n"
      "ldr s5, [x13], #4\n"
      "fmla v27.4s, v0.4s, v1.s[0]\n"
      "fmla v28.4s, v0.4s, v2.s[0]\n"
      "fmla v29.4s, v0.4s, v3.s[0]\n"
      "fmla v30.4s, v0.4s, v4.s[0]\n"
      "fmla v31.4s, v0.4s, v5.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(s1_0), "=w"(s2_0), "=w"(s3_0), "=w"(s4_0), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "x9", "x10", "x11", "x12", "x13", "x14", "cc", "memory");
  const int full = cols >= 4;
  float spare0[20];
  if (!full) tile_part_of(e0, no, spare0, 5, cols, 4);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  const float *const q0_1 = full ? e0[1] + no : spare0 + 4;
  const vf x0_1_0 = vf_load(q0_1 + 0);
  const vf z1_0 = (s1_0 + x0_1_0);
  const float *const q0_2 = full ? e0[2] + no : spare0 + 8;
  const vf x0_2_0 = vf_load(q0_2 + 0);
  const vf z2_0 = (s2_0 + x0_2_0);
  const float *const q0_3 = full ? e0[3] + no : spare0 + 12;
  const vf x0_3_0 = vf_load(q0_3 + 0);
  const vf z3_0 = (s3_0 + x0_3_0);
  const float *const q0_4 = full ? e0[4] + no : spare0 + 16;
  const vf x0_4_0 = vf_load(q0_4 + 0);
  const vf z4_0 = (s4_0 + x0_4_0);
  if (full && rows >= 5) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
    float *const y1 = y[1] + no;
    vf_store(y1 + 0, z1_0);
    float *const y2 = y[2] + no;
    vf_store(y2 + 0, z2_0);
    float *const y3 = y[3] + no;
    vf_store(y3 + 0, z3_0);
    float *const y4 = y[4] + no;
    vf_store(y4 + 0, z4_0);
  } else {
    float spare[20];
    vf_store(spare + 0, z0_0);
    vf_store(spare + 4, z1_0);
    vf_store(spare + 8, z2_0);
    vf_store(spare + 12, z3_0);
    vf_store(spare + 16, z4_0);
    tile_part(y, no, spare, rows < 5 ? rows : 5, full ? 4 : cols, 4);
  }
}

/* 4 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_4x4_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v28");
  register vf s1_0 __asm__("v29");
  register vf s2_0 __asm__("v30");
  register vf s3_0 __asm__("v31");
  __asm__ volatile(
      "ld1 {v28.4s}, [%[w]]\n"
      "ld1 {v29.4s}, [%[w]]\n"
      "ld1 {v30.4s}, [%[w]]\n"
      "ld1 {v31.4s}, [%[w]]\n"
      "add %[w], %[w], #16\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldp x9, x10, [%[a]], #16\n"
      "ldp x11, x12, [%[a]], #16\n"
      "add x9, x9, %[ao], lsl #2\n"
      "add x10, x10, %[ao], lsl #2\n"
      "add x11, x11, %[ao], lsl #2\n"
      "add x12, x12, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q1, q5, [x9], #32\n"
      "ldp q2, q6, [x10], #32\n"
      "ldp q3, q7, [x11], #32\n"
      "ldp q4, q8, [x12], #32\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[0]\n"
      "fmla v29.4s, v0.4s, v2.s[0]\n"
      "fmla v30.4s, v0.4s, v3.s[0]\n"
      "fmla v31.4s, v0.4s, v4.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[1]\n"
      "fmla v29.4s, v0.4s, v2.s[1]\n"
      "fmla v30.4s, v0.4s, v3.s[1]\n"
      "fmla v31.4s, v0.4s, v4.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[2]\n"
      "fmla v29.4s, v0.4s, v2.s[2]\n"
      "fmla v30.4s, v0.4s, v3.s[2]\n"
      "fmla v31.4s, v0.4s, v4.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[3]\n"
      "fmla v29.4s, v0.4s, v2.s[3]\n"
      "fmla v30.4s, v0.4s, v3.s[3]\n"
      "fmla v31.4s, v0.4s, v4.s[3]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v5.s[0]\n"
      "fmla v29.4s, v0.4s, v6.s[0]\n"
      "fmla v30.4s, v0.4s, v7.s[0]\n"
      "fmla v31.4s, v0.4s, v8.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v5.s[1]\n"
      "fmla v29.4s, v0.4s, v6.s[1]\n"
      "fmla v30.4s, v0.4s, v7.s[1]\n"
      "fmla v31.4s, v0.4s, v8.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v5.s[2]\n"
      "fmla v29.4s, v0.4s, v6.s[2]\n"
      "fmla v30.4s, v0.4s, v7.s[2]\n"
      "fmla v31.4s, v0.4s, v8.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v5.s[3]\n"
      "fmla v29.4s, v0.4s, v6.s[3]\n"
      "fmla v30.4s, v0.4s, v7.s[3]\n"
      "fmla v31.4s, v0.4s, v8.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q1, [x9], #16\n"
      "ldr q2, [x10], #16\n"
      "ldr q3, [x11], #16\n"
      "ldr q4, [x12], #16\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[0]\n"
      "fmla v29.4s, v0.4s, v2.s[0]\n"
      "fmla v30.4s, v0.4s, v3.s[0]\n"
      "fmla v31.4s, v0.4s, v4.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[1]\n"
      "fmla v29.4s, v0.4s, v2.s[1]\n"
      "fmla v30.4s, v0.4s, v3.s[1]\n"
      "fmla v31.4s, v0.4s, v4.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[2]\n"
      "fmla v29.4s, v0.4s, v2.s[2]\n"
      "fmla v30.4s, v0.4s, v3.s[2]\n"
      "fmla v31.4s, v0.4s, v4.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[3]\n"
      "fmla v29.4s, v0.4s, v2.s[3]\n"
      "fmla v30.4s, v0.4s, v3.s[3]\n"
      "fmla v31.4s, v0.4s, v4.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "ldr s1, [x9], #4\n"
      "ldr s2, [x10], #4\n"
      "ldr s3, [x11], #4\n"
      "ldr s4, [x12], #4\n"
      "fmla v28.4s, v0.4s, v1.s[0]\n"
      "fmla v29.4s, v0.4s, v2.s[0]\n"
      "fmla v30.4s, v0.4s, v3.s[0]\n"
      "fmla v31.4s, v0.4s, v4.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(s1_0), "=w"(s2_0), "=w"(s3_0), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "x9", "x10", "x11", "x12", "x14", "cc", "memory");
  const int full = cols >= 4;
  float spare0[16];
  if (!full) tile_part_of(e0, no, spare0, 4, cols, 4);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  const float *const q0_1 = full ? e0[1] + no : spare0 + 4;
  const vf x0_1_0 = vf_load(q0_1 + 0);
  const vf z1_0 = (s1_0 + x0_1_0);
  const float *const q0_2 = full ? e0[2] + no : spare0 + 8;
  const vf x0_2_0 = vf_load(q0_2 + 0);
  const vf z2_0 = (s2_0 + x0_2_0);
  const float *const q0_3 = full ? e0[3] + no : spare0 + 12;
  const vf x0_3_0 = vf_load(q0_3 + 0);
  const vf z3_0 = (s3_0 + x0_3_0);
  if (full && rows >= 4) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
    float *const y1 = y[1] + no;
    vf_store(y1 + 0, z1_0);
    float *const y2 = y[2] + no;
    vf_store(y2 + 0, z2_0);
    float *const y3 = y[3] + no;
    vf_store(y3 + 0, z3_0);
  } else {
    float spare[16];
    vf_store(spare + 0, z0_0);
    vf_store(spare + 4, z1_0);
    vf_store(spare + 8, z2_0);
    vf_store(spare + 12, z3_0);
    tile_part(y, no, spare, rows < 4 ? rows : 4, full ? 4 : cols, 4);
  }
}

/* 1 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_neon_1x4_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  register vf s0_0 __asm__("v28");
  register vf p1_0 __asm__("v29");
  register vf p2_0 __asm__("v30");
  register vf p3_0 __asm__("v31");
  __asm__ volatile(
      "ld1 {v28.4s}, [%[w]]\n"
      "add %[w], %[w], #16\n"
      "movi v29.4s, #0\n"
      "movi v30.4s, #0\n"
      "movi v31.4s, #0\n"
      "cbz %w[taps], 9f\n"
      "1:\n"
      "ldr x9, [%[a]], #8\n"
      "add x9, x9, %[ao], lsl #2\n"
      "lsr w14, %w[kc], #3\n"
      "cbz x14, 3f\n"
      "2:\n"
      "ldp q1, q2, [x9], #32\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v29.4s, v0.4s, v1.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v30.4s, v0.4s, v1.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v31.4s, v0.4s, v1.s[3]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v2.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v29.4s, v0.4s, v2.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v30.4s, v0.4s, v2.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v31.4s, v0.4s, v2.s[3]\n"
      "subs x14, x14, #1\n"
      "b.ne 2b\n"
      "3:\n"
      "tbz %w[kc], #2, 4f\n"
      "ldr q1, [x9], #16\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v28.4s, v0.4s, v1.s[0]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v29.4s, v0.4s, v1.s[1]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v30.4s, v0.4s, v1.s[2]\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "fmla v31.4s, v0.4s, v1.s[3]\n"
      "4:\n"
      "ands x14, %[kc], #3\n"
      "b.eq 6f\n"
      "5:\n"
      "ld1 {v0.4s}, [%[w]], #16\n"
      "ldr s1, [x9], #4\n"
      "fmla v28.4s, v0.4s, v1.s[0]\n"
      "subs x14, x14, #1\n"
      "b.ne 5b\n"
      "6:\n"
      "subs %w[taps], %w[taps], #1\n"
      "b.ne 1b\n"
      "9:\n"
      : "=w"(s0_0), "=w"(p1_0), "=w"(p2_0), "=w"(p3_0), [w] "+&r"(w), [a] "+&r"(a), [taps] "+&r"(taps)
      : [ao] "r"(ao), [kc] "r"((ptrdiff_t)kc)
      : "v0", "v1", "v2", "x9", "x14", "cc", "memory");
  s0_0 = (s0_0 + p1_0) + (p2_0 + p3_0);
  const int full = cols >= 4;
  float spare0[4];
  if (!full) tile_part_of(e0, no, spare0, 1, cols, 4);
  const float *const q0_0 = full ? e0[0] + no : spare0 + 0;
  const vf x0_0_0 = vf_load(q0_0 + 0);
  const vf z0_0 = (s0_0 + x0_0_0);
  if (full && rows >= 1) {
    float *const y0 = y[0] + no;
    vf_store(y0 + 0, z0_0);
  } else {
    float spare[4];
    vf_store(spare + 0, z0_0);
    tile_part(y, no, spare, rows < 1 ? rows : 1, full ? 4 : cols, 4);
  }
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_f32_neon_5x16_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, int32_t rows, int32_t n, int32_t height, const float *const *e0) {
  int32_t width;
  for (int32_t c = 0; c < n; c += width) {
    width = panel_width_neon(n - c);
    if (width == 16) {
      if (height == 5) tile_f32_neon_5x16_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else if (height == 4) tile_f32_neon_4x16_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else tile_f32_neon_1x16_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
    } else if (width == 8) {
      if (height == 5) tile_f32_neon_5x8_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else if (height == 4) tile_f32_neon_4x8_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else tile_f32_neon_1x8_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
    } else if (width == 4) {
      if (height == 5) tile_f32_neon_5x4_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else if (height == 4) tile_f32_neon_4x4_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else tile_f32_neon_1x4_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
    }
    w += (ptrdiff_t)width * (1 + (ptrdiff_t)taps * kc);
  }
}

static void matmul_f32_neon_5x16_residual91db6c47(const float *a, const float *w, float *y, const float *e0,
    int32_t m, int32_t k, int32_t near, int32_t lda, int32_t ldy, int32_t lde0, int32_t m_from, int32_t m_to, int32_t n_from, int32_t n_to) {
  const float *x[5], *r0[5];
  float *out[5];
  w += (ptrdiff_t)n_from * (1 + (ptrdiff_t)k);
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += (ptrdiff_t)near * (1 + (ptrdiff_t)k)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    for (int32_t m0 = m_from; m0 < m_to;) {
      const int32_t height = m == 1 ? 1 : (m_to - m0) % 5 ? 4 : 5;
      const int32_t rows = m - m0 < height ? m - m0 : height;
      for (int32_t i = 0; i < height; i++) { /* rows past the end repeat the last one and are not stored */
        const ptrdiff_t at = m0 + (i < rows ? i : rows - 1);
        x[i] = a + at * lda;
        out[i] = y + at * ldy + n0;
        r0[i] = e0 + at * lde0 + n0;
      }
      rows_f32_neon_5x16_residual91db6c47(1, k, x, 0, w, out, rows, cols, height, r0);
      m0 += rows;
    }
  }
}

PITH_NOINLINE static void conv_chain_f32_neon_edp_3x3s1l1r1t1_walk_e_clipd2ed3cfd_d_clipd2ed3cfd_p_residual91db6c47(
    const float *x, const float *we, const float *wd, const float *wp, float *y, float e0, float d0, const float *p0, void
    *scratch, int32_t ih, int32_t iw, int32_t oh, int32_t ow, int32_t k, int32_t c, int32_t n, int32_t sh, int32_t ph, int32_t
    pw, int32_t ldx, int32_t ldy, int32_t ldp0, int32_t step, int32_t width, int32_t size, int32_t rows, int32_t bands,
    int32_t begin, int32_t end) {
  float *const ring = (float *)scratch;
  const int32_t blocks = (c + 16 - 1) / 16;
  float *const made = ring + (ptrdiff_t)blocks * size;
  for (int32_t u = begin; u < end; u++) { /* bands of rows */
    const int32_t b = u / bands, o_from = oh * (u % bands) / bands, o_to = oh * (u % bands + 1) / bands;
    const float *const xb = x + (ptrdiff_t)b * ih * iw * ldx;
    (void)pw;
    for (int32_t o0 = o_from; o0 < o_to; o0 += rows) {
      const int32_t o1 = o_to - o0 < rows ? o_to : o0 + rows;
      for (int32_t c0 = 0; c0 < c; c0 += 16) {
        const int32_t cols = c - c0 < 16 ? c - c0 : 16;
        for (int32_t i0 = o0; i0 < o1; i0 += step) {
          const int32_t i1 = o1 - i0 < step ? o1 : i0 + step;
          float *const e = ring + (ptrdiff_t)(c0 / 16) * size;
          const int32_t at = i0 * sh - ph, lo = at < 0 ? 0 : at, below = at + (i1 - i0 - 1) * sh + 3, hi = below < ih ? below : ih;
          const int32_t was = at - step * sh, top = was < 0 ? 0 : was, past = was + (step - 1) * sh + 3;
          int32_t have = past < ih ? past : ih; /* rows top .. have - 1 are there from the step before */
          if (i0 == o_from || have < lo) have = lo;
          else if (lo > top) keep_f32_neon(e, (ptrdiff_t)(lo - top) * width, (ptrdiff_t)(have - lo) * width);
          if (have < hi)
            expand_f32_neon_5x16_dense_clipd2ed3cfd(xb + (ptrdiff_t)have * iw * ldx, we + (ptrdiff_t)c0 * (1 + k),
                e + (ptrdiff_t)(have - lo) * width, e0, hi - have, iw, k, ldx, width, cols);
          conv_f32_neon_block_walk16_3x3s1l1r1t1_8_clipd2ed3cfd(e, wd + (ptrdiff_t)c0 * 10, made + (ptrdiff_t)(i0 - o0) * ow * c + c0, d0,
              i1 - i0, ow, hi - lo, sh, lo - at, width, ow * c, c, cols);
        }
      }
      matmul_f32_neon_5x16_residual91db6c47(made, wp, y + ((ptrdiff_t)b * oh + o0) * ow * ldy, p0 + ((ptrdiff_t)b * oh + o0) * ow * ldp0,
          (o1 - o0) * ow, c, n, c, ldy, ldp0, 0, (o1 - o0) * ow, 0, n);
    }
  }
}

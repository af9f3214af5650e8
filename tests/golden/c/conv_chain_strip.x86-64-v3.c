static void expand_f32_avx2_6x16_clipd2ed3cfd(const float *x, const float *w, float *y, float e0, int32_t h, int32_t iw, int32_t k,
    int32_t lda, int32_t width, int32_t cols) {
  const int32_t m = h * iw, gap = width - iw * 16;
  int32_t col = 0;
  if (cols > VF_LANES) {
    const vf b0 = vf_load(w + 0 * VF_LANES);
    const vf b1 = vf_load(w + 1 * VF_LANES);
    const vf x0 = vf_set1(e0);
    for (int32_t i = 0; i < m;) {
      if (m - i >= 6) {
        const float *const a0 = x + (ptrdiff_t)i * lda;
        const float *const a1 = a0 + lda;
        const float *const a2 = a1 + lda;
        const float *const a3 = a2 + lda;
        const float *const a4 = a3 + lda;
        const float *const a5 = a4 + lda;
        const float *q = w + 16;
        vf s0_0 = b0, s0_1 = b1, s1_0 = b0, s1_1 = b1, s2_0 = b0, s2_1 = b1, s3_0 = b0, s3_1 = b1, s4_0 = b0, s4_1 = b1, s5_0 = b0, s5_1 = b1;
        for (int32_t j = 0; j < k; j++, q += 16) {
          const vf w0 = vf_load(q + 0 * VF_LANES);
          const vf w1 = vf_load(q + 1 * VF_LANES);
          const vf p0 = vf_set1(a0[j]);
          s0_0 = vf_fma(p0, w0, s0_0);
          s0_1 = vf_fma(p0, w1, s0_1);
          const vf p1 = vf_set1(a1[j]);
          s1_0 = vf_fma(p1, w0, s1_0);
          s1_1 = vf_fma(p1, w1, s1_1);
          const vf p2 = vf_set1(a2[j]);
          s2_0 = vf_fma(p2, w0, s2_0);
          s2_1 = vf_fma(p2, w1, s2_1);
          const vf p3 = vf_set1(a3[j]);
          s3_0 = vf_fma(p3, w0, s3_0);
          s3_1 = vf_fma(p3, w1, s3_1);
          const vf p4 = vf_set1(a4[j]);
          s4_0 = vf_fma(p4, w0, s4_0);
          s4_1 = vf_fma(p4, w1, s4_1);
          const vf p5 = vf_set1(a5[j]);
          s5_0 = vf_fma(p5, w0, s5_0);
          s5_1 = vf_fma(p5, w1, s5_1);
        }
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s2_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s3_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s4_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s4_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s5_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s5_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        i += 6;
      }
      else if (m - i >= 4) {
        const float *const a0 = x + (ptrdiff_t)i * lda;
        const float *const a1 = a0 + lda;
        const float *const a2 = a1 + lda;
        const float *const a3 = a2 + lda;
        const float *q = w + 16;
        vf s0_0 = b0, s0_1 = b1, s1_0 = b0, s1_1 = b1, s2_0 = b0, s2_1 = b1, s3_0 = b0, s3_1 = b1;
        for (int32_t j = 0; j < k; j++, q += 16) {
          const vf w0 = vf_load(q + 0 * VF_LANES);
          const vf w1 = vf_load(q + 1 * VF_LANES);
          const vf p0 = vf_set1(a0[j]);
          s0_0 = vf_fma(p0, w0, s0_0);
          s0_1 = vf_fma(p0, w1, s0_1);
          const vf p1 = vf_set1(a1[j]);
          s1_0 = vf_fma(p1, w0, s1_0);
          s1_1 = vf_fma(p1, w1, s1_1);
          const vf p2 = vf_set1(a2[j]);
          s2_0 = vf_fma(p2, w0, s2_0);
          s2_1 = vf_fma(p2, w1, s2_1);
          const vf p3 = vf_set1(a3[j]);
          s3_0 = vf_fma(p3, w0, s3_0);
          s3_1 = vf_fma(p3, w1, s3_1);
        }
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s2_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s3_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        i += 4;
      }
      else {
        if (m - i < 2) { /* the pixel before once more, which is in the same row: iw is at least 2 */
          i--;
          y -= 16;
          col--;
        }
        const float *const a0 = x + (ptrdiff_t)i * lda;
        const float *const a1 = a0 + lda;
        const float *q = w + 16;
        vf s0_0 = b0, s0_1 = b1, s1_0 = b0, s1_1 = b1;
        for (int32_t j = 0; j < k; j++, q += 16) {
          const vf w0 = vf_load(q + 0 * VF_LANES);
          const vf w1 = vf_load(q + 1 * VF_LANES);
          const vf p0 = vf_set1(a0[j]);
          s0_0 = vf_fma(p0, w0, s0_0);
          s0_1 = vf_fma(p0, w1, s0_1);
          const vf p1 = vf_set1(a1[j]);
          s1_0 = vf_fma(p1, w0, s1_0);
          s1_1 = vf_fma(p1, w1, s1_1);
        }
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s0_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          const vf t1_0 = vf_max(s1_1, vf_set1(0.0f));
          vf_store(y + 1 * VF_LANES, vf_min(t1_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        i += 2;
      }
    }
  }
  else {
    const vf b0 = vf_load(w + 0 * VF_LANES);
    const vf x0 = vf_set1(e0);
    for (int32_t i = 0; i < m;) {
      if (m - i >= 6) {
        const float *const a0 = x + (ptrdiff_t)i * lda;
        const float *const a1 = a0 + lda;
        const float *const a2 = a1 + lda;
        const float *const a3 = a2 + lda;
        const float *const a4 = a3 + lda;
        const float *const a5 = a4 + lda;
        const float *q = w + 16;
        vf s0_0 = b0, s1_0 = b0, s2_0 = b0, s3_0 = b0, s4_0 = b0, s5_0 = b0;
        for (int32_t j = 0; j < k; j++, q += 16) {
          const vf w0 = vf_load(q + 0 * VF_LANES);
          const vf p0 = vf_set1(a0[j]);
          s0_0 = vf_fma(p0, w0, s0_0);
          const vf p1 = vf_set1(a1[j]);
          s1_0 = vf_fma(p1, w0, s1_0);
          const vf p2 = vf_set1(a2[j]);
          s2_0 = vf_fma(p2, w0, s2_0);
          const vf p3 = vf_set1(a3[j]);
          s3_0 = vf_fma(p3, w0, s3_0);
          const vf p4 = vf_set1(a4[j]);
          s4_0 = vf_fma(p4, w0, s4_0);
          const vf p5 = vf_set1(a5[j]);
          s5_0 = vf_fma(p5, w0, s5_0);
        }
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s4_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s5_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        i += 6;
      }
      else if (m - i >= 4) {
        const float *const a0 = x + (ptrdiff_t)i * lda;
        const float *const a1 = a0 + lda;
        const float *const a2 = a1 + lda;
        const float *const a3 = a2 + lda;
        const float *q = w + 16;
        vf s0_0 = b0, s1_0 = b0, s2_0 = b0, s3_0 = b0;
        for (int32_t j = 0; j < k; j++, q += 16) {
          const vf w0 = vf_load(q + 0 * VF_LANES);
          const vf p0 = vf_set1(a0[j]);
          s0_0 = vf_fma(p0, w0, s0_0);
          const vf p1 = vf_set1(a1[j]);
          s1_0 = vf_fma(p1, w0, s1_0);
          const vf p2 = vf_set1(a2[j]);
          s2_0 = vf_fma(p2, w0, s2_0);
          const vf p3 = vf_set1(a3[j]);
          s3_0 = vf_fma(p3, w0, s3_0);
        }
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s2_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s3_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        i += 4;
      }
      else {
        if (m - i < 2) { /* the pixel before once more, which is in the same row: iw is at least 2 */
          i--;
          y -= 16;
          col--;
        }
        const float *const a0 = x + (ptrdiff_t)i * lda;
        const float *const a1 = a0 + lda;
        const float *q = w + 16;
        vf s0_0 = b0, s1_0 = b0;
        for (int32_t j = 0; j < k; j++, q += 16) {
          const vf w0 = vf_load(q + 0 * VF_LANES);
          const vf p0 = vf_set1(a0[j]);
          s0_0 = vf_fma(p0, w0, s0_0);
          const vf p1 = vf_set1(a1[j]);
          s1_0 = vf_fma(p1, w0, s1_0);
        }
        {
          const vf t0_0 = vf_max(s0_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        {
          const vf t0_0 = vf_max(s1_0, vf_set1(0.0f));
          vf_store(y, vf_min(t0_0, x0));
          y += 16;
          if (++col == iw) { col = 0; y += gap; }
        }
        i += 2;
      }
    }
  }
}

static void conv_f32_avx2_depthwise_block_3x3s1p7_clipd2ed3cfd(const float *e, const float *w, float *y, float e0, int32_t oh, int32_t ow, int32_t ih,
    int32_t sh, int32_t ph, int32_t width, int32_t yh, int32_t yw, int32_t cols) {
  for (int32_t i = 0; i < oh; i++) {
    const int32_t iy = i * sh - ph, t0 = iy < 0 ? -iy : 0, t1 = ih - iy < 3 ? ih - iy : 3; /* taps inside the picture */
    const float *q = w;
    for (int32_t c = 0; c < cols; c += VF_LANES, q += 10 * VF_LANES) {
      const vf bias = vf_load(q);
      const float *const from = e + (ptrdiff_t)(iy + t0) * width + c;
      float *const out = y + (ptrdiff_t)i * yh + c;
      const vf x0 = vf_set1(e0);
      for (int32_t next = 0; next < ow; next += 7) {
        const int32_t j = next <= ow - 7 ? next : ow - 7; /* the last ones together with some made before */
        vf s0 = bias, s1 = bias, s2 = bias, s3 = bias, s4 = bias, s5 = bias, s6 = bias;
        const float *p = from + (ptrdiff_t)j * 16, *k = q + (1 + t0 * 3) * VF_LANES;
        for (int32_t t = t0; t < t1; t++, p += width, k += 3 * VF_LANES) {
          const vf w0 = vf_load(k + 0 * VF_LANES);
          const vf w1 = vf_load(k + 1 * VF_LANES);
          const vf w2 = vf_load(k + 2 * VF_LANES);
          const vf c0 = vf_load(p + 0);
          s0 = vf_fma(c0, w0, s0);
          const vf c1 = vf_load(p + 16);
          s0 = vf_fma(c1, w1, s0);
          s1 = vf_fma(c1, w0, s1);
          const vf c2 = vf_load(p + 32);
          s0 = vf_fma(c2, w2, s0);
          s1 = vf_fma(c2, w1, s1);
          s2 = vf_fma(c2, w0, s2);
          const vf c3 = vf_load(p + 48);
          s1 = vf_fma(c3, w2, s1);
          s2 = vf_fma(c3, w1, s2);
          s3 = vf_fma(c3, w0, s3);
          const vf c4 = vf_load(p + 64);
          s2 = vf_fma(c4, w2, s2);
          s3 = vf_fma(c4, w1, s3);
          s4 = vf_fma(c4, w0, s4);
          const vf c5 = vf_load(p + 80);
          s3 = vf_fma(c5, w2, s3);
          s4 = vf_fma(c5, w1, s4);
          s5 = vf_fma(c5, w0, s5);
          const vf c6 = vf_load(p + 96);
          s4 = vf_fma(c6, w2, s4);
          s5 = vf_fma(c6, w1, s5);
          s6 = vf_fma(c6, w0, s6);
          const vf c7 = vf_load(p + 112);
          s5 = vf_fma(c7, w2, s5);
          s6 = vf_fma(c7, w1, s6);
          const vf c8 = vf_load(p + 128);
          s6 = vf_fma(c8, w2, s6);
        }
        {
          const vf t0_0 = vf_max(s0, vf_set1(0.0f));
          const vf z = vf_min(t0_0, x0);
          if (cols - c >= VF_LANES) vf_store(out + (ptrdiff_t)j * yw, z);
          else vf_store_n(out + (ptrdiff_t)j * yw, z, cols - c);
        }
        {
          const vf t0_0 = vf_max(s1, vf_set1(0.0f));
          const vf z = vf_min(t0_0, x0);
          if (cols - c >= VF_LANES) vf_store(out + (ptrdiff_t)(j + 1) * yw, z);
          else vf_store_n(out + (ptrdiff_t)(j + 1) * yw, z, cols - c);
        }
        {
          const vf t0_0 = vf_max(s2, vf_set1(0.0f));
          const vf z = vf_min(t0_0, x0);
          if (cols - c >= VF_LANES) vf_store(out + (ptrdiff_t)(j + 2) * yw, z);
          else vf_store_n(out + (ptrdiff_t)(j + 2) * yw, z, cols - c);
        }
        {
          const vf t0_0 = vf_max(s3, vf_set1(0.0f));
          const vf z = vf_min(t0_0, x0);
          if (cols - c >= VF_LANES) vf_store(out + (ptrdiff_t)(j + 3) * yw, z);
          else vf_store_n(out + (ptrdiff_t)(j + 3) * yw, z, cols - c);
        }
        {
          const vf t0_0 = vf_max(s4, vf_set1(0.0f));
          const vf z = vf_min(t0_0, x0);
          if (cols - c >= VF_LANES) vf_store(out + (ptrdiff_t)(j + 4) * yw, z);
          else vf_store_n(out + (ptrdiff_t)(j + 4) * yw, z, cols - c);
        }
        {
          const vf t0_0 = vf_max(s5, vf_set1(0.0f));
          const vf z = vf_min(t0_0, x0);
          if (cols - c >= VF_LANES) vf_store(out + (ptrdiff_t)(j + 5) * yw, z);
          else vf_store_n(out + (ptrdiff_t)(j + 5) * yw, z, cols - c);
        }
        {
          const vf t0_0 = vf_max(s6, vf_set1(0.0f));
          const vf z = vf_min(t0_0, x0);
          if (cols - c >= VF_LANES) vf_store(out + (ptrdiff_t)(j + 6) * yw, z);
          else vf_store_n(out + (ptrdiff_t)(j + 6) * yw, z, cols - c);
        }
      }
    }
  }
}

/* n floats (whole vectors) from p + by to p */
static void keep_f32_avx2(float *p, ptrdiff_t by, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i += VF_LANES) vf_store(p + i, vf_load(p + by + i));
}

/* width of the panel that begins where `left` columns are left */
static inline int32_t panel_width_avx2(int32_t left) { return left >= 9 ? 16 : 8; }

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

/* 6 rows x 2 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_6x16_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  const vf bias1 = vf_load(w + 1 * VF_LANES);
  vf s0_0 = bias0, s0_1 = bias1, s1_0 = bias0, s1_1 = bias1, s2_0 = bias0, s2_1 = bias1, s3_0 = bias0, s3_1 = bias1, s4_0 = bias0, s4_1 = bias1, s5_0 = bias0, s5_1 = bias1;
  w += 2 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    const float *const a2 = a[2] + ao;
    const float *const a3 = a[3] + ao;
    const float *const a4 = a[4] + ao;
    const float *const a5 = a[5] + ao;
    a += 6;
    int32_t k = 0;
    for (; k <= kc - 1; k += 1, w += 2 * VF_LANES) {
      PITH_PREFETCH(w, 64 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf b0_1 = vf_load(w + 1 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      s0_1 = vf_fma(x0_0, b0_1, s0_1);
      const vf x1_0 = vf_set1(a1[k]);
      s1_0 = vf_fma(x1_0, b0_0, s1_0);
      s1_1 = vf_fma(x1_0, b0_1, s1_1);
      const vf x2_0 = vf_set1(a2[k]);
      s2_0 = vf_fma(x2_0, b0_0, s2_0);
      s2_1 = vf_fma(x2_0, b0_1, s2_1);
      const vf x3_0 = vf_set1(a3[k]);
      s3_0 = vf_fma(x3_0, b0_0, s3_0);
      s3_1 = vf_fma(x3_0, b0_1, s3_1);
      const vf x4_0 = vf_set1(a4[k]);
      s4_0 = vf_fma(x4_0, b0_0, s4_0);
      s4_1 = vf_fma(x4_0, b0_1, s4_1);
      const vf x5_0 = vf_set1(a5[k]);
      s5_0 = vf_fma(x5_0, b0_0, s5_0);
      s5_1 = vf_fma(x5_0, b0_1, s5_1);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[6 * 2 * VF_LANES], *p[6];
  const int full = cols >= 2 * VF_LANES;
  for (int32_t r = 0; r < 6; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 2 * VF_LANES;
  float spare0[6 * 2 * VF_LANES];
  const float *p0[6];
  if (!full) tile_part_of(e0, no, spare0, 6, cols, 2 * VF_LANES);
  for (int32_t r = 0; r < 6; r++) p0[r] = full ? e0[r] + no : spare0 + r * 2 * VF_LANES;
  {
    const vf x0_0 = vf_load(p0[0] + 0 * VF_LANES);
    vf_store(p[0] + 0 * VF_LANES, (s0_0 + x0_0));
    const vf x0_1 = vf_load(p0[0] + 1 * VF_LANES);
    vf_store(p[0] + 1 * VF_LANES, (s0_1 + x0_1));
  }
  {
    const vf x0_0 = vf_load(p0[1] + 0 * VF_LANES);
    vf_store(p[1] + 0 * VF_LANES, (s1_0 + x0_0));
    const vf x0_1 = vf_load(p0[1] + 1 * VF_LANES);
    vf_store(p[1] + 1 * VF_LANES, (s1_1 + x0_1));
  }
  {
    const vf x0_0 = vf_load(p0[2] + 0 * VF_LANES);
    vf_store(p[2] + 0 * VF_LANES, (s2_0 + x0_0));
    const vf x0_1 = vf_load(p0[2] + 1 * VF_LANES);
    vf_store(p[2] + 1 * VF_LANES, (s2_1 + x0_1));
  }
  {
    const vf x0_0 = vf_load(p0[3] + 0 * VF_LANES);
    vf_store(p[3] + 0 * VF_LANES, (s3_0 + x0_0));
    const vf x0_1 = vf_load(p0[3] + 1 * VF_LANES);
    vf_store(p[3] + 1 * VF_LANES, (s3_1 + x0_1));
  }
  {
    const vf x0_0 = vf_load(p0[4] + 0 * VF_LANES);
    vf_store(p[4] + 0 * VF_LANES, (s4_0 + x0_0));
    const vf x0_1 = vf_load(p0[4] + 1 * VF_LANES);
    vf_store(p[4] + 1 * VF_LANES, (s4_1 + x0_1));
  }
  {
    const vf x0_0 = vf_load(p0[5] + 0 * VF_LANES);
    vf_store(p[5] + 0 * VF_LANES, (s5_0 + x0_0));
    const vf x0_1 = vf_load(p0[5] + 1 * VF_LANES);
    vf_store(p[5] + 1 * VF_LANES, (s5_1 + x0_1));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 2 * VF_LANES);
}

/* 2 rows x 2 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_2x16_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  const vf bias1 = vf_load(w + 1 * VF_LANES);
  vf s0_0 = bias0, s0_1 = bias1, s1_0 = bias0, s1_1 = bias1;
  w += 2 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    a += 2;
    int32_t k = 0;
    for (; k <= kc - 1; k += 1, w += 2 * VF_LANES) {
      PITH_PREFETCH(w, 64 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf b0_1 = vf_load(w + 1 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      s0_1 = vf_fma(x0_0, b0_1, s0_1);
      const vf x1_0 = vf_set1(a1[k]);
      s1_0 = vf_fma(x1_0, b0_0, s1_0);
      s1_1 = vf_fma(x1_0, b0_1, s1_1);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[2 * 2 * VF_LANES], *p[2];
  const int full = cols >= 2 * VF_LANES;
  for (int32_t r = 0; r < 2; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 2 * VF_LANES;
  float spare0[2 * 2 * VF_LANES];
  const float *p0[2];
  if (!full) tile_part_of(e0, no, spare0, 2, cols, 2 * VF_LANES);
  for (int32_t r = 0; r < 2; r++) p0[r] = full ? e0[r] + no : spare0 + r * 2 * VF_LANES;
  {
    const vf x0_0 = vf_load(p0[0] + 0 * VF_LANES);
    vf_store(p[0] + 0 * VF_LANES, (s0_0 + x0_0));
    const vf x0_1 = vf_load(p0[0] + 1 * VF_LANES);
    vf_store(p[0] + 1 * VF_LANES, (s0_1 + x0_1));
  }
  {
    const vf x0_0 = vf_load(p0[1] + 0 * VF_LANES);
    vf_store(p[1] + 0 * VF_LANES, (s1_0 + x0_0));
    const vf x0_1 = vf_load(p0[1] + 1 * VF_LANES);
    vf_store(p[1] + 1 * VF_LANES, (s1_1 + x0_1));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 2 * VF_LANES);
}

/* 1 rows x 2 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_1x16_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  const vf bias1 = vf_load(w + 1 * VF_LANES);
  vf s0_0 = bias0, s0_1 = bias1;
  vf p1_0 = vf_set1(0.0f), p1_1 = vf_set1(0.0f), p2_0 = vf_set1(0.0f), p2_1 = vf_set1(0.0f), p3_0 = vf_set1(0.0f), p3_1 = vf_set1(0.0f);
  w += 2 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    a += 1;
    int32_t k = 0;
    for (; k <= kc - 4; k += 4, w += 8 * VF_LANES) {
      PITH_PREFETCH(w, 64 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf b0_1 = vf_load(w + 1 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      s0_1 = vf_fma(x0_0, b0_1, s0_1);
      PITH_PREFETCH(w, 66 * VF_LANES);
      const vf b1_0 = vf_load(w + 2 * VF_LANES);
      const vf b1_1 = vf_load(w + 3 * VF_LANES);
      const vf x0_1 = vf_set1(a0[k + 1]);
      p1_0 = vf_fma(x0_1, b1_0, p1_0);
      p1_1 = vf_fma(x0_1, b1_1, p1_1);
      PITH_PREFETCH(w, 68 * VF_LANES);
      const vf b2_0 = vf_load(w + 4 * VF_LANES);
      const vf b2_1 = vf_load(w + 5 * VF_LANES);
      const vf x0_2 = vf_set1(a0[k + 2]);
      p2_0 = vf_fma(x0_2, b2_0, p2_0);
      p2_1 = vf_fma(x0_2, b2_1, p2_1);
      PITH_PREFETCH(w, 70 * VF_LANES);
      const vf b3_0 = vf_load(w + 6 * VF_LANES);
      const vf b3_1 = vf_load(w + 7 * VF_LANES);
      const vf x0_3 = vf_set1(a0[k + 3]);
      p3_0 = vf_fma(x0_3, b3_0, p3_0);
      p3_1 = vf_fma(x0_3, b3_1, p3_1);
    }
    for (; k <= kc - 1; k += 1, w += 2 * VF_LANES) {
      PITH_PREFETCH(w, 64 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf b0_1 = vf_load(w + 1 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      s0_1 = vf_fma(x0_0, b0_1, s0_1);
    }
  }
  s0_0 = (s0_0 + p1_0) + (p2_0 + p3_0);
  s0_1 = (s0_1 + p1_1) + (p2_1 + p3_1);
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[1 * 2 * VF_LANES], *p[1];
  const int full = cols >= 2 * VF_LANES;
  for (int32_t r = 0; r < 1; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 2 * VF_LANES;
  float spare0[1 * 2 * VF_LANES];
  const float *p0[1];
  vf_store(spare0 + 0 * VF_LANES, vf_set1(0.0f)); vf_store(spare0 + 1 * VF_LANES, vf_set1(0.0f));
  if (!full) tile_part_of(e0, no, spare0, 1, cols, 2 * VF_LANES);
  for (int32_t r = 0; r < 1; r++) p0[r] = full ? e0[r] + no : spare0 + r * 2 * VF_LANES;
  {
    const vf x0_0 = vf_load(p0[0] + 0 * VF_LANES);
    vf_store(p[0] + 0 * VF_LANES, (s0_0 + x0_0));
    const vf x0_1 = vf_load(p0[0] + 1 * VF_LANES);
    vf_store(p[0] + 1 * VF_LANES, (s0_1 + x0_1));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 2 * VF_LANES);
}

/* 6 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_6x8_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  vf s0_0 = bias0, s1_0 = bias0, s2_0 = bias0, s3_0 = bias0, s4_0 = bias0, s5_0 = bias0;
  w += 1 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    const float *const a2 = a[2] + ao;
    const float *const a3 = a[3] + ao;
    const float *const a4 = a[4] + ao;
    const float *const a5 = a[5] + ao;
    a += 6;
    int32_t k = 0;
    for (; k <= kc - 1; k += 1, w += 1 * VF_LANES) {
      PITH_PREFETCH(w, 32 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      const vf x1_0 = vf_set1(a1[k]);
      s1_0 = vf_fma(x1_0, b0_0, s1_0);
      const vf x2_0 = vf_set1(a2[k]);
      s2_0 = vf_fma(x2_0, b0_0, s2_0);
      const vf x3_0 = vf_set1(a3[k]);
      s3_0 = vf_fma(x3_0, b0_0, s3_0);
      const vf x4_0 = vf_set1(a4[k]);
      s4_0 = vf_fma(x4_0, b0_0, s4_0);
      const vf x5_0 = vf_set1(a5[k]);
      s5_0 = vf_fma(x5_0, b0_0, s5_0);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[6 * 1 * VF_LANES], *p[6];
  const int full = cols >= 1 * VF_LANES;
  for (int32_t r = 0; r < 6; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 1 * VF_LANES;
  float spare0[6 * 1 * VF_LANES];
  const float *p0[6];
  if (!full) tile_part_of(e0, no, spare0, 6, cols, 1 * VF_LANES);
  for (int32_t r = 0; r < 6; r++) p0[r] = full ? e0[r] + no : spare0 + r * 1 * VF_LANES;
  {
    const vf x0_0 = vf_load(p0[0] + 0 * VF_LANES);
    vf_store(p[0] + 0 * VF_LANES, (s0_0 + x0_0));
  }
  {
    const vf x0_0 = vf_load(p0[1] + 0 * VF_LANES);
    vf_store(p[1] + 0 * VF_LANES, (s1_0 + x0_0));
  }
  {
    const vf x0_0 = vf_load(p0[2] + 0 * VF_LANES);
    vf_store(p[2] + 0 * VF_LANES, (s2_0 + x0_0));
  }
  {
    const vf x0_0 = vf_load(p0[3] + 0 * VF_LANES);
    vf_store(p[3] + 0 * VF_LANES, (s3_0 + x0_0));
  }
  {
    const vf x0_0 = vf_load(p0[4] + 0 * VF_LANES);
    vf_store(p[4] + 0 * VF_LANES, (s4_0 + x0_0));
  }
  {
    const vf x0_0 = vf_load(p0[5] + 0 * VF_LANES);
    vf_store(p[5] + 0 * VF_LANES, (s5_0 + x0_0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 1 * VF_LANES);
}

/* 2 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_2x8_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  vf s0_0 = bias0, s1_0 = bias0;
  w += 1 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    const float *const a1 = a[1] + ao;
    a += 2;
    int32_t k = 0;
    for (; k <= kc - 1; k += 1, w += 1 * VF_LANES) {
      PITH_PREFETCH(w, 32 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      const vf x1_0 = vf_set1(a1[k]);
      s1_0 = vf_fma(x1_0, b0_0, s1_0);
    }
  }
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[2 * 1 * VF_LANES], *p[2];
  const int full = cols >= 1 * VF_LANES;
  for (int32_t r = 0; r < 2; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 1 * VF_LANES;
  float spare0[2 * 1 * VF_LANES];
  const float *p0[2];
  if (!full) tile_part_of(e0, no, spare0, 2, cols, 1 * VF_LANES);
  for (int32_t r = 0; r < 2; r++) p0[r] = full ? e0[r] + no : spare0 + r * 1 * VF_LANES;
  {
    const vf x0_0 = vf_load(p0[0] + 0 * VF_LANES);
    vf_store(p[0] + 0 * VF_LANES, (s0_0 + x0_0));
  }
  {
    const vf x0_0 = vf_load(p0[1] + 0 * VF_LANES);
    vf_store(p[1] + 0 * VF_LANES, (s1_0 + x0_0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 1 * VF_LANES);
}

/* 1 rows x 1 vectors: y[r][no + c] = bias + sum over taps and k of a[tap][r][ao + k] * w */
static void tile_f32_avx2_1x8_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, ptrdiff_t no, int32_t rows, int32_t cols, const float *const *e0) {
  const vf bias0 = vf_load(w + 0 * VF_LANES);
  vf s0_0 = bias0;
  vf p1_0 = vf_set1(0.0f), p2_0 = vf_set1(0.0f), p3_0 = vf_set1(0.0f);
  w += 1 * VF_LANES;
  for (int32_t t = 0; t < taps; t++) {
    const float *const a0 = a[0] + ao;
    a += 1;
    int32_t k = 0;
    for (; k <= kc - 4; k += 4, w += 4 * VF_LANES) {
      PITH_PREFETCH(w, 32 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
      PITH_PREFETCH(w, 33 * VF_LANES);
      const vf b1_0 = vf_load(w + 1 * VF_LANES);
      const vf x0_1 = vf_set1(a0[k + 1]);
      p1_0 = vf_fma(x0_1, b1_0, p1_0);
      PITH_PREFETCH(w, 34 * VF_LANES);
      const vf b2_0 = vf_load(w + 2 * VF_LANES);
      const vf x0_2 = vf_set1(a0[k + 2]);
      p2_0 = vf_fma(x0_2, b2_0, p2_0);
      PITH_PREFETCH(w, 35 * VF_LANES);
      const vf b3_0 = vf_load(w + 3 * VF_LANES);
      const vf x0_3 = vf_set1(a0[k + 3]);
      p3_0 = vf_fma(x0_3, b3_0, p3_0);
    }
    for (; k <= kc - 1; k += 1, w += 1 * VF_LANES) {
      PITH_PREFETCH(w, 32 * VF_LANES);
      const vf b0_0 = vf_load(w + 0 * VF_LANES);
      const vf x0_0 = vf_set1(a0[k]);
      s0_0 = vf_fma(x0_0, b0_0, s0_0);
    }
  }
  s0_0 = (s0_0 + p1_0) + (p2_0 + p3_0);
  /* rows past the end, and whole vectors where only part of one is wanted, go to spare memory */
  float spare[1 * 1 * VF_LANES], *p[1];
  const int full = cols >= 1 * VF_LANES;
  for (int32_t r = 0; r < 1; r++) p[r] = full && r < rows ? y[r] + no : spare + r * 1 * VF_LANES;
  float spare0[1 * 1 * VF_LANES];
  const float *p0[1];
  vf_store(spare0 + 0 * VF_LANES, vf_set1(0.0f));
  if (!full) tile_part_of(e0, no, spare0, 1, cols, 1 * VF_LANES);
  for (int32_t r = 0; r < 1; r++) p0[r] = full ? e0[r] + no : spare0 + r * 1 * VF_LANES;
  {
    const vf x0_0 = vf_load(p0[0] + 0 * VF_LANES);
    vf_store(p[0] + 0 * VF_LANES, (s0_0 + x0_0));
  }
  if (!full) tile_part(y, no, spare, rows, cols, 1 * VF_LANES);
}

/* a block of `rows` rows, at most `height`, against every panel of the packed weights */
static void rows_f32_avx2_6x16_residual91db6c47(int32_t taps, int32_t kc, const float *const *a, ptrdiff_t ao, const float *w,
    float *const *y, int32_t rows, int32_t n, int32_t height, const float *const *e0) {
  int32_t width;
  for (int32_t c = 0; c < n; c += width) {
    width = panel_width_avx2(n - c);
    if (width == 16) {
      if (height == 6) tile_f32_avx2_6x16_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else if (height == 2) tile_f32_avx2_2x16_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else tile_f32_avx2_1x16_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
    } else if (width == 8) {
      if (height == 6) tile_f32_avx2_6x8_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else if (height == 2) tile_f32_avx2_2x8_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
      else tile_f32_avx2_1x8_residual91db6c47(taps, kc, a, ao, w, y, c, rows, n - c, e0);
    }
    w += (ptrdiff_t)width * (1 + (ptrdiff_t)taps * kc);
  }
}

static void matmul_f32_avx2_6x16_residual91db6c47(const float *a, const float *w, float *y, const float *e0,
    int32_t m, int32_t k, int32_t near, int32_t lda, int32_t ldy, int32_t lde0, int32_t m_from, int32_t m_to, int32_t n_from, int32_t n_to) {
  const float *x[6], *r0[6];
  float *out[6];
  w += (ptrdiff_t)n_from * (1 + (ptrdiff_t)k);
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += (ptrdiff_t)near * (1 + (ptrdiff_t)k)) { /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    for (int32_t m0 = m_from; m0 < m_to;) {
      const int32_t height = m - m0 > 4 ? 6 : m - m0 > 1 ? 2 : 1;
      const int32_t rows = m - m0 < height ? m - m0 : height;
      for (int32_t i = 0; i < height; i++) { /* rows past the end repeat the last one and are not stored */
        const ptrdiff_t at = m0 + (i < rows ? i : rows - 1);
        x[i] = a + at * lda;
        out[i] = y + at * ldy + n0;
        r0[i] = e0 + at * lde0 + n0;
      }
      rows_f32_avx2_6x16_residual91db6c47(1, k, x, 0, w, out, rows, cols, height, r0);
      m0 += rows;
    }
  }
}

static void conv_chain_f32_avx2_edp_3x3s1p7_e_clipd2ed3cfd_d_clipd2ed3cfd_p_residual91db6c47(
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
    for (ptrdiff_t i = 0; i < blocks * size; i += VF_LANES) vf_store(ring + i, vf_set1(0.0f)); /* padding */
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
          else if (lo > top) keep_f32_avx2(e, (ptrdiff_t)(lo - top) * width, (ptrdiff_t)(have - lo) * width);
          if (have < hi)
            expand_f32_avx2_6x16_clipd2ed3cfd(xb + (ptrdiff_t)have * iw * ldx, we + (ptrdiff_t)c0 * (1 + k),
                e + (ptrdiff_t)(have - lo) * width + pw * 16, e0, hi - have, iw, k, ldx, width, cols);
          conv_f32_avx2_depthwise_block_3x3s1p7_clipd2ed3cfd(e, wd + (ptrdiff_t)c0 * 10, made + (ptrdiff_t)(i0 - o0) * ow * c + c0, d0,
              i1 - i0, ow, hi - lo, sh, lo - at, width, ow * c, c, cols);
        }
      }
      matmul_f32_avx2_6x16_residual91db6c47(made, wp, y + ((ptrdiff_t)b * oh + o0) * ow * ldy, p0 + ((ptrdiff_t)b * oh + o0) * ow * ldp0,
          (o1 - o0) * ow, c, n, c, ldy, ldp0, 0, (o1 - o0) * ow, 0, n);
    }
  }
}

static void conv_f32_avx2_depthwise_3x3s1p4_direct_clipd2ed3cfd(const float *x, const float *w, const float *zero, float *y, float e0,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t sh, int32_t dh, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {
  for (int32_t r = r_from; r < r_to; r++) {
      const int32_t b = r / oh, i = r % oh;
      const float *const xb = x + (ptrdiff_t)b * xn;
      float *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
      const int32_t iy = i * sh - ph; /* the rows of taps inside the picture are t0 .. t1 - 1 */
      const int32_t t0 = iy < 0 ? (dh - 1 - iy) / dh : 0, last = iy < ih ? (ih - iy - 1) / dh + 1 : 0;
      const int32_t t1 = last < 3 ? last : 3;
      const float *from[18];
      const ptrdiff_t across = xw, down = (ptrdiff_t)dh * xh;
      for (int32_t j = 0; j < ow; j += 4) {
        const int32_t ix = j * 1 - pw;
        const int whole = ix >= 0 && ix + 6 <= iw;
        if (whole) {
          const float *const xg = xb + (ptrdiff_t)(iy + t0 * dh) * xh + ix * across;
        const float *q = w + (ptrdiff_t)c_from * 10;
        int32_t c = c_from;
        for (; c <= c_to - VF_LANES; c += VF_LANES, q += (1 + 9) * VF_LANES) {
          vf s0 = vf_load(q), s1 = vf_load(q), s2 = vf_load(q), s3 = vf_load(q);
          const float *k = q + (1 + t0 * 3) * VF_LANES;
          const float *p = xg + c;
          for (int32_t t = t0; t < t1; t++, p += down, k += 3 * VF_LANES) {
            const vf w0 = vf_load(k + 0 * VF_LANES);
            const vf w1 = vf_load(k + 1 * VF_LANES);
            const vf w2 = vf_load(k + 2 * VF_LANES);
            const vf x0 = vf_load(p + 0 * across);
            s0 = vf_fma(x0, w0, s0);
            const vf x1 = vf_load(p + 1 * across);
            s0 = vf_fma(x1, w1, s0);
            s1 = vf_fma(x1, w0, s1);
            const vf x2 = vf_load(p + 2 * across);
            s0 = vf_fma(x2, w2, s0);
            s1 = vf_fma(x2, w1, s1);
            s2 = vf_fma(x2, w0, s2);
            const vf x3 = vf_load(p + 3 * across);
            s1 = vf_fma(x3, w2, s1);
            s2 = vf_fma(x3, w1, s2);
            s3 = vf_fma(x3, w0, s3);
            const vf x4 = vf_load(p + 4 * across);
            s2 = vf_fma(x4, w2, s2);
            s3 = vf_fma(x4, w1, s3);
            const vf x5 = vf_load(p + 5 * across);
            s3 = vf_fma(x5, w2, s3);
          }
          {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s0, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store(yr + (ptrdiff_t)(j + 0) * yw + c, z);
          }
          if (j + 1 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s1, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store(yr + (ptrdiff_t)(j + 1) * yw + c, z);
          }
          if (j + 2 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s2, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store(yr + (ptrdiff_t)(j + 2) * yw + c, z);
          }
          if (j + 3 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s3, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store(yr + (ptrdiff_t)(j + 3) * yw + c, z);
          }
        }
        if (c < c_to) {
          vf s0 = vf_load(q), s1 = vf_load(q), s2 = vf_load(q), s3 = vf_load(q);
          const float *k = q + (1 + t0 * 3) * VF_LANES;
          const float *p = xg + c;
          for (int32_t t = t0; t < t1; t++, p += down, k += 3 * VF_LANES) {
            const vf w0 = vf_load(k + 0 * VF_LANES);
            const vf w1 = vf_load(k + 1 * VF_LANES);
            const vf w2 = vf_load(k + 2 * VF_LANES);
            const vf x0 = vf_load_n(p + 0 * across, c_to - c);
            s0 = vf_fma(x0, w0, s0);
            const vf x1 = vf_load_n(p + 1 * across, c_to - c);
            s0 = vf_fma(x1, w1, s0);
            s1 = vf_fma(x1, w0, s1);
            const vf x2 = vf_load_n(p + 2 * across, c_to - c);
            s0 = vf_fma(x2, w2, s0);
            s1 = vf_fma(x2, w1, s1);
            s2 = vf_fma(x2, w0, s2);
            const vf x3 = vf_load_n(p + 3 * across, c_to - c);
            s1 = vf_fma(x3, w2, s1);
            s2 = vf_fma(x3, w1, s2);
            s3 = vf_fma(x3, w0, s3);
            const vf x4 = vf_load_n(p + 4 * across, c_to - c);
            s2 = vf_fma(x4, w2, s2);
            s3 = vf_fma(x4, w1, s3);
            const vf x5 = vf_load_n(p + 5 * across, c_to - c);
            s3 = vf_fma(x5, w2, s3);
          }
          {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s0, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store_n(yr + (ptrdiff_t)(j + 0) * yw + c, z, c_to - c);
          }
          if (j + 1 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s1, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store_n(yr + (ptrdiff_t)(j + 1) * yw + c, z, c_to - c);
          }
          if (j + 2 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s2, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store_n(yr + (ptrdiff_t)(j + 2) * yw + c, z, c_to - c);
          }
          if (j + 3 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s3, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store_n(yr + (ptrdiff_t)(j + 3) * yw + c, z, c_to - c);
          }
        }
        } else {
          for (int32_t t = 0; t < 3; t++) {
            const int32_t at = iy + t * dh, row = at < 0 ? 0 : at < ih ? at : ih - 1;
            const float *const xr = xb + (ptrdiff_t)row * xh;
            for (int32_t k = 0; k < 6; k++)
              from[t * 6 + k] = whole || (ix + k >= 0 && ix + k < iw) ? xr + (ptrdiff_t)(ix + k) * xw : zero;
          }
        const float *q = w + (ptrdiff_t)c_from * 10;
        int32_t c = c_from;
        for (; c <= c_to - VF_LANES; c += VF_LANES, q += (1 + 9) * VF_LANES) {
          vf s0 = vf_load(q), s1 = vf_load(q), s2 = vf_load(q), s3 = vf_load(q);
          const float *k = q + (1 + t0 * 3) * VF_LANES;
          const float *const *p = from + t0 * 6;
          for (int32_t t = t0; t < t1; t++, p += 6, k += 3 * VF_LANES) {
            const vf w0 = vf_load(k + 0 * VF_LANES);
            const vf w1 = vf_load(k + 1 * VF_LANES);
            const vf w2 = vf_load(k + 2 * VF_LANES);
            const vf x0 = vf_load(p[0] + c);
            s0 = vf_fma(x0, w0, s0);
            const vf x1 = vf_load(p[1] + c);
            s0 = vf_fma(x1, w1, s0);
            s1 = vf_fma(x1, w0, s1);
            const vf x2 = vf_load(p[2] + c);
            s0 = vf_fma(x2, w2, s0);
            s1 = vf_fma(x2, w1, s1);
            s2 = vf_fma(x2, w0, s2);
            const vf x3 = vf_load(p[3] + c);
            s1 = vf_fma(x3, w2, s1);
            s2 = vf_fma(x3, w1, s2);
            s3 = vf_fma(x3, w0, s3);
            const vf x4 = vf_load(p[4] + c);
            s2 = vf_fma(x4, w2, s2);
            s3 = vf_fma(x4, w1, s3);
            const vf x5 = vf_load(p[5] + c);
            s3 = vf_fma(x5, w2, s3);
          }
          {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s0, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store(yr + (ptrdiff_t)(j + 0) * yw + c, z);
          }
          if (j + 1 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s1, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store(yr + (ptrdiff_t)(j + 1) * yw + c, z);
          }
          if (j + 2 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s2, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store(yr + (ptrdiff_t)(j + 2) * yw + c, z);
          }
          if (j + 3 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s3, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store(yr + (ptrdiff_t)(j + 3) * yw + c, z);
          }
        }
        if (c < c_to) {
          vf s0 = vf_load(q), s1 = vf_load(q), s2 = vf_load(q), s3 = vf_load(q);
          const float *k = q + (1 + t0 * 3) * VF_LANES;
          const float *const *p = from + t0 * 6;
          for (int32_t t = t0; t < t1; t++, p += 6, k += 3 * VF_LANES) {
            const vf w0 = vf_load(k + 0 * VF_LANES);
            const vf w1 = vf_load(k + 1 * VF_LANES);
            const vf w2 = vf_load(k + 2 * VF_LANES);
            const vf x0 = vf_load_n(p[0] + c, c_to - c);
            s0 = vf_fma(x0, w0, s0);
            const vf x1 = vf_load_n(p[1] + c, c_to - c);
            s0 = vf_fma(x1, w1, s0);
            s1 = vf_fma(x1, w0, s1);
            const vf x2 = vf_load_n(p[2] + c, c_to - c);
            s0 = vf_fma(x2, w2, s0);
            s1 = vf_fma(x2, w1, s1);
            s2 = vf_fma(x2, w0, s2);
            const vf x3 = vf_load_n(p[3] + c, c_to - c);
            s1 = vf_fma(x3, w2, s1);
            s2 = vf_fma(x3, w1, s2);
            s3 = vf_fma(x3, w0, s3);
            const vf x4 = vf_load_n(p[4] + c, c_to - c);
            s2 = vf_fma(x4, w2, s2);
            s3 = vf_fma(x4, w1, s3);
            const vf x5 = vf_load_n(p[5] + c, c_to - c);
            s3 = vf_fma(x5, w2, s3);
          }
          {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s0, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store_n(yr + (ptrdiff_t)(j + 0) * yw + c, z, c_to - c);
          }
          if (j + 1 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s1, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store_n(yr + (ptrdiff_t)(j + 1) * yw + c, z, c_to - c);
          }
          if (j + 2 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s2, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store_n(yr + (ptrdiff_t)(j + 2) * yw + c, z, c_to - c);
          }
          if (j + 3 < ow) {
            const vf x0 = vf_set1(e0);
            const vf t0 = vf_max(s3, vf_set1(0.0f));
            const vf z = vf_min(t0, x0);
            vf_store_n(yr + (ptrdiff_t)(j + 3) * yw + c, z, c_to - c);
          }
        }
        }
      }
  }
}

static void deform_conv_f32_avx2_columns(const float *x, const float *w, const float *offset, float *y, float *column, const int32_t *g, int32_t batch,
    int32_t channels, int32_t outputs) {
  const int32_t ih = g[0], iw = g[1], oh = g[2], ow = g[3], taps = g[4] * g[5], plane = oh * ow;
  const int32_t depth = channels / g[12] * taps, share = channels / g[13];
  for (int32_t n = 0; n < batch; ++n)
  for (int32_t i = 0; i < oh; ++i)
  for (int32_t j = 0; j < ow; ++j) {
    for (int32_t c = 0; c < channels; ++c)
    for (int32_t t = 0; t < taps; ++t) {
      const int32_t tap = (n * g[13] + c / share) * taps + t, here = i * ow + j;
      const float far = 1000000;
      float v = offset[(2 * tap) * plane + here] + (float)(i * g[6] - g[10] + t / g[5] * g[8]);
      float u = offset[(2 * tap + 1) * plane + here] + (float)(j * g[7] - g[11] + t % g[5] * g[9]);
      v = v > far ? far : v > -far ? v : -far;
      u = u > far ? far : u > -far ? u : -far;
      const float fv = pith_floor_f32(v), fu = pith_floor_f32(u), dv = v - fv, du = u - fu;
      const int32_t top = (int32_t)fv, left = (int32_t)fu;
      const float *p = x + (n * channels + c) * ih * iw;
      float sum = 0;
      for (int32_t a = 0; a < 2; ++a)
      for (int32_t b = 0; b < 2; ++b) {
        const int32_t r = top + a, s = left + b;
        if (r < 0 || r >= ih || s < 0 || s >= iw) continue;
        sum += (a ? dv : 1 - dv) * (b ? du : 1 - du) * p[r * iw + s];
      }
      column[c * taps + t] = sum;
    }
    for (int32_t o = 0; o < outputs; ++o) {
      const float *q = column + o / (outputs / g[12]) * depth;
      float acc[16];
      for (int32_t l = 0; l < 16; ++l) acc[l] = 0;
      int32_t k = 0;
      for (; k + 16 <= depth; k += 16) {
        for (int32_t l = 0; l < 16; ++l) acc[l] += q[k + l] * w[o * depth + k + l];
      }
      for (int32_t l = 0; l < depth - k; ++l) acc[l] += q[k + l] * w[o * depth + k + l];
      for (int32_t half = 8; half > 0; half /= 2) {
        for (int32_t l = 0; l < half; ++l) acc[l] += acc[l + half];
      }
      y[(n * outputs + o) * plane + i * ow + j] = acc[0];
    }
  }
}

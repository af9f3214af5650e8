static void roi_align_f32_avx2_avg_i64(const float *x, const float *rois, const int64_t *batches, float *y, int32_t regions, int32_t batch, int32_t channels,
    int32_t h, int32_t w, int32_t oh, int32_t ow, int32_t ratio, float spatial_scale) {
  for (int32_t r = 0; r < regions; ++r) {
    const int32_t n = batches[r] < 0 ? 0 : batches[r] >= batch ? batch - 1 : (int32_t)batches[r];
    float corner[4];
    for (int32_t k = 0; k < 4; ++k) {
      const float v = (float)rois[4 * r + k] * (float)spatial_scale, far = 65536;
      corner[k] = (v > far ? far : v > -far ? v : -far);
    }
    float width = corner[2] - corner[0], height = corner[3] - corner[1];
    width = width < 1 ? 1 : width;
    height = height < 1 ? 1 : height;
    const float bh = height / (float)oh, bw = width / (float)ow;
    const int32_t gh = ratio > 0 ? ratio : (int32_t)pith_ceil_f32(bh), gw = ratio > 0 ? ratio : (int32_t)pith_ceil_f32(bw);
    for (int32_t i = 0; i < oh; ++i)
    for (int32_t j = 0; j < ow; ++j)
    for (int32_t c = 0; c < channels; ++c) {
      const float *p = x + (n * channels + c) * h * w;
      float best = 0;
      for (int32_t a = 0; a < gh; ++a)
      for (int32_t b = 0; b < gw; ++b) {
        float v = corner[1] + (float)i * bh + ((float)a + (float)0.5) * bh / (float)gh;
        float u = corner[0] + (float)j * bw + ((float)b + (float)0.5) * bw / (float)gw;
        const int32_t outside = v < -1 || v > (float)h || u < -1 || u > (float)w;
        v = v < 0 ? 0 : v > (float)(h - 1) ? (float)(h - 1) : v;
        u = u < 0 ? 0 : u > (float)(w - 1) ? (float)(w - 1) : u;
        const int32_t top = (int32_t)v, left = (int32_t)u;
        const int32_t bottom = top + 1 < h ? top + 1 : top, right = left + 1 < w ? left + 1 : left;
        const float dy = outside ? 0 : v - (float)top, dx = outside ? 0 : u - (float)left;
        const float ey = outside ? 0 : 1 - dy, ex = outside ? 0 : 1 - dx;
        const float s0 = ey * ex * p[top * w + left], s1 = ey * dx * p[top * w + right];
        const float s2 = dy * ex * p[bottom * w + left], s3 = dy * dx * p[bottom * w + right];
        best += (s0 + s1) + (s2 + s3);
      }
      y[((r * channels + c) * oh + i) * ow + j] = gh > 0 && gw > 0 ? best / (float)gh / (float)gw : 0;
    }
  }
}

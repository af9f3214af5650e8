static void max_roi_pool_f32_c99_max(const float *x, const float *rois, float *y, int32_t regions, int32_t batch, int32_t channels, int32_t h, int32_t w,
    int32_t oh, int32_t ow, float spatial_scale) {
  for (int32_t r = 0; r < regions; ++r) {
    const int32_t given = pith_position_f32((float)rois[5 * r]), n = given < 0 ? 0 : given >= batch ? batch - 1 : given;
    int32_t corner[4];
    for (int32_t k = 0; k < 4; ++k) corner[k] = pith_position_f32((float)rois[5 * r + 1 + k] * (float)spatial_scale);
    const int32_t height = corner[3] - corner[1] + 1, width = corner[2] - corner[0] + 1;
    const int32_t rows = height > 1 ? height : 1, columns = width > 1 ? width : 1;
    for (int32_t c = 0; c < channels; ++c)
    for (int32_t i = 0; i < oh; ++i)
    for (int32_t j = 0; j < ow; ++j) {
      /* cells of a fractional size: from the floor of the first edge to the ceiling of the last */
      const int32_t top = pith_limit_i32((int32_t)((int64_t)i * rows / oh) + corner[1], h);
      const int32_t bottom = pith_limit_i32((int32_t)(((int64_t)(i + 1) * rows + oh - 1) / oh) + corner[1], h);
      const int32_t left = pith_limit_i32((int32_t)((int64_t)j * columns / ow) + corner[0], w);
      const int32_t right = pith_limit_i32((int32_t)(((int64_t)(j + 1) * columns + ow - 1) / ow) + corner[0], w);
      float best = 0;
      int32_t found = 0;
      for (int32_t a = top; a < bottom; ++a)
      for (int32_t b = left; b < right; ++b) {
        const float v = x[((n * channels + c) * h + a) * w + b];
        best = found ? ((v > best || v != v) ? v : best) : v;
        found = 1;
      }
      y[((r * channels + c) * oh + i) * ow + j] = best;
    }
  }
}

static void top_k_f32_avx2_largest(const float *x, float *y, int64_t *index, int32_t *heap, int32_t outer, int32_t n, int32_t inner, int32_t k) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; ++c) {
    const float *p = x + o * n * inner + c;
    for (int32_t i = 0; i < k; ++i) heap[i] = i;
    for (int32_t i = k / 2 - 1; i >= 0; --i) pith_sift_top_largest_f32(p, inner, heap, i, k);
    for (int32_t i = k; i < n; ++i) {
      if (pith_before_top_largest_f32(p, inner, i, heap[0])) {
        heap[0] = i;
        pith_sift_top_largest_f32(p, inner, heap, 0, k);
      }
    }
    for (int32_t size = k; size > 0; --size) {
      const int32_t last = heap[0], to = (o * k + size - 1) * inner + c;
      y[to] = p[last * inner];
      index[to] = last;
      heap[0] = heap[size - 1];
      pith_sift_top_largest_f32(p, inner, heap, 0, size - 1);
    }
  }
}

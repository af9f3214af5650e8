/* y[i] = t[x[i]]: the table is four vectors, of which two are looked up at a time, by the low seven bits */
static void lookup_8_avx512_vectors(const void *x, const void *t, void *y, int32_t n) {
  const unsigned char *from = (const unsigned char *)x, *const table = (const unsigned char *)t;
  unsigned char *to = (unsigned char *)y;
  const __m512i t0 = _mm512_loadu_si512((const void *)table), t1 = _mm512_loadu_si512((const void *)(table + 64));
  const __m512i t2 = _mm512_loadu_si512((const void *)(table + 128)), t3 = _mm512_loadu_si512((const void *)(table + 192));
  for (; n > 0; n -= 64, from += 64, to += 64) {
    const __mmask64 m = n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (uint32_t)n) - 1u;
    const __m512i i = _mm512_maskz_loadu_epi8(m, (const void *)from);
    const __m512i low = _mm512_permutex2var_epi8(t0, i, t1), high = _mm512_permutex2var_epi8(t2, i, t3);
    _mm512_mask_storeu_epi8((void *)to, m, _mm512_mask_blend_epi8(_mm512_movepi8_mask(i), low, high));
  }
}

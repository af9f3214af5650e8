static void conv_integer_u8_c99_loops2_zero_i8_80bb26aa(const uint8_t *x, const int8_t *w, uint8_t *y, int32_t batch, int32_t group, int32_t ci, int32_t co, int32_t xb,
    int32_t xc, int32_t wo, int32_t zero_a, int32_t yb, int32_t yc, int32_t xn0, int32_t yn0, int32_t kn0,
    int32_t st0, int32_t di0, int32_t pa0, int32_t xs0, int32_t ws0, int32_t ys0, int32_t xn1, int32_t yn1,
    int32_t kn1, int32_t st1, int32_t di1, int32_t pa1, int32_t xs1, int32_t ws1, int32_t ys1) {
  for (int32_t b = 0; b < batch; b++) {
    for (int32_t g = 0; g < group; g++) {
      for (int32_t o0 = 0; o0 < yn0; o0++) {
        const int32_t at0 = o0 * st0 - pa0, room0 = xn0 - at0;
        const int32_t lo0 = at0 < 0 ? (di0 - 1 - at0) / di0 : 0;
        const int32_t fit0 = room0 > 0 ? (room0 - 1) / di0 + 1 : 0, hi0 = fit0 < kn0 ? fit0 : kn0;
        for (int32_t o1 = 0; o1 < yn1; o1++) {
          const int32_t at1 = o1 * st1 - pa1, room1 = xn1 - at1;
          const int32_t lo1 = at1 < 0 ? (di1 - 1 - at1) / di1 : 0;
          const int32_t fit1 = room1 > 0 ? (room1 - 1) / di1 + 1 : 0, hi1 = fit1 < kn1 ? fit1 : kn1;
          uint8_t *const q_y = y + (ptrdiff_t)b * yb + (ptrdiff_t)(g * co) * yc + (ptrdiff_t)o0 * ys0 + (ptrdiff_t)o1 * ys1;
          for (int32_t c = 0; c < co; c++) {
            int32_t acc = 0;
            for (int32_t k0 = lo0; k0 < hi0; k0++) {
              for (int32_t k1 = lo1; k1 < hi1; k1++) {
                const uint8_t *const u = x + (ptrdiff_t)b * xb + (ptrdiff_t)(g * ci) * xc + (ptrdiff_t)(at0 + k0 * di0) * xs0 + (ptrdiff_t)(at1 + k1 * di1) * xs1;
                const int8_t *const h = w + (ptrdiff_t)(g * co) * wo + (ptrdiff_t)c * wo + (ptrdiff_t)k0 * ws0 + (ptrdiff_t)k1 * ws1;
                for (int32_t i = 0; i < ci; i++) acc += ((int32_t)u[i] - zero_a) * (int32_t)h[i];
              }
            }
            const int32_t v = acc;
            const float t0 = ((float)v * 0.01f);
            const float t1 = (t0 < (-3.0f) ? (-3.0f) : t0);
            q_y[(ptrdiff_t)c * yc] = (uint8_t)(pith_f32_to_u8((pith_rint_f32((252.0f < t1 ? 252.0f : t1)) + 3.0f)));
          }
        }
      }
    }
  }
}

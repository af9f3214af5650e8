static void conv_transpose_f32_c99_loops3(const float *x, const float *w, float *y, int32_t batch, int32_t group, int32_t ci, int32_t co, int32_t xb,
    int32_t xc, int32_t wi, int32_t wo, int32_t yb, int32_t yc, int32_t xn0, int32_t yn0, int32_t kn0,
    int32_t st0, int32_t di0, int32_t pa0, int32_t xs0, int32_t ws0, int32_t ys0, int32_t xn1, int32_t yn1,
    int32_t kn1, int32_t st1, int32_t di1, int32_t pa1, int32_t xs1, int32_t ws1, int32_t ys1, int32_t xn2,
    int32_t yn2, int32_t kn2, int32_t st2, int32_t di2, int32_t pa2, int32_t xs2, int32_t ws2, int32_t ys2) {
  for (int32_t b = 0; b < batch; b++) {
    for (int32_t g = 0; g < group; g++) {
      for (int32_t o0 = 0; o0 < yn0; o0++) {
        for (int32_t o1 = 0; o1 < yn1; o1++) {
          for (int32_t o2 = 0; o2 < yn2; o2++) {
            float *const q_y = y + (ptrdiff_t)b * yb + (ptrdiff_t)(g * co) * yc + (ptrdiff_t)o0 * ys0 + (ptrdiff_t)o1 * ys1 + (ptrdiff_t)o2 * ys2;
            for (int32_t c = 0; c < co; c++) {
              float acc = 0;
              for (int32_t k0 = 0; k0 < kn0; k0++) {
                const int32_t reach0 = o0 + pa0 - k0 * di0, at0 = reach0 / st0;
                if (reach0 < 0 || at0 >= xn0 || at0 * st0 != reach0) continue;
                for (int32_t k1 = 0; k1 < kn1; k1++) {
                  const int32_t reach1 = o1 + pa1 - k1 * di1, at1 = reach1 / st1;
                  if (reach1 < 0 || at1 >= xn1 || at1 * st1 != reach1) continue;
                  for (int32_t k2 = 0; k2 < kn2; k2++) {
                    const int32_t reach2 = o2 + pa2 - k2 * di2, at2 = reach2 / st2;
                    if (reach2 < 0 || at2 >= xn2 || at2 * st2 != reach2) continue;
                    const float *const u = x + (ptrdiff_t)b * xb + (ptrdiff_t)(g * ci) * xc + (ptrdiff_t)at0 * xs0 + (ptrdiff_t)at1 * xs1 + (ptrdiff_t)at2 * xs2;
                    const float *const h = w + (ptrdiff_t)(g * ci) * wi + (ptrdiff_t)c * wo + (ptrdiff_t)k0 * ws0 + (ptrdiff_t)k1 * ws1 + (ptrdiff_t)k2 * ws2;
                    for (int32_t i = 0; i < ci; i++) acc += u[(ptrdiff_t)i * xc] * h[(ptrdiff_t)i * wi];
                  }
                }
              }
              q_y[(ptrdiff_t)c * yc] = acc;
            }
          }
        }
      }
    }
  }
}

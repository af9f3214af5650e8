static void lstm_f32_c99_steps_b717485d(const float *x, const float *wi, const float *ri, float *y, float *yh, float *s, int32_t steps, int32_t batch, int32_t inputs,
    int32_t hidden) {
  const int32_t gates = 4 * hidden, area = (inputs + hidden + 2) * gates;
  float *h = s, *c = h + hidden, *g = c + hidden, *v = g + gates, *u = v + inputs;
  (void)u;
  float *packed = u + hidden;
  for (int32_t d = 0; d < 1; ++d) {
    float *w = packed + d * area, *r = w + inputs * gates, *b = r + hidden * gates;
    for (int32_t j = 0; j < gates; ++j) {
      for (int32_t k = 0; k < inputs; ++k) w[k * gates + j] = wi[(d * gates + j) * inputs + k];
      for (int32_t k = 0; k < hidden; ++k) r[k * gates + j] = ri[(d * gates + j) * hidden + k];
      b[j] = 0;
      b[gates + j] = 0;
    }
  }

  for (int32_t d = 0; d < 1; ++d) {
    const float *w = packed + d * area, *r = w + inputs * gates, *b = r + hidden * gates;
    for (int32_t n = 0; n < batch; ++n) {
      const int32_t at = (d * batch + n) * hidden;
      for (int32_t j = 0; j < hidden; ++j) {
        h[j] = 0;
        c[j] = 0;
      }
      const int32_t length = steps;
      for (int32_t i = 0; i < steps; ++i) {
        if (i >= length) {
          for (int32_t j = 0; j < hidden; ++j) y[((i * 1 + d) * batch + n) * hidden + j] = 0;
          continue;
        }
        const int32_t t = i;
        for (int32_t k = 0; k < inputs; ++k) v[k] = x[(t * batch + n) * inputs + k];
        for (int32_t j = 0; j < gates; ++j) g[j] = b[j] + b[gates + j];
        pith_dense_f32(v, w, g, inputs, gates, gates);
        pith_dense_f32(h, r, g, hidden, gates, gates);
        for (int32_t j = 0; j < hidden; ++j) {
          const float in = pith_activation_sigmoid_f32((g[j]));
          const float forget = pith_activation_sigmoid_f32((g[2 * hidden + j]));
          const float next = forget * c[j] + in * pith_activation_tanh_f32((g[3 * hidden + j]));
          const float out = pith_activation_sigmoid_f32((g[hidden + j]));
          c[j] = next;
          h[j] = out * pith_activation_tanh_f32(next);
        }
        for (int32_t j = 0; j < hidden; ++j) {
          y[((t * 1 + d) * batch + n) * hidden + j] = h[j];
        }
      }
      for (int32_t j = 0; j < hidden; ++j) yh[at + j] = h[j];
    }
  }
}

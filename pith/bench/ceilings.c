/* What one core can do: multiply-adds with everything in registers, and reading a block of memory over and over.
 * Freestanding; the caller takes the time, and puts the words of the target's vector dialect in front (ceilings.py), so that the
 * loops are as wide as that, and multiply bytes as its kernels do. WAY_...: the ways it has; ROWS: of a tile of dot products. */

/* Keeps the compiler from moving, merging or knowing what is measured. */
#if defined(__x86_64__) && defined(__AVX512F__)
#define KEEP(v) __asm__ volatile("" : "+v"(v))
#elif defined(__x86_64__)
#define KEEP(v) __asm__ volatile("" : "+x"(v))
#elif defined(__ARM_NEON)
#define KEEP(v) __asm__ volatile("" : "+w"(v))
#else
#define KEEP(v) __asm__ volatile("" : "+m"(v))
#endif

#define FOUR(M) M(0) M(1) M(2) M(3)
#define SIX(M) FOUR(M) M(4) M(5)
#define EIGHT(M) SIX(M) M(6) M(7)
/* Four cycles of latency on two ports need eight chains, and sixteen registers hold no more than twelve beside the factors. */
#define TWELVE(M) EIGHT(M) M(8) M(9) M(10) M(11)

/* Each ceiling_NAME does `steps` rounds and returns how many operations one round has, a multiply-add counted as two. out: 64 bytes,
 * where the results go. */
int64_t ceiling_float(int64_t steps, void *out) {
  vf b = vf_set1(0.999f), c = vf_set1(0.001f);
#define M(i) vf a##i = vf_set1(i * 0.125f);
  TWELVE(M)
#undef M
  for (int64_t k = 0; k < steps; k++) {
#define M(i) a##i = vf_fma(a##i, b, c); KEEP(a##i);
    TWELVE(M)
#undef M
  }
#define M(i) b = vf_max(b, a##i);
  TWELVE(M)
#undef M
  vf_store(out, b);
  return 12 * VF_LANES * 2;
}

/* Reads `count` floats (a multiple of 128) `times` times. out: 64 bytes. */
void ceiling_read(const float *data, int64_t count, int64_t times, void *out) {
  vf s = vf_set1(0.0f);
#define M(i) vf a##i = vf_set1(0.0f);
  EIGHT(M)
#undef M
  for (int64_t t = 0; t < times; t++) {
    __asm__ volatile("" ::: "memory");
    for (int64_t k = 0; k < count; k += 8 * VF_LANES) {
#define M(i) a##i = vf_max(a##i, vf_load(data + k + i * VF_LANES));
      EIGHT(M)
#undef M
    }
  }
#define M(i) s = vf_max(s, a##i);
  EIGHT(M)
#undef M
  vf_store(out, s);
}

#ifdef WAY_dot
/* A tile as in the kernels: ROWS of bytes by two vectors of weights, neither of which the compiler knows from step to step, so that
 * what has to be made of them first is made. */
int64_t ceiling_dot(int64_t steps, void *out) {
  vi x = vi_set1(0), w = x, v = x;
#define M(i) vi s##i = vi_set1(i), t##i = vi_set1(-i);
  ROWS(M)
#undef M
  for (int64_t k = 0; k < steps; k++) {
    KEEP(w);
    KEEP(v);
#define M(i) KEEP(x); s##i = vi_dot(s##i, x, w); t##i = vi_dot(t##i, x, v);
    ROWS(M)
#undef M
  }
#define M(i) x = vi_add(x, vi_add(s##i, t##i));
  ROWS(M)
#undef M
  vi_store(out, x);
#define M(i) + 2
  return (0 ROWS(M)) * VF_LANES * 4 * 2;
#undef M
}
#endif

/* ceiling_NAME: as many chains of STEP_NAME as MANY says, `operations` of them in a round. */
#define BEGIN(i) vi s##i = vi_set1(i);
#define END(i) x = vi_add(x, s##i);
#define CHAINS(NAME, MANY, operations) \
  int64_t ceiling_##NAME(int64_t steps, void *out) { \
    vi x = vi_set1(0), w = x; \
    MANY(BEGIN) \
    KEEP(w); \
    for (int64_t k = 0; k < steps; k++) { MANY(STEP_##NAME) } \
    MANY(END) \
    vi_store(out, x); \
    return operations; \
  }

#ifdef WAY_pairs
/* Products of two bytes, added in 16 bits, as where kernels have proven that they fit. */
#define STEP_pairs(i) KEEP(x); s##i = vi_add16(s##i, vi_two(x, w));
CHAINS(pairs, EIGHT, 8 * VF_LANES * 4 * 2)
#endif

#ifdef WAY_widened
/* Products of bytes widened to 16 bits and added there, as where kernels have proven that they fit. */
int64_t ceiling_widened(int64_t steps, void *out) {
  vb x = vb_of(vi_set1(0)), w = x;
  vi s = vi_set1(0);
#define M(i) vs l##i = vs_zero(), h##i = vs_zero();
  FOUR(M)
#undef M
  KEEP(w);
  for (int64_t k = 0; k < steps; k++) {
#define M(i) KEEP(x); l##i = vb_add_low(l##i, x, w); h##i = vb_add_high(h##i, x, w);
    FOUR(M)
#undef M
  }
#define M(i) s = vi_add_low(vi_add_high(s, l##i), h##i);
  FOUR(M)
#undef M
  vi_store(out, s);
  return 4 * 16 * 2;
}
#endif

#ifdef WAY_matrices
/* Products of 2 x 8 bytes by 8 x 2. */
#define STEP_matrices(i) KEEP(x); s##i = vi_matrix(s##i, x, w);
CHAINS(matrices, TWELVE, 12 * 32 * 2)
#endif

#ifdef WAY_tiles
/* Products of 16 x 64 bytes by 64 x 16, two tiles by two as in the kernels. */
int64_t ceiling_tiles(int64_t steps, void *out) {
  pith_amx_permit();
  pith_amx_configure(32, 64);
#define M(i) _tile_zero(i);
  EIGHT(M)
#undef M
  for (int64_t k = 0; k < steps; k++) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
  (void)out;
  return 4 * 16 * 16 * 64 * 2;
}
#endif

#ifdef WAY_plain
/* What the compiler makes of plain C: one input at a time by all outputs, as in the kernels, which it may compute as a vector. */
int64_t ceiling_plain(int64_t steps, void *out) {
  static int8_t x[16], w[16 * 32];
  int32_t s[32] = {0};
  for (int64_t k = 0; k < steps; k++) {
    __asm__ volatile("" : : "r"(x), "r"(w) : "memory");
    for (int32_t i = 0; i < 16; i++)
      for (int32_t o = 0; o < 32; o++) s[o] += (int32_t)x[i] * (int32_t)w[i * 32 + o];
  }
  for (int32_t o = 0; o < 16; o++) ((int32_t *)out)[o] = s[o] + s[o + 16];
  return 16 * 32 * 2;
}
#endif

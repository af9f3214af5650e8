/* What one core can do: multiply-adds with everything in registers, and reading a block of memory over and over.
 * Freestanding; the caller takes the time. Loops are as wide as the instruction set that this is compiled for. */
#include <stdint.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
typedef __m512 vec;
#define SET(x) _mm512_set1_ps(x)
#define LOAD(p) _mm512_loadu_ps(p)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define MAX(a, b) _mm512_max_ps(a, b)
#define STORE(p, a) _mm512_storeu_ps(p, a)
#define LANES 16
#elif defined(__AVX2__) && defined(__FMA__)
typedef __m256 vec;
#define SET(x) _mm256_set1_ps(x)
#define LOAD(p) _mm256_loadu_ps(p)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define MAX(a, b) _mm256_max_ps(a, b)
#define STORE(p, a) _mm256_storeu_ps(p, a)
#define LANES 8
#else /* no fused multiply-add: a product and a sum, by the vectors every gcc and clang has */
typedef float vec __attribute__((vector_size(16)));
#define SET(x) ((vec){x, x, x, x})
static inline vec LOAD(const float *p) { vec v; __builtin_memcpy(&v, p, sizeof v); return v; }
#define FMA(a, b, c) ((a) * (b) + (c))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
static inline void STORE(float *p, vec a) { __builtin_memcpy(p, &a, sizeof a); }
#define LANES 4
#endif

/* Keeps the compiler from moving or merging what is measured. */
#if defined(__x86_64__) && defined(__AVX512F__)
#define KEEP(v) __asm__ volatile("" : "+v"(v))
#elif defined(__x86_64__)
#define KEEP(v) __asm__ volatile("" : "+x"(v))
#else
#define KEEP(v) __asm__ volatile("" : "+m"(v))
#endif

/* Twelve chains: four cycles of latency on two ports need eight, and sixteen registers hold no more beside the factors. */
#define TWELVE(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11)
#define EIGHT(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7)

/* Does `steps` rounds of multiply-adds; returns how many floating-point operations one round has. out: 16 floats. */
int64_t ceiling_multiply(int64_t steps, float *out) {
  vec b = SET(0.999f), c = SET(0.001f);
#define M(i) vec a##i = SET(i * 0.125f);
  TWELVE(M)
#undef M
  for (int64_t k = 0; k < steps; k++) {
#define M(i) a##i = FMA(a##i, b, c); KEEP(a##i);
    TWELVE(M)
#undef M
  }
#define M(i) b = MAX(b, a##i);
  TWELVE(M)
#undef M
  STORE(out, b);
  return 12 * LANES * 2;
}

/* Reads `count` floats (a multiple of 128) `times` times. out: 16 floats. */
void ceiling_read(const float *data, int64_t count, int64_t times, float *out) {
  vec s = SET(0.0f);
#define M(i) vec a##i = SET(0.0f);
  EIGHT(M)
#undef M
  for (int64_t t = 0; t < times; t++) {
    __asm__ volatile("" ::: "memory");
    for (int64_t k = 0; k < count; k += 8 * LANES) {
#define M(i) a##i = MAX(a##i, LOAD(data + k + i * LANES));
      EIGHT(M)
#undef M
    }
  }
#define M(i) s = MAX(s, a##i);
  EIGHT(M)
#undef M
  STORE(out, s);
}

/* AVX-512 and AMX in plain C, as far as generated code uses them: for processors that have AVX2 and FMA only.

   Found by the compiler in the place of its own <immintrin.h>, which it includes. Vectors of 64 bytes are computed as two of 32;
   instructions that AVX2 has no like of, and those of tiles, as the pseudocode of Intel's Software Developer's Manual (volume 2)
   says. Sums of bfloat16 products: even and odd pairs apart, each in float32 with one rounding, then their sum, then that and the
   sum before, with subnormal numbers as zeros everywhere (TDPBF16PS). What a processor would refuse (a tile that is not configured,
   shapes that do not fit) ends the program. Tile registers are each thread's own. */
#ifndef PITH_SIMULATED_IMMINTRIN_H
#define PITH_SIMULATED_IMMINTRIN_H
#pragma GCC system_header /* as the compiler's own: names that are macros there may be defined anew, what is not used is no warning */
#include_next <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define PITH_SIM static inline __attribute__((always_inline))

typedef union {
  __m512i v;
  __m512 f;
  __m256i half[2];
  __m256 fhalf[2];
  __m128i quarter[4];
  int8_t s8[64];
  uint8_t u8[64];
  int16_t s16[32];
  uint16_t u16[32];
  int32_t s32[16];
  uint32_t u32[16];
  float f32[16];
} pith_sim512;

/* what compilers call without being asked, where there is no library */
__attribute__((weak, visibility("hidden"))) void *memcpy(void *to, const void *from, size_t n) {
  void *const start = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
  return start;
}
__attribute__((weak, visibility("hidden"))) void *memset(void *to, int byte, size_t n) {
  void *const start = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(byte) : "memory");
  return start;
}

/* ---- half by half */

#define PITH_SIM_TWO(name)                                   \
  PITH_SIM __m512i pith_sim_##name(__m512i a, __m512i b) {   \
    pith_sim512 x = {a}, y = {b};                            \
    for (int i = 0; i < 2; i++) x.half[i] = _mm256_##name(x.half[i], y.half[i]); \
    return x.v;                                              \
  }
#define PITH_SIM_COUNT(name)                                 \
  PITH_SIM __m512i pith_sim_##name(__m512i a, unsigned n) {  \
    pith_sim512 x = {a};                                     \
    for (int i = 0; i < 2; i++) x.half[i] = _mm256_##name(x.half[i], (int)n); \
    return x.v;                                              \
  }
#define PITH_SIM_FLOATS(name)                                \
  PITH_SIM __m512 pith_sim_##name(__m512 a, __m512 b) {      \
    pith_sim512 x = {.f = a}, y = {.f = b};                  \
    for (int i = 0; i < 2; i++) x.fhalf[i] = _mm256_##name(x.fhalf[i], y.fhalf[i]); \
    return x.f;                                              \
  }
PITH_SIM_TWO(add_epi8)
PITH_SIM_TWO(add_epi16)
PITH_SIM_TWO(add_epi32)
PITH_SIM_TWO(sub_epi16)
PITH_SIM_TWO(sub_epi32)
PITH_SIM_TWO(adds_epi16)
PITH_SIM_TWO(subs_epu8)
PITH_SIM_TWO(min_epu8)
PITH_SIM_TWO(mullo_epi32)
PITH_SIM_TWO(madd_epi16)
PITH_SIM_TWO(maddubs_epi16)
PITH_SIM_TWO(packs_epi16)
PITH_SIM_TWO(packs_epi32)
PITH_SIM_TWO(packus_epi16)
PITH_SIM_TWO(unpackhi_epi8)
PITH_SIM_TWO(unpackhi_epi16)
PITH_SIM_TWO(unpacklo_epi8)
PITH_SIM_TWO(unpacklo_epi16)
PITH_SIM __m512i pith_sim_and_si512(__m512i a, __m512i b) { return a & b; }
PITH_SIM_COUNT(slli_epi16)
PITH_SIM_COUNT(slli_epi32)
PITH_SIM_COUNT(srai_epi16)
PITH_SIM_COUNT(srai_epi32)
PITH_SIM_COUNT(srli_epi16)
PITH_SIM_FLOATS(min_ps)
PITH_SIM_FLOATS(max_ps)
PITH_SIM __m512 pith_sim_fmadd_ps(__m512 a, __m512 b, __m512 c) {
  pith_sim512 x = {.f = a}, y = {.f = b}, z = {.f = c};
  for (int i = 0; i < 2; i++) x.fhalf[i] = _mm256_fmadd_ps(x.fhalf[i], y.fhalf[i], z.fhalf[i]);
  return x.f;
}
PITH_SIM __m512 pith_sim_cvtepi32_ps(__m512i a) {
  pith_sim512 x = {a};
  for (int i = 0; i < 2; i++) x.fhalf[i] = _mm256_cvtepi32_ps(x.half[i]);
  return x.f;
}
PITH_SIM __m512i pith_sim_cvtps_epi32(__m512 a) {
  pith_sim512 x = {.f = a};
  for (int i = 0; i < 2; i++) x.half[i] = _mm256_cvtps_epi32(x.fhalf[i]);
  return x.v;
}
PITH_SIM __m512 pith_sim_rint_ps(__m512 a) {
  pith_sim512 x = {.f = a};
  for (int i = 0; i < 2; i++) x.fhalf[i] = _mm256_round_ps(x.fhalf[i], _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return x.f;
}
#define pith_sim_compare(a, b, how)                                                                       \
  ((__mmask16)((uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(pith_sim_lower(a), pith_sim_lower(b), how)) | \
               (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(pith_sim_upper(a), pith_sim_upper(b), how)) << 8))
PITH_SIM __m256 pith_sim_upper(__m512 a) {
  const pith_sim512 x = {.f = a};
  return x.fhalf[1];
}
PITH_SIM __m256 pith_sim_lower(__m512 a) {
  const pith_sim512 x = {.f = a};
  return x.fhalf[0];
}
PITH_SIM __mmask64 pith_sim_movepi8_mask(__m512i a) {
  const pith_sim512 x = {a};
  return (uint64_t)(uint32_t)_mm256_movemask_epi8(x.half[0]) | (uint64_t)(uint32_t)_mm256_movemask_epi8(x.half[1]) << 32;
}

/* ---- wider elements */

PITH_SIM __m512i pith_sim_cvtepi8_epi16(__m256i a) {
  pith_sim512 x, y;
  x.half[0] = a;
  for (int i = 0; i < 2; i++) y.half[i] = _mm256_cvtepi8_epi16(x.quarter[i]);
  return y.v;
}
PITH_SIM __m512i pith_sim_cvtepu8_epi16(__m256i a) {
  pith_sim512 x, y;
  x.half[0] = a;
  for (int i = 0; i < 2; i++) y.half[i] = _mm256_cvtepu8_epi16(x.quarter[i]);
  return y.v;
}
PITH_SIM __m512i pith_sim_cvtepi8_epi32(__m128i a) {
  pith_sim512 x;
  x.half[0] = _mm256_cvtepi8_epi32(a);
  x.half[1] = _mm256_cvtepi8_epi32(_mm_srli_si128(a, 8));
  return x.v;
}
PITH_SIM __m512i pith_sim_cvtepu8_epi32(__m128i a) {
  pith_sim512 x;
  x.half[0] = _mm256_cvtepu8_epi32(a);
  x.half[1] = _mm256_cvtepu8_epi32(_mm_srli_si128(a, 8));
  return x.v;
}

/* ---- memory, casts, one value everywhere */

PITH_SIM __m512i pith_sim_load(const void *p) {
  pith_sim512 x;
  __builtin_memcpy(&x, p, 64);
  return x.v;
}
PITH_SIM __m512 pith_sim_load_ps(const void *p) {
  pith_sim512 x;
  __builtin_memcpy(&x, p, 64);
  return x.f;
}
PITH_SIM void pith_sim_store(void *p, __m512i v) { __builtin_memcpy(p, &v, 64); }
PITH_SIM void pith_sim_store_ps(void *p, __m512 v) { __builtin_memcpy(p, &v, 64); }
PITH_SIM void pith_sim_some(void *to, uint64_t mask, const void *from, int n, int size) {
  unsigned char *const t = (unsigned char *)to;
  const unsigned char *const f = (const unsigned char *)from;
  for (int i = 0; i < n; i++)
    if (mask >> i & 1)
      for (int k = 0; k < size; k++) t[i * size + k] = f[i * size + k];
}
PITH_SIM __m512 pith_sim_maskz_loadu_ps(__mmask16 m, const void *p) {
  pith_sim512 x = {{0}};
  pith_sim_some(&x, m, p, 16, 4);
  return x.f;
}
PITH_SIM void pith_sim_mask_storeu_ps(void *p, __mmask16 m, __m512 v) { pith_sim_some(p, m, &v, 16, 4); }
PITH_SIM __m512i pith_sim_maskz_loadu_epi8(__mmask64 m, const void *p) {
  pith_sim512 x = {{0}};
  pith_sim_some(&x, m, p, 64, 1);
  return x.v;
}
PITH_SIM __m512i pith_sim_mask_loadu_epi8(__m512i other, __mmask64 m, const void *p) {
  pith_sim512 x = {other};
  pith_sim_some(&x, m, p, 64, 1);
  return x.v;
}
PITH_SIM void pith_sim_mask_storeu_epi8(void *p, __mmask64 m, __m512i v) { pith_sim_some(p, m, &v, 64, 1); }
PITH_SIM void pith_sim_mask_storeu_epi16(void *p, __mmask32 m, __m512i v) { pith_sim_some(p, m, &v, 32, 2); }
PITH_SIM __m256i pith_sim256_maskz_loadu_epi8(__mmask32 m, const void *p) {
  pith_sim512 x = {{0}};
  pith_sim_some(&x, m, p, 32, 1);
  return x.half[0];
}
PITH_SIM __m128i pith_sim128_maskz_loadu_epi8(__mmask16 m, const void *p) {
  pith_sim512 x = {{0}};
  pith_sim_some(&x, m, p, 16, 1);
  return x.quarter[0];
}
PITH_SIM void pith_sim128_mask_storeu_epi8(void *p, __mmask16 m, __m128i v) { pith_sim_some(p, m, &v, 16, 1); }
PITH_SIM __m512i pith_sim_of256(__m256i a) {
  pith_sim512 x = {{0}};
  x.half[0] = a;
  return x.v;
}
PITH_SIM __m512i pith_sim_of128(__m128i a) {
  pith_sim512 x = {{0}};
  x.quarter[0] = a;
  return x.v;
}
PITH_SIM __m256i pith_sim_to256(__m512i a) {
  const pith_sim512 x = {a};
  return x.half[0];
}
PITH_SIM __m128i pith_sim_to128(__m512i a) {
  const pith_sim512 x = {a};
  return x.quarter[0];
}
PITH_SIM __m512i pith_sim_set1_epi8(char v) {
  pith_sim512 x;
  x.half[0] = x.half[1] = _mm256_set1_epi8(v);
  return x.v;
}
PITH_SIM __m512i pith_sim_set1_epi16(short v) {
  pith_sim512 x;
  x.half[0] = x.half[1] = _mm256_set1_epi16(v);
  return x.v;
}
PITH_SIM __m512i pith_sim_set1_epi32(int v) {
  pith_sim512 x;
  x.half[0] = x.half[1] = _mm256_set1_epi32(v);
  return x.v;
}
PITH_SIM __m512 pith_sim_set1_ps(float v) {
  pith_sim512 x;
  x.fhalf[0] = x.fhalf[1] = _mm256_set1_ps(v);
  return x.f;
}

/* ---- element by element */

PITH_SIM __m512 pith_sim_mask_blend_ps(__mmask16 m, __m512 a, __m512 b) {
  pith_sim512 x = {.f = a};
  pith_sim_some(&x, m, &b, 16, 4);
  return x.f;
}
PITH_SIM __m512i pith_sim_mask_blend_epi8(__mmask64 m, __m512i a, __m512i b) {
  pith_sim512 x = {a};
  pith_sim_some(&x, m, &b, 64, 1);
  return x.v;
}
PITH_SIM __mmask16 pith_sim_test_epi32_mask(__m512i a, __m512i b) {
  const pith_sim512 x = {a}, y = {b};
  uint32_t m = 0;
  for (int i = 0; i < 16; i++) m |= (uint32_t)((x.u32[i] & y.u32[i]) != 0) << i;
  return (__mmask16)m;
}
PITH_SIM __m512i pith_sim_permutexvar_epi32(__m512i index, __m512i a) {
  const pith_sim512 x = {a}, k = {index};
  pith_sim512 y;
  for (int i = 0; i < 16; i++) y.u32[i] = x.u32[k.u32[i] & 15];
  return y.v;
}
PITH_SIM __m512i pith_sim_shuffle_i32x4(__m512i a, __m512i b, int order) {
  const pith_sim512 x = {a}, y = {b};
  pith_sim512 z;
  for (int i = 0; i < 4; i++) z.quarter[i] = (i < 2 ? x : y).quarter[order >> 2 * i & 3];
  return z.v;
}
PITH_SIM __m512i pith_sim_permutex2var_epi8(__m512i a, __m512i index, __m512i b) {
  const pith_sim512 x = {a}, k = {index}, z = {b};
  pith_sim512 y;
  for (int i = 0; i < 64; i++) y.u8[i] = k.u8[i] & 64 ? z.u8[k.u8[i] & 63] : x.u8[k.u8[i] & 63];
  return y.v;
}
PITH_SIM __m512i pith_sim_dpbusd_epi32(__m512i sum, __m512i a, __m512i b) {
  pith_sim512 s = {sum};
  const pith_sim512 x = {a}, y = {b};
  for (int i = 0; i < 16; i++)
    for (int k = 4 * i; k < 4 * i + 4; k++) s.u32[i] += (uint32_t)(x.u8[k] * y.s8[k]);
  return s.v;
}
PITH_SIM __m512i pith_sim_dpwssd_epi32(__m512i sum, __m512i a, __m512i b) {
  pith_sim512 s = {sum};
  const pith_sim512 x = {a}, y = {b};
  for (int i = 0; i < 16; i++)
    for (int k = 2 * i; k < 2 * i + 2; k++) s.u32[i] += (uint32_t)(x.s16[k] * y.s16[k]);
  return s.v;
}
/* VCVTNE2PS2BF16: to nearest, halves to even; subnormal numbers to zeros, NaN to a quiet one */
PITH_SIM uint16_t pith_sim_bf16(uint32_t x) {
  if ((x & 0x7f800000u) == 0) return (uint16_t)(x >> 16 & 0x8000u);
  if ((x & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(x >> 16 | 0x40u);
  return (uint16_t)((x + 0x7fffu + (x >> 16 & 1u)) >> 16);
}
PITH_SIM __m512i pith_sim_cvtne2ps_pbh(__m512 upper, __m512 lower) {
  const pith_sim512 hi = {.f = upper}, lo = {.f = lower};
  pith_sim512 y;
  for (int i = 0; i < 16; i++) {
    y.u16[i] = pith_sim_bf16(lo.u32[i]);
    y.u16[16 + i] = pith_sim_bf16(hi.u32[i]);
  }
  return y.v;
}

/* ---- tiles */

typedef struct {
  uint8_t palette, start, reserved[14];
  uint16_t columns[16];
  uint8_t rows[16];
  uint8_t data[8][16][64] __attribute__((aligned(64)));
} pith_sim_tiles;
static __thread pith_sim_tiles *pith_sim_state __attribute__((tls_model("initial-exec"))); /* from mmap: no library is there */

PITH_SIM void pith_sim_need(int holds) {
  if (!holds) __builtin_trap();
}
__attribute__((noinline)) static void pith_sim_loadconfig(const void *from) {
  if (!pith_sim_state) {
    long made;
    register long flags __asm__("r10") = 0x22, file __asm__("r8") = -1, offset __asm__("r9") = 0;
    __asm__ volatile("syscall" : "=a"(made) : "a"(9L), "D"(0L), "S"(sizeof(pith_sim_tiles)), "d"(3L), "r"(flags), "r"(file), "r"(offset) : "rcx", "r11", "memory");
    pith_sim_need(made > 0);
    pith_sim_state = (pith_sim_tiles *)made;
  }
  __builtin_memset(pith_sim_state, 0, sizeof *pith_sim_state);
  __builtin_memcpy(pith_sim_state, from, 64);
  pith_sim_need(pith_sim_state->palette == 1 && pith_sim_state->start == 0);
  for (int i = 0; i < 16; i++)
    pith_sim_need(i < 8 ? pith_sim_state->columns[i] <= 64 && pith_sim_state->rows[i] <= 16 : !pith_sim_state->columns[i] && !pith_sim_state->rows[i]);
}
static inline void pith_sim_release(void) {
  long done;
  if (!pith_sim_state) return;
  __asm__ volatile("syscall" : "=a"(done) : "a"(11L), "D"(pith_sim_state), "S"(sizeof(pith_sim_tiles)) : "rcx", "r11", "memory");
  (void)done;
  pith_sim_state = 0;
}
PITH_SIM void pith_sim_configured(int t) { pith_sim_need(pith_sim_state && pith_sim_state->rows[t] && pith_sim_state->columns[t]); }
static inline void pith_sim_zero(int t) {
  pith_sim_configured(t);
  __builtin_memset(pith_sim_state->data[t], 0, sizeof pith_sim_state->data[t]);
}
static inline void pith_sim_loadd(int t, const void *from, ptrdiff_t stride) {
  pith_sim_zero(t);
  for (int r = 0; r < pith_sim_state->rows[t]; r++)
    __builtin_memcpy(pith_sim_state->data[t][r], (const char *)from + r * stride, pith_sim_state->columns[t]);
}
static inline void pith_sim_stored(int t, void *to, ptrdiff_t stride) {
  pith_sim_configured(t);
  for (int r = 0; r < pith_sim_state->rows[t]; r++)
    __builtin_memcpy((char *)to + r * stride, pith_sim_state->data[t][r], pith_sim_state->columns[t]);
}
/* what every product of tiles asks: c [m, n] += a [m, k] b [k, n] of three tiles, columns of whole 32-bit words */
PITH_SIM void pith_sim_fits(int c, int a, int b) {
  pith_sim_configured(a);
  pith_sim_configured(b);
  pith_sim_configured(c);
  const pith_sim_tiles *const s = pith_sim_state;
  pith_sim_need(a != b && b != c && a != c && s->rows[a] == s->rows[c] && s->columns[b] == s->columns[c] && s->columns[a] == 4 * s->rows[b]);
  pith_sim_need(s->columns[a] % 4 == 0 && s->columns[b] % 4 == 0);
}
__attribute__((noinline)) static void pith_sim_dp8(int c, int a, int b, int is_signed) {
  pith_sim_fits(c, a, b);
  const int rows = pith_sim_state->rows[c], words = pith_sim_state->columns[a] / 4, columns = pith_sim_state->columns[c] / 4;
  for (int m = 0; m < rows; m++) {
    uint32_t sums[16];
    __builtin_memcpy(sums, pith_sim_state->data[c][m], 64);
    for (int k = 0; k < words; k++)
      for (int i = 0; i < 4; i++) {
        const uint8_t byte = pith_sim_state->data[a][m][4 * k + i];
        const int x = is_signed ? (int8_t)byte : byte;
        for (int n = 0; n < columns; n++) sums[n] += (uint32_t)(x * (int8_t)pith_sim_state->data[b][k][4 * n + i]);
      }
    __builtin_memcpy(pith_sim_state->data[c][m], sums, 64);
  }
}
/* subnormal numbers as zeros, whatever the processor is told to do with them */
PITH_SIM float pith_sim_flush(float v) {
  uint32_t x;
  __builtin_memcpy(&x, &v, 4);
  if ((x & 0x7f800000u) == 0) x &= 0x80000000u;
  __builtin_memcpy(&v, &x, 4);
  return v;
}
PITH_SIM float pith_sim_wide(uint16_t v) {
  const uint32_t x = (uint32_t)v << 16;
  float f;
  __builtin_memcpy(&f, &x, 4);
  return pith_sim_flush(f);
}
__attribute__((noinline)) static void pith_sim_dpbf16(int c, int a, int b) {
  pith_sim_fits(c, a, b);
  const int rows = pith_sim_state->rows[c], pairs = pith_sim_state->columns[a] / 4, columns = pith_sim_state->columns[c] / 4;
  for (int m = 0; m < rows; m++) {
    uint16_t left[32], right[32];
    float even[16] = {0}, odd[16] = {0}, sums[16];
    __builtin_memcpy(left, pith_sim_state->data[a][m], 64);
    __builtin_memcpy(sums, pith_sim_state->data[c][m], 64);
    for (int k = 0; k < pairs; k++) {
      const float x = pith_sim_wide(left[2 * k]), y = pith_sim_wide(left[2 * k + 1]);
      __builtin_memcpy(right, pith_sim_state->data[b][k], 64);
      for (int n = 0; n < columns; n++) {
        even[n] = pith_sim_flush(__builtin_fmaf(x, pith_sim_wide(right[2 * n]), even[n]));
        odd[n] = pith_sim_flush(__builtin_fmaf(y, pith_sim_wide(right[2 * n + 1]), odd[n]));
      }
    }
    for (int n = 0; n < columns; n++) sums[n] = pith_sim_flush(pith_sim_flush(sums[n]) + pith_sim_flush(even[n] + odd[n]));
    __builtin_memcpy(pith_sim_state->data[c][m], sums, 64);
  }
}

/* ---- the names that code uses */

#undef _mm512_cmp_ps_mask
#undef _mm512_roundscale_ps
#undef _tile_dpbf16ps
#undef _tile_dpbssd
#undef _tile_dpbusd
#undef _tile_loadd
#undef _tile_stored
#undef _tile_zero
#define _mm512_add_epi8 pith_sim_add_epi8
#define _mm512_add_epi16 pith_sim_add_epi16
#define _mm512_add_epi32 pith_sim_add_epi32
#define _mm512_sub_epi16 pith_sim_sub_epi16
#define _mm512_sub_epi32 pith_sim_sub_epi32
#define _mm512_adds_epi16 pith_sim_adds_epi16
#define _mm512_subs_epu8 pith_sim_subs_epu8
#define _mm512_min_epu8 pith_sim_min_epu8
#define _mm512_mullo_epi32 pith_sim_mullo_epi32
#define _mm512_madd_epi16 pith_sim_madd_epi16
#define _mm512_maddubs_epi16 pith_sim_maddubs_epi16
#define _mm512_packs_epi16 pith_sim_packs_epi16
#define _mm512_packs_epi32 pith_sim_packs_epi32
#define _mm512_packus_epi16 pith_sim_packus_epi16
#define _mm512_unpackhi_epi8 pith_sim_unpackhi_epi8
#define _mm512_unpackhi_epi16 pith_sim_unpackhi_epi16
#define _mm512_unpacklo_epi8 pith_sim_unpacklo_epi8
#define _mm512_unpacklo_epi16 pith_sim_unpacklo_epi16
#define _mm512_slli_epi16 pith_sim_slli_epi16
#define _mm512_slli_epi32 pith_sim_slli_epi32
#define _mm512_srai_epi32 pith_sim_srai_epi32
#define _mm512_srai_epi16 pith_sim_srai_epi16
#define _mm512_srli_epi16 pith_sim_srli_epi16
#define _mm512_and_si512 pith_sim_and_si512
#define _mm512_min_ps pith_sim_min_ps
#define _mm512_max_ps pith_sim_max_ps
#define _mm512_fmadd_ps pith_sim_fmadd_ps
#define _mm512_cvtepi32_ps pith_sim_cvtepi32_ps
#define _mm512_cvtps_epi32 pith_sim_cvtps_epi32
#define _mm512_movepi8_mask pith_sim_movepi8_mask
#define _mm512_cvtepi8_epi16 pith_sim_cvtepi8_epi16
#define _mm512_cvtepu8_epi16 pith_sim_cvtepu8_epi16
#define _mm512_cvtepi8_epi32 pith_sim_cvtepi8_epi32
#define _mm512_cvtepu8_epi32 pith_sim_cvtepu8_epi32
#define _mm512_maskz_loadu_ps pith_sim_maskz_loadu_ps
#define _mm512_mask_storeu_ps pith_sim_mask_storeu_ps
#define _mm512_maskz_loadu_epi8 pith_sim_maskz_loadu_epi8
#define _mm512_mask_loadu_epi8 pith_sim_mask_loadu_epi8
#define _mm512_mask_storeu_epi8 pith_sim_mask_storeu_epi8
#define _mm512_mask_storeu_epi16 pith_sim_mask_storeu_epi16
#define _mm512_set1_epi8 pith_sim_set1_epi8
#define _mm512_set1_epi16 pith_sim_set1_epi16
#define _mm512_set1_epi32 pith_sim_set1_epi32
#define _mm512_set1_ps pith_sim_set1_ps
#define _mm512_mask_blend_ps pith_sim_mask_blend_ps
#define _mm512_mask_blend_epi8 pith_sim_mask_blend_epi8
#define _mm512_test_epi32_mask pith_sim_test_epi32_mask
#define _mm512_permutexvar_epi32 pith_sim_permutexvar_epi32
#define _mm512_shuffle_i32x4 pith_sim_shuffle_i32x4
#define _mm512_permutex2var_epi8 pith_sim_permutex2var_epi8
#define _mm512_dpbusd_epi32 pith_sim_dpbusd_epi32
#define _mm512_dpwssd_epi32 pith_sim_dpwssd_epi32
#define _mm512_cvtne2ps_pbh pith_sim_cvtne2ps_pbh
#define _mm512_loadu_si512 pith_sim_load
#define _mm512_loadu_ps pith_sim_load_ps
#define _mm512_storeu_si512 pith_sim_store
#define _mm512_storeu_ps pith_sim_store_ps
#define _mm512_castsi256_si512 pith_sim_of256
#define _mm512_castsi128_si512 pith_sim_of128
#define _mm512_castsi512_si256 pith_sim_to256
#define _mm512_castsi512_si128 pith_sim_to128
#define _mm512_castps_si512(v) ((__m512i)(v))
#define _mm512_castsi512_ps(v) ((__m512)(v))
#define _mm512_cmp_ps_mask(a, b, how) pith_sim_compare(a, b, how)
#define _mm512_roundscale_ps(v, how) pith_sim_rint_ps(v)
#define _mm256_maskz_loadu_epi8 pith_sim256_maskz_loadu_epi8
#define _mm_maskz_loadu_epi8 pith_sim128_maskz_loadu_epi8
#define _mm_mask_storeu_epi8 pith_sim128_mask_storeu_epi8
#define _tile_loadconfig pith_sim_loadconfig
#define _tile_release pith_sim_release
#define _tile_zero pith_sim_zero
#define _tile_loadd pith_sim_loadd
#define _tile_stored pith_sim_stored
#define _tile_dpbssd(c, a, b) pith_sim_dp8(c, a, b, 1)
#define _tile_dpbusd(c, a, b) pith_sim_dp8(c, a, b, 0)
#define _tile_dpbf16ps pith_sim_dpbf16
#endif

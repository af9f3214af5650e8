/* Training kernels for a CPU: depthwise 3x3 convolution and batch normalisation fused with ReLU6.
 *
 * Tensors are NHWC and bfloat16 (stored as uint16_t); sums, weights and statistics are float32. Every loop runs over channels innermost
 * and vectorises; channel counts are multiples of 8 (depthwise: of 16). Bound from Python with ctypes, see cpu_kernels.py.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 256, WIDEST = 2048 }; /* rows summed in float32 before they join the double total; most channels */

typedef float f16v __attribute__((vector_size(64)));
typedef uint32_t u16v __attribute__((vector_size(64)));
typedef uint16_t h16v __attribute__((vector_size(32), aligned(2)));
typedef f16v f16u __attribute__((aligned(4)));

static inline f16v load(const uint16_t *p) {
    u16v wide = __builtin_convertvector(*(const h16v *)p, u16v) << 16;
    return (f16v)wide;
}

static inline void store(uint16_t *p, f16v x) { /* round to nearest, ties to even */
    u16v bits = (u16v)x;
    bits = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    *(h16v *)p = __builtin_convertvector(bits, h16v);
}

static inline float wide(uint16_t h) {
    uint32_t bits = (uint32_t)h << 16;
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

static inline uint16_t narrow(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/* Sixteen channels of the correlation of a 3x3 window of x, whose top left corner (y0, x0) may lie outside, with w [9][C]. */
static inline f16v window(const uint16_t *x, const float *w, long y0, long x0, long h, long wd, long c) {
    const uint16_t *at = x + (y0 * wd + x0) * c;
    f16v acc = {0};
    if (y0 >= 0 && x0 >= 0 && y0 + 2 < h && x0 + 2 < wd) {
#pragma GCC unroll 9
        for (long t = 0; t < 9; t++) acc += load(at + (t / 3 * wd + t % 3) * c) * *(const f16u *)(w + t * c);
    } else {
        for (long t = 0; t < 9; t++) {
            long iy = y0 + t / 3, ix = x0 + t % 3;
            if (iy >= 0 && iy < h && ix >= 0 && ix < wd) acc += load(at + (t / 3 * wd + t % 3) * c) * *(const f16u *)(w + t * c);
        }
    }
    return acc;
}

/* y[n, oy, ox, c] = sum over ky, kx of x[n, oy*s + ky - 1, ox*s + kx - 1, c] * w[ky, kx, c]; w is float32 [9][C]. */
void dw_forward(const uint16_t *x, const float *w, uint16_t *y, long n, long h, long wd, long c, long s) {
    long oh = h / s, ow = wd / s;
#pragma omp parallel for
    for (long i = 0; i < n; i++)
        for (long oy = 0; oy < oh; oy++)
            for (long ox = 0; ox < ow; ox++)
                for (long k = 0; k < c; k += 16)
                    store(y + ((i * oh + oy) * ow + ox) * c + k, window(x + i * h * wd * c + k, w + k, oy * s - 1, ox * s - 1, h, wd, c));
}

/* Gradient with respect to x: every input pixel gathers from the outputs it took part in; turned is w with its nine taps reversed. */
void dw_backward_data(const uint16_t *g, const float *w, const float *turned, uint16_t *gx, long n, long h, long wd, long c, long s) {
    long oh = h / s, ow = wd / s;
#pragma omp parallel for
    for (long i = 0; i < n; i++)
        for (long iy = 0; iy < h; iy++)
            for (long ix = 0; ix < wd; ix++)
                for (long k = 0; k < c; k += 16) {
                    const uint16_t *gi = g + i * oh * ow * c + k;
                    f16v acc = {0};
                    if (s == 1) {
                        acc = window(gi, turned + k, iy - 1, ix - 1, h, wd, c);
                    } else {
                        for (long ky = (iy + 1) % s; ky < 3; ky += s) {
                            long oy = (iy + 1 - ky) / s;
                            if (iy + 1 < ky || oy >= oh) continue;
                            for (long kx = (ix + 1) % s; kx < 3; kx += s) {
                                long ox = (ix + 1 - kx) / s;
                                if (ix + 1 < kx || ox >= ow) continue;
                                acc += load(gi + (oy * ow + ox) * c) * *(const f16u *)(w + (ky * 3 + kx) * c + k);
                            }
                        }
                    }
                    store(gx + ((i * h + iy) * wd + ix) * c + k, acc);
                }
}

/* Gradient with respect to w, float32 [9][C], zero before the call. An image stays in cache while nine accumulators go over it. */
void dw_backward_weight(const uint16_t *g, const uint16_t *x, float *gw, long n, long h, long wd, long c, long s) {
    long oh = h / s, ow = wd / s;
#pragma omp parallel
    {
        float sums[9 * WIDEST];
        memset(sums, 0, (size_t)(9 * c) * 4);
#pragma omp for
        for (long i = 0; i < n; i++)
            for (long k = 0; k < c; k += 16) {
                const uint16_t *xi = x + i * h * wd * c + k, *gi = g + i * oh * ow * c + k;
                f16v acc[9] = {{0}};
                for (long oy = 0; oy < oh; oy++)
                    for (long ox = 0; ox < ow; ox++) {
                        f16v d = load(gi + (oy * ow + ox) * c);
                        long y0 = oy * s - 1, x0 = ox * s - 1;
                        const uint16_t *at = xi + (y0 * wd + x0) * c;
                        if (y0 >= 0 && x0 >= 0 && y0 + 2 < h && x0 + 2 < wd) {
#pragma GCC unroll 9
                            for (long t = 0; t < 9; t++) acc[t] += d * load(at + (t / 3 * wd + t % 3) * c);
                        } else {
#pragma GCC unroll 9
                            for (long t = 0; t < 9; t++) {
                                long iy = y0 + t / 3, ix = x0 + t % 3;
                                if (iy >= 0 && iy < h && ix >= 0 && ix < wd) acc[t] += d * load(at + (t / 3 * wd + t % 3) * c);
                            }
                        }
                    }
                for (long t = 0; t < 9; t++) *(f16u *)(sums + t * c + k) += acc[t];
            }
#pragma omp critical
        for (long k = 0; k < 9 * c; k++) gw[k] += sums[k];
    }
}

/* sum[c], square[c] over all m rows of x [m][C]. */
void bn_stats(const uint16_t *x, double *sum, double *square, long m, long c) {
#pragma omp parallel
    {
        float s[WIDEST], q[WIDEST];
#pragma omp for
        for (long r0 = 0; r0 < m; r0 += ROWS) {
            long r1 = r0 + ROWS < m ? r0 + ROWS : m;
            memset(s, 0, (size_t)c * 4);
            memset(q, 0, (size_t)c * 4);
            for (long r = r0; r < r1; r++)
                for (long k = 0; k < c; k++) {
                    float v = wide(x[r * c + k]);
                    s[k] += v;
                    q[k] += v * v;
                }
#pragma omp critical
            for (long k = 0; k < c; k++) sum[k] += s[k], square[k] += q[k];
        }
    }
}

/* y = x * a + b, then clamped to 0..6 if act. */
void bn_apply(const uint16_t *restrict x, const float *restrict a, const float *restrict b, uint16_t *restrict y, long m, long c,
              long act) {
#pragma omp parallel for
    for (long r = 0; r < m; r++) {
        const uint16_t *p = x + r * c;
        uint16_t *o = y + r * c;
        if (act)
            for (long k = 0; k < c; k++) {
                float v = wide(p[k]) * a[k] + b[k];
                v = v > 0.0f ? v : 0.0f;
                o[k] = narrow(v < 6.0f ? v : 6.0f);
            }
        else
            for (long k = 0; k < c; k++) o[k] = narrow(wide(p[k]) * a[k] + b[k]);
    }
}

/* With d = g where the activation passed, else 0: sum[c] = sum of d, dot[c] = sum of d * x. */
void bn_backward_sums(const uint16_t *g, const uint16_t *x, const float *a, const float *b, double *sum, double *dot, long m,
                      long c, long act) {
    float low = act ? 0.0f : -3.4e38f, high = act ? 6.0f : 3.4e38f;
#pragma omp parallel
    {
        float s[WIDEST], q[WIDEST];
#pragma omp for
        for (long r0 = 0; r0 < m; r0 += ROWS) {
            long r1 = r0 + ROWS < m ? r0 + ROWS : m;
            memset(s, 0, (size_t)c * 4);
            memset(q, 0, (size_t)c * 4);
            for (long r = r0; r < r1; r++)
                for (long k = 0; k < c; k++) {
                    float v = wide(x[r * c + k]), z = v * a[k] + b[k], d = wide(g[r * c + k]);
                    d = z > low ? d : 0.0f;
                    d = z < high ? d : 0.0f;
                    s[k] += d;
                    q[k] += d * v;
                }
#pragma omp critical
            for (long k = 0; k < c; k++) sum[k] += s[k], dot[k] += q[k];
        }
    }
}

/* gx = a * d + e * x + f, d as above. */
void bn_backward_apply(const uint16_t *restrict g, const uint16_t *restrict x, const float *restrict a, const float *restrict b,
                       const float *restrict e, const float *restrict f, uint16_t *restrict gx, long m, long c, long act) {
    float low = act ? 0.0f : -3.4e38f, high = act ? 6.0f : 3.4e38f;
#pragma omp parallel for
    for (long r = 0; r < m; r++)
        for (long k = 0; k < c; k++) {
            float v = wide(x[r * c + k]), z = v * a[k] + b[k], d = wide(g[r * c + k]);
            d = z > low ? d : 0.0f;
            d = z < high ? d : 0.0f;
            gx[r * c + k] = narrow(a[k] * d + e[k] * v + f[k]);
        }
}

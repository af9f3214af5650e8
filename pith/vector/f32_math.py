"""exp, sigmoid, silu, tanh, erf and gelu over vectors, for activations: fast forms with stated bounds (coefficients: benchmarks/math).

Where `pith.vector.math` is accurate to about half an ULP for scalars, these keep to a few ULP at a few instructions an
element. Bounds (ULP of the float32 result, tested over the whole range by tests/vector/test_f32_vector.py):
exp 1.5; exp_down and exp2_down (e^x and 2^x for x <= 0) 1.5 where that is a normal number (0 below); sigmoid and silu
(x times sigmoid of x) 2.5 for x >= -87 (below, they stay at about 1.6e-38 and -1.4e-36); tanh 3; erf 3. gelu:
4 * 2^-24 * |x|, absolutely. NaN stays NaN.

`short_math` has sigmoid and silu for results that are rounded to 8 bits at once: SHORT_BOUND, relative, down to -87; of a result
that is all of 255 steps, that is less than a hundredth of one.
"""

from __future__ import annotations

import functools

from pith.targets.isa.base import ISA
from pith.vector import gnu, simd128
from pith.vector.cfunction import CFunction
from pith.vector.f32_neon import SHIFT as _NEON

ULP_BOUND = {"exp": 1.5, "sigmoid": 2.5, "silu": 2.5, "tanh": 3.0, "erf": 3.0}
GELU_BOUND = 4.0  # times 2^-24 * |x|
SHORT_BOUND = 1.5e-5

_SHIFT = {  # the bits of each element moved up by 23: what is at the low end becomes the exponent
    "c99": "static inline vf vf_shift(vf x) {\n  union { float f; uint32_t u; } b;\n  b.f = x;\n  b.u <<= 23;\n  return b.f;\n}\n",
    "sse42": "static inline vf vf_shift(vf x) { return _mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(x), 23)); }\n",
    "avx2": "static inline vf vf_shift(vf x) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 23)); }\n",
    "avx512": "static inline vf vf_shift(vf x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 23)); }\n",
    "simd128": simd128.SHIFT, "simd128r": simd128.SHIFT,
    **dict.fromkeys(gnu.NAMES, gnu.SHIFT),
    "neon": _NEON, "neon32": _NEON,
}

_TEXT = """static inline vf vf_pow2(vf n) { return vf_shift(n + vf_set1(12583039.0f)); } /* 1.5 * 2^23 + 127 */
/* e^x = 2^n * p with n = rint(x / ln 2): returns p (between 0.7 and 1.42), stores n */
static inline vf vf_exp_parts(vf x, vf *n) {
  const vf magic = vf_set1(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer */
  const vf k = vf_fma(x, vf_set1(1.442695f), magic) - magic;
  const vf r = vf_fma(k, vf_set1(-1.4286068e-06f), vf_fma(k, vf_set1(-0.693145751953125f), x));
  vf p = vf_fma(r, vf_set1(0.0013814613f), vf_set1(0.00836871f));
  p = vf_fma(r, p, vf_set1(0.04166839f));
  p = vf_fma(r, p, vf_set1(0.16666521f));
  p = vf_fma(r, p, vf_set1(0.49999994f));
  *n = k;
  return vf_fma(r * r, p, r) + vf_set1(1.0f);
}
static inline vf vf_abs(vf x) { return vf_max(x, -x); }
static inline vf vf_exp(vf x) {
  vf n;
  const vf p = vf_exp_parts(vf_min(vf_max(x, vf_set1(-104.0f)), vf_set1(89.0f)), &n);
  const vf magic = vf_set1(12582912.0f), half = (n * vf_set1(0.5f) + magic) - magic;
  return p * vf_pow2(half) * vf_pow2(n - half); /* in two steps, so that subnormals and infinity come out right */
}
/* 1 + e^-x for x >= -87; nothing cancels on either side, so that one form serves both */
static inline vf vf_logistic(vf x) {
  vf n;
  const vf p = vf_exp_parts(-vf_min(x, vf_set1(87.0f)), &n);
  return vf_fma(p, vf_pow2(n), vf_set1(1.0f));
}
static inline vf vf_sigmoid(vf x) { return vf_set1(1.0f) / vf_logistic(vf_max(x, vf_set1(-87.0f))); }
static inline vf vf_silu(vf x) { /* x * sigmoid(x) */
  const vf c = vf_max(x, vf_set1(-87.0f));
  return c / vf_logistic(c);
}
/* e^x for x <= 0; below -87.7 it is 0 */
static inline vf vf_exp_down(vf x) {
  vf n;
  const vf p = vf_exp_parts(vf_max(x, vf_set1(-88.0f)), &n);
  return p * vf_pow2(n);
}
/* 2^x for x <= 0; below -126.5 it is 0 */
static inline vf vf_exp2_down(vf x) {
  const vf magic = vf_set1(12583039.0f), c = vf_max(x, vf_set1(-127.0f)), k = c + magic, r = c - (k - magic), s = r * r;
  const vf a = vf_fma(r, vf_set1(0.2402265f), vf_set1(0.69314724f)), b = vf_fma(r, vf_set1(0.009618031f), vf_set1(0.055502973f));
  const vf d = vf_fma(r, vf_set1(0.00015469732f), vf_set1(0.0013410001f)); /* pairs, so that little waits for each other */
  const vf p = vf_fma(s, vf_fma(s, d, b), a);
  return vf_fma(r, p, vf_set1(1.0f)) * vf_shift(k);
}
static inline vf vf_tanh(vf x) {
  const vf a = vf_abs(x), s = x * x, one = vf_set1(1.0f);
  vf n;
  const vf p = vf_exp_parts(vf_min(a + a, vf_set1(20.0f)), &n);
  const vf t = one - vf_set1(2.0f) / (vf_fma(p, vf_pow2(n), one));
  vf q = vf_fma(s, vf_set1(-0.005704987f), vf_set1(0.020639088f));
  q = vf_fma(s, q, vf_set1(-0.053739715f));
  q = vf_fma(s, q, vf_set1(0.13331442f));
  q = vf_fma(s, q, vf_set1(-0.3333328f));
  return vf_lt(a, vf_set1(0.625f), vf_fma(x * s, q, x), vf_lt(x, vf_set1(0.0f), -t, t));
}
/* below 1 a polynomial; from 1 on 1 - e^-q, where q = -ln erfc |x| is another, and beyond 3.95 nothing is left of e^-q */
static inline vf vf_erf(vf x) {
  const vf a = vf_abs(x), s = x * x, one = vf_set1(1.0f);
  vf p = vf_fma(s, vf_set1(7.853862e-05f), vf_set1(-0.0008010194f));
  p = vf_fma(s, p, vf_set1(0.0051883277f));
  p = vf_fma(s, p, vf_set1(-0.026853813f));
  p = vf_fma(s, p, vf_set1(0.112835854f));
  p = vf_fma(s, p, vf_set1(-0.37612626f));
  p = vf_fma(s, p, vf_set1(1.1283791f));
  const vf t = vf_min(a, vf_set1(3.95f)) - vf_set1(2.0f);
  vf q = vf_fma(t, vf_set1(-0.00018637933f), vf_set1(0.00071110774f));
  q = vf_fma(t, q, vf_set1(-0.0035442326f));
  q = vf_fma(t, q, vf_set1(0.016487904f));
  q = vf_fma(t, q, vf_set1(0.9237535f));
  q = vf_fma(t, q, vf_set1(4.4181595f));
  q = vf_fma(t, q, vf_set1(5.364941f));
  vf n;
  const vf e = vf_exp_parts(-q, &n), large = one - e * vf_pow2(n);
  return vf_lt(a, one, x * p, vf_lt(x, vf_set1(0.0f), -large, large));
}
/* x (1/2 + c p / q), with a quotient of polynomials in c^2 for the distribution function of |x| <= 5.45; beyond it is 0 or 1 */
static inline vf vf_gelu(vf x) {
  const vf c = vf_min(vf_max(x, vf_set1(-5.45f)), vf_set1(5.45f)), s = c * c, half = vf_set1(0.5f);
  const vf s2 = s * s, s4 = s2 * s2; /* pairs, so that little waits for each other */
  const vf p0 = vf_fma(s, vf_set1(0.03360679f), vf_set1(0.39894223f)), q0 = vf_fma(s, vf_set1(0.25090572f), vf_set1(1.0f));
  const vf p1 = vf_fma(s, vf_set1(0.0001665063f), vf_set1(0.0046635936f)), q1 = vf_fma(s, vf_set1(0.0018713162f), vf_set1(0.028508754f));
  const vf p2 = vf_fma(s, vf_set1(2.3064299e-08f), vf_set1(6.354552e-06f)), q2 = vf_fma(s, vf_set1(1.2068375e-06f), vf_set1(7.2997456e-05f));
  const vf p = vf_fma(s4, p2, vf_fma(s2, p1, p0)), q = vf_fma(s4, q2, vf_fma(s2, q1, q0));
  return x * (half + vf_min(vf_max(c * p / q, -half), half));
}
"""

_SHORT = """/* 1 + e^-c for |c| <= 87, to five digits: 2^t by a polynomial of degree 4 */
static inline vf vf_logistic_short(vf c) {
  const vf t = c * vf_set1(-1.442695f), magic = vf_set1(12583039.0f), k = t + magic, r = t - (k - magic);
  vf p = vf_fma(r, vf_set1(0.009676037f), vf_set1(0.056005787f));
  p = vf_fma(r, p, vf_set1(0.24022168f));
  p = vf_fma(r, p, vf_set1(0.69310534f));
  p = vf_fma(r, p, vf_set1(1.0f));
  return vf_fma(p, vf_shift(k), vf_set1(1.0f));
}
static inline vf vf_sigmoid_short(vf x) { return vf_set1(1.0f) / vf_logistic_short(vf_min(vf_max(x, vf_set1(-87.0f)), vf_set1(87.0f))); }
static inline vf vf_silu_short(vf x) {
  const vf c = vf_max(x, vf_set1(-87.0f));
  return c / vf_logistic_short(vf_min(c, vf_set1(87.0f)));
}
"""
SHORT = ("sigmoid", "silu")


@functools.cache
def short_math(isa: ISA) -> CFunction:
    """The C text of vf_sigmoid_short and vf_silu_short for `isa`."""
    return CFunction("vf_math_short", _SHORT, (vector_math(isa),))


@functools.cache
def vector_math(isa: ISA) -> CFunction:
    """The C text of vf_abs, vf_exp, vf_exp_down, vf_exp2_down, vf_sigmoid, vf_silu, vf_tanh, vf_erf and vf_gelu for `isa`."""
    from pith.vector.f32 import dialect

    return CFunction("vf_math", _SHIFT[isa.name] + _TEXT, (dialect(isa),), ("stdint.h",))

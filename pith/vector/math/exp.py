"""exp, exp2, expm1, sigmoid.

Method: x = k ln2 + r with |r| <= ln2/2 by Cody and Waite's two-part constant (Muller, Elementary Functions, 3rd ed.,
section 11.2), k by adding and subtracting 1.5 * 2^mantissa; e^r = 1 + r + r^2 P(r) with P minimax; r carries the
rounding error of the reduction along, and 1 + r is summed exactly, so that the result is rounded once in effect.
No branch: clamping keeps k in range, over- and underflow come out of the last multiplication, NaN passes through.
"""

from __future__ import annotations

from pith.vector.math import _common as c

FAMILY = c.Family()
_add = FAMILY.add

reduced = _add(
    "reduced",
    """
/* e^x = 2^k (1 + r + w), |r| <= ln2/2, |w| <= r^2. */
typedef struct { $U k; $T r, w; } pith_reduced_$S;
""",
)

exp_tail = _add(
    "exp_tail",
    """
/* w such that e^(r + c) = 1 + r + w, for a small c. */
static inline $T pith_exp_tail_$S($T r, $T c) {
  $poly(EXP, r)
  return r * r * p + (c + c * r);
}
""",
)

exp_reduce = _add(
    "exp_reduce",
    """
/* Reduces x + xl, |x| within the clamps of the callers. The bits of t hold k; a NaN passes through r. */
static inline pith_reduced_$S pith_exp_reduce_$S($T x, $T xl) {
  const $T t = x * $c(LOG2E) + $MAGIC, n = t - $MAGIC;
  const $T rh = x - n * $c(LN2_HI), rl = xl - n * $c(LN2_LO);
  pith_reduced_$S e;
  e.k = pith_bits_$S(t) - $MAGICBITS;
  e.r = rh + rl;
  e.w = pith_exp_tail_$S(e.r, (rh - e.r) + rl);
  return e;
}
""",
    (c.bits, reduced, exp_tail),
    extra={
        "f32": {"MAGIC": "0x1.8p23f", "MAGICBITS": "0x4b400000u"},
        "f64": {"MAGIC": "0x1.8p52", "MAGICBITS": "UINT64_C(0x4338000000000000)"},
    },
)

exp = _add(
    "exp",
    """
/* e^x */
static inline $T pith_exp_$S($T x) {
  const $T a = x > $TOP ? $TOP : x, b = a < $BOTTOM ? $BOTTOM : a;
  const pith_reduced_$S e = pith_exp_reduce_$S(b, 0.0$X);
  const $T s = 1.0$X + e.r, sl = (1.0$X - s) + e.r;
  return pith_exp2_int_$S(s + (sl + e.w), e.k);
}
""",
    (exp_reduce, c.exp2_int),
    extra={"f32": {"TOP": "89.0f", "BOTTOM": "-105.0f"}, "f64": {"TOP": "710.0", "BOTTOM": "-746.0"}},
)

exp2 = _add(
    "exp2",
    """
/* 2^x: k is the nearest integer, the fraction is exact and its product with ln2 is kept in two parts. */
static inline $T pith_exp2_$S($T x) {
  const $T a = x > $TOP ? $TOP : x, b = a < $BOTTOM ? $BOTTOM : a;
  const $T t = b + $MAGIC, f = b - (t - $MAGIC), fh = pith_upper_half_$S(f);
  const $T rh = fh * $c(LN2_SPLIT_HI), rl = fh * $c(LN2_SPLIT_LO) + (f - fh) * $c(LN2), r = rh + rl;
  const $T w = pith_exp_tail_$S(r, (rh - r) + rl);
  const $T s = 1.0$X + r, sl = (1.0$X - s) + r;
  return pith_exp2_int_$S(s + (sl + w), pith_bits_$S(t) - $MAGICBITS);
}
""",
    (c.upper, exp_tail, c.bits, c.exp2_int),
    extra={
        "f32": {"TOP": "129.0f", "BOTTOM": "-152.0f", "MAGIC": "0x1.8p23f", "MAGICBITS": "0x4b400000u"},
        "f64": {"TOP": "1025.0", "BOTTOM": "-1077.0", "MAGIC": "0x1.8p52", "MAGICBITS": "UINT64_C(0x4338000000000000)"},
    },
)

exp_pair = _add(
    "exp_pair",
    """
/* 1 + r + w as a sum whose second part is small against the first. */
static inline pith_pair_$S pith_exp_pair_$S(pith_reduced_$S e) {
  const $T s = 1.0$X + e.r, t = ((1.0$X - s) + e.r) + e.w;
  return pith_fast_two_sum_$S(s, t);
}
""",
    (reduced, c.fast_two_sum),
)

expm1_pair = _add(
    "expm1_pair",
    """
/* scale * (e^x - 1) as an unevaluated sum, where power = scale * 2^k: (power - scale) + power r + power w. */
static inline pith_pair_$S pith_expm1_pair_$S(pith_reduced_$S e, $T scale, $T power) {
  const $T a = power - scale, al = (power - a) - scale, b = power * e.r;
  pith_pair_$S s;
  s.hi = a + b;
  s.lo = (b - (s.hi - a)) + (power * e.w + al);
  return s;
}
""",
    (c.pair, reduced),
)

expm1 = _add(
    "expm1",
    """
/* e^x - 1; worked at half scale so that 2^k does not overflow before the result does. */
static inline $T pith_expm1_$S($T x) {
  const $T a = x > $TOP ? $TOP : x, b = a < $BOTTOM ? $BOTTOM : a;
  const pith_reduced_$S e = pith_exp_reduce_$S(b, 0.0$X);
  const pith_pair_$S s = pith_expm1_pair_$S(e, 0.5$X, pith_from_bits_$S((e.k + $BIAS - 1u) << $MANT));
  const $T y = 2.0$X * (s.hi + s.lo);
  return pith_magnitude_$S(x) < $TINY ? x : y;
}
""",
    (exp_reduce, expm1_pair, c.from_bits, c.absolute),
    extra={
        "f32": {"TOP": "89.0f", "BOTTOM": "-18.0f", "TINY": "0x1p-26f"},
        "f64": {"TOP": "710.0", "BOTTOM": "-38.0", "TINY": "0x1p-55"},
    },
)

sigmoid = _add(
    "sigmoid",
    """
/* 1 / (1 + e^-x): with t = e^-|x|, 1 / (1 + t) or t / (1 + t), the power of two of the small side put on last. */
static inline $T pith_sigmoid_$S($T x) {
  const $T m = pith_magnitude_$S(x), a = m > $TOP ? $TOP : m;
  const pith_reduced_$S e = pith_exp_reduce_$S(-a, 0.0$X);
  const pith_pair_$S p = pith_exp_pair_$S(e);
  const $U big = e.k + $u($LIMIT);
  const $T power = pith_from_bits_$S((big > $u($LIMIT) ? $u(0) : e.k + $BIAS) << $MANT);
  const $T t = p.hi * power, d = 1.0$X + t, dl = ((1.0$X - d) + t) + p.lo * power;
  const int negative = x < 0.0$X;
  const pith_pair_$S q = pith_quotient_$S(negative ? p.hi : 1.0$X, negative ? p.lo : 0.0$X, d, dl);
  return pith_exp2_int_$S(q.hi + q.lo, negative ? e.k : $u(0));
}
""",
    (exp_reduce, exp_pair, c.absolute, c.from_bits, c.quotient, c.exp2_int),
    extra={"f32": {"TOP": "105.0f", "LIMIT": "120"}, "f64": {"TOP": "746.0", "LIMIT": "1000"}},
)

MATH: c.Table = {k: f for k, f in FAMILY.functions.items() if k[0] in ("exp", "exp2", "expm1", "sigmoid")}

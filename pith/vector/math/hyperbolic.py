"""tanh, sinh, cosh, asinh, acosh, atanh.

Method: from e^x - 1, e^x and log(1 + x) as unevaluated sums of two numbers, so that each result is rounded once in
effect (identities: Abramowitz and Stegun, sections 4.5 and 4.6). tanh x = a / (a + 2) with a = e^2x - 1. sinh has its
own minimax polynomial below 1, where the two exponentials would cancel.
"""

from __future__ import annotations

from pith.vector.math import _common as c
from pith.vector.math.exp import exp_reduce, expm1_pair
from pith.vector.math.log import log1p_pair
from pith.vector.math.rounding import sqrt

FAMILY = c.Family()
_add = FAMILY.add

tanh = _add(
    "tanh",
    """
/* tanh |x| = a / (a + 2), a = e^2|x| - 1 */
static inline $T pith_tanh_$S($T x) {
  const $T m = pith_magnitude_$S(x), b = m > $TOP ? $TOP : m;
  const pith_reduced_$S e = pith_exp_reduce_$S(2.0$X * b, 0.0$X);
  const pith_pair_$S s = pith_expm1_pair_$S(e, 1.0$X, pith_from_bits_$S((e.k + $BIAS) << $MANT));
  const $T a = s.hi + s.lo, al = s.lo - (a - s.hi), d = a + 2.0$X, z = d - a;
  const pith_pair_$S q = pith_quotient_$S(a, al, d, (a - (d - z)) + (2.0$X - z) + al);
  return m < $TINY ? x : pith_with_sign_$S(q.hi + q.lo, x);
}
""",
    (c.absolute, exp_reduce, expm1_pair, c.from_bits, c.quotient, c.copysign),
    extra={"f32": {"TOP": "9.5f", "TINY": "0x1p-13f"}, "f64": {"TOP": "20.0", "TINY": "0x1p-28"}},
)

_EXTRA = {
    "f32": {"TOP": "91.0f", "FAR": "60"},
    "f64": {"TOP": "712.0", "FAR": "500"},
}
_TWO_SIDES = """
  const $T m = pith_magnitude_$S(x), b = m > $TOP ? $TOP : m;
  const pith_reduced_$S e = pith_exp_reduce_$S(b, 0.0$X);
  const $T s = 1.0$X + e.r, sl = ((1.0$X - s) + e.r) + e.w;
  const $U k = e.k > $u($FAR) ? $u($FAR) : e.k;
"""

sinh = _add(
    "sinh",
    """
/* sinh |x| = (e^|x| - e^-|x|) / 2, or x + x^3 P(x^2) below 1 */
static inline $T pith_sinh_$S($T x) {"""
    + _TWO_SIDES
    + """  const $T v = pith_from_bits_$S(($BIAS - 2u * k) << $MANT) / (s + sl), y = s - v;
  const $T far = pith_exp2_int_$S(y + (((s - y) - v) + sl), e.k - 1u);
  const $T z = m * m;
  $poly(SINH, z)
  return pith_with_sign_$S(m < 1.0$X ? m + m * (z * p) : far, x);
}
""",
    (c.absolute, exp_reduce, c.from_bits, c.exp2_int, c.copysign),
    extra=_EXTRA,
)

cosh = _add(
    "cosh",
    """
/* cosh x = (e^|x| + e^-|x|) / 2 */
static inline $T pith_cosh_$S($T x) {"""
    + _TWO_SIDES
    + """  const $T v = pith_from_bits_$S(($BIAS - 2u * k) << $MANT) / (s + sl);
  const pith_pair_$S y = pith_two_sum_$S(s, v);
  return pith_exp2_int_$S(y.hi + (y.lo + sl), e.k - 1u);
}
""",
    (c.absolute, exp_reduce, c.from_bits, c.two_sum, c.exp2_int),
    extra=_EXTRA,
)

_LARGE = {"f32": {"LARGE": "0x1p14f", "TINY": "0x1p-13f"}, "f64": {"LARGE": "0x1p30", "TINY": "0x1p-28"}}

asinh = _add(
    "asinh",
    """
/* asinh |x| = log(1 + |x| + x^2 / (1 + sqrt(1 + x^2))), or log(2|x|) far out */
static inline $T pith_asinh_$S($T x) {
  const $T m = pith_magnitude_$S(x);
  const int large = m > $LARGE;
  const $T a = large ? 1.0$X : m, z = a * a;
  const pith_pair_$S h = pith_fast_two_sum_$S(a, z / (1.0$X + pith_sqrt_$S(1.0$X + z)));
  const $T u = large ? (m > $MAX ? $MAX : m) : h.hi, ul = large ? -1.0$X : h.lo;
  const pith_pair_$S r = pith_log1p_pair_$S(u, ul, large ? 1.0$X : 0.0$X);
  const $T y = r.hi + r.lo;
  return m < $TINY || !(m <= $MAX) ? x : pith_with_sign_$S(y, x);
}
""",
    (c.absolute, sqrt, c.fast_two_sum, log1p_pair, c.copysign),
    extra=_LARGE,
)

acosh = _add(
    "acosh",
    """
/* acosh x = log(1 + t + sqrt(t (t + 2))), t = x - 1, with the square root in two parts; log(2x) far out */
static inline $T pith_acosh_$S($T x) {
  const int large = x > $LARGE;
  const $T b = large ? 2.0$X : x, t = b > 1.0$X ? b - 1.0$X : 0.0$X, tl = (b - t) - 1.0$X;
  const pith_pair_$S d = pith_two_sum_$S(t, 2.0$X), v = pith_two_product_$S(t, d.hi);
  const $T s = pith_sqrt_$S(v.hi);
  const pith_pair_$S ss = pith_two_product_$S(s, s);
  const $T sl = ((v.hi - ss.hi) - ss.lo + (v.lo + t * d.lo + 2.0$X * tl * b)) / (s + s + $MIN_NORMAL);
  const pith_pair_$S h = pith_two_sum_$S(t, s);
  const $T u = large ? (x > $MAX ? $MAX : x) : h.hi, ul = large ? -1.0$X : h.lo + (sl + tl);
  const pith_pair_$S r = pith_log1p_pair_$S(u, ul, large ? 1.0$X : 0.0$X);
  const $T y = r.hi + r.lo;
  return x < 1.0$X ? pith_from_bits_$S($INF | ($u(1) << ($MANT - 1))) : !(x <= $MAX) ? x : x > 1.0$X ? y : 0.0$X;
}
""",
    (c.two_sum, c.two_product, sqrt, log1p_pair, c.from_bits),
    extra=_LARGE,
)

atanh = _add(
    "atanh",
    """
/* atanh |x| = log(1 + 2|x| / (1 - |x|)) / 2, the quotient in two parts */
static inline $T pith_atanh_$S($T x) {
  const $T m = pith_magnitude_$S(x), b = m < 1.0$X ? m : 0.0$X, d = 1.0$X - b;
  const pith_pair_$S q = pith_quotient_$S(2.0$X * b, 0.0$X, d, (1.0$X - d) - b);
  const pith_pair_$S h = pith_fast_two_sum_$S(q.hi, q.lo), r = pith_log1p_pair_$S(h.hi, h.lo, 0.0$X);
  $T y = pith_with_sign_$S(0.5$X * (r.hi + r.lo), x);
  y = m < $TINY ? x : y;
  y = m == 1.0$X ? pith_with_sign_$S(pith_from_bits_$S($INF), x) : y;
  return m > 1.0$X ? pith_from_bits_$S($INF | ($u(1) << ($MANT - 1))) : x != x ? x : y;
}
""",
    (c.absolute, c.quotient, c.fast_two_sum, log1p_pair, c.copysign, c.from_bits),
    extra=_LARGE,
)

MATH: c.Table = dict(FAMILY.functions)

"""pow.

Method: x^y = e^(y log x) with log x and the product in two parts. log |x| = k ln2 + log m, log m = 2s + s z (2/3 + z
P(z)), s = (m - 1) / (m + 1), z = s^2; s, z and the 2/3 term are carried in two parts (Muller, Elementary Functions,
3rd ed., sections 11.3 and 14.3). Special cases: C99, annex F.9.4.4.
"""

from __future__ import annotations

from pith.vector.math import _common as c
from pith.vector.math.exp import exp_reduce
from pith.vector.math.log import log_split
from pith.vector.math.rounding import trunc

FAMILY = c.Family()

log_pair = FAMILY.add(
    "log_pair",
    """
/* log x as an unevaluated sum with an error near 2^-(1.5 mantissa), for x positive and normal; k is added to the
   exponent. */
static inline pith_pair_$S pith_log_pair_$S($T x, $T k) {
  const pith_log_split_$S a = pith_split_log_$S(x);
  const $T f = a.m - 1.0$X, d = a.m + 1.0$X, n = a.k + k;
  const pith_pair_$S q = pith_quotient_$S(f, 0.0$X, d, a.m - (d - 1.0$X));
  const pith_pair_$S s = pith_fast_two_sum_$S(q.hi, q.lo), z = pith_two_product_$S(s.hi, s.hi);
  /* z in two parts, times 2/3 in two parts, plus z^2 P */
  const $T zl = z.lo + 2.0$X * s.hi * s.lo;
  pith_pair_$S t = pith_two_product_$S(z.hi, $c(TWO_THIRDS)), u, v, w;
  const $T zh = z.hi;
  $poly(POW_LOG, zh)
  t.lo += z.hi * $c(TWO_THIRDS_TAIL) + zl * $c(TWO_THIRDS);
  u = pith_fast_two_sum_$S(t.hi, z.hi * z.hi * p + t.lo);
  /* times s */
  v = pith_two_product_$S(s.hi, u.hi);
  v.lo += s.hi * u.lo + s.lo * u.hi;
  /* k ln2 + 2s + v */
  w = pith_fast_two_sum_$S(n * $c(LN2_HI), 2.0$X * s.hi);
  t = pith_fast_two_sum_$S(w.hi, v.hi);
  t.lo += w.lo + (v.lo + 2.0$X * s.lo) + n * $c(LN2_LO);
  return pith_fast_two_sum_$S(t.hi, t.lo);
}
""",
    (log_split, c.quotient, c.fast_two_sum, c.two_product),
)

pow_ = FAMILY.add(
    "pow",
    """
/* x^y */
static inline $T pith_pow_$S($T x, $T y) {
  const $T one = 1.0$X, inf = pith_from_bits_$S($INF), m = pith_magnitude_$S(x), n = pith_magnitude_$S(y);
  const int small = m < $MIN_NORMAL;
  const int whole = n >= $BIG || (n + $BIG) - $BIG == n;
  const int odd = whole && n < 2.0$X * $BIG && pith_trunc_$S(0.5$X * n) * 2.0$X != n;
  const int minus = (pith_bits_$S(x) & $SIGN) != 0u;
  const pith_pair_$S l = pith_log_pair_$S(small ? m * $BIG : m, small ? -$MANT.0$X : 0.0$X);
  /* beyond this size the result is 0 or infinity whatever x is, and products stay finite */
  const $T b = n > $FAR ? pith_with_sign_$S($FAR, y) : y;
  const pith_pair_$S p = pith_two_product_$S(l.hi, b);
  const $T w = p.hi > $TOP ? $TOP : p.hi, v = w < $BOTTOM ? $BOTTOM : w;
  const pith_reduced_$S e = pith_exp_reduce_$S(v, v == p.hi ? p.lo + l.lo * b : 0.0$X);
  const $T s = one + e.r;
  $T r = pith_exp2_int_$S(s + (((one - s) + e.r) + e.w), e.k);
  if (m == 0.0$X || !(m <= $MAX)) r = (m == 0.0$X) == (y < 0.0$X) ? inf : 0.0$X;
  if (n == inf) r = m == one ? one : (m > one) == (y > 0.0$X) ? inf : 0.0$X;
  if (minus && odd) r = -r;
  if (minus && !whole && m != 0.0$X && m <= $MAX) r = pith_from_bits_$S($INF | ($u(1) << ($MANT - 1)));
  if (x != x || y != y) r = x + y;
  return x == one || y == 0.0$X ? one : r;
}
""",
    (c.absolute, log_pair, c.copysign, c.two_product, exp_reduce, c.exp2_int, c.bits, c.from_bits, trunc),
    extra={
        "f32": {"BIG": "0x1p23f", "FAR": "0x1p33f", "TOP": "89.0f", "BOTTOM": "-105.0f"},
        "f64": {"BIG": "0x1p52", "FAR": "0x1p66", "TOP": "710.0", "BOTTOM": "-746.0"},
    },
)

MATH: c.Table = dict(FAMILY.functions)

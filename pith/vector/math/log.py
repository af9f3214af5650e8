"""log, log2, log10, log1p, softplus.

Method: x = 2^k m with sqrt(1/2) <= m < sqrt(2), f = m - 1 exact; log(1 + f) = f - f^2/2 + R, where R is f^3 P(f) in
f32 and, after s = f / (2 + f), s (f^2/2 + s^2 P(s^2)) in f64 (Muller, Elementary Functions, 3rd ed., section 11.3); k
ln2 is added in two parts, of which the upper is exact, with the leading sum compensated.
"""

from __future__ import annotations

from pith.vector.math import _common as c
from pith.vector.math.exp import exp_pair, exp_reduce

FAMILY = c.Family()
_add = FAMILY.add

log_split = _add(
    "log_split",
    """
/* x = 2^k m for a positive normal x, k returned as a number: the integer is built inside a large constant. */
typedef struct { $U shift; $T k, m; } pith_log_split_$S;
static inline pith_log_split_$S pith_split_log_$S($T x) {
  const $U b = pith_bits_$S(x), e = (b + ($ONE - $ROOT)) >> $MANT;
  pith_log_split_$S s;
  s.shift = e - $BIAS;
  s.k = pith_from_bits_$S(e | $BIGBITS) - ($BIG + $BIAS);
  s.m = pith_from_bits_$S(b - (s.shift << $MANT));
  return s;
}
""",
    (c.bits, c.from_bits),
    extra={
        "f32": {"ROOT": "0x3f3504f3u", "BIGBITS": "0x4b000000u", "BIG": "0x1p23f"},
        "f64": {"ROOT": "UINT64_C(0x3fe6a09e667f3bcd)", "BIGBITS": "UINT64_C(0x4330000000000000)", "BIG": "0x1p52"},
    },
)

_TAIL = {
    "f32": "$poly(LOG, f)\n  return h - f * f * f * p;",
    "f64": "const double s = f / (2.0 + f), z = s * s;\n  $poly(LOG, z)\n  return h - s * (h + z * p);",
}
log_tail = _add(
    "log_tail",
    """
/* f - log(1 + f), for sqrt(1/2) - 1 <= f < sqrt(2) - 1. */
static inline $T pith_log_tail_$S($T f) {
  const $T h = 0.5$X * f * f;
  $TAIL
}
""",
    extra={k: {"TAIL": c.expand(t, k).strip()} for k, t in _TAIL.items()},
)

log_sum = _add(
    "log_sum",
    """
/* k ln2 + log(1 + f) + fl as an unevaluated sum. */
static inline pith_pair_$S pith_log_sum_$S($T k, $T f, $T fl) {
  pith_pair_$S s = pith_fast_two_sum_$S(k * $c(LN2_HI), f);
  s.lo = s.lo - (pith_log_tail_$S(f) - (k * $c(LN2_LO) + fl));
  return s;
}
""",
    (c.fast_two_sum, log_tail),
)

_EDGES = """
  y = x > $MAX ? x : y;
  y = x < 0.0$X ? pith_from_bits_$S($INF | ($u(1) << ($MANT - 1))) : y;
  y = x == 0.0$X ? -pith_from_bits_$S($INF) : y;
  return x != x ? x : y;
"""
_EXTRA = {"f32": {"SCALE": "0x1p23f", "STEP": "23.0f"}, "f64": {"SCALE": "0x1p52", "STEP": "52.0"}}

log = _add(
    "log",
    """
/* Natural logarithm. */
static inline $T pith_log_$S($T x) {
  const int small = x < $MIN_NORMAL;
  const pith_log_split_$S s = pith_split_log_$S(small ? x * $SCALE : x);
  const pith_pair_$S r = pith_log_sum_$S(small ? s.k - $STEP : s.k, s.m - 1.0$X, 0.0$X);
  $T y = r.hi + r.lo;"""
    + _EDGES
    + "}\n",
    (log_split, log_sum, c.from_bits),
    extra=_EXTRA,
)

for _name, _inverse, _k in (("log2", "INV_LN2", ""), ("log10", "INV_LN10", "x")):
    _add(
        _name,
        f"""
/* Logarithm to base {_name[3:]}: log(1 + f) in two parts times 1 / ln {_name[3:]} in two parts. */
static inline $T pith_{_name}_$S($T x) {{
  const int small = x < $MIN_NORMAL;
  const pith_log_split_$S s = pith_split_log_$S(small ? x * $SCALE : x);
  const $T f = s.m - 1.0$X, k = small ? s.k - $STEP : s.k, t = pith_log_tail_$S(f);
  const $T g = f - t, h = pith_upper_half_$S(g), l = (f - h) - t;
  const $T low = l * $c({_inverse}) + h * $c({_inverse}_LO){" + k * $c(LOG10_2_LO)" if _k else ""};
  const pith_pair_$S r = pith_fast_two_sum_$S({"k * $c(LOG10_2_HI)" if _k else "k"}, h * $c({_inverse}_HI));
  $T y = r.hi + (r.lo + low);"""
        + _EDGES
        + "}\n",
        (log_split, log_tail, c.upper, c.fast_two_sum, c.from_bits),
        extra=_EXTRA,
    )

log1p_pair = _add(
    "log1p_pair",
    """
/* log(1 + h + hl) + extra ln2 as an unevaluated sum, for h > -1, hl small against h; the rounding error of 1 + h is
   scaled along with the mantissa. */
static inline pith_pair_$S pith_log1p_pair_$S($T h, $T hl, $T extra) {
  const pith_pair_$S u = pith_two_sum_$S(1.0$X, h);
  const pith_log_split_$S s = pith_split_log_$S(u.hi);
  const $U room = $BIAS - s.shift;
  const $T scale = pith_from_bits_$S((room > 2u * $BIAS ? 0u : room) << $MANT);
  const $T c = (u.lo + hl) * scale, f = s.m - 1.0$X, g = f + c;
  return pith_log_sum_$S(s.k + extra, g, (f - g) + c);
}
""",
    (c.two_sum, log_split, log_sum, c.from_bits),
)

log1p = _add(
    "log1p",
    """
/* log(1 + x) */
static inline $T pith_log1p_$S($T x) {
  const $T a = x > -1.0$X ? x : 0.0$X, b = a > $MAX ? $MAX : a;
  const pith_pair_$S r = pith_log1p_pair_$S(b, 0.0$X, 0.0$X);
  $T y = r.hi + r.lo;
  y = pith_magnitude_$S(x) < $TINY ? x : y;
  y = x > $MAX ? x : y;
  y = x < -1.0$X ? pith_from_bits_$S($INF | ($u(1) << ($MANT - 1))) : y;
  y = x == -1.0$X ? -pith_from_bits_$S($INF) : y;
  return x != x ? x : y;
}
""",
    (log1p_pair, c.absolute, c.from_bits),
    extra={"f32": {"TINY": "0x1p-26f"}, "f64": {"TINY": "0x1p-55"}},
)

softplus = _add(
    "softplus",
    """
/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|) */
static inline $T pith_softplus_$S($T x) {
  const $T m = pith_magnitude_$S(x), a = m > $TOP ? $TOP : m;
  const pith_reduced_$S e = pith_exp_reduce_$S(-a, 0.0$X);
  const pith_pair_$S p = pith_exp_pair_$S(e);
  const pith_pair_$S r = pith_log1p_pair_$S(pith_exp2_int_$S(p.hi, e.k), pith_exp2_int_$S(p.lo, e.k), 0.0$X);
  const pith_pair_$S y = pith_two_sum_$S(x > 0.0$X ? (x > $MAX ? $MAX : x) : 0.0$X, r.hi);
  const $T z = y.hi + (y.lo + r.lo);
  return x > $MAX ? x : x != x ? x : z;
}
""",
    (exp_reduce, exp_pair, c.absolute, c.exp2_int, log1p_pair, c.two_sum),
    extra={"f32": {"TOP": "105.0f"}, "f64": {"TOP": "746.0"}},
)

MATH: c.Table = {k: f for k, f in FAMILY.functions.items() if k[0] in ("log", "log2", "log10", "log1p", "softplus")}

"""sin, cos, tan, asin, acos, atan, atan2.

Method: x modulo pi/2 exactly, for every finite x. In f32 by fixed-point multiplication of the 24-bit significand with
the 96 bits of 2/pi that matter for its exponent (Payne and Hanek 1983; Muller, Elementary Functions, 3rd ed., section
11.4), the bits picked by selects instead of a table so that loops vectorise. In f64 by Cody and Waite's reduction in
four parts below 2^20 and by Payne and Hanek's with 192 bits above. The remainder is kept in two parts; sin r = r +
r^3 P(r^2), cos r = 1 - r^2/2 + r^4 P(r^2). asin and acos use asin x = pi/2 - 2 asin sqrt((1 - x)/2) above 1/2, atan
is reduced to tan(pi/8) by one quotient kept in two parts (Abramowitz and Stegun, section 4.4).
"""

from __future__ import annotations

from pith.vector.cfunction import CFunction
from pith.vector.math import _common as c
from pith.vector.math.coefficients import TWO_OVER_PI_WORDS
from pith.vector.math.rounding import sqrt

FAMILY = c.Family()
_add = FAMILY.add
_NAN = "pith_from_bits_$S($INF | ($u(1) << ($MANT - 1)))"

angle = _add(
    "angle",
    """
/* An angle: quadrant and the rest, |hi + lo| <= pi/4, in two parts. */
typedef struct { uint32_t quadrant; $T hi, lo; } pith_angle_$S;
""",
)

turns = _add(
    "quarter_turns",
    """
/* (h + l) pi/2, |h| <= 1/2, for the rest of an angle; h is exact in half-width pieces. */
static inline pith_angle_$S pith_quarter_turns_$S(uint32_t quadrant, $T h, $T l) {
  const $T a = pith_upper_half_$S(h), b = (h - a) + l;
  const $T high = a * $c(PI_2_SPLIT_HI), low = a * $c(PI_2_SPLIT_LO) + b * $c(PI_2);
  pith_angle_$S r;
  r.quadrant = quadrant;
  r.hi = high + low;
  r.lo = low - (r.hi - high);
  return r;
}
""",
    (c.upper, angle),
)

_W = [f"0x{word:08x}u" for word in (0, *TWO_OVER_PI_WORDS[:7])]
_add(
    "reduce_angle",
    f"""
/* |x| modulo pi/2. w1 w2 w3: the 96 bits of 2/pi from the weight that gives whole turns on; p: |x| 2/pi modulo 4, 62
   bits after the point. */
static inline pith_angle_f32 pith_reduce_angle_f32(float x) {{
  const uint32_t b = pith_bits_f32(x) & 0x7fffffffu, o = (b >> 23) - 120u, s = o & 31u;
  const uint32_t far = (uint32_t)0 - ((o >> 7) & 1u);
  const uint32_t j1 = (uint32_t)0 - ((o >> 6) & 1u), j0 = (uint32_t)0 - ((o >> 5) & 1u);
  const uint32_t u0 = far & {_W[4]}, u1 = far ? {_W[5]} : {_W[1]};
  const uint32_t u2 = far ? {_W[6]} : {_W[2]}, u3 = far ? {_W[7]} : {_W[3]};
  const uint32_t v0 = j1 ? u2 : u0, v1 = j1 ? u3 : u1, v2 = j1 ? {_W[4]} : u2;
  const uint32_t v3 = j1 ? {_W[5]} : u3, v4 = j1 ? {_W[6]} : {_W[4]};
  const uint32_t t0 = j0 ? v1 : v0, t1 = j0 ? v2 : v1, t2 = j0 ? v3 : v2, t3 = j0 ? v4 : v3;
  const uint32_t w1 = (t0 << s) | ((t1 >> 1) >> (31u - s)), w2 = (t1 << s) | ((t2 >> 1) >> (31u - s));
  const uint32_t w3 = (t2 << s) | ((t3 >> 1) >> (31u - s)), m = (b & 0x007fffffu) | 0x00800000u;
  const uint64_t p = ((uint64_t)(m * w1) << 32) + (uint64_t)m * w2 + (((uint64_t)m * w3) >> 32);
  const uint32_t top = (uint32_t)(p >> 32), q = ((top >> 29) + 1u) >> 1, minus = (uint32_t)0 - ((top >> 29) & 1u);
  /* the rest as a magnitude (less one unit of 2^-62 when negative), then in pieces of 24, 24 and 14 bits */
  const uint32_t h = (top ^ minus) & 0x3fffffffu, l = (uint32_t)p ^ minus;
  const float fh = (float)(int32_t)(h & 0x3fffffc0u) * 0x1p-30f;
  const float fm = (float)(int32_t)(((h & 63u) << 18) | (l >> 14)) * 0x1p-48f;
  const float fl = (float)(int32_t)(l & 0x3fffu) * 0x1p-62f;
  const float sum = fh + fm;
  const pith_angle_f32 far_angle = pith_quarter_turns_f32(q, sum, (fm - (sum - fh)) + fl);
  const int near = b <= 0x3f490fdau;
  const float sign = minus ? -1.0f : 1.0f;
  pith_angle_f32 r;
  r.quadrant = near ? 0u : far_angle.quadrant;
  r.hi = near ? pith_from_bits_f32(b) : far_angle.hi * sign;
  r.lo = near ? 0.0f : far_angle.lo * sign;
  return r;
}}
""",
    (c.bits, c.from_bits, turns),
    ("f32",),
)

_WORDS = ["0", "0", *(f"0x{word:08x}u" for word in TWO_OVER_PI_WORDS[:38])]
_ROWS = ",\n    ".join(", ".join(_WORDS[i : i + 10]) for i in range(0, len(_WORDS), 10))
_add(
    "reduce_far",
    f"""
/* |x| modulo pi/2 for |x| >= 2^20: the significand times 192 bits of 2/pi, modulo 4, in words of 32 bits. */
static inline pith_angle_f64 pith_reduce_far_f64(double x) {{
  static const uint32_t two_over_pi[40] = {{
    {_ROWS}}};
  const uint64_t b = pith_bits_f64(x) & UINT64_C(0x7fffffffffffffff);
  const uint32_t o = (uint32_t)(b >> 52) - 1013u, s = o & 31u;
  const uint32_t *const t = two_over_pi + (o >> 5);
  const uint64_t ml = b & 0xffffffffu, mh = ((b >> 32) & 0x000fffffu) | 0x00100000u;
  uint64_t carry = 0, above = 0;
  uint32_t r[6], minus, quadrant;
  double d[5], h, e;
  int i;
  for (i = 5; i >= 0; --i) {{
    const uint64_t w = (t[i] << s) | ((t[i + 1] >> 1) >> (31u - s)), lo = ml * w, hi = mh * above;
    const uint64_t sum = (lo & 0xffffffffu) + (hi & 0xffffffffu) + carry;
    r[i] = (uint32_t)(sum & 0xffffffffu);
    carry = (sum >> 32) + (lo >> 32) + (hi >> 32);
    above = w;
  }}
  quadrant = ((r[0] >> 29) + 1u) >> 1;
  minus = (uint32_t)0 - ((r[0] >> 29) & 1u);
  for (i = 0; i < 5; ++i) r[i] ^= minus;
  d[0] = (double)(r[0] & 0x3fffffffu) * 0x1p-30;
  d[1] = (double)r[1] * 0x1p-62;
  d[2] = (double)r[2] * 0x1p-94;
  d[3] = (double)r[3] * 0x1p-126;
  d[4] = (double)r[4] * 0x1p-158;
  h = d[0] + d[1];
  e = (d[1] - (h - d[0])) + d[2];
  d[0] = h + e;
  e = (e - (d[0] - h)) + (d[3] + d[4]);
  return pith_quarter_turns_f64(quadrant, minus != 0u ? -d[0] : d[0], minus != 0u ? -e : e);
}}
""",
    (c.bits, turns),
    ("f64",),
)

_add(
    "reduce_angle",
    """
/* |x| modulo pi/2: n = |x| 2/pi rounded, |x| - n pi/2 with pi/2 in parts of 33 bits, whose products with n are
   exact. */
static inline pith_angle_f64 pith_reduce_angle_f64(double x) {
  const double m = pith_magnitude_f64(x);
  pith_angle_f64 r;
  if (m <= $c(PI_4)) {
    r.quadrant = 0;
    r.hi = m;
    r.lo = 0.0;
  } else if (m < 0x1p20) {
    const double t = m * $c(TWO_OVER_PI) + 0x1.8p52, n = t - 0x1.8p52;
    const pith_pair_f64 a = pith_two_sum_f64(m - n * $c(PI_2_PART1), -(n * $c(PI_2_PART2)));
    const pith_pair_f64 s = pith_two_sum_f64(a.hi, -(n * $c(PI_2_PART3)));
    const double low = s.lo + (a.lo - n * $c(PI_2_PART4));
    r.quadrant = (uint32_t)(pith_bits_f64(t) & 3u);
    r.hi = s.hi + low;
    r.lo = low - (r.hi - s.hi);
  } else {
    r = pith_reduce_far_f64(x);
  }
  return r;
}
""",
    (c.absolute, c.two_sum, c.bits, lambda kind: FAMILY.functions["reduce_far", kind]),
    ("f64",),
)


def reduce_angle(kind: str) -> CFunction:
    """The reduction of one type."""
    return FAMILY.functions["reduce_angle", kind]


sin_cos = _add(
    "sin_cos",
    """
/* Sine and cosine of a reduced angle, each as an unevaluated sum. */
typedef struct { pith_pair_$S sin, cos; } pith_sin_cos_$S;
static inline pith_sin_cos_$S pith_reduced_sin_cos_$S(pith_angle_$S r) {
  const $T z = r.hi * r.hi, h = 0.5$X * z, w = 1.0$X - h;
  pith_sin_cos_$S y;
  y.sin.hi = r.hi;
  {
    $poly(SIN, z)
    y.sin.lo = r.hi * z * p + (r.lo - r.lo * h);
  }
  y.cos.hi = w;
  {
    $poly(COS, z)
    y.cos.lo = ((1.0$X - w) - h) + (z * z * p - r.hi * r.lo);
  }
  return y;
}
""",
    (angle, c.pair),
)

for _name in ("sin", "cos"):
    _add(
        _name,
        f"""
/* {"Sine" if _name == "sin" else "Cosine"}. */
static inline $T pith_{_name}_$S($T x) {{
  const pith_angle_$S r = pith_reduce_angle_$S(x);
  const pith_sin_cos_$S y = pith_reduced_sin_cos_$S(r);
  const $T s = y.sin.hi + y.sin.lo, c = y.cos.hi + y.cos.lo;
  const $U b = pith_bits_$S((r.quadrant & 1u) != 0u ? {"c : s" if _name == "sin" else "s : c"});
  const $U turn = ($U)({"r.quadrant" if _name == "sin" else "(r.quadrant + 1u)"} & 2u) << ($BITS - 2);
  const $T v = pith_from_bits_$S(b ^ turn{" ^ (pith_bits_$S(x) & $SIGN)" if _name == "sin" else ""});
  return pith_magnitude_$S(x) <= $MAX ? v : x - x;
}}
""",
        (reduce_angle, sin_cos, c.bits, c.from_bits, c.absolute),
    )

_add(
    "tan",
    """
/* Tangent: the quotient of sine and cosine in two parts. */
static inline $T pith_tan_$S($T x) {
  const pith_angle_$S r = pith_reduce_angle_$S(x);
  const pith_sin_cos_$S y = pith_reduced_sin_cos_$S(r);
  const int odd = (r.quadrant & 1u) != 0u;
  const pith_pair_$S s = pith_fast_two_sum_$S(y.sin.hi, y.sin.lo), k = pith_fast_two_sum_$S(y.cos.hi, y.cos.lo);
  const pith_pair_$S q =
      pith_quotient_$S(odd ? -k.hi : s.hi, odd ? -k.lo : s.lo, odd ? s.hi : k.hi, odd ? s.lo : k.lo);
  const $T v = pith_from_bits_$S(pith_bits_$S(q.hi + q.lo) ^ (pith_bits_$S(x) & $SIGN)), m = pith_magnitude_$S(x);
  return m < $TINY ? x : m <= $MAX ? v : x - x;
}
""",
    (reduce_angle, sin_cos, c.fast_two_sum, c.quotient, c.bits, c.from_bits, c.absolute),
    extra={"f32": {"TINY": "0x1p-13f"}, "f64": {"TINY": "0x1p-28"}},
)

asin_core = _add(
    "asin_core",
    """
/* For |x| <= 1/2: asin |x| = hi + lo. Above: asin sqrt((1 - |x|)/2) = hi + lo, the square root in two parts. */
static inline pith_pair_$S pith_asin_core_$S($T m) {
  const int large = m > 0.5$X;
  const $T z = large ? 0.5$X * (1.0$X - m) : m * m, s = pith_sqrt_$S(large ? z : 1.0$X);
  const pith_pair_$S t = pith_two_product_$S(s, s);
  const $T sl = large ? ((z - t.hi) - t.lo) / (s + s + $MIN_NORMAL) : 0.0$X;
  pith_pair_$S y;
  $poly(ASIN, z)
  y.hi = large ? s : m;
  y.lo = y.hi * (z * p) + sl;
  return y;
}
""",
    (sqrt, c.two_product),
)

_add(
    "asin",
    f"""
/* Inverse sine. */
static inline $T pith_asin_$S($T x) {{
  const $T m = pith_magnitude_$S(x), b = m < 1.0$X ? m : 1.0$X;
  const pith_pair_$S a = pith_asin_core_$S(b);
  const pith_pair_$S d = pith_fast_two_sum_$S($c(PI_2), -2.0$X * a.hi);
  const $T y = b > 0.5$X ? d.hi + (d.lo + ($c(PI_2_TAIL) - 2.0$X * a.lo)) : a.hi + a.lo;
  return m <= 1.0$X ? pith_with_sign_$S(m < $TINY ? m : y, x) : m > 1.0$X ? {_NAN} : x;
}}
""",
    (c.absolute, asin_core, c.fast_two_sum, c.copysign, c.from_bits),
    extra={"f32": {"TINY": "0x1p-13f"}, "f64": {"TINY": "0x1p-28"}},
)

_add(
    "acos",
    f"""
/* Inverse cosine: pi/2 - asin x up to 1/2, 2 asin sqrt((1 - x)/2) and pi less that of -x above. */
static inline $T pith_acos_$S($T x) {{
  const $T m = pith_magnitude_$S(x), b = m < 1.0$X ? m : 1.0$X, sign = x < 0.0$X ? -1.0$X : 1.0$X;
  const pith_pair_$S a = pith_asin_core_$S(b);
  const int large = b > 0.5$X, minus = x < 0.0$X;
  const $T f = large ? (minus ? -2.0$X : 2.0$X) : -sign;
  const $T base = large ? (minus ? $c(PI) : 0.0$X) : $c(PI_2);
  const $T tail = large ? (minus ? $c(PI_TAIL) : 0.0$X) : $c(PI_2_TAIL);
  const pith_pair_$S d = pith_fast_two_sum_$S(base, f * a.hi);
  const $T y = d.hi + (d.lo + (tail + f * a.lo));
  return m <= 1.0$X ? y : m > 1.0$X ? {_NAN} : x;
}}
""",
    (c.absolute, asin_core, c.fast_two_sum, c.from_bits),
)

atan_core = _add(
    "atan_core",
    """
/* atan(y / x) in [0, pi/2] for y, x >= 0, not both 0, sums finite, as an unevaluated sum: the quotient is turned by
   0, pi/4 or pi/2. */
static inline pith_pair_$S pith_atan_core_$S($T y, $T x) {
  const int far = y > x * $c(TAN_3PI_8), middle = !far && y > x * $c(TAN_PI_8);
  const pith_pair_$S n = pith_two_sum_$S(y, -x), d = pith_two_sum_$S(y, x);
  const pith_pair_$S q = pith_quotient_$S(far ? -x : middle ? n.hi : y, middle ? n.lo : 0.0$X,
                                          far ? y : middle ? d.hi : x, middle ? d.lo : 0.0$X);
  const pith_pair_$S t = pith_fast_two_sum_$S(q.hi, q.lo);
  const $T z = t.hi * t.hi, base = far ? $c(PI_2) : middle ? $c(PI_4) : 0.0$X;
  const $T tail = far ? $c(PI_2_TAIL) : middle ? $c(PI_4_TAIL) : 0.0$X;
  pith_pair_$S r = pith_fast_two_sum_$S(base, t.hi);
  $poly(ATAN, z)
  r.lo += t.hi * (z * p) + (t.lo + tail);
  return r;
}
""",
    (c.two_sum, c.quotient, c.fast_two_sum),
)

_add(
    "atan",
    """
/* Inverse tangent. */
static inline $T pith_atan_$S($T x) {
  const $T m = pith_magnitude_$S(x);
  const pith_pair_$S r = pith_atan_core_$S(m > $TOP ? $TOP : m, 1.0$X);
  const $T y = pith_with_sign_$S(r.hi + r.lo, x);
  return m >= $TINY ? y : x;
}
""",
    (c.absolute, atan_core, c.copysign),
    extra={"f32": {"TOP": "0x1p30f", "TINY": "0x1p-13f"}, "f64": {"TOP": "0x1p60", "TINY": "0x1p-28"}},
)

_add(
    "atan2",
    """
/* The angle of the point (x, y), special cases of C99 annex F.9.1.4. Both are scaled into the middle of the range; a
   quotient below $NARROW is its own angle. */
static inline $T pith_atan2_$S($T y, $T x) {
  const $T a = pith_magnitude_$S(y), b = pith_magnitude_$S(x), inf = pith_from_bits_$S($INF);
  const int minus = (pith_bits_$S(x) & $SIGN) != 0u;
  $T r;
  if (x != x || y != y) return x + y;
  if (a == 0.0$X || (b == inf && a != inf)) {
    r = minus ? $c(PI) : 0.0$X;
  } else if (b == 0.0$X || (a == inf && b != inf)) {
    r = $c(PI_2);
  } else if (a == inf) {
    r = minus ? 3.0$X * $c(PI_4) : $c(PI_4);
  } else {
    const $T most = a > b ? a : b, scale = most > $HUGE ? $DOWN : most < $SMALL ? $UP : 1.0$X;
    const $T ys = a * scale, xs = b * scale;
    if (ys <= xs * $NARROW) {
      const $T t = a / b;
      r = minus ? $c(PI) + ($c(PI_TAIL) - t) : t;
    } else if (xs <= ys * $NARROW) {
      const $T t = xs / ys;
      r = $c(PI_2) + ($c(PI_2_TAIL) + (minus ? t : -t));
    } else {
      const pith_pair_$S t = pith_atan_core_$S(ys, xs), s = pith_fast_two_sum_$S($c(PI), -t.hi);
      r = minus ? s.hi + (s.lo + ($c(PI_TAIL) - t.lo)) : t.hi + t.lo;
    }
  }
  return pith_with_sign_$S(r, y);
}
""",
    (c.absolute, c.bits, c.from_bits, c.copysign, atan_core, c.fast_two_sum),
    extra={
        "f32": {"HUGE": "0x1p60f", "DOWN": "0x1p-70f", "SMALL": "0x1p-60f", "UP": "0x1p90f", "NARROW": "0x1p-26f"},
        "f64": {"HUGE": "0x1p500", "DOWN": "0x1p-560", "SMALL": "0x1p-500", "UP": "0x1p600", "NARROW": "0x1p-54"},
    },
)

MATH: c.Table = {
    k: f for k, f in FAMILY.functions.items() if k[0] in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2")
}

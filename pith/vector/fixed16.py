"""Sigmoid and tanh of 16-bit fixed point as C: the functions of `pith.graph.fixed16`."""

from __future__ import annotations

from pith.graph.fixed16 import FIRST, ONE, SLOPE, THIRD, TOP, exp_constant
from pith.vector.cfunction import CFunction
from pith.vector.fixed import ROUNDED_SHIFT

HIGH_PRODUCT_16 = CFunction(
    "pith_high_product_16",
    f"""/* a * b / 2^15 of 16-bit numbers, rounded to nearest, halves up */
static inline int32_t pith_high_product_16(int32_t a, int32_t b) {{
  const int32_t p = (a * b + (1 << 14)) >> 15;
  return p > {TOP} ? {TOP} : p;
}}
""",
    (),
    ("stdint.h",),
)

HELD_16 = CFunction(
    "pith_held_16",
    """/* v within int16 */
static inline int32_t pith_held_16(int64_t v) {
  return v > 32767 ? 32767 : v < -32768 ? -32768 : (int32_t)v;
}
""",
    (),
    ("stdint.h",),
)

_EXP_NEGATIVE_16 = CFunction(
    "pith_exp_negative_16",
    f"""/* exp(a) of a <= 0 with `bits` integer bits, from 1 to 7; 15 bits behind the point */
static int32_t pith_exp_negative_16(int32_t a, int32_t bits) {{
  static const int16_t factor[7] = {{{", ".join(str(exp_constant(2.0**e)) for e in range(-2, 5))}}};
  const int32_t quarter = 1 << (13 - bits), part = (a & (quarter - 1)) - quarter, rest = part - a;
  const int32_t x = part * (1 << bits) + (1 << 12), x2 = pith_high_product_16(x, x);
  const int32_t x3 = pith_high_product_16(x2, x), x4 = pith_high_product_16(x2, x2);
  const int32_t poly = pith_rounded_shift(pith_high_product_16(pith_rounded_shift(x4, 2) + x3, {THIRD}) + x2, 1);
  int32_t y = {exp_constant(1 / 8)} + pith_high_product_16(x + poly, {exp_constant(1 / 8)});
  y = y > {TOP} ? {TOP} : y;
  for (int32_t e = 0; e < 7 && e < bits + 2; e++) {{
    if ((rest >> (13 - bits + e)) & 1) y = pith_high_product_16(y, factor[e]);
  }}
  if (bits > 5 && a < -32 * (1 << (15 - bits))) y = 0;
  return a == 0 ? {TOP} : y;
}}
""",
    (HIGH_PRODUCT_16, ROUNDED_SHIFT),
    ("stdint.h",),
)

_NEWTON_16 = CFunction(
    "pith_newton_16",
    f"""/* 2 / (1 + e) of 0 <= e <= 1, by three steps of Newton's; 13 bits behind the point */
static int32_t pith_newton_16(int32_t e) {{
  const int32_t half = (e + {TOP + 1}) >> 1;
  int32_t x = {FIRST} + pith_high_product_16(half, {SLOPE});
  for (int i = 0; i < 3; i++) {{
    x += pith_held_16((int64_t)pith_high_product_16(x, {ONE} - pith_high_product_16(half, x)) * 4);
  }}
  return x;
}}
""",
    (HIGH_PRODUCT_16, HELD_16),
    ("stdint.h",),
)

LOGISTIC_16 = CFunction(
    "pith_logistic_16",
    f"""/* 1 / (1 + exp(-x)), x with 12 bits behind the point, the result with 15 */
static int32_t pith_logistic_16(int32_t x) {{
  const int32_t y = pith_held_16((int64_t)pith_newton_16(pith_exp_negative_16(x > 0 ? -x : x, 3)) * 2);
  return x == 0 ? 1 << 14 : x > 0 ? y : {TOP} - y;
}}
""",
    (_NEWTON_16, _EXP_NEGATIVE_16, HELD_16),
    ("stdint.h",),
)

TANH_16 = CFunction(
    "pith_tanh_16",
    f"""/* tanh(x), x with `bits` integer bits, from 0 to 6; the result has 15 bits behind the point */
static int32_t pith_tanh_16(int32_t x, int32_t bits) {{
  const int32_t e = pith_exp_negative_16(x > 0 ? -x : x, bits + 1);
  const int32_t y = pith_held_16((int64_t)(pith_newton_16(e) - {ONE}) * 4);
  return x == 0 ? 0 : x < 0 ? -y : y;
}}
""",
    (_NEWTON_16, _EXP_NEGATIVE_16, HELD_16),
    ("stdint.h",),
)

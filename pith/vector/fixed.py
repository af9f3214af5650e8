"""Fixed-point arithmetic as C: the functions of `pith.graph.fixed`."""

from __future__ import annotations

from pith.vector.cfunction import CFunction

HIGH_PRODUCT = CFunction(
    "pith_high_product",
    """/* a * b / 2^31, rounded to nearest, halves up */
static inline int32_t pith_high_product(int32_t a, int32_t b) {
  const int64_t p = ((int64_t)a * b + (INT64_C(1) << 30)) >> 31;
  return p > 2147483647 ? 2147483647 : (int32_t)p;
}
""",
    (),
    ("stdint.h",),
)

ROUNDED_SHIFT = CFunction(
    "pith_rounded_shift",
    """/* x / 2^bits, rounded to nearest, halves away from zero; bits from 0 to 31 */
static inline int32_t pith_rounded_shift(int32_t x, int32_t bits) {
  const int32_t mask = (int32_t)((UINT32_C(1) << bits) - 1u);
  return (x >> bits) + ((x & mask) > (mask >> 1) + (x < 0) ? 1 : 0);
}
""",
    (),
    ("stdint.h",),
)

SCALE_FIXED = CFunction(
    "pith_scale_fixed",
    """/* x * m * 2^(shift - 31), rounded twice; shift from -31 to 31 */
static inline int32_t pith_scale_fixed(int32_t x, int32_t m, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
  return pith_rounded_shift(pith_high_product((int32_t)((uint32_t)x << left), m), right);
}
""",
    (HIGH_PRODUCT, ROUNDED_SHIFT),
    ("stdint.h",),
)

SCALE_WIDE = CFunction(
    "pith_scale_wide",
    """/* x * m * 2^(shift - 31), m rounded to 15 bits; |x| below 2^47, shift from -31 to 8 */
static inline int64_t pith_scale_wide(int64_t x, int32_t m, int32_t shift) {
  const int64_t by = m < 0x7fff0000 ? (m + (1 << 15)) >> 16 : 0x7fff;
  return (x * by + (INT64_C(1) << (14 - shift))) >> (15 - shift);
}
""",
    (),
    ("stdint.h",),
)

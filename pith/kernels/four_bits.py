"""Weights of four bits, two a byte: how they lie, and the C that takes them out again.

Weights that all lie within [-8, 7], and are not all the same, are stored so; the arithmetic is that of bytes. In panels of packed
weights (`product_s8`) byte i of a panel's weights holds number i in its low half and, of its n numbers, number n / 2 + i in its
high half; what a panel begins with stays as it is. In plain arrays byte i holds the numbers 2 i (low) and 2 i + 1.
"""

from __future__ import annotations

import numpy as np

from pith.vector.cfunction import CFunction


def are_four_bits(weights: np.ndarray | None) -> bool:
    """Whether 8-bit weights are stored two a byte."""
    if weights is None or weights.dtype != np.int8 or weights.size < 2:
        return False
    low, high = int(weights.min()), int(weights.max())
    return -8 <= low < high <= 7


def two_a_byte(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """int8 numbers within [-8, 7] as low and high halves of bytes (int8)."""
    return ((low.view(np.uint8) & 15) | (high.view(np.uint8) << 4)).astype(np.uint8).view(np.int8)


def packed_array(weights: np.ndarray) -> np.ndarray:
    """All numbers of an array in order, two a byte."""
    flat = np.append(weights.reshape(-1), np.zeros(weights.size % 2, np.int8)).astype(np.int8)
    return two_a_byte(np.ascontiguousarray(flat[::2]), np.ascontiguousarray(flat[1::2]))


def packed_panels(panels: np.ndarray, n: int, wide: int, head: int) -> np.ndarray:
    """Panels of bytes over n columns, `wide` or half as many each, of which `head` bytes a column stay as they are."""
    widths = [wide if n - c > wide // 2 else wide // 2 for c in range(0, n, wide)]
    column, at, parts = panels.size // sum(widths), 0, []
    for width in widths:
        body = panels[at + head * width : at + column * width]
        half = body.size // 2
        parts += [panels[at : at + head * width], two_a_byte(body[:half], body[half:])]
        at += column * width
    return np.concatenate(parts)


UNPACK = CFunction(
    "pith_unpack_panels",
    """/* panels over n columns, `wide` or half as many each: `head` bytes a column as they are, `body` more from half as many */
static void pith_unpack_panels(const int8_t *from, int8_t *to, int32_t n, int32_t wide, int32_t head, ptrdiff_t body) {
  for (int32_t c = 0; c < n; c += wide) {
    const ptrdiff_t width = n - c > wide / 2 ? wide : wide / 2, first = head * width, half = body * width / 2;
    for (ptrdiff_t i = 0; i < first; i++) to[i] = from[i];
    from += first;
    to += first;
    for (ptrdiff_t i = 0; i < half; i++) {
      to[i] = (int8_t)(((from[i] & 15) ^ 8) - 8);
      to[half + i] = (int8_t)(from[i] >> 4);
    }
    from += half;
    to += 2 * half;
  }
}
""",
    (),
    ("stdint.h", "stddef.h"),
)

ELEMENT = CFunction(
    "pith_four_bits",
    """/* number i of those that lie two a byte */
static inline int32_t pith_four_bits(const int8_t *w, ptrdiff_t i) {
  return (int8_t)(uint8_t)((uint32_t)(uint8_t)w[i >> 1] << (i & 1 ? 0 : 4)) >> 4;
}
""",
    (),
    ("stdint.h", "stddef.h"),
)

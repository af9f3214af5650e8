"""The exponentials of TFLite's quantised softmax: exp(-d * scale * beta) for every difference d of 8-bit integers.

They are gemmlowp's `exp_on_negative_values`: the argument in 5 integer bits; its last quarter by a Taylor polynomial about -1/8 of
fourth order, and for each higher bit a factor.
"""

from __future__ import annotations

import math

import numpy as np

from pith.graph.fixed import LARGEST, high_product, quantized_multiplier, rounded_shift, scale_fixed, wrapped

_BITS = 5  # integer bits of the argument


def _constant(value: float) -> np.ndarray:
    """A number in [0, 1) with 31 bits behind the point."""
    return np.asarray(math.floor(value * 2**31 + 0.5))


def _shifted_left(x: np.ndarray, bits: int) -> np.ndarray:
    """x * 2^bits, held within int32."""
    return np.asarray(np.clip(x << bits, -LARGEST - 1, LARGEST))


def exp_negative(a: np.ndarray) -> np.ndarray:
    """exp of a <= 0, given with 26 bits behind the point; the result has 31."""
    quarter = 1 << (31 - _BITS - 2)
    part = (a & (quarter - 1)) - quarter
    x = _shifted_left(part, _BITS) + (1 << 28)
    x2 = high_product(x, x)
    x3, x4 = high_product(x2, x), high_product(x2, x2)
    poly = high_product(rounded_shift(x4, 2) + x3, _constant(1 / 3)) + x2
    term = _constant(math.exp(-1 / 8))
    y = term + high_product(term, x + rounded_shift(poly, 1))
    rest = part - a
    for e in range(-2, _BITS):
        y = np.where(rest & (1 << (31 - _BITS + e)), high_product(y, _constant(math.exp(-(2.0**e)))), y)
    return np.where(a == 0, LARGEST, y)


def softmax_table(scale: float, beta: float) -> np.ndarray:
    """int32 [256]: the exponential of -d, 0 where the argument would leave its 5 bits."""
    by = min(beta * scale * 2.0 ** (31 - _BITS), 2.0**31 - 1)
    multiplier, left = quantized_multiplier(by)
    radius = math.floor((2**_BITS - 1) * 2.0 ** (31 - _BITS) / 2.0**left)
    d = np.arange(256)
    arguments = scale_fixed(wrapped(-d), np.asarray(multiplier), np.asarray(left))
    return np.where(d <= radius, exp_negative(np.minimum(arguments, 0)), 0).astype(np.int32)

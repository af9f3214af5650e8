"""Fixed-point arithmetic on NumPy arrays: multiplication by a factor that is an integer and a power of two.

It is the arithmetic of TensorFlow Lite's reference kernels, which is gemmlowp's (B. Jacob et al., "Quantization and Training of
Neural Networks for Efficient Integer-Arithmetic-Only Inference", arXiv 1712.05877, section 2.2 and appendix B), rounding twice.
All functions but `scale_wide` take and give int32 values (in arrays of int64); all are exact.
"""

from __future__ import annotations

import math

import numpy as np

LARGEST = 2**31 - 1


def wrapped(x: np.ndarray) -> np.ndarray:
    """The low 32 bits of integers, as int32 values."""
    return np.asarray((np.asarray(x, np.int64) + 2**31) % 2**32 - 2**31)


def high_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a * b / 2^31, rounded to nearest, halves up; -1 times -1 gives the largest number."""
    return np.asarray(np.minimum((np.asarray(a, np.int64) * np.asarray(b, np.int64) + 2**30) >> 31, LARGEST))


def rounded_shift(x: np.ndarray, bits: np.ndarray | int) -> np.ndarray:
    """x / 2^bits, rounded to nearest, halves away from zero; `bits` from 0 to 31."""
    x, one = np.asarray(x, np.int64), np.asarray(bits, np.int64)
    mask = (np.int64(1) << one) - 1
    return np.asarray((x >> one) + ((x & mask) > (mask >> 1) + (x < 0)))


def scale_fixed(x: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """x * multiplier * 2^(shift - 31): shifted left first (wrapping) by a positive shift, right last by a negative one."""
    shift = np.clip(np.asarray(shift, np.int64), -31, 31)
    left = wrapped(np.asarray(x, np.int64) << np.maximum(shift, 0))
    return rounded_shift(high_product(left, multiplier), np.maximum(-shift, 0))


def scale_wide(x: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """int64 x * multiplier * 2^(shift - 31), the multiplier (0 or more) rounded to 15 bits first; to nearest, halves up.

    |x| below 2^47, shift from -31 to 8. The reference kernels do this with sums of 16-bit activations.
    """
    m = np.asarray(multiplier, np.int64)
    m = np.where(m < 0x7FFF0000, (m + 2**15) >> 16, 0x7FFF)
    by = 15 - np.asarray(shift, np.int64)
    return np.asarray((np.asarray(x, np.int64) * m + (np.int64(1) << (by - 1))) >> by)


def quantized_multiplier(factor: float) -> tuple[int, int]:
    """(multiplier, shift) of a real factor: multiplier * 2^(shift - 31), the multiplier at least 2^30 in magnitude.

    Rounded to 31 bits, halves away from zero. Factors below 2^-32 in magnitude, and what is no number, give 0; of those beyond
    2^31, the largest.
    """
    if not math.isfinite(factor):
        return 0, 0
    fraction, shift = math.frexp(factor)
    multiplier = math.floor(abs(fraction) * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    if shift < -31:
        return 0, 0
    sign = -1 if factor < 0 else 1
    return (sign * multiplier, shift) if shift <= 31 else (sign * LARGEST, 31)

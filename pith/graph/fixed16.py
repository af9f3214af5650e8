"""Sigmoid and tanh of 16-bit fixed point, as the gates of TensorFlow Lite's integer LSTM have them; results have 15 bits behind the point.

They are gemmlowp's `logistic` and `tanh` of int16: the exponential of a negative number (its last quarter by a Taylor polynomial about
-1/8 of fourth order, and for each higher bit a factor), then 1 / (1 + e) or (1 - e) / (1 + e) by three steps of Newton's. The constants
are their 32-bit ones rounded to 16 bits. All functions take and give int16 values in arrays of int64; all are exact.
"""

from __future__ import annotations

import math

import numpy as np

from pith.graph.fixed import rounded_shift

TOP, BOTTOM = 2**15 - 1, -(2**15)
ONE = 1 << 13  # with two integer bits
FIRST, SLOPE = 23130, -15420  # 48/17 and -32/17, with two integer bits
THIRD = 10923  # 1/3


def exp_constant(exponent: float) -> int:
    """exp(-exponent) with 31 bits behind the point, rounded to 15."""
    return int(rounded_shift(np.asarray(math.floor(math.exp(-exponent) * 2**31 + 0.5)), 16))


def high_product_16(a: np.ndarray, b: np.ndarray | int) -> np.ndarray:
    """a * b / 2^15, rounded to nearest, halves up; -1 times -1 gives the largest number."""
    return np.asarray(np.minimum((np.asarray(a, np.int64) * b + 2**14) >> 15, TOP))


def _held(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(x, BOTTOM, TOP))


def exp_negative_16(a: np.ndarray, bits: int) -> np.ndarray:
    """exp of a <= 0 with `bits` integer bits, from 1 to 7."""
    point = 15 - bits
    quarter = 1 << (point - 2)
    part = (a & (quarter - 1)) - quarter
    x = (part << bits) + (1 << 12)
    x2 = high_product_16(x, x)
    x3, x4 = high_product_16(x2, x), high_product_16(x2, x2)
    poly = rounded_shift(high_product_16(rounded_shift(x4, 2) + x3, THIRD) + x2, 1)
    term = exp_constant(1 / 8)
    y = _held(term + high_product_16(x + poly, term))
    rest = part - a
    for e in range(-2, min(bits, 5)):
        y = np.where(rest & (1 << (point + e)), high_product_16(y, exp_constant(2.0**e)), y)
    if bits > 5:
        y = np.where(a < -(32 << point), 0, y)
    return np.where(a == 0, TOP, y)


def _newton(e: np.ndarray) -> np.ndarray:
    """2 / (1 + e) of e in [0, 1], with two integer bits."""
    half = (e + TOP + 1) >> 1
    x = FIRST + high_product_16(half, SLOPE)
    for _ in range(3):
        x = x + _held(high_product_16(x, ONE - high_product_16(half, x)) << 2)
    return x


def logistic_16(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)) of int16 values with three integer bits."""
    x = np.asarray(x, np.int64)
    y = _held(_newton(exp_negative_16(-np.abs(x), 3)) << 1)
    return np.where(x == 0, 1 << 14, np.where(x > 0, y, TOP - y))


def tanh_16(x: np.ndarray, bits: int) -> np.ndarray:
    """tanh of int16 values with `bits` integer bits, from 0 to 6."""
    x = np.asarray(x, np.int64)
    y = _held((_newton(exp_negative_16(-np.abs(x), bits + 1)) - ONE) << 2)
    return np.where(x == 0, 0, np.where(x < 0, -y, y))

"""The numbers an integer tensor can stand for, and which of them to choose for a range of real values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pith.graph import DType, InputError

ACTIVATION_BITS = (8, 7, 16)
WEIGHT_BITS = (8, 7, 4)
_SMALLEST = 2.0**-100  # of a scale: products of two stay normal float32 numbers
_SHORT = 2.0**12


def short(scale: np.ndarray | float) -> np.ndarray:
    """Positive `scale` rounded to 12 significant bits, as float32, _SMALLEST at the least.

    The product of two such numbers is a float32 number. So the factor of a requantisation, scale_x * scale_w / scale_y, is rounded once
    in whatever order and precision a runtime computes it, and comes out the same in all of them. The step itself is off by 1/8192 at most.
    """
    mantissa, exponent = np.frexp(np.asarray(scale, np.float64))
    return np.maximum(np.ldexp(np.rint(mantissa * _SHORT) / _SHORT, exponent), _SMALLEST).astype(np.float32)


def odd_multiple(scale: float, step: float) -> float:
    """The odd multiple of `step`, a power of two, that is nearest to positive `scale`: of those with 12 bits at most."""
    return float(np.float32(min(2.0 * math.floor(scale / step / 2.0) + 1.0, _SHORT - 1.0) * step))


@dataclass(frozen=True, slots=True)
class Grid:
    """real = scale * (q - zero), q from low to high, stored as `dtype`. `scale` is a float32 number held in a float, of few digits (see `short`).

    step: a power of two of which the scale is an odd multiple, of 12 bits at most, and stays one when scaled (see sums.py); 0 where that
    does not matter."""

    scale: float
    zero: int
    low: int
    high: int
    dtype: DType
    step: float = 0.0

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and largest real number of the grid, as float32 arithmetic gives them."""
        s = np.float32(self.scale)
        return float(s * np.float32(self.low - self.zero)), float(s * np.float32(self.high - self.zero))

    @property
    def whole_type(self) -> bool:
        """Whether the type's own range is the grid's, so that saturation alone keeps values on it."""
        info = np.iinfo(self.dtype.np)
        return (self.low, self.high) == (int(info.min), int(info.max))

    def scaled(self, factor: float) -> Grid:
        """The grid with steps `factor` times as wide, and the same zero."""
        wanted = self.scale * factor
        return replace(self, scale=odd_multiple(wanted, self.step) if self.step else float(short(wanted)))

    def integers(self, x: np.ndarray) -> np.ndarray:
        """q of float32 `x`, as float32 whole numbers (any shape): divided, rounded half to even, kept to the range."""
        q = np.rint(x / np.float32(self.scale))
        q += np.float32(self.zero)
        return np.asarray(np.clip(q, np.float32(self.low), np.float32(self.high), out=q))

    def rounded(self, x: np.ndarray) -> np.ndarray:
        """float32 `x` moved to the nearest point of the grid: quantised and dequantised."""
        q = self.integers(x)
        q -= np.float32(self.zero)
        q *= np.float32(self.scale)
        return q


def levels(bits: int, *, symmetric: bool) -> tuple[int, int, DType]:
    """Lowest and highest integer of an activation, and its type: uint8 (uint16 for 16 bits), or int8 (int16) when `symmetric`.

    Seven bits are 0 to 127, or -63 to 63: half of what the type holds. Raises InputError for other numbers of bits.
    """
    if bits not in ACTIVATION_BITS:
        raise InputError(f"activations of {bits!r} bits", try_="8, 7 or 16")
    if symmetric:
        return {8: (-128, 127, DType.I8), 7: (-63, 63, DType.I8), 16: (-32768, 32767, DType.I16)}[bits]
    return {8: (0, 255, DType.U8), 7: (0, 127, DType.U8), 16: (0, 65535, DType.U16)}[bits]


def weight_limit(bits: int) -> int:
    """Largest magnitude of a weight: 127; 63 with seven bits, so that eight products of them fit 16 bits; 7 with four bits."""
    if bits not in WEIGHT_BITS:
        raise InputError(f"weights of {bits!r} bits", try_="8, 7 or 4")
    return int(2 ** (bits - 1) - 1)


def grid_for(lo: float, hi: float, bits: int, *, symmetric: bool = False) -> Grid:
    """The grid whose ends are nearest to [lo, hi] and that has 0 among its points.

    Symmetric: zero point 0 and the larger magnitude kept. A range of nothing but 0 gets the scale 1 / levels.
    """
    low, high, dtype = levels(bits, symmetric=symmetric)
    lo, hi = min(lo, 0.0), max(hi, 0.0)
    if symmetric:
        scale = max(-lo, hi) / high
    else:
        scale = (hi - lo) / (high - low)
    if not scale > 0:
        return Grid(float(short(1.0 / (high - low))), 0, low, high, dtype)
    scale = float(short(scale))
    zero = 0 if symmetric else int(np.clip(np.rint(low - lo / scale), low, high))
    return Grid(scale, zero, low, high, dtype)

"""What a single value did in the calibration data, for explanations: its channels, and whether the samples agree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True)
class Watched:
    """low, high: extremes.  channels: largest magnitude of each channel, float32 [C] (None for a scalar); channels are axis 1
    of pictures, the last axis else.  halves: float64 [2, 2], low and high in the samples of even and of odd number.  tops: largest
    magnitude in each sample."""

    low: float = np.inf
    high: float = -np.inf
    channels: np.ndarray | None = None
    tops: list[float] = field(default_factory=list)
    halves: np.ndarray = field(default_factory=lambda: np.array([[np.inf, -np.inf], [np.inf, -np.inf]]))

    def add(self, x: np.ndarray, sample: int) -> None:
        """Take in the finite float32 array of one sample."""
        if not x.size:
            return
        if x.ndim:
            axis = 1 if x.ndim > 2 else x.ndim - 1
            others = tuple(a for a in range(x.ndim) if a != axis)
            low, high = x.min(axis=others), x.max(axis=others)
            top = np.maximum(high, -low)
            self.channels = top if self.channels is None else np.maximum(self.channels, top)
            lo, hi = float(low.min()), float(high.max())
        else:
            lo = hi = float(x)
        self.tops.append(max(hi, -lo))
        self.low, self.high = min(self.low, lo), max(self.high, hi)
        half = self.halves[sample % 2]
        half[0], half[1] = min(half[0], lo), max(half[1], hi)

    def join(self, other: Watched) -> None:
        """Take in what was seen of later samples."""
        if self.channels is None or other.channels is None:
            self.channels = other.channels if self.channels is None else self.channels
        else:
            self.channels = np.maximum(self.channels, other.channels)
        self.tops += other.tops
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.halves = np.stack([np.minimum(self.halves[:, 0], other.halves[:, 0]), np.maximum(self.halves[:, 1], other.halves[:, 1])], 1)

    def apart(self, factor: float) -> tuple[float, int] | None:
        """When some samples, fewer than half, reach `factor` times the median sample or more: what the others reach, and the
        first that does not."""
        middle = float(np.median(self.tops)) if len(self.tops) > 3 else 0.0
        beyond = [k for k, t in enumerate(self.tops) if t > factor * middle]
        if not middle or not beyond:
            return None
        return max(t for t in self.tops if t <= factor * middle), beyond[0]

    @property
    def top(self) -> float:
        """Largest magnitude."""
        return max(-self.low, self.high, 0.0)

    def disagreement(self) -> float:
        """How far apart the ranges of the two halves of the samples are, as a share of the whole range; 0 where one is empty."""
        span = self.high - self.low
        if not np.isfinite(self.halves).all() or not span > 0:
            return 0.0
        return float(np.abs(self.halves[0] - self.halves[1]).max() / span)

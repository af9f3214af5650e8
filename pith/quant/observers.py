"""Ranges of activations from what was seen of them: each observer takes batches and gives a range, in bounded memory.

The histogram has bins of one width from -reach to reach; the reach is a power of two that doubles when a larger value
comes, by joining neighbouring bins. So the bins do not depend on the order or the grouping of the data: seen in one
batch or in many, the counts are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pith.graph import InputError
from pith.quant.grid import Grid, grid_for, levels

HALF = 4096  # bins on each side of zero
METHODS = ("minmax", "moving", "percentile", "kl", "mse", "entropy")
OUTLIER = 1024.0  # a largest magnitude this many times that of all but _RARE of the values is an outlier
_RARE = 1e-4
_ENOUGH = 256  # values among which one may be left out


@dataclass(slots=True)
class Seen:
    """What was seen of one value: extremes, counts by size, and the moving extremes of the batches.

    low, high: smallest and largest value.  counts: int64 [2 * HALF] over [-reach, reach).  magnitudes: int64 [2048],
    counts by the first eleven bits of |x| as a float32 (exponent and three of the mantissa), which no outlier can blur.
    smooth: low and high, each batch moving them a tenth of the way (this one depends on order, as its name says).
    bound: a magnitude beyond which nothing counts, when samples apart from the others are known (0: none).
    """

    low: float = 0.0
    high: float = 0.0
    reach: float = 0.0
    total: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(2 * HALF, np.int64))
    magnitudes: np.ndarray = field(default_factory=lambda: np.zeros(2048, np.int64))
    smooth: tuple[float, float] = (0.0, 0.0)
    batches: int = 0
    bound: float = 0.0

    def add(self, x: np.ndarray) -> None:
        """Take in a float array of any shape. Raises InputError when it holds NaN or infinity."""
        flat = np.ascontiguousarray(x, np.float32).reshape(-1)
        if not flat.size:
            return
        lo, hi = float(flat.min()), float(flat.max())
        if not (np.isfinite(lo) and np.isfinite(hi)):
            raise InputError("an activation holds NaN or infinity")
        reach = float(2.0 ** max(np.frexp(max(-lo, hi))[1], -100))  # beyond the largest
        width = np.float32(reach / HALF)  # a power of two: the division is exact, and so is the bin
        counts = np.bincount(np.floor(flat / width).astype(np.int32) + HALF, minlength=2 * HALF)
        magnitudes = np.bincount((flat.view(np.uint32) & np.uint32(0x7FFFFFFF)) >> np.uint32(20), minlength=2048)
        self.join(Seen(lo, hi, reach, flat.size, counts, magnitudes, (lo, hi), 1))

    def join(self, batch: Seen) -> None:
        """Take in what was seen of one more batch, apart from this."""
        if not batch.total:
            return
        self.low = min(self.low, batch.low) if self.total else batch.low
        self.high = max(self.high, batch.high) if self.total else batch.high
        self._smooth(*batch.smooth)
        reach = max(self.reach, batch.reach)
        self._grow(reach)
        batch._grow(reach)
        self.total += batch.total
        self.magnitudes += batch.magnitudes
        self.counts += batch.counts

    def _smooth(self, lo: float, hi: float) -> None:
        a, b = self.smooth
        self.smooth = (a + 0.1 * (lo - a), b + 0.1 * (hi - b)) if self.batches else (lo, hi)
        self.batches += 1

    def _grow(self, reach: float) -> None:
        """Make the reach as large as that."""
        if not self.reach:
            self.reach = reach
        while self.reach < reach:
            paired = self.counts.reshape(-1, 2).sum(axis=1)
            self.counts = np.zeros_like(self.counts)
            self.counts[HALF // 2 : HALF // 2 + HALF] = paired
            self.reach *= 2

    @property
    def width(self) -> float:
        """Of a bin."""
        return self.reach / HALF

    def centres(self) -> np.ndarray:
        """Middles of the bins, float64 [2 * HALF]."""
        return (np.arange(2 * HALF) - HALF + 0.5) * self.width

    def usual(self) -> float:
        """A magnitude that all but one value in ten thousand (one at least, of _ENOUGH values) do not exceed, an eighth too
        large at the most; the bound where there is one."""
        if self.bound:
            return self.bound
        within = np.cumsum(self.magnitudes)
        rare = max(_RARE * self.total, 1.0 if self.total >= _ENOUGH else 0.0)
        at = int(np.searchsorted(within, self.total - rare))
        edge = np.array([at + 1], np.uint32) << np.uint32(20)
        return float(edge.view(np.float32)[0])

    def has_outlier(self) -> bool:
        """Whether a few values are so much larger than the rest that a grid over all would show the rest as zero."""
        usual = self.usual() if self.total else 0.0
        return self.bound > 0 or (usual > 0 and max(-self.low, self.high) > OUTLIER * usual)


def minmax(seen: Seen) -> tuple[float, float]:
    """Everything that was seen."""
    return seen.low, seen.high


def moving(seen: Seen) -> tuple[float, float]:
    """Extremes of the batches, averaged with a weight of 0.1 for each new one."""
    return seen.smooth


def percentile(seen: Seen, share: float = 0.9999) -> tuple[float, float]:
    """The part around the middle that holds `share` of the values; half the rest is left off on either side.

    A side with no values (or next to none) beyond zero keeps its extreme when that is nearer.
    """
    if seen.has_outlier():
        return _kept(seen, seen.usual())
    below = np.cumsum(seen.counts)
    left = (1 - share) / 2 * seen.total
    first = int(np.searchsorted(below, left, side="right"))
    last = int(np.searchsorted(below, seen.total - left, side="left"))
    lo, hi = (first - HALF) * seen.width, (last + 1 - HALF) * seen.width
    return max(lo, seen.low), min(hi, seen.high)


def _kept(seen: Seen, threshold: float) -> tuple[float, float]:
    """What was seen, as far as it lies within the threshold."""
    return max(seen.low, -threshold), min(seen.high, threshold)


def magnitude_counts(seen: Seen) -> np.ndarray:
    """Counts of |x|, int64, one bin for each of the histogram's width from 0 to the largest magnitude."""
    folded = seen.counts[HALF:] + seen.counts[:HALF][::-1]
    used = int(np.flatnonzero(folded)[-1]) + 1 if folded.any() else 1
    return np.array(folded[:used])


def kl_threshold(counts: np.ndarray, steps: int, stride: int = 1) -> int:
    """How many of the first bins of a histogram of magnitudes to keep, by the rule of TensorRT's calibration.

    counts: whole numbers [n].  steps: magnitudes that the integers can tell apart (128 for int8).  For every candidate
    of i bins from `steps` on, every `stride`: P is the first i bins with all that lies beyond added to the last; Q is the
    same bins, without what lies beyond, merged into `steps` groups and spread again over those of each group's bins that
    hold anything. The i with the smallest Kullback-Leibler divergence of Q from P is returned; all n when n <= steps.

    Source: S. Migacz, 8-bit inference with TensorRT, GTC 2017.
    """
    n = len(counts)
    if n <= steps:
        return n
    counts = counts.astype(np.float64)
    best, found = np.inf, n
    total = counts.sum()
    ends = np.cumsum(counts)
    for i in dict.fromkeys((*range(steps, n + 1, stride), n)):
        p = counts[:i].copy()
        p[-1] += total - ends[i - 1]
        group = np.minimum(np.arange(i) * steps // i, steps - 1)
        filled = counts[:i] > 0
        mass = np.bincount(group, counts[:i], minlength=steps)
        cells = np.bincount(group, filled, minlength=steps)
        q = np.where(filled, (mass / np.maximum(cells, 1))[group], 0.0)
        if not q.any():
            continue
        divergence = _divergence(p / p.sum(), q / q.sum())
        if divergence < best:
            best, found = divergence, i
    return found


def _divergence(p: np.ndarray, q: np.ndarray) -> float:
    """sum p log(p / q); a bin that P fills and Q leaves empty counts with a tiny q."""
    at = p > 0
    return float(np.sum(p[at] * np.log(p[at] / np.maximum(q[at], 1e-12))))


def kl(seen: Seen, bits: int = 8, *, symmetric: bool = False) -> tuple[float, float]:
    """The threshold of `kl_threshold` on |x|, both sides alike (|x|, not the positive half: bottlenecks have signs).

    Values all of one sign have the whole range of an unsigned grid to themselves, hence twice the steps.
    """
    if seen.has_outlier():
        return _kept(seen, seen.usual())
    counts = magnitude_counts(seen)
    if len(counts) > 1:  # zero has its own point on any grid: the zeros of a ReLU must not count as a peak to be preserved
        counts[0] = min(counts[0], counts[1])
    low, high, _ = levels(bits, symmetric=symmetric)
    one_sided = seen.low >= 0 or seen.high <= 0
    steps = high + 1 if symmetric else (high - low + 1) if one_sided else (high - low + 1) // 2
    bins = kl_threshold(counts, steps, max(1, len(counts) // 256))
    return _kept(seen, bins * seen.width)


def _candidates(seen: Seen, bits: int, symmetric: bool) -> list[tuple[float, Grid]]:
    """Grids over ever smaller parts of what was seen, the whole first, each with the share of the range it keeps."""
    shares = np.linspace(1.0, 0.02, 99)
    return [(float(f), grid_for(f * seen.low, f * seen.high, bits, symmetric=symmetric)) for f in shares]


def mse(seen: Seen, bits: int = 8, *, symmetric: bool = False) -> tuple[float, float]:
    """The part of the range whose grid gives the smallest mean squared error, among 99 from all of it to a fiftieth."""
    if seen.has_outlier():
        return _kept(seen, seen.usual())
    at = np.flatnonzero(seen.counts)
    x, weight = seen.centres()[at].astype(np.float32), seen.counts[at].astype(np.float64)
    x = np.clip(x, seen.low, seen.high)
    errors = []
    for f, grid in _candidates(seen, bits, symmetric):
        e = (grid.rounded(x) - x).astype(np.float64)
        errors.append((float(np.dot(weight, e * e)), -f))
    f = -min(errors)[1]
    return f * seen.low, f * seen.high


def entropy(seen: Seen, bits: int = 8, *, symmetric: bool = False) -> tuple[float, float]:
    """The part of the range whose integers carry the most information, of those that cut off a thousandth at the most."""
    if seen.has_outlier():
        return _kept(seen, seen.usual())
    at = np.flatnonzero(seen.counts)
    x, weight = seen.centres()[at].astype(np.float32), seen.counts[at] / max(seen.total, 1)
    x = np.clip(x, seen.low, seen.high)
    best, chosen = -1.0, 1.0
    for f, grid in _candidates(seen, bits, symmetric):
        lo, hi = grid.ends
        if weight[(x < lo - grid.scale) | (x > hi + grid.scale)].sum() > 1e-3:
            continue
        mass = np.bincount((grid.integers(x) - grid.low).astype(np.int64), weight)
        mass = mass[mass > 0]
        information = float(-(mass * np.log(mass)).sum())
        if information > best + 1e-9:
            best, chosen = information, f
    return chosen * seen.low, chosen * seen.high


def range_of(seen: Seen, method: str, bits: int = 8, *, symmetric: bool = False) -> tuple[float, float]:
    """The range of real values to keep, by one of METHODS. Raises InputError for another name, or when nothing was seen."""
    if not seen.total:
        raise InputError("nothing was seen of an activation", why="no calibration data went through it")
    if method in ("minmax", "moving", "percentile"):
        return {"minmax": minmax, "moving": moving, "percentile": percentile}[method](seen)
    if method in ("kl", "mse", "entropy"):
        return {"kl": kl, "mse": mse, "entropy": entropy}[method](seen, bits, symmetric=symmetric)
    raise InputError(f"there is no method {method!r}", try_=", ".join(METHODS))


def observed_grid(seen: Seen, method: str, bits: int = 8, *, symmetric: bool = False) -> Grid:
    """The grid for that range. With an extreme outlier `minmax` and `moving` too keep to the usual values."""
    lo, hi = range_of(seen, method, bits, symmetric=symmetric)
    if seen.has_outlier():
        lo, hi = max(lo, -seen.usual()), min(hi, seen.usual())
    return grid_for(lo, hi, bits, symmetric=symmetric)

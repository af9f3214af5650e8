"""A quantised network beside the float one, value by value, on the same samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pith.graph import Graph
from pith.quant.calibration import Compile, Feed, Progress, Samples, all_inside
from pith.quant.cores import in_order
from pith.quant.insert import Inserted
from pith.quant.rows import one_minus_cosine

_FLOOR = 0.01  # of the mean power of channels, added to each one's


def by_channel(x: np.ndarray) -> np.ndarray:
    """Sums of squares of the channels of `x`, float64 [C] (axis 1 of pictures, the last axis else; [1] of a scalar)."""
    axis = 1 if x.ndim > 2 else x.ndim - 1
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.square(x.astype(np.float64)).sum(axis=tuple(a for a in range(x.ndim) if a != axis)).reshape(-1))


@dataclass(slots=True)
class Difference:
    """Of one value, over all samples. loss: sum of 1 - cosine.  signal, noise: sums of squares.  apart: those of the samples
    that were kept apart, float64 [2, C] for its channels (axis 1 of pictures, the last axis else)."""

    loss: float = 0.0
    signal: float = 0.0
    noise: float = 0.0
    samples: int = 0
    apart: np.ndarray | None = None

    @classmethod
    def between(cls, exact: np.ndarray, found: np.ndarray, *, apart: bool = False) -> Difference:
        """Of one sample."""
        t = exact.reshape(-1).astype(np.float32, copy=False)
        e = found.reshape(-1).astype(np.float32, copy=False) - t
        with np.errstate(over="ignore", invalid="ignore"):
            tt, te, ee = (float(np.dot(a, b)) for a, b in ((t, t), (t, e), (e, e)))
        if not math.isfinite(tt + te + ee):  # squares beyond float32
            t, e = t.astype(np.float64), e.astype(np.float64)
            tt, te, ee = (float(np.dot(a, b)) for a, b in ((t, t), (t, e), (e, e)))
        loss = float(one_minus_cosine(*(np.asarray(v, np.float64) for v in (tt, te, ee))))
        sums = np.stack([by_channel(exact), by_channel(found.astype(np.float64) - exact)]) if apart else None
        return cls(loss, tt, ee, 1, sums)

    def add(self, other: Difference) -> None:
        """Take in what was found for other samples."""
        self.loss += other.loss
        self.signal += other.signal
        self.noise += other.noise
        self.samples += other.samples
        if other.apart is not None:
            self.apart = other.apart if self.apart is None else self.apart + other.apart

    @property
    def relative(self) -> float:
        """Power of the error over that of the value on the samples kept apart, each channel's by its own, mean over the channels.

        A result often holds numbers of different kinds (points, angles, scores): the largest kind must not decide alone. What is next to
        nothing in all samples counts by a hundredth of what channels have on average.
        """
        if self.apart is None or not self.apart[1].any():
            return 0.0
        signal, noise = self.apart
        whole = float(signal.mean())
        if not (math.isfinite(whole) and np.isfinite(noise).all() and whole > 0):
            return math.inf
        return float((noise / (signal + _FLOOR * whole)).mean())

    @property
    def cosine(self) -> float:
        """Mean over the samples."""
        return 1.0 - self.loss / max(self.samples, 1)

    @property
    def sqnr(self) -> float:
        """Signal to quantisation noise in decibels; infinite without noise."""
        if self.noise == 0:
            return math.inf
        return 10 * math.log10(self.signal / self.noise) if self.signal else -math.inf


Differences = dict[str, Difference]


def compare(
    graph: Graph, inserted: Sequence[Inserted], values: Sequence[str], samples: Samples, compile: Compile,
    say: Progress = lambda what, done: None, *, apart: frozenset[int] = frozenset(),
) -> list[Differences]:  # fmt: skip
    """For each quantised form of `graph`: how much each of `values` differs from the float network's, before rounding.

    apart: indices of samples whose sums are kept apart too.
    """
    result: list[Differences] = [{v: Difference() for v in values} for _ in inserted]
    graphs = [(graph, values), *((i.graph, [i.before.get(v, v) for v in values]) for i in inserted)]
    with all_inside(graphs, compile) as (exact, *others):

        def of_sample(at: tuple[int, Feed]) -> list[Differences]:
            k, feed = at
            reference = exact.run(feed)
            found: list[Differences] = []
            for i, other in zip(inserted, others, strict=True):
                y = other.run(feed)
                found.append({v: Difference.between(reference[v], y[i.before.get(v, v)], apart=k in apart) for v in values})
            return found

        for k, found in enumerate(in_order(of_sample, enumerate(samples), size=2 * exact.size)):
            say("compare", k / len(samples))
            for differences, new in zip(result, found, strict=True):
                for v in values:
                    differences[v].add(new[v])
    return result


def worst_result(differences: Mapping[str, Difference], outputs: Sequence[str]) -> float:
    """`Difference.relative` of the worst of `outputs`."""
    return max(differences[o].relative for o in outputs)


def mean_loss(differences: Mapping[str, Difference], keys: Sequence[str]) -> float:
    """1 - mean cosine over layers (0 when there are none)."""
    return float(np.mean([differences[k].loss / max(differences[k].samples, 1) for k in keys])) if keys else 0.0

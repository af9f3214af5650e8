"""A quantised network beside the float one, value by value, on the same samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pith.graph import Graph
from pith.quant.calibration import Compile, Inside, Progress, Samples
from pith.quant.insert import Inserted
from pith.quant.rows import one_minus_cosine


@dataclass(slots=True)
class Difference:
    """Of one value, over all samples. loss: sum of 1 - cosine.  signal, noise: sums of squares.  apart: those of the samples
    that were kept apart."""

    loss: float = 0.0
    signal: float = 0.0
    noise: float = 0.0
    samples: int = 0
    apart: tuple[float, float] = (0.0, 0.0)

    def add(self, exact: np.ndarray, found: np.ndarray, *, apart: bool = False) -> None:
        t = exact.reshape(-1).astype(np.float32, copy=False)
        e = found.reshape(-1).astype(np.float32, copy=False) - t
        with np.errstate(over="ignore", invalid="ignore"):
            tt, te, ee = (float(np.dot(a, b)) for a, b in ((t, t), (t, e), (e, e)))
        if not math.isfinite(tt + te + ee):  # squares beyond float32
            t, e = t.astype(np.float64), e.astype(np.float64)
            tt, te, ee = (float(np.dot(a, b)) for a, b in ((t, t), (t, e), (e, e)))
        self.loss += float(one_minus_cosine(*(np.asarray(v, np.float64) for v in (tt, te, ee))))
        self.signal += tt
        self.noise += ee
        self.samples += 1
        if apart:
            self.apart = (self.apart[0] + tt, self.apart[1] + ee)

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
    exact = Inside(graph, values, compile)
    others = [Inside(i.graph, [i.before.get(v, v) for v in values], compile) for i in inserted]
    result: list[Differences] = [{v: Difference() for v in values} for _ in inserted]
    try:
        for k, feed in enumerate(samples):
            say("compare", k / len(samples))
            reference = exact.run(feed)
            for i, other, differences in zip(inserted, others, result, strict=True):
                found = other.run(feed)
                for v in values:
                    differences[v].add(reference[v], found[i.before.get(v, v)], apart=k in apart)
    finally:
        for inside in (exact, *others):
            inside.session.close()
    return result


def worst_result(differences: Mapping[str, Difference], outputs: Sequence[str]) -> float:
    """Power of the error over that of the result, of the worst of `outputs`, on the samples kept apart."""

    def ratio(signal: float, noise: float) -> float:
        return 0.0 if noise == 0 else noise / signal if signal and math.isfinite(noise) else math.inf

    return max(ratio(*differences[o].apart) for o in outputs)


def mean_loss(differences: Mapping[str, Difference], keys: Sequence[str]) -> float:
    """1 - mean cosine over layers (0 when there are none)."""
    return float(np.mean([differences[k].loss / max(differences[k].samples, 1) for k in keys])) if keys else 0.0

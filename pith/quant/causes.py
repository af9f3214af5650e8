"""Why a layer loses what it loses, in words, each with what to try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pith.graph import Graph, Node
from pith.quant.grid import Grid
from pith.quant.observers import Seen
from pith.quant.plan import Layer, Plan
from pith.quant.watch import Watched
from pith.quant.weights import channel_axis, largest

BAD = 0.99  # a cosine below this is worth a word
_WIDE = 32.0  # ratio of ranges that is
_CUT = 0.01  # share of values cut off that is
_FEW = 10  # samples
_APART = 0.25  # by which share of the range two halves of the samples may differ
_INHERITED = 0.5  # share of a layer's loss that came in through its input


@dataclass(frozen=True, slots=True)
class Cause:
    """kind: one word for programs.  text: what is wrong, in words.  remedy: what to try, "" where there is nothing to do."""

    kind: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.text}: {self.remedy}" if self.remedy else self.text


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one layer. seen: of its input's group;  watched: of single values, by name;  cut, cut_weights: share
    of input and weights beyond their grids.  cosine: of its output.  own: the part of 1 - cosine that it adds itself;  earlier:
    the name of the layer it reads from.  samples: how many there were."""

    graph: Graph
    plan: Plan
    node: Node
    layer: Layer
    seen: Seen
    watched: Mapping[str, Watched]
    grid: Grid
    cut: float
    cut_weights: float
    cosine: float
    own: float
    earlier: str
    samples: int


def causes(f: Facts) -> tuple[Cause, ...]:
    """All that applies, what always matters before what explains a bad cosine."""
    found = [*_input(f), *_weights(f)]
    if f.cosine < BAD:
        found += [*_bad_input(f), *_bad_weights(f), *_calibration(f)]
        if f.earlier and f.own < (1 - _INHERITED) * (1 - f.cosine):
            found.append(Cause("inherited", f"{1 - f.own / (1 - f.cosine):.0%} of its error comes in through its input", f"look at {f.earlier} first"))
        if not found:
            found.append(Cause("narrow", "its numbers are spread evenly, and 8 bits or fewer are too few for them", "keep it in floats"))
    return tuple(found)


def _input(f: Facts) -> Iterator[Cause]:
    if f.seen.low == f.seen.high:
        yield Cause("constant input", f"its input is always {f.seen.low:.4g} in the calibration data", "use samples that differ")
    if f.seen.has_outlier():
        yield Cause("outlier", "its input has values over a thousand times larger than the rest; they are cut off",
                    "look where they come from; a clip in the network would end them")  # fmt: skip
    if f.cut > _CUT:
        yield Cause("saturation", f"{f.cut:.1%} of its input is cut off", "try --method minmax")
    watched = f.watched.get(f.layer.x)
    if watched is not None and watched.channels is not None and f.seen.low != f.seen.high:
        dead = int((watched.channels == 0).sum())
        if dead and watched.channels.size > 1:
            yield Cause("dead input channel", f"{dead} of {watched.channels.size} channels of its input are always 0 in the calibration data",
                        "prune them, or use samples that differ more")  # fmt: skip


def _weights(f: Facts) -> Iterator[Cause]:
    if not f.layer.weights:
        return
    w = f.graph.constants[f.layer.weights]
    top = largest(w, channel_axis(f.node, w.shape)).reshape(-1)
    dead = int((top == 0).sum())
    if dead:
        text = f"{dead} of {top.size} output channels have no weights" + (" and pass on their bias alone" if f.layer.bias else "")
        yield Cause("dead channel", text, "prune them: they cost time and give nothing")


def _bad_input(f: Facts) -> Iterator[Cause]:
    watched = f.watched.get(f.layer.x)
    tops = watched.channels if watched is not None else None
    usual = f.seen.usual() if f.seen.total else 0.0
    if tops is not None and tops.size > 1 and float(tops.max()) > _WIDE * float(np.median(tops)) > 0:
        k = int(tops.argmax())
        yield Cause("outlier channel", f"channel {k} of its input reaches {tops[k]:.3g}, the median channel {np.median(tops):.3g}, and one scale serves both",
                    "try --equalize, or keep the layer in floats")  # fmt: skip
    elif usual and max(-f.seen.low, f.seen.high) > _WIDE * usual:
        yield Cause("long tail", "few values of its input are far larger than the rest, which get few steps", "try --method mse, or keep the layer in floats")
    sources = {v: f.watched[v].top for v in f.plan.sources[f.plan.group[f.layer.x]] if v in f.watched}
    if len(sources) > 1:
        order = sorted(sources, key=lambda v: -sources[v])
        least = sources[order[-1]]
        if sources[order[0]] > _WIDE * least > 0:
            yield Cause("one tensor dominates", f"its input joins {len(order)} tensors in one scale, and {order[0]} (to {sources[order[0]]:.3g}) leaves few "
                        f"steps to {order[-1]} (to {least:.3g})", "keep the layer in floats, or scale the branches alike before they are joined")  # fmt: skip


def _bad_weights(f: Facts) -> Iterator[Cause]:
    if not f.layer.weights:
        return
    w = f.graph.constants[f.layer.weights]
    if f.node.op == "conv" and w.shape[1] > 1:
        across = np.abs(w).max(axis=(0, *range(2, w.ndim)))
        ratio = float(across.max()) / max(float(np.median(across)), 1e-30)
        if ratio > _WIDE:
            yield Cause("outlier weights", f"input channel {int(across.argmax())} has weights {ratio:.0f} times the usual", "try --equalize")
    if f.cut_weights > _CUT:
        yield Cause("clipped weights", f"{f.cut_weights:.1%} of its weights are cut off by the scales that the search chose", "try --method mse")


def _calibration(f: Facts) -> Iterator[Cause]:
    if f.samples < _FEW:
        yield Cause("few samples", f"only {f.samples} calibration sample{'s' * (f.samples != 1)}", "use about fifty")
    else:
        apart = max((f.watched[v].disagreement() for v in f.plan.sources[f.plan.group[f.layer.x]] if v in f.watched), default=0.0)
        if apart > _APART:
            yield Cause("samples disagree", f"the range of its input differs by {apart:.0%} between two halves of the calibration samples",
                        "use more samples, or --method percentile")  # fmt: skip

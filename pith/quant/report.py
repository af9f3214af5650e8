"""What quantisation did to a network, layer by layer, and in plain words why."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pith.graph import DType, Graph, Node
from pith.ops.base import OPS
from pith.quant.causes import Cause, Facts, causes
from pith.quant.flow import Outcome
from pith.quant.observers import HALF, Seen
from pith.quant.options import Options
from pith.quant.plan import Layer
from pith.quant.sensitivity import Sensitivity
from pith.quant.weights import channel_axis, largest

_BINS = 96  # of the histogram in a report
_WORTH = 3.0  # dB that layers in floats should gain, to be worth a word
_NAMED = 4  # layers at most that are named for it
_FINE = 0.999  # of the worst output's cosine: nothing need be done


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer. cosine, sqnr (dB): of its output before rounding, against the float network on the calibration data; errors
    of all layers before it included.  before: its cosine in the first state.  own: by how much 1 - cosine is larger than that of
    the layer before: what it adds.  share: its part of the error of the results, 0 to 1;  gain: by how much the results' signal to
    noise would rise (dB) were it in floats, if errors of layers do not cancel; both measured (None where they were not).

    low, high: of its input in the float network;  scale, zero, ends: of its input's grid;  clipped: share of the input's values
    beyond the grid.  histogram: counts of its input in even bins from low to high.  channels: largest magnitude of each channel
    of its input (empty where it was not watched).  weights: largest magnitude of each output channel's;  cut: share of weights
    beyond their grid.  parameters: how many weights.  macs: multiply-adds.  causes: in words."""

    name: str
    op: str
    cosine: float
    sqnr: float
    before: float
    own: float
    share: float | None
    gain: float | None
    low: float
    high: float
    scale: float
    zero: int
    ends: tuple[float, float]
    clipped: float
    histogram: tuple[int, ...]
    channels: tuple[float, ...]
    weights: tuple[float, ...]
    cut: float
    parameters: int
    macs: int
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """bits: of weights;  activation_bits: of activations.  outputs: (name, cosine, sqnr in dB) of each result.  layers: in
    order.  rank: names of the layers that add most error, first those to keep in floats, as measured or, where nothing was
    measured, by what `own` says;  gain: for each of them the share of the summed error that it adds.  curve: (k, smallest
    cosine, smallest SQNR in dB of a result) when the first k of `rank` stay in floats, measured on `measured` samples (0: not
    measured).  worth: the least such k that gains 3 dB (0: none, or not measured).  between: share of the error that no layer makes, but
    the rounding of sums and other values between them (None: not measured).  snapshots: (what was done, mean layer cosine).  size: bytes of the
    weights, before and after.  samples: how many were used.  notes: what the formats of the numbers imply."""

    method: str
    bits: int
    activation_bits: int
    samples: int
    mean_cosine: float
    outputs: tuple[tuple[str, float, float], ...]
    layers: tuple[LayerReport, ...]
    rank: tuple[str, ...]
    gain: tuple[float, ...]
    curve: tuple[tuple[int, float, float], ...]
    measured: int
    worth: int
    between: float | None
    kept: tuple[str, ...]
    snapshots: tuple[tuple[str, float], ...]
    size: tuple[int, int]
    warnings: tuple[str, ...]
    network: str = ""
    notes: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        """The bits, in words."""
        same = self.bits == self.activation_bits
        return f"{self.bits} bits" if same else f"{self.bits}-bit weights, {self.activation_bits}-bit activations"

    @property
    def fine(self) -> bool:
        """Whether the results keep their direction, so that nothing need be done."""
        return min((cosine for _, cosine, _ in self.outputs), default=1.0) >= _FINE

    @property
    def remedy(self) -> str:
        """Which layers to leave in floats, where that gains enough ("" where not)."""
        if not self.worth:
            return ""
        if self.worth > _NAMED:
            return "try --min-cosine, which leaves as many layers in floats as it takes"
        return "try " + " ".join(f"--keep-float {shlex.quote(n)}" for n in self.rank[: self.worth])

    def plain(self) -> dict[str, Any]:
        """As data for JSON."""
        return asdict(self) | {"fine": self.fine, "remedy": self.remedy}

    def text(self, rows: int = 0) -> str:
        """A table with the causes under it. rows: only the so many layers that add most (0: all)."""
        lines = [f"{self.method}, {self.format}, {self.samples} sample{'s' * (self.samples != 1)}: mean layer cosine {self.mean_cosine:.6f}"]
        lines += [f"output {name}: cosine {cosine:.6f}, {sqnr:.1f} dB" for name, cosine, sqnr in self.outputs]
        lines.append(f"weights: {self.size[0]:,} bytes before, {self.size[1]:,} after")
        lines += [f"  {name:<22}mean layer cosine {cosine:.6f}" for name, cosine in self.snapshots]
        shown = [r for r in self.layers if not rows or r.name in self.rank[:rows]]
        width = max([len(r.name) for r in shown], default=5)
        lines += ["", f"{'layer':<{width}}  {'cosine':>9}  {'SQNR dB':>7}  {'adds':>9}  {'range of its input':>22}  {'cut off':>8}"]
        for r in shown:
            span = f"{r.low:.4g} to {r.high:.4g}"
            lines.append(f"{r.name:<{width}}  {r.cosine:9.6f}  {r.sqnr:7.1f}  {r.own:9.2e}  {span:>22}  {r.clipped:8.3%}")
        told = _told(shown)
        lines += ["", *told] if told else []
        lines += self._ranking()
        return "\n".join([*lines, *(f"note: {n}" for n in self.notes), *(f"warning: {w}" for w in self.warnings)])

    def _ranking(self) -> list[str]:
        """Where most error comes in, and whether it would help to leave that in floats."""
        if not self.rank:
            return []
        most = ", ".join(f"{n} ({g:.0%})" for n, g in list(zip(self.rank, self.gain, strict=True))[:3])
        lines = ["", f"most error comes in at: {most}"]
        if not self.measured:
            return [*lines, "whether it helps to leave them in floats (--keep-float) is measured with --report, or explain=True"]
        tried = [(k, sqnr) for k, _, sqnr in self.curve if k <= max(3, self.worth)]
        lines.append(f"results on {self.measured} of the samples, sums and results not rounded, with {', '.join(str(k) for k, _ in tried)} of them in floats: "
                     + ", ".join(f"{sqnr:.1f}" for _, sqnr in tried) + " dB")  # fmt: skip
        if not self.worth:
            return [*lines, f"leaving some of them in floats gains less than {_WORTH:g} dB"]
        return lines if self.fine else [*lines, self.remedy]


def _told(layers: Sequence[LayerReport]) -> list[str]:
    """What is wrong in words, each kind of cause once, with the first layer that has it and how many more do."""
    kinds: dict[str, list[tuple[str, Cause]]] = {}
    for r in layers:
        for cause in r.causes:
            kinds.setdefault(cause.kind, []).append((r.name, cause))
    return [f"{has[0][0]}: {has[0][1]}" + (f" (and {len(has) - 1} more of these layers)" if len(has) > 1 else "") for has in kinds.values()]


def _worth(curve: Sequence[tuple[int, float, float]]) -> int:
    """The fewest layers in floats that gain _WORTH; 0 where none do."""
    return next((k for k, _, sqnr in curve if sqnr >= curve[0][2] + _WORTH), 0) if curve and math.isfinite(curve[0][2]) else 0


def _input_of(graph: Graph, layer: Layer, makers: dict[str, Node], keys: set[str]) -> str | None:
    """The layer whose output reaches `layer` first, going back along first inputs."""
    v: str = layer.x
    while v not in keys:
        node = makers.get(v)
        if node is None:
            return None
        v = next((i for i in node.inputs if i and i not in graph.constants), "")
    return v


def _clipped(seen: Seen, ends: tuple[float, float], step: float) -> float:
    """Share of what was seen that lies more than half a step (to the width of the histogram's bins) beyond the grid's ends."""
    low = math.floor((ends[0] - step / 2) / seen.width) + HALF
    high = math.ceil((ends[1] + step / 2) / seen.width) + HALF
    outside = seen.counts[: max(low, 0)].sum() + seen.counts[min(max(high, 0), 2 * HALF) :].sum()
    return float(outside) / max(seen.total, 1)


def _histogram(seen: Seen) -> tuple[int, ...]:
    """Counts in _BINS even bins from the smallest to the largest value; empty where all are one."""
    if not seen.high > seen.low:
        return ()
    at = np.flatnonzero(seen.counts)
    x = np.clip((at - HALF + 0.5) * seen.width, seen.low, seen.high)
    k = np.minimum(((x - seen.low) / (seen.high - seen.low) * _BINS).astype(int), _BINS - 1)
    return tuple(int(v) for v in np.bincount(k, seen.counts[at], _BINS))


def _short(values: np.ndarray) -> tuple[float, ...]:
    """To four digits, as numbers."""
    return tuple(float(f"{v:.4g}") for v in values.reshape(-1))


class _Maker:
    def __init__(self, outcome: Outcome, samples: int, measured: Sensitivity | None) -> None:
        self.outcome, self.samples, self.measured = outcome, samples, measured
        self.graph, self.plan = outcome.source, outcome.plan
        self.makers = self.graph.producers()
        self.names = {layer.key: layer.name for layer in self.plan.layers}
        self.total = self.noise()
        self.loss = {k: outcome.layers[k].loss / max(outcome.layers[k].samples, 1) for k in self.names}

    def noise(self) -> float:
        """Power of the error of the results over theirs, mean over the outputs; not less than the layers make alone."""
        found = [self.outcome.layers[o] for o in self.graph.outputs if self.graph.types[o].dtype is DType.F32]
        delivered = [d.noise / d.signal for d in found if d.signal > 0]
        alone = sum(self.measured.alone.values()) if self.measured is not None else 0.0
        return max(alone, float(np.mean(delivered)) if delivered else 0.0)

    def layer(self, layer: Layer) -> LayerReport:
        outcome, key = self.outcome, layer.key
        d, node, root = outcome.layers[key], self.makers[key], self.plan.group[layer.x]
        seen, grid = outcome.seen[root], outcome.numbers.grids[root]
        earlier = _input_of(self.graph, layer, self.makers, set(self.names))
        own = max(self.loss[key] - (self.loss[earlier] if earlier else 0.0), 0.0)
        clipped = _clipped(seen, grid.ends, grid.scale)
        macs = OPS[node.op].macs(self.graph.input_types(node), self.graph.output_types(node), node.attrs)
        weights, cut, parameters = self.weights(layer, node)
        watched = outcome.watched.get(layer.x)
        share = None if self.measured is None or not self.total else self.measured.alone[key] / self.total
        gain = None if share is None else -10 * math.log10(max(1 - share, 1e-6))
        facts = Facts(self.graph, self.plan, node, layer, seen, outcome.watched, grid, clipped, cut, d.cosine, own,
                      self.names[earlier] if earlier else "", self.samples)  # fmt: skip
        return LayerReport(
            layer.name, layer.op, d.cosine, d.sqnr, outcome.before[key].cosine, own, share, gain, seen.low, seen.high, grid.scale,
            grid.zero, grid.ends, clipped, _histogram(seen), _short(watched.channels) if watched and watched.channels is not None else (),
            weights, cut, parameters, macs, causes(facts),
        )  # fmt: skip

    def weights(self, layer: Layer, node: Node) -> tuple[tuple[float, ...], float, int]:
        """Largest magnitude of each output channel, share that is cut off by more than half a step, and their number."""
        held = self.outcome.numbers.weights.get(layer.key)
        if not layer.weights or held is None:
            return (), 0.0, 0
        w = self.graph.constants[layer.weights]
        beyond = np.abs(w) > (self.outcome.limit + 0.5) * held.scale
        return _short(largest(w, channel_axis(node, w.shape))), float(beyond.mean()), w.size


def make_report(outcome: Outcome, options: Options, samples: int, measured: Sensitivity | None = None) -> Report:
    """The report of a finished quantisation; measured: what each layer does to the results, where that is known."""
    maker = _Maker(outcome, samples, measured)
    layers = tuple(maker.layer(layer) for layer in outcome.plan.layers)
    parts = [(r.name, r.own if r.share is None else r.share) for r in layers]
    total = sum(p for _, p in parts)
    ranked = sorted((p for p in parts if p[1] > 0), key=lambda p: -p[1])
    loss = maker.loss
    return Report(
        options.method, options.weight_bits, options.activation_bits, samples, 1.0 - (sum(loss.values()) / len(loss) if loss else 0.0),
        tuple((o, outcome.layers[o].cosine, outcome.layers[o].sqnr) for o in outcome.source.outputs),
        layers, tuple(n for n, _ in ranked), tuple(p / total for _, p in ranked),
        measured.curve if measured is not None else (), measured.samples if measured is not None else 0,
        _worth(measured.curve) if measured is not None else 0,
        1 - sum(measured.alone.values()) / maker.total if measured is not None and maker.total else None, tuple(outcome.plan.kept),
        tuple((name, 1.0 - score) for name, score in outcome.snapshots),
        (sum(a.nbytes for a in outcome.source.constants.values()), sum(a.nbytes for a in outcome.graph.constants.values())),
        tuple(outcome.warnings), outcome.source.name, tuple(outcome.notes),
    )  # fmt: skip

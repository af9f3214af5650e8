"""What quantisation did to a network, layer by layer, and in plain words why."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pith.graph import Graph, Node
from pith.ops.base import OPS
from pith.quant.flow import Options, Outcome
from pith.quant.observers import HALF, Seen
from pith.quant.plan import Layer
from pith.quant.weights import bias_of, channel_axis, largest

_BAD = 0.99  # a cosine below this is worth a word
_WIDE = 32.0  # ratio of channel ranges that is


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer. cosine, sqnr (dB): of its output before rounding, against the float network on the calibration data; errors
    of all layers before it included.  own: by how much 1 - cosine is larger than that of the layer before: what it adds.
    low, high: of its input in the float network;  scale, zero: of its input;  clipped: share of the input's values that lie
    beyond the grid.  macs: multiply-adds.  causes: in words."""

    name: str
    op: str
    cosine: float
    sqnr: float
    own: float
    low: float
    high: float
    scale: float
    zero: int
    clipped: float
    macs: int
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """outputs: (name, cosine, sqnr in dB) of each result.  layers: in order.  rank: names of the layers that add most error,
    first those to keep in floats;  gain: for each of them the share of the summed error that it adds.  snapshots: (what was
    done, mean layer cosine).  size: bytes of the weights, before and after.  samples: how many were used."""

    method: str
    bits: int
    samples: int
    mean_cosine: float
    outputs: tuple[tuple[str, float, float], ...]
    layers: tuple[LayerReport, ...]
    rank: tuple[str, ...]
    gain: tuple[float, ...]
    kept: tuple[str, ...]
    snapshots: tuple[tuple[str, float], ...]
    size: tuple[int, int]
    warnings: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As data for JSON."""
        return asdict(self)

    def text(self, rows: int = 0) -> str:
        """A table with the causes under it. rows: only the so many layers that add most (0: all)."""
        lines = [f"{self.method}, {self.bits} bits, {self.samples} samples: mean layer cosine {self.mean_cosine:.6f}"]
        lines += [f"output {name}: cosine {cosine:.6f}, {sqnr:.1f} dB" for name, cosine, sqnr in self.outputs]
        lines.append(f"weights: {self.size[0]:,} bytes before, {self.size[1]:,} after")
        lines += [f"  {name:<22}mean layer cosine {cosine:.6f}" for name, cosine in self.snapshots]
        shown = [r for r in self.layers if not rows or r.name in self.rank[:rows]]
        width = max([len(r.name) for r in shown], default=5)
        lines += ["", f"{'layer':<{width}}  {'cosine':>9}  {'SQNR dB':>7}  {'adds':>9}  {'range of its input':>22}  {'cut off':>8}"]
        for r in shown:
            span = f"{r.low:.4g} to {r.high:.4g}"
            lines.append(f"{r.name:<{width}}  {r.cosine:9.6f}  {r.sqnr:7.1f}  {r.own:9.2e}  {span:>22}  {r.clipped:8.3%}")
        told = [f"{r.name}: {cause}" for r in shown for cause in r.causes]
        lines += ["", *told] if told else []
        if self.rank:
            best = ", ".join(f"{n} ({g:.0%})" for n, g in list(zip(self.rank, self.gain, strict=True))[:3])
            lines += ["", f"most error comes in at: {best}; leave them in floats with --keep-float"]
        return "\n".join([*lines, *(f"warning: {w}" for w in self.warnings)])


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


def _causes(outcome: Outcome, layer: Layer, cosine: float, samples: int, clipped: float) -> tuple[str, ...]:
    graph, node = outcome.source, next(n for n in outcome.source.nodes if n.outputs and n.outputs[0] == layer.key)
    found = []
    seen = outcome.seen[outcome.plan.group[layer.x]]
    if seen.low == seen.high:
        found.append(f"its input is always {seen.low:.4g} in the calibration data: use samples that differ")
    if seen.has_outlier():
        found.append("its input has values over a thousand times larger than the rest; they are cut off")
    if clipped > 0.01:
        found.append(f"{clipped:.1%} of its input is cut off: try --method minmax")
    if layer.weights:
        w = graph.constants[layer.weights]
        top = largest(w, channel_axis(node, w.shape)).reshape(-1)
        dead = int((top == 0).sum())
        if dead:
            bias = bias_of(graph, node)
            found.append(f"{dead} of {top.size} output channels have no weights" + (" and pass on their bias alone" if bias is not None else ""))
        if cosine < _BAD and node.op == "conv" and w.shape[1] > 1:
            across = np.abs(w).max(axis=(0, *range(2, w.ndim)))
            ratio = float(across.max()) / max(float(np.median(across)), 1e-30)
            if ratio > _WIDE:
                found.append(f"input channel {int(across.argmax())} has weights {ratio:.0f} times the usual: try --equalize")
    usual = seen.usual() if seen.total else 0.0
    if cosine < _BAD and usual and max(-seen.low, seen.high) > _WIDE * usual:
        found.append("few values of its input are far larger than the rest, which get few steps: try --method mse, or keep the layer in floats")
    if cosine < _BAD and samples < 10:
        found.append(f"only {samples} calibration samples")
    return tuple(found)


def make_report(outcome: Outcome, options: Options, samples: int) -> Report:
    """The report of a finished quantisation."""
    graph, plan = outcome.source, outcome.plan
    makers = graph.producers()
    keys = {layer.key for layer in plan.layers}
    loss = {k: outcome.layers[k].loss / max(outcome.layers[k].samples, 1) for k in keys}
    layers = []
    for layer in plan.layers:
        d, node = outcome.layers[layer.key], makers[layer.key]
        root = plan.group[layer.x]
        seen, grid = outcome.seen[root], outcome.numbers.grids[root]
        earlier = _input_of(graph, layer, makers, keys)
        own = max(loss[layer.key] - (loss[earlier] if earlier else 0.0), 0.0)
        clipped = _clipped(seen, grid.ends, grid.scale)
        macs = OPS[node.op].macs(graph.input_types(node), graph.output_types(node), node.attrs)
        layers.append(LayerReport(layer.name, layer.op, d.cosine, d.sqnr, own, seen.low, seen.high, grid.scale, grid.zero, clipped, macs,
                                  _causes(outcome, layer, d.cosine, samples, clipped)))  # fmt: skip
    total = sum(r.own for r in layers)
    ranked = sorted((r for r in layers if r.own > 0), key=lambda r: -r.own)
    kept_bytes = sum(a.nbytes for a in outcome.graph.constants.values())
    return Report(
        options.method, options.bits, samples, 1.0 - (sum(loss.values()) / len(loss) if loss else 0.0),
        tuple((o, outcome.layers[o].cosine, outcome.layers[o].sqnr) for o in graph.outputs),
        tuple(layers), tuple(r.name for r in ranked), tuple(r.own / total for r in ranked), tuple(plan.kept),
        tuple((name, 1.0 - score) for name, score in outcome.snapshots),
        (sum(a.nbytes for a in graph.constants.values()), kept_bytes), tuple(outcome.warnings),
    )  # fmt: skip

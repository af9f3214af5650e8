"""What each layer's integers do to the network's results, measured.

One graph is made that holds every layer twice, as floats and as integers, with a switch between the two that is an input.
So one compilation is enough to run the network with any set of layers in integers: each alone, which ranks them, and all but
the first k of that ranking, which says what leaving k layers in floats would gain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pith.graph import DType, Graph, Node, TensorType
from pith.ops.base import add_node
from pith.quant.calibration import Compile, Feed, Inside, Progress, Samples
from pith.quant.cores import in_order, one_blas_thread
from pith.quant.insert import Numbers, on_grid, quantized_weights
from pith.quant.measure import Difference
from pith.quant.plan import Layer, Plan

_RUNS = 512  # of the network with switches, about
_SAMPLES = 8  # at most


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """alone: for each layer's key the power of the error of the results over the power of the results, mean over the outputs,
    when only this layer is in integers.  curve: (k, smallest cosine, smallest SQNR in dB of an output) with all layers in
    integers but the k of largest `alone`; rounding between layers, of sums and results, is left out.  samples: how many were run."""

    alone: dict[str, float]
    curve: tuple[tuple[int, float, float], ...]
    samples: int

    @property
    def order(self) -> list[str]:
        """Keys of the layers, those that do most first."""
        return sorted(self.alone, key=lambda k: -self.alone[k])


def switched(source: Graph, plan: Plan, numbers: Numbers) -> tuple[Graph, dict[str, str]]:
    """`source` (unchanged) with both forms of each layer, and the bool inputs (by layer key) that choose the integers."""
    graph = source.copy()
    layers = {layer.key: layer for layer in plan.layers}
    switches: dict[str, str] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes.append(node)
        layer = layers.get(node.outputs[0]) if node.outputs else None
        if layer is not None:
            switches[layer.key] = _both(graph, source, node, layer, plan, numbers, nodes)
    graph.nodes = nodes
    graph.outputs = [o for o in graph.outputs if graph.types[o].dtype is DType.F32 and graph.types[o].size]
    graph.drop_unused()
    graph.validate()
    return graph, switches


def _both(graph: Graph, source: Graph, node: Node, layer: Layer, plan: Plan, numbers: Numbers, into: list[Node]) -> str:
    """Append the layer in integers and the choice, which takes the layer's name; returns the switch."""
    key = layer.key
    switch, exact, rounded = (graph.fresh(f"{key}.{s}") for s in ("switch", "exact", "rounded"))
    graph.types[switch] = TensorType(DType.BOOL, ())
    graph.inputs.append(switch)
    graph.types[exact] = graph.types[key]
    inputs = list(node.inputs)
    for k, v in enumerate(inputs):
        if v in plan.group:
            inputs[k] = on_grid(graph, v, numbers.grids[plan.group[v]], f"{key}.{k}", into)
    twin = Node(node.op, inputs, [rounded], dict(node.attrs), name=f"{node.name or key}.rounded")
    graph.types[rounded] = graph.types[key]
    quantized_weights(graph, source, twin, layer, plan, numbers, into)
    into.append(twin)
    node.outputs[0] = exact
    add_node(graph, "where", [switch, rounded, exact], {}, outputs=[key], into=into)
    return switch


class _Switched:
    """The graph with switches, compiled, and the samples to run it on."""

    def __init__(self, inside: Inside, switches: dict[str, str], feeds: list[Feed]) -> None:
        self.inside, self.outputs, self.switches, self.feeds = inside, inside.values, switches, feeds
        self.exact = list(in_order(lambda feed: self.run(feed, ()), feeds))

    def run(self, feed: Feed, on: Iterable[str]) -> dict[str, np.ndarray]:
        chosen = set(on)
        return self.inside.run({**feed, **{s: np.array(key in chosen) for key, s in self.switches.items()}})

    def measure(self, on: Iterable[str]) -> list[Difference]:
        """Of each output, with the layers `on` in integers."""
        found = [Difference() for _ in self.outputs]
        for feed, exact in zip(self.feeds, self.exact, strict=True):
            result = self.run(feed, on)
            for d, o in zip(found, self.outputs, strict=True):
                d.add(Difference.between(exact[o], result[o]))
        return found

    def each(self, sets: Iterable[Iterable[str]]) -> Iterator[list[Difference]]:
        """`measure` of each set of layers, on all cores."""
        return in_order(self.measure, sets, size=self.inside.size)


def kept_counts(layers: int) -> list[int]:
    """The numbers of layers in floats that are tried: 0 to 4, then ever wider apart, fewer than all."""
    counts = [0, 1, 2, 3, 4]
    while counts[-1] < layers:
        counts.append(math.ceil(counts[-1] * 1.4))
    return [k for k in counts if k < layers]


@one_blas_thread()
def sensitivity(
    graph: Graph, plan: Plan, numbers: Numbers, samples: Samples, compile: Compile, say: Progress = lambda what, done: None
) -> Sensitivity | None:
    """Measure it for the float `graph` and its quantisation; None when no output is a float32 tensor.

    Runs the network as often as it has layers, and some times more, on up to eight samples (fewer for many layers).
    """
    both, switches = switched(graph, plan, numbers)
    if not both.outputs or not switches:
        return None
    counts = kept_counts(len(switches))
    rounds = len(switches) + len(counts)
    count = max(1, min(len(samples), _SAMPLES, _RUNS // rounds))
    feeds = [samples.load(int(k)) for k in np.linspace(0, len(samples) - 1, count).round()]
    with Inside(both, both.outputs, compile) as inside:
        runs = _Switched(inside, switches, feeds)
        alone: dict[str, float] = {}
        for k, (key, found) in enumerate(zip(switches, runs.each([key] for key in switches), strict=True)):
            say("sensitivity", k / rounds)
            parts = [d.noise / d.signal for d in found if d.signal > 0]
            alone[key] = float(np.mean(parts)) if parts else 0.0
        order = sorted(alone, key=lambda key: -alone[key])
        curve = []
        for k, (kept, found) in enumerate(zip(counts, runs.each(order[kept:] for kept in counts), strict=True)):
            say("sensitivity", (len(switches) + k) / rounds)
            curve.append((kept, min(d.cosine for d in found), min(d.sqnr for d in found)))
    return Sensitivity(alone, tuple(curve), count)

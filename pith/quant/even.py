"""Channels evened out between layers before anything is rounded: by the size of weights (here) or of activations (smooth.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pith.graph import Graph, Node
from pith.quant.plan import float_made
from pith.quant.smooth import smooth
from pith.quant.watch import Watched

_SAME_SIGN = ("relu", "leaky_relu", "prelu")  # f(c x) = c f(x) for c > 0


def ways(graph: Graph, watched: Mapping[str, Watched]) -> Iterator[tuple[str, Graph]]:
    """Copies of `graph` with channels evened out, and by what, those that differ from it."""
    even = graph.copy()
    if equalize(even):
        yield "weights", even
    even = graph.copy()
    if smooth(even, watched, float_made(graph)):
        yield "activations", even


def equalize(graph: Graph, *, rounds: int = 3) -> int:
    """Even out the ranges of weights on both sides of each value that only passes from one convolution to another.

    Changes `graph`: channel i of the first convolution is divided by c_i and what the second reads of it multiplied, with
    c_i = sqrt(largest weight of the first / largest of the second). Values between keep their meaning up to rounding, for
    a function f in between has f(c x) = c f(x) (relu, leaky relu) or is absent. Returns how many pairs there are.
    Source: Nagel et al., arXiv 1906.04721, section 4.1.
    """
    pairs = _pairs(graph)
    for _ in range(rounds):
        for first, second in pairs:
            _even(graph, first, second)
    graph.drop_unused()
    return len(pairs)


def _pairs(graph: Graph) -> list[tuple[Node, Node]]:
    makers, users = graph.producers(), graph.consumers()
    found = []
    for second in graph.nodes:
        if not _plain(graph, second):
            continue
        x = second.inputs[0]
        maker = makers.get(x)
        if maker is not None and maker.op in _SAME_SIGN and _alone(graph, users, x):
            if maker.op == "prelu" and maker.inputs[1] not in graph.constants:
                continue
            x = maker.inputs[0]
            maker = makers.get(x)
        if maker is not None and _plain(graph, maker) and _alone(graph, users, x):
            found.append((maker, second))
    return found


def _plain(graph: Graph, node: Node) -> bool:
    constant = all(i in graph.constants for i in node.inputs[1:] if i)
    return node.op == "conv" and constant and len(node.inputs) <= 3 and node.attrs.get("epilogue") is None


def _alone(graph: Graph, users: dict[str, list[Node]], v: str) -> bool:
    return len(users.get(v, [])) == 1 and v not in graph.outputs


def _even(graph: Graph, first: Node, second: Node) -> None:
    a, b = graph.constants[first.inputs[1]].astype(np.float64), graph.constants[second.inputs[1]].astype(np.float64)
    group = second.attrs["group"]
    grouped = b.reshape(group, b.shape[0] // group, b.shape[1], -1)
    top_a = np.abs(a.reshape(a.shape[0], -1)).max(axis=1)
    top_b = np.abs(grouped).max(axis=(1, 3)).reshape(-1)
    usable = (top_a > 1e-6) & (top_b > 1e-6)
    c = np.where(usable, np.clip(np.sqrt(top_a / np.where(usable, top_b, 1.0)), 1e-2, 1e2), 1.0)
    a /= c.reshape(-1, *[1] * (a.ndim - 1))
    grouped = grouped * c.reshape(group, 1, b.shape[1], 1)
    name = first.name or first.outputs[0]
    first.inputs[1] = graph.add_constant(a.astype(np.float32), f"{name}.weights")
    second.inputs[1] = graph.add_constant(grouped.reshape(b.shape).astype(np.float32), f"{second.name or second.outputs[0]}.weights")
    if len(first.inputs) > 2 and first.inputs[2]:
        bias = graph.constants[first.inputs[2]] / c
        first.inputs = [*first.inputs[:2], graph.add_constant(bias.astype(np.float32), f"{name}.bias")]

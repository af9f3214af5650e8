"""Compute at compile time what depends on constants only."""

from __future__ import annotations

import numpy as np

from pith.graph import Graph, Node, TensorType
from pith.ops.base import OPS

_LIMIT = 64 << 20  # bytes a result may have
_GROWTH = 4096  # results smaller than this may be larger than their inputs


def run(graph: Graph) -> int:
    """Replace constant nodes by their values; returns how many."""
    kept: list[Node] = []
    for node in graph.nodes:
        if node.inputs and all(not i or i in graph.constants for i in node.inputs) and _worth(graph, node):
            with np.errstate(all="ignore"):
                values = OPS[node.op].reference([graph.constants[i] if i else None for i in node.inputs], node.attrs)
            for name, value in zip(node.outputs, values, strict=False):
                if name:
                    t: TensorType = graph.types[name]
                    graph.set_constant(name, np.asarray(value).astype(t.dtype.np, copy=False).reshape(t.shape))
        else:
            kept.append(node)
    gone = len(graph.nodes) - len(kept)
    graph.nodes = kept
    return gone


def _worth(graph: Graph, node: Node) -> bool:
    """Not where the result is much larger than what it is made of (an expand of a scalar, say)."""
    size = sum(t.nbytes for t in graph.output_types(node))
    read = sum(graph.types[i].nbytes for i in node.inputs if i)
    return size <= _GROWTH or (size <= _LIMIT and (node.op != "expand" or size <= 2 * read))

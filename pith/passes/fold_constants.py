"""Nodes whose inputs are all constant are evaluated by their references."""

from __future__ import annotations

import numpy as np

from pith.graph import Graph, Node
from pith.ops.base import OPS
from pith.passes.rewrite import Rewrite, use_counts

_MAX_BYTES = 64 << 20  # no result larger than this is put among the weights
_MAX_GROWTH = 1 << 16  # bytes by which a result may exceed its inputs: a large expand stays a view
_MAX_MACS = 1 << 28  # the references are NumPy: what takes longer than about a second is left to the network
_MAX_TOTAL = 64 << 20  # bytes of all results together, or twice the constants there were at first


def _worth_folding(graph: Graph, node: Node) -> bool:
    """All inputs constant, and a result that neither bloats the weights nor takes long."""
    present = [i for i in node.inputs if i]
    if not present or any(i not in graph.constants for i in present):
        return False
    outputs = graph.output_types(node)
    if _weights(graph, node):
        return True
    size = sum(t.nbytes for t in outputs)
    if size > _MAX_BYTES or size > sum(graph.types[i].nbytes for i in present) + _MAX_GROWTH:
        return False
    return OPS[node.op].macs(graph.input_types(node), outputs, node.attrs) <= _MAX_MACS


def _weights(graph: Graph, node: Node) -> bool:
    """Whether the node makes floats of a model's quantised weights, which no integer operator took: kernels for floats want
    them as constants, however large."""
    return node.op == "dequantize_linear" and all(i in graph.constants for i in node.inputs if i)


def run(graph: Graph) -> int:
    """Evaluate constant nodes; returns how many. What only folded nodes read is dropped on the way."""
    walk = Rewrite(graph)
    uses = use_counts(graph)
    limit = max(_MAX_TOTAL, 2 * (sum(a.nbytes for a in graph.constants.values()) - graph.folded_bytes))
    for node in graph.nodes:
        size = 0 if _weights(graph, node) else sum(t.nbytes for t in graph.output_types(node))
        if graph.folded_bytes + size > limit or not _worth_folding(graph, node):
            walk.keep(node)
            continue
        graph.folded_bytes += size
        with np.errstate(all="ignore"):
            values = OPS[node.op].reference([graph.constants[i] if i else None for i in node.inputs], node.attrs)
        for name, value in zip(node.outputs, values, strict=False):
            if name:
                graph.set_constant(name, value)
        for name in node.inputs:
            uses[name] = uses.get(name, 0) - 1
            if not uses[name]:
                graph.folded_bytes = max(0, graph.folded_bytes - graph.constants.pop(name).nbytes)
                del graph.types[name]
        walk.changed += 1
    return walk.finish()

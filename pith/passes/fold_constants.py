"""Nodes whose inputs are all constant are evaluated by their references."""

from __future__ import annotations

import numpy as np

from pith.graph import Graph, Node
from pith.ops.base import OPS
from pith.passes.rewrite import Rewrite

_MAX_BYTES = 64 << 20  # no result larger than this is put among the weights
_MAX_GROWTH = 1 << 16  # bytes by which a result may exceed its inputs: a large expand stays a view
_MAX_MACS = 1 << 28  # the references are NumPy: what takes longer than about a second is left to the network


def _worth_folding(graph: Graph, node: Node) -> bool:
    """All inputs constant, and a result that neither bloats the weights nor takes long."""
    present = [i for i in node.inputs if i]
    if not present or any(i not in graph.constants for i in present):
        return False
    outputs = graph.output_types(node)
    size = sum(t.nbytes for t in outputs)
    if size > _MAX_BYTES or size > sum(graph.types[i].nbytes for i in present) + _MAX_GROWTH:
        return False
    return OPS[node.op].macs(graph.input_types(node), outputs, node.attrs) <= _MAX_MACS


def run(graph: Graph) -> int:
    """Evaluate constant nodes; returns how many."""
    walk = Rewrite(graph)
    for node in graph.nodes:
        if not _worth_folding(graph, node):
            walk.keep(node)
            continue
        with np.errstate(all="ignore"):
            values = OPS[node.op].reference([graph.constants[i] if i else None for i in node.inputs], node.attrs)
        for name, value in zip(node.outputs, values, strict=False):
            if name:
                graph.set_constant(name, value)
        walk.changed += 1
    return walk.finish()

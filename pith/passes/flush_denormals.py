"""Weights too small for a normal float32 become 0.

Training with weight decay leaves such numbers in channels that went out of use. Processors multiply by them through microcode, more
than ten times as slowly. What goes is less than 1.2e-38 of what each is multiplied by: nothing that a float32 result can show, unless
all of its terms are as small.
"""

from __future__ import annotations

import numpy as np

from pith.graph import Graph

PRODUCTS = frozenset({"conv", "conv_transpose", "matmul", "lstm", "gru", "rnn"})
_LEAST = np.finfo(np.float32).tiny


def run(graph: Graph) -> int:
    """Constants of products, read by nothing else; returns how many changed."""
    uses, changed = graph.consumers(), 0
    for node in graph.nodes:
        if node.op not in PRODUCTS:
            continue
        for name in node.inputs[1:]:
            value = graph.constants.get(name) if name else None
            if value is None or value.dtype != np.float32 or name in graph.outputs or any(u.op not in PRODUCTS for u in uses[name]):
                continue
            small = (np.abs(value) < _LEAST) & (value != 0)
            if small.any():
                graph.set_constant(name, np.where(small, np.float32(0), value))
                changed += 1
    return changed

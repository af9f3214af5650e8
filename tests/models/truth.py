"""A network in float64 throughout: the truth that tells which of two float32 results is off, and by how much."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pith.graph import Graph
from pith.ops.base import OPS


def run_float64(graph: Graph, feed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs by name, every float32 value kept in float64 between the operators' references."""

    def wide(a: np.ndarray) -> np.ndarray:
        return a.astype(np.float64) if a.dtype == np.float32 else a

    values = {k: wide(v) for k, v in {**graph.constants, **feed}.items()}
    last = {i: k for k, node in enumerate(graph.nodes) for i in node.inputs}
    for k, node in enumerate(graph.nodes):
        results = OPS[node.op].reference([values[i] if i else None for i in node.inputs], node.attrs)
        values.update({o: r for o, r in zip(node.outputs, results, strict=False) if o})
        for i in node.inputs:
            if last.get(i) == k and i not in graph.outputs:
                values.pop(i, None)
    return {o: values[o] for o in graph.outputs}

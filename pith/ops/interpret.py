"""The reference executor: runs a graph node by node with the operators' NumPy references."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pith.graph import Graph, InputError
from pith.ops.base import OPS, load_all


def run_reference(graph: Graph, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Outputs of `graph` for the arrays in `inputs` (name -> array of exactly the input's type and shape), in order.

    Values are dropped after their last use. Raises InputError for a missing, unknown or ill-fitting array.
    """
    load_all()
    unknown = sorted(set(inputs) - set(graph.inputs))
    if unknown:
        raise InputError(f"no input is called {unknown[0]!r}", try_="one of: " + ", ".join(graph.inputs))
    values: dict[str, np.ndarray] = dict(graph.constants)
    for name in graph.inputs:
        want = graph.types[name]
        if name not in inputs:
            raise InputError(f"input {name!r} is missing", why=f"the network needs {want}")
        array = np.asarray(inputs[name])
        if array.shape != want.shape or array.dtype != want.dtype.np:
            raise InputError(f"input {name!r} is {array.dtype}{list(array.shape)}", why=f"the network needs {want}")
        values[name] = array
    last = {i: k for k, node in enumerate(graph.nodes) for i in node.inputs}
    keep = set(graph.outputs)
    for k, node in enumerate(graph.nodes):
        results = OPS[node.op].reference([values[i] if i else None for i in node.inputs], node.attrs)
        for name, result in zip(node.outputs, results, strict=False):
            if name:
                values[name] = result
        for name in node.inputs:
            if last.get(name) == k and name not in keep:
                values.pop(name, None)
    return [values[o] for o in graph.outputs]

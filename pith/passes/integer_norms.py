"""softmax and layer norm between a dequantisation and a quantisation become softmax_integer and layer_norm_integer."""

from __future__ import annotations

import numpy as np

from pith.graph import Graph, Node
from pith.ops import layer_norm_integer, softmax_integer
from pith.passes.quantised import BYTES, Quantised, Steps, quantised, real_constant, steps_of
from pith.passes.rewrite import Rewrite, use_counts


def _softmax(walk: Rewrite, node: Node, x: Quantised, y: Steps) -> str | None:
    """The integers of a softmax, None where it is not along the last axis, or too long."""
    shape = walk.type(x.value).shape
    if x.steps.dtype not in BYTES or node.attrs["axis"] != len(shape) - 1 or not 1 <= shape[-1] <= softmax_integer.DEEPEST:
        return None
    table = walk.graph.add_constant(softmax_integer.exponentials(x.steps.scale, shape[-1]), f"{node.name or 'softmax'}.exponentials")
    attrs = {"multiplier": float(np.float32(1 / y.scale)), "zero": y.zero, "dtype": y.dtype}
    return walk.add("softmax_integer", [x.value, table], attrs, like=node)


def _layer_norm(walk: Rewrite, node: Node, x: Quantised, y: Steps) -> str | None:
    """The integers of a layer norm over the last axis with known scale and bias; None for others."""
    shape = walk.type(x.value).shape
    parts = [real_constant(walk, i) if i else np.zeros(()) for i in (*node.inputs[1:3], *[""] * (3 - len(node.inputs)))]
    if any(node.outputs[1:]) or any(p is None for p in parts) or node.attrs["axis"] % len(shape) != len(shape) - 1:
        return None
    n = shape[-1]
    if not 1 <= n <= layer_norm_integer.DEEPEST or any(p is not None and p.ndim > 1 for p in parts):
        return None
    names = [
        walk.graph.add_constant(np.broadcast_to(np.asarray(p, np.float64) / y.scale, (n,)).astype(np.float32), f"{node.name or 'layer_norm'}.{what}")
        for p, what in zip(parts, ("scale", "bias"), strict=True)
    ]
    epsilon = max(float(np.float32(node.attrs["epsilon"] * (n / x.steps.scale) ** 2)), 1e-30)
    if not np.isfinite(epsilon):
        return None
    return walk.add("layer_norm_integer", [x.value, *names], {"epsilon": epsilon, "zero": y.zero, "dtype": y.dtype}, like=node)


_FORMS = {"softmax": _softmax, "layer_norm": _layer_norm}


def run(graph: Graph) -> int:
    """Returns how many became integers."""
    if not any(n.op in _FORMS for n in graph.nodes):
        return 0
    walk, uses = Rewrite(graph), use_counts(graph)
    for node in graph.nodes:
        walk.resolve(node)
        found = _found(walk, node, uses) if node.op == "quantize_linear" else None
        if found is None:
            walk.keep(node)
        else:
            walk.replace(node.outputs[0], found)
    return walk.finish()


def _found(walk: Rewrite, node: Node, uses: dict[str, int]) -> str | None:
    """The integers that a quantize_linear makes, straight from those its softmax or layer norm reads."""
    maker = walk.made.get(node.inputs[0])
    steps = steps_of(walk, node)
    if maker is None or steps is None or maker.op not in _FORMS or uses.get(node.inputs[0]) != 1 or node.inputs[0] in walk.outputs:
        return None
    x = quantised(walk, maker.inputs[0])
    return None if x is None or x.value in walk.graph.constants else _FORMS[maker.op](walk, maker, x, steps)



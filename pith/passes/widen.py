"""One-dimensional convolutions and pools become two-dimensional ones over a picture one pixel high."""

from __future__ import annotations

from typing import Any

from pith.graph import Graph, Node
from pith.passes.rewrite import Rewrite

# attribute -> its value along the new axis
_PER_AXIS = {"strides": 1, "dilations": 1, "kernel_shape": 1, "output_padding": 0, "ceil_pads": 0}


def _widen(walk: Rewrite, node: Node) -> None:
    """reshape, the operator in two dimensions, reshape back."""
    attrs: dict[str, Any] = dict(node.attrs)
    for key, value in _PER_AXIS.items():
        if attrs.get(key):
            attrs[key] = (value, *attrs[key])
    if attrs.get("pads"):
        attrs["pads"] = (0, attrs["pads"][0], 0, attrs["pads"][1])
    high = 1 if attrs.get("layout") == "channels_last" else 2
    inputs = list(node.inputs)
    shape = walk.type(inputs[0]).shape
    inputs[0] = walk.add("reshape", [inputs[0]], {"shape": (*shape[:high], 1, *shape[high:])}, like=node)
    if len(inputs) > 1:
        w = walk.type(inputs[1]).shape
        inputs[1] = walk.add("reshape", [inputs[1]], {"shape": (*w[:2], 1, *w[2:])}, like=node)
    y = walk.add(node.op, inputs, attrs, like=node)
    walk.nodes[-1].outputs = [y]  # the indices of a max_pool are not asked for here
    back = walk.add("reshape", [y], {"shape": walk.type(node.outputs[0]).shape}, like=node)
    walk.replace(node.outputs[0], back)


def run(graph: Graph) -> int:
    """Widen every such node; returns the number of changes."""
    walk = Rewrite(graph)
    for node in graph.nodes:
        walk.resolve(node)
        known = node.op in ("conv", "conv_integer", "conv_transpose", "max_pool", "average_pool", "lp_pool")
        if known and len(walk.type(node.inputs[0]).shape) == 3 and not any(node.outputs[1:]) and node.attrs.get("epilogue") is None:
            _widen(walk, node)
        else:
            walk.keep(node)
    return walk.finish()

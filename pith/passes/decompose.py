"""Rare operators into common ones, where that gives better code or less of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pith.graph import Graph, Node
from pith.ops.windows import channel_axis
from pith.passes.rewrite import Rewrite, scalar_of

Rule = Callable[[Rewrite, Node], str | None]


def _batch_norm(walk: Rewrite, node: Node) -> str | None:
    """Stored statistics: one multiplication and one addition a channel."""
    arrays = [walk.graph.constants.get(i) for i in node.inputs[1:5]]
    t = walk.type(node.inputs[0])
    if any(a is None for a in arrays) or t.dtype.compute is not t.dtype or len(t.shape) < 2:
        return None  # (between multiplication and addition a small float would be rounded once more)
    scale, bias, mean, var = (np.asarray(a, np.float64) for a in arrays if a is not None)
    factor = scale / np.sqrt(var + node.attrs["epsilon"])
    axis = channel_axis(node.attrs, len(t.shape))
    shape = [-1] + [1] * (len(t.shape) - 1 - axis)
    names = [
        walk.graph.add_constant(v.reshape(shape).astype(t.dtype.np), f"{node.name or 'batch_norm'}.{label}")
        for label, v in (("scale", factor), ("shift", bias - mean * factor))
    ]
    scaled = walk.add("mul", [node.inputs[0], names[0]], like=node)
    return walk.add("add", [scaled, names[1]], like=node)


def _div(walk: Rewrite, node: Node) -> str | None:
    """Division by powers of two is a multiplication, bit for bit."""
    divisor = walk.graph.constants.get(node.inputs[1])
    t = walk.type(node.outputs[0])
    if divisor is None or t.dtype.compute is not t.dtype or not t.dtype.is_float or not divisor.size:
        return None
    with np.errstate(all="ignore"):
        inverse = 1 / divisor
        mantissa, _ = np.frexp(divisor)
    if not (np.all(np.abs(mantissa) == 0.5) and np.all(np.abs(inverse) >= np.finfo(divisor.dtype).tiny) and np.isfinite(inverse).all()):
        return None
    name = walk.graph.add_constant(inverse.astype(divisor.dtype), node.name or "inverse")
    return walk.add("mul", [node.inputs[0], name], like=node)


def _pow(walk: Rewrite, node: Node) -> str | None:
    """Squares, cubes, roots and reciprocals, which need no logarithm."""
    x, exponent = node.inputs[0], scalar_of(walk.graph, node.inputs[1])
    t = walk.type(x)
    if exponent is None or t != walk.type(node.outputs[0]) or not t.dtype.is_float or t.dtype.compute is not t.dtype:
        return None
    if exponent == 2:
        return walk.add("mul", [x, x], like=node)
    if exponent == 3:
        return walk.add("mul", [walk.add("mul", [x, x], like=node), x], like=node)
    if exponent == 0.5:
        zero = walk.graph.add_constant(np.zeros((), t.dtype.np))  # the power of -0 is 0, its root would be -0
        return walk.add("sqrt", [walk.add("add", [x, zero], like=node)], like=node)
    return walk.add("reciprocal", [x], like=node) if exponent == -1 else None


def _average_pool(walk: Rewrite, node: Node) -> str | None:
    """One window over the whole picture is a mean."""
    x, out = walk.type(node.inputs[0]), walk.type(node.outputs[0])
    channel = channel_axis(node.attrs, len(x.shape))
    axes = tuple(a for a in range(1, len(x.shape)) if a != channel)
    whole = tuple(x.shape[a] for a in axes) == tuple(node.attrs["kernel_shape"]) and all(out.shape[a] == 1 for a in axes)
    plain = not any(node.attrs.get("pads") or ()) and all(d == 1 for d in node.attrs.get("dilations") or ())
    if not whole or not plain or not x.dtype.is_float:
        return None
    return walk.add("reduce", node.inputs, {"kind": "mean", "axes": axes, "keepdims": True}, like=node)


def _keep_axes(walk: Rewrite, node: Node) -> str | None:
    """Reduce with kept axes, then reshape: the layout pass moves transposes through the former."""
    if node.attrs["keepdims"]:
        return None
    shape = walk.type(node.outputs[0]).shape
    kept = walk.add(node.op, node.inputs, {**node.attrs, "keepdims": True}, like=node)
    return walk.add("reshape", [kept], {"shape": shape}, like=node)


RULES: dict[str, Rule] = {
    "batch_norm": _batch_norm,
    "div": _div,
    "pow": _pow,
    "average_pool": _average_pool,
    "reduce": _keep_axes,
    "arg_reduce": _keep_axes,
}


def run(graph: Graph) -> int:
    """One walk; returns the number of changes."""
    walk = Rewrite(graph)
    for node in graph.nodes:
        walk.resolve(node)
        rule = RULES.get(node.op)
        found = rule(walk, node) if rule is not None else None
        if found is None:
            walk.keep(node)
        else:
            walk.replace(node.outputs[0], found)
    return walk.finish()

"""Rewrite operators into forms the later passes know: batch norm as mul and add, reductions that keep their axes."""

from __future__ import annotations

import numpy as np

from pith.graph import DType, Graph, Node
from pith.ops.base import add_node


def run(graph: Graph) -> int:
    """Returns how many nodes were rewritten."""
    changed = 0
    kept: list[Node] = []
    for node in graph.nodes:
        rewrite = {"batch_norm": _batch_norm, "reduce": _keep_axes, "arg_reduce": _keep_axes, "pow": _pow}.get(node.op)
        new = rewrite(graph, node) if rewrite else None
        kept += new if new is not None else [node]
        changed += new is not None
    graph.nodes = kept
    return changed


def _batch_norm(graph: Graph, node: Node) -> list[Node] | None:
    """y = x * (scale / sqrt(var + eps)) + (bias - mean * scale / sqrt(var + eps)), all constants folded in float64."""
    params = [graph.const(i) for i in node.inputs[1:5]]
    if any(p is None for p in params) or len([o for o in node.outputs if o]) != 1:
        return None
    t = graph.types[node.inputs[0]]
    if t.dtype not in (DType.F32, DType.F64) or len(t.shape) < 2:
        return None
    scale, bias, mean, var = (np.asarray(p, np.float64) for p in params)
    factor = scale / np.sqrt(var + node.attrs["epsilon"])
    shape = [1] * len(t.shape)
    shape[1 if node.attrs.get("layout", "channels_first") == "channels_first" else -1] = -1
    new: list[Node] = []
    mul = graph.add_constant(factor.reshape(shape).astype(t.dtype.np), "bn_scale")
    add = graph.add_constant((bias - mean * factor).reshape(shape).astype(t.dtype.np), "bn_shift")
    y = add_node(graph, "mul", [node.inputs[0], mul], like=node, into=new)
    add_node(graph, "add", [y, add], outputs=node.outputs, like=node, into=new)
    return new


def _keep_axes(graph: Graph, node: Node) -> list[Node] | None:
    """Reduce with kept axes, then reshape: the layout pass moves transposes through the former."""
    out = graph.types[node.outputs[0]]
    if node.attrs.get("keepdims", True) or not out.shape or out.size == 0:
        return None
    new: list[Node] = []
    y = add_node(graph, node.op, node.inputs, {**node.attrs, "keepdims": True}, like=node, into=new)
    add_node(graph, "reshape", [y], {"shape": out.shape}, outputs=node.outputs, like=node, into=new)
    return new


def _pow(graph: Graph, node: Node) -> list[Node] | None:
    """x ** 2 is a product and x ** 0.5 a root, which every target has."""
    exponent = graph.const(node.inputs[1])
    t, out = graph.types[node.inputs[0]], graph.types[node.outputs[0]]
    if exponent is None or exponent.size != 1 or t != out or t.dtype not in (DType.F32, DType.F64):
        return None
    new: list[Node] = []
    value, x = float(exponent.reshape(-1)[0]), node.inputs[0]
    if value == 2.0:
        add_node(graph, "mul", [x, x], outputs=node.outputs, like=node, into=new)
    elif value == 0.5:
        add_node(graph, "sqrt", [x], outputs=node.outputs, like=node, into=new)
    else:
        return None
    return new

"""Elementwise operators on integers: functions of one of 8 bits become tables, the others canonical requantisations.

`split` gives every elementwise reader of dequantised integers a dequantisation of its own, which fuses with it, so that the
real numbers are never stored.
"""

from __future__ import annotations

import numpy as np

from pith.graph import DType, Graph, Node
from pith.graph.expr import arg, evaluate, substitute, used_args
from pith.ops.base import add_node
from pith.passes.canonical import Canonical
from pith.passes.quantised import BYTES, NARROW
from pith.passes.scalars import elementwise


def split(graph: Graph) -> int:
    """Returns how many dequantisations were added."""
    readers = graph.consumers()
    outputs, nodes, added = set(graph.outputs), [], 0
    own: dict[int, list[Node]] = {}
    for node in graph.nodes:
        y = node.outputs[0]
        nodes += own.pop(id(node), [])
        nodes.append(node)
        if node.op != "dequantize_linear" or graph.types[node.inputs[0]].dtype not in NARROW:
            continue
        users = list({id(u): u for u in readers.get(y, ())}.values())
        apart = [u for u in users if elementwise(u)]
        if len(users) == len(apart) and y not in outputs:
            apart = apart[1:]
        for user in apart:
            copy = add_node(graph, node.op, node.inputs, node.attrs, like=node, into=own.setdefault(id(user), []))
            user.inputs = [copy if i == y else i for i in user.inputs]
            added += 1
    graph.nodes = nodes
    return added


def run(graph: Graph) -> int:
    """Returns how many nodes were changed."""
    changed = 0
    for node in graph.nodes:
        if node.op == "fused" and any(graph.types[i].dtype in (*NARROW, DType.I32) for i in node.inputs):
            changed += _canonical(graph, node)
            changed += _lookup(graph, node)
    graph.drop_unused()
    return changed


def _canonical(graph: Graph, node: Node) -> int:
    known = {k: graph.constants[i] for k, i in enumerate(node.inputs) if i in graph.constants}
    form = Canonical(known, len(node.inputs))
    expr = form.run(node.attrs["expr"])
    if expr == node.attrs["expr"]:
        return 0
    names = [*node.inputs, *(graph.add_constant(form.made[i], "multiplier") for i in range(len(node.inputs), form.next_arg))]
    shape = graph.types[node.outputs[0]].shape
    used = used_args(expr)
    if np.broadcast_shapes(*(graph.types[names[i]].shape for i in used)) != shape:
        return 0
    place = [arg(0, graph.types[n].dtype.compute) for n in names]
    for k, i in enumerate(used):
        place[i] = arg(k, graph.types[names[i]].dtype.compute)
    node.attrs = {**node.attrs, "expr": substitute(expr, place)}
    node.inputs = [names[i] for i in used]
    return 1


def _lookup(graph: Graph, node: Node) -> int:
    """A table of all values, where one 8-bit tensor becomes another."""
    x, y = node.inputs[0], node.outputs[0]
    expr = node.attrs["expr"]
    bytes_only = graph.types[x].dtype in BYTES and graph.types[y].dtype in BYTES
    if len(node.inputs) != 1 or not bytes_only or expr.op == "arg" or graph.types[x].shape != graph.types[y].shape:
        return 0
    info = np.iinfo(graph.types[x].dtype.np)
    every = np.arange(info.min, info.max + 1).astype(graph.types[x].dtype.np)
    table = np.broadcast_to(evaluate(expr, [every]), every.shape).astype(graph.types[y].dtype.np)
    node.op, node.attrs = "lookup", {}
    node.inputs = [x, graph.add_constant(table, "table")]
    return 1

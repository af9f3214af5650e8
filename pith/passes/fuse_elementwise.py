"""Merge elementwise operators into `fused` nodes: one loop over the data instead of one for each."""

from __future__ import annotations

from pith.graph import SMALL_FLOATS, DType, Expr, Graph, Node
from pith.graph.expr import arg, cast, const, substitute
from pith.ops.base import OPS, Elementwise, broadcast_shapes

_LIMIT = 64  # functions in one expression
_INPUTS = 8


def run(graph: Graph) -> int:
    """Returns how many nodes were merged into another."""
    users: dict[str, set[int]] = {}
    for node in graph.nodes:
        for i in node.inputs:
            users.setdefault(i, set()).add(id(node))
    outputs = set(graph.outputs)
    fused: dict[str, Node] = {}  # value -> fused node that makes it
    gone: set[int] = set()
    for node in graph.nodes:
        op = OPS[node.op]
        if not isinstance(op, Elementwise):
            continue
        _to_fused(graph, node, op)
        merged = True
        while merged:
            merged = False
            for value in node.inputs:
                producer = fused.get(value)
                if producer is None or value in outputs or users[value] != {id(node)}:
                    continue
                if graph.types[value].shape != graph.types[node.outputs[0]].shape or not _merge(graph, node, producer):
                    continue
                gone.add(id(producer))
                for i in producer.inputs:
                    users[i] = (users[i] - {id(producer)}) | {id(node)}
                merged = True
                break
        fused[node.outputs[0]] = node
    graph.nodes = [n for n in graph.nodes if id(n) not in gone]
    return len(gone)


def _to_fused(graph: Graph, node: Node, op: Elementwise) -> None:
    """Rewrite an elementwise node as `fused`, scalars constants moved into the expression."""
    types = graph.input_types(node)
    expr = op.scalar(types, node.attrs)
    dtype = graph.types[node.outputs[0]].dtype
    args: list[Expr] = []
    inputs: list[str] = []
    for value, t in zip(node.inputs, types, strict=True):
        if t is None:
            args.append(const(0, DType.F32))
            continue
        array = graph.const(value)
        if array is not None and array.size == 1:
            element = array.reshape(-1)[0]
            args.append(const(float(element) if t.dtype.is_float else int(element), t.dtype.compute))
            continue
        if value not in inputs:
            inputs.append(value)
        args.append(arg(inputs.index(value), t.dtype.compute))
    out = graph.types[node.outputs[0]].shape
    if not inputs or broadcast_shapes(*(graph.types[i].shape for i in inputs)) != out:
        inputs = list(node.inputs)
        args = [arg(k, t.dtype.compute) if t is not None else const(0, DType.F32) for k, t in enumerate(types)]
    node.op, node.attrs, node.inputs = "fused", {"expr": substitute(expr, args), "dtype": dtype}, inputs


def _merge(graph: Graph, node: Node, producer: Node) -> bool:
    """Compute `producer` inside `node`; False when the result would be too large."""
    value = producer.outputs[0]
    kept = [i for i in node.inputs if i != value]
    inputs = kept + [i for i in producer.inputs if i not in kept]
    if len(inputs) > _INPUTS or any(not i for i in inputs):
        return False
    inner = substitute(producer.attrs["expr"], [arg(inputs.index(i), graph.types[i].dtype.compute) for i in producer.inputs])
    stored = producer.attrs["dtype"]
    if stored in SMALL_FLOATS:  # as if it had been stored and loaded again
        inner = cast(cast(inner, stored, saturate=inner.op != "cast"), DType.F32)
    else:
        inner = cast(inner, stored)
    outer = [inner if i == value else arg(inputs.index(i), graph.types[i].dtype.compute) for i in node.inputs]
    expr = substitute(node.attrs["expr"], outer)
    if expr.size() > _LIMIT:
        return False
    node.attrs["expr"], node.inputs = expr, inputs
    node.origin = tuple(dict.fromkeys((*producer.origin, *node.origin)))
    return True

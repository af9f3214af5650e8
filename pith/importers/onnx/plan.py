"""A graph of the file as an ordered list of the nodes that are needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from onnx import AttributeProto, FunctionProto, GraphProto, NodeProto, SparseTensorProto, TensorProto

from pith.graph import ModelError
from pith.importers.onnx.context import RawNode, Value
from pith.importers.order import depth_first

MAX_DEPTH = 32  # of subgraphs and functions within each other


@dataclass(slots=True)
class Plan:
    """Inputs, needed nodes in order, and outputs of a graph or function body; `constants` once they are bound."""

    name: str
    inputs: list[str]
    outputs: list[str]
    nodes: list[RawNode]
    initializers: list[TensorProto] = field(default_factory=list)
    sparse: list[SparseTensorProto] = field(default_factory=list)
    constants: dict[str, Value] | None = None


def plan_graph(graph: GraphProto) -> Plan:
    """The plan of a graph or subgraph. Raises ModelError for cycles and for names defined twice."""
    inputs, outputs = [i.name for i in graph.input], [o.name for o in graph.output]
    nodes = _ordered(graph.node, outputs, f"graph {graph.name}")
    return Plan(graph.name, inputs, outputs, nodes, list(graph.initializer), list(graph.sparse_initializer))


def plan_function(function: FunctionProto, wanted: Sequence[str]) -> Plan:
    """The plan of a function body for the outputs `wanted` of it."""
    outputs = list(wanted)
    nodes = _ordered(function.node, outputs, f"function {function.name}")
    return Plan(function.name, list(function.input), outputs, nodes)


def _ordered(protos: Sequence[NodeProto], outputs: Iterable[str], where: str) -> list[RawNode]:
    nodes = [_raw(p) for p in protos]
    reads = [set(n.inputs) | _captured(n.attributes, 0, where) for n in nodes]
    producer: dict[str, int] = {}
    for k, node in enumerate(nodes):
        for o in node.outputs:
            if o and producer.setdefault(o, k) != k:
                raise ModelError(
                    f"value {o!r} is made twice", where=where, why=f"by {nodes[producer[o]].label} and {node.label}"
                )
        if len(set(filter(None, node.outputs))) != sum(map(bool, node.outputs)):
            raise ModelError("two outputs of a node have one name", where=f"node {node.label}")
    # depth-first from the outputs: finds what is needed and, where the file is out of order, an order and cycles
    roots = sorted({producer[o] for o in outputs if o in producer})
    order = depth_first(
        len(nodes), roots, lambda k: [producer[name] for name in reads[k] if name in producer], lambda k: nodes[k].label, where
    )
    position = {k: i for i, k in enumerate(order)}
    in_order = all(producer[name] < k for k in order for name in reads[k] if name in producer)
    return [nodes[k] for k in (sorted(position) if in_order else order)]


def _raw(p: NodeProto) -> RawNode:
    domain = "" if p.domain == "ai.onnx" else p.domain
    texts = [p.op_type, p.name, p.domain, p.overload, *p.input, *p.output]
    if not all(isinstance(t, str) for t in texts):  # protobuf hands invalid UTF-8 on as bytes
        raise ModelError("a name is no text", where=f"node {p.name!r} ({p.op_type!r})", why="it is not UTF-8")
    return RawNode(p.op_type, domain, p.name, list(p.input), list(p.output), list(p.attribute), p.overload)


def _captured(attributes: Iterable[AttributeProto], depth: int, where: str) -> set[str]:
    """Names that the subgraphs among `attributes` read from around them."""
    names: set[str] = set()
    if depth > MAX_DEPTH:
        raise ModelError(f"graphs lie in each other more than {MAX_DEPTH} deep", where=where)
    for a in attributes:
        for g in [a.g] if a.type == AttributeProto.GRAPH else a.graphs if a.type == AttributeProto.GRAPHS else []:
            read = {o.name for o in g.output}
            own = {i.name for i in g.input} | {t.name for t in g.initializer}
            for node in g.node:
                read.update(node.input)
                read |= _captured(node.attribute, depth + 1, where)
                own.update(node.output)
            names |= read - own
    return names

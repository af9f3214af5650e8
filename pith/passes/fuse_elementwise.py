"""Elementwise operators become `fused` nodes, and chains and diamonds of them one: one loop instead of one for each."""

from __future__ import annotations

from dataclasses import dataclass

from pith.graph import DType, Expr, Graph, Node, ShapeError
from pith.graph.expr import arg, const
from pith.ops.base import broadcast_shapes
from pith.passes.rewrite import merge_origin
from pith.passes.scalars import as_stored, constant_scalar, elementwise, scalar_expr

_LIMIT = 64  # functions in one expression
_INPUTS = 8


@dataclass(slots=True)
class _Group:
    """Nodes to become one, in order; the last makes the result. `size`: functions of their expressions together."""

    nodes: list[Node]
    inputs: list[str]
    size: int


class _Fusion:
    """`readers[v]`: how many groups and other nodes read value v, each counted once, and graph outputs."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers: dict[str, int] = {}
        for node in graph.nodes:
            for i in dict.fromkeys(node.inputs):
                self.readers[i] = self.readers.get(i, 0) + 1
        for o in graph.outputs:
            self.readers[o] = self.readers.get(o, 0) + 1
        self.groups: dict[str, _Group] = {}  # value -> the group that makes it
        self.constants: dict[int, list[Expr | None]] = {}  # by node: inputs that are constants of its expression

    def run(self) -> int:
        graph = self.graph
        for node in graph.nodes:
            if elementwise(node):
                self.groups[node.outputs[0]] = self.grow(node)
        kept, before = [], len(graph.nodes)
        inside = {id(n) for g in self.groups.values() for n in g.nodes[:-1]}
        for node in graph.nodes:
            if elementwise(node):
                if id(node) not in inside:
                    self.emit(self.groups[node.outputs[0]])
                    kept.append(node)
            else:
                kept.append(node)
        graph.nodes = kept
        graph.drop_unused()
        return before - len(kept)

    def grow(self, node: Node) -> _Group:
        """The group of `node` and of the groups that compute for it alone."""
        group = self.start(node)
        shape = self.graph.types[node.outputs[0]].shape
        refused: set[str] = set()
        while True:
            found = (v for v in group.inputs if v in self.groups and self.readers[v] == 1 and v not in refused)
            value = next((v for v in found if self.graph.types[v].shape == shape), None)
            if value is None:
                return group
            if not self.merge(group, value):
                refused.add(value)

    def start(self, node: Node) -> _Group:
        """A group of one; constants of one element go into the expression where the other operands make the shape."""
        graph = self.graph
        known = [constant_scalar(graph, i) if i else const(0, DType.F32) for i in node.inputs]
        tensors = list(dict.fromkeys(i for i, k in zip(node.inputs, known, strict=True) if k is None))
        if not _makes(graph, tensors, graph.types[node.outputs[0]].shape):
            known = [None if i else k for i, k in zip(node.inputs, known, strict=True)]
            tensors = list(dict.fromkeys(filter(None, node.inputs)))
        for i in set(node.inputs) - set(tensors):
            self.readers[i] -= 1
        self.constants[id(node)] = known
        args = [k or arg(0, graph.types[i].dtype.compute) for i, k in zip(node.inputs, known, strict=True)]
        stored = as_stored(scalar_expr(graph, node, args), graph.types[node.outputs[0]].dtype)
        return _Group([node], tensors, stored.size())

    def merge(self, group: _Group, value: str) -> bool:
        """Take the group that makes `value` into `group`; False when the result would be too large."""
        producer = self.groups[value]
        inputs = [i for i in group.inputs if i != value]
        common = [i for i in producer.inputs if i in inputs]
        inputs += [i for i in producer.inputs if i not in inputs]
        size = group.size + producer.size
        if len(inputs) > _INPUTS or size > _LIMIT:
            return False
        for i in common:
            self.readers[i] -= 1
        self.readers[value] = 0
        group.nodes, group.inputs, group.size = producer.nodes + group.nodes, inputs, size
        return True

    def emit(self, group: _Group) -> None:
        """Rewrite the last node of the group as the `fused` node of all."""
        graph, last = self.graph, group.nodes[-1]
        values = {i: arg(k, graph.types[i].dtype.compute) for k, i in enumerate(group.inputs)}
        for node in group.nodes:
            args = [k or values[i] for i, k in zip(node.inputs, self.constants[id(node)], strict=True)]
            expr = scalar_expr(graph, node, args)
            out = node.outputs[0]
            values[out] = expr if node is last else as_stored(expr, graph.types[out].dtype)
        last.origin = merge_origin(group.nodes)
        last.attrs = {"expr": values[last.outputs[0]], "dtype": graph.types[last.outputs[0]].dtype}
        last.op, last.inputs = "fused", group.inputs


def _makes(graph: Graph, tensors: list[str], shape: tuple[int, ...]) -> bool:
    """Whether these operands alone broadcast to `shape`."""
    try:
        return bool(tensors) and broadcast_shapes(*(graph.types[i].shape for i in tensors)) == shape
    except ShapeError:
        return False


def run(graph: Graph) -> int:
    """Returns how many nodes were merged into another."""
    return _Fusion(graph).run()

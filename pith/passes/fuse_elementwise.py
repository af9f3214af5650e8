"""Elementwise operators become `fused` nodes, and chains and diamonds of them one: one loop instead of one for each."""

from __future__ import annotations

from pith.graph import DType, Expr, Graph, Node, ShapeError
from pith.graph.expr import arg, const, substitute
from pith.ops.base import broadcast_shapes
from pith.passes.rewrite import merge_origin
from pith.passes.scalars import as_stored, constant_scalar, elementwise, scalar_expr

_LIMIT = 64  # functions in one expression
_INPUTS = 8


class _Fusion:
    """`readers[v]`: how many nodes still read value v, each counted once, and graph outputs."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers: dict[str, int] = {}
        for node in graph.nodes:
            for i in dict.fromkeys(node.inputs):
                self.readers[i] = self.readers.get(i, 0) + 1
        for o in graph.outputs:
            self.readers[o] = self.readers.get(o, 0) + 1
        self.fused: dict[str, Node] = {}  # value -> the fused node that makes it
        self.gone: set[int] = set()

    def run(self) -> int:
        graph = self.graph
        for node in graph.nodes:
            if not elementwise(node):
                continue
            self.start(node)
            tried: set[str] = set()
            while (value := next((v for v in node.inputs if v not in tried and self.inner(v, node)), None)) is not None:
                if not self.merge(node, value):
                    tried.add(value)
            self.fused[node.outputs[0]] = node
        graph.nodes = [n for n in graph.nodes if id(n) not in self.gone]
        graph.drop_unused()
        return len(self.gone)

    def start(self, node: Node) -> None:
        """Rewrite one node as `fused`; constants of one element move into the expression where shapes allow."""
        graph = self.graph
        shape = graph.types[node.outputs[0]].shape
        known = [constant_scalar(graph, i) if i else const(0, DType.F32) for i in node.inputs]
        tensors = list(dict.fromkeys(i for i, k in zip(node.inputs, known, strict=True) if k is None))
        if not _makes(graph, tensors, shape):
            known = [None if i else k for i, k in zip(node.inputs, known, strict=True)]
            tensors = list(dict.fromkeys(filter(None, node.inputs)))
        args = [k or arg(tensors.index(i), graph.types[i].dtype.compute) for i, k in zip(node.inputs, known, strict=True)]
        for i in set(node.inputs) - set(tensors):
            self.readers[i] -= 1
        expr = scalar_expr(graph, node, args)
        node.op, node.inputs = "fused", tensors
        node.attrs = {"expr": expr, "dtype": graph.types[node.outputs[0]].dtype}

    def inner(self, value: str, node: Node) -> bool:
        """Whether `value` is made by a fused node of the same shape for `node` alone."""
        same = self.graph.types[value].shape == self.graph.types[node.outputs[0]].shape
        return value in self.fused and self.readers[value] == 1 and same

    def merge(self, node: Node, value: str) -> bool:
        """Compute `value` inside `node`; False when the result would be too large."""
        graph, producer = self.graph, self.fused[value]
        kept = [i for i in node.inputs if i != value]
        inputs = kept + [i for i in producer.inputs if i not in kept]
        if len(inputs) > _INPUTS:
            return False

        def place(i: str) -> Expr:
            return arg(inputs.index(i), graph.types[i].dtype.compute)

        inner = as_stored(substitute(producer.attrs["expr"], [place(i) for i in producer.inputs]), graph.types[value].dtype)
        expr = substitute(node.attrs["expr"], [inner if i == value else place(i) for i in node.inputs])
        if expr.size() > _LIMIT:
            return False
        for i in producer.inputs:
            self.readers[i] -= i in kept
        self.readers[value] = 0
        node.attrs["expr"], node.inputs = expr, inputs
        node.origin = merge_origin([producer, node])
        self.gone.add(id(producer))
        return True


def _makes(graph: Graph, tensors: list[str], shape: tuple[int, ...]) -> bool:
    """Whether these operands alone broadcast to `shape`."""
    try:
        return bool(tensors) and broadcast_shapes(*(graph.types[i].shape for i in tensors)) == shape
    except ShapeError:
        return False


def run(graph: Graph) -> int:
    """Returns how many nodes were merged into another."""
    return _Fusion(graph).run()

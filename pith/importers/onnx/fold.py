"""Building the graph: every operator whose inputs are all constants is computed at once instead of being added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from pith.graph import DType, Graph, Node, ShapeError, TensorType
from pith.importers.onnx.tensors import MAX_ELEMENTS
from pith.ops import OPS, infer_node

# Bounds of folding in one import; larger results stay to be computed at run time. Models with large weights get more.
MAX_RESULT = 2**26  # bytes of one result
MAX_RESULTS = 2**28  # bytes of all together
MAX_WORK = 2**29  # scalar operations
MAX_RANK = 32


class Place(Protocol):
    """The node of a model file that internal operators are made for."""

    name: str
    where: str

    @property
    def origin(self) -> str:
        """Name of the node that the user knows."""


class Builder:
    """Adds nodes and constants to `graph`, folding on the way."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.reserved: set[str] = set()  # names the model gives to values; fresh names avoid them
        self._each, self._bytes, self._work = MAX_RESULT, MAX_RESULTS, MAX_WORK
        self._shared: dict[tuple[np.dtype, tuple[int, ...], bytes], str] = {}

    def allow_for(self, weights: int) -> None:
        """Widen the bounds for a model that brings `weights` bytes of constants: converting them all must fit."""
        self._each, self._bytes = max(MAX_RESULT, 8 * weights), max(MAX_RESULTS, 16 * weights)
        self._work = max(MAX_WORK, 32 * weights)

    def fresh(self, hint: str) -> str:
        """A name that neither the graph nor the model uses."""
        while True:
            name = self.graph.fresh(hint)
            if name not in self.reserved:
                return name

    def constant(self, array: np.ndarray, hint: str) -> str:
        """A constant of that value; small equal ones are shared."""
        if array.size > 16:
            name = self.fresh(hint)
            self.graph.set_constant(name, array)
            return name
        key = (array.dtype, array.shape, array.tobytes())
        if key not in self._shared:
            name = self._shared[key] = self.fresh(hint)
            self.graph.set_constant(name, array)
        return self._shared[key]

    def emit(self, call: Place, op: str, inputs: Sequence[str], attrs: dict[str, Any], n: int) -> list[str]:
        """Outputs of `op`: folded when all its inputs are constants and the work is bounded, else a new node's."""
        graph = self.graph
        node = Node(op, list(inputs), [], attrs, call.name, (call.origin,))
        types = infer_node(graph, node)
        for t in types:
            if t.size > MAX_ELEMENTS or len(t.shape) > MAX_RANK:
                raise ShapeError(
                    f"a result of {t} is too large",
                    where=call.where,
                    why=f"at most {MAX_ELEMENTS:,} elements, {MAX_RANK} axes",
                )
        constant = all(i == "" or i in graph.constants for i in inputs)
        if constant and not _quantised_weights(graph, node) and self._affordable(node, types):
            arrays = [graph.constants[i] if i else None for i in inputs]
            with np.errstate(all="ignore"):
                results = OPS[op].reference(arrays, attrs)
            return [self.constant(np.asarray(r), call.name) for r in results[:n]]
        node.outputs = [self.fresh(call.name) for _ in types[:n]]
        for out, t in zip(node.outputs, types, strict=False):
            graph.types[out] = t
        graph.nodes.append(node)
        return node.outputs

    def _affordable(self, node: Node, types: list[TensorType]) -> bool:
        """Whether folding `node` stays within the bounds of one import; what it takes is booked."""
        nbytes = sum(t.nbytes for t in types)
        if nbytes > min(self._each, self._bytes):
            return False
        cost = OPS[node.op].cost(self.graph.input_types(node), types, node.attrs)
        work = cost.macs + cost.flops + nbytes
        if work > self._work:
            return False
        self._work -= work
        self._bytes -= nbytes
        return True

    def rename(self, value: str, name: str, first_node: int) -> bool:
        """Give a value made by a node from index `first_node` on the name the model has for it, if that is free."""
        graph = self.graph
        if name in graph.types or value in graph.constants:
            return False
        for node in graph.nodes[first_node:]:
            if value in node.outputs:
                node.outputs = [name if o == value else o for o in node.outputs]
                break
        else:
            return False
        for node in graph.nodes[first_node:]:
            if value in node.inputs:
                node.inputs = [name if i == value else i for i in node.inputs]
        graph.types[name] = graph.types.pop(value)
        return True


def _quantised_weights(graph: Graph, node: Node) -> bool:
    """Constants that the passes want to see as the integers they are; what is left of them is folded there."""
    if node.op != "dequantize_linear":
        return False
    t = graph.types[node.inputs[0]]
    return t.dtype in (DType.I8, DType.U8, DType.I32) and bool(t.shape)

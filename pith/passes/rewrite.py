"""What the passes share: one walk over a graph that writes its new node list, and small questions about constants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import Graph, Node, TensorType
from pith.ops.base import Attrs, add_node

IDENTITY = "reshape"  # a value under another name is a reshape to its own shape


class Rewrite:
    """A forward walk: nodes are kept, added or replaced; `finish` puts the new list into the graph.

    Values replaced are renamed lazily (`final`), so that a chain of any length costs linear time. Names of graph
    outputs survive: replacing one renames the value that takes its place, or leaves an identity node.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.made: dict[str, Node] = {}  # value -> the node of the new list that makes it
        self.outputs = set(graph.outputs)
        self.changed = 0
        self._alias: dict[str, str] = {}

    def final(self, value: str) -> str:
        """The name `value` now goes by."""
        path = []
        while value in self._alias:
            path.append(value)
            value = self._alias[value]
        for v in path:
            self._alias[v] = value
        return value

    def resolve(self, node: Node) -> None:
        """Bring the inputs of `node` up to date."""
        node.inputs = [self.final(i) if i else "" for i in node.inputs]

    def type(self, value: str) -> TensorType:
        return self.graph.types[value]

    def keep(self, node: Node) -> None:
        """Take `node` over into the new list."""
        self.nodes.append(node)
        for o in node.outputs:
            if o:
                self.made[o] = node

    def add(
        self, op: str, inputs: Sequence[str], attrs: Attrs | None = None, *, like: Node | None = None, outputs: Sequence[str] = ()
    ) -> str:
        """Append a new node and return its first output."""
        self.changed += 1
        out = add_node(self.graph, op, inputs, attrs, like=like, outputs=outputs, into=self.nodes)
        for o in self.nodes[-1].outputs:
            if o:
                self.made[o] = self.nodes[-1]
        return out

    def replace(self, old: str, new: str) -> None:
        """Let every reader of `old` read `new`, which has the same type; the maker of `old` is not in the new list."""
        if old == new:
            return
        self.changed += 1
        if old not in self.outputs:
            self._alias[old] = new
            return
        maker = self.made.get(new)
        if new in self.graph.constants:
            self.graph.set_constant(old, self.graph.constants[new])
        elif maker is None or new in self.outputs:
            self.add(IDENTITY, [new], {"shape": self.type(new).shape}, outputs=[old])
        else:
            maker.outputs = [old if o == new else o for o in maker.outputs]
            self.made[old] = maker
            self._alias[new] = old

    def finish(self) -> int:
        """Install the new list without its dead nodes; returns how many changes were made."""
        for node in self.nodes:
            self.resolve(node)
        self.graph.nodes = self.nodes
        return self.changed + self.graph.drop_unused()


def use_counts(graph: Graph) -> dict[str, int]:
    """How often each value is read; a graph output counts as a read."""
    uses: dict[str, int] = {}
    for node in graph.nodes:
        for i in node.inputs:
            uses[i] = uses.get(i, 0) + 1
    for o in graph.outputs:
        uses[o] = uses.get(o, 0) + 1
    return uses


def scalar_of(graph: Graph, value: str) -> float | None:
    """The number a constant holds in all its elements; None for other constants and for values made at run time."""
    array = graph.constants.get(value)
    if array is None or array.size == 0:
        return None
    flat = array.reshape(-1)
    first = flat[0]
    if array.size > 1 and not bool((flat == first).all()):
        return None
    return float(first)


def inverse(perm: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes `perm`."""
    back = [0] * len(perm)
    for i, p in enumerate(perm):
        back[p] = i
    return tuple(back)


def same_order(shape: Sequence[int], a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether two axis orders of a tensor of `shape` lay its elements out alike: they differ in axes of size 1 only."""
    return [i for i in a if shape[i] != 1] == [i for i in b if shape[i] != 1]


def merge_origin(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The source nodes of several nodes, in order, each once."""
    names = [o for n in nodes for o in (n.origin or ((n.name,) if n.name else ()))]
    return tuple(dict.fromkeys(names))


def vector_along(array: np.ndarray, axis: int, shape: Sequence[int]) -> np.ndarray | None:
    """A constant that broadcasts to `shape` and varies along `axis` only, as a vector of that axis' extent; else None."""
    rank = len(shape)
    if array.ndim > rank:
        return None
    full = array.reshape((1,) * (rank - array.ndim) + array.shape)
    if any(d != 1 for a, d in enumerate(full.shape) if a != axis):
        return None
    return np.broadcast_to(full.reshape(-1), (shape[axis],))

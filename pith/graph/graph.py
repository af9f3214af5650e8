"""The graph: values with static types, constants, and nodes in topological order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pith.graph.dtype import DType
from pith.graph.errors import InternalError, ModelError


@dataclass(frozen=True, slots=True)
class Quant:
    """Affine quantisation of an integer tensor: real = scale * (q - zero); one entry, or one per index of `axis`."""

    scale: tuple[float, ...]
    zero: tuple[int, ...]
    axis: int | None = None


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type and static shape of a value (a scalar has shape ())."""

    dtype: DType
    shape: tuple[int, ...]
    quant: Quant | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        n = 1
        for d in self.shape:
            n *= d
        return n

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{self.dtype.short}[{'x'.join(map(str, self.shape))}]"


@dataclass(slots=True)
class Node:
    """One operator application. Inputs and outputs are value names; "" marks an optional input left out.

    `attrs` hold plain Python values (int, float, bool, str, tuples of them) or an `Expr`. `name` and `origin` tell
    the user where it came from: `origin` lists the names of the nodes of the source model merged into this one.
    """

    op: str
    inputs: list[str]
    outputs: list[str]
    attrs: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    origin: tuple[str, ...] = ()


@dataclass(slots=True)
class Graph:
    """A network. `types` has every value; `constants` holds the arrays of those known at compile time; `notes`: what passes
    have to tell the user, one sentence each."""

    name: str = "model"
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    types: dict[str, TensorType] = field(default_factory=dict)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    folded_bytes: int = 0  # of the constants that folding made: each pass takes what the ones before left of the limit
    notes: list[str] = field(default_factory=list)
    _counter: int = 0

    def copy(self) -> Graph:
        """A graph of its own; the arrays of constants and the types, which nobody changes, are shared."""
        nodes = [Node(n.op, list(n.inputs), list(n.outputs), dict(n.attrs), n.name, n.origin) for n in self.nodes]
        return Graph(
            self.name, list(self.inputs), list(self.outputs), dict(self.types), dict(self.constants), nodes,
            dict(self.metadata), self.folded_bytes, list(self.notes), self._counter,
        )  # fmt: skip

    def fresh(self, hint: str = "v") -> str:
        """A value name not yet used, beginning with `hint`."""
        while True:
            self._counter += 1
            name = f"{hint}.{self._counter}"
            if name not in self.types:
                return name

    def add_constant(self, array: np.ndarray, hint: str = "const") -> str:
        """Register `array` (kept C-contiguous) as a constant; returns its name."""
        name = self.fresh(hint)
        self.set_constant(name, array)
        return name

    def set_constant(self, name: str, array: np.ndarray) -> None:
        """Give `name` the constant value `array`."""
        array = np.asarray(array, order="C")
        self.constants[name] = array
        self.types[name] = TensorType(DType.of(array.dtype), tuple(array.shape))

    def const(self, name: str) -> np.ndarray | None:
        """The array of a constant value, None for any other."""
        return self.constants.get(name)

    def producers(self) -> dict[str, Node]:
        """Value name -> the node that makes it (one walk over the graph; take it once per pass)."""
        return {o: n for n in self.nodes for o in n.outputs if o}

    def consumers(self) -> dict[str, list[Node]]:
        """Value name -> nodes that read it, in order (a node reading it twice stands twice)."""
        users: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            for i in node.inputs:
                if i:
                    users[i].append(node)
        return users

    def input_types(self, node: Node) -> list[TensorType | None]:
        """Types of the node's inputs, None for those left out."""
        return [self.types[i] if i else None for i in node.inputs]

    def output_types(self, node: Node) -> list[TensorType]:
        return [self.types[o] for o in node.outputs if o]

    def rename_uses(self, mapping: dict[str, str]) -> None:
        """Replace reads of each key by its value (chains are followed); graph outputs too."""

        def final(v: str) -> str:
            while v in mapping:
                v = mapping[v]
            return v

        for node in self.nodes:
            node.inputs = [final(i) for i in node.inputs]
        self.outputs = [final(o) for o in self.outputs]

    def validate(self) -> None:
        """Check the invariants: names defined before use, defined once, typed, constants match their types.

        Raises InternalError; importers turn what a file got wrong into ModelError before this.
        """
        defined: set[str] = set(self.inputs) | set(self.constants)
        for name, array in self.constants.items():
            t = self.types.get(name)
            if t is None or t.shape != array.shape or t.dtype.np != array.dtype:
                raise InternalError(f"constant {name!r} does not match its type {t}")
        for node in self.nodes:
            for i in node.inputs:
                if i and i not in defined:
                    raise ModelError(f"value {i!r} is read before it is made", where=f"node {node.name or node.op}")
            for o in node.outputs:
                if not o:
                    continue
                if o in defined:
                    raise ModelError(f"value {o!r} is defined twice", where=f"node {node.name or node.op}")
                if o not in self.types:
                    raise InternalError(f"value {o!r} has no type", where=f"node {node.name or node.op}")
                defined.add(o)
        for o in self.outputs:
            if o not in defined:
                raise ModelError(f"graph output {o!r} is never made")

    def drop_unused(self) -> int:
        """Remove nodes and constants that no output needs; returns how many nodes went."""
        live = set(self.outputs)
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if any(o in live for o in node.outputs):
                kept.append(node)
                live.update(i for i in node.inputs if i)
        gone = len(self.nodes) - len(kept)
        self.nodes = kept[::-1]
        self.constants = {k: v for k, v in self.constants.items() if k in live}
        made = {o for n in self.nodes for o in n.outputs}
        keep = live | made | set(self.inputs)
        self.types = {k: v for k, v in self.types.items() if k in keep}
        return gone


def as_shape(values: Iterable[int] | Sequence[int]) -> tuple[int, ...]:
    """A shape as a tuple of plain Python ints."""
    return tuple(int(v) for v in values)

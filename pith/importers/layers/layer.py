"""What a mapping function sees: one layer of the file, its inputs, and the graph being built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pith.graph import DType, Graph, ModelError, Node, ShapeError, TensorType, UnsupportedError
from pith.ops import infer_node

Result = str | list[str] | dict[str, str]  # of a mapping function: a value, one for each blob, or blobs by name
MAX_ELEMENTS = 2**31 - 1  # kernels address elements with 32-bit integers
MAX_CONSTANT = 2**22  # elements of a constant that the importer computes itself
MAX_NODES = 200_000  # of a graph: some layers make many
MAX_EXTENT = 2**24  # of kernels, strides and pads: addresses computed from them must fit 32 bits


class Layer:
    """A layer; mapping functions read it and add internal operators through it.

    `inputs` are names of values of `graph`, `names` those of the blobs that the layer makes.
    """

    def __init__(self, graph: Graph, kind: str, name: str, inputs: Sequence[str], names: Sequence[str]) -> None:
        self.graph, self.kind, self.name, self.inputs, self.names = graph, kind, name, list(inputs), list(names)
        self.outputs = len(self.names)
        self.where = f"layer {name} ({kind})"

    # inputs

    def x(self, i: int = 0) -> str:
        """Input `i`; required."""
        if i >= len(self.inputs):
            raise self.invalid(f"input {i} is missing")
        return self.inputs[i]

    def shape(self, v: str) -> tuple[int, ...]:
        return self.graph.types[v].shape

    def rank(self, v: str) -> int:
        return len(self.graph.types[v].shape)

    def known(self, v: str) -> np.ndarray | None:
        """The array of a value known at compile time, else None."""
        return self.graph.constants.get(v)

    # building

    def emit(self, op: str, inputs: Sequence[str], **attrs: Any) -> str:
        """Add an internal operator; returns its output."""
        return self.emit_n(op, inputs, 1, **attrs)[0]

    def emit_n(self, op: str, inputs: Sequence[str], n: int, **attrs: Any) -> list[str]:
        """Same for an operator with `n` outputs. Raises ShapeError for shapes that do not fit or results too large."""
        if len(self.graph.nodes) >= MAX_NODES:
            raise self.unsupported(f"the layers become more than {MAX_NODES:,} operators")
        node = Node(op, list(inputs), [], attrs, self.name, (self.name,))
        try:
            types = infer_node(self.graph, node)
        except ShapeError as e:
            e.where = self.where
            raise
        for t in types:
            self.check_size(t.shape)
        node.outputs = [self.graph.fresh(self.name) for _ in types[:n]]
        self.graph.types.update(zip(node.outputs, types, strict=False))
        self.graph.nodes.append(node)
        return node.outputs

    def const(self, array: Any) -> str:
        """A float32 constant (integers and other element types of NumPy arrays are kept)."""
        value = np.asarray(array)
        return self.graph.add_constant(value.astype(np.float32) if value.dtype == np.float64 else value, self.name)

    def number(self, value: float) -> str:
        """A float32 scalar."""
        return self.const(np.float32(value))

    def reshape(self, v: str, shape: Sequence[int]) -> str:
        """`v` with another shape (itself when it has it)."""
        shape = tuple(int(d) for d in shape)
        if self.shape(v) == shape:
            return v
        if self.graph.types[v].size != TensorType(DType.F32, shape).size or min(shape, default=1) < 0:
            raise self.invalid(f"{self.shape(v)} cannot be reshaped to {shape}")
        return self.emit("reshape", [v], shape=shape)

    def transpose(self, v: str, perm: Sequence[int]) -> str:
        """`v` with axes reordered (itself when nothing moves)."""
        if sorted(perm) != list(range(self.rank(v))):
            raise self.invalid(f"the order {tuple(perm)} does not fit a tensor of shape {self.shape(v)}")
        return v if list(perm) == list(range(len(perm))) else self.emit("transpose", [v], perm=tuple(perm))

    def expand(self, v: str, shape: Sequence[int]) -> str:
        """`v` broadcast to `shape`."""
        shape = tuple(int(d) for d in shape)
        self.check_size(shape)
        return v if self.shape(v) == shape else self.emit("expand", [v], shape=shape)

    def slice(self, v: str, axis: int, start: int, count: int, step: int = 1) -> str:
        """`count` elements of one axis from `start` on, all of the others."""
        shape = self.shape(v)
        if start == 0 and step == 1 and count == shape[axis]:
            return v
        if count < 1 or not 0 <= start < shape[axis] or not 0 <= start + (count - 1) * step < shape[axis]:
            raise self.invalid(f"{count} elements from {start} on do not lie in an axis of {shape[axis]}")
        one = [(0, 1, d) for d in shape]
        one[axis] = (start, step, count)
        starts, steps, counts = zip(*one, strict=True)
        return self.emit("slice", [v], starts=starts, steps=steps, shape=counts)

    def concat(self, values: Sequence[str], axis: int) -> str:
        """Tensors joined along an axis."""
        if not values:
            raise self.invalid("it joins nothing")
        known = [self.graph.constants.get(v) for v in values]
        arrays = [a for a in known if a is not None]
        if len(arrays) == len(values) and sum(a.size for a in arrays) <= MAX_CONSTANT and axis < min(a.ndim for a in arrays):
            try:
                return self.const(np.concatenate(arrays, axis))  # priors of detectors, which must be known
            except ValueError:
                raise self.invalid(f"shapes {[a.shape for a in arrays]} cannot be joined along axis {axis}") from None
        return values[0] if len(values) == 1 else self.emit("concat", values, axis=axis)

    def reduce(self, kind: str, v: str, axes: Sequence[int], keepdims: bool = True) -> str:
        return self.emit("reduce", [v], kind=kind, axes=tuple(sorted(axes)), keepdims=keepdims)

    def axis(self, axis: int, rank: int) -> int:
        """`axis` counted from the front."""
        if not -rank <= axis < rank:
            raise self.invalid(f"axis {axis} is outside a tensor of {rank} axes")
        return axis % rank

    # refusals

    def check_size(self, shape: Sequence[int]) -> None:
        """Raise ShapeError for a shape that is too large or empty."""
        size = 1
        for d in shape:
            size *= d
        if size > MAX_ELEMENTS or size < 1 or min(shape, default=1) < 1:
            raise ShapeError(
                f"a result of shape {tuple(shape)} is {'too large' if size > MAX_ELEMENTS else 'empty'}", where=self.where,
                why=f"at least 1 and at most {MAX_ELEMENTS:,} elements",
            )  # fmt: skip

    def check_constant(self, shape: Sequence[int]) -> None:
        """Raise ShapeError for a constant that would be too large to be computed here."""
        size = 1
        for d in shape:
            size *= max(int(d), 0)
        if size > MAX_CONSTANT:
            raise ShapeError(f"a constant of shape {tuple(shape)} is too large", where=self.where, why=f"at most {MAX_CONSTANT:,} elements")

    def invalid(self, what: str, why: str = "") -> ModelError:
        """The error for a layer that breaks the rules of its format."""
        return ModelError(what, where=self.where, why=why, try_="convert or download the model again")

    def unsupported(self, what: str, try_: str = "") -> UnsupportedError:
        """The error for a layer that Pith cannot do."""
        return UnsupportedError(what, where=self.where, try_=try_ or "leave this part outside the network, or export to ONNX")

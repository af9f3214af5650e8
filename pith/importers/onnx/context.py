"""What a mapping function sees: the ONNX node being imported, and the graph being built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import AttributeProto, ValueInfoProto

from pith.graph import DType, ModelError, ShapeError, TensorType, UnsupportedError
from pith.importers.onnx.attributes import Attributes
from pith.ops.base import normalize_axis

if TYPE_CHECKING:
    from pith.importers.onnx.fold import Builder
    from pith.importers.onnx.importer import Importer


@dataclass(slots=True)
class TensorList:
    """A sequence value, known at import time only."""

    items: list[Value]


@dataclass(slots=True)
class Maybe:
    """An optional value, known at import time only."""

    item: Value | None


@dataclass(frozen=True, slots=True)
class Poison:
    """What an unsupported node would have made; nodes that read it are passed over."""


MAX_COUNT = 2**24
POISON = Poison()
Value = str | TensorList | Maybe | Poison


def is_poisoned(value: Value | None) -> bool:
    """Whether a value, or one inside it, comes from an unsupported node."""
    if isinstance(value, TensorList):
        return any(is_poisoned(v) for v in value.items)
    return is_poisoned(value.item) if isinstance(value, Maybe) else isinstance(value, Poison)


@dataclass(slots=True)
class RawNode:
    """A node as the file has it."""

    op: str
    domain: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: list[AttributeProto]
    overload: str = ""

    @property
    def label(self) -> str:
        """The node's name, or that of its first output."""
        return self.name or next((o for o in self.outputs if o), self.op)


@dataclass(slots=True)
class Scope:
    """Names visible at one place: a graph, a subgraph (which sees its parent's) or a function body (which does not)."""

    opsets: dict[str, int]
    parent: Scope | None = None
    values: dict[str, Value] = field(default_factory=dict)
    attributes: dict[str, AttributeProto] = field(default_factory=dict)  # of the function call being expanded
    declared: dict[str, ValueInfoProto] = field(default_factory=dict)
    prefix: str = ""
    origin: str = ""  # the node of the model that a function body stands for
    depth: int = 0
    absent: frozenset[str] = frozenset()  # optional inputs of the function that the call leaves out

    def find(self, name: str) -> Value | None:
        """The value called `name`, None when there is none."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.parent
        return None


@dataclass(frozen=True, slots=True)
class Issue:
    """A node that cannot be compiled."""

    op: str
    domain: str
    node: str
    why: str
    try_: str


def issue(op: str, domain: str, node: str, e: UnsupportedError) -> Issue:
    """The issue that an error reports."""
    return Issue(op, domain, node, f"{e.what} ({e.why})" if e.why else e.what, e.try_)


class Call:
    """One ONNX node with its inputs resolved; mapping functions read it and emit internal operators through it."""

    def __init__(self, importer: Importer, scope: Scope, raw: RawNode, inputs: list[Value | None], opset: int) -> None:
        self.importer, self.scope, self.raw, self.inputs, self.opset = importer, scope, raw, inputs, opset
        self.builder: Builder = importer.builder
        self.name = scope.prefix + raw.label
        self.where = f"node {self.name} ({raw.op})"
        self.outputs = raw.outputs
        self.attrs = Attributes(raw.attributes, self.where, scope.attributes, importer.folder)

    @property
    def origin(self) -> str:
        """The node of the model that this one stands for."""
        return self.scope.origin or self.name

    # inputs

    def has(self, i: int) -> bool:
        """Whether input `i` is given."""
        return i < len(self.inputs) and self.inputs[i] is not None

    def value(self, i: int) -> Value:
        """Input `i` of any kind; required."""
        value = self.inputs[i] if i < len(self.inputs) else None
        if value is None:
            raise ModelError(f"input {i} is missing", where=self.where)
        return value

    def x(self, i: int) -> str:
        """Input `i`, which must be a tensor."""
        value = self.value(i)
        if not isinstance(value, str):
            raise ModelError(f"input {i} is no tensor", where=self.where)
        return value

    def opt(self, i: int) -> str:
        """Input `i` if given, else ""."""
        return self.x(i) if self.has(i) else ""

    def tensors(self) -> list[str]:
        """All inputs, which must be tensors."""
        return [self.x(i) for i in range(len(self.inputs))]

    def items(self, i: int) -> list[Value]:
        """The items of input `i`, which must be a sequence."""
        value = self.value(i)
        if not isinstance(value, TensorList):
            raise ModelError(f"input {i} is no sequence", where=self.where)
        return value.items

    def wants(self, k: int) -> bool:
        """Whether output `k` is used by name."""
        return k < len(self.outputs) and self.outputs[k] != ""

    # types

    def type(self, v: str) -> TensorType:
        """Type of a value."""
        return self.builder.graph.types[v]

    def shape(self, v: str) -> tuple[int, ...]:
        return self.builder.graph.types[v].shape

    def rank(self, v: str) -> int:
        return len(self.builder.graph.types[v].shape)

    def dtype(self, v: str) -> DType:
        return self.builder.graph.types[v].dtype

    def axis(self, name: str, default: int | None, rank: int) -> int:
        """Attribute `name` as an axis counted from the front."""
        return normalize_axis(self.attrs.int(name, default), rank)

    def axes(self, values: Sequence[int], rank: int) -> tuple[int, ...]:
        """`values` as ascending axes counted from the front."""
        axes = tuple(sorted(normalize_axis(int(a), rank) for a in values))
        if len(set(axes)) != len(axes):
            raise ModelError(f"axes {tuple(values)} name one twice", where=self.where)
        return axes

    # values known at compile time

    def known(self, v: str) -> np.ndarray | None:
        """The array of a value known at compile time, else None."""
        return self.builder.graph.constants.get(v)

    def static(self, i: int, what: str) -> np.ndarray:
        """The array of input `i`, which must be known at compile time; `what` it is, for the message."""
        v = self.x(i)
        array = self.known(v)
        if array is None:
            raise self.not_static(i, what)
        return array

    def static_ints(self, i: int, what: str) -> tuple[int, ...]:
        """Input `i` as a list of integers known at compile time."""
        return tuple(int(n) for n in self.static(i, what).reshape(-1))

    def static_scalar(self, i: int, what: str) -> Any:
        """Input `i` as one number known at compile time."""
        array = self.static(i, what)
        if array.size != 1:
            raise ModelError(f"{what} has {array.size} elements", where=self.where, why="it must be one number")
        return array.reshape(-1)[0].item()

    def not_static(self, i: int, what: str) -> ShapeError:
        """The error for an input that would have to be known at compile time."""
        v = self.x(i)
        names = self.importer.inputs_behind(v)
        options = " ".join(f"--const {n}=VALUE" for n in names)
        return ShapeError(
            f"{what} is not known at compile time",
            where=self.where,
            why=f"it is computed from {', '.join(map(repr, names)) or repr(v)} at run time; all shapes are static",
            try_=f"give the value: {options}" if options else "export the model with static shapes",
        )

    def declared_shape(self, k: int) -> list[int | None] | None:
        """Shape of output `k` as the model declares it (None for unknown dimensions), None when it does not."""
        return self.importer.declared_shape(self.scope, self.outputs[k]) if self.wants(k) else None

    # building

    def emit(self, op: str, inputs: Sequence[str], **attrs: Any) -> str:
        """Add an internal operator (or its result, when all inputs are constants); returns its output."""
        return self.builder.emit(self, op, inputs, attrs, 1)[0]

    def emit_n(self, op: str, inputs: Sequence[str], n: int, **attrs: Any) -> list[str]:
        """Same for an operator with `n` outputs."""
        return self.builder.emit(self, op, inputs, attrs, n)

    def const(self, array: Any, dtype: DType | None = None) -> str:
        """A constant."""
        value = np.asarray(array, dtype=dtype.np if dtype else None)
        return self.builder.constant(value, self.name)

    def counting(self, count: int, axis: int, rank: int, dtype: DType = DType.I64) -> str:
        """The constant 0, 1, ... count - 1 along `axis` of a tensor of `rank` that is 1 elsewhere."""
        if not 0 <= count <= MAX_COUNT:
            raise self.unsupported(f"an axis of {count:,} elements is too long for it")
        return self.const(np.arange(count).reshape([-1 if a == axis else 1 for a in range(rank)]), dtype)

    def like(self, number: float, v: str) -> str:
        """A scalar constant of the type of `v`."""
        return self.const(number, self.dtype(v))

    def reshape(self, v: str, shape: Sequence[int]) -> str:
        """`v` with another shape (itself when it has it)."""
        return v if self.shape(v) == tuple(shape) else self.emit("reshape", [v], shape=tuple(int(d) for d in shape))

    def transpose(self, v: str, perm: Sequence[int]) -> str:
        """`v` with axes reordered (itself when nothing moves)."""
        perm = tuple(int(p) for p in perm)
        if sorted(perm) != list(range(self.rank(v))):
            raise ModelError(f"perm {perm} does not fit a tensor of rank {self.rank(v)}", where=self.where)
        return v if perm == tuple(range(len(perm))) else self.emit("transpose", [v], perm=perm)

    def cast(self, v: str, dtype: DType) -> str:
        """`v` as another element type (itself when it has it)."""
        return v if self.dtype(v) is dtype else self.emit("cast", [v], to=dtype, saturate=True)

    def expand(self, v: str, shape: Sequence[int]) -> str:
        """`v` broadcast to `shape`."""
        return v if self.shape(v) == tuple(shape) else self.emit("expand", [v], shape=tuple(int(d) for d in shape))

    def slice(self, v: str, axis: int, start: int, count: int, step: int = 1) -> str:
        """`count` elements of one axis, all of the others."""
        shape = self.shape(v)
        if start == 0 and step == 1 and count == shape[axis]:
            return v
        one = [(0, 1, d) for d in shape]
        one[axis] = (start, step, count)
        starts, steps, counts = zip(*one, strict=True)
        return self.emit("slice", [v], starts=starts, steps=steps, shape=counts)

    def concat(self, values: Sequence[str], axis: int) -> str:
        """Tensors joined along an axis (the only one itself)."""
        return values[0] if len(values) == 1 else self.emit("concat", values, axis=axis)

    def reduce(self, kind: str, v: str, axes: Sequence[int], keepdims: bool = True) -> str:
        return self.emit("reduce", [v], kind=kind, axes=tuple(axes), keepdims=keepdims)

    # refusals

    def invalid(self, what: str, why: str = "") -> ModelError:
        """The error for a node that breaks the rules of its operator."""
        return ModelError(what, where=self.where, why=why)

    def unsupported(self, why: str, try_: str = "") -> UnsupportedError:
        """The error for a node that Pith cannot do; all such nodes are reported together."""
        return UnsupportedError(why, where=self.where, try_=try_)

"""What an operator is: attributes, shape rule, exact NumPy reference, cost. One file per operator in this folder.

Internal operators have the names of the field in snake_case and the meaning of the newest ONNX operator of that name,
except that everything static (axes, shapes, pads) is an attribute, never an input.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from pith.graph import SMALL_FLOATS, DType, Expr, Graph, Node, ShapeError, TensorType
from pith.graph.expr import arg, cast, evaluate

Attrs = dict[str, Any]
Types = Sequence[TensorType | None]
Arrays = Sequence[np.ndarray | None]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one execution costs: multiply-accumulates, other scalar operations, bytes read and written."""

    macs: int = 0
    flops: int = 0
    read: int = 0
    written: int = 0

    def __add__(self, o: Cost) -> Cost:
        return Cost(self.macs + o.macs, self.flops + o.flops, self.read + o.read, self.written + o.written)

    def effort(self, lanes: int) -> float:
        """Roughly how long it takes, in the time of one multiply-add of a vector of `lanes` elements."""
        return self.macs / lanes + (self.read + self.written) / 16


class Op:
    """An operator. Subclass it, one file per operator, and register with `@register("name")`.

    `infer` and `reference` are required. Shapes are static; a rule that is broken raises ShapeError, whose `where` the
    caller fills with the node's name.
    """

    name: ClassVar[str] = ""

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        """Types of the outputs."""
        raise NotImplementedError

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        """Outputs by NumPy: float arithmetic in float64 rounded once, integers exactly."""
        raise NotImplementedError

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        """Multiply-accumulates; 0 for operators that have none."""
        return 0

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        """Scalar operations other than multiply-accumulates; one per output element unless overridden."""
        return sum(o.size for o in outputs)

    def cost(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> Cost:
        """MACs, scalar operations, bytes read (each input once, constants included) and written."""
        return Cost(
            self.macs(inputs, outputs, attrs),
            self.flops(inputs, outputs, attrs),
            sum(i.nbytes for i in inputs if i),
            sum(o.nbytes for o in outputs),
        )

    def view(
        self, shape: tuple[int, ...], strides: tuple[int, ...], attrs: Attrs, out: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]] | None:
        """For operators that only re-address their input (reshape, transpose, slice, expand): the output seen as a view.

        `shape`, `strides` (in elements) describe input 0; `out` is the output shape. Returns (offset, strides) in
        elements of the same buffer, or None when no such view exists.
        """
        return None

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        """Attributes that make `op(transpose(x, perm)) == transpose(op'(x), perm)`, for every rank-len(perm) input.

        I.e. the returned attributes run the operator on untransposed data. The layout pass uses it to move transposes
        through operators. None: cannot (the default). `perm[i]` is the axis of x that becomes axis i.
        """
        return None


class Elementwise(Op):
    """Operator that computes each output element from the elements at the same (broadcast) place.

    `wide`: the reference evaluates floats in float64 and rounds once; False where the operator is defined by its
    float32 steps (casts and quantisation), which must then be exact.
    """

    wide: ClassVar[bool] = True

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        """The scalar expression, given one Expr per input."""
        raise NotImplementedError

    def out_dtype(self, inputs: Types, attrs: Attrs) -> DType:
        """Element type of the output: BOOL when the expression is, else that of the last input."""
        if self.scalar(inputs, attrs).dtype is DType.BOOL:
            return DType.BOOL
        return [i for i in inputs if i][-1].dtype

    def scalar(self, inputs: Types, attrs: Attrs) -> Expr:
        """The expression over typed arguments; absent inputs are not passed."""
        present = [(k, t) for k, t in enumerate(inputs) if t is not None]
        return self.expr(attrs, *(arg(k, t.dtype.compute) for k, t in present))

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        present = [i for i in inputs if i is not None]
        shape = broadcast_shapes(*(i.shape for i in present))
        return [TensorType(self.out_dtype(inputs, attrs), shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        types = [None if i is None else TensorType(DType.of(i.dtype), i.shape) for i in inputs]
        out = self.infer(types, attrs)[0]
        if self.wide:
            types = [replace(t, dtype=DType.F64) if t and t.dtype.is_float else t for t in types]
        arrays = [np.zeros(()) if i is None else i for i in inputs]
        value = evaluate(self.scalar(types, attrs), arrays)
        with np.errstate(all="ignore"):
            return [np.broadcast_to(value.astype(out.dtype.np, copy=False), out.shape).copy()]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return outputs[0].size * self.scalar(inputs, attrs).size()

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        return attrs


def finish(expr: Expr, dtype: DType) -> Expr:
    """`expr` converted to the type arithmetic on `dtype` is done in (the store then rounds small floats)."""
    return expr if dtype in SMALL_FLOATS and expr.dtype is DType.F32 else cast(expr, dtype)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy broadcasting of shapes. Raises ShapeError when they do not fit."""
    try:
        return tuple(int(d) for d in np.broadcast_shapes(*shapes))
    except ValueError:
        raise ShapeError(
            "shapes do not broadcast: " + ", ".join(map(str, shapes)), why="each dimension must be equal or 1"
        ) from None


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Row-major strides of `shape`, in elements."""
    strides, step = [], 1
    for d in reversed(shape):
        strides.append(step)
        step *= d
    return tuple(reversed(strides))


def normalize_axis(axis: int, rank: int) -> int:
    """`axis` counted from the front. Raises ShapeError when it is outside [-rank, rank)."""
    if not -rank <= axis < max(rank, 1):
        raise ShapeError(f"axis {axis} is outside a tensor of rank {rank}")
    return axis % rank if rank else 0


OPS: dict[str, Op] = {}
_T = TypeVar("_T", bound=type[Op])


def register(name: str) -> Callable[[_T], _T]:
    """Class decorator: put the operator into the registry under `name` (which is also its file's name)."""

    def add(cls: _T) -> _T:
        if name in OPS:
            raise ValueError(f"operator {name} is registered twice")
        cls.name = name
        OPS[name] = cls()
        return cls

    return add


def load_all() -> None:
    """Import every operator file of this folder (once)."""
    import pith.ops as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"pith.ops.{module.name}")


def infer_node(graph: Graph, node: Node) -> list[TensorType]:
    """Output types of `node`; errors say where."""
    try:
        return OPS[node.op].infer(graph.input_types(node), node.attrs)
    except ShapeError as e:
        if not e.where:
            e.where = f"node {node.name or node.outputs[0]} ({node.op})"
        raise


def add_node(
    graph: Graph,
    op: str,
    inputs: Sequence[str],
    attrs: Attrs | None = None,
    *,
    outputs: Sequence[str] = (),
    like: Node | None = None,
    into: list[Node] | None = None,
) -> str:
    """Append a node (to `into` when given, else to the graph), infer its types, and return its first output.

    `like`: the node it replaces, whose name and origin it takes. Fresh output names are made where none are given.
    """
    node = Node(op, list(inputs), list(outputs), dict(attrs or {}))
    if like is not None:
        node.name, node.origin = like.name, like.origin
    types = infer_node(graph, node)
    if not node.outputs:
        node.outputs = [graph.fresh(node.name or op) for _ in types]
    for out, t in zip(node.outputs, types, strict=False):
        if out:
            graph.types[out] = t
    (graph.nodes if into is None else into).append(node)
    return node.outputs[0]

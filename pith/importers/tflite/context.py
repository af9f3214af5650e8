"""What a mapping function sees: the TFLite operator being imported, and the graph being built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pith.graph import DType, Expr, ModelError, ShapeError, UnsupportedError
from pith.graph.expr import arg
from pith.importers.tflite.load import Operator, Steps, Tensor
from pith.importers.tflite.schema import ACTIVATIONS, OPTIONS
from pith.ops.base import normalize_axis

if TYPE_CHECKING:
    from pith.importers.tflite.importer import Importer

BYTES = (DType.I8, DType.U8)


class Call:
    """One operator with its inputs resolved; mapping functions read it and emit internal operators through it."""

    def __init__(self, importer: Importer, op: Operator, inputs: list[str], name: str) -> None:
        self.importer, self.op, self.inputs, self.name = importer, op, inputs, name
        self.builder = importer.builder
        self.where = f"node {name} ({op.name})"
        self.origin = name
        self.fields = OPTIONS.get(op.name, {})

    # options

    def option(self, name: str) -> int:
        """A whole number (or flag) of the operator's options; its default where they are left out."""
        number, kind, default = self.fields[name]
        table = self.op.options
        return int(default) if table is None else int(table.number(number, kind, default))

    def real(self, name: str) -> float:
        """A float32 of the operator's options."""
        number, kind, default = self.fields[name]
        table = self.op.options
        return default if table is None else float(table.number(number, kind, default))

    def ints(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers of the operator's options."""
        table = self.op.options
        return () if table is None else table.ints(self.fields[name][0])

    @property
    def activation(self) -> str:
        """Name of the activation fused into the operator."""
        number = self.option("activation") if "activation" in self.fields else 0
        if not 0 <= number < len(ACTIVATIONS):
            raise self.invalid(f"there is no activation {number}")
        return ACTIVATIONS[number]

    # inputs and outputs

    def has(self, i: int) -> bool:
        """Whether input `i` is given."""
        return i < len(self.inputs) and self.inputs[i] != ""

    def x(self, i: int) -> str:
        """The value of input `i`; required."""
        if not self.has(i):
            if i < len(self.op.inputs) and self.op.inputs[i] >= 0:
                name = self.importer.model.tensors[self.op.inputs[i]].name
                raise UnsupportedError(f"tensor {name!r} keeps its value from run to run", where=self.where,
                                       why="a compiled network has no memory", try_="convert the model stateless")  # fmt: skip
            raise ModelError(f"input {i} is missing", where=self.where)
        return self.inputs[i]

    def opt(self, i: int) -> str:
        """Input `i` if given, else ""."""
        return self.inputs[i] if self.has(i) else ""

    def tensor(self, i: int) -> Tensor:
        """Input `i` as the file describes it."""
        self.x(i)
        return self.importer.model.tensors[self.op.inputs[i]]

    def out(self, k: int = 0) -> Tensor:
        """Output `k` as the file describes it."""
        if k >= len(self.op.outputs) or self.op.outputs[k] < 0:
            raise ModelError(f"output {k} is missing", where=self.where)
        return self.importer.model.tensors[self.op.outputs[k]]

    def out_dtype(self, k: int = 0) -> DType:
        """Element type of output `k`."""
        t = self.out(k)
        if t.dtype is None or t.problem:
            raise self.unsupported(f"output {t.name!r}: {t.problem}")
        return t.dtype

    def shape(self, v: str) -> tuple[int, ...]:
        return self.builder.graph.types[v].shape

    def rank(self, v: str) -> int:
        return len(self.builder.graph.types[v].shape)

    def dtype(self, v: str) -> DType:
        return self.builder.graph.types[v].dtype

    def axis(self, axis: int, rank: int) -> int:
        """`axis` counted from the front."""
        return normalize_axis(axis, rank)

    # quantisation

    @property
    def quantised(self) -> bool:
        """Whether the operator works on integers that stand for real numbers: input 0 has 8 bits and a scale."""
        return self.has(0) and self.dtype(self.x(0)) in BYTES and self.tensor(0).steps is not None

    @property
    def short(self) -> bool:
        """Whether the operator works on integers of 16 bits that stand for real numbers."""
        return self.has(0) and self.dtype(self.x(0)) is DType.I16 and self.tensor(0).steps is not None

    def steps(self, t: Tensor) -> Steps:
        """The scale and zero point of an integer tensor; one pair."""
        s = t.steps
        if s is None:
            raise self.invalid(f"tensor {t.name!r} has no scale", "integers that stand for real numbers need one")
        if not s.single:
            raise self.unsupported(f"tensor {t.name!r} has a scale for each channel, and is no weight")
        if not s.scale[0] > 0:
            raise self.invalid(f"tensor {t.name!r} has the scale {s.scale[0]}")
        return s

    def scale(self, t: Tensor) -> np.float32:
        """The one scale of a tensor."""
        return np.float32(self.steps(t).scale[0])

    def zero(self, t: Tensor) -> int:
        """The one zero point of a tensor, which its type can hold."""
        zero = int(self.steps(t).zero[0])
        assert t.dtype is not None
        if t.dtype.is_int and t.dtype.np.itemsize < 8:
            info = (-8, 7) if t.dtype is DType.I4 else (np.iinfo(t.dtype.np).min, np.iinfo(t.dtype.np).max)
            if not info[0] <= zero <= info[1]:
                raise self.invalid(f"tensor {t.name!r} has the zero point {zero}")
        return zero

    def same_steps(self, a: Tensor, b: Tensor) -> bool:
        """Whether equal integers of two tensors stand for equal numbers."""
        return a.dtype is b.dtype and self.scale(a) == self.scale(b) and self.zero(a) == self.zero(b)

    # values known at compile time

    def known(self, v: str) -> np.ndarray | None:
        """The array of a value known at compile time, else None."""
        return self.builder.graph.constants.get(v)

    def static(self, i: int, what: str) -> np.ndarray:
        """The array of input `i`, which must be known at compile time; `what` it is, for the message."""
        array = self.known(self.x(i))
        if array is None:
            raise ShapeError(
                f"{what} is not known at compile time", where=self.where, why="all shapes are static in a compiled network",
                try_="convert the model with fixed shapes",
            )  # fmt: skip
        return array

    def static_ints(self, i: int, what: str) -> tuple[int, ...]:
        """Input `i` as a list of whole numbers known at compile time."""
        array = self.static(i, what)
        if array.dtype.kind not in "iu" or array.ndim > 1 or array.size > 64:
            raise self.invalid(f"{what} is no short list of whole numbers")
        return tuple(int(n) for n in array.reshape(-1))

    # building

    def emit(self, op: str, inputs: Sequence[str], **attrs: Any) -> str:
        """Add an internal operator (or its result, when all inputs are constants); returns its output."""
        return self.builder.emit(self, op, inputs, attrs, 1)[0]

    def emit_n(self, op: str, inputs: Sequence[str], n: int, **attrs: Any) -> list[str]:
        """Same for an operator with `n` outputs."""
        return self.builder.emit(self, op, inputs, attrs, n)

    def fused(self, expr: Expr, inputs: Sequence[str], dtype: DType) -> str:
        """An elementwise operator given as an expression of type `dtype`."""
        return self.emit("fused", inputs, expr=expr, dtype=dtype)

    def args(self, *values: str) -> list[Expr]:
        """The elements of `values` as arguments of an expression."""
        return [arg(k, self.dtype(v).compute) for k, v in enumerate(values)]

    def const(self, array: Any, dtype: DType | None = None) -> str:
        """A constant."""
        return self.builder.constant(np.asarray(array, dtype=dtype.np if dtype else None), self.name)

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
            raise self.invalid(f"perm {perm} does not fit a tensor of rank {self.rank(v)}")
        return v if perm == tuple(range(len(perm))) else self.emit("transpose", [v], perm=perm)

    def cast(self, v: str, dtype: DType) -> str:
        """`v` as another element type (itself when it has it)."""
        return v if self.dtype(v) is dtype else self.emit("cast", [v], to=dtype, saturate=False)

    def slice(self, v: str, axis: int, start: int, count: int) -> str:
        """`count` elements of one axis, all of the others."""
        shape = self.shape(v)
        if not 0 <= start <= start + count <= shape[axis]:
            raise self.invalid(f"elements {start} to {start + count} of an axis of {shape[axis]}")
        if start == 0 and count == shape[axis]:
            return v
        counts = tuple(count if a == axis else d for a, d in enumerate(shape))
        starts = tuple(start if a == axis else 0 for a in range(len(shape)))
        return self.emit("slice", [v], starts=starts, steps=(1,) * len(shape), shape=counts)

    # refusals

    def invalid(self, what: str, why: str = "") -> ModelError:
        """The error for an operator that breaks its rules."""
        return ModelError(what, where=self.where, why=why)

    def unsupported(self, why: str, try_: str = "") -> UnsupportedError:
        """The error for an operator that Pith cannot do; all such are reported together."""
        return UnsupportedError(why, where=self.where, try_=try_)

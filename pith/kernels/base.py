"""How an operator becomes C: one file per (operator, family) in this folder, each a `Kernel` registered by decorator.

Lowering asks every kernel of an operator whether it `applies`, takes the cheapest, brings the operands into a form
it `accepts` (copying only when it must), and calls `emit`. Nothing here knows a target: kernels ask the ISA what it can do.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

import numpy as np

from pith.graph import TensorType
from pith.ops.base import Attrs, contiguous_strides
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor as a kernel sees it: logical type, strides in elements (0 = broadcast), its value when constant.

    `writable_alias`: this input may be overwritten by the output (its buffer dies here).
    """

    type: TensorType
    strides: tuple[int, ...]
    const: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.type.shape

    @property
    def contiguous(self) -> bool:
        """Row-major without gaps."""
        want = contiguous_strides(self.shape)
        return all(d == 1 or s == w for d, s, w in zip(self.shape, self.strides, want, strict=True))

    @property
    def inner_contiguous(self) -> bool:
        """Elements of the last axis are adjacent (other axes may have any stride)."""
        return not self.shape or self.shape[-1] == 1 or self.strides[-1] == 1

    @property
    def rows(self) -> bool:
        """All axes but the last collapse into one regular axis: a matrix [rows, last] with a row pitch."""
        if not self.inner_contiguous:
            return False
        outer = [(d, s) for d, s in zip(self.shape[:-1], self.strides[:-1], strict=True) if d != 1]
        return all(a[1] == b[0] * b[1] for a, b in itertools.pairwise(outer))

    @property
    def pitch(self) -> int:
        """Elements between consecutive rows when `rows` holds (the row length for a single row)."""
        outer = [s for d, s in zip(self.shape[:-1], self.strides[:-1], strict=True) if d != 1]
        return outer[-1] if outer else (self.shape[-1] if self.shape else 1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a kernel goes about its work, as named numbers: block sizes, bytes that stay in cache, pixels at a time. Without
    any, every number is the kernel's own choice."""

    values: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, **values: int) -> Schedule:
        """A schedule of these numbers."""
        return cls(tuple(sorted(values.items())))

    def get(self, name: str, default: int) -> int:
        """The number `name`, or `default` where the schedule leaves it to the kernel."""
        return dict(self.values).get(name, default)

    def __str__(self) -> str:
        return ", ".join(f"{k} {v}" for k, v in self.values)


OWN = Schedule()


@dataclass(frozen=True, slots=True)
class Options:
    """What decides about kernels besides the call itself.

    winograd: convolutions may be computed by Winograd's algorithm;  threads: the most that will run the network;
    tuned: kernel and schedule found fastest by measurement, by the key of the call (`pith.kernels.choice`);
    weight_bytes: weights that one run of the network reads, which do not stay in cache where they are larger than it;
    bf16: products of float32 may be those of bfloat16, summed in float32.
    """

    winograd: bool = True
    threads: int = 1
    tuned: Mapping[str, tuple[str, Schedule]] = field(default_factory=dict)
    weight_bytes: int = 0
    bf16: bool = False


DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Call:
    """One use of an operator, ready for a kernel. Absent optional inputs are None."""

    op: str
    attrs: Attrs
    inputs: tuple[Operand | None, ...]
    outputs: tuple[Operand, ...]
    isa: ISA
    name: str = ""
    options: Options = DEFAULTS
    schedule: Schedule = OWN

    def input(self, i: int) -> Operand:
        """Input i, which must be present."""
        operand = self.inputs[i]
        assert operand is not None
        return operand


@dataclass(frozen=True, slots=True)
class In:
    """Pointer to input `index`: its first element, and `step` elements more for each unit of work before this part's first."""

    index: int
    step: int = 0


@dataclass(frozen=True, slots=True)
class Out:
    """Pointer to output `index`: its first element, and `step` elements more for each unit of work before this part's first."""

    index: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """Pointer to an array packed at compile time (64-byte aligned in the weights)."""

    array: np.ndarray


@dataclass(frozen=True, slots=True)
class Scratch:
    """Pointer to byte `offset` of this call's scratch memory in the arena (64-byte aligned, `Emitted.scratch` bytes, of each
    thread its own)."""

    offset: int = 0


@dataclass(frozen=True, slots=True)
class Int:
    """An `int32_t` argument."""

    value: int


@dataclass(frozen=True, slots=True)
class Float:
    """A `float` argument, printed exactly."""

    value: float


@dataclass(frozen=True, slots=True)
class Begin:
    """An `int32_t`: the first unit of work of this part, times `per`."""

    per: int = 1


@dataclass(frozen=True, slots=True)
class End:
    """An `int32_t`: the unit after the last of this part times `per`, but at most `total`."""

    per: int
    total: int


@dataclass(frozen=True, slots=True)
class Count:
    """An `int32_t`: End less Begin."""

    per: int
    total: int


Arg = In | Out | Const | Scratch | Int | Float | Begin | End | Count


def unit_range(units: int) -> tuple[Begin, End]:
    """The arguments `begin` and `end` of a function that does the units begin, ..., end - 1 of its work."""
    return Begin(), End(1, units)


@dataclass(frozen=True, slots=True)
class Emitted:
    """What a kernel emits: the C function (shared by calls whose text is equal) and the arguments of this call.

    units: parts of the work that may run at the same time, in any order, with the same bits as in one go; threads share
    them out, and the arguments Begin, End and Count and the steps of pointers say which units a thread has.
    then: further functions, each begun when all units of the one before are done. They share one scratch memory, which
    then belongs to all threads together.
    """

    function: CFunction
    args: tuple[Arg, ...]
    scratch: int = 0
    why: str = ""  # one clause for `inspect`: which schedule and why
    units: int = 1
    then: tuple[Emitted, ...] = ()


class Kernel(ABC):
    """One way to run an operator. rounds: its input and weights (inputs 0 and 1) are rounded to bfloat16."""

    op: ClassVar[str]
    name: ClassVar[str] = ""
    rounds: ClassVar[bool] = False

    def applies(self, call: Call) -> bool:
        """Whether this kernel can run the call (types, attributes, ISA); operand layout is asked by `accepts`."""
        return True

    def cost(self, call: Call) -> float:
        """Predicted cost, compared among the kernels of one operator only; lower wins.

        Convolutions count cycles (of one vector multiply-add each), operators with few kernels just rank them.
        """
        return 1.0

    def schedules(self, call: Call) -> tuple[Schedule, ...]:
        """Schedules worth measuring, the kernel's own choice first; `call.schedule` is one of them when `emit` is asked."""
        return (OWN,)

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        """Whether the kernel can read input (or write output) `index` with these strides. Default: contiguous only."""
        return operand.contiguous

    def uses(self, call: Call) -> set[int] | None:
        """Indices of inputs that `emit` passes by `In`; None means all present. Others (packed weights) are not stored."""
        return None

    def inplace(self, call: Call) -> tuple[int, ...]:
        """Inputs whose memory output 0 may take over when they die here (same size, same layout)."""
        return ()

    @abstractmethod
    def emit(self, call: Call) -> Emitted:
        """The C function and its arguments."""


KERNELS: dict[str, list[Kernel]] = defaultdict(list)
_T = TypeVar("_T", bound=type[Kernel])


def kernel(op: str, name: str) -> Callable[[_T], _T]:
    """Class decorator: register the kernel `name` for operator `op`. A kernel serves several ops by stacking it."""

    def add(cls: _T) -> _T:
        instance = cls()
        instance.op, instance.name = op, name  # type: ignore[misc]
        KERNELS[op].append(instance)
        return cls

    return add


_loaded = False


def load_all() -> None:
    """Import every kernel file of this folder (once)."""
    global _loaded
    if _loaded:
        return
    import pith.kernels as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"pith.kernels.{module.name}")
    _loaded = True


__all__ = [
    "DEFAULTS", "KERNELS", "OWN", "Arg", "Begin", "Call", "Const", "Count", "Emitted", "End", "Float", "In", "Int", "Kernel", "Operand",
    "Options", "Out", "Schedule", "Scratch", "field", "kernel", "load_all", "unit_range",
]  # fmt: skip

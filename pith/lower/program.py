"""A Program: the steps of a network in order, their buffers, and where each buffer lies in the arena."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pith.graph import DType, Graph, TensorType
from pith.ops.base import Cost
from pith.vector.cfunction import CFunction

ALIGN = 64  # bytes; every buffer and constant starts on a cache line


@dataclass(slots=True)
class Buffer:
    """Memory a program uses. kind: "input" and "output" are the caller's; "arena" and "scratch" get an arena offset.

    `first` and `last` are the indices of the first and last step that touch it.
    """

    name: str
    nbytes: int
    kind: str
    offset: int = -1
    first: int = -1
    last: int = -1


@dataclass(frozen=True, slots=True)
class BufferRef:
    """Pointer to byte `offset` of buffer `index`, `step` bytes on for each unit of work before this part's first, and
    `own` bytes on for each thread before this one."""

    index: int
    offset: int = 0
    step: int = 0
    own: int = 0


@dataclass(frozen=True, slots=True)
class WeightRef:
    """Pointer to byte `offset` of the weights, `step` bytes on for each unit of work before this part's first."""

    offset: int
    step: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """A number that depends on the part of the work: `per` times its first unit ("begin"), `per` times the unit after its
    last but at most `total` ("end"), or the difference of the two ("count")."""

    kind: str
    per: int
    total: int


Value = BufferRef | WeightRef | Bound | int | float


@dataclass(slots=True)
class Step:
    """One call of a C function.

    units: parts of its work that threads may share out (1: one thread does all);  joins: threads wait for each other before it.
    tuned: the kernel was found fastest by measurement;  costs: predicted cost of each kernel that applies, cheapest first.
    rounds: its kernel rounds input and weights to bfloat16;  takes: type of the first input, which it computes with.
    """

    name: str
    op: str
    origin: tuple[str, ...]
    kernel: str
    function: CFunction
    args: tuple[Value, ...]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    takes: DType
    output: TensorType
    cost: Cost
    why: str = ""
    units: int = 1
    joins: bool = False
    tuned: bool = False
    costs: tuple[tuple[str, float], ...] = ()
    rounds: bool = False


@dataclass(slots=True)
class Weights:
    """All constants of a library, each array once, in one blob."""

    chunks: list[np.ndarray] = field(default_factory=list)
    size: int = 0
    _seen: dict[bytes, int] = field(default_factory=dict)

    def add(self, array: np.ndarray) -> int:
        """Byte offset of `array` in the blob (shared with an equal array added before)."""
        import hashlib

        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        key = hashlib.sha256(flat.data).digest() + str(array.nbytes).encode()
        if key not in self._seen:
            self._seen[key] = self.size
            self.chunks.append(flat)
            self.size += -(-flat.nbytes // ALIGN) * ALIGN
        return self._seen[key]

    def blob(self) -> bytes:
        """The bytes, every array padded to the alignment."""
        return b"".join(c.tobytes() + bytes(-c.nbytes % ALIGN) for c in self.chunks)


@dataclass(slots=True)
class Port:
    """An input or output of the network as the caller sees it."""

    name: str
    type: TensorType
    buffer: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How a network was made to fit into RAM. graph: with layers in strips;  arena, before: bytes with them and without;  macs,
    macs_before: of one run;  regions: (first layer, last layer, strips)."""

    graph: Graph
    arena: int
    before: int
    macs: int
    macs_before: int
    regions: tuple[tuple[str, str, int], ...] = ()


@dataclass(slots=True)
class Program:
    """A lowered network for one set of shapes, for at most `threads` threads; `fit`: how a limit of RAM was met, if there was one.

    graph: what it was made of;  rounded: the results in it whose kernels round their inputs to bfloat16 (`pith.lower.rounding`).
    """

    name: str
    inputs: list[Port]
    outputs: list[Port]
    buffers: list[Buffer]
    steps: list[Step]
    arena_size: int = 0
    arena_lower_bound: int = 0
    threads: int = 1
    fit: Fit | None = None
    graph: Graph | None = None
    rounded: tuple[str, ...] = ()


def format_program(program: Program) -> str:
    """Readable listing: one line a step, then the arena."""
    lines = [f"program {program.name}"]

    def show(v: Value) -> str:
        if isinstance(v, BufferRef):
            b = program.buffers[v.index]
            return b.name + (f"+{v.offset}" if v.offset else "")
        if isinstance(v, Bound):
            return v.kind
        return f"weights+{v.offset}" if isinstance(v, WeightRef) else repr(v)

    for i, s in enumerate(program.steps):
        lines.append(f"  {i:4d} {s.function.name}({', '.join(map(show, s.args))})")
        lines.append(f"       {s.output}  {s.op} {s.name}{'  -- ' + s.why if s.why else ''}")
    for b in program.buffers:
        if b.offset >= 0:
            lines.append(f"  arena [{b.offset:>10,} .. {b.offset + b.nbytes:>10,})  steps {b.first}-{b.last}  {b.name}")
    lines.append(f"  arena {program.arena_size:,} bytes, lower bound {program.arena_lower_bound:,}")
    return "\n".join(lines)

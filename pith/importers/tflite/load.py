"""A .tflite file as plain data: tensors with their constants, operators with their options. Read as hostile input."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pith.graph import DType, ModelError, UnsupportedError
from pith.importers.tflite.flatbuffer import Table, damaged
from pith.importers.tflite.schema import OPERATORS, TYPE_NAMES, TYPES

MAX_FILE = 2**31 - 1  # offsets are signed in places
MAX_ELEMENTS = 2**31 - 1
MAX_RANK = 8
IDENTIFIER = b"TFL3"


@dataclass(frozen=True, slots=True)
class Steps:
    """Quantisation of a tensor: real = scale * (q - zero), one pair or one for each index of `axis`. float32 and int64."""

    scale: np.ndarray
    zero: np.ndarray
    axis: int

    @property
    def single(self) -> bool:
        """Whether one pair holds for the whole tensor."""
        return self.scale.size == 1


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a subgraph. `open`: axes whose size the model leaves open; `data`: the value of a constant."""

    name: str
    dtype: DType | None
    shape: tuple[int, ...]
    steps: Steps | None
    data: np.ndarray | None
    problem: str = ""  # why it cannot be used, said when an operator asks for it
    open: tuple[int, ...] = ()
    variable: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: its name (CUSTOM ones by theirs), tensor indices (-1: left out), the table of its options."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    custom: str = ""
    intermediates: tuple[int, ...] = ()


@dataclass(slots=True)
class Model:
    """The main subgraph."""

    name: str
    description: str
    tensors: list[Tensor]
    operators: list[Operator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    metadata: dict[str, str] = field(default_factory=dict)


def read_file(path: Path) -> bytes:
    """The bytes of a model file. Raises ModelError."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise ModelError(f"the file has {size:,} bytes", where=str(path), why="a TFLite file holds at most 2 GB")
        return path.read_bytes()
    except OSError as e:
        raise ModelError("the file cannot be read", where=str(path), why=e.strerror or str(e)) from e


def parse(data: bytes) -> Model:
    """The model in `data`. Raises ModelError for what is damaged, UnsupportedError for several subgraphs that are called."""
    if len(data) < 8 or data[4:8] != IDENTIFIER:
        raise damaged("it has no identifier TFL3 at byte 4")
    root = Table.root(data)
    version = root.whole(0, "I")
    if version != 3:
        raise UnsupportedError(f"version {version} of the TFLite schema", why="version 3 is the one in use", try_="convert the model again")
    graphs = root.tables(2)
    if not graphs:
        raise damaged("it has no subgraph")
    buffers = root.tables(4)
    main = graphs[0]
    tensors = [_tensor(t, k, buffers) for k, t in enumerate(main.tables(0))]
    codes = [_code(c) for c in root.tables(1)]
    operators = [_operator(o, codes, len(tensors)) for o in main.tables(3)]
    inputs, outputs = (_indices(main.ints(f), len(tensors), "the subgraph") for f in (1, 2))
    if not outputs or min((*inputs, *outputs)) < 0:
        raise damaged("an input or output of the subgraph is left out, or it has no output")
    if len(set(inputs)) != len(inputs):
        raise damaged("a tensor is an input of the subgraph twice")
    return Model(main.text(4), root.text(3), tensors, operators, inputs, outputs)


def _indices(values: tuple[int, ...], count: int, where: str) -> tuple[int, ...]:
    for v in values:
        if not -1 <= v < count:
            raise damaged(f"{where} names tensor {v} of {count}")
    return values


def _code(code: Table) -> tuple[str, str]:
    number = max(code.whole(0, "b"), code.whole(3, "i"))  # the first is from when a byte was enough
    name = OPERATORS[number] if 0 <= number < len(OPERATORS) else f"operator {number}"
    return name, code.text(1)


def _operator(op: Table, codes: list[tuple[str, str]], tensors: int) -> Operator:
    index = op.whole(0, "I")
    if index >= len(codes):
        raise damaged(f"an operator has code {index} of {len(codes)}")
    name, custom = codes[index]
    inputs, outputs, between = (_indices(op.ints(f), tensors, name) for f in (1, 2, 8))
    return Operator(name, inputs, outputs, op.table(4) if op.whole(3, "B") else None, custom, between)


def _tensor(t: Table, number: int, buffers: list[Table]) -> Tensor:
    name = t.text(3) or f"tensor {number}"
    shape = t.ints(0)
    if len(shape) > MAX_RANK or any(d < 0 for d in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise damaged(f"tensor {name!r} has shape {shape}")
    kind = t.whole(1, "b")
    dtype = TYPES.get(kind)
    signature = t.ints(7)
    unknown = tuple(a for a, d in enumerate(signature) if d < 0) if len(signature) == len(shape) else ()
    problem = "" if dtype is not None else f"{TYPE_NAMES.get(kind, f'elements of type {kind}')} are not supported"
    if t.table(6) is not None:
        problem = "sparse tensors are not supported"
    steps = _steps(t.table(4), name, shape)
    index = t.whole(2, "I")
    if index >= len(buffers):
        raise damaged(f"tensor {name!r} is in buffer {index} of {len(buffers)}")
    data = None
    raw = _bytes(buffers[index], name) if index else b""
    if dtype is not None and not problem and (raw or (index and 0 in shape)):
        data = _array(raw, dtype, shape, name)
    return Tensor(name, dtype, shape, steps, data, problem, unknown, bool(t.whole(5, "B")))


def _bytes(buffer: Table, name: str) -> bytes:
    """A buffer's bytes; large ones may lie behind the tables, at an offset of the whole file."""
    v = buffer.vector(0, 1)
    if v is not None and v.count:
        return buffer.data[v.start : v.start + v.count]
    offset, size = buffer.whole(1, "Q"), buffer.whole(2, "Q")
    if offset <= 1:
        return b""
    if offset + size > len(buffer.data):
        raise damaged(f"the data of tensor {name!r} goes beyond the end")
    return buffer.data[offset : offset + size]


def _array(raw: bytes, dtype: DType, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The constant in `raw`; 4-bit elements lie two in a byte, the lower half first."""
    count = math.prod(shape)
    packed = dtype in (DType.I4, DType.U4)
    wanted = (count + 1) // 2 if packed else count * dtype.np.itemsize
    if len(raw) != wanted:
        raise damaged(f"tensor {name!r} of {count} elements has {len(raw)} bytes, not {wanted}")
    if packed:
        both = np.frombuffer(raw, np.uint8)
        halves = np.stack([both & 15, both >> 4], axis=-1).reshape(-1)[:count].astype(np.int8)
        values = np.where(halves > 7, halves - 16, halves) if dtype is DType.I4 else halves
        return values.astype(dtype.np).reshape(shape)
    little = dtype.np.newbyteorder("<") if dtype.np.isbuiltin == 1 and dtype is not DType.BOOL else dtype.np
    if dtype is DType.BOOL:
        return np.asarray(np.frombuffer(raw, np.uint8) != 0).reshape(shape)
    return np.frombuffer(raw, little).reshape(shape)


def _steps(q: Table | None, name: str, shape: tuple[int, ...]) -> Steps | None:
    """The quantisation of a tensor; None where it has no scale."""
    scale = q.array(2, "f") if q is not None else None
    if q is None or scale is None or not scale.size:
        return None
    given = q.array(3, "q")
    zero = np.zeros(scale.size, np.int64) if given is None or not given.size else given
    if zero.size != scale.size:
        if zero.size != 1:
            raise damaged(f"tensor {name!r} has {scale.size} scales and {zero.size} zero points")
        zero = np.broadcast_to(zero, scale.shape)
    axis = q.whole(6, "i") if scale.size > 1 and len(shape) > 1 else 0  # a vector has one axis, whatever converters wrote
    if scale.size > 1 and not (0 <= axis < len(shape) and shape[axis] == scale.size):
        raise damaged(f"tensor {name!r} has {scale.size} scales for axis {axis} of {shape}")
    if not np.isfinite(scale).all() or (scale < 0).any() or np.abs(zero).max() > 2**31:
        raise damaged(f"tensor {name!r} has a scale that is no positive number")
    return Steps(scale, zero, axis)

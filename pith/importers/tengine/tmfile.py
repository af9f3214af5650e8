"""The binary format of Tengine models, version 2: tables that point to each other by offsets from the start of the file.

Every offset and count is checked before it is used. All numbers are little-endian, all offsets 32 bits, 0 meaning nothing.
Source: the reader of Tengine-Lite (serializer/tmfile).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from pith.graph import ModelError, UnsupportedError

MAX_AXES = 8
VARIABLE, CONSTANT, INPUT = 1, 2, 3
_TYPES: dict[int, Any] = {0: np.dtype("<f4"), 1: np.dtype("<f2"), 2: np.dtype("i1"), 3: np.dtype("u1"), 4: np.dtype("<i4"), 5: np.dtype("<i2")}
FLOATS, INT32 = (0, 1), 4


@dataclass(slots=True)
class Tensor:
    """A tensor: shape (None where the file does not say), kind, element type, and the buffer of a constant."""

    name: str
    dims: tuple[int, ...] | None
    kind: int
    dtype: int
    buffer: int
    quantised: bool


@dataclass(slots=True)
class RawNode:
    """A node: its name, operator and version, tensors by index, and the offset of its parameters (0: none)."""

    name: str
    op: int
    version: int
    inputs: list[int]
    outputs: list[int]
    params: int


@dataclass(slots=True)
class Model:
    """The one subgraph of a file."""

    file: File
    layout: int
    inputs: list[int]
    outputs: list[int]
    nodes: list[RawNode]
    tensors: list[Tensor]
    buffers: list[tuple[int, int]]  # (size, offset)

    def array(self, tensor: Tensor, where: str) -> np.ndarray:
        """The values of a constant, as they are stored. Raises ModelError when the file does not hold them."""
        if tensor.dims is None or tensor.dtype not in _TYPES or not 0 <= tensor.buffer < len(self.buffers):
            raise self.file.damaged(f"the constant {tensor.name!r} has no shape, type or buffer", where)
        dtype, count = _TYPES[tensor.dtype], 1
        for d in tensor.dims:
            count *= d
        size, offset = self.buffers[tensor.buffer]
        if size < count * dtype.itemsize:
            raise self.file.damaged(f"the constant {tensor.name!r} of shape {tensor.dims} has {size:,} bytes", where)
        self.file.check(offset, count * dtype.itemsize)
        return np.frombuffer(self.file.data, dtype, count, offset).reshape(tensor.dims)


class File:
    """The bytes of a file, read with checks; `where` names it in errors."""

    def __init__(self, data: bytes, where: str) -> None:
        self.data, self.where = data, where
        self._budget = 4 * len(data) + 4096  # words in all vectors together: tables that share one cannot multiply the work

    def damaged(self, what: str, where: str = "") -> ModelError:
        return ModelError(what, where=where or self.where, why="the file is damaged or cut off", try_="download or convert it again")

    def check(self, offset: int, size: int) -> None:
        if offset < 0 or size < 0 or offset + size > len(self.data):
            raise self.damaged(f"{size:,} bytes at {offset:,} lie outside the file of {len(self.data):,} bytes")

    def read(self, fields: str, offset: int) -> tuple[int | float, ...]:
        """Numbers at `offset`, as `struct` writes their types."""
        fields = "<" + fields
        self.check(offset, struct.calcsize(fields))
        return struct.unpack_from(fields, self.data, offset)

    def words(self, fields: str, offset: int) -> tuple[int, ...]:
        return tuple(int(v) for v in self.read(fields, offset))

    def vector(self, offset: int, kind: str = "I", most: int = 1 << 24) -> list[int | float]:
        """A counted list at `offset`; empty for offset 0."""
        if offset == 0:
            return []
        (count,) = self.words("I", offset)
        if count > most:
            raise self.damaged(f"a list of {count:,} entries, where at most {most:,} make sense")
        self._budget -= count
        if self._budget < 0:
            raise self.damaged("its lists have more entries than the file has bytes")
        return list(self.read(f"{count}{kind}", offset + 4))

    def indices(self, offset: int, limit: int, what: str) -> list[int]:
        """A list of numbers below `limit`."""
        found = [int(v) for v in self.vector(offset)]
        if any(v >= limit for v in found):
            raise self.damaged(f"a {what} is numbered {max(found):,}, there are {limit:,}")
        return found

    def text(self, offset: int) -> str:
        if offset == 0:
            return ""
        size, at = self.words("2I", offset)
        if size > 65536:
            raise self.damaged(f"a name of {size:,} bytes")
        self.check(at, size)
        return self.data[at : at + size].rstrip(b"\0").decode("utf-8", "replace")


def parse(data: bytes, where: str) -> Model:
    """The tables of a file. Raises ModelError for anything that is no tmfile, UnsupportedError for other versions."""
    file = File(data, where)
    if len(data) < 12:
        raise file.damaged("this is no Tengine model")
    main, sub, _ = file.words("3H", 0)
    if main != 2:
        if main not in (1, 3):
            raise file.damaged("this is no Tengine model, or it is damaged")
        raise UnsupportedError(
            f"a Tengine model of version {main}.{sub}", where=where, why="version 2 is known",
            try_="convert the original model with the converter of Tengine-Lite",
        )  # fmt: skip
    (root,) = file.words("I", 8)
    _, _, subgraphs, _ = file.words("2i2I", root)
    parts = [int(v) for v in file.vector(subgraphs)]
    if len(parts) != 1:
        raise file.damaged(f"{len(parts)} subgraphs, where one is expected")
    _, layout, _, ins, outs, nodes, tensors, buffers, _, _ = file.words("I2i7I", parts[0])
    buffer_list = [file.words("2I", int(o)) for o in file.vector(buffers)]
    tensor_list = [_tensor(file, int(o)) for o in file.vector(tensors)]
    node_list = [_node(file, int(o), len(tensor_list)) for o in file.vector(nodes)]
    count = len(node_list)
    return Model(
        file, layout, file.indices(ins, count, "node"), file.indices(outs, count, "node"), node_list, tensor_list,
        [(size, at) for size, at in buffer_list],
    )  # fmt: skip


def _tensor(file: File, offset: int) -> Tensor:
    _, buffer, dims, name, quant, _, kind, dtype = file.words("5I3i", offset)
    sizes = [int(d) for d in file.vector(dims, "i", MAX_AXES)]
    if any(d < 0 for d in sizes):
        raise file.damaged(f"tensor {file.text(name)!r} has the shape {tuple(sizes)}")
    return Tensor(file.text(name), tuple(sizes) if dims else None, kind, dtype, buffer, quant != 0 and len(file.vector(quant)) > 0)


def _node(file: File, offset: int, tensors: int) -> RawNode:
    number, ins, outs, operator, name, _ = file.words("6I", offset)
    version, op, params = file.words("3I", operator)
    reads, makes = file.indices(ins, tensors, "tensor"), file.indices(outs, tensors, "tensor")
    return RawNode(file.text(name) or f"node{number}", op, version, reads, makes, params)

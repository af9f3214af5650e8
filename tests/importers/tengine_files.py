"""tmfiles written by hand for tests: tables and their offsets."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pith.importers.tengine.operators import FIELDS, NAMES

_TYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int8): 2, np.dtype(np.int32): 4}


@dataclass
class Node:
    op: int
    name: str
    params: bytes | None
    lists: dict[int, list[int]]  # offset within the parameters -> the list they point to
    inputs: list[int]
    outputs: list[int]


@dataclass
class Net:
    """Nodes in order; tensors are numbers."""

    nodes: list[Node] = field(default_factory=list)
    tensors: list[tuple[str, tuple[int, ...] | None, int, int, int]] = field(default_factory=list)  # name, dims, kind, type, buffer
    buffers: list[bytes] = field(default_factory=list)

    def tensor(self, name: str, dims: tuple[int, ...] | None, kind: int = 1, dtype: int = 0, data: bytes | None = None) -> int:
        if data is not None:
            self.buffers.append(data)
        self.tensors.append((name, dims, kind, dtype, len(self.buffers) - 1 if data is not None else 0))
        return len(self.tensors) - 1

    def input(self, name: str, dims: tuple[int, ...] | None) -> int:
        t = self.tensor(name, dims, 3)
        self.nodes.append(Node(NAMES.index("InputOp"), name, None, {}, [], [t]))
        return t

    def constant(self, array: np.ndarray) -> int:
        t = self.tensor(f"const{len(self.tensors)}", array.shape, 2, _TYPES[array.dtype], array.tobytes())
        self.nodes.append(Node(NAMES.index("Const"), f"const{t}", None, {}, [], [t]))
        return t

    def node(self, kind: str, params: Mapping[str, Any], inputs: Sequence[int], outputs: int = 1) -> list[int]:
        made = [self.tensor(f"{kind}{len(self.nodes)}_{k}", None) for k in range(outputs)]
        fields = [f.split(":") for f in FIELDS.get(kind, "").split()]
        data, lists = b"", {}
        for name, code in fields:
            value = params.get(name, 0)
            if isinstance(value, list):
                lists[len(data)], value = value, 0
            data += struct.pack(f"<{code}", value)
        assert set(params) <= {n for n, _ in fields}, f"{kind} has no {set(params)}"
        self.nodes.append(Node(NAMES.index(kind), f"{kind}{len(self.nodes)}", data or None, lists, list(inputs), made))
        return made

    def bytes(self) -> bytes:
        out = bytearray(12)

        def put(data: bytes) -> int:
            out.extend(b"\0" * (-len(out) % 4))
            at = len(out)
            out.extend(data)
            return at

        def vector(values: Sequence[int]) -> int:
            return put(struct.pack(f"<I{len(values)}i", len(values), *values))

        def text(name: str) -> int:
            data = name.encode() + b"\0"
            return put(struct.pack("<2I", len(data), put(data)))

        buffers = [put(struct.pack("<2I", len(b), put(b))) for b in self.buffers]
        tensors = [
            put(struct.pack("<5I3i", k, buffer, 0 if dims is None else vector(dims), text(name), 0, 0, kind, dtype))
            for k, (name, dims, kind, dtype, buffer) in enumerate(self.tensors)
        ]
        nodes = []
        read = {t for n in self.nodes for t in n.inputs}
        for k, n in enumerate(self.nodes):
            params = 0
            if n.params is not None:
                data = bytearray(n.params)
                for at, values in n.lists.items():
                    struct.pack_into("<I", data, at, vector(values))
                params = put(bytes(data))
            operator = put(struct.pack("<3I", 1, n.op, params))
            nodes.append(put(struct.pack("<6IB", k, vector(n.inputs), vector(n.outputs), operator, text(n.name), 0, 0)))
        ins = [k for k, n in enumerate(self.nodes) if n.op == NAMES.index("InputOp")]
        outs = [k for k, n in enumerate(self.nodes) if n.outputs and not set(n.outputs) & read and n.op != NAMES.index("Const")]
        graph = put(struct.pack("<I2i7I", 0, 0, 0, vector(ins), vector(outs), vector(nodes), vector(tensors), vector(buffers), 0, 0))
        root = put(struct.pack("<2i2I", 0, 0, vector([graph]), 0))
        struct.pack_into("<3H", out, 0, 2, 0, 0)
        struct.pack_into("<I", out, 8, root)
        return bytes(out)

    def save(self, folder: Path, name: str = "net") -> Path:
        path = folder / f"{name}.tmfile"
        path.write_bytes(self.bytes())
        return path

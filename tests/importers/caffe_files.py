"""Caffe networks written by hand for tests: protobuf text, and weights encoded field by field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def part(number: int, data: bytes) -> bytes:
    """A field of bytes: a text, a message, packed numbers."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def blob(array: np.ndarray, old: bool = False) -> bytes:
    """A BlobProto: with its shape, or (old) with four sizes."""
    data = part(5, array.astype("<f4").tobytes())
    if not old:
        return part(7, part(1, b"".join(map(varint, array.shape)))) + data
    sizes = (1,) * (4 - array.ndim) + array.shape
    return b"".join(varint(k << 3) + varint(d) for k, d in enumerate(sizes, 1)) + data


@dataclass
class Net:
    """Layers in order; `old`: in the format of V1 layers, types in capitals."""

    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    weights: list[bytes] = field(default_factory=list)
    old: bool = False

    def input(self, name: str, *shape: int) -> Net:
        self.inputs[name] = shape
        return self

    def layer(self, kind: str, bottoms: Sequence[str], tops: Sequence[str], params: str = "", *arrays: np.ndarray, name: str = "") -> Net:
        name = name or f"{kind}{len(self.texts)}"
        ends = " ".join([*(f'bottom: "{b}"' for b in bottoms), *(f'top: "{t}"' for t in tops)])
        kind_text = kind if self.old else f'"{kind}"'
        self.texts.append(f'{"layers" if self.old else "layer"} {{ name: "{name}" type: {kind_text} {ends} {params} }}')
        if arrays:
            names = part(4, name.encode()) if self.old else part(1, name.encode())
            blobs = b"".join(part(6 if self.old else 7, blob(a, self.old)) for a in arrays)
            self.weights.append(part(2 if self.old else 100, names + blobs))
        return self

    def text(self) -> str:
        if self.old:
            head = [f'input: "{n}" ' + " ".join(f"input_dim: {d}" for d in s) for n, s in self.inputs.items()]
        else:
            head = [
                f'layer {{ name: "{n}" type: "Input" top: "{n}" input_param {{ shape {{ {" ".join(f"dim: {d}" for d in s)} }} }} }}'
                for n, s in self.inputs.items()
            ]
        return "\n".join(['name: "net"', *head, *self.texts]) + "\n"

    def save(self, folder: Path, name: str = "net") -> Path:
        path = folder / f"{name}.prototxt"
        path.write_text(self.text())
        (folder / f"{name}.caffemodel").write_bytes(part(1, b"net") + b"".join(self.weights))
        return path



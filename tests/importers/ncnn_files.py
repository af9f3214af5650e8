"""ncnn networks written by hand for tests: lines of the description and the bytes of the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

HALF, INT8 = 0x01306B47, 0x000D4B38


def text(value: Any) -> str:
    """A parameter as a description has it."""
    if isinstance(value, (list, tuple)):
        return ",".join([str(len(value)), *map(text, value)])
    return f"{value:e}" if isinstance(value, float) else str(value)


@dataclass
class Net:
    """Layers in order; `weights` are appended as they are added."""

    lines: list[str] = field(default_factory=list)
    weights: bytes = b""

    def input(self, name: str, *shape: int) -> Net:
        """An input of a shape (c, h, w), (h, w) or (w,)."""
        sizes = " ".join(f"{k}={v}" for k, v in zip((0, 1, 2) if len(shape) < 4 else (0, 1, 11, 2), reversed(shape), strict=False))
        self.lines.append(f"Input {name} 0 1 {name} {sizes}".rstrip())
        return self

    def layer(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], params: Mapping[int, Any] | None = None) -> Net:
        parts = [f"{-23300 - k if isinstance(v, (list, tuple)) else k}={text(v)}" for k, v in (params or {}).items()]
        self.lines.append(" ".join([kind, f"{kind}_{len(self.lines)}", str(len(inputs)), str(len(outputs)), *inputs, *outputs, *parts]))
        return self

    def tagged(self, array: np.ndarray, tag: int = 0) -> Net:
        """Weights with the word that says how they are stored, padded to whole words."""
        dtype = {0: "<f4", HALF: "<f2", INT8: "i1"}[tag]
        data = array.astype(dtype).tobytes()
        self.weights += np.uint32(tag).tobytes() + data + b"\0" * (-len(data) % 4)
        return self

    def plain(self, array: np.ndarray) -> Net:
        self.weights += array.astype("<f4").tobytes()
        return self

    def save(self, folder: Path, name: str = "net") -> Path:
        blobs = {b for line in self.lines for b in line.split()[4 : 4 + sum(map(int, line.split()[2:4]))]}
        path = folder / f"{name}.param"
        path.write_text("\n".join(["7767517", f"{len(self.lines)} {len(blobs)}", *self.lines]) + "\n")
        (folder / f"{name}.bin").write_bytes(self.weights)
        return path

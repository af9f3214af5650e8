"""What a Tengine mapping function sees: parameters by name, constants among its inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import Graph
from pith.importers.layers.layer import Layer
from pith.importers.tengine.operators import FIELDS, name_of
from pith.importers.tengine.tmfile import File, RawNode


class TengineLayer(Layer):
    """A node of a tmfile; values have the axes of the file, batch and channels first."""

    def __init__(self, graph: Graph, raw: RawNode, file: File, inputs: Sequence[str], names: Sequence[str]) -> None:
        super().__init__(graph, name_of(raw.op), raw.name, inputs, names)
        self._file = file
        self._params = self._read(raw.params)

    def _read(self, offset: int) -> dict[str, int | float]:
        fields = [f.split(":") for f in FIELDS.get(self.kind, "").split()]
        if not fields or offset == 0:
            return {}
        values = self._file.read("".join(t for _, t in fields), offset)
        return dict(zip((name for name, _ in fields), values, strict=True))

    def whole(self, name: str, default: int = 0) -> int:
        """A parameter, the default for a node without parameters."""
        return int(self._params.get(name, default))

    def real(self, name: str, default: float = 0.0) -> float:
        """A parameter, which must be finite."""
        value = float(self._params.get(name, default))
        if not math.isfinite(value):
            raise self.invalid(f"parameter {name} is {value}", "it must be finite")
        return value

    def ints(self, name: str) -> list[int]:
        """The list that a parameter points to, empty when there is none."""
        return [int(v) for v in self._file.vector(self.whole(name), "i", 64)]

    def array(self, i: int) -> np.ndarray:
        """Input `i`, which must be a constant."""
        array = self.known(self.x(i))
        if array is None:
            raise self.unsupported(f"input {i} is computed at run time, where a constant is expected")
        return array

    def vector(self, i: int) -> np.ndarray | None:
        """Constant input `i` as a vector, None when it is not given."""
        return self.array(i).reshape(-1) if i < len(self.inputs) else None

"""What a Caffe mapping function sees: a group of parameters, and weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pith.graph import Graph
from pith.importers.caffe.read import RawLayer
from pith.importers.layers.layer import Layer


class CaffeLayer(Layer):
    """A Caffe layer; its parameters are in one group, chosen by `group`."""

    def __init__(self, graph: Graph, raw: RawLayer, inputs: Sequence[str], weights: str) -> None:
        super().__init__(graph, raw.kind, raw.name, inputs, raw.tops)
        self._message, self._blobs, self._weights = raw.message, raw.blobs, weights
        self._group: Any = None

    # parameters

    def group(self, name: str) -> None:
        """Choose the parameters that the next calls read; layers of the old format lack some groups."""
        known = name in self._message.DESCRIPTOR.fields_by_name
        self._group = getattr(self._message, name) if known else None

    def given(self, name: str) -> bool:
        return self._group is not None and bool(self._group.HasField(name))

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number (or flag, or number of an enumeration)."""
        return int(getattr(self._group, name)) if self.given(name) else default

    def flag(self, name: str, default: bool) -> bool:
        return bool(getattr(self._group, name)) if self.given(name) else default

    def real(self, name: str, default: float = 0.0) -> float:
        """A float32, which must be finite."""
        value = float(getattr(self._group, name)) if self.given(name) else float(np.float32(default))
        if not math.isfinite(value):
            raise self.invalid(f"{name} is {value}", "it must be finite")
        return value

    def ints(self, name: str) -> list[int]:
        return [int(v) for v in getattr(self._group, name)] if self._group is not None else []

    def floats(self, name: str) -> list[float]:
        values = [float(v) for v in getattr(self._group, name)] if self._group is not None else []
        if not all(map(math.isfinite, values)):
            raise self.invalid(f"{name} is {values}", "all must be finite")
        return values

    def dims(self, name: str) -> list[int]:
        """The sizes of a shape."""
        return [int(d) for d in getattr(self._group, name).dim] if self._group is not None else []

    def child(self, name: str, number: str, default: float) -> float:
        """A float of a group within the group."""
        inner = getattr(self._group, name) if self._group is not None else None
        return float(getattr(inner, number)) if inner is not None and inner.HasField(number) else default

    # weights

    @property
    def blob_count(self) -> int:
        return len(self._blobs)

    def blob(self, k: int, *shapes: tuple[int, ...]) -> np.ndarray:
        """Weights number `k`, in the first of `shapes` that has as many elements (old files give every blob four axes)."""
        if k >= len(self._blobs):
            raise self.invalid_weights(f"weights {k} of this layer are not in {self._weights}")
        w = self._blobs[k]
        for shape in shapes:
            if math.prod(shape) == w.size and min(shape, default=1) > 0:
                return w.reshape(shape)
        if shapes:
            raise self.invalid_weights(f"weights {k} have the shape {w.shape}, not {' or '.join(map(str, shapes))}")
        return w

    def invalid_weights(self, what: str) -> Exception:
        e = self.invalid(what, "layers find their weights by name")
        e.try_ = "put the .caffemodel of this network beside it, with the same name"
        return e

"""Attributes of an ONNX node, read with the type that is expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from onnx import AttributeProto, GraphProto, TypeProto

from pith.graph import ModelError, UnsupportedError
from pith.importers.onnx.tensors import sparse_to_array, to_array

_A = AttributeProto
Ints = tuple[int, ...]
Floats = tuple[float, ...]


class Attributes:
    """Attributes by name; a value of another type than asked for is a ModelError.

    In function bodies an attribute may stand for one of the call: `outer` has those, absent ones count as not given.
    """

    def __init__(
        self, protos: Iterable[AttributeProto], where: str, outer: Mapping[str, AttributeProto], folder: Path | None
    ) -> None:
        self.protos: dict[str, AttributeProto] = {}
        self._where, self._folder = where, folder
        for a in protos:
            if a.name in self.protos:
                raise ModelError(f"attribute {a.name!r} is given twice", where=where)
            if not a.ref_attr_name:
                self.protos[a.name] = a
            elif a.ref_attr_name in outer:
                self.protos[a.name] = outer[a.ref_attr_name]

    def __contains__(self, name: str) -> bool:
        return name in self.protos

    def _get(self, name: str, kind: int) -> AttributeProto | None:
        a = self.protos.get(name)
        if a is not None and a.type != kind:
            want, got = (_A.AttributeType.Name(k) if k in _A.AttributeType.values() else k for k in (kind, a.type))
            raise ModelError(f"attribute {name!r} must be {want}, not {got}", where=self._where)
        return a

    def _missing(self, name: str) -> ModelError:
        return ModelError(f"attribute {name!r} is missing", where=self._where)

    def int(self, name: str, default: int | None = None) -> int:
        """An integer; without a default it is required."""
        a = self._get(name, _A.INT)
        if a is None:
            if default is None:
                raise self._missing(name)
            return default
        return int(a.i)

    def flag(self, name: str, default: bool) -> bool:
        """An integer that means yes or no."""
        return self.int(name, int(default)) != 0

    def float(self, name: str, default: float | None = None) -> float:
        """A float; without a default it is required. Defaults are rounded to float32, as files store them."""
        a = self._get(name, _A.FLOAT)
        if a is None:
            if default is None:
                raise self._missing(name)
            return float(np.float32(default))
        return float(a.f)

    def string(self, name: str, default: str | None = None) -> str:
        """A string; without a default it is required."""
        a = self._get(name, _A.STRING)
        if a is None:
            if default is None:
                raise self._missing(name)
            return default
        try:
            return a.s.decode("utf-8")
        except UnicodeDecodeError:
            raise ModelError(f"attribute {name!r} is no text", where=self._where) from None

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """A string that must be one of `choices`."""
        value = self.string(name, default)
        if value not in choices:
            raise ModelError(
                f"attribute {name!r} is {value!r}", where=self._where, why="it must be one of " + ", ".join(choices)
            )
        return value

    def ints(self, name: str, default: Ints | None = None) -> Ints | None:
        """A list of integers, the default when not given."""
        a = self._get(name, _A.INTS)
        return default if a is None else tuple(int(i) for i in a.ints)

    def floats(self, name: str) -> Floats | None:
        """A list of floats, None when not given."""
        a = self._get(name, _A.FLOATS)
        return None if a is None else tuple(float(f) for f in a.floats)

    def strings(self, name: str) -> tuple[str, ...] | None:
        """A list of strings, None when not given."""
        a = self._get(name, _A.STRINGS)
        return None if a is None else tuple(s.decode("utf-8", "replace") for s in a.strings)

    def tensor(self, name: str) -> np.ndarray | None:
        """A tensor (written out when sparse), None when not given."""
        a = self.protos.get(name)
        if a is not None and a.type == _A.SPARSE_TENSOR:
            return sparse_to_array(a.sparse_tensor, self._folder, self._where)
        a = self._get(name, _A.TENSOR)
        return None if a is None else to_array(a.t, self._folder, self._where)

    def graph(self, name: str) -> GraphProto:
        """A subgraph; required."""
        a = self._get(name, _A.GRAPH)
        if a is None:
            raise self._missing(name)
        return a.g

    def type_proto(self, name: str) -> TypeProto | None:
        """A type, None when not given."""
        a = self._get(name, _A.TYPE_PROTO)
        return None if a is None else a.tp

    def check_known(self, known: frozenset[str], required: frozenset[str]) -> None:
        """Raise for attributes the operator does not have, or must have and has not."""
        for name in self.protos:
            if name not in known:
                raise UnsupportedError(
                    f"attribute {name!r} is unknown",
                    where=self._where,
                    why="this version of the operator has none of that name",
                )
        for name in required:
            if name not in self.protos:
                raise self._missing(name)

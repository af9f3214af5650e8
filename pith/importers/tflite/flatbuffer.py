"""A reader of FlatBuffers tables that trusts nothing: every offset is checked before it is followed.

It is written here, and no package is used, because the generated readers (of the `tflite` package, 150 kB) go through
`struct.unpack_from` with whatever offsets the file has: a negative one reads from the end, a vector's length is believed. What is
needed of the format (FlatBuffers internals, "On-disk format") is small: a table begins with the distance back to its vtable, which
has the place of each field; strings, vectors and tables are behind unsigned distances forward.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from pith.graph import ModelError

_SIZES = {"b": 1, "B": 1, "?": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4, "q": 8, "Q": 8}
MOST_ITEMS = 2**22  # of a vector of tables: each becomes Python objects


def damaged(why: str) -> ModelError:
    """The error for a file whose structure does not hold."""
    return ModelError("this is not a TFLite model, or it is damaged", why=why, try_="export or download it again")


@dataclass(frozen=True, slots=True)
class Vector:
    """Where a vector's elements begin, and how many there are; they lie within the file."""

    start: int
    count: int


class Table:
    """A table of the file `data` at byte `at`. Fields are given by their number in the schema; absent ones have a default.

    All methods raise ModelError for what does not lie within the file.
    """

    __slots__ = ("_fields", "at", "data")

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        vtable = at - _number(data, at, "i")
        size = _number(data, vtable, "H")
        if size < 4 or size % 2 or vtable + size > len(data):
            raise damaged(f"the vtable at {vtable} has {size} bytes")
        self._fields = struct.unpack_from(f"<{size // 2}H", data, vtable)[2:]

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The table that the file's first four bytes point at."""
        return cls(data, _number(data, 0, "I"))

    def place(self, field: int) -> int | None:
        """Byte at which a field lies; None where the table leaves it out."""
        offset = self._fields[field] if field < len(self._fields) else 0
        return self.at + offset if offset else None

    def number(self, field: int, kind: str, default: float = 0) -> int | float:
        """A scalar of struct's type `kind`."""
        place = self.place(field)
        return default if place is None else _number(self.data, place, kind)

    def whole(self, field: int, kind: str, default: int = 0) -> int:
        """A whole number of struct's type `kind`."""
        return int(self.number(field, kind, default))

    def _follow(self, field: int) -> int | None:
        place = self.place(field)
        return None if place is None else place + _number(self.data, place, "I")

    def table(self, field: int) -> Table | None:
        """A table that the field points at; None where it is left out."""
        place = self._follow(field)
        return None if place is None else Table(self.data, place)

    def vector(self, field: int, itemsize: int) -> Vector | None:
        """A vector of elements of `itemsize` bytes; None where it is left out."""
        place = self._follow(field)
        if place is None:
            return None
        count = int(_number(self.data, place, "I"))
        if place + 4 + count * itemsize > len(self.data):
            raise damaged(f"a vector of {count} elements at {place} goes beyond the end")
        return Vector(place + 4, count)

    def array(self, field: int, kind: str) -> np.ndarray | None:
        """A vector of numbers of struct's type `kind`, read-only; None where it is left out."""
        v = self.vector(field, _SIZES[kind])
        if v is None:
            return None
        dtype = np.dtype(np.bool_ if kind == "?" else f"<{kind}" if _SIZES[kind] > 1 else kind)
        return np.frombuffer(self.data, dtype, v.count, v.start)

    def ints(self, field: int, kind: str = "i") -> tuple[int, ...]:
        """A vector of whole numbers, () where it is left out."""
        array = self.array(field, kind)
        return () if array is None else tuple(int(v) for v in array)

    def text(self, field: int) -> str:
        """A string; "" where it is left out. What is no UTF-8 is replaced."""
        v = self.vector(field, 1)
        return "" if v is None else self.data[v.start : v.start + v.count].decode("utf-8", "replace")

    def tables(self, field: int) -> list[Table]:
        """A vector of tables."""
        v = self.vector(field, 4)
        if v is None:
            return []
        if v.count > MOST_ITEMS:
            raise damaged(f"a list of {v.count:,} entries")
        places = (v.start + 4 * i for i in range(v.count))
        return [Table(self.data, p + int(_number(self.data, p, "I"))) for p in places]


def _number(data: bytes, at: int, kind: str) -> Any:
    if at < 0 or at + _SIZES[kind] > len(data):
        raise damaged(f"an offset leads to byte {at} of {len(data)}")
    return struct.unpack_from(f"<{kind}", data, at)[0]

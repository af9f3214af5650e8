"""A C function of the generated library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pith.graph.errors import InternalError


@dataclass(frozen=True)
class CFunction:
    """One C function of the generated library: name, full text of its static definition, the functions it calls, the headers it needs.

    setup: a statement for the beginning of every run of a network that uses it.  refuses: a condition, in C, under which such a
    network does not run on the processor it finds itself on.
    """

    name: str
    text: str
    requires: tuple[CFunction, ...] = ()
    headers: tuple[str, ...] = ()  # e.g. "stdint.h", "immintrin.h"
    setup: str = ""
    refuses: str = ""


def callees_first(functions: Iterable[CFunction]) -> list[CFunction]:
    """The functions and what they require, callees first, each name once. Raises InternalError for two of one name that differ."""
    done: dict[str, CFunction] = {}
    seen: set[int] = set()

    def visit(f: CFunction) -> None:
        if id(f) in seen:
            return
        seen.add(id(f))
        for r in f.requires:  # also those of a function whose text is known: equal texts may call different functions
            visit(r)
        if done.setdefault(f.name, f).text != f.text:
            raise InternalError(f"two C functions named {f.name} differ")

    for f in functions:
        visit(f)
    return list(done.values())

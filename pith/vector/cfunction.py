"""A C function of the generated library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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


def in_order(functions: Iterable[CFunction]) -> list[CFunction]:
    """The functions and what they require, callees first, each name once."""
    done: dict[str, CFunction] = {}

    def visit(f: CFunction) -> None:
        for r in f.requires:
            visit(r)
        done.setdefault(f.name, f)

    for f in functions:
        visit(f)
    return list(done.values())

"""Where the threads of a program wait for each other: before a step that touches what another thread may still be at.

Since the last such point every thread runs ahead by itself. A step needs a new one where it reads memory that was
written since, or writes memory that was read or written since, unless one and the same thread does both.
"""

from __future__ import annotations

from collections.abc import Sequence

from pith.lower.program import Buffer, Step

_Span = tuple[int, int, int]  # memory (the arena: 0, a buffer of the caller: its own number), first byte, byte after the last


def _span(index: int, buffer: Buffer) -> _Span:
    if buffer.kind in ("arena", "scratch"):
        return (0, buffer.offset, buffer.offset + buffer.nbytes)
    return (1 + index, 0, buffer.nbytes)


def _meet(a: _Span, b: _Span) -> bool:
    return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]


def mark_joins(steps: Sequence[Step], buffers: Sequence[Buffer]) -> None:
    """Set `joins` of every step; the arena must be planned."""
    read: list[tuple[_Span, bool]] = []
    written: list[tuple[_Span, bool]] = []  # with: whether all threads took part
    for step in steps:
        shared = step.units > 1
        reads = [_span(i, buffers[i]) for i in step.reads]
        writes = [_span(i, buffers[i]) for i in step.writes]

        def clash(mine: list[_Span], others: list[tuple[_Span, bool]], shared: bool = shared) -> bool:
            return any((shared or by_all) and _meet(a, b) for a in mine for b, by_all in others)

        step.joins = clash(reads, written) or clash(writes, written) or clash(writes, read)
        if step.joins:
            read, written = [], []
        read += [(s, shared) for s in reads]
        written += [(s, shared) for s in writes]

"""Offline arena plan: an offset for every buffer so that buffers alive together never overlap, in as little as possible.

The lower bound is the largest sum of sizes alive at one step. Several greedy orders are tried (largest first, longest
first, by time, by size x time), then a seeded search moves the buffers that define the height to the front of the
order until the bound is reached or the budget is spent. (Greedy by size: Pisarchyk & Lee, arXiv 2001.03288.)
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from pith.lower.program import ALIGN, Buffer


def _round(n: int) -> int:
    return -(-n // ALIGN) * ALIGN


def lower_bound(buffers: Iterable[Buffer]) -> int:
    """Largest sum of (aligned) sizes of buffers alive at one step, in bytes."""
    events: dict[int, int] = {}
    for b in buffers:
        events[b.first] = events.get(b.first, 0) + _round(b.nbytes)
        events[b.last + 1] = events.get(b.last + 1, 0) - _round(b.nbytes)
    live = best = 0
    for t in sorted(events):
        live += events[t]
        best = max(best, live)
    return best


def _place(
    order: Sequence[int], spans: Sequence[tuple[int, int, int]], neighbours: Sequence[Sequence[int]]
) -> tuple[list[int], int]:
    """First fit in `order`; returns offsets and height."""
    offsets = [-1] * len(spans)
    height = 0
    for i in order:
        size = spans[i][2]
        taken = sorted((offsets[j], offsets[j] + spans[j][2]) for j in neighbours[i] if offsets[j] >= 0)
        at = 0
        for lo, hi in taken:
            if at + size <= lo:
                break
            at = max(at, hi)
        offsets[i] = at
        height = max(height, at + size)
    return offsets, height


def plan_arena(buffers: list[Buffer], *, tries: int = 400, seed: int = 0) -> tuple[int, int]:
    """Give every buffer an offset; returns (arena size, lower bound) in bytes. Deterministic."""
    spans = [(b.first, b.last, _round(b.nbytes)) for b in buffers]
    bound = lower_bound(buffers)
    if not spans:
        return 0, 0
    by_start = sorted(range(len(spans)), key=lambda i: spans[i][0])
    neighbours: list[list[int]] = [[] for _ in spans]
    active: list[int] = []
    for i in by_start:
        active = [j for j in active if spans[j][1] >= spans[i][0]]
        for j in active:
            neighbours[i].append(j)
            neighbours[j].append(i)
        active.append(i)

    def length(i: int) -> int:
        return spans[i][1] - spans[i][0] + 1

    orders = [
        sorted(range(len(spans)), key=lambda i: (-spans[i][2], spans[i][0])),
        sorted(range(len(spans)), key=lambda i: (-length(i), -spans[i][2])),
        sorted(range(len(spans)), key=lambda i: (-spans[i][2] * length(i), spans[i][0])),
        by_start,
    ]
    best: tuple[int, list[int], list[int]] | None = None
    for order in orders:
        offsets, height = _place(order, spans, neighbours)
        if best is None or height < best[0]:
            best = (height, offsets, list(order))
        if best[0] == bound:
            break
    assert best is not None
    rng = random.Random(seed)
    budget = min(tries, 400_000 // max(1, len(spans)))  # keeps the search linear in the size of the network
    order = best[2]
    for _ in range(budget):
        height, offsets, _order = best
        if height == bound:
            break
        tops = [i for i in range(len(spans)) if offsets[i] + spans[i][2] == height]
        candidate = list(order)
        mover = rng.choice(tops) if rng.random() < 0.7 else rng.randrange(len(candidate))
        candidate.remove(mover)
        candidate.insert(rng.randrange(len(candidate) + 1) if rng.random() < 0.5 else 0, mover)
        offsets, height = _place(candidate, spans, neighbours)
        if height <= best[0]:
            best, order = (height, offsets, candidate), candidate
    for b, offset in zip(buffers, best[1], strict=True):
        b.offset = offset
    return best[0], bound

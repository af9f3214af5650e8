"""The arena plan: no two live buffers overlap, the bound is a bound, and chains reach it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pith.lower.arena import lower_bound, plan_arena
from pith.lower.program import ALIGN, Buffer


def _buffers(spans: list[tuple[int, int, int]]) -> list[Buffer]:
    return [Buffer(str(i), size, "arena", -1, first, first + length) for i, (first, length, size) in enumerate(spans)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10), st.integers(1, 5000)), min_size=1, max_size=40))
def test_live_buffers_never_overlap(spans: list[tuple[int, int, int]]) -> None:
    buffers = _buffers(spans)
    size, bound = plan_arena(buffers, tries=20)
    assert bound <= size
    for i, a in enumerate(buffers):
        assert a.offset % ALIGN == 0 and a.offset >= 0 and a.offset + a.nbytes <= size
        for b in buffers[:i]:
            together = a.first <= b.last and b.first <= a.last
            apart = a.offset + a.nbytes <= b.offset or b.offset + b.nbytes <= a.offset
            assert apart or not together


def test_a_chain_reaches_the_bound() -> None:
    buffers = _buffers([(i, 1, 64 * (1 + (i * 7) % 13)) for i in range(60)])
    size, bound = plan_arena(buffers)
    assert size == bound == lower_bound(buffers)


def test_bound_counts_what_is_alive_together() -> None:
    assert lower_bound(_buffers([(0, 1, 64), (1, 1, 128), (2, 0, 1024)])) == 128 + 1024


def test_plan_is_deterministic() -> None:
    spans = [(i % 9, i % 5, 100 + 77 * i % 991) for i in range(50)]
    a, b = _buffers(spans), _buffers(spans)
    plan_arena(a)
    plan_arena(b)
    assert [x.offset for x in a] == [x.offset for x in b]

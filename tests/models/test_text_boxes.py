"""From maps to boxes: parts that hang together, rectangles around them, and what boxes share, against the slow way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith.models import text_boxes, text_signs


def flooded(mask: np.ndarray) -> list[set[tuple[int, int]]]:
    left, out = {(int(y), int(x)) for y, x in np.argwhere(mask)}, []
    while left:
        part, edge = set(), [left.pop()]
        while edge:
            y, x = edge.pop()
            part.add((y, x))
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            edge += near
        out.append(part)
    return out


@given(st.integers(1, 14), st.integers(1, 14), st.floats(0.05, 0.8), st.integers(0, 99))
def test_components(h: int, w: int, share: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random((h, w)) < share
    expected = sorted((min(p), max(p), min(x for _, x in p), max(x for _, x in p)) for p in flooded(mask))
    got = []
    for ys, xs in text_boxes.components(mask):
        pairs = list(zip(ys.tolist(), xs.tolist(), strict=True))
        got.append((min(pairs), max(pairs), min(xs.tolist()), max(xs.tolist())))
    assert sorted(got) == expected


@given(st.integers(3, 30), st.integers(0, 999))
def test_smallest_rectangle(n: int, seed: int) -> None:
    """No angle of 2,000 gives a smaller one, and all points are inside."""
    points = np.random.default_rng(seed).integers(0, 40, (n, 2)).astype(float)
    centre, axis, sides = text_boxes.smallest_rectangle(points)
    angles = np.linspace(0, np.pi / 2, 2000)
    u = points @ np.stack([np.cos(angles), np.sin(angles)])
    v = points @ np.stack([-np.sin(angles), np.cos(angles)])
    assert sides.prod() <= (np.ptp(u, axis=0) * np.ptp(v, axis=0)).min() + 1e-6
    across = np.array([-axis[1], axis[0]])
    assert np.all(np.abs((points - centre) @ axis) <= sides[0] / 2 + 1e-9) and np.all(np.abs((points - centre) @ across) <= sides[1] / 2 + 1e-9)


@given(st.integers(0, 9999))
def test_overlap_of_turned_rectangles(seed: int) -> None:
    """Against counting points of a fine grid."""
    rng = np.random.default_rng(seed)
    quads = []
    for _ in range(2):
        angle = rng.uniform(0, 6)
        quads.append(text_boxes.corners(rng.uniform(8, 12, 2), np.array([np.cos(angle), np.sin(angle)]), rng.uniform(4, 12, 2)))
    grid = (np.arange(400) + 0.5) / 20
    a, b = (text_boxes.inside(q, grid[None, :], grid[:, None]) for q in quads)
    assert text_boxes.overlap(*quads) == pytest.approx((a & b).sum() / (a | b).sum(), abs=0.01)
    assert text_boxes.overlap(quads[0], quads[0]) == pytest.approx(1)


def test_boxes_of_a_drawn_map() -> None:
    """A rectangle of w x h pixels at probability 0.9: sides w - 1 and h - 1, each 2 D longer, D = area * 1.5 / perimeter; by hand."""
    p = np.full((60, 80), 0.1)
    p[20:31, 10:51] = 0.9  # 40 by 10 between the centres of its pixels
    p[50:52, 5:9] = 0.9  # too thin
    p[40:50, 60:75] = 0.4  # above the first threshold, below the second
    quads, means = text_boxes.boxes(p, 0.3, 0.6, 1.5)
    d = 400 * 1.5 / 100
    assert np.allclose(quads, [[[10 - d, 20 - d], [50 + d, 20 - d], [50 + d, 30 + d], [10 - d, 30 + d]]]) and np.allclose(means, 0.9)
    assert text_boxes.boxes(np.zeros((9, 9)))[0].shape == (0, 4, 2)
    far = quads[0] + 100
    assert text_boxes.matched([quads[0], far], [far + 1, far, quads[0] + 1]) == 2
    assert text_boxes.f_measure(2, 2, 3) == pytest.approx(0.8) and text_boxes.f_measure(0, 0, 0) == 1


def slow_distance(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(slow_distance(a[1:], b) + 1, slow_distance(a, b[1:]) + 1, slow_distance(a[1:], b[1:]) + (a[0] != b[0]))


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_distance(a: str, b: str) -> None:
    assert text_signs.distance(a, b) == slow_distance(a, b)


def test_reading() -> None:
    """Repetitions merge before blanks are dropped."""
    assert text_signs.merged([0, 1, 1, 0, 1, 2, 2, 0]) == [1, 1, 2]
    assert text_signs.read(np.eye(4)[[2, 2, 0, 2, 3, 0]], "abc") == "bbc"

"""From a map of probabilities to boxes around lines of text (DB, arXiv 1911.08947), and how well boxes match others. NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST = 1000
"""Components looked at in a picture, the first ones from the top."""


def boxes(
    probability: np.ndarray, thresh: float = 0.3, box_thresh: float = 0.6, ratio: float = 1.5, least: tuple[float, float] = (3, 5),
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """``(H, W)`` -> corners ``(n, 4, 2)`` (x, y; clockwise from the upper left) and the mean probability inside each, ``(n,)``.

    What is above `thresh` falls into connected parts; of each the smallest rectangle around it, which stays if its mean reaches
    `box_thresh`, is widened on all sides by area * `ratio` / perimeter, because the network was taught shrunk texts.
    least: sides below which a rectangle is dropped, before and after widening, in pixels.
    """
    found, means = [], []
    for ys, xs in components(probability > thresh)[:MOST]:
        centre, axis, sides = smallest_rectangle(np.stack([xs, ys], 1).astype(np.float64))
        if min(sides) < least[0]:
            continue
        mean = _mean_inside(probability, corners(centre, axis, sides))
        if mean < box_thresh:
            continue
        wide = sides + 2 * float(np.prod(sides)) * ratio / (2 * float(np.sum(sides)))
        if min(wide) < least[1]:
            continue
        found.append(corners(centre, axis, wide))
        means.append(mean)
    return np.array(found, np.float64).reshape(-1, 4, 2), np.array(means, np.float64)


def components(mask: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Parts of a mask ``(H, W)`` that hang together, also over corners: rows and columns of the ends of their runs, from the top down."""
    parent: list[int] = []
    runs: list[tuple[int, int, int]] = []

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    before: list[int] = []
    for y in np.flatnonzero(mask.any(1)):
        starts, ends = np.flatnonzero(edges[y] == 1), np.flatnonzero(edges[y] == -1) - 1
        if before and runs[before[0]][0] != y - 1:
            before = []
        now, at = [], 0
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
            k = len(runs)
            runs.append((int(y), a, b))
            parent.append(k)
            now.append(k)
            while at < len(before) and runs[before[at]][2] < a - 1:
                at += 1
            other = at
            while other < len(before) and runs[before[other]][1] <= b + 1:
                one, two = root(before[other]), root(k)
                parent[max(one, two)] = min(one, two)
                other += 1
        before = now
    groups: dict[int, list[tuple[int, int, int]]] = {}
    for k, run in enumerate(runs):
        groups.setdefault(root(k), []).append(run)
    out = []
    for part in groups.values():
        r = np.array(part)
        out.append((np.concatenate([r[:, 0], r[:, 0]]), np.concatenate([r[:, 1], r[:, 2]])))
    return out


def hull(points: np.ndarray) -> np.ndarray:
    """Convex hull ``(h, 2)`` of points ``(n, 2)`` (Andrew, 1979), without points on its edges."""
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered
    sides = []
    for sequence in (ordered, ordered[::-1]):
        side: list[np.ndarray] = []
        for p in sequence:
            while len(side) > 1 and _cross(side[-1] - side[-2], p - side[-2]) <= 0:
                side.pop()
            side.append(p)
        sides.append(side[:-1])
    return np.array(sides[0] + sides[1])


def _cross(a: np.ndarray, b: np.ndarray) -> float:
    return float(a[0] * b[1] - a[1] * b[0])


def smallest_rectangle(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre ``(2,)``, direction of the first side ``(2,)`` and lengths ``(2,)`` of the rectangle of least area around points ``(n, 2)``.

    One of its sides lies on the hull (Freeman and Shapira, 1975), so each of the hull's is tried.
    """
    h = hull(points)
    if len(h) == 1:
        return h[0], np.array([1.0, 0.0]), np.zeros(2)
    along = np.roll(h, -1, 0) - h
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    u, v = h @ along.T, h @ across.T  # (points, directions)
    sides = np.stack([np.ptp(u, axis=0), np.ptp(v, axis=0)], 1)
    k = int(np.argmin(sides.prod(1)))
    middle = (u[:, k].max() + u[:, k].min()) / 2 * along[k] + (v[:, k].max() + v[:, k].min()) / 2 * across[k]
    return middle, along[k], sides[k]


def corners(centre: np.ndarray, axis: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """``(4, 2)``, clockwise on the screen, from the corner nearest to the upper left."""
    a, b = axis * sides[0] / 2, np.array([-axis[1], axis[0]]) * sides[1] / 2
    quad = np.stack([centre - a - b, centre + a - b, centre + a + b, centre - a + b])
    return np.roll(quad, -int(np.argmin(quad.sum(1))), 0)


def inside(quad: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Which points (arrays that broadcast) lie in a convex polygon ``(k, 2)``, clockwise on the screen, border included."""
    within = np.ones(np.broadcast_shapes(xs.shape, ys.shape), bool)
    for (x0, y0), (x1, y1) in zip(quad, np.roll(quad, -1, 0), strict=True):
        within &= (x1 - x0) * (ys - y0) - (y1 - y0) * (xs - x0) >= -1e-9
    return within


def _mean_inside(values: np.ndarray, quad: np.ndarray) -> float:
    height, width = values.shape
    (x0, y0), (x1, y1) = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
    x0, x1, y0, y1 = max(x0, 0), min(x1, width - 1), max(y0, 0), min(y1, height - 1)
    within = inside(quad, np.arange(x0, x1 + 1)[None, :], np.arange(y0, y1 + 1)[:, None])
    return float(values[y0 : y1 + 1, x0 : x1 + 1][within].mean()) if within.any() else 0.0


def area(polygon: np.ndarray) -> float:
    """Of a polygon ``(k, 2)``; positive if it is clockwise on the screen."""
    x, y = polygon[:, 0], polygon[:, 1]
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Area that two convex polygons, clockwise on the screen, share by the area of both together (Sutherland and Hodgman, 1974)."""
    part = [np.asarray(p, np.float64) for p in a]
    for (x0, y0), (x1, y1) in zip(b, np.roll(b, -1, 0), strict=True):
        side = [(x1 - x0) * (p[1] - y0) - (y1 - y0) * (p[0] - x0) for p in part]
        kept = []
        for k, p in enumerate(part):
            q, d, e = part[k - 1], side[k], side[k - 1]
            if d * e < 0:
                kept.append(q + (p - q) * (e / (e - d)))
            if d >= 0:
                kept.append(p)
        part = kept
    common = abs(area(np.array(part))) if len(part) > 2 else 0.0
    whole = abs(area(np.asarray(a))) + abs(area(np.asarray(b))) - common
    return common / whole if whole > 0 else 0.0


def matched(found: Sequence[np.ndarray], truth: Sequence[np.ndarray], least: float = 0.5) -> int:
    """How many of `found` are one of `truth`, each used once, the best pairs first: with at least `least` of overlap."""
    pairs = sorted(((overlap(f, t), i, j) for i, f in enumerate(found) for j, t in enumerate(truth)), reverse=True)
    used_f, used_t = set[int](), set[int]()
    for share, i, j in pairs:
        if share >= least and i not in used_f and j not in used_t:
            used_f.add(i)
            used_t.add(j)
    return len(used_f)


def f_measure(pairs: int, found: int, truth: int) -> float:
    """2 pairs / (found + truth): the harmonic mean of precision and recall; 1 where nothing was to be found, nor was."""
    return 2 * pairs / (found + truth) if found + truth else 1.0

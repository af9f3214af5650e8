"""Small pictures as numbers for SVG: bars, histograms with a range, and lines over a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def bar_path(heights: Sequence[float], width: float, height: float, left: float = 0.0) -> str:
    """Bars of `heights` (0 to 1) side by side over `width`, as one SVG path that stands on y = height."""
    step = width / max(len(heights), 1)
    parts = []
    for k, h in enumerate(heights):
        if h > 0:
            tall = max(h * height, 0.6)
            parts.append(f"M{left + k * step:.2f} {height:g}v{-tall:.2f}h{step * (0.85 if step > 3 else 1):.2f}V{height:g}z")
    return "".join(parts)


def gathered(values: Sequence[float], most: int) -> list[float]:
    """The largest of each run of neighbours, so that at most `most` are left."""
    run = -(-len(values) // most) if values else 1
    return [max(values[k : k + run]) for k in range(0, len(values), run)]


def histogram(layer: dict[str, Any], width: float = 210, height: float = 44) -> dict[str, Any] | None:
    """A layer's input: counts (their logarithm), and where the grid begins and ends; None where there is nothing to show."""
    counts, low, high = layer["histogram"], layer["low"], layer["high"]
    if not counts:
        return None
    first, last = min(low, layer["ends"][0]), max(high, layer["ends"][1])
    scale = width / (last - first)
    top = math.log1p(max(counts))
    begin = (layer["ends"][0] - first) * scale
    return {
        "w": width, "h": height, "path": bar_path([math.log1p(c) / top for c in counts], (high - low) * scale, height, (low - first) * scale),
        "from": round(begin, 2), "wide": round((layer["ends"][1] - layer["ends"][0]) * scale, 2),
        "zero": round(-first * scale, 2) if first <= 0 <= last else None,
        "title": f"input from {low:.4g} to {high:.4g}; grid from {layer['ends'][0]:.4g} to {layer['ends'][1]:.4g} in steps of {layer['scale']:.4g}",
    }  # fmt: skip


def ranges(values: Sequence[float], what: str, width: float = 120, height: float = 44, most: int = 80) -> dict[str, Any] | None:
    """Largest magnitudes of channels as bars, relative to the largest; None where there are none."""
    if not values or not max(values) > 0:
        return None
    shown, top = gathered(values, most), max(values)
    middle = sorted(values)[len(values) // 2]
    return {
        "w": width, "h": height, "path": bar_path([v / top for v in shown], width, height),
        "title": f"{what}: {len(values)} channels, largest {top:.4g}, median {middle:.4g}, smallest {min(values):.4g}",
    }  # fmt: skip


def _decades(values: Sequence[float]) -> tuple[int, int]:
    positive = [v for v in values if v > 0 and math.isfinite(v)]
    if not positive:
        return -6, 0
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    return max(low, high - 9), max(high, low + 1)


def log_lines(series: Sequence[Sequence[float]], bars: Sequence[float], width: float = 960, height: float = 260) -> dict[str, Any]:
    """Lines (and bars) of positive numbers over their index, on one logarithmic scale.

    lines: points of each series;  bars: a path;  marks: (y, text) of the decades;  steps: (x, text) along the axis.
    """
    left, bottom = 64.0, 22.0
    low, high = _decades([v for s in series for v in s])
    plot, count = width - left, max([len(s) for s in series], default=1)

    def up(v: float) -> float:
        """0 to 1; what is below the scale lies on its floor."""
        return min(max((math.log10(v) - low) / (high - low), 0.0), 1.0) if v > 0 else 0.0

    def x(k: int) -> float:
        return left + plot * (k + 0.5) / count

    every = max(1, count // 12)
    return {
        "w": width, "h": height, "full": height + bottom, "left": left,
        "lines": [" ".join(f"{x(k):.1f},{height * (1 - up(v)):.1f}" for k, v in enumerate(s)) for s in series],
        "bars": bar_path([up(v) for v in bars], plot, height, left),
        "marks": [(round(height * (1 - (d - low) / (high - low)), 1), f"1e{d}") for d in range(low, high + 1)],
        "steps": [(round(x(k), 1), str(k)) for k in range(0, count, every)],
    }  # fmt: skip


def even_lines(points: Sequence[tuple[float, float]], width: float = 460, height: float = 200) -> dict[str, Any]:
    """One line through (x, y) points, both axes even. marks, steps: (position, text)."""
    left, bottom, top = 56.0, 22.0, 10.0
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    low, high = min(ys), max(ys)
    pad = 0.08 * (high - low) or 1.0
    low, high = low - pad, high + pad
    span = max(xs) or 1.0

    def at(p: tuple[float, float]) -> tuple[float, float]:
        return left + (width - left - 12) * p[0] / span, top + (height - top) * (1 - (p[1] - low) / (high - low))

    placed = [at(p) for p in points]
    return {
        "w": width, "h": height, "full": height + bottom, "left": left, "line": " ".join(f"{a:.1f},{b:.1f}" for a, b in placed),
        "dots": [(round(a, 1), round(b, 1), f"{p[0]:g}: {p[1]:.2f}") for (a, b), p in zip(placed, points, strict=True)],
        "marks": [(round(at((0, low + q * (high - low)))[1], 1), f"{low + q * (high - low):.1f}") for q in (0.1, 0.5, 0.9)],
        "steps": [(round(at((k, low))[0], 1), f"{k:g}") for k in sorted({0.0, round(span / 4), round(span / 2), round(3 * span / 4), span})],
    }  # fmt: skip

"""report.html: one self-contained page about a compiled network."""

from __future__ import annotations

import colorsys
import os
from pathlib import Path
from typing import Any

from pith.report.layers import layer_rows

_WIDTH, _LEFT, _BOTTOM = 960, 64, 26  # of the arena's picture: the plot, and the margins of its scales
_BARS = 20


def _colour(index: int) -> str:
    """Colours far apart for neighbours: hue by the golden angle."""
    r, g, b = colorsys.hls_to_rgb((index * 0.381966) % 1.0, 0.68, 0.55)
    return f"#{int(r * 255):02x}{int(g * 255):02x}{int(b * 255):02x}"


def arena_picture(variant: dict[str, Any], height: int = 320) -> dict[str, Any]:
    """The arena over time as sizes for an SVG: x = steps, y = addresses.

    boxes: a rectangle for each buffer, named where the name fits;  line: bytes alive at each step;
    steps, bytes: (position, text) of the marks on both axes.
    """
    steps, arena = max(1, len(variant["steps"])), max(1, variant["arena_bytes"])
    plot = _WIDTH - _LEFT
    placed = [b for b in variant["buffers"] if b["offset"] >= 0]
    boxes = []
    for k, b in enumerate(placed):
        w = max(1.0, plot * (b["last"] - b["first"] + 1) / steps)
        h = max(0.5, height * b["bytes"] / arena)
        boxes.append(
            {
                "x": round(_LEFT + plot * b["first"] / steps, 2), "w": round(w, 2),
                "y": round(height * (1 - (b["offset"] + b["bytes"]) / arena), 2), "h": round(h, 2), "fill": _colour(k),
                "label": b["name"] if h >= 14 and w >= 6.2 * len(b["name"]) + 8 else "",
                "title": f"{b['name']}: {b['bytes']:,} bytes at {b['offset']:,}, steps {b['first']}-{b['last']}",
            }
        )  # fmt: skip
    line = []
    for t in range(steps):
        live = sum(b["bytes"] for b in placed if b["first"] <= t <= b["last"])
        y = f"{height * (1 - live / arena):.1f}"
        line += [f"{_LEFT + plot * t / steps:.1f},{y}", f"{_LEFT + plot * (t + 1) / steps:.1f},{y}"]
    every = max(1, steps // 10)
    return {
        "width": _WIDTH, "height": height, "left": _LEFT, "full": height + _BOTTOM, "boxes": boxes, "line": " ".join(line),
        "steps": [(round(_LEFT + plot * (t + 0.5) / steps, 1), str(t)) for t in range(0, steps, every)],
        "bytes": [(round(height * (1 - q / 4), 1), f"{arena * q / 4 / 1000:,.1f} KB") for q in range(5)],
    }  # fmt: skip


def bars(rows: list[dict[str, Any]], times: list[float] | None) -> list[dict[str, Any]]:
    """The heaviest steps with the length of their bars, by measured time where there is one, else by share; then the rest."""
    weights = times if times is not None else [r["share"] for r in rows]
    total = sum(weights) or 1.0
    order = sorted(range(len(rows)), key=lambda i: -weights[i])
    shown = [(rows[i]["name"], rows[i]["kernel"], weights[i]) for i in order[:_BARS]]
    if order[_BARS:]:
        shown.append((f"{len(order) - _BARS} further steps", "", sum(weights[i] for i in order[_BARS:])))
    top = max((w for _, _, w in shown), default=0.0) or 1.0
    return [
        {"name": name, "kernel": kernel, "percent": 100 * w / total, "w": round(360 * w / top, 1),
         "text": f"{w * 1e3:.3f} ms" if times is not None else ""}
        for name, kernel, w in shown
    ]  # fmt: skip


def render(manifest: dict[str, Any], times: list[float] | None = None, measured: dict[str, Any] | None = None) -> str:
    """The page as text. times: seconds of each step of the first variant; measured: further rows of the summary."""
    import jinja2

    variant = manifest["variants"][0]
    rows = layer_rows(variant)
    folder = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html").render(
        m=manifest, v=variant, rows=rows, times=times, bars=bars(rows, times), arena=arena_picture(variant),
        measured=measured or {},
    )  # fmt: skip


def write_report(
    folder: Path, manifest: dict[str, Any], times: list[float] | None = None, measured: dict[str, Any] | None = None
) -> Path:
    """Write report.html into `folder`, by way of a temporary file; returns its path."""
    path, temporary = folder / "report.html", folder / ".report.html"
    try:
        temporary.write_text(render(manifest, times, measured), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path

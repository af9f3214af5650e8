"""report.html: one self-contained page about a compiled network."""

from __future__ import annotations

import colorsys
import os
from pathlib import Path
from typing import Any

from pith.report.layers import layer_rows

_WIDTH = 960


def _colour(index: int) -> str:
    r, g, b = colorsys.hls_to_rgb((index * 0.381966) % 1.0, 0.62, 0.55)
    return f"#{int(r * 255):02x}{int(g * 255):02x}{int(b * 255):02x}"


def arena_picture(variant: dict[str, Any], height: int = 320) -> dict[str, Any]:
    """Rectangles of the arena over time: x = steps, y = addresses, one for each buffer; sizes for an SVG."""
    steps, arena = max(1, len(variant["steps"])), max(1, variant["arena_bytes"])
    boxes = []
    for k, b in enumerate(x for x in variant["buffers"] if x["offset"] >= 0 and x["kind"] in ("arena", "scratch")):
        boxes.append(
            {
                "x": round(_WIDTH * b["first"] / steps, 2), "w": round(max(1.0, _WIDTH * (b["last"] - b["first"] + 1) / steps), 2),
                "y": round(height * (1 - (b["offset"] + b["bytes"]) / arena), 2), "h": round(max(0.5, height * b["bytes"] / arena), 2),
                "fill": _colour(k), "title": f"{b['name']}: {b['bytes']:,} bytes at {b['offset']:,}, steps {b['first']}-{b['last']}",
            }
        )  # fmt: skip
    live = [sum(b["bytes"] for b in variant["buffers"] if b["offset"] >= 0 and b["first"] <= t <= b["last"]) for t in range(steps)]
    line = " ".join(f"{_WIDTH * (t + 0.5) / steps:.1f},{height * (1 - v / arena):.1f}" for t, v in enumerate(live))
    return {"width": _WIDTH, "height": height, "boxes": boxes, "line": line}


def bars(rows: list[dict[str, Any]], times: list[float] | None) -> list[dict[str, Any]]:
    """The twenty heaviest steps with the length of their bars: by measured time where there is one, else by share."""
    weights = times if times is not None else [r["share"] for r in rows]
    total = sum(weights) or 1.0
    order = sorted(range(len(rows)), key=lambda i: -weights[i])[:20]
    top = weights[order[0]] if order and weights[order[0]] else 1.0
    return [
        {"name": rows[i]["name"], "kernel": rows[i]["kernel"], "percent": 100 * weights[i] / total, "w": round(360 * weights[i] / top, 1),
         "text": f"{times[i] * 1e3:.3f} ms" if times is not None else ""}
        for i in order
    ]  # fmt: skip


def render(manifest: dict[str, Any], times: list[float] | None = None, measured: dict[str, Any] | None = None) -> str:
    """The page as text. times: seconds of each step of the first variant; measured: further rows of the summary."""
    import jinja2

    variant = manifest["variants"][0]
    rows = layer_rows(variant)
    folder = Path(__file__).parent
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("report.html").render(
        m=manifest, v=variant, rows=rows, times=times, bars=bars(rows, times), arena=arena_picture(variant), measured=measured or {}
    )


def write_report(folder: Path, manifest: dict[str, Any], times: list[float] | None = None, measured: dict[str, Any] | None = None) -> Path:
    """Write report.html into `folder`, by way of a temporary file; returns its path."""
    path, temporary = folder / "report.html", folder / ".report.html"
    try:
        temporary.write_text(render(manifest, times, measured))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path

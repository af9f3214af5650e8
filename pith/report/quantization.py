"""One self-contained page about a quantisation, from the plain data of its report (`pith.quant.report.Report.plain`)."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from pith.report.pictures import even_lines, histogram, log_lines, ranges

_ADVICE = 14  # lines of advice
_RANKED = 20  # layers in the ranking
_FINE = 0.999  # of the worst output's cosine: nothing need be done


def finite(value: Any) -> Any:
    """The same data without numbers that JSON has not: NaN and infinity become null."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def decibels(value: float | None) -> str:
    """A ratio for people; without noise there is none."""
    return "exact" if value is None or value == math.inf else f"{value:.1f} dB"


def advice(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What is wrong and what to try, layers that matter most first: {layer, share, text, remedy}, alike ones told once."""
    place = {name: k for k, name in enumerate(report["rank"])}
    layers = sorted(report["layers"], key=lambda r: place.get(r["name"], len(place)))
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for r in layers:
        for c in r["causes"]:
            if not c["remedy"]:
                continue
            entry = told.setdefault((c["kind"], c["remedy"]), {"layer": r["name"], "share": r["share"], "more": 0, **c})
            entry["more"] += entry["layer"] != r["name"]
    return list(told.values())[:_ADVICE]


def ranking(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers that add most error: {name, op, percent, w, gain, bytes, macs (share), worst (cosine with so many in floats)}."""
    by_name = {r["name"]: r for r in report["layers"]}
    macs = sum(r["macs"] for r in report["layers"]) or 1
    after = {k: sqnr for k, _, sqnr in report["curve"]}
    top = max(report["gain"], default=0.0) or 1.0
    rows = []
    for k, (name, part) in enumerate(zip(report["rank"][:_RANKED], report["gain"], strict=False)):
        r = by_name[name]
        rows.append({"name": name, "op": r["op"], "percent": 100 * part, "w": round(120 * part / top, 1), "gain": r["gain"], "bytes": 3 * r["parameters"],
                     "macs": 100 * r["macs"] / macs, "after": decibels(after[k + 1]) if k + 1 in after else ""})  # fmt: skip
    return rows


def rows_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a layer, with its pictures."""
    return [
        {**r, "dB": decibels(r["sqnr"]), "input": histogram(r), "across": ranges(r["channels"], "input"),
         "each": ranges(r["weights"], "weights of an output channel")}
        for r in report["layers"]
    ]  # fmt: skip


def through(report: dict[str, Any]) -> dict[str, Any]:
    """1 - cosine along the layers: in the state taken, in the first one, and what each layer adds as bars."""
    layers = report["layers"]
    return log_lines([[1 - r["cosine"] for r in layers], [1 - r["before"] for r in layers]], [r["own"] for r in layers])


def render(report: dict[str, Any]) -> str:
    """The page as text."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    worst = min(report["outputs"], key=lambda o: o[1], default=None)
    curve = [(k, sqnr) for k, _, sqnr in report["curve"] if math.isfinite(sqnr)]
    return environment.get_template("quantization.html").render(
        r=report, worst=worst, fine=worst is not None and worst[1] >= _FINE, advice=advice(report), ranking=ranking(report),
        rows=rows_of(report), through=through(report), curve=even_lines(curve) if len(curve) > 1 else None, decibels=decibels,
    )  # fmt: skip


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def write(path: Path, report: dict[str, Any], text: str) -> list[Path]:
    """Write the report as `path` says, whole or not at all: .html (and .json beside it), .json, or the `text` for .txt.

    Returns what was written.
    """
    data = json.dumps(finite(report), indent=1, allow_nan=False) + "\n"
    if path.suffix == ".html":
        _replace(path, render(report))
        _replace(path.with_suffix(".json"), data)
        return [path, path.with_suffix(".json")]
    _replace(path, data if path.suffix == ".json" else text + "\n")
    return [path]

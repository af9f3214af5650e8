"""One self-contained page about a quantisation, from the plain data of its report (`pith.quant.report.Report.plain`)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from pith.report.files import write_whole
from pith.report.pictures import even_lines, histogram, log_lines, ranges

_RANKED = 12  # layers in the ranking


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


def bits_of(report: dict[str, Any]) -> str:
    """The widths, in words."""
    w, a = report["bits"], report["activation_bits"]
    return f"{w} bits" if w == a else f"{w}-bit weights and {a}-bit activations"


def advice(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What is wrong and what to try: {layer ("" for the whole), share, more (how many layers have it too), text, remedy}.

    Layers that matter most first, each kind of cause told once; what a layer has from those before it is not its own fault.
    """
    place = {name: k for k, name in enumerate(report["rank"])}
    layers = sorted(report["layers"], key=lambda r: place.get(r["name"], len(place)))
    told: dict[str, dict[str, Any]] = {}
    for r in layers:
        for c in r["causes"]:
            if c["remedy"] and c["kind"] != "inherited":
                entry = told.setdefault(c["kind"], {"layer": r["name"], "share": r["share"], "more": 0, **c})
                entry["more"] += entry["layer"] != r["name"]
    return [*_general(report), *told.values()]


def _general(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Advice about the whole, where the results are not fine."""
    if report["fine"]:
        return []
    found = []
    if len(report["snapshots"]) == 1:
        found.append(("ranges alone were chosen: nothing was searched or rounded together", "use --method easyquant, and not --no-improve"))
    if k := report["worth"]:
        after = {n: sqnr for n, _, sqnr in report["curve"]}
        found.append((f"with the first {k} layers of the ranking in floats the worst result gains {decibels(after[k] - after[0])}, "
                      "before sums and results are rounded",
                      report["remedy"]))  # fmt: skip
    if report["bits"] < 8:
        found.append((f"weights of {report['bits']} bits have {2 ** report['bits'] - 1} values", "try 8 bits where the processor has products of 8 bits"))
    return [{"layer": "", "share": None, "more": 0, "kind": "general", "text": t, "remedy": r} for t, r in found]


def ranking(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers that add most error: {name, percent, w, gain, bytes, macs (share), after (dB with so many in floats)}."""
    by_name = {r["name"]: r for r in report["layers"]}
    macs = sum(r["macs"] for r in report["layers"]) or 1
    after = {k: sqnr for k, _, sqnr in report["curve"]}
    top = max((r["share"] or 0.0 for r in report["layers"]), default=0.0) or max(report["gain"], default=0.0) or 1.0
    rows = []
    for k, (name, summed) in enumerate(zip(report["rank"][:_RANKED], report["gain"], strict=False)):
        r = by_name[name]
        part = summed if r["share"] is None else r["share"]
        rows.append({"name": name, "percent": 100 * part, "w": round(120 * part / top, 1), "gain": r["gain"], "bytes": 3 * r["parameters"],
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
    curve = [(k, sqnr) for k, _, sqnr in report["curve"] if sqnr is not None and math.isfinite(sqnr)]
    return environment.get_template("quantization.html").render(
        r=report, format=bits_of(report), worst=worst, fine=worst is not None and report["fine"], advice=advice(report), ranking=ranking(report),
        rows=rows_of(report), through=through(report), curve=even_lines(curve) if len(curve) > 1 else None, decibels=decibels,
    )  # fmt: skip


def write(path: Path, report: dict[str, Any], text: str) -> list[Path]:
    """Write the report as `path` says, whole or not at all: .html (and .json beside it), .json, or the `text` for .txt.

    Returns what was written.
    """
    data = json.dumps(finite(report), indent=1, allow_nan=False) + "\n"
    if path.suffix == ".html":
        write_whole(path, render(report).encode())
        write_whole(path.with_suffix(".json"), data.encode())
        return [path, path.with_suffix(".json")]
    write_whole(path, (data if path.suffix == ".json" else text + "\n").encode())
    return [path]

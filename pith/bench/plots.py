"""Pictures: engines as bars, layers under the roofline. Needs matplotlib."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pith.bench.ceilings import Ceilings
from pith.bench.compare import Row
from pith.bench.layers import Layer
from pith.graph.errors import BuildError
from pith.peers.base import get_peer
from pith.report.files import check_place, write_whole

_SUFFIXES = (".png", ".svg", ".pdf")
_OWN, _OTHER, _FLAWED, _INK, _GRID = "#c8553d", "#7d8ca3", "#d7dbe2", "#22262e", "#e4e7ec"
_COLOURS = ("#2f6690", "#e09f3e", "#588157", "#9e4770", "#6c5b7b", "#3aa6a0")
_LISTED = 12  # layers with a number and a line of the list
_LEAST = 1e-3  # share of the time; what is below is not drawn
_NAME = 24  # characters of a layer's name


def check_picture(path: Path) -> None:
    """Refuse a picture that could not be written, before any work. Raises InputError, or BuildError without matplotlib."""
    check_place(path, _SUFFIXES)
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise BuildError("pictures need matplotlib", why="it is not installed", try_="pip install matplotlib") from None


def _figure(width: float, height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Any, path: Path) -> None:
    data = io.BytesIO()
    figure.savefig(data, format=path.suffix[1:])
    write_whole(path, data.getvalue())


def _plain_axes(axes: Any) -> None:
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK, labelsize=9, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#9aa3b0")


def engines_picture(rows: Sequence[Row], path: Path, note: str = "") -> None:
    """A bar for each engine, fastest on top, a panel for each number of threads; engines whose result is off are pale."""
    counts = sorted({r.threads for r in rows})
    panels = [sorted((r for r in rows if r.threads == t and r.median_ms), key=lambda r: -(r.median_ms or 0)) for t in counts]
    most = max((len(p) for p in panels), default=1)
    figure = _figure(8.2, 1.15 + len(panels) * (0.45 + 0.34 * most))
    grid = figure.subplots(len(panels), 1, squeeze=False)
    longest = max((r.median_ms or 0 for p in panels for r in p), default=1.0)
    for (axes,), threads, panel in zip(grid, counts, panels, strict=True):
        colours = [_OWN if r.engine == "pith" else _FLAWED if r.counts is False else _OTHER for r in panel]
        axes.barh([get_peer(r.engine).title for r in panel], [r.median_ms for r in panel], color=colours, height=0.68)
        for k, r in enumerate(panel):
            beside = "" if r.engine == "pith" or r.ratio is None else f"   {r.ratio:.2f} x"
            flaw = f"   off by {r.error:.0e}" if r.counts is False and r.error is not None else ""
            axes.text((r.median_ms or 0) + longest * 0.01, k, f"{r.median_ms:.3g} ms{beside}{flaw}", va="center", fontsize=9, color=_INK)
        axes.set_xlim(0, longest * 1.3)
        axes.xaxis.grid(True, color=_GRID)
        axes.set_title(f"{threads} thread{'s' * (threads > 1)}", fontsize=10, loc="left", color=_INK)
        _plain_axes(axes)
    grid[-1][0].set_xlabel("ms a run, median (x: time over Pith's)", fontsize=9, color=_INK)
    figure.suptitle(rows[0].model + (f"   {note}" if note else ""), fontsize=11, x=0.02, ha="left", color=_INK)
    figure.tight_layout()
    _save(figure, path)


def roofline_picture(layers: Sequence[Layer], ceilings: Ceilings, path: Path, title: str = "") -> None:
    """Every layer by operations a byte and operations a second, its area the time it takes, under the measured ceilings;
    the dearest are numbered and listed. Layers without arithmetic (copies) have no place and are counted in a line, as are
    those that take next to no time."""
    drawn = [v for v in layers if v.intensity > 0 and v.gflops > 0 and v.share >= _LEAST]
    figure = _figure(12.5, 6.4)
    axes = figure.add_axes((0.06, 0.10, 0.55, 0.80))
    axes.set_xscale("log")
    axes.set_yscale("log")
    kinds = list(dict.fromkeys(v.computes for v in drawn)) or ["float32"]
    peaks = {kind: ceilings.peak(kind) / 1e9 for kind in sorted(kinds, key=ceilings.peak)}
    least, most = min(peaks.values()), max(peaks.values())
    left = min([v.intensity for v in drawn] + [least * 1e9 / ceilings.levels[0].rate]) / 2.5
    right = max([v.intensity for v in drawn] + [most * 1e9 / ceilings.levels[-1].rate]) * 2.5
    low = min([v.gflops for v in drawn] + [least / 50]) / 1.6
    high = max([v.gflops for v in drawn] + [most]) * 1.9
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    _roofs(axes, ceilings, peaks, left, right, low)
    _dots(axes, drawn, list(peaks.values()))
    axes.grid(True, which="major", color=_GRID)
    axes.set_xlabel("operations for each byte read or written", fontsize=10, color=_INK)
    axes.set_ylabel("operations a second, in billions", fontsize=10, color=_INK)
    axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
    axes.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
    _plain_axes(axes)
    figure.text(0.06, 0.94, title, fontsize=12, color=_INK)
    _list(figure, drawn, [v for v in layers if v not in drawn])
    _save(figure, path)


def _roofs(axes: Any, ceilings: Ceilings, peaks: Mapping[str, float], left: float, right: float, low: float) -> None:
    """A line for the multiply-adds of each kind, and one for each memory up to the highest of them."""
    for kind, peak in peaks.items():
        knee = peak * 1e9 / ceilings.levels[0].rate
        axes.plot([knee, right], [peak, peak], color=_INK, lw=1.6)
        way = ceilings.isa if kind == "float32" else f"{ceilings.isa}, {ceilings.way}"
        at, side = (knee * 1.05, "left") if peak == max(peaks.values()) else (right / 1.05, "right")  # clear of the lines of memories
        axes.text(at, peak * 1.05, f"multiply-adds in {kind} ({way}) {peak:.0f} G/s", ha=side, va="bottom", fontsize=9, color=_INK)
    peak = max(peaks.values())
    for k, level in enumerate(ceilings.levels):
        rate = level.rate / 1e9
        start, knee = max(left, low / rate), peak / rate
        axes.plot([start, knee], [start * rate, peak], color=_INK, lw=1.1, alpha=1 - 0.17 * k)
        at = max(start, low * 1.15 / rate)
        slope = axes.transData.transform([(at, at * rate), (knee, peak)])
        turn = _degrees(slope)
        under = k % 2 == 0 and k > 0  # neighbours may lie close: one writes above its line, the next below
        axes.text(at * 1.08, at * 1.08 * rate * (0.96 if under else 1.04), f"{level.name} {rate:.0f} GB/s", rotation=turn,
                  rotation_mode="anchor", ha="left", va="top" if under else "bottom", fontsize=8, color=_INK, alpha=1 - 0.12 * k)  # fmt: skip


def _degrees(ends: Any) -> float:
    from math import atan2, degrees

    (x0, y0), (x1, y1) = ends
    return degrees(atan2(y1 - y0, x1 - x0))


def _colours(drawn: Sequence[Layer]) -> dict[str, str]:
    """A colour for each of the operators that take most time; the rest share grey."""
    time: dict[str, float] = defaultdict(float)
    for v in drawn:
        time[_kind(v)] += v.ms
    order = sorted(time, key=lambda op: -time[op])
    return {op: _COLOURS[k] if k < len(_COLOURS) else "#9aa3b0" for k, op in enumerate(order)}


def _kind(layer: Layer) -> str:
    """The operator, and for a convolution the way it is computed, as its kernel's name says."""
    for word in ("depthwise", "winograd", "direct"):
        if word in layer.kernel:
            return f"{layer.op}, {word}"
    return f"{layer.op}, as a product" if layer.op == "conv" and "matmul" in layer.kernel else layer.op


def _listed(drawn: Sequence[Layer]) -> list[Layer]:
    return sorted(drawn, key=lambda v: -v.ms)[:_LISTED]


def _dots(axes: Any, drawn: Sequence[Layer], peaks: Sequence[float]) -> None:
    colours, listed = _colours(drawn), _listed(drawn)
    for kind, colour in colours.items():
        group = [v for v in drawn if _kind(v) == kind]
        axes.scatter([v.intensity for v in group], [v.gflops for v in group], s=[24 + 2600 * v.share for v in group],
                     color=colour, alpha=0.62, edgecolors="white", linewidths=0.8, zorder=3)  # fmt: skip
        axes.scatter([], [], s=60, color=colour, alpha=0.8, label=kind)
    places = axes.transData.transform([(v.intensity, v.gflops) for v in drawn]) if drawn else []
    left, right = axes.get_xlim()
    taken = [tuple(p) for p in places]
    for peak in peaks:
        (start, line), (end, _) = axes.transData.transform([(left, peak), (right, peak)])
        taken += [(start + 8 * k, line) for k in range(int((end - start) / 8))]
    for k, v in enumerate(listed, 1):
        x, y = places[drawn.index(v)]
        at = _free(x, y, taken)
        taken.append(at)
        scale = 72 / axes.figure.dpi
        axes.annotate(str(k), (v.intensity, v.gflops), xytext=((at[0] - x) * scale, (at[1] - y) * scale), textcoords="offset points",
                      ha="center", va="center", fontsize=8.5, fontweight="bold", color=colours[_kind(v)], zorder=5,
                      arrowprops={"arrowstyle": "-", "color": colours[_kind(v)], "lw": 0.7, "shrinkA": 4, "shrinkB": 1})  # fmt: skip
    if colours:
        axes.legend(loc="lower right", fontsize=8.5, frameon=True, edgecolor=_GRID, framealpha=0.9)


def _free(x: float, y: float, taken: Sequence[tuple[float, ...]]) -> tuple[float, float]:
    """A place for a number near (x, y) in pixels, the nearest that keeps clear of what is there already, or the clearest."""
    from math import cos, hypot, pi, sin

    clear, best, most = 24.0, (x, y), -1.0
    for distance in (30, 44, 60, 80, 104, 132):
        for turn in range(16):
            angle = pi / 2 + turn * pi / 8
            at = (x + distance * cos(angle), y + distance * sin(angle))
            room = min((hypot(at[0] - a, at[1] - b) for a, b in taken), default=clear)
            if room >= clear:
                return at
            if room > most:
                best, most = at, room
    return best


def _list(figure: Any, drawn: Sequence[Layer], left_out: Sequence[Layer]) -> None:
    colours = _colours(drawn)
    y, step = 0.885, 0.051
    columns = ((0.630, "left", "layer"), (0.835, "right", "ms"), (0.882, "right", "of time"), (0.929, "right", "G ops/s"),
               (0.988, "right", "of its roof"))  # fmt: skip
    for x, side, head in columns:
        figure.text(x + (0.022 if side == "left" else 0), y, head, ha=side, fontsize=9, color="#667085")
    for k, v in enumerate(_listed(drawn), 1):
        y -= step
        figure.text(0.642, y, str(k), ha="right", fontsize=9, color=colours[_kind(v)], fontweight="bold")
        name = v.name if len(v.name) <= _NAME else "..." + v.name[-_NAME + 3 :]
        figure.text(0.652, y, name, fontsize=9, color=_INK, parse_math=False)
        for (x, side, _), text in zip(columns[1:], (f"{v.ms:.3g}", f"{v.share:.1%}", f"{v.gflops:.1f}", f"{v.of_roof:.0%}"), strict=True):
            figure.text(x, y, text, ha=side, fontsize=9, color=_INK)
    rest = len(drawn) - min(_LISTED, len(drawn))
    notes = [f"Without a number: the other {rest}." if rest else "",
             f"Not drawn: {len(left_out)} that only move data or take next to no time, {sum(v.share for v in left_out):.1%} of it."
             if left_out else "",
             "Area: time. Roof: the ceiling at that intensity, read from where the data fits.",
             "A Winograd convolution counts as the plain sum, and can pass the roof."
             if any("winograd" in v.kernel for v in drawn) else ""]  # fmt: skip
    y -= 0.02
    for line in filter(None, notes):
        y -= 0.04
        figure.text(0.630, y, line, fontsize=8.5, color="#667085")

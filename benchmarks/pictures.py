"""Draw the pictures of README.md from the CSV files in benchmarks/results: docs/pictures/*.svg, one for light and one for dark pages.

    python -m benchmarks.pictures
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.readme_tables import RESULTS, ROOT, Rows
from pith.bench.compare import BEHIND8, BOUND, BOUND8
from pith.peers.base import get_peer

FOLDER = ROOT / "docs" / "pictures"
WIDTH, LEFT, RIGHT, ROW, TOP = 860, 196, 648, 25, 84  # of the picture; where the axis begins and ends; of a line; above the first
LOW, HIGH = 0.9, 7.0  # of the axis, which is logarithmic
TICKS = (1, 1.5, 2, 3, 4, 6)
PICTURES = {"peers": ("float32", "peers.csv"), "peers_int8": ("int8", "peers_int8.csv")}


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a page."""

    text: str
    quiet: str
    grid: str
    accent: str
    dot: str


THEMES = {
    "light": Theme("#1f2328", "#59636e", "#d8dee4", "#0b6bcb", "#8c959f"),
    "dark": Theme("#e6edf3", "#9198a1", "#3d444d", "#4ea1ff", "#818b98"),
}


def _x(ratio: float) -> float:
    """Where a ratio lies; those beyond the axis at its end."""
    share = math.log(min(max(ratio, LOW), HIGH) / LOW) / math.log(HIGH / LOW)
    return LEFT + share * (RIGHT - LEFT)


def counted(row: dict[str, str], precision: str) -> dict[str, float]:
    """The ratio of every engine of a line whose result counts, by the rule of `pith.bench.compare`."""
    engines = [k.removesuffix("_ratio") for k, v in row.items() if k.endswith("_ratio") and v]
    if precision == "float32":
        able = [e for e in engines if float(row[f"{e}_error"]) < BOUND]
    else:
        best = max(float(row[f"{e}_sqnr_db"]) for e in (*engines, "pith"))
        able = [e for e in engines if float(row[f"{e}_sqnr_db"]) >= min(BOUND8, best - BEHIND8)]
    return {e: float(row[f"{e}_ratio"]) for e in able}


def chart(rows: Rows, precision: str, theme: Theme) -> str:
    """A line a network: Pith at 1, the best peer as a bar that ends in a dot, the others as small circles."""
    nets = [r for r in rows if r["threads"] == "1" and r["pith_ms"]]
    mean = next((float(r["ratio"]) for r in rows if r["threads"] == "1" and not r["pith_ms"]), None)
    bottom = TOP + ROW * len(nets)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 54}" viewBox="0 0 {WIDTH} {bottom + 54}" role="img"',
        f'  font-family="-apple-system,Segoe UI,Helvetica,Arial,sans-serif" font-size="13" fill="{theme.text}">',
        f"<title>Times of other runtimes, Pith's being 1: {precision}, one thread</title>",
        f'<text x="16" y="26" font-size="16" font-weight="600">Times of other runtimes, Pith\'s being 1: {precision}, one thread</text>',
        f'<text x="16" y="47" fill="{theme.quiet}">bar and dot: the fastest other runtime; circles: the rest (at the edge: {HIGH:g} times or more). '
        "Further right is slower.</text>",
    ]
    for t in TICKS:
        line, width, colour, name = (theme.text, 1.5, theme.text, "Pith") if t == 1 else (theme.grid, 1, theme.quiet, f"{t:g}×")
        out.append(f'<path d="M{_x(t):.1f} {TOP - 10}V{bottom}" stroke="{line}" stroke-width="{width}"/>')
        out.append(f'<text x="{_x(t):.1f}" y="{TOP - 16}" text-anchor="middle" font-size="12" fill="{colour}">{name}</text>')
    for k, row in enumerate(nets):
        out += _line(row, TOP + ROW * k + ROW / 2, precision, theme)
    if mean is not None:
        out.append(f'<text x="{RIGHT + 16}" y="{bottom + 22}" font-weight="600">{mean:.2f}×</text>')
        out.append(f'<text x="{RIGHT + 62}" y="{bottom + 22}" fill="{theme.quiet}">geometric mean</text>')
    source = escape(f"{rows[0]['processor']}, {rows[0]['date']}; the table is in README.md")
    out.append(f'<text x="16" y="{bottom + 40}" font-size="11" fill="{theme.quiet}">{source}</text>')
    return "\n".join([*out, "</svg>", ""])


def _line(row: dict[str, str], y: float, precision: str, theme: Theme) -> list[str]:
    """The marks of one network at height `y`."""
    ratios, best, ratio = counted(row, precision), row["best_peer"], float(row["ratio"])
    out = [f'<text x="{LEFT - 14}" y="{y + 4.5:.1f}" text-anchor="end">{escape(row["model"])}</text>']
    for engine, r in sorted(ratios.items()):
        if engine != best:
            title = f"<title>{escape(get_peer(engine).title)}: {r:.2f}</title>"
            out.append(f'<circle cx="{_x(r):.1f}" cy="{y:.1f}" r="3.5" fill="none" stroke="{theme.dot}" stroke-width="1.4">{title}</circle>')
    out.append(f'<path d="M{_x(1):.1f} {y:.1f}H{_x(ratio):.1f}" stroke="{theme.accent}" stroke-width="5"/>')
    out.append(f'<circle cx="{_x(ratio):.1f}" cy="{y:.1f}" r="5.5" fill="{theme.accent}"/>')
    out.append(f'<text x="{RIGHT + 16}" y="{y + 4.5:.1f}" font-weight="600">{ratio:.2f}×</text>')
    out.append(f'<text x="{RIGHT + 62}" y="{y + 4.5:.1f}" fill="{theme.quiet}">{escape(get_peer(best).title)}</text>')
    return out


def draw() -> dict[str, str]:
    """Every picture by its file's name."""
    made = {}
    for name, (precision, file) in PICTURES.items():
        with (RESULTS / file).open() as f:
            rows = list(csv.DictReader(f))
        made |= {f"{name}-{theme}.svg": chart(rows, precision, colours) for theme, colours in THEMES.items()}
    return made


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in draw().items():
        Path(FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()

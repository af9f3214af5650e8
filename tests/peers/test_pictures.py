"""The pictures of the README are those of the measurements beside them, well-formed, small, and name who was fastest."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET

import pytest

from benchmarks.pictures import FOLDER, PICTURES, RIGHT, THEMES, chart, counted, draw
from benchmarks.readme_tables import RESULTS, ROOT


def test_they_are_drawn_from_the_measurements() -> None:
    """`python -m benchmarks.pictures` after `peers.csv` has changed."""
    made = draw()
    assert {p.name for p in FOLDER.glob("*.svg")} == set(made)
    for name, text in made.items():
        assert (FOLDER / name).read_text() == text, name
        assert ET.fromstring(text).tag.endswith("svg") and len(text) < 20_000


def test_the_page_shows_files_that_exist() -> None:
    shown = re.findall(r'(?:src|srcset)="([^"]+)"', (ROOT / "README.md").read_text())
    assert {f"docs/pictures/{n}-{t}.svg" for n in PICTURES for t in THEMES} <= set(shown)
    for path in shown:
        assert (ROOT / path).stat().st_size < 150_000, path


@pytest.mark.parametrize(("precision", "file"), PICTURES.values())
def test_the_bar_ends_at_the_fastest_that_counts(precision: str, file: str) -> None:
    """The rule of who counts is applied to the file again here, so it must agree with what the benchmark wrote."""
    with (RESULTS / file).open() as f:
        rows = [r for r in csv.DictReader(f) if r["pith_ms"]]
    for row in rows:
        ratios = counted(row, precision)
        assert min(ratios, key=lambda e: ratios[e]) == row["best_peer"], row["model"]


def test_a_faster_peer_lies_left_of_pith_and_a_far_one_at_the_edge() -> None:
    row = {
        "model": "<net>", "threads": "1", "pith_ms": "2", "best_peer": "ncnn", "ratio": "0.95", "ncnn_ratio": "0.95", "ncnn_error": "1e-6",
        "mnn_ratio": "50", "mnn_error": "1e-6", "litert_ratio": "0.5", "litert_error": "0.1", "processor": "a & b", "date": "today",
    }  # fmt: skip
    text = chart([row], "float32", THEMES["light"])
    ET.fromstring(text)
    bar = re.search(r'<path d="M([\d.]+) [\d.]+H([\d.]+)"', text)
    assert bar and float(bar[2]) < float(bar[1])
    circles = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"[^>]*r="3.5"', text)]
    assert circles == [float(RIGHT)]  # MNN; LiteRT's result is off

"""The page about a quantisation: its arithmetic, that it needs nothing else, and that hostile names stay text."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pith.report.pictures import bar_path, even_lines, gathered, histogram, log_lines, ranges
from pith.report.quantization import advice, finite, ranking, render, write


def layer(name: str, **other: Any) -> dict[str, Any]:
    plain = {
        "name": name, "op": "conv", "cosine": 0.999, "sqnr": 30.0, "before": 0.998, "own": 1e-4, "share": 0.25, "gain": 1.2, "low": -1.0, "high": 3.0,
        "scale": 0.01, "zero": 100, "ends": (-1.0, 1.55), "clipped": 0.02, "histogram": (0, 5, 10, 1), "channels": (1.0, 2.0, 0.0),
        "weights": (0.5, 0.25), "cut": 0.0, "parameters": 100, "macs": 1000, "causes": (),
    }  # fmt: skip
    return plain | other


def report(**other: Any) -> dict[str, Any]:
    cause = {"kind": "saturation", "text": "2.0% of its input is cut off", "remedy": "try --method minmax"}
    plain = {
        "method": "mse", "bits": 8, "activation_bits": 8, "samples": 20, "mean_cosine": 0.9991, "outputs": (("y", 0.98, 14.2),), "network": "net", "notes": (),
        "layers": (layer("a"), layer("b", share=0.5, gain=3.0, causes=(cause,)), layer("c", share=0.1, causes=(cause,))),
        "rank": ("b", "a", "c"), "gain": (0.6, 0.3, 0.1), "curve": ((0, 0.98, 14.2), (1, 0.99, 17.3), (2, 0.995, 20.0)), "measured": 4, "between": 0.15,
        "kept": (), "snapshots": (("start", 0.998), ("improved", 0.9991)), "size": (4000, 1000), "warnings": ("one calibration sample only",),
        "worth": 1, "remedy": "try --keep-float b",
    }  # fmt: skip
    made = plain | other
    made["fine"] = all(cosine >= 0.999 for _, cosine, _ in made["outputs"])
    return made | ({} if len(made["curve"]) > 1 and made["curve"][0][2] else {"worth": 0, "remedy": ""})


class _Page(HTMLParser):
    """Open elements, all text, and every address that is mentioned."""

    void = ("meta", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.void:
            self.open.append(tag)
        self.loads += [v or "" for k, v in attrs if k in ("src", "href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def parsed(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    assert not page.open
    return page


def test_the_page_is_whole_and_alone() -> None:
    text = render(report())
    page = parsed(text)
    assert not page.loads and "url(" not in text and "<script" not in text and "@import" not in text
    said = " ".join(" ".join(page.words).split())
    for wanted in ("0.98000", "14.2 dB", "one calibration sample only", "2.0% of its input is cut off", "Try --method minmax", "50.0 %", "17.3 dB", "(taken)"):
        assert wanted in said, wanted


@pytest.mark.parametrize("change", [
    {"measured": 0, "curve": (), "between": None, "layers": tuple(layer(n, share=None, gain=None) for n in "abc")},
    {"layers": (), "rank": (), "gain": (), "curve": ()}, {"outputs": ()}, {"snapshots": (("start", 0.9),)},
    {"outputs": (("y", 1.0, None),), "rank": ("a",), "gain": (1.0,),
     "layers": (layer("a", sqnr=None, histogram=(), channels=(), weights=(), low=0.0, high=0.0),)},
    {"curve": ((0, 1.0, None), (1, 1.0, None))},
], ids=["unmeasured", "no layers", "no outputs", "one state", "exact", "exact curve"])  # fmt: skip
def test_odd_reports_have_a_page(change: dict[str, Any]) -> None:
    parsed(render(report(**change)))


def test_names_stay_text() -> None:
    bad = "<img src=x onerror=alert(1)>"
    text = render(report(layers=(layer(bad),), rank=(bad,), gain=(1.0,), network=bad, warnings=(bad,)))
    assert "<img" not in text and "&lt;img" in text
    parsed(text)


def test_advice_is_told_once_and_in_order() -> None:
    told = advice(report())
    assert [a["layer"] for a in told] == ["", "b"] and told[1]["more"] == 1
    assert "first 1 layers" in told[0]["text"] and "gains 3.1 dB" in told[0]["text"] and "--keep-float b" in told[0]["remedy"]
    assert advice(report(outputs=(("y", 0.9999, 40.0),)))[0]["layer"] == "b"  # fine as it is: nothing about the whole
    inherited = {"kind": "inherited", "text": "t", "remedy": "look at a first"}
    assert not advice(report(outputs=(("y", 0.9999, 40.0),), layers=(layer("a", causes=(inherited,)),), rank=("a",)))


def test_ranking() -> None:
    rows = ranking(report())
    assert [(r["name"], r["percent"], r["after"]) for r in rows] == [("b", 50.0, "17.3 dB"), ("a", 25.0, "20.0 dB"), ("c", 10.0, "")]
    assert rows[0]["bytes"] == 300 and sum(r["macs"] for r in rows) == pytest.approx(100)


def test_pictures() -> None:
    assert gathered([1, 5, 2, 9, 3], 2) == [5, 9] and gathered([], 4) == []
    path = bar_path([0, 0.5, 1], 30, 10)
    assert path.count("M") == 2 and "v-5.00" in path and "v-10.00" in path
    h = histogram(layer("a"), width=400)
    assert h is not None and h["from"] == 0 and h["wide"] == pytest.approx(255) and h["zero"] == 100  # of -1 to 3 over 400
    assert histogram(layer("a", histogram=())) is None and ranges((0.0,), "x") is None and ranges((), "x") is None
    lines = log_lines([[1e-3, 1e-2, 0.0, 1e-5]], [])
    ys = [float(p.split(",")[1]) for p in lines["lines"][0].split()]
    assert ys == [pytest.approx(260 / 3, abs=0.1), 0, 260, 260] and [t for _, t in lines["marks"]] == ["1e-5", "1e-4", "1e-3", "1e-2"]
    even = even_lines([(0, 10.0), (4, 20.0)])
    assert len(even["dots"]) == 2 and even["dots"][0][1] > even["dots"][1][1]


def test_files(tmp_path: Path) -> None:
    data = report(outputs=(("y", 1.0, math.inf),))
    assert write(tmp_path / "r.html", data, "text") == [tmp_path / "r.html", tmp_path / "r.json"]
    assert json.loads((tmp_path / "r.json").read_text())["outputs"] == [["y", 1.0, None]]
    write(tmp_path / "r.txt", data, "text")
    assert (tmp_path / "r.txt").read_text() == "text\n"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["r.html", "r.json", "r.txt"]
    assert finite({"a": [math.nan, (1.0, math.inf)]}) == {"a": [None, [1.0, None]]}
    assert re.search(r"<title>net: quantised to 8 bits</title>", (tmp_path / "r.html").read_text())

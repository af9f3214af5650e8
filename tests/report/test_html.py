"""report.html: well formed, self-contained, names escaped, pictures that say what the manifest says."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import onnx
import pytest

from pith.api import describe, stages
from pith.report.html import arena_picture, bars, render
from pith.report.layers import layer_rows

VOID = {"meta", "br", "rect", "line", "polyline"}
MODEL = """<ir_version: 8, opset_import: ["" : 17]>
net (float[1, 3, 16, 16] x) => (float[1, 8] y) <float[4, 3, 3, 3] w, float[4, 8] v> {
  c = Conv <pads = [1, 1, 1, 1]> (x, w)
  r = Relu(c)
  e = Exp(r)
  s = Softmax(e)
  p = GlobalAveragePool(s)
  f = Flatten(p)
  y = MatMul(f, v)
}"""


class Page(HTMLParser):
    """Elements of a page; checks that they nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID or tag == "rect":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    model = onnx.parser.parse_model(MODEL)
    del model.graph.initializer[:]
    for name, shape in (("w", (4, 3, 3, 3)), ("v", (4, 8))):
        size = 1
        for d in shape:
            size *= d
        model.graph.initializer.append(
            onnx.helper.make_tensor(name, onnx.TensorProto.FLOAT, shape, [0.01 * (i % 7 - 3) for i in range(size)])
        )
    return describe(stages(model, "c99"))


def parse(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


def test_page_is_whole_and_needs_nothing_else(manifest: dict[str, Any]) -> None:
    text = render(manifest)
    page = parse(text)
    for tag, attrs in page.elements:
        assert tag not in ("script", "link", "img", "iframe"), "the page must be self-contained"
        assert not any("//" in (v or "") for k, v in attrs.items() if k in ("src", "href"))
    for step in manifest["variants"][0]["steps"]:
        assert step["kernel"] in text
    assert sum(tag == "svg" for tag, _ in page.elements) == 2


def test_names_are_escaped(manifest: dict[str, Any]) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    variant = manifest["variants"][0]
    steps = [{**s, "name": hostile, "why": hostile, "origin": [hostile]} for s in variant["steps"]]
    buffers = [{**b, "name": hostile} for b in variant["buffers"]]
    ports = [{**p, "name": hostile} for p in variant["inputs"]]
    text = render({**manifest, "name": hostile, "variants": [{**variant, "steps": steps, "buffers": buffers, "inputs": ports}]})
    assert all(tag != "script" for tag, _ in parse(text).elements)
    assert "<script" not in text


def test_buffers_lie_where_the_plan_says(manifest: dict[str, Any]) -> None:
    variant = manifest["variants"][0]
    picture = arena_picture(variant, height=1000)
    placed = [b for b in variant["buffers"] if b["offset"] >= 0]
    assert len(picture["boxes"]) == len(placed) > 1
    arena, steps = variant["arena_bytes"], len(variant["steps"])
    plot = picture["width"] - picture["left"]
    for box, b in zip(picture["boxes"], placed, strict=True):
        assert box["y"] + box["h"] == pytest.approx(1000 * (1 - b["offset"] / arena), abs=0.02)
        assert box["h"] == pytest.approx(1000 * b["bytes"] / arena, abs=0.51)
        assert box["x"] == pytest.approx(picture["left"] + plot * b["first"] / steps, abs=0.02)
        assert box["x"] + box["w"] <= picture["width"] + 0.02
    highest = 1000 - min(float(p.split(",")[1]) for p in picture["line"].split())
    most = max(sum(b["bytes"] for b in placed if b["first"] <= t <= b["last"]) for t in range(steps))
    assert highest == pytest.approx(1000 * most / arena, abs=0.1)


def test_bars_are_sorted_and_add_up() -> None:
    rows = [{"name": f"n{i}", "kernel": "k", "share": 0.0} for i in range(30)]
    times = [float(i) for i in range(30)]
    shown = bars(rows, times)
    assert [b["name"] for b in shown[:3]] == ["n29", "n28", "n27"]
    assert shown[-1]["name"] == "10 further steps"
    assert sum(b["percent"] for b in shown) == pytest.approx(100)
    assert max(b["w"] for b in shown) == 360


def test_share_is_of_macs_or_else_of_bytes(manifest: dict[str, Any]) -> None:
    variant = manifest["variants"][0]
    rows = layer_rows(variant)
    assert sum(r["share"] for r in rows) == pytest.approx(1)
    conv = next(r for r in rows if r["op"] == "conv")
    assert conv["macs"] == 4 * 16 * 16 * 27
    assert conv["share"] == pytest.approx(conv["macs"] / (conv["macs"] + 32))
    plain = layer_rows({"steps": [{**s, "macs": 0} for s in variant["steps"]]})
    assert sum(r["share"] for r in plain) == pytest.approx(1)


def test_measured_times_replace_shares(manifest: dict[str, Any]) -> None:
    count = len(manifest["variants"][0]["steps"])
    text = render(manifest, times=[0.001] * count, measured={"pith, median": "1.234 ms"})
    assert "Where the time goes" in text and "1.234 ms" in text and "1.000 ms" in text
    assert "Where the work goes" in render(manifest)

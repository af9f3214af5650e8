"""`make demo`: compile the network that ships with Pith for this processor and show what comes out.

Run as `python -m pith.demo.run [--out FOLDER]`. The photographs are an illustration, not a test: the exit code is 0
whatever the network says about them, and 2 when something could not be read or written.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pith.cli.common import fail, quoted, say, size
from pith.graph.errors import PithError

if TYPE_CHECKING:
    from PIL.Image import Image

    from pith.runtime.session import Session

MODEL = Path(__file__).with_name("mobilenext_cifar10.onnx")
_CELL, _COLUMNS, _SIDE = (260, 290), 3, 170


@dataclass(frozen=True, slots=True)
class Shown:
    """A photograph, the network's input made of it, and the best labels with probabilities."""

    name: str
    image: Image
    array: np.ndarray
    best: list[tuple[str, float]]
    expected: str | None

    @property
    def right(self) -> bool | None:
        """Whether the best label is the right one; None for a picture of none of the classes."""
        return self.best[0][0] == self.expected if self.expected else None


def classify(net: Session) -> list[Shown]:
    """Run the network on every photograph of the demonstration. Raises PithError when one is missing."""
    from PIL import Image

    from pith.demo.photos import photographs
    from pith.runtime.inputs import Preprocess, prepare, softmax

    metadata = net.manifest["metadata"]
    labels, how = json.loads(metadata["pith.labels"]), Preprocess.parse(metadata["pith.preprocess"])
    shown = []
    for photo in photographs():
        image = Image.open(io.BytesIO(photo.read())).convert("RGB")
        image = image.crop(photo.crop) if photo.crop else image
        array = prepare(image, net.inputs[0], how)
        p = softmax(net(array))
        best = [(str(labels[i]), float(p[i])) for i in np.argsort(-p)[:3]]
        shown.append(Shown(photo.name, image, array, best, photo.expected))
    return shown


def contact_sheet(shown: list[Shown], size: tuple[int, int], path: Path) -> None:
    """A PNG with every photograph, what the network saw of it (`size` pixels), and its three best labels."""
    from PIL import Image, ImageDraw, ImageOps

    rows = -(-len(shown) // _COLUMNS)
    sheet = Image.new("RGB", (_CELL[0] * _COLUMNS + 10, _CELL[1] * rows + 10), "white")
    draw = ImageDraw.Draw(sheet)
    for k, s in enumerate(shown):
        x, y = _CELL[0] * (k % _COLUMNS) + 10, _CELL[1] * (k // _COLUMNS) + 10
        sheet.paste(ImageOps.fit(s.image, (_SIDE, _SIDE), Image.Resampling.LANCZOS), (x, y))
        seen = ImageOps.fit(s.image, size, Image.Resampling.BILINEAR).resize((64, 64), Image.Resampling.NEAREST)
        sheet.paste(seen, (x + _SIDE + 6, y))
        draw.text((x, y + _SIDE + 6), s.name + ("" if s.expected else "  (none of the classes)"), fill="black")
        for i, (label, p) in enumerate(s.best):
            at = y + _SIDE + 26 + 20 * i
            good = label == s.expected
            fill = (
                ((128, 200, 140) if good else (150, 180, 225))
                if i == 0
                else ((205, 232, 208) if good else (222, 230, 242))
            )
            draw.rectangle((x, at + 2, x + 1 + int(230 * p), at + 16), fill=fill)
            draw.text((x + 4, at + 3), f"{label} {p:.1%}", fill="black")
    sheet.save(path)


def _print_labels(shown: list[Shown]) -> None:
    for s in shown:
        mark, style = {True: ("right", "green"), False: ("wrong", "red"), None: ("none of the ten classes", "dim")}[
            s.right
        ]
        say(f"  {s.name:<14}", *(f"{label:>11} {p:6.1%}" for label, p in s.best), (f"   {mark}", style))
    known = [s.right for s in shown if s.right is not None]
    say(f"\n  {sum(known)} of {len(known)} photographs of a class that the network knows are told right")


def _print_times(rows: list[dict[str, Any]], note: str) -> None:
    for r in rows:
        against = f"   {r['ratio']:.2f} x the time of ONNX Runtime" if r["engine"] == "pith" and len(rows) > 1 else ""
        say(f"  {r['engine']:<12}{r['median_ms']:8.3f} ms{against}")
    say(f"  ({note}; medians)")


def demo(folder: Path) -> None:
    """The whole demonstration, written into `folder`."""
    from pith.api import compile
    from pith.demo.photos import photographs
    from pith.report.html import write_report
    from pith.runtime.bench import compare

    photographs()  # what is missing is told before the work
    started = time.perf_counter()
    net = compile(MODEL, out=folder, profile=True, cache=False)
    m = net.manifest
    say(
        "compiled ", (MODEL.name, "bold"), f" for this processor ({m['isa']}) in {time.perf_counter() - started:.1f} s",
        f"\n  code {size(m['code_bytes'])}, weights {size(m['weights_bytes'])}, arena {size(m['arena_bytes'])} "
        f"(lower bound {size(m['arena_lower_bound'])})\n",
    )  # fmt: skip
    shown = classify(net)
    _print_labels(shown)
    height, width = net.inputs[0].shape[2:]
    contact_sheet(shown, (width, height), folder / "photographs.png")
    say("\none picture, one thread:")
    rows, note = compare(net, MODEL, 1.0, {net.inputs[0].name: shown[0].array})
    _print_times(rows, note)
    times = [s["seconds"] for s in net.profile(shown[0].array, runs=200)]
    measured = {f"{r['engine']}, median, one thread": f"{r['median_ms']:.3f} ms" for r in rows}
    write_report(folder, m, times, measured)
    say(
        "\n  report    ",
        (str(folder / "report.html"), "bold"),
        "\n  picture   ",
        (str(folder / "photographs.png"), "bold"),
    )
    say(f"  next      .venv/bin/pith run {quoted(folder)} YOUR_PICTURE.jpg")
    say(f"  all of this took {time.perf_counter() - started:.1f} s")


def main() -> None:
    """Compile, run, measure, report."""
    parser = argparse.ArgumentParser(description="Compile the network that ships with Pith and run it on photographs.")
    parser.add_argument(
        "--out", type=Path, default=Path("pith-demo"), help="folder for the library, the report and the picture"
    )
    args = parser.parse_args()
    try:
        demo(args.out)
    except PithError as e:
        fail(e)


if __name__ == "__main__":
    main()

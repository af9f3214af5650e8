"""`make demo`: compile the network that ships with Pith for this processor and show what comes out.

Run as `python -m pith.demo.run [--out FOLDER]`. Exit code 0 when every labelled photograph was told right or not;
the photographs are an illustration, not a test.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pith.cli.common import fail, out, size
from pith.graph.errors import PithError

if TYPE_CHECKING:
    from PIL import Image

MODEL = Path(__file__).with_name("mobilenext_cifar10.onnx")


def contact_sheet(pictures: list[tuple[str, Image.Image, list[tuple[str, float]]]], path: Path) -> None:
    """A PNG with every photograph, what the network saw of it (32 x 32), and its three best labels."""
    from PIL import Image, ImageDraw

    cell, columns = (260, 300), 3
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (cell[0] * columns, cell[1] * rows), "white")
    draw = ImageDraw.Draw(sheet)
    for k, (name, image, top) in enumerate(pictures):
        x, y = cell[0] * (k % columns) + 10, cell[1] * (k // columns) + 10
        side = min(image.size)
        left, upper = (image.width - side) // 2, (image.height - side) // 2
        square = image.crop((left, upper, left + side, upper + side))
        sheet.paste(square.resize((170, 170), Image.Resampling.LANCZOS), (x, y))
        sheet.paste(square.resize((32, 32), Image.Resampling.BILINEAR).resize((64, 64), Image.Resampling.NEAREST), (x + 176, y))
        draw.text((x, y + 176), name, fill="black")
        for i, (label, p) in enumerate(top):
            at = y + 196 + 20 * i
            draw.rectangle((x, at + 2, x + int(230 * p), at + 16), fill=(178, 205, 245) if i else (110, 160, 230))
            draw.text((x + 4, at + 3), f"{label} {p:.1%}", fill="black")
    sheet.save(path)


def _faster(row: dict[str, object], engines: int) -> str:
    ratio = row["ratio"]
    assert isinstance(ratio, float)
    return f"{1 / ratio:.2f} x as fast" if row["engine"] == "pith" and engines > 1 else ""


def main() -> None:
    """Compile, run, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("pith-demo"), help="folder for the library, the report and the picture")
    args = parser.parse_args()
    try:
        demo(args.out)
    except PithError as e:
        fail(e)


def demo(folder: Path) -> None:
    """The whole demonstration, written into `folder`."""
    from PIL import Image

    from pith.api import compile
    from pith.demo.photos import photographs
    from pith.report.html import write_report
    from pith.runtime.bench import compare
    from pith.runtime.inputs import Preprocess, picture, softmax

    t = time.perf_counter()
    net = compile(MODEL, out=folder, profile=True)
    out.print(f"compiled {MODEL.name} for this processor ({net.manifest['isa']}) in {time.perf_counter() - t:.1f} s -> {folder}/\n")
    metadata = net.manifest["metadata"]
    labels, how = json.loads(metadata["pith.labels"]), Preprocess.parse(metadata["pith.preprocess"])
    (port,) = net.inputs
    shown: list[tuple[str, Image.Image, list[tuple[str, float]]]] = []
    first: np.ndarray = np.zeros(port.shape, np.float32)
    for photo in photographs():
        image = Image.open(io.BytesIO(photo.read())).convert("RGB")
        image = image.crop(photo.crop) if photo.crop else image
        side = min(image.size)
        left, upper = (image.width - side) // 2, (image.height - side) // 2
        buffer = folder / ".photo.png"
        image.crop((left, upper, left + side, upper + side)).save(buffer)
        x = picture(buffer, port, how)
        buffer.unlink()
        first = first if shown else x
        p = softmax(net(x))
        best = [(labels[i], float(p[i])) for i in np.argsort(-p)[:3]]
        shown.append((photo.name, image, best))
        note = "" if photo.expected else "   (shows none of the ten classes)"
        out.print(f"  {photo.name:<16} " + "  ".join(f"{label} {q:6.1%}" for label, q in best) + f"{note}")
    contact_sheet(shown, folder / "photographs.png")
    rows, note = compare(net, MODEL, 1.0, {port.name: first})
    out.print()
    for r in rows:
        out.print(f"  {r['engine']:<12} {r['median_ms']:8.3f} ms   {_faster(r, len(rows))}")
    m = net.manifest
    out.print(f"  ({note})\n\n  code {size(m['code_bytes'])}, weights {size(m['weights_bytes'])}, arena {size(m['arena_bytes'])} "
              f"(lower bound {size(m['arena_lower_bound'])})")  # fmt: skip
    times = [s["seconds"] for s in net.profile(first, runs=200)]
    measured = {f"{r['engine']}, median, one thread": f"{r['median_ms']:.3f} ms" for r in rows}
    write_report(folder, m, times, measured)
    out.print(f"\n  report    {folder / 'report.html'}\n  picture   {folder / 'photographs.png'}")
    out.print(f"  next      pith run {folder} YOUR_PICTURE.jpg")


if __name__ == "__main__":
    main()

"""The reader of words and the detector of lines trained on generated pictures alone, on photographs and scans, through compiled C.

`python -m benchmarks.ocr_trained [--runs build] [--only reader detector enlarger] [--as-is]`   (needs pith[train], the fonts named in the recipes,
PITH_DATA)

Trains the recipes crnn_text, db_text and lesrcnn_x2 (or goes on with a training in RUNS/NAME), compiles the networks and measures:
characters of real words (1 - edit distance / length, capitals and small letters told apart), boxes of real pages against those of the
detector that PP-OCR released, and enlarged pictures against bicubic ones. Writes benchmarks/results/ocr_trained.csv.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import pith
from benchmarks.evaluation import super_resolution, words
from benchmarks.evaluation.base import DATA, ROOT, open_rgb
from pith import models
from pith.models.text_boxes import boxes, f_measure, matched
from pith.models.text_signs import distance, read
from pith.train import checkpoint, recipe
from pith.train.data import page_sets, text_images, text_pages, text_sets
from pith.train.data.bicubic import enlarge
from pith.train.runner import Runner

RESULTS = ROOT / "benchmarks" / "results" / "ocr_trained.csv"
CANVAS = (512, 736)
"""Height and width that pages are put on; larger ones are made smaller first."""
RELEASED = "ocr/onnx/ch_ppocr_mobile_v2.0_det_infer.onnx"
Row = tuple[str, str, str, float, int, str]
"""Network, data, metric, value, over how many, what else is known."""


def trained(name: str, runs: Path, as_is: bool = False) -> tuple[torch.nn.Module, int]:
    """The network at the end of its training, which is run (or gone on with) where that is not there yet; and after how many steps.

    as_is: the newest checkpoint of a training that is not over will do.
    """
    out = runs / name
    state, _ = checkpoint.newest(out) if out.exists() else (None, [])
    if not (out / "final.pt").exists() and not (as_is and state):
        Runner(recipe.load(name), out, resume=out.exists()).run()
        state, _ = checkpoint.newest(out)
    assert state is not None
    made = recipe.load(out / "recipe.yaml").model
    net = models.create(made["type"], **{k: v for k, v in made.items() if k != "type"})
    net.load_state_dict(state["net"])
    return net.eval(), int(state["step"])


def checked(net: torch.nn.Module, session: Callable[..., Any], x: np.ndarray) -> None:
    """Raises AssertionError where compiled C and PyTorch differ by more than float32's rounding."""
    with torch.no_grad():
        theirs = net(torch.from_numpy(x)).numpy()
    difference = float(np.abs(session(x) - theirs).max() / np.abs(theirs).max())
    assert difference < 1e-3, difference


def characters(texts: list[tuple[str, str]]) -> tuple[float, float]:
    """Per cent of signs right, and of words, of (read, truth)."""
    signs = sum(len(t) for _, t in texts)
    wrong = sum(min(distance(r, t), len(t)) for r, t in texts)
    return 100 * (1 - wrong / signs), 100 * float(np.mean([r == t for r, t in texts]))


def reader(net: torch.nn.Module, runs: Path) -> list[Row]:
    """Words: generated ones that were not trained on, crops, words of pages."""
    session = pith.from_torch(net, torch.zeros(1, 3, 32, 128))

    def text(picture: np.ndarray) -> str:
        x = (text_images.fitted(picture, 32, 128).transpose(2, 0, 1)[None].astype(np.float32) / 255 - np.float32(0.5)) / np.float32(0.5)
        return read(session(x)[0], text_images.ALPHABET)

    checked(net, session, np.random.default_rng(0).standard_normal((1, 3, 32, 128)).astype(np.float32))
    made = dict(recipe.load("crnn_text").data.val, seed=3, count=500, folder=str(runs / "text"))
    made.pop("type")
    held = text_sets.TextWords(**made)
    truths = ["".join(text_images.ALPHABET[c - 1] for c in row if c) for row in held.y.tolist()]
    sets = {
        "generated": [(text(x.permute(1, 2, 0).numpy()), t) for x, t in zip(held.x, truths, strict=True)],
        "ocr/words_en": [(text(p), t) for p, t in words.crops()],
        "words of ocr/imgs": [(text(p), t) for p, t in words.cut()],
    }
    rows: list[Row] = []
    for name, texts in sets.items():
        right, whole = characters(texts)
        either, _ = characters([(r.lower(), t.lower()) for r, t in texts])
        wrong = [f"{t} as {r}" for r, t in texts if r != t]
        print(f"{name}: {right:.1f} % of characters, {whole:.1f} % of words;", ", ".join(wrong[:40]))
        rows.append(("crnn_text", name, "characters right, %", right, len(texts), f"{either:.1f} if capitals may be small"))
        rows.append(("crnn_text", name, "words right, %", whole, len(texts), ", ".join(wrong) if len(wrong) < 9 else ""))
    return rows


def pages() -> list[tuple[str, np.ndarray]]:
    """Names and pictures uint8 RGB of `CANVAS`, dark around smaller ones."""
    out = []
    for file in sorted((DATA / "ocr" / "imgs").glob("*.jpg")):
        picture = open_rgb(file.read_bytes())
        scale = min(1.0, CANVAS[0] / picture.shape[0], CANVAS[1] / picture.shape[1])
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        canvas = np.full((*CANVAS, 3), 117, np.uint8)
        canvas[: size[1], : size[0]] = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
        out.append((file.stem, canvas))
    return out


def detector(net: torch.nn.Module, runs: Path) -> list[Row]:
    """Boxes; the thresholds are PP-OCR's for its network, and the recipe's (chosen on generated pages) for the one trained here."""
    task = recipe.load("db_text").task
    thresholds = (task.thresh, task.box_thresh)
    mine = pith.from_torch(net, torch.zeros(1, 3, *CANVAS))
    theirs = pith.compile(str(DATA / RELEASED), shapes={"x": (1, 3, *CANVAS)})
    mean, std = np.array(text_pages.MEAN, np.float32), np.array(text_pages.STD, np.float32)

    def prepared(rgb: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(((rgb[:, :, ::-1].astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)[None])

    rows: list[Row] = []
    pairs = found = truth = 0
    drawn = []
    for name, canvas in pages():
        x = prepared(canvas)
        if not drawn:
            checked(net, mine, x)
        a, b = boxes(np.asarray(mine(x))[0, 0], *thresholds)[0], boxes(np.asarray(theirs(x))[0, 0])[0]
        same = matched(list(a), list(b))
        pairs, found, truth = pairs + same, found + len(a), truth + len(b)
        drawn.append((canvas, a, b))
        rows.append(("db_text", f"ocr/imgs/{name}", "F against the released boxes, %", 100 * f_measure(same, len(a), len(b)), len(b),
                     f"{same} of {len(a)} found"))  # fmt: skip
        print(*rows[-1])
    rows.insert(0, ("db_text", "ocr/imgs, all", "F against the released boxes, %", 100 * f_measure(pairs, found, truth), truth,
                    f"{pairs} of {found} found"))  # fmt: skip
    draw(drawn, runs / "boxes.png")
    made = dict(recipe.load("db_text").data.val, seed=3, count=40, folder=str(runs / "text"))
    made.pop("type")
    held, small = page_sets.TextPages(**made), pith.from_torch(net, torch.zeros(1, 3, made["size"], made["size"]))
    pairs = found = truth = 0
    for x, y in zip(held.x, held.y, strict=True):
        a = boxes(np.asarray(small(held.floats(x[None]).numpy()))[0, 0], *thresholds)[0]
        b = boxes(y[0].numpy().astype(np.float32))[0]
        pairs, found, truth = pairs + matched(list(a), list(b)), found + len(a), truth + len(b)
    rows.insert(0, ("db_text", "generated", "F, %", 100 * f_measure(pairs, found, truth), truth, f"{pairs} of {found} found"))
    return rows


def draw(drawn: list[tuple[np.ndarray, np.ndarray, np.ndarray]], path: Path) -> None:
    """Pages one below the other, boxes found here in red, the released detector's in blue."""
    from PIL import ImageDraw

    sheet = Image.new("RGB", (CANVAS[1], CANVAS[0] * len(drawn)))
    for k, (canvas, mine, theirs) in enumerate(drawn):
        picture = Image.fromarray(canvas)
        pen = ImageDraw.Draw(picture)
        for quads, colour in ((theirs, "blue"), (mine, "red")):
            for quad in quads:
                pen.polygon([tuple(p) for p in quad.tolist()], outline=colour)
        sheet.paste(picture, (0, k * CANVAS[0]))
    sheet.save(path)


def enlarger(net: torch.nn.Module, runs: Path) -> list[Row]:
    """Set5 twice as large, and what bicubic interpolation gives."""
    tile = super_resolution.TILE[2]
    session = pith.from_torch(net, torch.zeros(1, 3, tile, tile))
    x = np.random.default_rng(0).random((1, 3, tile, tile), np.float32)
    checked(net, session, x)
    value, n = super_resolution.evaluate(lambda piece: [np.asarray(session(piece))], super_resolution.set5, 2)
    plain = np.mean([super_resolution.psnr(enlarge(small, 2), large, 2) for small, large in super_resolution.set5(2)])
    return [("lesrcnn_x2", "Set5, twice as large", "PSNR-Y, dB", value, n, f"bicubic {plain:.2f}")]


PARTS = {"reader": reader, "detector": detector, "enlarger": enlarger}
NETWORKS = {"reader": "crnn_text", "detector": "db_text", "enlarger": "lesrcnn_x2"}


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("build"))
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--as-is", action="store_true", help="measure trainings that are not over as they are")
    args = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    kept: list[dict[str, str]] = []
    if RESULTS.exists():
        with RESULTS.open(newline="") as file:
            kept = [r for r in csv.DictReader(file) if r["network"] not in [NETWORKS[p] for p in args.only]]
    for part in args.only:
        net, step = trained(NETWORKS[part], args.runs, args.as_is)
        for network, data, metric, value, n, note in PARTS[part](net, args.runs):
            kept.append({"network": network, "data": data, "metric": metric, "value": f"{value:.2f}", "n": str(n), "note": note,
                         "steps": str(step), "date": datetime.date.today().isoformat(), "commit": commit})  # fmt: skip
    order = list(NETWORKS.values())
    kept.sort(key=lambda r: order.index(r["network"]))
    with RESULTS.open("w", newline="") as file:
        out = csv.DictWriter(file, ["network", "data", "metric", "value", "n", "note", "steps", "date", "commit"], lineterminator="\n")
        out.writeheader()
        out.writerows(kept)


if __name__ == "__main__":
    main()

"""Released weights through compiled C, beside the figures that are published for them.

`python -m benchmarks.released_weights [--only TEXT] [--bsd100 FOLDER] [--target NAME] [--csv FILE]`

Each network of `pith.models` is loaded with its released weights, exported, compiled by Pith and evaluated on real data
(`benchmarks/evaluation/`). Needs PyTorch for networks that are not in the cache folder yet, and the data folder (PITH_DATA).
"published" are figures of the authors, but those marked "measured": other software on the same files.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import math
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import pith
from benchmarks.evaluation import Run, antispoof, binary, classification, landmarks, plates, super_resolution
from benchmarks.evaluation.base import DATA, exported

SCORES = {"image_F1": (2, 0.732), "image_F2": (2, 0.817), "image_T1": (1, 0.994)}
"""Label and score of the project's samples."""


@dataclass(frozen=True)
class Row:
    """A line of the table. `digits` of the figures; `published` says whose they are."""

    name: str
    metric: str
    value: float
    expected: float
    n: int
    digits: int
    published: bool
    seconds: float


def compiled(name: str, target: str, shapes: tuple[tuple[int, ...], ...] | None = None) -> Run:
    """A network of `pith.models` with its released weights, as compiled C."""
    session = pith.compile(str(exported(name, shapes)), target)

    def run(x: np.ndarray) -> list[np.ndarray]:
        y = session(x)
        return list(y) if isinstance(y, tuple) else [y]

    return run


def super_resolution_rows(target: str, bsd100: Path) -> list[Callable[[], list[Row]]]:
    """LESRCNN at three scales on Set5, Set14 and B100."""
    sets = {
        "Set5": super_resolution.set5,
        "Set14": partial(super_resolution.folder, DATA / "sr" / "set14"),
        "B100": partial(super_resolution.folder, bsd100),
    }

    def one(scale: int, name: str) -> list[Row]:
        tile = super_resolution.TILE[scale]
        run = compiled(f"lesrcnn_x{scale}", target, ((1, 3, tile, tile),))
        began = time.perf_counter()
        value, n = super_resolution.evaluate(run, sets[name], scale)
        expected = super_resolution.PUBLISHED[name, scale]
        return [Row(f"LESRCNN x{scale}, {name}", "PSNR-Y, dB", value, expected, n, 2, True, time.perf_counter() - began)]

    return [partial(one, scale, name) for name in sets for scale in (2, 3, 4)]


def liveness(target: str) -> list[Row]:
    """The two networks of Silent-Face-Anti-Spoofing together, on its samples."""
    began = time.perf_counter()
    found = antispoof.fused({name: compiled(name, target) for name in antispoof.SCALES})
    seconds = time.perf_counter() - began
    rows = []
    for name, (label, score) in found.items():
        kind, expected = SCORES[name]
        value = score if label == kind else float("nan")
        rows.append(Row(f"MiniFASNet V2 + V1SE, {name}", "score", value, expected, 1, 3, False, seconds / len(found)))
    return rows


def others(target: str) -> list[Callable[[], list[Row]]]:
    """One number for each of the other networks."""

    def one(name: str, network: str, metric: str, evaluate: Callable[[Run], tuple[float, int]], expected: float, digits: int, published: bool) -> list[Row]:
        run = compiled(network, target)
        began = time.perf_counter()
        value, n = evaluate(run)
        return [Row(name, metric, value, expected, n, digits, published, time.perf_counter() - began)]

    cifar = partial(classification.accuracy, pictures=classification.cifar_test, prepare=classification.normalised)
    photos = partial(classification.accuracy, pictures=classification.imagenet, prepare=classification.photograph)
    return [
        partial(one, "LFC W1A1, MNIST", "lfc_w1a1", "accuracy", binary.lfc, 0.9848, 4, True),
        partial(one, "CNV W1A1, CIFAR-10 (JPEG)", "cnv_w1a1", "accuracy", binary.cnv, 0.8009, 4, True),
        partial(one, "face-api 68, dlib faces", "face_api_68", "error / eye distance", landmarks.face_api, float("nan"), 3, False),
        partial(one, "face-api 68 tiny, dlib faces", "face_api_68_tiny", "error / eye distance", landmarks.face_api, float("nan"), 3, False),
        partial(one, "LPRNet, 400 plates", "lprnet", "plates exact", plates.evaluate, 363 / 400, 4, False),
        partial(one, "ResNet-20, CIFAR-10 (JPEG)", "resnet20", "accuracy", cifar, 0.805, 3, False),
        partial(one, "MobileNetV1 0.25, ImageNet sample", "mobilenet_v1_0.25_leaky", "accuracy", photos, 0.540, 3, False),
        partial(one, "slim_160, dlib faces", "slim_160", "error / eye distance", partial(landmarks.evaluate, slim=True), 0.049, 3, False),
        partial(one, "PFLD-106 lite, dlib faces", "pfld106_lite", "error / eye distance", partial(landmarks.evaluate, slim=False), 0.039, 3, False),
    ]


def _expected(row: Row) -> str:
    """Nothing where nobody has stated or measured one."""
    return "" if math.isnan(row.expected) else f"{row.expected:.{row.digits}f}"


def _whose(row: Row) -> str:
    return "" if math.isnan(row.expected) else "published" if row.published else "measured"


def kept(path: Path, fresh: list[Row]) -> list[list[str]]:
    """Lines of an earlier run for networks that are not in this one."""
    if not path.exists():
        return []
    names = {r.name for r in fresh}
    with path.open() as f:
        return [line for line in list(csv.reader(f))[1:] if line[0] not in names]


def print_row(row: Row) -> None:
    """A line of the table."""
    whose = _whose(row)
    print(f"{row.name:36} {row.metric:21} {row.value:10.{row.digits + 1}f} {_expected(row):>10} {whose:10} {row.n:6} {row.seconds:8.1f}", flush=True)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names that hold this text; lines of the others stay in the CSV file")
    parser.add_argument("--bsd100", type=Path, default=DATA / "sr" / "bsd100", help="the 100 pictures of B100; the data folder has some")
    parser.add_argument("--target", default="host")
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    jobs: list[tuple[str, Callable[[], list[Row]]]] = [("MiniFASNet", partial(liveness, args.target))]
    jobs += [(str(job.args[0]), job) for job in others(args.target)]  # type: ignore[attr-defined]
    jobs += [(f"LESRCNN x{job.args[0]}, {job.args[1]}", job) for job in super_resolution_rows(args.target, args.bsd100)]  # type: ignore[attr-defined]
    print(f"{'network and data':36} {'metric':21} {'Pith':>10} {'expected':>10} {'':10} {'n':>6} {'seconds':>8}")
    rows: list[Row] = []
    for name, job in jobs:
        if args.only.lower() in name.lower():
            made = job()
            rows += made
            for row in made:
                print_row(row)
    if args.csv:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        before = kept(args.csv, rows)
        with args.csv.open("w", newline="") as f:
            out = csv.writer(f)
            out.writerow(["network", "metric", "pith", "expected", "whose", "n", "date", "commit"])
            out.writerows(before)
            for r in rows:
                out.writerow([r.name, r.metric, f"{r.value:.{r.digits + 1}f}", _expected(r), _whose(r), r.n, datetime.date.today(), commit])


if __name__ == "__main__":
    main()

"""How long quantising takes: `python -m benchmarks.quantization_time MODEL.onnx... [--csv FILE]`.

Fifty photographs of the ImageNet sample calibrate, sized as the network wants them. `benchmarks/torch_models.py` makes networks of the usual
sizes. Run it on an otherwise idle machine: seconds are those of the clock, and of the processor, compilers included.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import pith
from benchmarks.evaluation.base import DATA, ROOT
from benchmarks.evaluation.classification import photograph
from pith.api import import_model

RESULTS = ROOT / "benchmarks" / "results" / "quantization_time.csv"
METHODS: dict[str, dict[str, Any]] = {
    "search alone": {"improve": False}, "EasyQuant": {}, "EasyQuant, best": {"best": True},
}  # fmt: skip
COUNT = 50


def pictures(side: int) -> np.ndarray:
    """Photographs ``(50, 3, side, side)``, normalised."""
    files = sorted((DATA / "imagenet" / "images").glob("*.JPEG"))[:COUNT]
    return np.concatenate([photograph(np.asarray(Image.open(f).convert("RGB")), side) for f in files])


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--csv", type=Path, default=RESULTS)
    args = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    rows = []
    for path in args.models:
        graph = import_model(str(path))
        data = pictures(graph.types[graph.inputs[0]].shape[-1])
        for method in args.methods:
            began, before = time.perf_counter(), os.times()
            result = pith.quantize(graph, data, **METHODS[method])
            seconds, after = time.perf_counter() - began, os.times()
            spent = sum(after[:4]) - sum(before[:4])
            rows.append({
                "network": path.stem, "layers": len(result.report.layers), "method": method, "pictures": len(data), "seconds": f"{seconds:.0f}",
                "processor_seconds": f"{spent:.0f}", "cores": os.cpu_count(), "commit": commit, "date": datetime.date.today().isoformat(),
            })  # fmt: skip
            print(*rows[-1].values(), flush=True)
    with args.csv.open("w", newline="") as f:
        writer = csv.DictWriter(f, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()

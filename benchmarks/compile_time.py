"""Compile time: a synthetic chain of 250 to 2,000 nodes, and real models cold and from the cache.

`python -m benchmarks.compile_time [MODEL.onnx ...] [--csv FILE]`; without models YOLOX-nano of `PITH_DATA` where it is there.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pith.api import compile as pith_compile
from pith.targets.cpu import model_name
from tests.models.networks import chain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    default = Path(os.environ.get("PITH_DATA", "../shared/data")) / "detection" / "yolox_nano.onnx"
    if not args.models and default.exists():
        args.models = [default]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    rows = []

    def note(what: str, seconds: float) -> None:
        rows.append({"what": what, "seconds": round(seconds, 3), "cores": len(os.sched_getaffinity(0)), "processor": model_name(), "commit": commit,
                     "date": datetime.date.today().isoformat()})  # fmt: skip
        print(f"{what:40} {seconds:8.2f} s", flush=True)

    pith_compile(chain(10), cache=False)  # imports and first-use costs are not the chain's
    for n in (250, 500, 1000, 2000):
        model = chain(n)
        t = time.perf_counter()
        pith_compile(model, cache=False)
        note(f"chain of {n} nodes", time.perf_counter() - t)
    for model in args.models:
        with tempfile.TemporaryDirectory() as cache:
            command = [sys.executable, "-c", f"import pith; pith.compile({str(model)!r})"]
            for what in ("cold", "from cache"):
                t = time.perf_counter()
                subprocess.run(command, check=True, env={**os.environ, "PITH_CACHE": cache})
                note(f"{model.stem}, {what}, new process", time.perf_counter() - t)
    if args.csv:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()

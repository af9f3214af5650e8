"""Every real ONNX model: Pith against ONNX Runtime, one thread, interleaved; with error, arena, code size, compile time.

`python benchmarks/real_models.py [--only NAME] [--csv FILE]`
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

from pith.api import compile as pith_compile
from pith.targets.cpu import model_name
from tests.models.zoo import MODELS


def milliseconds(run: object, seconds: float) -> list[float]:
    """Times of repeated calls for about `seconds`."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        t = time.perf_counter()
        run()  # type: ignore[operator]
        times.append((time.perf_counter() - t) * 1e3)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--target", default="host")
    parser.add_argument("--seconds", type=float, default=0.15, help="of each engine's turn")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    data = Path(os.environ.get("PITH_DATA", "../shared/data"))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    rows = []
    for model in MODELS:
        if args.only not in model.name:
            continue
        path = data / model.path
        t0 = time.perf_counter()
        session = pith_compile(path, args.target, model.shapes, cache=False)
        cold = time.perf_counter() - t0
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        oracle = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = model.feeds(data)[0]
        arrays = [feed[p.name] for p in session.inputs]
        names = [o.name for o in oracle.get_outputs()]
        outputs = session(*arrays)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        order = {p.name: o for p, o in zip(session.outputs, outputs, strict=True)}
        error = max(
            float(np.abs(order[n] - w).max() / max(np.ptp(w), 1e-30))
            for n, w in zip(names, oracle.run(names, feed), strict=True)
        )
        ours: list[float] = []
        theirs: list[float] = []
        ratios: list[float] = []
        for _ in range(args.rounds):
            a = statistics.median(milliseconds(lambda s=session, x=arrays: s(*x), args.seconds))
            b = statistics.median(milliseconds(lambda o=oracle, n=names, f=feed: o.run(n, f), args.seconds))
            ours.append(a)
            theirs.append(b)
            ratios.append(b / a)
        m = session.manifest
        row = {
            "model": model.name, "pith_ms": round(statistics.median(ours), 4), "ort_ms": round(statistics.median(theirs), 4),
            "ratio": round(statistics.median(ratios), 3), "max_error_of_range": f"{error:.1e}",
            "arena_bytes": m["arena_bytes"], "arena_over_bound": round(m["arena_bytes"] / max(1, m["arena_lower_bound"]), 4),
            "code_bytes": m["code_bytes"], "weights_bytes": m["weights_bytes"], "compile_s": round(cold, 2), "macs": m["macs"],
            "target": args.target, "commit": commit, "date": datetime.date.today().isoformat(), "onnxruntime": ort.__version__,
            "processor": model_name(),
        }  # fmt: skip
        rows.append(row)
        print(
            "  ".join(f"{k}={v}" for k, v in row.items() if k not in ("target", "commit", "date", "onnxruntime", "processor")),
            flush=True,
        )
    if args.csv and rows:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()

"""What int8 gains over Pith's own float32 on one instruction set, one thread: with dot products of bytes (VNNI) alone, or with AMX.

`python -m benchmarks.int8_gain --models FOLDER [--targets x86-64-v4-vnni,x86-64-amx] [--only NAME] [--csv FILE [--update]]`

FOLDER holds the networks of benchmarks/peers.py, which are quantised as there. Float32 and int8 run in one process and in turns;
the ratio is the median of the ratios round by round, above 1 where int8 is faster.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import functools
import os
import shlex
import statistics
import subprocess
from pathlib import Path
from typing import Any

import pith
from benchmarks.peers import PUBLIC, RANDOM, Network, calibration, geometric_mean, networks, quantised
from pith.runtime.bench import interleave, random_inputs
from pith.targets.cpu import model_name

# what most of the time of float32 goes to: those with 0.5 billion multiply-adds at least, and those below
HEAVY = ("resnet18_224", "resnet50_224", "sr_x2_128", "yolox_nano", "ch_PP-OCRv3_det_infer")
SMALL = ("dscnn_kws", "mobilenetv3s_224")


def measure(network: Network, made: pith.Quantized, target: str, seconds: float, repeat: int) -> dict[str, Any]:
    """The row of one network for one target."""
    sessions = {"f32": pith.compile(network.path, target, network.shapes, threads=1), "int8": made.compile(target, threads=1)}
    feeds = {k: network.feeds[0] if network.feeds else random_inputs(s) for k, s in sessions.items()}
    runs = {k: functools.partial(s, *feeds[k].values()) for k, s in sessions.items()}
    ratios, times = [], {k: list[float]() for k in runs}
    for _ in range(repeat):
        found = interleave(runs, seconds)
        ratios.append(statistics.median(a / b for a, b in zip(found["f32"], found["int8"], strict=True)))
        for k, v in found.items():
            times[k].append(statistics.median(v))
    for s in sessions.values():
        s.close()
    kind = "convolutions" if network.path.stem in HEAVY else "small" if network.path.stem in SMALL else ""
    return {"model": network.path.stem, "target": target, "kind": kind, **{f"{k}_ms": statistics.median(v) for k, v in times.items()},
            "ratio": statistics.median(ratios), "ratio_low": min(ratios), "ratio_high": max(ratios)}  # fmt: skip


def updated(path: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the CSV file, `rows` instead of those of the same network and target."""
    with path.open(newline="") as f:
        old = {(r["model"], r["target"]): dict(r) for r in csv.DictReader(f)}
    order = [*RANDOM, *PUBLIC]
    merged: dict[tuple[str, str], dict[str, Any]] = {**old, **{(r["model"], r["target"]): r for r in rows}}
    return [r for _, r in sorted(merged.items(), key=lambda item: (item[0][1], order.index(item[0][0])))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="folder of the networks")
    parser.add_argument("--targets", default="x86-64-v4-vnni")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=1.0, help="of running, each of the two")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--update", action="store_true", help="keep the rows of other networks that the CSV file has")
    args = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    command = shlex.join(["python", "-m", "benchmarks.int8_gain", "--targets", args.targets, "--seconds", f"{args.seconds:g}", "--repeat", str(args.repeat)])
    facts = {"command": command, "commit": commit, "date": datetime.date.today().isoformat(), "processor": model_name()}
    rows: list[dict[str, Any]] = []
    for network in networks(args.models, Path(os.environ.get("PITH_DATA", "../shared/data")), args.only):
        made = quantised(network, calibration(network))
        for target in args.targets.split(","):
            row = measure(network, made, target, args.seconds, args.repeat)
            rows.append({k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()} | facts)
            print(f"{row['model']:<24}{target:<16}float32 {row['f32_ms']:.4g} ms  int8 {row['int8_ms']:.4g} ms  ratio {row['ratio']:.3g}", flush=True)
    if args.csv and args.update and args.csv.is_file():
        rows = updated(args.csv, rows)
    for target in dict.fromkeys(r["target"] for r in rows):
        print(f"geometric mean, {target}: {geometric_mean(float(r['ratio']) for r in rows if r['target'] == target):.3g}")
    if args.csv and rows:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()

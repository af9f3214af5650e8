"""Every layer of the networks against the measured ceilings of one core: how near products come to the rate of multiply-adds, and
depthwise convolutions to what the cache that holds their data can deliver.

`python -m benchmarks.layers --models FOLDER [--only NAME] [--runs 50] [--csv FILE [--update]]`

FOLDER holds the networks of benchmarks/peers.py. One thread, this processor. A product is a convolution or matrix product of a million
multiply-adds at least, counted as its plain sum; `algorithm` says which of them Winograd's algorithm computes, with fewer. A layer is
timed in its network, from the profiling library, so its input is where the layer before has left it.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import shlex
import statistics
import subprocess
from pathlib import Path
from typing import Any

import pith
from benchmarks.peers import Network, networks
from pith.bench.ceilings import Ceilings, measure
from pith.bench.layers import layers
from pith.runtime.bench import random_inputs
from pith.targets.cpu import model_name

LEAST = 1_000_000  # multiply-adds of a product that counts
GOALS = {"product": 0.85, "depthwise": 0.70}  # share of the rate of multiply-adds; share of what the cache allows


def kind_of(op: str, family: str, macs: int) -> str:
    """`product`, `depthwise`, or empty for what is neither."""
    if op == "conv" and family.startswith("depthwise"):
        return "depthwise"
    return "product" if op in ("conv", "matmul", "conv_transpose") and macs >= LEAST else ""


def rows_of(network: Network, ceilings: Ceilings, runs: int) -> list[dict[str, Any]]:
    """A row for each product and depthwise convolution of a network."""
    with pith.compile(network.path, "host", network.shapes, threads=1, profile=True) as session:
        feeds = network.feeds[0] if network.feeds else random_inputs(session)
        found = layers(session, list(feeds.values()), ceilings, runs)
        steps = session.manifest["variants"][0]["steps"]
    rows = []
    for layer, step in zip(found, steps, strict=True):
        kind = kind_of(step["op"], step["family"], step["macs"])
        if kind:
            share = layer.gflops * 1e9 / ceilings.flops
            reached = share if kind == "product" else layer.of_roof
            rows.append({
                "model": network.path.stem, "layer": layer.name, "kind": kind, "algorithm": step["family"], "shape": "x".join(map(str, step["shape"])),
                "macs": step["macs"], "bytes": layer.nbytes, "ms": layer.ms, "gflops": layer.gflops, "of_multiply": share, "of_roof": layer.of_roof,
                "reached": reached, "goal": GOALS[kind],
            })  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="folder of the networks")
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--update", action="store_true", help="keep the rows of other networks that the CSV file has")
    args = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    command = shlex.join(["python", "-m", "benchmarks.layers", "--models", "FOLDER", "--runs", str(args.runs)])
    facts: dict[str, Any] = {"command": command, "commit": commit, "date": datetime.date.today().isoformat(), "processor": model_name()}
    rows: list[dict[str, Any]] = []
    for network in networks(args.models, Path(os.environ.get("PITH_DATA", "../shared/data")), args.only):
        ceilings = measure()
        found = rows_of(network, ceilings, args.runs)
        facts["ceiling_gflops"] = f"{ceilings.flops / 1e9:.1f}"
        rows += [{k: f"{v:.4g}" if isinstance(v, float) else v for k, v in r.items()} | facts for r in found]
        for kind in GOALS:
            some = [r for r in found if r["kind"] == kind]
            if some:
                met = sum(r["reached"] >= r["goal"] for r in some)
                print(f"{network.path.stem:<24}{kind:<12}{met} of {len(some)}, median {statistics.median(r['reached'] for r in some):.0%}", flush=True)
    if args.csv and rows:
        if args.update and args.csv.is_file():
            fresh = {r["model"] for r in rows}
            with args.csv.open(newline="") as f:
                rows = [*(r for r in csv.DictReader(f) if r["model"] not in fresh), *rows]
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()

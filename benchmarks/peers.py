"""Pith against other runtimes on twelve networks: every engine in a process of its own, in turns, ratios round by round.

`python -m benchmarks.peers --models FOLDER [--precision int8] [--only NAME] [--threads 1,2] [--repeat 3] [--csv FILE]`. FOLDER holds the ten random
networks (NAME.onnx and NAME.pt2) and what benchmarks/torch_models.py wrote; the two public networks are taken from PITH_DATA
where it has no copy. Engines in other Python environments are named by PITH_PEER_PYTHON_... or --python, see docs/benchmarks.md.

A row is a network at a number of threads. `ratio` is the best peer's time over Pith's: per round, the median over the rounds,
and of that the median over the repetitions. Best is the engine with the smallest ratio among those whose result counts.

int8: every engine gets the float network and the same samples, and makes integers of it by its own tools; Pith by `pith.quantize` with
min-max ranges. A result counts with at least 10 dB of signal to noise against float32, or no more than 6 dB below the best engine's (all
are below where random weights do not suit 8 bits).
"""

from __future__ import annotations

import argparse
import csv
import datetime
import math
import os
import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pith
from pith.api import compile as pith_compile
from pith.api import import_model
from pith.bench.compare import Row, choose, compare
from pith.bench.process import Interpreters
from pith.runtime.bench import random_inputs
from pith.targets.cpu import model_name
from tests.models.zoo import MODELS

RANDOM = (
    "dscnn_kws", "minifasnet_80", "mobilenetv2_224", "mobilenetv3s_224", "mobilenext_224", "resnet18_224", "resnet50_224", "sr_x2_128",
    "tinybert4_s64", "tinybert4_s128",
)  # fmt: skip
PUBLIC = ("yolox_nano", "ch_PP-OCRv3_det_infer")
MEAN = "geometric mean"
SAMPLES = 24  # random ones, to quantise with
HELD = ("ONEDNN_MAX_CPU_ISA",)  # variables that hold engines to an instruction set


@dataclass(frozen=True)
class Network:
    """path: the ONNX file;  shapes: for its open dimensions;  feeds: real inputs, or none for random ones."""

    path: Path
    shapes: dict[str, tuple[int, ...]] | None = None
    feeds: Sequence[dict[str, np.ndarray]] = ()


def networks(folder: Path, data: Path, only: str) -> list[Network]:
    """Those of the twelve that are there, with a line on standard error for each that is not."""
    zoo = {m.name: m for m in MODELS}
    found = []
    for name in (*RANDOM, *PUBLIC):
        if only and only not in name:
            continue
        public = zoo.get(name)
        path = folder / f"{name}.onnx"
        if not path.is_file() and public is not None:
            path = data / public.path
        if not path.is_file():
            print(f"{name}: not in {folder.name}, left out", file=sys.stderr)
            continue
        found.append(Network(path, public.shapes if public else None, public.feeds(data) if public and data.is_dir() else ()))
    return found


def geometric_mean(values: Iterable[float]) -> float:
    """exp of the mean of logarithms: halves and doubles weigh the same."""
    logs = [math.log(v) for v in values]
    return math.exp(sum(logs) / len(logs))


def combine(repetitions: Sequence[Sequence[Row]]) -> dict[str, Any]:
    """One row of the table from the measurements of one network at one number of threads.

    Each engine's ratio and time are the medians over the repetitions; an engine that failed, or whose result did not count,
    in any of them is not the best. Where Pith's own result does not count there is no ratio.
    """
    by_engine: dict[str, list[Row]] = {}
    for rows in repetitions:
        for r in rows:
            by_engine.setdefault(r.engine, []).append(r)
    row: dict[str, Any] = {"pith_ms": _median(r.median_ms for r in by_engine["pith"])}
    best: tuple[float, str] | None = None
    details: dict[str, Any] = {}
    for engine, measured in by_engine.items():
        if engine == "pith":
            details |= {"pith_error": _worst(measured), "pith_sqnr_db": _least(measured)}
            continue
        ratio = _median(r.ratio for r in measured)
        details |= {f"{engine}_ms": _median(r.median_ms for r in measured), f"{engine}_ratio": ratio, f"{engine}_error": _worst(measured),
                    f"{engine}_sqnr_db": _least(measured)}  # fmt: skip
        reasons = [r.reason for r in measured if r.reason]
        details[f"{engine}_reason"] = _without_paths(reasons[0]) if reasons else ""
        if ratio is not None and not reasons and all(r.counts is not False for r in measured) and (best is None or ratio < best[0]):
            best = (ratio, engine)
    row |= {"best_peer": "", "best_ms": None, "ratio": None, "ratio_low": None, "ratio_high": None}
    if best is not None and all(r.counts is not False for r in by_engine["pith"]):
        ratios = [r.ratio for r in by_engine[best[1]] if r.ratio is not None]
        row |= {"best_peer": best[1], "best_ms": details[f"{best[1]}_ms"], "ratio": best[0], "ratio_low": min(ratios), "ratio_high": max(ratios)}
    return row | details


def means(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row with the geometric mean of the ratios for each number of threads."""
    result = []
    for threads in sorted({r["threads"] for r in rows}):
        ratios = [r["ratio"] for r in rows if r["threads"] == threads and r["ratio"] is not None]
        if ratios:
            result.append({"model": MEAN, "threads": threads, "ratio": geometric_mean(ratios)})
    return result


def updated(path: Path, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the CSV file, `rows` instead of those of the same networks, in the table's order; without means."""
    new = {(r["model"], int(r["threads"])): r for r in rows}
    with path.open(newline="") as f:
        old = {(r["model"], int(r["threads"])): r for r in csv.DictReader(f) if r["model"] != MEAN}
    order = [*RANDOM, *PUBLIC]
    merged = sorted((old | new).items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    return [r | {"threads": t, "ratio": float(r["ratio"]) if r["ratio"] else None} for (_, t), r in merged]


def _median(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return statistics.median(known) if known else None


def _worst(rows: Sequence[Row]) -> float | None:
    return max((r.error for r in rows if r.error is not None), default=None)


def _least(rows: Sequence[Row]) -> float | None:
    return min((r.sqnr_db for r in rows if r.sqnr_db is not None), default=None)


def _without_paths(text: str) -> str:
    return re.sub(r"(?:/[\w.@+-]+)+/", "", text)


def _shown(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else value


def calibration(network: Network) -> list[dict[str, np.ndarray]]:
    """Samples to quantise with: the real inputs but the first, which the results are judged on, or random ones."""
    if network.feeds:
        return list(network.feeds[1:])
    graph = import_model(str(network.path), network.shapes)
    shapes = {n: graph.types[n].shape for n in graph.inputs}
    rngs = [np.random.default_rng(1000 + k) for k in range(SAMPLES)]
    return [{n: rng.standard_normal(s).astype(np.float32) for n, s in shapes.items()} for rng in rngs]


def quantised(network: Network, samples: Sequence[dict[str, np.ndarray]]) -> pith.Quantized:
    """Pith's int8 network, by its quickest method: speed does not depend on that."""
    return pith.quantize(network.path, [tuple(s.values()) for s in samples], shapes=network.shapes, method="minmax", improve=False)


def measure(
    network: Network, threads: int, repeat: int, rounds: int, seconds: float, peers: Sequence[str], where: Interpreters,
    samples: Sequence[dict[str, np.ndarray]] = (), made: pith.Quantized | None = None, target: str = "host",
) -> dict[str, Any]:  # fmt: skip
    """The table's row for one network at one number of threads; in int8 where there are samples, and what Pith `made` with them."""
    more = {"threads": threads} if threads > 1 else {}
    if made is not None:
        session = made.compile(target, **more)
    else:
        session = pith_compile(network.path, target, network.shapes, **more)
    inputs = network.feeds[0] if network.feeds else random_inputs(session)
    runs = [compare(network.path, session.folder, peers, inputs, threads=threads, rounds=rounds, seconds=seconds, interpreters=where,
                    precision="int8" if samples else "float32", samples=samples) for _ in range(repeat)]  # fmt: skip
    head = {"model": network.path.stem, "mflop": 2 * session.manifest["macs"] / 1e6, "threads": threads}
    versions = {f"{r.engine}_version": r.version for r in runs[0] if r.version}
    session.close()
    return head | combine(runs) | versions


def say(row: dict[str, Any], peers: Sequence[str]) -> None:
    """Print one row, an engine a line."""
    print(f"{row['model']:<24}{row['threads']} thread(s)  Pith {_shown(row['pith_ms'])} ms  {row['best_peer']} {_shown(row['best_ms'])} ms  "
          f"ratio {_shown(row['ratio'])} ({_shown(row['ratio_low'])} to {_shown(row['ratio_high'])})", flush=True)  # fmt: skip
    print(f"    {'pith':<14}error {_shown(row['pith_error'])}, {_shown(row['pith_sqnr_db'])} dB", flush=True)
    for engine in peers:
        ms, ratio, error, noise, reason = (row[f"{engine}_{k}"] for k in ("ms", "ratio", "error", "sqnr_db", "reason"))
        print(f"    {engine:<14}" + (reason or f"{_shown(ms)} ms, {_shown(ratio)}, error {_shown(error)}, {_shown(noise)} dB"), flush=True)


def provenance(command: str) -> dict[str, str]:
    """The last columns of a table: what made its rows, where and when."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {"command": command, "commit": commit, "date": datetime.date.today().isoformat(), "processor": model_name()}


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of different columns as one CSV file, the columns of `provenance` last."""
    last = ("command", "commit", "date", "processor")
    keys = list(dict.fromkeys(k for r in rows for k in r))
    with path.open("w", newline="") as f:
        writer = csv.DictWriter(f, [*(k for k in keys if k not in last), *last], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _shown(v) for k, v in r.items()} for r in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="folder of the networks")
    parser.add_argument("--precision", choices=("float32", "int8"), default="float32")
    parser.add_argument("--target", default="host", help="Pith's; what holds the others to an instruction set is theirs, e.g. ONEDNN_MAX_CPU_ISA=AVX2")
    parser.add_argument("--only", default="")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--peers")
    parser.add_argument("--python", action="append", default=[], metavar="PEER=PATH")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each engine's runs, over all rounds")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--update", action="store_true", help="keep the rows of other networks that the CSV file has")
    args = parser.parse_args()
    if args.update and not args.csv:
        parser.error("--update of which --csv?")
    where = Interpreters(dict(p.split("=", 1) for p in args.python))
    peers, absent = choose(args.peers, where)
    if absent:
        print("not installed: " + ", ".join(absent), file=sys.stderr)
    words = ["python", "-m", "benchmarks.peers"]
    words += ["--precision", args.precision] if args.precision != "float32" else []
    words += ["--target", args.target] if args.target != "host" else []
    words += ["--peers", args.peers] if args.peers else []
    words += ["--threads", args.threads, "--rounds", str(args.rounds), "--seconds", f"{args.seconds:g}", "--repeat", str(args.repeat)]
    command = " ".join([f"{k}={os.environ[k]}" for k in HELD if k in os.environ] + [shlex.join(words)])
    rows: list[dict[str, Any]] = []
    data = Path(os.environ.get("PITH_DATA", "../shared/data"))
    for network in networks(args.models, data, args.only):
        samples = calibration(network) if args.precision == "int8" else ()
        made = quantised(network, samples) if samples else None
        for threads in map(int, args.threads.split(",")):
            row = measure(network, threads, args.repeat, args.rounds, args.seconds, peers, where, samples, made, args.target)
            rows.append(row)
            say(row, peers)
    facts = provenance(command)
    rows = [r | facts for r in rows]
    if args.update and args.csv.is_file():
        rows = updated(args.csv, rows)
    for mean in means(rows):
        print(f"{mean['model']}, {mean['threads']} thread(s): {_shown(mean['ratio'])}")
        rows.append(mean | facts)
    if args.csv and rows:
        write(args.csv, rows)


if __name__ == "__main__":
    main()

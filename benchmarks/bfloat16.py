"""What `--precision bf16` costs in accuracy: networks of `benchmarks/evaluation` in float32, and with the roundings of the AMX target.

`python -m benchmarks.bfloat16 [--only TEXT,...] [--csv FILE]`; the results are in benchmarks/results/bfloat16.csv, and
`python -m benchmarks.readme_tables` writes the table of docs/benchmarks.md from them.

The network is compiled for x86-64-amx, which decides which layers round; the same graph with the roundings as nodes
(`pith.lower.rounding`) then runs as compiled code of this machine, whose sums have another order. One sample of each network also
runs as the code for AMX, its tiles in plain C: `simulated` is its largest difference from the NumPy reference of that graph.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import subprocess
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.accuracy import interval, runs
from benchmarks.evaluation import Evaluation, Run, evaluations
from benchmarks.evaluation.base import ROOT
from pith.api import compile_graph, import_model, stages
from pith.emulated import verify
from pith.lower.rounding import errors, explicit

RESULTS = ROOT / "benchmarks" / "results" / "bfloat16.csv"
TARGET = "x86-64-amx"


def recording(run: Run, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> Run:
    """`run`, its inputs and its first outputs kept."""

    def recorded(x: np.ndarray) -> list[np.ndarray]:
        y = run(x)
        inputs.append(x.copy())
        outputs.append(np.array(y[0]))
        return y

    return recorded


def measure(evaluation: Evaluation) -> dict[str, Any]:
    """A line of the table; errors as shares of the largest result, over one sample (`own`) and over all (`outputs`)."""
    graph = import_model(str(evaluation.model()), evaluation.shapes)
    program = stages(graph, TARGET, precision="bf16").programs[0]
    inputs, exact, short = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
    before = evaluation.scores(recording(runs(compile_graph(graph.copy())), inputs, exact))
    after = evaluation.scores(recording(runs(compile_graph(explicit(program), optimize=False)), [], short))
    difference = (1 if evaluation.higher else -1) * (after - before)
    low, high = interval(difference)
    one = {graph.inputs[0]: inputs[0]}
    layers, _ = errors(program, [one])
    simulated = verify(graph, TARGET, sets=[one], precision="bf16").outputs[0]
    worst = max(float(np.abs(a - b).max(initial=0.0)) for a, b in zip(exact, short, strict=True))
    size = max(float(np.abs(a).max(initial=0.0)) for a in exact)
    same = "accuracy" in evaluation.metric and float(np.mean([a.reshape(-1).argmax() == b.reshape(-1).argmax() for a, b in zip(exact, short, strict=True)]))
    weights = sum(s.op in ("conv", "conv_chain", "matmul") for s in program.steps)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    return {
        "network": evaluation.name, "metric": evaluation.metric, "n": len(before), "rounded": len(program.rounded), "layers": weights,
        "macs": f"{sum(s.cost.macs for s in program.steps if s.rounds) / max(1, sum(s.cost.macs for s in program.steps)):.3f}",
        "score": f"{before.mean():.5f}", "change": f"{difference.mean():.5f}", "low": f"{low:.5f}", "high": f"{high:.5f}",
        "same": f"{same:.4f}" if same is not False else "", "own": f"{max((e.own for e in layers), default=0.0):.2e}", "outputs": f"{worst / size:.2e}",
        "simulated": f"{simulated.error:.2e}", "commit": commit, "date": datetime.date.today().isoformat(),
    }  # fmt: skip


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="networks whose names hold one of these texts")
    parser.add_argument("--csv", type=Path, help="where to write [the results of the repository, when nothing was left out]; others' lines stay")
    args = parser.parse_args()
    wanted = [e for e in evaluations() if any(t in e.name.lower() for t in args.only.lower().split(","))]
    target = args.csv or (RESULTS if not args.only else None)
    kept: dict[str, dict[str, Any]] = {}
    if target and target.exists() and args.only:
        with target.open() as f:
            kept = {r["network"]: r for r in csv.DictReader(f)}
    for evaluation in wanted:
        line = measure(evaluation)
        kept[evaluation.name] = line
        print(" ".join(f"{k}={v}" for k, v in line.items()), flush=True)
        if target:
            order = [e.name for e in evaluations()]
            with target.open("w", newline="") as f:
                out = csv.DictWriter(f, list(line), lineterminator="\n")
                out.writeheader()
                out.writerows(kept[n] for n in order if n in kept)


if __name__ == "__main__":
    main()

"""What `--tune` gains: each network compiled with and without it, both run in turns on one thread.

`python benchmarks/tuning.py MODEL.onnx ... [--tune SECONDS] [--seconds S] [--csv FILE]`. The ratio is tuned over predicted, the
median of the ratios round by round: below 1 where tuning helps.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import functools
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pith
from pith.runtime.bench import random_inputs
from pith.targets.cpu import model_name


def in_turns(runs: dict[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    """Milliseconds of each run, one after the other in turns; of the thread's own time, others on its processor not counted."""
    times: dict[str, list[float]] = {n: [] for n in runs}
    for run in runs.values():
        run()
    end = time.perf_counter() + 2 * seconds
    while time.perf_counter() < end or len(times["tuned"]) < 5:
        for name in sorted(runs, reverse=len(times["tuned"]) % 2 == 1):  # each goes first as often
            t = time.thread_time()
            runs[name]()
            times[name].append((time.thread_time() - t) * 1e3)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--tune", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=6.0, help="of running, each of the two")
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    rows: list[dict[str, object]] = []
    ratios: list[float] = []
    controls: list[float] = []
    for model in args.models:
        t = time.perf_counter()
        tuned = pith.compile(model, tune=args.tune, cache=False)
        spent = time.perf_counter() - t
        sessions = {"predicted": pith.compile(model, cache=False), "tuned": tuned}
        feed = random_inputs(tuned)
        arrays = [feed[p.name] for p in tuned.inputs]
        times = in_turns({n: functools.partial(s, *arrays) for n, s in sessions.items()}, args.seconds)
        ratio = statistics.median(a / b for a, b in zip(times["tuned"], times["predicted"], strict=True))
        ratios.append(ratio)
        steps = [
            [(s["kernel"], s["why"].partition(", tuned")[0]) for s in x.manifest["variants"][0]["steps"]]
            for x in sessions.values()
        ]
        other = sum(a != b for a, b in zip(*steps, strict=False))
        same = len({x.manifest["build"] for x in sessions.values()}) == 1  # then the ratio is what noise alone makes
        controls += [ratio] if same else []
        ms = {n: round(statistics.median(x), 4) for n, x in times.items()}
        rows.append(
            {"model": model.stem, **{f"{n}_ms": v for n, v in ms.items()}, "ratio": round(ratio, 4),
             "steps_with_other_kernel_or_block": other, "same_code": int(same), "compile_s": round(spent, 1), "tune_s": args.tune,
             "target": "host", "processor": model_name(), "commit": commit, "date": datetime.date.today().isoformat()}
        )  # fmt: skip
        note = "same code" if same else f"{other} steps differ"
        print(f"{model.stem:24} predicted {ms['predicted']:9.3f} ms   tuned {ms['tuned']:9.3f} ms   ratio {ratio:.3f}   {note}", flush=True)
    print(f"{len(ratios)} networks: geometric mean of tuned / predicted {statistics.geometric_mean(ratios):.3f}")
    changed = [float(str(r["ratio"])) for r in rows if not r["same_code"]]
    for what, group in (("changed", changed), ("the same code twice, which shows the noise", controls)):
        if group:
            print(
                f"  {len(group)} {what}: geometric mean {statistics.geometric_mean(group):.3f}, {min(group):.3f} to {max(group):.3f}"
            )
    if args.csv:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()

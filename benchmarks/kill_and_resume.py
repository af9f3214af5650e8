"""Kills a training at random moments (SIGKILL) and resumes it each time: are the final weights those of a training left alone?

    python -m benchmarks.kill_and_resume --kills 20

A ResNet-8 with augmentation and momentum learns random pictures; a checkpoint every third step, so that many kills fall into writing
one. Needs `pip install "pith[train]"`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Outcome(NamedTuple):
    """kills: processes that were killed.  steps: of the checkpoint each of them left.  same: whether every weight is equal to the bit."""

    kills: int
    steps: list[int]
    same: bool


def recipe(folder: Path, iterations: int) -> dict[str, Any]:
    """Written beside its data."""
    rng = np.random.default_rng(0)
    np.savez(folder / "data.npz", x=rng.integers(0, 256, (70, 3, 32, 32), dtype=np.uint8), y=rng.integers(0, 10, 70))
    return {
        "seed": 3, "threads": 1, "model": {"type": "resnet8"}, "optimizer": {"type": "SGD", "lr": 0.05, "momentum": 0.9},
        "data": {"train": {"type": "arrays", "file": str(folder / "data.npz"), "classes": 10}, "batch": 8, "augment": {"type": "crop_flip"}},
        "schedule": {"type": "cosine", "warmup": 5}, "train": {"iterations": iterations}, "checkpoint": {"every": 3},
    }  # fmt: skip


def train(values: dict[str, Any], out: str) -> None:
    """What a process does."""
    from pith.config import Config
    from pith.train.recipe import check
    from pith.train.runner import Runner

    Runner(check(Config(values)), out, resume=True, quiet=True).run()


def kill_and_resume(folder: Path, kills: int, iterations: int = 90, seed: int = 0) -> Outcome:
    """One training alone, one killed `kills` times: at a random step, and a random moment within it."""
    import torch

    from pith.train.checkpoint import found

    values = recipe(folder, iterations)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pith.train.runner", "pith.models.resnet"])
    alone = context.Process(target=train, args=(values, str(folder / "alone")))
    began = time.perf_counter()
    alone.start()
    alone.join()
    assert alone.exitcode == 0, "the training left alone failed"
    step_seconds = (time.perf_counter() - began) / iterations
    rng = random.Random(seed)
    out, steps = folder / "killed", []
    targets = sorted(rng.randrange(0, iterations - 6) for _ in range(kills))
    for target in targets:
        process = context.Process(target=train, args=(values, str(out)))
        process.start()
        while process.is_alive() and max(found(out), default=0) < target:
            time.sleep(0.001)
        time.sleep(rng.random() * 4 * step_seconds)  # more than from one checkpoint to the next
        process.kill()
        process.join()
        if process.exitcode == -9:
            steps.append(max(found(out), default=0))
    last = context.Process(target=train, args=(values, str(out)))
    last.start()
    last.join()
    assert last.exitcode == 0, "the last process failed"
    one, other = (torch.load(folder / run / "final.pt", weights_only=True) for run in ("alone", "killed"))
    same = one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)
    rows = [(folder / run / "log.csv").read_text().splitlines() for run in ("alone", "killed")]
    logs = [[line.rsplit(",", 1)[0] for line in run] for run in rows]  # all columns but seconds
    return Outcome(len(steps), steps, same and logs[0] == logs[1])


def main() -> None:
    """Prints what happened; exit code 1 if a weight differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--iterations", type=int, default=90)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_and_resume(Path(folder), options.kills, options.iterations, options.seed)
    print(f"killed {outcome.kills} times, with checkpoints of steps {', '.join(map(str, outcome.steps))} of {options.iterations}")
    print("final weights and log are identical" if outcome.same else "final weights or log DIFFER")
    sys.exit(not outcome.same)


if __name__ == "__main__":
    main()

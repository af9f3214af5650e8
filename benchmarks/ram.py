"""What `--max-ram` does to networks: RAM before and after, the multiply-accumulates it costs, and whether a bit differs.

    python benchmarks/ram.py [--data FOLDER] [--target cortex-m4]

RAM is arena, inputs and outputs. Each network is planned for the target without a limit, within some limits, and within the least
that strips of layers reach; the same plan in C99 runs on this machine, and its outputs on random inputs are compared with those of
the network without strips. Writes benchmarks/results/ram.csv.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

import pith
from pith.api import compile_to, generate, import_model, optimise
from pith.graph import BuildError, Graph
from pith.targets.base import get_target

ROOT = Path(__file__).resolve().parents[1]
NETS = {
    "vww": ("mlperf_tiny/vww_96_int8.tflite", (64 << 10, 52 << 10)),
    "ic": ("mlperf_tiny/pretrainedResnet_quant.tflite", (34 << 10, 30 << 10)),
    "mobilenet_v2_1.0_224": ("imagenet_models/tf2_mobilenet_v2_1.0_224_ptq.tflite", (1 << 20, 768 << 10)),
}


def _limits(graph: Graph, target: str, given: tuple[int, ...]) -> Iterator[int]:
    """No limit, the given ones, and the least."""
    yield 0
    yield from given
    try:
        generate([graph], get_target(target), "net", max_ram=1)
    except BuildError as e:
        yield int(re.findall(r"--max-ram (\d+)", e.try_)[0])


def _output(model: Path, limit: int, x: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        compile_to(model, Path(folder) / "net", "c99", max_ram=limit, opt="-O2")
        with pith.load(Path(folder) / "net") as session:
            return np.asarray(session(x))


def rows(net: str, data: Path, target: str) -> Iterator[dict[str, object]]:
    """One row a limit. Raises AssertionError where a bit differs."""
    file, given = NETS[net]
    graph = optimise(import_model(data / file))
    around = sum(graph.types[v].nbytes for v in (*graph.inputs, *graph.outputs))
    t = graph.types[graph.inputs[0]]
    x = np.frombuffer(np.random.default_rng(0).bytes(t.nbytes), t.dtype.np).reshape(t.shape)
    want = _output(data / file, 0, x)
    for limit in _limits(graph, target, given):
        (program,) = generate([graph], get_target(target), "net", max_ram=limit).programs
        fit = program.fit
        if limit:
            np.testing.assert_array_equal(_output(data / file, limit, x), want)
        yield {
            "net": net, "target": target, "limit_bytes": limit or "", "ram_bytes": program.arena_size + around, "arena_bytes": program.arena_size,
            "inputs_outputs_bytes": around, "macs": fit.macs if fit else sum(s.cost.macs for s in program.steps),
            "macs_ratio": round(fit.macs / fit.macs_before, 3) if fit else 1.0, "strips": " ".join(str(n) for _, _, n in fit.regions) if fit else "",
            "steps": len(program.steps), "bits_equal": "yes",
        }  # fmt: skip


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, default=Path(os.environ.get("PITH_DATA", "data")))
    p.add_argument("--target", default="cortex-m4")
    p.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "ram.csv")
    args = p.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    found = []
    for net in NETS:
        for row in rows(net, args.data, args.target):
            found.append(row | {"commit": commit, "date": date.today().isoformat()})
            print(*found[-1].values(), flush=True)
    with args.out.open("w", newline="") as f:
        writer = csv.DictWriter(f, found[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


if __name__ == "__main__":
    main()

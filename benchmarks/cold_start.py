"""Time from the start of a process to its first result, and its most memory: MobileNetV2 at 224, Pith and its peers.

`python -m benchmarks.cold_start [--models FOLDER] [--runs 15] [--peer-runs 5] [--csv FILE]`. FOLDER as benchmarks/peers.py has it
(its mobilenetv2_224 has the program that LiteRT and ExecuTorch need); without it a network of the tests is taken.

The C program is 30 lines that open the library with dlopen, so that loading it counts; the arena is on large pages. Of the
Python processes, the time of Python with NumPy alone is taken off: the engine's own share. Memory is VmHWM, of the whole process.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import onnx

from pith.api import compile as pith_compile
from pith.bench.convert import converted, save_inputs
from pith.bench.process import Failure, Interpreters, ask, first_result
from pith.peers.base import get_peer, names
from pith.runtime.bench import random_inputs
from pith.targets.cpu import model_name
from pith.version import VERSION
from tests.models.networks import mobilenet_v2

PROGRAM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "mobilenet_v2.h"
static float x[1 * 3 * 224 * 224], y[1000];
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6; }
static long peak(void) {
  char line[256]; long kb = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f)) sscanf(line, "VmHWM: %ld", &kb);
  if (f) fclose(f);
  return kb * 1024;
}
int main(int argc, char **argv) {
  (void)argc;
  double t0 = now();
  void *lib = dlopen(argv[1], RTLD_NOW);
  int (*run)(void *, const mobilenet_v2_inputs *, const mobilenet_v2_outputs *);
  if (!lib) { fprintf(stderr, "%s\n", dlerror()); return 1; }
  *(void **)&run = dlsym(lib, "mobilenet_v2_run");
  size_t page = 1u << 21, size = (MOBILENET_V2_ARENA_SIZE + page - 1) / page * page; /* few large pages: few page faults */
  void *arena = aligned_alloc(page, size);
  madvise(arena, size, MADV_HUGEPAGE);
  mobilenet_v2_inputs in; mobilenet_v2_outputs out;
  *(const float **)&in = x; *(float **)&out = y;
  double t1 = now();
  int code = run(arena, &in, &out);
  double t2 = now();
  run(arena, &in, &out);
  double t3 = now();
  printf("%d %.4f %.4f %.4f %ld\n", code, t2, t1 - t0, t3 - t2, peak());
  return code;
}
"""
_TIMEOUT = 120.0  # seconds for a first result


def c_program(folder: Path, runs: int) -> dict[str, Any]:
    """Build the program beside the artefact in `folder` and run it: medians."""
    (folder / "cold.c").write_text(PROGRAM)
    subprocess.run(["gcc", "-O2", "cold.c", "-o", "cold", "-ldl"], cwd=folder, check=True)
    command = [str(folder / "cold"), str(folder / "libmobilenet_v2.so")]
    lines = []
    for _ in range(runs):
        start = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e3
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        lines.append([float(printed[1]) - start, *map(float, printed[2:])])
    first, load, further, peak = (statistics.median(column) for column in zip(*lines, strict=True))
    return {"what": "Pith, a C program", "first_result_ms": first, "load_ms": load, "further_run_ms": further, "peak_mb": peak / 1e6,
            "version": VERSION, "runs": runs}  # fmt: skip


def python_process(name: str, model: Path, artefact: Path, runs: int, where: Interpreters, folder: Path) -> dict[str, Any]:
    """An engine's own share of the time from the start of a Python process to its first result: medians."""
    peer, python = get_peer(name), where.of(name)
    title = "Pith, from Python" if name == "pith" else peer.title
    archive = folder / "inputs.npz"
    with pith_open(artefact) as session:
        inputs = random_inputs(session)
    ports = save_inputs(archive, inputs)
    try:
        version = VERSION if name == "pith" else ask(peer, python, {"what": "probe"}, _TIMEOUT)["version"]
        path = artefact if name == "pith" else converted(peer, model, inputs, where, folder)
        request = {"model": str(model.resolve()), "path": str(path.resolve()), "inputs": str(archive), "names": ports, "threads": 1}
        bare, whole = [], []
        for _ in range(runs):
            bare.append(first_result(peer, python, {**request, "what": "bare"}, _TIMEOUT))
            whole.append(first_result(peer, python, {**request, "what": "once"}, _TIMEOUT))
    except Failure as e:
        return {"what": title, "reason": str(e)}
    own = statistics.median(w[0] - b[0] for w, b in zip(whole, bare, strict=True))
    return {"what": title, "first_result_ms": own * 1e3, "bare_ms": statistics.median(b[0] for b in bare) * 1e3,
            "peak_mb": statistics.median(w[1] for w in whole) / 1e6, "bare_mb": statistics.median(b[1] for b in bare) / 1e6, "version": version,
            "runs": runs}  # fmt: skip


def pith_open(artefact: Path) -> Any:
    """The compiled network."""
    from pith.runtime.session import load

    return load(artefact)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--peer-runs", type=int, default=5)
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    where = Interpreters()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    with tempfile.TemporaryDirectory() as tmp:
        folder = Path(tmp)
        model = args.models / "mobilenetv2_224.onnx" if args.models else folder / "mobilenet_v2.onnx"
        if not args.models:
            onnx.save(mobilenet_v2(), model)
        artefact = folder / "net"
        pith_compile(model, out=artefact, name="mobilenet_v2", cache=False).close()
        rows = [c_program(artefact, args.runs)]
        for name in ("pith", *(n for n in names() if n != "pith")):
            rows.append(python_process(name, model, artefact, args.peer_runs, where, folder))
    facts = {"commit": commit, "date": datetime.date.today().isoformat(), "processor": model_name()}
    for row in rows:
        print("  ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items()), flush=True)
    if args.csv:
        keys = list(dict.fromkeys(k for r in rows for k in r))
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, [*keys, *facts], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows({k: f"{v:.4g}" if isinstance(v, float) else v for k, v in r.items()} | facts for r in rows)


if __name__ == "__main__":
    main()

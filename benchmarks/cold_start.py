"""Time to the first result in a new process, MobileNetV2 at 224: load and run, from C and from Python beyond NumPy.

`python benchmarks/cold_start.py [--runs 15] [--csv FILE]`. The C figure is from exec's return to the first result; the
library is opened with dlopen by a 20-line program, so that loading it counts; the arena is on large pages.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pith.api import compile as pith_compile
from tests.models.networks import mobilenet_v2

PROGRAM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include "mobilenet_v2.h"
static float x[1 * 3 * 224 * 224], y[1000];
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6; }
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
  printf("%d %.3f %.3f %.3f\n", code, t1 - t0, t2 - t0, t3 - t2);
  return code;
}
"""
PYTHON = """
import time, sys, numpy as np
x = np.zeros((1, 3, 224, 224), np.float32)
t = time.perf_counter()
import pith
net = pith.load(sys.argv[1])
net(x)
print((time.perf_counter() - t) * 1e3)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--csv", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        folder = Path(tmp) / "net"
        pith_compile(mobilenet_v2(), out=folder, name="mobilenet_v2", cache=False)
        (folder / "cold.c").write_text(PROGRAM)
        subprocess.run(["gcc", "-O2", "cold.c", "-o", "cold", "-ldl"], cwd=folder, check=True)
        library = folder / "libmobilenet_v2.so"
        c = [
            list(
                map(
                    float,
                    subprocess.run(
                        [folder / "cold", library], capture_output=True, text=True, check=True
                    ).stdout.split(),
                )
            )
            for _ in range(args.runs)
        ]
        py = [
            float(
                subprocess.run(
                    [sys.executable, "-c", PYTHON, str(folder)], capture_output=True, text=True, check=True
                ).stdout
            )
            for _ in range(args.runs)
        ]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    row = {
        "c_load_ms": round(statistics.median(r[1] for r in c), 3), "c_first_result_ms": round(statistics.median(r[2] for r in c), 3),
        "c_warm_ms": round(statistics.median(r[3] for r in c), 3), "python_first_result_ms": round(statistics.median(py), 2),
        "runs": args.runs, "commit": commit, "date": datetime.date.today().isoformat(),
    }  # fmt: skip
    print(row)
    if args.csv:
        with args.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, row.keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerow(row)


if __name__ == "__main__":
    main()

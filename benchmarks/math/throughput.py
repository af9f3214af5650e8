"""Time `for (i) y[i] = f(x[i])` over 4096 elements in cache, built by clang -O3, and write `throughput.csv`.

    python benchmarks/math/throughput.py              # every function
    python benchmarks/math/throughput.py exp tanh     # some; the CSV is not touched

Columns: nanoseconds an element, best of many runs, for AVX2 (x86-64-v3), AVX-512 with clang's default of 256-bit
vectors (x86-64-v4), and AVX-512 with -mprefer-vector-width=512.
"""

from __future__ import annotations

import csv
import ctypes
import datetime
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "vector")]

import math_driver as driver  # noqa: E402

CSV = Path(__file__).with_name("throughput.csv")
COUNT = 4096
RANGES = {"acosh": (1.0, 50.0), "log": (1e-3, 50.0), "log2": (1e-3, 50.0), "log10": (1e-3, 50.0), "log1p": (-0.9, 50.0)}
RANGES |= {"sqrt": (0.0, 50.0), "pow": (0.01, 8.0), **dict.fromkeys(("asin", "acos", "atanh"), (-1.0, 1.0))}


def measure(library: driver.Library, key: tuple[str, str]) -> float:
    """Nanoseconds an element."""
    rng = np.random.default_rng(0)
    real = driver.NUMPY[driver.CTYPES[key[1]]]
    x = rng.uniform(*RANGES.get(key[0], (-8.0, 8.0)), COUNT).astype(real)
    arrays = [x, *([rng.uniform(1, 3, COUNT).astype(real)] if key[0] in driver.BINARY else []), np.empty(COUNT, real)]
    function = getattr(library.handle, f"loop_{key[0]}_{key[1]}")
    arguments = [*(ctypes.c_void_p(a.ctypes.data) for a in arrays), ctypes.c_long(COUNT)]
    best = float("inf")
    for _ in range(80):
        start = time.perf_counter()
        for _ in range(4):
            function(*arguments)
        best = min(best, (time.perf_counter() - start) / 4 / COUNT * 1e9)
    return best


def main() -> int:
    """Command line entry."""
    wanted = sys.argv[1:]
    flags = {"ns_avx2": "-O3 -march=x86-64-v3"}
    if "avx512dq" in Path("/proc/cpuinfo").read_text().split():
        flags["ns_avx512_256"] = "-O3 -march=x86-64-v4"
        flags["ns_avx512_512"] = "-O3 -march=x86-64-v4 -mprefer-vector-width=512"
    libraries = {column: driver.build("clang", f) for column, f in flags.items()}
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    models = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    common = {
        "commit": commit.stdout.strip() if commit.returncode == 0 else "none",
        "date": datetime.date.today().isoformat(),
        "machine": models[0] if models else platform.machine(),
    }
    rows = []
    for kind in ("f32", "f64"):
        for name in driver.UNARY + driver.BINARY:
            if wanted and name not in wanted:
                continue
            times = {column: f"{measure(library, (name, kind)):.3f}" for column, library in libraries.items()}
            rows.append({"function": name, "type": kind, **times, **common})
            print(f"{name:9s} {kind}  " + "  ".join(f"{c[3:]} {t} ns" for c, t in times.items()), flush=True)
    if not wanted:
        with CSV.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())

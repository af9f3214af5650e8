"""Measure f32 functions of one argument over all 2^32 inputs, in units in the last place of the exact result.

    python benchmarks/math/ulp_exhaustive.py exp log tanh        # or: all
    python benchmarks/math/ulp_exhaustive.py erf --stride 1009   # a sample, not written to the CSV

The reference is the host's double-precision libm (error near 2^-29 of an f32 ulp). A row a function goes to
`ulp_exhaustive.csv` (function, max_ulp, worst_input, wrong_class, inputs, commit, date, text): `wrong_class` counts
results with the wrong sign, NaN or infinity and must be 0; `text` is a digest of the C text, so that a stale row shows.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from rich.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "vector")]

import math_driver as driver  # noqa: E402

CSV = Path(__file__).with_name("ulp_exhaustive.csv")
FIELDS = ("function", "max_ulp", "worst_input", "wrong_class", "inputs", "commit", "date", "text")
CHUNK = 1 << 20


def digest(name: str) -> str:
    """Eight digits of the C of a function and all that it calls, without comments and blanks."""
    text = "".join(f.text for f in driver.order([driver.MATH[name, "f32"]]))
    return hashlib.sha256(re.sub(r"/\*.*?\*/|\s+", "", text, flags=re.DOTALL).encode()).hexdigest()[:8]


def sweep(name: str, stride: int, progress: Progress) -> driver.Measurement:
    """Largest error over every `stride`-th bit pattern."""
    library = driver.build("clang", "-O3 -march=x86-64-v3")
    total = driver.Measurement(0.0, (0.0,), 0, (0.0,))
    task = progress.add_task(name, total=2**32)
    for start in range(0, 2**32, CHUNK * stride):
        x = (
            np.arange(start, min(start + CHUNK * stride, 2**32), stride, dtype=np.uint64)
            .astype(np.uint32)
            .view(np.float32)
        )
        m = driver.measure((name, "f32"), library((name, "f32"), x), x)
        worst = m if m.ulp > total.ulp else total
        total = driver.Measurement(worst.ulp, worst.at, total.bad + m.bad, m.bad_at if m.bad else total.bad_at)
        progress.advance(task, CHUNK * stride)
    return total


def record(row: dict[str, object]) -> None:
    """Replace the row of one function."""
    rows: dict[str, dict[str, object]] = {}
    if CSV.exists():
        with CSV.open(newline="") as file:
            rows = {str(r["function"]): dict(r) for r in csv.DictReader(file)}
    rows[str(row["function"])] = row
    with CSV.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("functions", nargs="+", metavar="FUNCTION", help="names, or `all`")
    parser.add_argument("--stride", type=int, default=1, help="take every n-th input only, and write no row")
    arguments = parser.parse_args()
    names = driver.UNARY if arguments.functions == ["all"] else arguments.functions
    if unknown := sorted(set(names) - set(driver.UNARY)):
        parser.error(f"not a function of one argument: {', '.join(unknown)}; there are: {' '.join(driver.UNARY)}")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    failed = False
    with Progress() as progress:
        for name in names:
            m = sweep(name, arguments.stride, progress)
            failed |= bool(m.bad) or m.ulp > driver.ULP_BOUND[name, "f32"]
            progress.console.print(f"{name:9s} {m.ulp:.4f} ulp at {m.at[0].hex()}, wrong class {m.bad}")
            if arguments.stride == 1:
                row = {"function": name, "max_ulp": f"{m.ulp:.4f}", "worst_input": m.at[0].hex(), "wrong_class": m.bad}
                row |= {"inputs": 2**32, "commit": commit}
                record(row | {"date": datetime.date.today().isoformat(), "text": digest(name)})
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

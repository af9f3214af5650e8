"""The tables of docs/models.md: what each network of `pith.models` costs, and what released weights gave.

`python -m benchmarks.model_tables` counts the networks (needs PyTorch), reads benchmarks/results/released_weights.csv and writes both
tables into the page. `--check` says whether the page is up to date.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "models.md"
RESULTS = ROOT / "benchmarks" / "results" / "released_weights.csv"


def networks() -> str:
    """A line for each network, counted now."""
    from pith import models
    from pith.models.cost import count
    from pith.models.registry import example

    lines = ["| name | what | input | parameters | MACs, millions | source | released weights |", "|---|---|---|---|---|---|---|"]
    for name in models.list_models():
        entry = models.describe(name)
        cost = count(models.create(name), examples=example(name))
        shape = ", ".join("x".join(map(str, s)) for s in dict.fromkeys(entry.shapes))
        released = f"`{Path(entry.weights).name}`" if entry.weights else ""
        lines.append(f"| `{name}` | {entry.what} | {shape} | {cost.params:,} | {cost.macs / 1e6:,.1f} | {entry.source} | {released} |")
    return "\n".join(lines)


def results() -> str:
    """A line for each row of the measured results."""
    with RESULTS.open() as f:
        rows = list(csv.DictReader(f))
    lines = ["| network, data | metric | Pith | expected | whose | n |", "|---|---|---|---|---|---|"]
    lines += [f"| {r['network']} | {r['metric']} | {r['pith']} | {r['expected']} | {r['whose']} | {r['n']} |" for r in rows]
    last = rows[0]
    return "\n".join([*lines, "", f"`python -m benchmarks.released_weights`, commit {last['commit']}, {last['date']}."])


def filled(page: str) -> str:
    """The page with both tables."""
    for name, table in (("networks", networks()), ("results", results())):
        mark = f"<!-- table: {name} -->"
        page, found = re.subn(f"{mark}.*?<!-- end -->", lambda _, t=f"{mark}\n{table}\n<!-- end -->": t, page, flags=re.S)
        if found != 1:
            raise SystemExit(f"{PAGE} has no place for the table {name}")
    return page


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    old = PAGE.read_text()
    new = filled(old)
    if args.check:
        sys.exit(0 if new == old else f"{PAGE} is not up to date: run python -m benchmarks.model_tables")
    PAGE.write_text(new)


if __name__ == "__main__":
    main()

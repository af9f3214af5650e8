"""What the commands that train here share: rows appended to CSV files as soon as they are known, and intervals of shares."""

from __future__ import annotations

import csv
import datetime
import hashlib
import math
import subprocess
from collections.abc import Mapping
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def rows(path: Path) -> list[dict[str, str]]:
    """Those of a file; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="") as f:
        return list(csv.DictReader(f))


def append(path: Path, row: Mapping[str, object]) -> None:
    """A row more, with a head if it is the first."""
    new = not path.exists()
    with path.open("a", newline="") as f:
        writer = csv.DictWriter(f, row, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


COMMIT = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
"""What is checked out when a command begins, which is what it runs."""


def stamp() -> dict[str, str]:
    """The commit and the day."""
    return {"commit": COMMIT, "date": datetime.date.today().isoformat()}


def digest(path: Path) -> str:
    """Eight signs that tell the bytes of a file from others: in names of what was made from it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `hits` of `n` were seen (Wilson's score interval)."""
    z = 1.959964
    middle, share = 1 + z * z / n, hits / n
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / middle
    centre = (share + z * z / (2 * n)) / middle
    return max(0.0, centre - half), min(1.0, centre + half)

"""10,000 seeded mutations and the corpus of past failures: refused or compiled, never a crash, a hang, or a gigabyte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 1000


def _check(*args: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.check", *args], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("start", range(0, 10_000, CHUNK))
def test_mutations(start: int) -> None:
    _check(str(start), str(start + CHUNK))


def test_corpus() -> None:
    _check("corpus")

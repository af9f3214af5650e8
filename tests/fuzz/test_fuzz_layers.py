"""6,000 seeded mutations of ncnn, Caffe and Tengine models: refused or compiled, never a crash, a hang, or a gigabyte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 3000


@pytest.mark.parametrize("start", range(0, 6_000, CHUNK))
def test_mutations(start: int) -> None:
    args = [sys.executable, "-m", "tests.fuzz.layers", str(start), str(start + CHUNK)]
    done = subprocess.run(args, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]

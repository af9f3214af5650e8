"""Code that this machine runs itself: the shared library, called from this process. Nothing is counted; runs are timed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pith.emulators.base import Arrays, Execution
from pith.runtime.session import Session
from pith.targets.base import Target
from pith.targets.compiler import Compiler

COUNTS = False


def lacking(target: Target) -> str:
    """Nothing ever is."""
    return ""


def execute(
    folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
    runs: int, count: bool, steps: bool,
) -> Execution:  # fmt: skip
    """See `pith.emulators.base.execute`."""
    outputs: list[dict[str, np.ndarray]] = []
    times: list[float] = []
    with Session(folder, manifest=dict(manifest)) as session:
        for one in sets:
            for _ in range(runs):
                began = time.perf_counter()
                done = session.run(one)
                times.append((time.perf_counter() - began) * 1e3)
            outputs.append(done)
    return Execution(outputs, times=times, place="on this machine")

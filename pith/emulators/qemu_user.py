"""QEMU's user mode: Linux programs of another processor (`Emulation.program` is qemu-aarch64, qemu-arm, qemu-riscv64 ...)."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pith.emulators import counter
from pith.emulators.base import Arrays, Execution
from pith.emulators.program import MARK, build_linux, program_input, program_output
from pith.graph.errors import BuildError
from pith.targets.base import Target
from pith.targets.compiler import Compiler

LIMIT = 3600.0  # seconds a program may take
# of the program around the network, not of the network
_AROUND = {"_start", "pith_main", "pith_read", "pith_write", "pith_exit", "pith_mark", "fill", "used", "call", "?"}

COUNTS = True


def lacking(target: Target) -> str:
    """What must be installed first; empty where everything is there."""
    assert target.emulation is not None
    return "" if shutil.which(target.emulation.program) else f"{target.emulation.program} is not installed"


def execute(
    folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
    runs: int, count: bool, steps: bool,
) -> Execution:  # fmt: skip
    """See `pith.emulators.base.execute`."""
    with tempfile.TemporaryDirectory(prefix="pith-emulated-") as name:
        work = Path(name)
        program = build_linux(folder, manifest, target, compiler, work, marked=False)
        out = run_program(program, target, program_input(manifest, sets, runs), work / "counts" if count else None)
        found = program_output(manifest, out, len(sets))
        if not count:
            return found
        counts = counter.read(work / "counts")
        many = len(sets) * runs
        # the call itself is not the network's: a handful of instructions of pith_main between the marks
        each = sum(b - a for a, b in zip(counts.marks[::2], counts.marks[1::2], strict=True)) / many
        functions = {k: v / many for k, v in counts.functions.items() if k not in _AROUND and v}
        by_step = None
        if steps:
            marked = build_linux(folder, manifest, target, compiler, work, marked=True)
            again = run_program(marked, target, program_input(manifest, sets[:1], 1), work / "steps")
            assert program_output(manifest, again, 1).outputs[0].keys() == found.outputs[0].keys()
            at = counter.read(work / "steps").marks
            by_step = [float(b - a) for a, b in itertools.pairwise(at)]
        return replace(found, instructions=each, functions=functions, steps=by_step)


def run_program(program: Path, target: Target, data: bytes, counts: Path | None) -> bytes:
    """Run a Linux program of the target's processor on `data`; returns what it wrote. Raises BuildError when it fails."""
    assert target.emulation is not None
    counting = counter.options(counts, MARK) if counts is not None else []
    command = [target.emulation.program, *target.emulation.options, *counting, str(program)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise BuildError(f"{target.emulation.program} did not come to an end", why=f"it ran for {LIMIT:.0f} s") from None
    if done.returncode:
        raise BuildError(f"the program failed under {target.emulation.program} (exit code {done.returncode})", where=target.name,
                         why=done.stderr.decode(errors="replace")[:2000] or "it said nothing")  # fmt: skip
    return done.stdout

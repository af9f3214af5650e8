"""WebAssembly in Node: the ES module that belongs to the network, as a user would run it."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pith.emulators.base import Arrays, Execution, packed, unpacked
from pith.graph.errors import BuildError
from pith.targets.base import Target
from pith.targets.compiler import Compiler

COUNTS = False  # Node compiles the instructions to those of this processor
LIMIT = 3600.0  # seconds a run may take
_OLDEST = 16  # of Node, with vectors


@functools.cache
def _version(program: str) -> int:
    """Node's major version; 0 where there is none."""
    if shutil.which(program) is None:
        return 0
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return int(said.strip().lstrip("v").partition(".")[0] or 0) if said.startswith("v") else 0


@functools.cache
def _takes(program: str, options: tuple[str, ...]) -> bool:
    """Whether this Node knows the options: those for experiments go once they are none."""
    return subprocess.run([program, *options, "-e", ""], capture_output=True, check=False).returncode == 0


def lacking(target: Target) -> str:
    """What must be installed first; empty where everything is there."""
    assert target.emulation is not None
    program = target.emulation.program
    if (version := _version(program)) >= _OLDEST:
        return ""
    return f"{program} is {f'version {version}, and {_OLDEST} the oldest that does' if version else 'not installed'}"


def execute(
    folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
    runs: int, count: bool, steps: bool,
) -> Execution:  # fmt: skip
    """See `pith.emulators.base.execute`. Node counts no instructions, and gives the time of every run."""
    assert target.emulation is not None
    program, options = target.emulation.program, target.emulation.options
    given = options if _takes(program, options) else ()
    module = (folder / f"{manifest['name']}.mjs").resolve().as_uri()
    data = struct.pack("<II", len(sets), runs) + packed(manifest, sets)
    with as_file(files(__package__) / "node.mjs") as script:
        try:
            done = subprocess.run([program, *given, str(script), module], input=data, capture_output=True, check=False, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            raise BuildError(f"{program} did not come to an end", why=f"it ran for {LIMIT:.0f} s") from None
    if done.returncode:
        raise BuildError(f"the network failed under {program} (exit code {done.returncode})", where=str(folder),
                         why=done.stderr.decode(errors="replace")[:2000] or "it said nothing")  # fmt: skip
    clocked = len(sets) * runs * 8
    return Execution(unpacked(manifest, done.stdout, len(sets)), times=list(struct.unpack(f"<{len(sets) * runs}d", done.stdout[-clocked:])), place="in Node")

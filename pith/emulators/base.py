"""What every emulator does: a compiled folder and arrays in, outputs to the last bit and counts of instructions out.

A target says which runner it needs and with which options (`Target.emulation`); the runner is the file of that name in this folder
and has two functions, `lacking` and `execute`, as below. A target without one that runs on this machine is run by `native`.
"""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from pith.graph.errors import UnsupportedError
from pith.runtime.session import PortInfo
from pith.targets.base import Target
from pith.targets.compiler import Compiler

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of running a network.

    outputs: by name, for each set of inputs;  stack: bytes the run function and all it calls had on the stack, at most (None where
    the runner cannot tell);  instructions: executed by one run (mean of all; None unless counted);  functions: the same by function
    of the generated code;  steps: the same by step of the program, from a build whose steps are marked, which costs each step some
    instructions more;  times: milliseconds of each run, where a clock means something;  step_times: of each step;  place: where
    that clock was, in words.
    """

    outputs: list[dict[str, np.ndarray]]
    stack: int | None = None
    instructions: float | None = None
    functions: dict[str, float] = field(default_factory=dict)
    steps: list[float] | None = None
    times: list[float] | None = None
    step_times: list[float] | None = None
    place: str = "there"

    @property
    def median_ms(self) -> float | None:
        """The middle one of `times`."""
        return statistics.median(self.times) if self.times else None


class Runner(Protocol):
    """A file of this folder. COUNTS: whether it counts instructions; one that does not gives times."""

    COUNTS: bool

    def lacking(self, target: Target) -> str:
        """What must be installed first, in words for the user; empty where everything is there."""

    def execute(
        self, folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
        runs: int, count: bool, steps: bool,
    ) -> Execution:  # fmt: skip
        """As `execute` below."""


def _runner(target: Target) -> Runner:
    name = target.emulation.runner if target.emulation else "native"
    if target.emulation is None and (why := target.not_here()):
        raise UnsupportedError(f"target {target.name} has no emulator", why=f"and it does not run here: {why}",
                               try_="a target that `pith targets` says runs here or under an emulator")  # fmt: skip
    return cast(Runner, importlib.import_module(f"pith.emulators.{name}"))


def counts(target: Target) -> bool:
    """Whether running `target` counts instructions (else runs are timed). Raises UnsupportedError for one that cannot be run."""
    return _runner(target).COUNTS


def check(target: Target) -> None:
    """Raise UnsupportedError where `target` cannot be run: it has no emulator, or something must be installed first."""
    if missing := lacking(target):
        package = target.emulation.package if target.emulation else ""
        raise UnsupportedError(f"target {target.name} cannot be emulated here", why=missing,
                               try_=f"apt-get install {package}" if package else "a target that `pith targets` says runs here")  # fmt: skip


def lacking(target: Target) -> str:
    """What must be installed before `target` can be emulated, in words for the user; empty where everything is there.

    Raises UnsupportedError for a target without an emulator.
    """
    return _runner(target).lacking(target)


def execute(
    folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
    runs: int = 1, count: bool = False, steps: bool = False,
) -> Execution:  # fmt: skip
    """Run the network that `pith.api.compile_to` wrote to `folder` (its first variant) on every set of inputs.

    sets: arrays by input name, of the dtypes and shapes that `manifest` lists;  runs: of each set;  count: count instructions;
    steps: also step by step.  Raises UnsupportedError where something must be installed first, or what does not count is asked to,
    BuildError where the program fails.
    """
    check(target)
    runner = _runner(target)
    if (count or steps) and not runner.COUNTS:
        raise UnsupportedError(f"instructions of target {target.name} cannot be counted", why="what runs it gives times only")
    return runner.execute(folder, manifest, target, sets, compiler, runs=runs, count=count, steps=steps)


def ports(manifest: Mapping[str, Any]) -> tuple[list[PortInfo], list[PortInfo]]:
    """Inputs and outputs of the first variant."""
    first = manifest["variants"][0]
    made = [[PortInfo.of(p) for p in first[side]] for side in ("inputs", "outputs")]
    return made[0], made[1]


def nbytes(port: PortInfo) -> int:
    return int(np.prod(port.shape, dtype=np.int64)) * port.np.itemsize


def packed(manifest: Mapping[str, Any], sets: Sequence[Arrays]) -> bytes:
    """All inputs, set by set, in the network's order: sets that `check_sets` has let pass."""
    inputs, _ = ports(manifest)
    parts = []
    for one in sets:
        for p in inputs:
            a = np.asarray(one[p.name], order="C")  # not ascontiguousarray, which gives a scalar an axis
            assert a.dtype == p.np and a.shape == p.shape, f"{p.name}: {a.dtype}{a.shape}"  # see `check_sets`
            parts.append(a.tobytes())
    return b"".join(parts)


def unpacked(manifest: Mapping[str, Any], data: bytes, count: int) -> list[dict[str, np.ndarray]]:
    """The opposite of `packed`, for outputs; `data` may be longer."""
    _, outputs = ports(manifest)
    at, made = 0, []
    for _k in range(count):
        one = {}
        for p in outputs:
            size = nbytes(p)
            one[p.name] = np.frombuffer(data[at : at + size], p.np).reshape(p.shape).copy()
            at += size
        made.append(one)
    return made

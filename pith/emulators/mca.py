"""Cycles of inner loops by llvm-mca's model of a processor (Debian package llvm), where it has one.

The model knows the pipeline and nothing of memory: no wait states, no contention, no branch that is mispredicted.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pith.graph.errors import BuildError
from pith.targets.base import Target
from pith.targets.compiler import Compiler

_NAMES = (*(f"llvm-mca-{v}" for v in range(22, 13, -1)), "llvm-mca")
_ROUNDS = 100
_LABEL = re.compile(r"^\s*(\d+|[.\w$]+):")
_BRANCH = re.compile(r"^\s*(?:b(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?(?:\.[nw])?|cbn?z\s+\w+,)\s+([.\w$]+)\s*$")


@dataclass(frozen=True, slots=True)
class Loop:
    """The largest inner loop of a function: its lines of assembly."""

    function: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cycles:
    """A function's inner loop under the model. executed: instructions of the whole function in one run;  instructions, cycles: of one
    round of the loop."""

    function: str
    executed: float
    instructions: int
    cycles: float

    @property
    def estimate(self) -> float:
        """Cycles of the function in one run, if all of it went as its loop."""
        return self.executed * self.cycles / self.instructions


def tool() -> str | None:
    """The command, where it is installed."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def inner_loops(assembly: str) -> dict[str, Loop]:
    """The largest loop without a loop in it of each function of a compiler's output, by the function's name."""
    found: dict[str, Loop] = {}
    function, body = "", list[str]()
    for raw in [*assembly.splitlines(), "pith_end:"]:
        line = raw.split("@")[0].rstrip() if not raw.lstrip().startswith("@") else ""
        label = _LABEL.match(line)
        if label and not label[1].isdigit() and not label[1].startswith((".", "$")):
            if function and (loop := _largest(body)):
                found[function] = Loop(function, loop)
            function, body = label[1], []
        elif line.strip() and (label or not line.strip().startswith(".")):
            body.append(line)
    return found


def _largest(body: list[str]) -> tuple[str, ...] | None:
    at: dict[str, int] = {}
    loops: list[tuple[int, int]] = []
    for i, line in enumerate(body):
        if label := _LABEL.match(line):
            at[label[1]] = i
        branch = _BRANCH.match(line)
        if branch and (name := branch[1].removesuffix("b") if branch[1][0].isdigit() else branch[1]) in at:
            if branch[1][0].isdigit() and not branch[1].endswith("b"):
                continue
            loops.append((at[name], i))
    inner = [a for a in loops if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in loops)]
    if not inner:
        return None
    first, last = max(inner, key=lambda span: span[1] - span[0])
    return tuple(line for line in body[first : last + 1] if not _LABEL.match(line) and not _BRANCH.match(line))


def measure(loop: Loop, target: Target) -> tuple[int, float] | None:
    """(instructions, cycles) of one round of the loop; None where the model does not know an instruction. The branch back is one
    instruction and two cycles more, which is what a taken branch takes at least (Cortex-M4 Technical Reference Manual, table 3-1)."""
    command = tool()
    assert command is not None
    architecture = target.triple.split("-")[0]
    done = subprocess.run(
        [command, f"-mtriple={architecture}-none-eabi", f"-mcpu={target.mca}", f"-iterations={_ROUNDS}", "-json", "-"], check=False,
        input=".syntax unified\n.thumb\n" + "\n".join(loop.lines) + "\n", capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if done.returncode:
        return None
    try:
        region = json.loads(done.stdout)["CodeRegions"][0]["SummaryView"]
        return int(region["Instructions"]) // _ROUNDS + 1, float(region["TotalCycles"]) / _ROUNDS + 2
    except (ValueError, KeyError, IndexError, TypeError) as e:
        raise BuildError(f"{command} said what cannot be read", why=repr(e), try_="apt-get install llvm-19") from e


def estimates(code: Path, target: Target, compiler: Compiler, opt: str, executed: Mapping[str, float]) -> list[Cycles]:
    """The inner loops of the functions of NAME.c that `executed` has, those with most instructions first."""
    text = code.with_suffix(".s")
    compiler.compile(code, text, target, (opt, "-S"), shared=False)
    found = []
    for name, loop in inner_loops(text.read_text()).items():
        if executed.get(name) and (took := measure(loop, target)):
            found.append(Cycles(name, executed[name], *took))
    text.unlink()
    return sorted(found, key=lambda c: -c.executed)

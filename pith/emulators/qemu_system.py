"""QEMU's system emulation: firmware on a board (`Emulation.options` are -M and the board's name), fed through semihosting."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pith.boards.base import Board, get_board
from pith.boards.build import add_firmware
from pith.emulators import counter
from pith.emulators.base import Arrays, Execution, packed, unpacked
from pith.emulators.program import MARK
from pith.graph.errors import BuildError
from pith.targets.base import Target
from pith.targets.compiler import Compiler

LIMIT = 3600.0  # seconds a program may take
_STACK = 16 << 10  # kept for the stack, where nobody has counted yet how much it takes
_AROUND = re.compile(r"pith_(?!fixed|high|rounded|scale)|main|mem|__aeabi|\?")  # functions of the program around the network

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
    assert target.emulation is not None
    board, name = get_board(target.emulation.options[1]), manifest["name"]
    with tempfile.TemporaryDirectory(prefix="pith-emulated-") as temporary:
        work = Path(temporary)
        for file in (f"{name}.c", f"{name}.h", f"{name}_weights.c"):
            shutil.copy2(folder / file, work / file)
        opt = manifest.get("opt") or "-O3"
        image = add_firmware(work, manifest, target, board, compiler, opt=opt, stack=lambda frames: _STACK).image
        every = [s for s in sets for _ in range(runs)]
        said = run_image(image, board, target, packed(manifest, every), work / "counts" if count else None)
        outputs = unpacked(manifest, (work / f"{name}.out").read_bytes(), len(every))[::runs]
        stack = int(re.findall(r"stack (\d+)", said)[-1])
        if not count:
            return Execution(outputs, stack)
        counts = counter.read(work / "counts")
        each = sum(b - a for a, b in zip(counts.marks[::2], counts.marks[1::2], strict=True)) / len(every)
        functions = {k: v / len(every) for k, v in counts.functions.items() if v and not _AROUND.match(k)}
        by_step = None
        if steps:
            marked = add_firmware(work, manifest, target, board, compiler, opt=opt, stack=lambda frames: _STACK, profile=True).image
            run_image(marked, board, target, packed(manifest, sets[:1]), work / "steps")
            by_step = [float(b - a) for a, b in itertools.pairwise(counter.read(work / "steps").marks)]
        return Execution(outputs, stack, each, functions, by_step)


def run_image(image: Path, board: Board, target: Target, data: bytes, counts: Path | None) -> str:
    """Run an image that `add_firmware` built on `data`; its outputs are in NAME.out beside it. Returns what it said.
    Raises BuildError when it fails."""
    assert target.emulation is not None
    name = image.stem.removesuffix("_profile")
    (image.parent / f"{name}.in").write_bytes(data)
    command = [
        target.emulation.program, "-M", board.machine, "-nographic", "-monitor", "none", "-serial", "none",
        "-semihosting-config", "enable=on,target=native", *(counter.options(counts, MARK) if counts is not None else []), "-kernel", image.name,
    ]  # fmt: skip
    try:
        done = subprocess.run(command, cwd=image.parent, capture_output=True, text=True, check=False, timeout=LIMIT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise BuildError(f"{target.emulation.program} did not come to an end", why=f"it ran for {LIMIT:.0f} s") from None
    if done.returncode:
        raise BuildError(f"the firmware failed under {target.emulation.program} (exit code {done.returncode})", where=board.name,
                         why=(done.stdout + done.stderr)[:2000] or "it said nothing")  # fmt: skip
    return done.stdout + done.stderr  # which of them is the console of semihosting depends on the version

"""AVX-512 and AMX on any x86-64 processor with AVX2 and FMA: the network's C, compiled against plain C in the place of the
compiler's intrinsics (`x86/immintrin.h`), in this process. Where the processor has the instructions it runs them.

What this proves is the C text, given what Intel's manual says of the instructions; the text that a compiler makes for them is not run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pith.emulators import native
from pith.emulators.base import Arrays, Execution
from pith.targets import x86_64_v3
from pith.targets.base import Target
from pith.targets.build import build_shared
from pith.targets.compiler import Compiler

COUNTS = False
HEADERS = Path(__file__).parent / "x86"


def simulated(target: Target) -> Target:
    """The same code for a processor of x86-64 level 3, intrinsics of AVX-512 and AMX as plain C."""
    plain = x86_64_v3.target()
    return replace(target, cflags=(*plain.cflags, "-Wno-psabi", "-I", str(HEADERS)), cpu_features=plain.cpu_features, emulation=None)


def lacking(target: Target) -> str:
    """Why this machine cannot; empty where it can."""
    return "" if target.runs_here() else simulated(target).not_here()


def execute(
    folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
    runs: int, count: bool, steps: bool,
) -> Execution:  # fmt: skip
    """See `pith.emulators.base.execute`; times only where the processor itself has the instructions."""
    if target.runs_here():
        return native.execute(folder, manifest, target, sets, compiler, runs=runs, count=count, steps=steps)
    with tempfile.TemporaryDirectory(prefix="pith-simulated-") as name:
        work, plain = Path(name), simulated(target)
        for file in folder.iterdir():
            if file.suffix in (".c", ".h", ".bin"):
                (work / file.name).symlink_to(file.resolve())
        symbols = [f"{manifest['name']}_build", *(f"{v['symbol']}_run" for v in manifest["variants"])]
        library = build_shared(work, manifest["name"], plain, compiler, exports=symbols, opt="-O2").library
        facts = {**manifest, "library": library.name, "cpu_features": list(plain.cpu_features), "threads": 1}
        done = native.execute(work, facts, plain, sets, compiler, runs=1, count=False, steps=False)
        return replace(done, times=None)

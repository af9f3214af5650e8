"""Build a generated library for a hosted target: sources in, shared library out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pith.targets.base import Target
from pith.targets.compiler import Compiler, runtime_archive


@dataclass(frozen=True, slots=True)
class Built:
    """A shared library, and the bytes of stack that each function of the code takes for itself (one that is not listed
    became part of its callers)."""

    library: Path
    frames: dict[str, int]


def build_shared(
    folder: Path,
    name: str,
    target: Target,
    compiler: Compiler,
    *,
    exports: Sequence[str],
    opt: str,
    defines: Sequence[str] = (),
    output: str = "",
    hosted: Sequence[str] = (),
) -> Built:
    """Compile NAME.c and NAME_weights.c in `folder` and link them.

    `opt`: optimisation flag such as -O3 or -Os;  `defines`: e.g. NAME_PROFILE;  `hosted`: further C files, or NAME_weights.c, which
    need the system's C library;  raises BuildError with the compiler's words.
    """
    library = folder / (output or f"lib{name}.so")
    stem = library.stem
    sources = [folder / f for f in (f"{name}.c", f"{name}_weights.c") if f not in hosted]
    objects = [folder / f"{stem}{s.stem.removeprefix(name)}.o" for s in sources]
    more = [folder / f"{stem}_{Path(h).stem}.o" for h in hosted]
    flags = [opt, "-fstack-usage", *(f"-D{d}" for d in defines)]
    try:
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(compiler.compile, s, o, target, flags) for s, o in zip(sources, objects, strict=True)]
            jobs += [pool.submit(compiler.compile_hosted, folder / h, o, target, [opt]) for h, o in zip(hosted, more, strict=True)]
            for job in jobs:
                job.result()
        runtime = [runtime_archive(target)] if target.zig_cpu else []
        compiler.link_shared([*objects, *more, *runtime], library, exports, hosted=bool(hosted))
        return Built(library, frames_of(objects[0].with_suffix(".su")))
    finally:
        for o in (*objects, *more):
            o.unlink(missing_ok=True)
            o.with_suffix(".su").unlink(missing_ok=True)


def frames_of(usage: Path) -> dict[str, int]:
    """Bytes of stack of each function, from what the compiler wrote with -fstack-usage: lines of `file:line:[column:]function`, bytes, kind."""
    frames: Counter[str] = Counter()
    for line in usage.read_text().splitlines() if usage.exists() else ():
        where, size, *_ = line.split("\t")
        frames[where.rpartition(":")[2].partition(".")[0]] += int(size)  # gcc splits functions into NAME.part.0
    return dict(frames)

"""Build a generated library for a hosted target: sources in, shared library out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pith.targets.base import Target
from pith.targets.compiler import Compiler


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
) -> Path:
    """Compile NAME.c and NAME_weights.c in `folder` and link them; returns the library's path.

    `opt`: optimisation flag such as -O3 or -Os;  `defines`: e.g. NAME_PROFILE;  raises BuildError with the compiler's words.
    """
    library = folder / (output or f"lib{name}.so")
    stem = library.stem
    sources = [folder / f"{name}.c", folder / f"{name}_weights.c"]
    objects = [folder / f"{stem}.o", folder / f"{stem}_weights.o"]
    flags = [opt, *(f"-D{d}" for d in defines)]
    try:
        with ThreadPoolExecutor(2) as pool:
            for job in [
                pool.submit(compiler.compile, s, o, target, flags) for s, o in zip(sources, objects, strict=True)
            ]:
                job.result()
        compiler.link_shared(objects, library, exports)
    finally:
        for o in objects:
            o.unlink(missing_ok=True)
    return library

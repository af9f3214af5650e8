"""Build a generated library for WebAssembly: sources in, one .wasm file out. No C library, no imports."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pith.graph import BuildError, UnsupportedError
from pith.targets.base import Target
from pith.targets.build import Built, frames_of
from pith.targets.compiler import Compiler, run

PAGE = 65536  # bytes; memory comes in pages
_LARGEST = 1 << 32  # bytes that 32-bit addresses reach


def check_wasm(target: Target, cc: str | None, profile: bool) -> None:
    """Raise UnsupportedError for options that a build for WebAssembly does not have."""
    for given, option, why in (
        (cc is not None, "--cc", "the linker for WebAssembly belongs to the bundled compiler"),
        (profile, "--profile", "the module has no clock; the browser's own profiler shows the functions by name"),
    ):
        if given:
            raise UnsupportedError(f"{option} does not go with target {target.name}", why=why, try_=f"leave {option} out")


def build_wasm(folder: Path, name: str, target: Target, compiler: Compiler, *, exports: Sequence[str], opt: str, stack: int, data: int) -> Built:
    """Compile NAME.c, NAME_weights.c and NAME_wasm.c in `folder` and link NAME.wasm.

    stack: bytes of its stack, which lies at the lowest addresses: going beyond it is a trap.  data: bytes of weights, arena,
    inputs and outputs.  Raises BuildError with the compiler's words, UnsupportedError for what 32-bit addresses do not reach.
    """
    if data + stack >= _LARGEST:
        raise UnsupportedError(f"the network takes {data / 2**30:.1f} GiB of memory", why="a WebAssembly module reaches 4 GiB",
                               try_="smaller inputs, or an 8-bit form of the network")  # fmt: skip
    sources = [f"{name}.c", f"{name}_weights.c", f"{name}_wasm.c"]
    objects = [folder / s.replace(".c", ".o") for s in sources]
    module = folder / f"{name}.wasm"
    try:
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(compiler.compile, folder / s, o, target, [opt, "-fstack-usage"]) for s, o in zip(sources, objects, strict=True)]
            for job in jobs:
                job.result()
        if not compiler.bundled:
            raise BuildError("there is no linker for WebAssembly", why="it belongs to the bundled compiler", try_="leave --cc out")
        run([compiler.zig, "wasm-ld", "--no-entry", *(f"--export={e}" for e in exports), "--stack-first", "-z", f"stack-size={stack}",
             "-O2", "--gc-sections", "--strip-debug", *(o.name for o in objects), "-o", module.name], folder.resolve())  # fmt: skip
        return Built(module, frames_of(objects[0].with_suffix(".su")))
    finally:
        for o in objects:
            o.unlink(missing_ok=True)
            o.with_suffix(".su").unlink(missing_ok=True)


def wasm_code_size(module: Path) -> int:
    """Bytes of the code section of a .wasm file (WebAssembly specification, 5.5.13); 0 when it has none."""
    data = module.read_bytes()
    at = 8
    while at < len(data):
        kind, at = data[at], at + 1
        size = shift = 0
        while True:
            byte, at = data[at], at + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if kind == 10:
            return size
        at += size
    return 0

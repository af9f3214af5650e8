"""Build generated C with any compiler into a small program, run it on arrays, read its outputs back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pith.api import Compilation
from pith.artefact import write_sources
from pith.emit.c import port_names

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Werror")
CLANG = next((c for c in ("clang", "clang-19", "clang-16", "clang-14") if shutil.which(c)), None)


def bundled_clang() -> list[str]:
    """The clang of the ziglang wheel, with its own headers."""
    import ziglang

    root = Path(ziglang.__file__).parent
    return [
        str(root / "zig"),
        "clang",
        "--target=x86_64-linux-gnu",
        "-nostdinc",
        "-isystem",
        str(root / "lib" / "include"),
    ]


def program(result: Compilation) -> str:
    """A C main: reads each input from in0, in1, ..., runs, writes out0, out1, ..., with exactly sized heap blocks."""
    name = result.sources.name
    p = result.programs[0]
    ins, outs = port_names(p.inputs), port_names(p.outputs)
    lines = [
        "#include <stdio.h>", "#include <stdlib.h>", f'#include "{name}.h"',
        "static void *block(size_t n) { void *p = NULL; if (posix_memalign(&p, 64, n ? n : 1)) exit(3); return p; }",
        "static void *slurp(const char *f, size_t n) { void *p = block(n); FILE *h = fopen(f, \"rb\");"
        " if (!h || fread(p, 1, n, h) != n) exit(4); fclose(h); return p; }",
        "static void dump(const char *f, const void *p, size_t n) { FILE *h = fopen(f, \"wb\");"
        " if (!h || fwrite(p, 1, n, h) != n) exit(5); fclose(h); }",
        "int main(void) {", f"  {name}_inputs in;", f"  {name}_outputs out;",
        f"  void *arena = block({name.upper()}_ARENA_SIZE);",
    ]  # fmt: skip
    lines += [
        f'  in.{f} = slurp("in{i}", {port.type.nbytes});' for i, (f, port) in enumerate(zip(ins, p.inputs, strict=True))
    ]
    lines += [f"  out.{f} = block({port.type.nbytes});" for f, port in zip(outs, p.outputs, strict=True)]
    lines += [f"  if ({name}_run(arena, &in, &out)) return 2;"]
    lines += [
        f'  dump("out{i}", out.{f}, {port.type.nbytes});'
        for i, (f, port) in enumerate(zip(outs, p.outputs, strict=True))
    ]
    return "\n".join([*lines, "  return 0;", "}", ""])


def compile_objects(
    folder: Path, result: Compilation, command: Sequence[str], flags: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Compile the generated sources (not the driver) with warnings as errors; returns what the compiler said."""
    write_sources(folder, result.sources, embed=result.target.embed)
    cflags = [*result.target.cflags, f"-std={result.target.std}"]
    name = result.sources.name
    return subprocess.run(
        [*command, *cflags, *WARNINGS, *flags, "-c", f"{name}.c", "-o", f"{name}.o"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def build_and_run(
    folder: Path, result: Compilation, inputs: Sequence[np.ndarray], command: Sequence[str], flags: Sequence[str] = ()
) -> list[np.ndarray]:
    """Build generated C and the driver with `command` (which must find a libc), run it; returns the outputs.

    Fails the test with the tool's words when a step fails or a sanitizer speaks.
    """
    done = compile_objects(folder, result, command, flags)
    assert done.returncode == 0, done.stderr[:4000]
    name = result.sources.name
    (folder / "main.c").write_text(program(result))
    build = subprocess.run(
        [*command, *flags, "main.c", f"{name}.o", f"{name}_weights.c", "-o", "prog"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stderr[:4000]
    for i, a in enumerate(inputs):
        (folder / f"in{i}").write_bytes(np.ascontiguousarray(a).tobytes())
    # the driver frees nothing; generated code allocates nothing, so leaks say nothing
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    ran = subprocess.run(["./prog"], cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, f"exit {ran.returncode}\n{ran.stderr[:4000]}"
    ports = result.programs[0].outputs
    return [
        np.frombuffer((folder / f"out{i}").read_bytes(), p.type.dtype.np).reshape(p.type.shape)
        for i, p in enumerate(ports)
    ]

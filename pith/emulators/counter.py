"""Counts of executed instructions under QEMU, exact and the same every time: a plugin of ours (`counter.c`) for any of its emulators."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pith.cache import cache_folder
from pith.graph.errors import BuildError
from pith.runtime.library import missing_bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """marks: instructions executed before each call of the mark;  functions: of each function, from the program's start to its end."""

    marks: list[int]
    functions: dict[str, int]
    total: int


def plugin() -> Path:
    """The plugin, compiled by this machine's C compiler at the first use and kept. Raises BuildError."""
    text = (files(__package__) / "counter.c").read_text()
    name = f".counter-{hashlib.sha256(text.encode()).hexdigest()[:16]}.so"
    folder = cache_folder() or Path(tempfile.gettempdir())
    made = folder / name
    if made.exists() and made.stat().st_size and not missing_bytes(made):
        os.utime(made)
        return made
    cc = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    if cc is None:
        raise BuildError("instructions cannot be counted", why="the counting plugin needs this machine's C compiler and its headers",
                         try_="apt-get install gcc libc6-dev")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=folder, prefix=".counter-") as work:
        source, library = Path(work) / "counter.c", Path(work) / "counter.so"
        source.write_text(text)
        done = subprocess.run([cc, "-O2", "-shared", "-fPIC", str(source), "-o", str(library)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError("the counting plugin could not be compiled", why=done.stderr[:2000], try_="apt-get install gcc libc6-dev")
        os.replace(library, made)
    return made


def options(out: Path, mark: str) -> list[str]:
    """Options of a QEMU command that make it count into the file `out`."""
    return ["-plugin", f"{plugin()},out={out},mark={mark}"]


def read(out: Path) -> Counts:
    """What the plugin wrote. Raises BuildError where it wrote nothing."""
    marks: list[int] = []
    functions: dict[str, int] = {}
    total = 0
    if not out.exists():
        raise BuildError("QEMU counted nothing", why="its plugin did not run", try_="qemu-user rather than qemu-user-static")
    for line in out.read_text().splitlines():
        kind, *words = line.split(" ")
        if kind == "mark":
            marks.append(int(words[0]))
        elif kind == "function":
            functions[" ".join(words[:-1])] = int(words[-1])
        elif kind == "total":
            total = int(words[0])
    return Counts(marks, functions, total)

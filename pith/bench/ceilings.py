"""The processor's ceilings for one core, measured: multiply-adds a second, and bytes a second from each level of memory."""

from __future__ import annotations

import ctypes
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from pith.targets.cpu import caches

SOURCE = Path(__file__).with_name("ceilings.c")
_ROUNDS, _SECONDS = 15, 0.01  # the best of so many measurements of so long each: a neighbour's load falls out
_UNKNOWN = {1: 32 << 10, 2: 1 << 20, 3: 8 << 20}  # bytes, where the system does not say
_MOST = 256 << 20  # bytes read for the memory's figure


@dataclass(frozen=True, slots=True)
class Level:
    """A level of memory: `size` in bytes (None: the memory itself), `rate` in bytes a second when read by one core."""

    name: str
    size: int | None
    rate: float


@dataclass(frozen=True, slots=True)
class Ceilings:
    """flops: floating-point operations a second of one core, multiply and add counted as two;  levels: nearest first."""

    flops: float
    levels: tuple[Level, ...]
    isa: str

    def level(self, nbytes: float) -> Level:
        """The nearest level that holds `nbytes`."""
        return next((v for v in self.levels if v.size is None or nbytes <= v.size), self.levels[-1])

    def roof(self, flops: float, nbytes: float) -> float:
        """Most operations a second for work of `flops` operations on `nbytes` bytes, which are read from where they fit."""
        return self.flops if nbytes <= 0 else min(self.flops, flops / nbytes * self.level(nbytes).rate)


def measure() -> Ceilings:
    """Compile the loops with the bundled clang for this processor, and run them: about two seconds. Raises BuildError."""
    target = get_target("host")
    folder = Path(tempfile.mkdtemp(prefix="pith-ceilings-"))
    try:
        compiler = find_compiler()
        shutil.copyfile(SOURCE, folder / SOURCE.name)
        compiler.compile(folder / SOURCE.name, folder / "ceilings.o", target, ["-O3"])
        compiler.link_shared([folder / "ceilings.o"], folder / "libceilings.so", ["ceiling_multiply", "ceiling_read"])
        return _measure(ctypes.CDLL(str(folder / "libceilings.so")), target.isa.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(library: ctypes.CDLL, isa: str) -> Ceilings:
    multiply, read = library.ceiling_multiply, library.ceiling_read
    multiply.restype, multiply.argtypes = ctypes.c_int64, [ctypes.c_int64, ctypes.c_void_p]
    read.restype, read.argtypes = None, [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    out = np.zeros(16, np.float32)
    operations = multiply(1, out.ctypes.data)
    flops = operations * _best(lambda n: multiply(n, out.ctypes.data))
    sizes = _UNKNOWN | caches()
    # what is read: half of a cache, so that nothing else pushes it out; a virtual machine's share of the last level may be far
    # smaller than its size, so no more than a few times the level before
    reads = {1: sizes[1] // 2, 2: sizes[2] // 2, 3: max(2 * sizes[2], min(sizes[3] // 2, 8 * sizes[2]))}
    levels = []
    whole = _block(min(_MOST, 8 * sizes[3]))
    for level, nbytes in (*reads.items(), (4, whole.nbytes)):
        part = whole[: max(1, nbytes // 512) * 128]
        rate = part.nbytes * _best(partial(_read, read, part, out))
        levels.append(Level("memory", None, rate) if level == 4 else Level(f"L{level}", sizes[level], rate))
    return Ceilings(flops, tuple(levels), isa)


def _block(nbytes: int) -> np.ndarray:
    """Floats that have been written (else all pages are the same one), at the beginning of a page."""
    memory = np.ones(nbytes // 4 + 1024, np.float32)
    return memory[-memory.ctypes.data % 4096 // 4 :][: nbytes // 512 * 128]


def _read(function: Callable[..., object], data: np.ndarray, out: np.ndarray, times: int) -> None:
    function(data.ctypes.data, data.size, times, out.ctypes.data)


def _best(run: Callable[[int], object]) -> float:
    """Most repetitions a second that `run(repetitions)` reached, in time of this thread, so that waiting does not count."""
    n = 1
    while (spent := _time(run, n)) < _SECONDS / 4:
        n *= 2
    n = max(1, round(n * _SECONDS / spent))
    return n / min(_time(run, n) for _ in range(_ROUNDS))


def _time(run: Callable[[int], object], n: int) -> float:
    start = time.thread_time()
    run(n)
    return max(time.thread_time() - start, 1e-9)

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
from typing import Any

import numpy as np

from pith.targets.base import Target, get_target
from pith.targets.compiler import find_compiler
from pith.targets.cpu import amx_allowed, caches
from pith.targets.isa.base import ISA
from pith.vector.amx import CONFIGURE
from pith.vector.cfunction import CFunction, callees_first
from pith.vector.f32 import dialect
from pith.vector.s8 import chunks, dot, has_dialect, matrices, shorts

SOURCE = Path(__file__).with_name("ceilings.c")
_ROUNDS, _SECONDS = 15, 0.01  # the best of so many measurements of so long each: a neighbour's load falls out
_UNKNOWN = {1: 32 << 10, 2: 1 << 20, 3: 8 << 20}  # bytes, where the system does not say
_MOST = 256 << 20  # bytes read for the memory's figure
_SIXTEEN_BYTES = CFunction(
    "vf",
    """typedef float vf __attribute__((vector_size(16)));
#define VF_LANES 4
static inline vf vf_set1(float x) { return (vf){x, x, x, x}; }
static inline vf vf_load(const float *p) { vf v; __builtin_memcpy(&v, p, sizeof v); return v; }
static inline void vf_store(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }
static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
static inline vf vf_max(vf a, vf b) {
  typedef int32_t words __attribute__((vector_size(16)));
  const words more = a > b;
  return (vf)(((words)a & more) | ((words)b & ~more));
}
""",
)


@dataclass(frozen=True, slots=True)
class Level:
    """A level of memory: `size` in bytes (None: the memory itself), `rate` in bytes a second when read by one core."""

    name: str
    size: int | None
    rate: float


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Of one core.  flops: operations in float32 a second, multiply and add counted as two, by the instructions of `isa`;  levels: nearest
    first;  int8: the same of products of bytes, by the fastest way that `isa` has, which `way` names in words."""

    flops: float
    levels: tuple[Level, ...]
    isa: str
    int8: float
    way: str

    def level(self, nbytes: float) -> Level:
        """The nearest level that holds `nbytes`."""
        return next((v for v in self.levels if v.size is None or nbytes <= v.size), self.levels[-1])

    def peak(self, kind: str) -> float:
        """Operations a second of multiply-adds in "float32" or "int8"."""
        return {"float32": self.flops, "int8": self.int8}[kind]

    def roof(self, flops: float, nbytes: float, kind: str = "float32") -> float:
        """Most operations a second for work of `flops` operations of a kind on `nbytes` bytes, which are read from where they fit."""
        peak = self.peak(kind)
        return peak if nbytes <= 0 else min(peak, flops / nbytes * self.level(nbytes).rate)

    def plain(self) -> dict[str, Any]:
        """For JSON, in billions a second."""
        return {
            "isa": self.isa, "gflops": self.flops / 1e9, "int8_gops": self.int8 / 1e9, "int8_way": self.way,
            "gbytes": {v.name: v.rate / 1e9 for v in self.levels},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to multiply bytes: the loop `ceiling_NAME`, what it is in words, and the C that it is written in."""

    name: str
    words: str
    needs: tuple[CFunction, ...] = ()


def _ways(isa: ISA) -> list[_Way]:
    """How kernels for `isa` multiply bytes."""
    if not has_dialect(isa):
        return [_Way("plain", "plain C")]
    found = [_Way("dot", "dot products" if isa.features & {"vnni", "sdot"} else "products of 16 bits", (dot(isa),))]
    if isa.byte_pairs:
        found.append(_Way("pairs", "pairs of bytes", (shorts(isa),)))
    if "smull" in isa.features:
        found.append(_Way("widened", "widened products", (chunks(isa),)))
    if "i8mm" in isa.features:
        found.append(_Way("matrices", "products of matrices", (matrices(isa),)))
    if "amx" in isa.features and amx_allowed():
        found.append(_Way("tiles", "AMX tiles", (CONFIGURE,)))
    return found


def source(isa: ISA) -> tuple[str, list[_Way]]:
    """The loops in C, as wide as `isa`, and the ways to multiply bytes among them."""
    ways = _ways(isa)
    # what has no vectors is measured by those that every gcc and clang makes of plain C on its own
    needs = [*(f for way in ways for f in way.needs)] or [dialect(isa) if isa.vector_bytes else _SIXTEEN_BYTES]
    functions = callees_first(needs)
    headers = dict.fromkeys(["stdint.h", *(h for f in functions for h in f.headers)])
    rows = "SIX" if isa.registers >= 32 else "FOUR"
    facts = [f"#define ROWS(M) {rows}(M)", *(f"#define WAY_{way.name}" for way in ways)]
    return "\n".join([*(f"#include <{h}>" for h in headers), *(f.text for f in functions), *facts, SOURCE.read_text()]), ways


def measure(target: str = "host") -> Ceilings:
    """Compile the loops with the bundled clang for a target that runs here, and run them: about three seconds. Raises BuildError."""
    chosen = get_target(target)
    folder = Path(tempfile.mkdtemp(prefix="pith-ceilings-"))
    try:
        return _measure(*build(folder, chosen), chosen.isa.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build(folder: Path, target: Target) -> tuple[Path, list[_Way]]:
    """The loops for `target` as a library in `folder`, and the ways to multiply bytes among them. Raises BuildError."""
    compiler, library = find_compiler(), folder / "libceilings.so"
    text, ways = source(target.isa)
    (folder / "ceilings.c").write_text(text)
    compiler.compile(folder / "ceilings.c", folder / "ceilings.o", target, ["-O3"])
    compiler.link_shared([folder / "ceilings.o"], library, ["ceiling_float", "ceiling_read", *(f"ceiling_{w.name}" for w in ways)])
    return library, ways


def _measure(path: Path, ways: list[_Way], isa: str) -> Ceilings:
    library, out = ctypes.CDLL(str(path)), np.zeros(16, np.float32)
    flops = _operations(library.ceiling_float, out)
    int8, way = max((_operations(library[f"ceiling_{w.name}"], out), w.words) for w in ways)
    read = library.ceiling_read
    read.restype, read.argtypes = None, [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
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
    return Ceilings(flops, tuple(levels), isa, int8, way)


def _operations(loop: Any, out: np.ndarray) -> float:
    """Operations a second of one of the loops that multiply."""
    loop.restype, loop.argtypes = ctypes.c_int64, [ctypes.c_int64, ctypes.c_void_p]
    return float(loop(1, out.ctypes.data) * _best(lambda n: loop(n, out.ctypes.data)))


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

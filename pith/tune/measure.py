"""Time the candidates of calls: one library with a function for each, run in turns."""

from __future__ import annotations

import ctypes
import functools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pith.artefact import write_sources
from pith.emit.c import emit
from pith.emit.pool import CODE as POOL_CODE
from pith.kernels.base import Call, Kernel, Operand, Schedule
from pith.kernels.choice import with_schedule
from pith.kernels.cost_f32 import streams
from pith.lower.program import Program, Weights
from pith.lower.single import lower_call
from pith.ops.base import Cost
from pith.runtime.library import Library
from pith.runtime.pool import Pool
from pith.targets.base import Target
from pith.targets.build import build_shared
from pith.targets.compiler import Compiler

_ALIGN = 64
# takes weights out of the caches; where that cannot be said they stay in, and measured kernels look a little too good
_FORGET = """
int tune_forget(const void *skip, const void *bytes);
int tune_forget(const void *skip, const void *bytes) {
#if defined(__x86_64__) && defined(__GNUC__)
  const unsigned char *const p = tune_weights + (uintptr_t)skip;
  for (uintptr_t i = 0; i < (uintptr_t)bytes; i += 64) __builtin_ia32_clflush(p + i);
  __builtin_ia32_mfence();
#else
  (void)skip;
  (void)bytes;
#endif
  return 0;
}
"""
_BLOCK = 100e-6  # seconds that one measurement takes at least, calls being repeated
AGREE = 1e-4  # of the largest value: how far results may lie from those of the predicted choice


@dataclass(slots=True)
class Contest:
    """A call and the candidates for it, the predicted one first; `seconds` it takes, `errors`: the distance of each
    candidate's result from the first one's, of its largest value. Both are empty until measured."""

    call: Call
    cost: Cost
    candidates: list[tuple[Kernel, Schedule]]
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    @property
    def sound(self) -> list[int]:
        """Candidates that were measured and whose result agrees with the predicted one's."""
        return [i for i, e in enumerate(self.errors) if e <= AGREE]

    @property
    def best(self) -> int:
        """The fastest sound candidate."""
        return min(self.sound, key=lambda i: self.seconds[i])


def _aligned(nbytes: int) -> np.ndarray:
    raw = np.zeros(nbytes + _ALIGN, np.uint8)
    skip = -raw.ctypes.data % _ALIGN
    return raw[skip : skip + nbytes]


def _extent(x: Operand) -> int:
    """Elements from the first to the last of a strided operand."""
    return 1 + sum((d - 1) * abs(s) for d, s in zip(x.shape, x.strides, strict=True)) if x.type.size else 0


class _Arrays:
    """Memory for the operands of a call, filled at random."""

    def __init__(self, call: Call, arena: int) -> None:
        rng = np.random.default_rng(0)
        self.inputs: dict[int, np.ndarray] = {}
        for i, x in enumerate(call.inputs):
            if x is not None and x.const is None:
                data = _aligned(_extent(x) * x.type.dtype.itemsize)
                dtype, count = x.type.dtype.np, _extent(x)
                noise = rng.standard_normal(count) if x.type.dtype.is_float else rng.integers(0, 2, count)
                data.view(dtype)[:] = noise.astype(dtype)
                self.inputs[i] = data
        self.outputs = [_aligned(_extent(y) * y.type.dtype.itemsize) for y in call.outputs]
        self.arena = _aligned(max(arena, _ALIGN))
        self.call = call

    def warm(self) -> None:
        """Bring the inputs into cache, as the steps before would."""
        for a in self.inputs.values():
            np.copyto(a, a)

    def result(self) -> list[np.ndarray]:
        """The outputs as they are now, in double precision."""
        found = []
        for y, data in zip(self.call.outputs, self.outputs, strict=True):
            values = data.view(y.type.dtype.np)
            shaped = np.lib.stride_tricks.as_strided(values, y.shape, [s * values.itemsize for s in y.strides])
            found.append(shaped.astype(np.float64))
        return found


def _pointers(program: Program, arrays: _Arrays) -> tuple[ctypes.Array[ctypes.c_void_p], ctypes.Array[ctypes.c_void_p]]:
    into = [arrays.inputs[int(p.name[1:])].ctypes.data for p in program.inputs]
    out = [a.ctypes.data for a in arrays.outputs]
    return (ctypes.c_void_p * max(1, len(into)))(*into), (ctypes.c_void_p * max(1, len(out)))(*out)


@contextmanager
def _opened(programs: Sequence[Program], weights: Weights, target: Target, compiler: Compiler, opt: str) -> Iterator[Library]:
    """All programs built into one library, which is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="pith-tune-") as name:
        folder = Path(name)
        sources = emit("tune", programs, weights.blob(), embed=True)
        write_sources(folder, replace(sources, code=sources.code + (_FORGET if weights.size else "")), embed=True)
        several = sources.threads > 1
        names = [f"tune_{k}" for k in range(len(programs))] if len(programs) > 1 else ["tune"]
        exports = [f"{n}_run{'_parallel' if several else ''}" for n in names] + (["pith_pool_new", "pith_pool_free"] if several else [])
        exports += ["tune_forget"] if weights.size else []
        hosted = [POOL_CODE] if several else []
        built = build_shared(folder, "tune", target, compiler, exports=exports, opt=opt, hosted=hosted)
        yield Library(built.library)


@dataclass(slots=True)
class _Lowered:
    """A candidate as a program, and the bytes of the weights that are its own (or its kernel's with another schedule)."""

    program: Program
    weights: tuple[int, int]


def _lowered(contest: Contest, weights: Weights) -> list[_Lowered]:
    programs: list[Program] = []
    spans: dict[str, tuple[int, int]] = {}
    begin = weights.size
    for kernel, schedule in contest.candidates:
        start = weights.size
        programs.append(lower_call(kernel, with_schedule(contest.call, schedule), weights, contest.cost))
        spans.setdefault(kernel.name, (start, weights.size - start))
    whole = (begin, weights.size - begin)  # for a kernel that packs its weights just as another one does
    return [_Lowered(p, spans[k.name] if spans[k.name][1] else whole) for p, (k, _) in zip(programs, contest.candidates, strict=True)]


def measure(
    contests: Sequence[Contest], target: Target, compiler: Compiler, opt: str, *,
    seconds: float, rounds: int = 9, say: Callable[[float], None] = lambda done: None,
) -> None:  # fmt: skip
    """Fill in `seconds` and `errors` of the contests, each of them taking as much time as `seconds` leaves it. The candidates
    of a call run in turns, so that what else the machine does meets them all."""
    weights = Weights()
    lowered = [_lowered(c, weights) for c in contests]
    end = time.perf_counter() + seconds
    programs = [x.program for own in lowered for x in own]
    with _opened(programs, weights, target, compiler, opt) as library:
        threads = contests[0].call.options.threads
        pool = Pool(library, threads) if threads > 1 else None
        forget = library.function("tune_forget", 2) if weights.size else None
        # of one thread, the time in which it ran: others that share its processor do not count
        clock, k = time.thread_time if pool is None else time.perf_counter, 0
        for n, (contest, own) in enumerate(zip(contests, lowered, strict=True)):
            arrays = _Arrays(contest.call, max(x.program.arena_size for x in own))
            runs: list[Callable[[], None]] = []
            before: list[Callable[[], None]] = []
            for x in own:
                runs.append(_runner(library, "tune" if len(programs) == 1 else f"tune_{k}", x.program, arrays, pool))
                k += 1
            if forget is not None and streams(contest.call) and own[0].weights[1]:
                before = [functools.partial(_forget, forget, x.weights, arrays) for x in own]
            contest.errors = _errors(runs, arrays)
            budget = (end - time.perf_counter()) / (len(contests) - n)
            contest.seconds = _race(runs, before, clock, rounds, budget)
            say((n + 1) / len(contests))
        if pool is not None:
            pool.close()


def _forget(function: Callable[..., int], weights: tuple[int, int], arrays: _Arrays) -> None:
    function(*weights)
    arrays.warm()


def _runner(library: Library, name: str, program: Program, arrays: _Arrays, pool: Pool | None) -> Callable[[], None]:
    into, out = _pointers(program, arrays)
    arena = arrays.arena.ctypes.data
    own = (ctypes.addressof(into), ctypes.addressof(out))
    held = (library, into, out, arrays)
    if pool is None:
        function = library.function(f"{name}_run", 3)
        arguments: tuple[int, ...] = (arena, *own)
    else:
        function = library.function(f"{name}_run_parallel", 4)
        arguments = (arena, *own, pool.address())

    def run(_held: object = held) -> None:
        function(*arguments)

    return run


def _errors(runs: Sequence[Callable[[], None]], arrays: _Arrays) -> list[float]:
    first: list[np.ndarray] = []
    errors = []
    for run in runs:
        for a in arrays.outputs:
            a[:] = 0xFF  # so that what a candidate leaves out shows
        run()
        got = arrays.result()
        first = first or got
        worst = 0.0
        for a, b in zip(first, got, strict=True):
            scale = float(np.abs(np.where(np.isfinite(a), a, 0)).max(initial=0.0)) or 1.0
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            worst = max(worst, float(np.where(same, 0.0, np.abs(a - b)).max(initial=0.0)) / scale)
        errors.append(worst if worst == worst else float("inf"))
    return errors


def _race(
    runs: Sequence[Callable[[], None]], before: Sequence[Callable[[], None]], clock: Callable[[], float], rounds: int, budget: float
) -> list[float]:
    """Seconds of each, from at least three rounds however long they take: the first one's as in its fastest rounds, the
    others' by the median of their ratios to it round by round, since a processor is now faster and now slower for all.
    before: what is done before each run, not timed; without it a run before brings the candidate's weights and code into
    cache, and short ones are repeated."""
    times: list[list[float]] = [[] for _ in runs]
    repeats = [1] * len(runs)
    if not before:
        for i, run in enumerate(runs):
            run()
            t = clock()
            run()
            repeats[i] = max(1, min(1000, round(_BLOCK / max(1e-7, clock() - t))))
    end = time.perf_counter() + budget
    for r in range(rounds):
        if r >= 3 and time.perf_counter() > end:
            break
        for i, run in enumerate(runs):
            run()
            if before:
                before[i]()
            t = clock()
            for _ in range(repeats[i]):
                run()
            times[i].append((clock() - t) / repeats[i])
    base = statistics.fmean(sorted(times[0])[: max(1, len(times[0]) // 4)])
    return [base * statistics.median(a / b for a, b in zip(t, times[0], strict=True)) for t in times]

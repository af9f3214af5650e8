"""Work spread over the cores there are: several pieces at a time, results in the order of the pieces.

NumPy, compiled networks and C compilers let go of Python's lock, so threads are enough. What comes out does not depend on how many there
are: each piece is computed by itself, and whoever takes the results adds them up one after the other.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")
_ROOM = 2 << 30  # bytes that results under way may take together
_here = threading.local()  # .busy: in the threads of `in_order`
_turn = threading.Lock()  # for the two below
_asking = 0  # how many are in `one_blas_thread`
_before: list[tuple[Callable[[int], object], int]] = []  # what sets the threads of each OpenBLAS, and how many it had


def count() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Iterable[Item], *, size: int = 0) -> Iterator[Result]:
    """`work` of each of `items`, in their order, as many at a time as there are cores.

    size: bytes that a result, or what it is made of, takes; fewer are then under way where memory would become tight. `items` are taken in
    the caller's thread, a few ahead. An exception comes where the result would have come; before it leaves here, whatever was under
    way has ended. Where a caller leaves its loop early, that holds once the
    generator is closed. Within `work`, other calls of this
    function do one thing after the other.
    """
    lanes = min(count(), max(1, _ROOM // max(size, 1) - 1))
    if lanes < 2 or getattr(_here, "busy", False):
        yield from map(work, items)
        return

    def one(item: Item) -> Result:
        _here.busy = True
        return work(item)

    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(lanes)
    try:
        for item in items:
            waiting.append(pool.submit(one, item))
            if len(waiting) > lanes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's OpenBLAS from starting threads of its own meanwhile: those of `in_order` fill the cores, and how a product is divided
    among threads may change its last bits. Another BLAS is left as it is. The last of several that overlap puts back what was."""
    global _asking
    with _turn:
        if not _asking:
            _before[:] = [(put, get()) for put, get in _openblas()]
            for put, _ in _before:
                put(1)
        _asking += 1
    try:
        yield
    finally:
        with _turn:
            _asking -= 1
            if not _asking:
                for put, before in _before:
                    put(before)


def _openblas() -> Iterator[tuple[Callable[[int], object], Callable[[], int]]]:
    """What sets and what tells the number of threads, of each OpenBLAS that NumPy's own package brought or that is loaded."""
    package = Path(np.__file__).parent
    files = {str(f) for folder in (package.with_name("numpy.libs"), package / ".dylibs") for f in folder.glob("*openblas*")}
    with contextlib.suppress(OSError):
        files |= {line.split(maxsplit=5)[5].strip() for line in Path("/proc/self/maps").read_text().splitlines() if "openblas" in line}
    for file in sorted(files):
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(file)
            for before, behind in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
                put, get = (getattr(library, f"{before}openblas_{what}_num_threads{behind}", None) for what in ("set", "get"))
                if put is not None and get is not None:
                    yield put, get
                    break

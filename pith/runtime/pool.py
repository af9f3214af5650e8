"""The pool of threads inside a library that was compiled for several."""

from __future__ import annotations

import ctypes
import os
import weakref

from pith.graph.errors import BuildError
from pith.runtime.library import Library


class Pool:
    """Threads that run a network together; made on first use, and again in a forked process, which has none of them."""

    def __init__(self, library: Library, threads: int) -> None:
        self.threads = threads
        self._library = library
        self._new = library.function("pith_pool_new", 0)
        self._new.argtypes, self._new.restype = [ctypes.c_int32], ctypes.c_void_p
        self._process = -1
        self._address = 0
        self._free: weakref.finalize[[Library, int, int], Pool] | None = None

    def address(self) -> int:
        """Address of the C pool; 0, which stands for the calling thread alone, where one thread is wanted.

        Raises BuildError when the system gives no threads.
        """
        if self.threads == 1:
            return 0
        if self._process != os.getpid():
            self._address = self._new(self.threads) or 0
            if not self._address:
                raise BuildError(f"the system gives no {self.threads} threads", try_="fewer threads, or another time")
            self._process = os.getpid()
            if self._free is not None:
                self._free.detach()  # the threads of the process that this one was forked from
            self._free = weakref.finalize(self, _free, self._library, self._address, self._process)
            self._free.atexit = False  # the process takes them with it
        return self._address

    def close(self) -> None:
        """End the threads now."""
        if self._free is not None:
            self._free()
        self._free, self._process = None, -1


def _free(library: Library, address: int, process: int) -> None:
    if process == os.getpid():
        library.function("pith_pool_free", 1)(address)

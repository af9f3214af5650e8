"""A shared library opened under a name of its own, and closed when nobody needs it."""

from __future__ import annotations

import _ctypes
import contextlib
import ctypes
import os
import re
import tempfile
import weakref
from pathlib import Path

from pith.graph.errors import BuildError

BUILD_DIGITS = 16  # of NAME_build, the text that tells one compilation from another


class Library:
    """One opened library. It stays open as long as this object lives.

    The dynamic linker knows libraries by the path they were opened with: a second one at the same path (a network compiled
    again into its folder) would silently be the first. So each is opened through a link with a name never used before.
    """

    def __init__(self, path: Path) -> None:
        """Raises BuildError when the library cannot be loaded."""
        try:
            self._dll = _open(path.resolve())
        except OSError as e:
            why = re.sub(r"^\S*pith-load-[^/]*/", "", str(e))  # the link is gone
            raise BuildError(
                "the compiled library cannot be loaded", where=str(path), why=why, try_="compile again on this machine"
            ) from None
        # at exit the process takes everything with it; until then another thread may still be inside
        weakref.finalize(self, _ctypes.dlclose, self._dll._handle).atexit = False

    def function(self, name: str, arguments: int) -> ctypes._NamedFuncPointer:
        """The function `name` of so many pointers, which returns an int. Raises BuildError where there is none."""
        try:
            found = self._dll[name]
        except AttributeError:
            raise BuildError(f"the library has no function {name}", why="it is not the one its manifest.json describes",
                             try_="compile again") from None  # fmt: skip
        found.argtypes = [ctypes.c_void_p] * arguments
        found.restype = ctypes.c_int
        return found

    def text(self, name: str) -> str:
        """The text constant `name` of BUILD_DIGITS characters; empty where there is none."""
        try:
            return (ctypes.c_char * (BUILD_DIGITS + 1)).in_dll(self._dll, name).value.decode("ascii", "replace")
        except ValueError:
            return ""


def _open(path: Path) -> ctypes.CDLL:
    try:
        folder = tempfile.mkdtemp(prefix="pith-load-")
    except OSError:
        return ctypes.CDLL(str(path))  # nowhere to put a link
    link = os.path.join(folder, path.name)
    try:
        os.symlink(path, link)
        return ctypes.CDLL(link)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(link)
        with contextlib.suppress(OSError):
            os.rmdir(folder)

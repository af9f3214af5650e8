"""A shared library opened under a name of its own, and closed when nobody needs it."""

from __future__ import annotations

import _ctypes
import contextlib
import ctypes
import os
import re
import struct
import tempfile
import weakref
from pathlib import Path

from pith.graph.errors import BuildError

_HEADS = 1 << 16  # bytes of program headers that are looked at
_LOADED = 1  # PT_LOAD (System V ABI, program header)
BUILD_DIGITS = 16  # of NAME_build, the text that tells one compilation from another


class Library:
    """One opened library. It stays open as long as this object lives.

    The dynamic linker knows libraries by the path they were opened with: a second one at the same path (a network compiled
    again into its folder) would silently be the first. So each is opened through a link with a name never used before.
    """

    def __init__(self, path: Path) -> None:
        """Raises BuildError when the library cannot be loaded."""
        if lacks := missing_bytes(path):
            raise BuildError("the compiled library is not whole", where=str(path), why=f"{lacks:,} bytes of it are missing",
                             try_="compile again, or copy the folder again")  # fmt: skip
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


def missing_bytes(path: Path) -> int:
    """How many bytes of what an ELF file says is to be mapped lie beyond its end; 0 for anything else, of which the dynamic linker
    says what is wrong. It maps a file that was cut off, and the process dies of the first touch."""
    try:
        with path.open("rb") as f:
            head = f.read(64)
            size = os.fstat(f.fileno()).st_size
            if head[:4] != b"\x7fELF" or len(head) < 64 or head[4] not in (1, 2) or head[5] != 1:  # (little-endian alone)
                return 0
            wide = head[4] == 2
            (start,), (entry, count) = struct.unpack_from("<Q" if wide else "<I", head, 32 if wide else 28), struct.unpack_from("<HH", head, 54 if wide else 42)
            f.seek(min(start, size))
            table = f.read(min(entry * count, _HEADS))
    except OSError:
        return 0
    end = start + entry * count
    for at in range(0, len(table) - (56 if wide else 32) + 1, max(entry, 1)):
        kind, offset, length = struct.unpack_from("<I4xQ16xQ" if wide else "<II8xI", table, at)
        if kind == _LOADED:
            end = max(end, offset + length)
    return max(0, int(end) - size)


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

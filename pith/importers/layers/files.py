"""Reading the files of a model as hostile input: nothing is read that is no plain file or is too large."""

from __future__ import annotations

from pathlib import Path

from pith.graph import ModelError

MAX_TEXT = 2**23  # bytes of a network description: a hundred of them describe a layer
MAX_DATA = 2**31 - 1  # bytes of a weights file

# What damaged or hostile content can raise while it is read; all of it becomes a ModelError.
FOREIGN = (
    ArithmeticError, AssertionError, AttributeError, BufferError, LookupError, MemoryError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


def read_file(path: Path, limit: int = MAX_DATA) -> bytes:
    """The bytes of a plain file. Raises ModelError when it is missing, no file, unreadable or larger than `limit`."""
    where = str(path)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelError("this is not a file", where=where, try_="give the path of a model file")
        if size > limit:
            raise ModelError(f"the file has {size:,} bytes", where=where, why=f"at most {limit:,} are read")
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError("there is no such file", where=where, try_="check the path") from None
    except OSError as e:
        raise ModelError("the file cannot be read", where=where, why=e.strerror or str(e)) from e


def sibling(path: Path, suffix: str, *suffixes: str) -> Path:
    """The file beside `path` with the same name up to `suffix` (the end of its name) and one of `suffixes`, in any case.

    The first of them that exists, else the first.
    """
    stem = path.name[: len(path.name) - len(suffix)]
    choices = [path.with_name(stem + s) for given in suffixes for s in dict.fromkeys((given, given.upper()))]
    return next((c for c in choices if c.exists()), choices[0])

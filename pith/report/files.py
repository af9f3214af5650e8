"""Files that a command leaves behind: refused before any work where they cannot be written, and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from pith.cache import temporary, tidy
from pith.graph.errors import InputError


def check_place(path: Path, endings: Sequence[str] = ()) -> None:
    """Refuse a file that cannot be written, or whose name does not end in one of `endings`. Raises InputError."""
    if endings and path.suffix not in endings:
        *most, last = endings
        raise InputError(f"cannot write {path.name}", try_=f"a name that ends in {', '.join(most)}{' or ' if most else ''}{last}")
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}", why=f"there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"cannot write {path}", why="there is a folder of that name", try_="another name")
    path = _followed(path)
    if _stays(path):
        if not os.access(path, os.W_OK):
            raise InputError(f"cannot write {path}", why="it may not be written", try_="another name")
        return
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}", why=f"there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {path}", why=f"the folder {path.parent} may not be written", try_="another folder")


def _stays(path: Path) -> bool:
    """Whether it is written where it is: a device or a pipe, such as /dev/stdout."""
    return path.exists() and (not path.is_file() or (path.is_symlink() and path.parts[:2] in (("/", "dev"), ("/", "proc"))))


def _followed(path: Path) -> Path:
    """What a link leads to, or would if it were there; the path itself where it is none, or leads to what is open already."""
    return path if _stays(path) or not path.is_symlink() else path.resolve()


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` (of what a link leads to) when the block ends well; of one that does not, nothing
    stays, but in devices and pipes. Raises InputError."""
    new, path = None, _followed(path)
    try:
        if _stays(path):
            with path.open("wb") as f:
                yield f
            return
        tidy(path.parent)
        handle, new = tempfile.mkstemp(dir=path.parent, prefix=temporary(path.name))
        with os.fdopen(handle, "wb") as f:
            yield f
        os.chmod(new, 0o644)
        os.replace(new, path)
    except OSError as e:
        raise InputError(f"cannot write {path}", why=e.strerror or str(e), try_="another folder, or room on the disk") from e
    finally:
        if new is not None:
            Path(new).unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` as `whole` does. Raises InputError."""
    with whole(path) as f:
        f.write(data)

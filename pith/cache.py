"""The folder of finished compilations: where it is, and that it does not grow without end; and what killed processes left anywhere."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from pathlib import Path

_ABANDONED = 3600.0  # seconds after which an entry that is still being written is taken for left behind
_STALE = 86400.0  # seconds after which what is `temporary` is taken for left behind
_TEMPORARY = re.compile(r"\..*\.pith-tmp-(\d+)-[a-z0-9_]{8}", re.DOTALL)  # as `tempfile` makes of `temporary`
LIMIT = 1 << 30  # bytes that stay after a new entry is added


def cache_folder() -> Path | None:
    """`$PITH_CACHE`, or `pith` in the user's cache folder; None where that cannot be written (nothing is cached then)."""
    root = os.environ.get("PITH_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "pith"
    )
    folder = Path(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def temporary(name: str) -> str:
    """What this process's temporary file or folder beside `name` is to begin with, for `tempfile` without a suffix; `tidy` knows it by that."""
    return f".{name[:40]}.pith-tmp-{os.getpid()}-"


def tidy(folder: Path) -> None:
    """Remove from `folder` what is `temporary`, this user's, a day old, and of a process that is no more. What cannot be removed stays."""
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            with contextlib.suppress(OSError):
                named, facts = _TEMPORARY.fullmatch(entry.name), entry.lstat()
                if named is None or facts.st_uid != os.getuid() or time.time() - facts.st_mtime < _STALE or _alive(int(named[1])):
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink()


def _alive(process: int) -> bool:
    """Whether there is a process of that number; another may have taken it over since."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def trim(folder: Path, limit: int = LIMIT) -> None:
    """Remove the entries used longest ago until the others take at most `limit` bytes; the newest always stays.

    An entry's time of use is the modification time of its manifest (see `touch`). Whatever vanishes meanwhile is skipped.
    """
    entries = []
    for entry in folder.iterdir():
        try:
            if entry.name.startswith(".") and time.time() - entry.stat().st_mtime > _ABANDONED:
                shutil.rmtree(entry, ignore_errors=True)  # of a process that was killed
                continue
            used = (entry / "manifest.json").stat().st_mtime_ns
            entries.append((used, sum(f.stat().st_size for f in entry.rglob("*")), entry))
        except OSError:
            continue  # no entry, or one that another process writes or removes
    total = 0
    for k, (_, size, entry) in enumerate(sorted(entries, reverse=True)):
        total += size
        if k and total > limit:
            shutil.rmtree(entry, ignore_errors=True)


def is_whole(entry: Path) -> bool:
    """Whether the entry holds what its manifest names, in full (another process may remove it, a disk may damage it)."""
    try:
        files = json.loads((entry / "manifest.json").read_text())["files"]
        return bool(files) and all((entry / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def touch(entry: Path) -> None:
    """Note that `entry` was used now."""
    try:
        os.utime(entry / "manifest.json")
    except OSError:
        return  # read-only, or gone: only the order of removal depends on it

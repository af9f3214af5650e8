"""Write an artefact folder: C sources, weights, library, manifest; whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pith.cache import temporary, tidy
from pith.emit.c import Sources
from pith.emit.pool import pool_sources
from pith.graph import BuildError
from pith.graph.errors import disk_full

_MANIFEST = "manifest.json"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A temporary sibling of `target` that takes its place when the block ends well, and vanishes when it does not.

    The files of an artefact that was in `target` before go; others stay. Raises BuildError for a full disk or no permission.
    """
    work: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        tidy(target.parent)
        work = Path(tempfile.mkdtemp(prefix=temporary(target.name), dir=target.parent))
        yield work
        if target.exists():
            _move_into(work, target)
        else:
            work.chmod(0o755)
            os.replace(work, target)
        work = None
    except OSError as e:
        raise as_build_error(e, target) from e
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)


def _move_into(new: Path, target: Path) -> None:
    """Move the files of `new` into the folder `target`; nothing is touched when one of them cannot be."""
    files = [str(p.relative_to(new)) for p in new.rglob("*") if p.is_file()]
    for name in files:
        if (target / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder is in the way", str(target / name))
    before = _files_of(target)
    for name in sorted(files, key=lambda n: (n == _MANIFEST, n)):  # the manifest comes last: it vouches for the rest
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(new / name, target / name)
    for name in before - set(files):
        (target / name).unlink(missing_ok=True)
    shutil.rmtree(new, ignore_errors=True)


def _files_of(folder: Path) -> set[str]:
    """Paths of the files that the artefact in `folder` consists of, by its manifest; none where there is none."""
    try:
        files = json.loads((folder / _MANIFEST).read_text())["files"]
        return {name for name in files if isinstance(name, str) and _within(name) and name != _MANIFEST}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _within(name: str) -> bool:
    """Whether a path stays within the folder it is relative to, and goes into no other than `examples`."""
    parts = Path(name).parts
    return name == "/".join(parts) and ".." not in parts and (len(parts) == 1 or (len(parts) == 3 and parts[0] == "examples"))


def as_build_error(e: OSError, where: Path) -> BuildError:
    """An operating system error as one a user can act on."""
    copied = isinstance(e, shutil.Error) and isinstance(e.args[0], list)  # of a folder: (from, to, why) of each file
    why = str(e.args[0][0][2]) if copied else e.strerror or str(e)
    if any(e.errno == full or (copied and f"[Errno {full}]" in why) for full in (errno.ENOSPC, errno.EDQUOT)):
        return disk_full(str(where), why)
    why = "it is a file, not a folder" if where.is_file() else why
    return BuildError("cannot write the artefact", where=str(where), why=why, try_="choose another folder with -o")


def write_sources(folder: Path, sources: Sources, *, embed: bool) -> None:
    """NAME.c, NAME.h, NAME_weights.c; when embedded or apart, NAME_weights.bin; for several threads, the pool."""
    (folder / f"{sources.name}.h").write_text(sources.header)
    (folder / f"{sources.name}.c").write_text(sources.code)
    (folder / f"{sources.name}_weights.c").write_text(sources.weights_c)
    if sources.weights and (embed or sources.apart):
        (folder / f"{sources.name}_weights.bin").write_bytes(sources.weights)
    for name, text in pool_sources().items() if sources.threads > 1 else ():
        (folder / name).write_text(text)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """manifest.json, with the size of every file that is in `folder` now."""
    files = {p.relative_to(folder).as_posix(): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file() and p.name != _MANIFEST}
    (folder / _MANIFEST).write_text(json.dumps(manifest | {"files": files}, indent=1) + "\n")


def code_size(library: Path) -> int:
    """Bytes of machine code (.text) in an ELF library; 0 when it is no little-endian ELF."""
    import struct

    data = library.read_bytes()
    if data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] != 1:
        return 0
    start, sizes, place, header = ("<Q", 58, 40, "<IIQQQQIIQQ") if data[4] == 2 else ("<I", 46, 32, "<10I")
    offset, entry, count, names = struct.unpack_from(start, data, place)[0], *struct.unpack_from("<HHH", data, sizes)
    headers = [struct.unpack_from(header, data, offset + i * entry) for i in range(count)]
    base = headers[names][4] if headers else 0
    total = 0
    for h in headers:
        end = data.index(b"\0", base + h[0])
        if data[base + h[0] : end].startswith(b".text"):
            total += h[5]
    return total

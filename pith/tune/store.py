"""What was measured, on disk: one JSON file for each processor, compiler and state of the kernels, in the folder of the cache."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pith.cache import temporary, tidy
from pith.kernels.base import Schedule
from pith.targets.base import Target
from pith.targets.compiler import compiler_version
from pith.targets.cpu import caches, model_name
from pith.version import VERSION

_ROOMS = ("kernels", "vector", "tune", "targets")  # whose code decides which kernel is how fast
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Found:
    """The kernel and schedule chosen for a call; seconds of it and of the predicted choice, which may be itself."""

    kernel: str
    schedule: Schedule
    seconds: float
    predicted: float


@functools.cache
def _sources() -> str:
    root = Path(__file__).parents[1]
    h = hashlib.sha256()
    for path in sorted(p for room in _ROOMS for p in (root / room).rglob("*.py")):
        h.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return h.hexdigest()


def place(folder: Path, target: Target, cc: str | None, opt: str) -> Path:
    """The file for this processor, this target's code, the compiler and Pith as it is."""
    isa = target.isa
    facts = [
        _FORMAT, VERSION, _sources(), model_name(), sorted(caches().items()), isa.name, isa.vector_bytes, isa.near, isa.last,
        list(target.cflags), compiler_version(cc), opt,
    ]  # fmt: skip
    return folder / "tuned" / f"{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]}.json"


def _found(entry: Any) -> Found:
    """Raises KeyError, TypeError, ValueError for what is no entry."""
    kernel, values, seconds, predicted = (entry[k] for k in ("kernel", "schedule", "seconds", "predicted"))
    sound = isinstance(kernel, str) and isinstance(values, dict) and all(type(v) is int for v in values.values())
    if not sound or any(type(s) is not float for s in (seconds, predicted)):
        raise TypeError("no entry")
    return Found(kernel, Schedule.of(**values), seconds, predicted)


def read(path: Path) -> dict[str, Found]:
    """What the file holds, by the key of the call. What is damaged is left out, as is a file that cannot be read."""
    try:
        calls = json.loads(path.read_text())["calls"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    found = {}
    for key, entry in calls:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            found[key] = _found(entry)
    return found


def write(path: Path, found: dict[str, Found]) -> None:
    """Put `found` beside what the file has. Nothing happens where it cannot be written: a later compilation measures again."""
    entries = {
        key: {"kernel": f.kernel, "schedule": dict(f.schedule.values), "seconds": f.seconds, "predicted": f.predicted}
        for key, f in sorted({**read(path), **found}.items())
    }
    text = json.dumps({"pith": VERSION, "processor": model_name(), "calls": entries}, indent=1)
    new = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tidy(path.parent)
        handle, new = tempfile.mkstemp(prefix=temporary("tuned"), dir=path.parent)
        with os.fdopen(handle, "w") as f:
            f.write(text + "\n")
        os.replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(new)

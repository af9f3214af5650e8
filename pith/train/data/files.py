"""Where data lie. Needs no PyTorch."""

from __future__ import annotations

import os
from pathlib import Path

from pith.graph.errors import ConfigError

PICTURES = (".jpg", ".jpeg", ".png", ".bmp")


def data_path(path: str) -> Path:
    """A path below `$PITH_DATA`, unless it exists as it is."""
    given = Path(path)
    return given if given.is_absolute() or given.exists() else Path(os.environ.get("PITH_DATA", ".")) / given


def pictures_below(folder: str, hint: str = "") -> tuple[Path, ...]:
    """Picture files in a folder and below it, by name. Raises ConfigError where there are none."""
    place = data_path(folder)
    found = tuple(sorted(f for f in place.rglob("*") if f.suffix.lower() in PICTURES)) if place.is_dir() else ()
    if not found:
        raise ConfigError("there are no pictures in the folder" if place.is_dir() else "there is no such folder", where=str(place), try_=hint)
    return found

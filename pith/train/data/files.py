"""Where data lie. Needs no PyTorch."""

from __future__ import annotations

import os
from pathlib import Path


def data_path(path: str) -> Path:
    """A path below `$PITH_DATA`, unless it exists as it is."""
    given = Path(path)
    return given if given.is_absolute() or given.exists() else Path(os.environ.get("PITH_DATA", ".")) / given

"""Shared fixtures: the data folder, and a build cache of the test run's own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("PITH_CACHE", os.path.join(tempfile.gettempdir(), f"pith-test-cache-{os.getuid()}"))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real models and pictures; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("PITH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder} (set PITH_DATA)")
    return folder

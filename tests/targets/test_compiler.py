"""Tools that fail: what they said, and what the system did to them, in words."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pith.graph import BuildError
from pith.targets.compiler import run


@pytest.fixture
def tool(tmp_path: Path) -> Callable[[str], str]:
    def make(text: str) -> str:
        path = tmp_path / "tool"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return make


def failure(command: str, folder: Path) -> BuildError:
    with pytest.raises(BuildError) as caught:
        run([command], folder)
    return caught.value


def test_a_full_disk_that_the_tool_names(tool: Callable[[str], str], tmp_path: Path) -> None:
    """The whole command and a stack of addresses came with it."""
    lines = "echo 'LLVM ERROR: IO failure on output stream: No space left on device' >&2; echo 'Stack dump: 0. Program arguments: zig -c' >&2; exit 1"
    found = failure(tool(lines), tmp_path)
    assert found.what == "the disk is full" and found.where == str(tmp_path) and "PITH_CACHE" in found.try_
    assert found.why == "LLVM ERROR: IO failure on output stream: No space left on device"


def test_a_full_disk_that_kills_the_tool(tool: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The linker writes its result as memory, which is SIGBUS where there is no room: `zig failed (exit code -7)` was all."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=64 << 10))
    found = failure(tool("kill -BUS $$"), tmp_path)
    assert found.what == "the disk is full" and found.why == "tool could not write; 64 KiB are left"


def test_a_tool_that_is_killed(tool: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For lack of memory, whatever room the disk has."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    found = failure(tool("echo words >&2; kill -KILL $$"), tmp_path)
    assert found.what == "tool was ended by SIGKILL" and found.why == "words" and "memory" in found.try_


def test_a_tool_that_refuses(tool: Callable[[str], str], tmp_path: Path) -> None:
    found = failure(tool("echo 'net.c:1: error: no' >&2; exit 3"), tmp_path)
    assert found.what == "tool failed (exit code 3)" and found.why == "net.c:1: error: no"

"""Ctrl-C while the command is still being loaded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("ignored", [False, True])
def test_while_imports_run(tmp_path: Path, ignored: bool) -> None:
    """It was a traceback within the first third of a second, and quiet from then on. A shell starts what goes on in the background with
    the signal ignored, and it stays so."""
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise SystemExit('went on')\n")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(_ROOT)])}
    disposition = signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler)  # whatever started these tests
    try:
        done = subprocess.run([sys.executable, "-m", "pith", "--help"], env=env, capture_output=True, text=True, check=False)
    finally:
        signal.signal(signal.SIGINT, disposition)
    assert (done.returncode, done.stdout, done.stderr) == ((1, "", "went on\n") if ignored else (130, "", ""))


def test_both_commands_begin_there() -> None:
    scripts = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"pith": "pith.__main__:main"}

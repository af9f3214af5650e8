"""Code blocks of the documentation, taken out of the pages and run in a folder that looks like a clone of the project.

What a block is follows from its language and its first line:

- python: run; all python blocks of a page share their names.
- console: lines that begin with `$ ` are commands, the lines under them what they print; `...` stands for any text in a
  line, alone for any lines; a command without lines under it must only succeed.
- any language whose first line is a comment with a path (`# pith/ops/relu.py`): of a file of the project, which must hold
  the block (`...` alone on a line leaves something out), or of a new file, which is saved for the blocks that follow.
- text: shown, never run; it has no commands.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("python", "console", "c", "cmake", "text")
# What sets up a machine is not run again by the tests; `make` goals must exist.
_SETUP = ("pip install ", "python3 -m venv ")
_PATH = re.compile(r"(?:#|//|/\*)\s*([\w./-]+\.\w+)\s*(?:\*/)?$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, text, and line in the page."""

    language: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text()
    found = re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S)
    return [Block(m[1].strip(), m[2], text.count("\n", 0, m.start()) + 2) for m in found]


def make_clone(folder: Path) -> dict[str, str]:
    """Fill `folder` with links to the project and a photograph; returns the environment for commands in it."""
    from PIL import Image

    for name in ("pith", "examples", "docs", "benchmarks", "tests"):
        (folder / name).symlink_to(ROOT / name)
    bin_folder = folder / ".bin"
    bin_folder.mkdir()
    for name, words in (("pith", "-P -m pith"), ("python", "-P")):
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        script.chmod(0o755)
    photo = Image.linear_gradient("L").resize((48, 40)).convert("RGB")
    for name in ("photo.ppm", "photo.jpg", "photo.png"):
        photo.save(folder / name)
    path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "PWD": str(folder)}


def run_page(page: Path, folder: Path) -> None:
    """Run the blocks of `page` in `folder`; an AssertionError or the block's own error says which failed."""
    environment = make_clone(folder)
    names: dict[str, object] = {"__name__": "page"}
    before = Path.cwd()
    os.chdir(folder)
    try:
        for block in blocks_of(page):
            where = f"{page.name}:{block.line}"
            first, _, rest = block.text.partition("\n")
            path = _PATH.match(first)
            if path and block.language != "console":
                _file(path[1], rest, folder, where)
            elif block.language == "python":
                exec(compile(block.text, where, "exec"), names)
            elif block.language == "console":
                run_console(block.text, folder, environment, where)
            elif block.language != "text":
                raise AssertionError(f"{where}: a {block.language or 'nameless'} block must begin with its path")
    finally:
        os.chdir(before)


def _file(path: str, text: str, folder: Path, where: str) -> None:
    real = ROOT / path
    if real.is_file():
        at, whole = 0, real.read_text()
        for part in re.split(r"^\s*\.\.\.\n", text, flags=re.M):
            at = whole.find(part.strip("\n"), at)
            assert at >= 0, f"{where}: {path} does not hold this any more:\n{part}"
    else:
        (folder / path).write_text(text)


def run_console(text: str, folder: Path, environment: dict[str, str], where: str) -> None:
    """Run the commands of a console block and compare what they print."""
    commands: list[tuple[str, list[str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            assert commands, f"{where}: a console block begins with a command"
            commands[-1][1].append(line)
    for command, expected in commands:
        if command.startswith("make "):
            goals = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
            assert command.split()[1] in goals, f"{where}: no goal {command}"
        elif not command.startswith(_SETUP):
            _run(command, expected, folder, environment, where)


def _run(command: str, expected: list[str], folder: Path, environment: dict[str, str], where: str) -> None:
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    refusal = any(line.startswith("error: ") for line in expected)
    assert done.returncode == (2 if refusal else 0), f"{where}: $ {command}\nexit code {done.returncode}\n{printed}"
    if expected:
        shown = [line.rstrip() for line in printed.splitlines()]
        assert matches(expected, shown), f"{where}: $ {command}\nprinted:\n{printed}\nthe page shows:\n" + "\n".join(expected)


def matches(expected: list[str], printed: list[str]) -> bool:
    """Whether `printed` is what the page shows; runs of spaces count as one."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            parts = (re.sub(r"(\\ )+", "[ ]+", re.escape(p)) for p in line.rstrip().split("..."))
            pattern += ".*".join(parts) + r"\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None

"""Code blocks of the documentation, taken out of the pages and run in a folder that looks like a clone of the project.

What a block is follows from its language and its first line:

- python: run; all python blocks of a page share their names.
- console: lines that begin with `$ ` are commands, the lines under them what they print; `...` stands for any text in a
  line, alone for any lines; a command without lines under it must only succeed.
- any language whose first line is a comment with a path (`# pith/ops/relu.py`): of a file of the project, which must hold
  the block (`...` alone on a line leaves something out), or of a new file, which is saved for the blocks that follow.
- text: shown, never run; it has no commands.

What is not run is listed here with the reason, command by command and block by block; anything else runs, or fails.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("python", "console", "c", "cmake", "javascript", "yaml", "text", "toml")
_ENVIRONMENT = "installs packages; the tests run in an environment that has them"
_GOAL = "makes an environment and takes minutes; that the Makefile has the goal is checked"
# Commands of console blocks that are not run, and why.
SKIPPED_COMMANDS = {
    "python3 -m venv .venv && source .venv/bin/activate": _ENVIRONMENT,
    "pip install -e .": _ENVIRONMENT,
    "pip install examples/npu_plugin": _ENVIRONMENT,
    "pith compile network.tflite -t cortex-m4 --accelerator npu": "needs the plug-in installed; its own test has it so",
    "make setup": _GOAL,
    "make demo": _GOAL,
    "make test": _GOAL,
    "make lint": _GOAL,
    "make docs": _GOAL,
}
_PEERS = "installs another engine, or needs one"
SKIPPED_COMMANDS |= {
    "python3 -m venv build/ncnn && build/ncnn/bin/pip install ncnn": _PEERS,
    "python3 -m venv build/pnnx && build/pnnx/bin/pip install torch pnnx": _PEERS,
    "pith bench model.onnx --peers ncnn --python ncnn=build/ncnn/bin/python --python ncnn-convert=build/pnnx/bin/python": _PEERS,
}
_TRAINING = "needs PyTorch, the training pictures and minutes to hours"
_MOBILENEXT = "examples/mobilenext_cifar10/README.md"
# Blocks that are not run, whatever their language: (page, beginning of the block) and why.
SKIPPED_BLOCKS = {
    (_MOBILENEXT, 'pip install "torch=='): _TRAINING,
    (_MOBILENEXT, "python examples/mobilenext_cifar10/train.py --set processes=1"): _TRAINING,
    (_MOBILENEXT, "python examples/mobilenext_cifar10/train.py --out build/try"): _TRAINING,
}
if importlib.util.find_spec("torch") is None:  # run where it is installed
    _TORCH = "needs PyTorch, which is not installed"
    SKIPPED_BLOCKS |= {
        ("docs/models.md", "import numpy as np\nimport pith\nimport torch"): _TORCH,
        ("docs/models.md", "class Scores(torch.nn.Module)"): _TORCH,
        ("docs/models.md", 'net = models.create("resnet20")   '): _TORCH,
        ("docs/models.md", "torch.save("): _TORCH,
        ("docs/training.md", ""): _TORCH,
        ("docs/quantization.md", "import torch\nfrom pith.train import Qat"): _TORCH,
    }
SKIPPED_BLOCKS[("docs/models.md", 'net = models.create("resnet20", pretrained=')] = "needs weights that its authors released"
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


def name_of(page: Path) -> str:
    """The page's path in the project."""
    return str(page.relative_to(ROOT))


def skip_entry(page: Path, block: Block) -> tuple[str, str] | None:
    """The entry of SKIPPED_BLOCKS that says not to run the block, if any."""
    return next((k for k in SKIPPED_BLOCKS if k[0] == name_of(page) and block.text.startswith(k[1])), None)


def commands_of(block: Block, where: str = "") -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines it is shown to print."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            assert commands, f"{where}: a console block begins with a command"
            commands[-1][1].append(line)
    return commands


def make_clone(folder: Path) -> dict[str, str]:
    """Fill `folder` with links to the project, a photograph and a TFLite network; returns the environment for commands in it."""
    from PIL import Image

    from tests.importers.tflite_build import picture_network

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
    (folder / "network.tflite").write_bytes(picture_network())
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
            if skip_entry(page, block):
                continue
            where = f"{page.name}:{block.line}"
            first, _, rest = block.text.partition("\n")
            path = _PATH.match(first)
            if path and block.language != "console":
                _file(path[1], rest, folder, where)
            elif block.language == "python":
                exec(compile(block.text, where, "exec"), names)
            elif block.language == "console":
                run_console(block, folder, environment, where)
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


def run_console(block: Block, folder: Path, environment: dict[str, str], where: str) -> None:
    """Run the commands of a console block and compare what they print."""
    for command, expected in commands_of(block, where):
        if command not in SKIPPED_COMMANDS:
            _run(command, expected, folder, environment, where)


def _run(command: str, expected: list[str], folder: Path, environment: dict[str, str], where: str) -> None:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    printed = done.stdout + done.stderr
    refusal = any(line.startswith("error: ") for line in expected)
    assert done.returncode == (2 if refusal else 0), f"{where}: $ {command}\nexit code {done.returncode}\n{printed}"
    if expected:
        shown = [line.rstrip() for line in printed.splitlines()]
        assert matches(expected, shown), f"{where}: $ {command}\nprinted:\n{printed}\nthe page shows:\n" + "\n".join(
            expected
        )


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

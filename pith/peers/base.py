"""What an engine to compare with is: how it is installed, how it takes a model, how it runs."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

Outputs = dict[str, np.ndarray]
_OWN = ("base", "worker")  # files of this folder that are no engines


class Unable(Exception):
    """The engine cannot run the model; the text says why to the user as it stands."""


@dataclass(frozen=True, slots=True)
class Task:
    """model: the ONNX file as given;  path: what `convert` made of it;  inputs: arrays by name, in the model's order;
    threads: how many the engine may use;  samples: inputs to calibrate with, where it is to make int8 of a float model."""

    model: Path
    path: Path
    inputs: dict[str, np.ndarray]
    threads: int = 1
    samples: tuple[dict[str, np.ndarray], ...] = ()

    @property
    def program(self) -> Path:
        """The torch.export program beside the model. Raises Unable when there is none."""
        path = self.model.with_suffix(".pt2")
        if not path.is_file():
            raise Unable(f"it is converted from a torch.export program, and there is no {path.name} beside the model")
        return path


class Peer:
    """One engine. Subclass it, one file each, and register with `@register("name")`.

    title: its name in tables;  package: what pip installs to run it;  module: what is imported then;
    tools, tool: the same for converting, where that needs more;  converts: whether `convert` does anything;
    tools8, tool8: the same for quantising, empty where the engine has no way to int8 on this kind of processor.
    Methods raise whatever the engine raises; the worker makes it the reason why there is no time.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    package: ClassVar[str] = ""
    module: ClassVar[str] = ""
    tools: ClassVar[str] = ""
    tool: ClassVar[str] = ""
    converts: ClassVar[bool] = False
    tools8: ClassVar[str] = ""
    tool8: ClassVar[str] = ""

    def convert(self, task: Task, folder: Path) -> Path:
        """Write what the engine loads into `folder`; returns the file to open."""
        return task.model

    def quantize(self, task: Task, folder: Path) -> Path:
        """As `convert`, with weights and activations of int8, ranges from `task.samples`, by the engine's own tools."""
        raise Unable(f"what is installed of {self.title} has no way to int8")

    def load(self, task: Task) -> Callable[[], Outputs]:
        """Load `task.path`; the result runs it once on `task.inputs` and returns the outputs, by name where it knows them."""
        raise NotImplementedError

    def finish(self, outputs: Outputs) -> Outputs:
        """What a caller still has to do to the outputs of a run, which is not timed: integers to the numbers they stand for."""
        return outputs

    def environment(self, threads: int) -> dict[str, str]:
        """Environment variables that must be set before the engine is imported."""
        return {"OMP_NUM_THREADS": str(threads)}


PEERS: dict[str, Peer] = {}


def register(name: str) -> Callable[[type[Peer]], type[Peer]]:
    """Class decorator that makes a peer known as `name`, which is also the name of its file."""

    def add(cls: type[Peer]) -> type[Peer]:
        cls.name = name
        PEERS[name] = cls()
        return cls

    return add


def names() -> list[str]:
    """Every engine there is a file for, Pith itself included, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in _OWN)


def get_peer(name: str) -> Peer:
    """The engine called `name`. Raises KeyError."""
    if name not in PEERS:
        if name not in names():
            raise KeyError(name)
        importlib.import_module(f"pith.peers.{name}")
    return PEERS[name]


def has(module: str) -> bool:
    """Whether `module` can be imported here (it is not imported)."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def tool(name: str) -> str:
    """Path of a command installed beside this interpreter."""
    return os.path.join(os.path.dirname(sys.executable), name)


def call(command: list[str]) -> None:
    """Run a converter. Raises Unable with the end of what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        raise Unable(f"{os.path.basename(command[0])} ended with {done.returncode}: {lines[-1] if lines else 'no message'}")


def numbered(outputs: list[np.ndarray]) -> Outputs:
    """Outputs without names of the model's: by position."""
    return {f"#{k}": o for k, o in enumerate(outputs)}

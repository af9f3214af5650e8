"""A target: one small declarative file each, registered by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from pith.targets.cpu import machine, missing, system
from pith.targets.isa.base import ISA


@dataclass(frozen=True, slots=True)
class Emulation:
    """How code for a target is run on another machine.

    runner: a file of pith/emulators;  program: the emulator's command (or its kind, where it is Pith's own);  options: for it, such
    as the processor;  package: what `apt-get install` calls it;  measures: it counts instructions, or its times mean something.
    """

    runner: str
    program: str
    options: tuple[str, ...] = ()
    package: str = ""
    measures: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """Where generated code runs.

    name: as given to `-t`;  description: one line for `pith targets`;  isa: the instruction set kernels are chosen for;
    triple: for clang's `--target`;  cflags: what any gcc-like compiler needs;  std: C dialect;
    cpu_features: what the processor must have, as Linux names it;  embed: weights by the assembler rather than as a C array;
    product: what a build makes: "library" (shared, where the target runs here) or "wasm";  emulation: how it is run elsewhere, if
    it can be;  zig_cpu: the processor in the words of the wheel's compiler, where code needs the compiler's runtime;
    mca: the model of llvm-mca for its cycles, "" where there is none;  trustzone: clang builds its secure world (-mcmse);
    runs: names of other targets whose code its processor runs as well.
    """

    name: str
    description: str
    isa: ISA
    triple: str
    cflags: tuple[str, ...] = ()
    std: str = "gnu99"
    cpu_features: tuple[str, ...] = ()
    embed: bool = True
    product: str = "library"
    emulation: Emulation | None = None
    zig_cpu: str = ""
    mca: str = ""
    trustzone: bool = False
    runs: tuple[str, ...] = ()

    @property
    def hosted(self) -> bool:
        """Whether it is a system with files, shared libraries and threads."""
        return self.triple.split("-")[1:2] == ["linux"]

    def runs_here(self) -> bool:
        """Whether this machine can load and run the library."""
        return not self.not_here()

    def not_here(self) -> str:
        """Why this machine cannot load and run the library, in words for the user; empty where it can."""
        if self.triple.split("-")[:2] != [machine(), "linux"] or system() != "Linux":
            return f"this machine is {machine()} with {system()}"
        if lacking := missing(self.cpu_features):
            return "this processor lacks " + ", ".join(lacking)
        return ""


TARGETS: dict[str, Callable[[], Target]] = {}


def register(name: str) -> Callable[[Callable[[], Target]], Callable[[], Target]]:
    """Decorator for the function that describes target `name` (a function, so that `host` can look at the processor)."""

    def add(make: Callable[[], Target]) -> Callable[[], Target]:
        TARGETS[name] = make
        return make

    return add


def load_all() -> None:
    """Import every target file of this folder."""
    import pith.targets as package

    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg:
            importlib.import_module(f"pith.targets.{module.name}")


def get_target(name: str) -> Target:
    """The target called `name`. Raises UnsupportedError listing the known ones."""
    from pith.graph import UnsupportedError

    load_all()
    if name not in TARGETS:
        raise UnsupportedError(
            f"unknown target {name!r}",
            why="no file in pith/targets describes it",
            try_="one of: " + ", ".join(sorted(TARGETS)),
        )
    return TARGETS[name]()


def targets() -> dict[str, str]:
    """Every known target: name -> description."""
    load_all()
    return {name: TARGETS[name]().description for name in sorted(TARGETS)}

"""A board: its core, its memories, the machine of QEMU that stands for it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A memory: its first address and its bytes."""

    origin: int
    length: int


@dataclass(frozen=True, slots=True)
class Uart:
    """A serial port. kind: firmware/uart_KIND.c drives it;  base: its first register;  hertz: of its clock."""

    kind: str
    base: int
    hertz: int


@dataclass(frozen=True, slots=True)
class Board:
    """name: as given to `--board`;  description: one line;  core: the target it is meant for;  flash: where the vector table,
    code and constants go;  ram: where variables, arena and stack go;  machine: QEMU's name for it, "" where it has none;
    clock: the processor's frequency in Hz, 0 where the board does not fix it;  uart: the serial port
    that firmware may answer on, None where none is described."""

    name: str
    description: str
    core: str
    flash: Region
    ram: Region
    machine: str = ""
    clock: int = 0
    uart: Uart | None = None


BOARDS: dict[str, Callable[[], Board]] = {}


def register(name: str) -> Callable[[Callable[[], Board]], Callable[[], Board]]:
    """Decorator for the function that describes board `name`."""

    def add(make: Callable[[], Board]) -> Callable[[], Board]:
        BOARDS[name] = make
        return make

    return add


def load_all() -> None:
    """Import every board file of this folder."""
    import pith.boards as package

    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg:
            importlib.import_module(f"pith.boards.{module.name}")


def get_board(name: str) -> Board:
    """The board called `name`. Raises UnsupportedError listing the known ones."""
    from pith.graph import UnsupportedError

    load_all()
    if name not in BOARDS:
        raise UnsupportedError(
            f"unknown board {name!r}", why="no file in pith/boards describes it", try_="one of: " + ", ".join(sorted(BOARDS))
        )
    return BOARDS[name]()


def boards() -> list[Board]:
    """Every known board, by name."""
    load_all()
    return [BOARDS[name]() for name in sorted(BOARDS)]

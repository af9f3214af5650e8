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
class Memory:
    """A memory with a name: wait: cycles that a word takes more than in the fastest one;  flash: keeps its contents, and is not
    written;  code: the processor can run code from it."""

    name: str
    region: Region
    wait: int = 0
    flash: bool = False
    code: bool = True


@dataclass(frozen=True, slots=True)
class Worlds:
    """How a board's memory is divided between the worlds of TrustZone.

    flash, ram: the secure world's;  veneers: where its entries lie;  app_flash, app_ram: the application's, at the addresses that
    it uses;  protection: (controller, first byte, byte after the last) of what each memory protection controller (Arm's SIE-200)
    gives to the application;  set_bits: (register, bits) that the secure world sets besides.
    """

    flash: Region
    veneers: Region
    ram: Region
    app_flash: Region
    app_ram: Region
    protection: tuple[tuple[int, int, int], ...] = ()
    set_bits: tuple[tuple[int, int], ...] = ()


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
    clock: the processor's frequency in Hz, 0 where the board does not fix it;  worlds: for TrustZone, where it has that;
    flash_wait: wait states of the flash;  more: other memories;  uart: the serial port that firmware may answer on, None where
    none is described."""

    name: str
    description: str
    core: str
    flash: Region
    ram: Region
    machine: str = ""
    clock: int = 0
    worlds: Worlds | None = None
    flash_wait: int = 0
    more: tuple[Memory, ...] = ()
    uart: Uart | None = None

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All of them, FLASH and RAM first."""
        return (Memory("FLASH", self.flash, self.flash_wait, flash=True), Memory("RAM", self.ram), *self.more)


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

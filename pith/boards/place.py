"""Which of a board's memories holds code, weights, arena, variables and stack: the placement with the fewest cycles of waiting.

Waiting is the bytes of each that one run of the network touches, as far as that can be told beforehand, in words, times the wait
states of the memory it is in. There are few parts and few memories: all placements are tried, so that none is better.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pith.boards.base import Board, Memory
from pith.graph import DType, InputError

PARTS = ("code", "weights", "arena", "data", "stack")
KEPT = ("code", "weights")  # what must be there after reset: elsewhere than in flash it is copied from there


@dataclass(frozen=True, slots=True)
class Part:
    """bytes: how large it is;  touched: bytes of it that one run reads or writes, counted each time."""

    bytes: int
    touched: int


def parts_of(manifest: Mapping[str, Any], code: int, stack: int) -> dict[str, Part]:
    """The parts of firmware around the network of `manifest`, whose code and stack take so many bytes.

    Four pixels share a load of weights, a multiply-accumulate is about one instruction of four bytes, and one in eight goes to the
    stack: rough, but the parts differ by more.
    """
    first = manifest["variants"][0]
    macs, weights = first["macs"], manifest["weights_bytes"]
    moved = sum(s["read"] + s["written"] for s in first["steps"])
    ports = sum(math.prod(p["shape"]) * DType(p["dtype"]).itemsize for side in ("inputs", "outputs") for p in first[side])
    return {
        "code": Part(code, 4 * macs), "weights": Part(weights, max(weights, macs // 4)), "arena": Part(first["arena_bytes"], max(moved - weights, 0)),
        "data": Part(ports + 64, ports), "stack": Part(stack, macs // 2),
    }  # fmt: skip


def home(part: str) -> str:
    """The memory a part is in unless another is better."""
    return "FLASH" if part in KEPT else "RAM"


def takes(memory: Memory, part: str) -> bool:
    """Whether a part can be in a memory at all."""
    return (part in KEPT or not memory.flash) and (part != "code" or memory.code)


def check_placement(board: Board, wanted: Mapping[str, str]) -> None:
    """Raise InputError where a part, a memory, or the two together are none."""
    known = {m.name: m for m in board.memories}
    for part, name in wanted.items():
        if part not in PARTS:
            raise InputError(f"nothing called {part!r} can be placed", try_="one of: " + ", ".join(PARTS))
        if name not in known:
            raise InputError(f"no memory {name!r}", where=f"board {board.name}", try_="one of: " + ", ".join(known))
        if not takes(known[name], part):
            raise InputError(f"{part} cannot be in {name}", where=f"board {board.name}",
                             why="it is flash" if known[name].flash else "the processor cannot run code from it")  # fmt: skip


def waiting(parts: Mapping[str, Part], placement: Mapping[str, str], board: Board) -> int:
    """Cycles, roughly, that one run waits for memory."""
    wait = {m.name: m.wait for m in board.memories}
    return sum(p.touched // 4 * wait[placement[name]] for name, p in parts.items())


def fits(parts: Mapping[str, Part], placement: Mapping[str, str], board: Board) -> bool:
    """Whether each memory holds what is placed there; flash keeps all that must be there after reset."""
    for m in board.memories:
        here = sum(p.bytes for name, p in parts.items() if placement[name] == m.name or (m.name == "FLASH" and name in KEPT))
        if here > m.region.length:
            return False
    return True


def place(parts: Mapping[str, Part], board: Board, wanted: Mapping[str, str]) -> dict[str, str]:
    """The name of the memory of each part: as `wanted`, else where the network waits least; the usual one among equals, and where
    nothing fits (the linker says by how much)."""
    names = list(parts)
    usual = {p: wanted.get(p, home(p)) for p in names}
    choices = [[wanted[p]] if p in wanted else [m.name for m in board.memories if takes(m, p)] for p in names]
    best, found = (waiting(parts, usual, board), 0) if fits(parts, usual, board) else None, usual
    for names_of in itertools.product(*choices):
        placement = dict(zip(names, names_of, strict=True))
        if not fits(parts, placement, board):
            continue
        rank = waiting(parts, placement, board), sum(placement[p] != usual[p] for p in names)
        if best is None or rank < best:
            best, found = rank, placement
    return found


def sections(placement: Mapping[str, str], name: str) -> tuple[list[str], list[str]]:
    """Lines of the linker script for what is not in its usual memory, and those of the table of what is copied at reset."""
    lines, copies = [], []
    inputs = {"code": f"*_{name}.o(.text .text.*)", "weights": f"*(.rodata.{name}_weights)"}
    for part, what in inputs.items():
        if placement[part] != "FLASH":
            lines.append(f"  .{part} : ALIGN(64) {{ {what} . = ALIGN(8); }} > {placement[part]} AT > FLASH")
            copies.append(f"LONG(LOADADDR(.{part})) LONG(ADDR(.{part})) LONG(SIZEOF(.{part}))")
    if placement["arena"] != "RAM":
        lines.append(f"  .arena (NOLOAD) : ALIGN(64) {{ *(.bss.arena) }} > {placement['arena']}")
    return lines, copies

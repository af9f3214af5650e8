"""Firmware: the generated library, start-up code and a main program, linked for a board."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pith.boards.base import Board
from pith.graph import BuildError
from pith.targets.base import Target
from pith.targets.build import frames_of
from pith.targets.compiler import Compiler, runtime_archive

STACK = 512  # bytes that main, what it calls and an exception take beside the network
_C_TYPES = {"i8": "int8_t", "u8": "uint8_t"}


@dataclass(frozen=True, slots=True)
class Field:
    """An input or output as the header has it: its name in the struct, C type, bytes."""

    name: str
    ctype: str
    count: int


@dataclass(frozen=True, slots=True)
class Firmware:
    """An image and what it takes. flash: code, constants and first values of variables;  ram: variables, arena, stack;
    frames: bytes of stack of each function."""

    image: Path
    flash: int
    ram: int
    code: int
    frames: dict[str, int]


def _template(name: str) -> str:
    return (resources.files("pith.boards") / "firmware" / name).read_text()


def main_text(name: str, inputs: Sequence[Field], outputs: Sequence[Field]) -> str:
    """main.c for the network `name`."""
    arrays = [f"static {f.ctype} {kind}_{f.name}[{f.count}];" for kind, fields in (("in", inputs), ("out", outputs)) for f in fields]
    read = [f"    if (in_file != -1 && move(6, in_file, in_{f.name}, sizeof in_{f.name}) != 0) break;" for f in inputs]
    write = [f"    if (out_file != -1) (void)move(5, out_file, out_{f.name}, sizeof out_{f.name});" for f in outputs]
    marks = {
        "NAME": name, "UP": name.upper(), "ARRAYS": "\n".join(arrays), "READ": "\n".join(read), "WRITE": "\n".join(write),
        "IN": ", ".join(f"in_{f.name}" for f in inputs), "OUT": ", ".join(f"out_{f.name}" for f in outputs),
    }  # fmt: skip
    return _filled(_template("main.c"), marks)


def link_text(board: Board, stack: int) -> str:
    """The linker script of `board`, with `stack` bytes kept for the stack."""
    return _filled(_template("link.ld"), {
        "FLASH": hex(board.flash.origin), "FLASH_LENGTH": str(board.flash.length), "RAM": hex(board.ram.origin),
        "RAM_LENGTH": str(board.ram.length), "STACK": str(stack),
    })  # fmt: skip


def _filled(text: str, marks: Mapping[str, str]) -> str:
    return re.sub(r"\$([A-Z_]+)", lambda m: marks[m[1]] if m[1] in marks else _longest(m[1], marks), text)


def _longest(word: str, marks: Mapping[str, str]) -> str:
    """A mark directly followed by more of a word, as in `$UP_STEPS`."""
    name = max((k for k in marks if word.startswith(k)), key=len)
    return marks[name] + word[len(name) :]


def write_firmware(folder: Path, name: str, inputs: Sequence[Field], outputs: Sequence[Field]) -> None:
    """main.c, start.c and start.h beside the library in `folder`."""
    (folder / "main.c").write_text(main_text(name, inputs, outputs))
    for file in ("start.c", "start.h"):
        (folder / file).write_text(_template(file))


def build_firmware(
    folder: Path, name: str, target: Target, board: Board, compiler: Compiler, *, opt: str, stack: int, profile: bool = False
) -> Firmware:
    """Compile and link NAME.c, NAME_weights.c, start.c and main.c of `folder` into NAME.elf (NAME_profile.elf: with a mark after
    every layer).

    stack: bytes the network's deepest call takes, or 0 where they are to be found out.
    Raises BuildError: what does not compile, and what the board's memories do not hold.
    """
    stem = f"{name}_profile" if profile else name
    flags = [opt, "-ffunction-sections", "-fdata-sections", "-fstack-usage", *([f"-D{name.upper()}_PROFILE"] if profile else [])]
    sources = [f"{name}.c", f"{name}_weights.c", "start.c", "main.c"]
    objects = [folder / f"{stem}_{Path(s).stem}.o" for s in sources]
    script, image = folder / "link.ld", folder / f"{stem}.elf"
    try:
        for source, output in zip(sources, objects, strict=True):
            compiler.compile(folder / source, output, target, flags, shared=False)
        frames = frames_of(objects[0].with_suffix(".su"))
        script.write_text(link_text(board, stack + STACK))
        try:
            compiler.link_firmware(objects, image, script)
        except BuildError as e:
            if "undefined symbol" not in e.why or not compiler.bundled:
                raise
            compiler.link_firmware([*objects, runtime_archive(compiler, target)], image, script)
    finally:
        for o in objects:
            o.unlink(missing_ok=True)
            o.with_suffix(".su").unlink(missing_ok=True)
    return Firmware(image, *sizes(image), frames)


def overflow(e: BuildError, board: Board) -> dict[str, int]:
    """Bytes by which each memory of `board` is too small, of a linker's error; empty for any other error."""
    return {region: int(n) for region, n in re.findall(r"region '(\w+)': overflowed by (\d+) bytes", e.why)}


def sizes(image: Path) -> tuple[int, int, int]:
    """(flash, RAM, code) of a 32-bit little-endian ELF image: bytes of its sections that are in the file, of those that are
    writable, of those that are executed."""
    data = image.read_bytes()
    if data[:6] != b"\x7fELF\x01\x01":
        raise BuildError("the image is no 32-bit ELF file", where=image.name)
    offset = struct.unpack_from("<I", data, 32)[0]
    entry, count = struct.unpack_from("<HH", data, 46)
    flash = ram = code = 0
    for i in range(count):
        _, kind, flags, _, _, size = struct.unpack_from("<6I", data, offset + i * entry)
        if not flags & 2:  # SHF_ALLOC
            continue
        flash += size if kind != 8 else 0  # SHT_NOBITS
        ram += size if flags & 1 else 0  # SHF_WRITE
        code += size if flags & 4 else 0  # SHF_EXECINSTR
    return flash, ram, code


def fields(names: Sequence[str], ports: Sequence[Any]) -> list[Field]:
    """Fields of the ports of a program (`pith.lower.program.Port`)."""
    return [Field(n, p.type.dtype.c, p.type.size) for n, p in zip(names, ports, strict=True)]

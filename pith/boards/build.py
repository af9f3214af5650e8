"""Firmware: the generated library, start-up code and a main program, linked for a board."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pith.boards.base import Board
from pith.boards.place import PARTS, check_placement, home, parts_of, place, sections
from pith.graph import BuildError, DType, UnsupportedError
from pith.targets.base import Target, get_target
from pith.targets.build import frames_of
from pith.targets.compiler import Compiler, runtime_archive

_BYTES = {d.c: d.itemsize for d in DType}
STACK = 512  # bytes that main, an exception, and functions in assembly take beside what the compiler reports


SERIAL = ("serial_main.c", "serial.c", "uart.c")
BAUD = 115200


@dataclass(frozen=True, slots=True)
class Field:
    """An input or output as the header has it: its name in the struct, C type, bytes."""

    name: str
    ctype: str
    count: int


@dataclass(frozen=True, slots=True)
class Firmware:
    """An image and what it takes. flash: code, constants and first values of variables;  ram: variables, arena, stack;
    frames: bytes of stack of each function;  placement: the memory of each part (place.py)."""

    image: Path
    flash: int
    ram: int
    code: int
    frames: dict[str, int]
    placement: dict[str, str]


def template(name: str) -> str:
    """A file of pith/boards/firmware."""
    return resources.files("pith.boards").joinpath("firmware", *name.split("/")).read_text()


def main_text(name: str, inputs: Sequence[Field], outputs: Sequence[Field], gateway: bool = False) -> str:
    """main.c for the network `name`; `gateway`: which lies in another world, and is called through NAME_gateway."""
    arrays = [f"static {f.ctype} {kind}_{f.name}[{f.count}];" for kind, fields in (("in", inputs), ("out", outputs)) for f in fields]
    read = [f"    if (in_file != -1 && move(6, in_file, in_{f.name}, sizeof in_{f.name}) != 0) break;" for f in inputs]
    write = [f"    if (out_file != -1) (void)move(5, out_file, out_{f.name}, sizeof out_{f.name});" for f in outputs]
    arena = f"static unsigned char arena[{name.upper()}_ARENA_SIZE] __attribute__((aligned(64)));\n"
    marks = {
        "NAME": name, "UP": name.upper(), "ARRAYS": "\n".join(arrays), "READ": "\n".join(read), "WRITE": "\n".join(write),
        "IN": ", ".join(f"in_{f.name}" for f in inputs), "OUT": ", ".join(f"out_{f.name}" for f in outputs),
        "HEADER": f"{name}_gateway.h" if gateway else f"{name}.h", "ARENA": "" if gateway else arena,
        "RUN": f"{name}_gateway(" if gateway else f"{name}_run(arena, ",
    }  # fmt: skip
    return filled(template("main.c"), marks)


def write_serial(folder: Path, name: str, target: str, board: Board, inputs: Sequence[Field], outputs: Sequence[Field]) -> None:
    """The files of `SERIAL` in `folder`: a main program that answers a host. Raises UnsupportedError for a board whose serial port is
    not described."""
    if board.uart is None:
        raise UnsupportedError(f"no serial port of board {board.name} is described", where="--serial",
                               try_="a board with one (docs/devices.md), or its firmware without --serial")  # fmt: skip
    parts = {kind: "".join(f"{{(unsigned char *){kind}_{f.name}, sizeof {kind}_{f.name}}}, " for f in found)
             for kind, found in (("in", inputs), ("out", outputs))}  # fmt: skip
    arrays = [f"static {f.ctype} {kind}_{f.name}[{f.count}];" for kind, found in (("in", inputs), ("out", outputs)) for f in found]
    marks = {
        "NAME": name, "UP": name.upper(), "ARRAYS": "\n".join(arrays), "PARTS_IN": parts["in"], "PARTS_OUT": parts["out"],
        "IN": ", ".join(f"in_{f.name}" for f in inputs), "OUT": ", ".join(f"out_{f.name}" for f in outputs), "TARGET": target,
        "N_IN": str(len(inputs)), "N_OUT": str(len(outputs)), "HERTZ": str(board.clock),
        "UART": hex(board.uart.base), "DIVIDER": str(board.uart.hertz // BAUD),
    }  # fmt: skip
    for file, kind in (("serial_main.c", "serial_main.c"), ("uart.c", f"uart_{board.uart.kind}.c")):
        (folder / file).write_text(filled(template(kind), marks))
    for file in ("serial.c", "serial.h"):
        (folder / file).write_text(template(file))


def link_text(board: Board, stack: int, placement: Mapping[str, str] | None = None, name: str = "") -> str:
    """The linker script of `board`, with `stack` bytes kept for the stack; `placement` of the parts of network `name` (place.py)."""
    where = {p: home(p) for p in PARTS} | dict(placement or {})
    lines, copies = sections(where, name)
    more = [f"  {m.name} ({'rwx' if m.code else 'rw'}) : ORIGIN = {m.region.origin:#x}, LENGTH = {m.region.length}\n" for m in board.more]
    return filled(template("link.ld"), {
        "FLASH": hex(board.flash.origin), "FLASH_LENGTH": str(board.flash.length), "RAM": hex(board.ram.origin),
        "RAM_LENGTH": str(board.ram.length), "STACK": str(stack), "MORE": "".join(more), "PLACED": "".join(f"{x}\n" for x in lines),
        "COPIES": " ".join(copies), "DATA": where["data"], "WHERE": where["stack"],
    })  # fmt: skip


def filled(text: str, marks: Mapping[str, str]) -> str:
    """A template with its marks (`$NAME`) replaced."""
    return re.sub(r"\$([A-Z_]+)", lambda m: marks[m[1]] if m[1] in marks else _longest(m[1], marks), text)


def _longest(word: str, marks: Mapping[str, str]) -> str:
    """A mark directly followed by more of a word, as in `$UP_STEPS`."""
    name = max((k for k in marks if word.startswith(k)), key=len)
    return marks[name] + word[len(name) :]


def write_firmware(folder: Path, name: str, inputs: Sequence[Field], outputs: Sequence[Field]) -> None:
    """main.c, start.c and start.h beside the library in `folder`."""
    (folder / "main.c").write_text(main_text(name, inputs, outputs))
    write_start(folder)


def write_start(folder: Path) -> None:
    """start.c and start.h: from reset to `main`."""
    for file in ("start.c", "start.h"):
        (folder / file).write_text(template(file))


def build_firmware(
    folder: Path, manifest: Mapping[str, Any], target: Target, board: Board, compiler: Compiler, *, opt: str,
    stack: Callable[[Mapping[str, int]], int], profile: bool = False, wanted: Mapping[str, str] | None = None, serial: bool = False,
) -> Firmware:  # fmt: skip
    """Compile and link NAME.c, NAME_weights.c, start.c and main.c of `folder` into NAME.elf (NAME_profile.elf: with a mark after
    every layer; NAME_serial.elf: of the files of `pith.boards.serial` in the place of main.c); link.ld is left beside it.

    stack: the bytes the network's deepest call takes, given those of each function;  wanted: memories of parts, by name.
    Raises BuildError: what does not compile, and what the board's memories do not hold.
    """
    name = manifest["name"]
    stem = f"{name}_profile" if profile else f"{name}_serial" if serial else name
    flags = [opt, "-ffunction-sections", "-fdata-sections", "-fstack-usage", *([f"-D{name.upper()}_PROFILE"] if profile else [])]
    sources = [f"{name}.c", f"{name}_weights.c", "start.c", *(SERIAL if serial else ("main.c",))]
    objects = [folder / f"{stem}_{Path(s).stem}.o" for s in sources]
    script, image = folder / "link.ld", folder / f"{stem}.elf"
    try:
        for source, output in zip(sources, objects, strict=True):
            compiler.compile(folder / source, output, target, flags, shared=False)
        frames = frames_of(objects[0].with_suffix(".su"))
        deep = stack(frames) + STACK
        placement = place(parts_of(manifest, sizes(objects[0])[2], deep), board, wanted or {})
        script.write_text(link_text(board, deep, placement, name))
        try:
            compiler.link_firmware(objects, image, script)
        except BuildError as e:
            if "undefined symbol" not in e.why or not compiler.bundled:
                raise
            compiler.link_firmware([*objects, runtime_archive(target)], image, script)
    finally:
        for o in objects:
            o.unlink(missing_ok=True)
            o.with_suffix(".su").unlink(missing_ok=True)
    return Firmware(image, *sizes(image, board), frames, placement)


def check_core(target: Target, board: Board) -> None:
    """Raise UnsupportedError where the processor of `board` does not run code for `target`: such an image would fault at its start."""
    if target.name not in (board.core, *get_target(board.core).runs):
        raise UnsupportedError(f"board {board.name} does not run code for target {target.name}", why=f"its processor is of target {board.core}",
                               try_=f"-t {board.core}, or another of `pith targets`")  # fmt: skip


def add_firmware(
    folder: Path, manifest: Mapping[str, Any], target: Target, board: Board, compiler: Compiler, *, opt: str,
    stack: Callable[[Mapping[str, int]], int], profile: bool = False, wanted: Mapping[str, str] | None = None, serial: bool = False,
) -> Firmware:  # fmt: skip
    """`build_firmware` around the library that `manifest` describes, with start-up code and main program written to `folder`.

    Raises UnsupportedError where the board does not run code for the target, BuildError that says how much of which memory is
    missing, which layer needs most of it, and what to try.
    """
    check_core(target, board)
    name = manifest["name"]
    check_placement(board, wanted or {})
    inputs, outputs = (fields(manifest["variants"][0][side]) for side in ("inputs", "outputs"))
    write_firmware(folder, name, inputs, outputs)
    if serial:
        write_serial(folder, name, target.name, board, inputs, outputs)
    try:
        return build_firmware(folder, manifest, target, board, compiler, opt=opt, stack=stack, profile=profile, wanted=wanted, serial=serial)
    except BuildError as e:
        over = {region: int(n) for region, n in re.findall(r"region '(\w+)': overflowed by (\d+) bytes", e.why)}
        if not over:
            raise
        raise _too_small(over, manifest, board) from e


def _too_small(over: Mapping[str, int], manifest: Mapping[str, Any], board: Board) -> BuildError:
    """What a linker says of memories that are too small, in words about the network."""
    has = {m.name: m.region.length for m in board.memories}
    most = sorted(over.items(), key=lambda item: item[0] == "FLASH")
    needs = [f"{(has[r] + n + 1023) // 1024} KB of {'flash' if r == 'FLASH' else r}, the board has {has[r] // 1024} KB" for r, n in most]
    first = manifest["variants"][0]
    why, try_ = [], []
    if set(over) - {"FLASH"}:
        step, live = largest_live(first)
        why.append(f"the arena is {first['arena_bytes']:,} bytes; the largest live set, {live:,} bytes, is at layer {step}")
        around = sum(f.count * _BYTES[f.ctype] for side in ("inputs", "outputs") for f in fields(first[side]))
        room = first["arena_bytes"] + around - over.get("RAM", 0)
        if "RAM" in over and room > around:
            try_.append(f"--max-ram {room // 64 * 64}, which runs layers in strips where that is enough")
        try_.append("a smaller input (--shape, where the model leaves its size open) or fewer channels in that layer")
    if "FLASH" in over:
        why.append(f"weights are {manifest['weights_bytes']:,} bytes")
        try_.append("a narrower network, int8 weights, or --opt -Os for the code")
    return BuildError(f"{manifest['name']} needs {' and '.join(needs)}", where=f"board {board.name}", why="; ".join(why),
                      try_="; ".join([*try_, "a larger board"]))  # fmt: skip


def largest_live(variant: Mapping[str, Any]) -> tuple[str, int]:
    """The step at which most bytes of the arena are in use, and how many."""
    kept = [b for b in variant["buffers"] if b["kind"] in ("arena", "scratch")]
    live = [sum(b["bytes"] for b in kept if b["first"] <= i <= b["last"]) for i in range(len(variant["steps"]))]
    most = max(range(len(live)), key=live.__getitem__)
    return variant["steps"][most]["name"], live[most]


def sizes(image: Path, board: Board | None = None) -> tuple[int, int, int]:
    """(flash, RAM, code) of a 32-bit little-endian ELF image: bytes of its sections that are in the file, of those that are
    writable (or in a memory of `board` that is), of those that are executed."""
    rams = [m.region for m in board.memories if not m.flash] if board else []
    data = image.read_bytes()
    if data[:6] != b"\x7fELF\x01\x01":
        raise BuildError("the image is no 32-bit ELF file", where=image.name)
    offset = struct.unpack_from("<I", data, 32)[0]
    entry, count = struct.unpack_from("<HH", data, 46)
    flash = ram = code = 0
    for i in range(count):
        _, kind, flags, address, _, size = struct.unpack_from("<6I", data, offset + i * entry)
        if not flags & 2:  # SHF_ALLOC
            continue
        flash += size if kind != 8 else 0  # SHT_NOBITS
        ram += size if flags & 1 or any(r.origin <= address < r.origin + r.length for r in rams) else 0  # SHF_WRITE
        code += size if flags & 4 else 0  # SHF_EXECINSTR
    return flash, ram, code


def fields(ports: Sequence[Mapping[str, Any]]) -> list[Field]:
    """Fields of the inputs or outputs that a manifest lists."""
    return [Field(p["field"], DType(p["dtype"]).c, math.prod(p["shape"])) for p in ports]

"""TrustZone firmware: the network, its weights and its arena in the secure world, the application in the other one.

Two images. The application calls NAME_gateway; what else it reads or calls of the secure world is a SecureFault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pith.boards.base import Board, Region, Worlds
from pith.boards.build import STACK, fields, filled, link_text, main_text, sizes, template, write_start
from pith.graph import BuildError, UnsupportedError
from pith.targets.base import Target
from pith.targets.build import frames_of
from pith.targets.compiler import Compiler, runtime_archive

_APP_STACK = 2048  # bytes for the application's own calls
_FLAGS = ("-ffunction-sections", "-fdata-sections")


@dataclass(frozen=True, slots=True)
class Pair:
    """Both images, bytes of flash and RAM of each (secure, application), and bytes of stack of each of the network's functions."""

    secure: Path
    application: Path
    flash: tuple[int, int]
    ram: tuple[int, int]
    code: int
    frames: dict[str, int]


def _last(r: Region) -> str:
    return f"{r.origin + r.length - 1:#x}u"


def write_worlds(folder: Path, manifest: Mapping[str, Any], worlds: Worlds) -> None:
    """The sources of both worlds beside the library in `folder`: NAME_gateway.c and .h, secure.c; main.c, start.c and start.h."""
    name = manifest["name"]
    inputs, outputs = (fields(manifest["variants"][0][side]) for side in ("inputs", "outputs"))
    checks = [f"  if (!reaches(from.{f.name}, {f.count}u * (uint32_t)sizeof *from.{f.name}, 0)) return {name.upper()}_FORBIDDEN;" for f in inputs]
    checks += [f"  if (!reaches(to.{f.name}, {f.count}u * (uint32_t)sizeof *to.{f.name}, 1)) return {name.upper()}_FORBIDDEN;" for f in outputs]
    marks = {
        "NAME": name, "UP": name.upper(), "CHECKS": "\n".join(checks),
        "PROTECTION": ", ".join(f"{{{c:#x}u, {a:#x}u, {b:#x}u}}" for c, a, b in worlds.protection),
        "SET_BITS": ", ".join(f"{{{a:#x}u, {b:#x}u}}" for a, b in worlds.set_bits),
        "FLASH": f"{worlds.app_flash.origin:#x}u", "FLASH_LAST": _last(worlds.app_flash), "RAM": f"{worlds.app_ram.origin:#x}u",
        "RAM_LAST": _last(worlds.app_ram), "VENEERS": f"{worlds.veneers.origin:#x}u", "VENEERS_LAST": _last(worlds.veneers),
    }  # fmt: skip
    for file in ("gateway.h", "gateway.c", "secure.c"):
        text = filled(template(f"trustzone/{file}"), marks).replace('"gateway.h"', f'"{name}_gateway.h"')
        (folder / (f"{name}_{file}" if file.startswith("gateway") else file)).write_text(text)
    (folder / "main.c").write_text(main_text(name, inputs, outputs, gateway=True))
    write_start(folder)


def add_trustzone(
    folder: Path, manifest: Mapping[str, Any], target: Target, board: Board, compiler: Compiler, *, opt: str,
    stack: Callable[[Mapping[str, int]], int], application: str | None = None,
) -> Pair:  # fmt: skip
    """NAME_secure.elf and NAME_app.elf around the library in `folder`.

    stack: as in `build_firmware`;  application: the text of another main.c.
    Raises UnsupportedError where target or board have no TrustZone, BuildError for what does not compile or fit.
    """
    worlds = board.worlds
    if worlds is None or not target.trustzone:
        raise UnsupportedError(f"no TrustZone on board {board.name} for target {target.name}", try_="-t cortex-m33 --board mps2-an505")
    name = manifest["name"]
    write_worlds(folder, manifest, worlds)
    if application is not None:
        (folder / "main.c").write_text(application)

    def build(image: str, sources: list[str], script: str, flags: tuple[str, ...], more: list[Path], entries: Path | None = None) -> Path:
        objects = [folder / f"{image}_{Path(s).stem}.o" for s in sources]
        for source, output in zip(sources, objects, strict=True):
            compiler.compile(folder / source, output, target, (opt, *_FLAGS, *flags), shared=False)
        made, layout = folder / f"{name}_{image}.elf", folder / f"{image}.ld"
        layout.write_text(script if entries is None else filled(script, {"STACK": str(stack(frames_of(objects[0].with_suffix(".su"))) + STACK)}))
        try:
            compiler.link_firmware([*objects, *more], made, layout, entries)
        except BuildError as e:
            if "undefined symbol" not in e.why or not compiler.bundled:
                raise
            compiler.link_firmware([*objects, *more, runtime_archive(target)], made, layout, entries)
        return made

    try:
        w = {"FLASH": worlds.flash, "VENEERS": worlds.veneers, "RAM": worlds.ram}
        marks = {k: hex(r.origin) for k, r in w.items()} | {f"{k}_LENGTH": str(r.length) for k, r in w.items()} | {"STACK": "$STACK"}
        entries = folder / "entries.o"
        sources = [f"{name}.c", f"{name}_weights.c", f"{name}_gateway.c", "secure.c", "start.c"]
        secure = build("secure", sources, filled(template("trustzone/secure.ld"), marks), ("-mcmse", "-fstack-usage"), [], entries)
        frames = frames_of(folder / f"secure_{name}.su")
        own = Board(board.name, board.description, board.core, worlds.app_flash, worlds.app_ram)
        app = build("app", ["main.c", "start.c"], link_text(own, _APP_STACK), (), [entries])
    finally:
        for left in (*folder.glob("secure_*.o"), *folder.glob("secure_*.su"), *folder.glob("app_*.o"), folder / "entries.o"):
            left.unlink(missing_ok=True)
    (flash, ram, code), (app_flash, app_ram, _) = sizes(secure), sizes(app)
    return Pair(secure, app, (flash, app_flash), (ram, app_ram), code, frames)


def emulator_options(pair_folder: Path, name: str, board: Board) -> list[str]:
    """Options for qemu-system-arm that run both images of `add_trustzone`."""
    return ["-M", board.machine, "-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on,target=native",
            "-kernel", str(pair_folder / f"{name}_secure.elf"), "-device", f"loader,file={pair_folder / f'{name}_app.elf'}"]  # fmt: skip



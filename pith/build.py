"""The last step of a compilation: C, library or module, firmware and manifest, written to a folder whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pith.artefact import code_size, new_folder, write_manifest, write_sources
from pith.boards.base import Board
from pith.boards.build import add_firmware
from pith.boards.trustzone import add_trustzone
from pith.emit.c import Sources
from pith.emit.layouts import embeds, layout_files
from pith.emit.manifest import manifest_of, stack_bound
from pith.emit.pool import CODE as POOL_CODE
from pith.emit.web import exports, place, web_sources
from pith.graph import Graph
from pith.lower.program import Program, Weights
from pith.targets.base import Target
from pith.targets.build import build_shared
from pith.targets.build_wasm import build_wasm, wasm_code_size
from pith.targets.compiler import Compiler, check_opt, find_compiler

WASM_STACK = 1 << 20  # bytes
Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Compilation:
    """Every stage of one compilation, for `inspect` and for those who compose their own pipeline."""

    name: str
    target: Target
    graphs: list[Graph]
    programs: list[Program]
    weights: Weights
    sources: Sources
    passes: list[tuple[str, int, int, float]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def build_into(
    folder: Path, result: Compilation, cc: str | None, opt: str, profile: bool, progress: Progress | None, board: Board | None = None,
    *, trustzone: bool = False, layout: str | None = None, wanted: Mapping[str, str] | None = None, serial: bool = False,
) -> None:  # fmt: skip
    """Write and build `result` into `folder`, completely or not at all."""
    say = progress or (lambda what, done: None)
    compiler = find_compiler(cc)
    check_opt(opt)
    target, name = result.target, result.sources.name
    with new_folder(folder) as work:
        say("write C", 0.35)
        write_sources(work, result.sources, embed=target.embed and embeds(layout))
        manifest = describe(result)
        for file, text in layout_files(layout, manifest, result.sources.code).items() if layout else ():
            (work / file).parent.mkdir(parents=True, exist_ok=True)
            (work / file).write_text(text)
        if target.runs_here() or (target.emulation is not None and target.hosted):
            say("build", 0.4)
            t0 = time.perf_counter()
            symbols = [v["symbol"] for v in manifest["variants"]]
            several = result.sources.threads > 1
            exports = [f"{name}_build", *(f"{s}_run" for s in symbols)]
            exports += ["pith_pool_new", "pith_pool_free", *(f"{s}_run_parallel" for s in symbols)] if several else []
            hosted = [POOL_CODE] if several else []
            mapped = [f"{name}_map_weights"] if result.sources.apart else []
            exports += mapped
            hosted += [f"{name}_weights.c"] if mapped else []
            built = build_shared(work, name, target, compiler, exports=exports, opt=opt, hosted=hosted)
            manifest["library"], manifest["code_bytes"] = built.library.name, code_size(built.library)
            for variant, program in zip(manifest["variants"], result.programs, strict=True):
                variant["stack_bytes"] = stack_bound(program, f"{variant['symbol']}_{'part' if several else 'run'}", built.frames)
            manifest["stack_bytes"] = max(v["stack_bytes"] for v in manifest["variants"])
            if profile:
                say("build for profiling", 0.8)
                extra = build_shared(work, name, target, compiler, exports=[f"{name}_build", *mapped, *(f"{s}_profile" for s in symbols)], opt=opt,
                                     defines=[f"{name.upper()}_PROFILE"], output=f"lib{name}_profile.so", hosted=hosted)  # fmt: skip
                manifest["profile_library"] = extra.library.name
            result.seconds["build"] = time.perf_counter() - t0
        elif target.product == "wasm":
            say("build", 0.4)
            t0 = time.perf_counter()
            _build_module(work, result, manifest, compiler, opt)
            result.seconds["build"] = time.perf_counter() - t0
        if board is not None:
            say("build firmware", 0.6)
            if trustzone:
                _add_worlds(work, result, manifest, board, compiler, opt)
            else:
                _add_firmware(work, result, manifest, board, compiler, opt, wanted, serial=serial)
        manifest["opt"], manifest["compiler"] = opt, "bundled clang" if cc is None else cc
        manifest["seconds"] = {k: round(v, 4) for k, v in result.seconds.items()}
        write_manifest(work, manifest)
    say("done", 1.0)


def _add_firmware(
    work: Path, result: Compilation, manifest: dict[str, Any], board: Board, compiler: Compiler, opt: str, wanted: Mapping[str, str] | None,
    *, serial: bool = False,
) -> None:  # fmt: skip
    """Build an image for `board` around the library in `work`, and note in the manifest what it takes."""
    program, symbol = result.programs[0], manifest["variants"][0]["symbol"]

    def stack(frames: Mapping[str, int]) -> int:
        return stack_bound(program, f"{symbol}_run", frames)

    made = add_firmware(work, manifest, result.target, board, compiler, opt=opt, stack=stack, wanted=wanted, serial=serial)
    manifest["stack_bytes"] = manifest["variants"][0]["stack_bytes"] = stack(made.frames)
    weights = len(result.sources.weights)
    manifest["code_bytes"] = made.code - weights if made.code > weights else made.code
    rams = sum(m.region.length for m in board.memories if not m.flash)
    manifest["firmware"] = {"board": board.name, "image": made.image.name, "flash": made.flash, "ram": made.ram,
                            "flash_size": board.flash.length, "ram_size": rams, "placement": made.placement}  # fmt: skip


def _add_worlds(work: Path, result: Compilation, manifest: dict[str, Any], board: Board, compiler: Compiler, opt: str) -> None:
    """As `_add_firmware`, an image for each world of TrustZone."""
    program, symbol = result.programs[0], manifest["variants"][0]["symbol"]

    def stack(frames: Mapping[str, int]) -> int:
        return stack_bound(program, f"{symbol}_run", frames)

    made = add_trustzone(work, manifest, result.target, board, compiler, opt=opt, stack=stack)
    assert board.worlds is not None
    manifest["stack_bytes"] = manifest["variants"][0]["stack_bytes"] = stack(made.frames)
    weights = len(result.sources.weights)
    manifest["code_bytes"] = made.code - weights if made.code > weights else made.code
    manifest["firmware"] = {"board": board.name, "image": made.secure.name, "flash": made.flash[0], "ram": made.ram[0],
                            "flash_size": board.worlds.flash.length, "ram_size": board.worlds.ram.length,
                            "application": {"image": made.application.name, "flash": made.flash[1], "ram": made.ram[1]}}  # fmt: skip


def _build_module(work: Path, result: Compilation, manifest: dict[str, Any], compiler: Compiler, opt: str) -> None:
    """NAME.wasm with the JavaScript, types and page around it; what the build knows goes into `manifest`."""
    name, target = result.sources.name, result.target
    symbols = [v["symbol"] for v in manifest["variants"]]
    texts = web_sources(name, result.sources.build, target.description, symbols, result.programs, result.graphs[0].metadata)
    for file, text in texts.items():
        (work / file).write_text(text)
    data = result.sources.weights, max(p.arena_size + place(p)[2] for p in result.programs)
    built = build_wasm(work, name, target, compiler, exports=exports(len(symbols)), opt=opt, stack=WASM_STACK, data=len(data[0]) + data[1])
    manifest["wasm"], manifest["code_bytes"] = built.library.name, wasm_code_size(built.library)
    for variant, program in zip(manifest["variants"], result.programs, strict=True):
        variant["stack_bytes"] = stack_bound(program, f"{variant['symbol']}_run", built.frames)
    manifest["stack_bytes"] = max(v["stack_bytes"] for v in manifest["variants"])


def describe(result: Compilation) -> dict[str, Any]:
    """The manifest of a compilation: everything `inspect`, the report and the runtime need, as plain data."""
    return manifest_of(result.target, result.sources, result.graphs, result.programs, result.passes)

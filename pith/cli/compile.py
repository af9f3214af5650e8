"""pith compile: a model file into a C library."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from pith.cli.common import (
    AcceleratorOption,
    ConstOption,
    JsonOption,
    Model,
    PrecisionOption,
    QuietOption,
    ShapeOption,
    TargetOption,
    count,
    out,
    parse_bytes,
    parse_constants,
    parse_places,
    parse_shapes,
    print_json,
    progress,
    quoted,
    say,
    size,
)
from pith.graph.errors import InputError
from pith.targets.compiler import OPT_LEVELS

_JSON_KEYS = (
    "name", "target", "library", "wasm", "arena_bytes", "arena_lower_bound", "code_bytes", "stack_bytes", "weights_bytes", "macs", "params",
)  # fmt: skip


def command(
    model: Path = Model,
    target: str = TargetOption,
    output: Path = typer.Option(
        None, "--output", "-o", help="folder for the artefact \\[default: NAME-TARGET]", show_default=False
    ),
    accelerator: list[str] = AcceleratorOption,
    shape: list[str] = ShapeOption,
    const: list[str] = ConstOption,
    name: str = typer.Option(None, help="prefix of the C names \\[default: the file's name]", show_default=False),
    cc: str = typer.Option(
        None, help="another compiler: gcc, clang, ... \\[default: the bundled clang]", show_default=False
    ),
    opt: str = typer.Option("-O3", help="optimisation level: " + " ".join(OPT_LEVELS)),
    profile: bool = typer.Option(False, "--profile", help="also build the library that times every step, and show the times in report.html"),
    threads: int = typer.Option(1, "--threads", min=1, max=256, help="most threads that will run it; 1: no code for threads"),
    no_winograd: bool = typer.Option(False, "--no-winograd", help="3x3 convolutions as plain sums: slower, other rounding"),
    precision: str = PrecisionOption,
    tune: float = typer.Option(0.0, "--tune", metavar="SECONDS", help="measure kernels here for so long and take the fastest; 30 does for most"),
    board: str = typer.Option(None, "--board", metavar="BOARD", help="also build an image that boots on it; `pith targets` lists them", show_default=False),
    place: str = typer.Option(
        None, "--place", metavar="PART=MEMORY,...", help="with --board: where code, weights, arena, data or stack go: arena=RAM", show_default=False
    ),
    layout: str = typer.Option(None, "--layout", help="also files for the project it goes into: cmake, make, arduino", show_default=False),
    trustzone: bool = typer.Option(False, "--trustzone", help="with --board: the network in the secure world, the application in the other"),
    max_ram: str = typer.Option(
        None, "--max-ram", metavar="BYTES", help="most RAM for arena, inputs and outputs: 64K; layers run in strips where needed", show_default=False
    ),
    serial: bool = typer.Option(False, "--serial", help="with --board: an image that answers `pith verify --device serial://...`"),
    weights_file: bool = typer.Option(False, "--weights-file", help="weights as a file of their own, which the program maps, rather than in the library"),
    no_cache: bool = typer.Option(False, "--no-cache", help="compile even if an equal artefact is cached"),
    json: bool = JsonOption,
    quiet: bool = QuietOption,
    verbose: bool = typer.Option(False, "--verbose", "-v", help="also print the passes and the time of each stage"),
) -> None:
    """Compile MODEL into C sources, a library (where the target runs here), manifest.json and report.html."""
    from pith.api import compile_to

    if output is not None and str(output) in ("", "."):
        raise InputError("the artefact needs a folder of its own", try_="-o NAME, or leave -o out")
    folder = output or Path(f"{model.stem}-{target}")
    fresh = not folder.exists()
    with progress(quiet or json) as bar:
        manifest = compile_to(
            model, folder, target, parse_shapes(shape), constants=parse_constants(const), name=name, cc=cc, opt=opt,
            profile=profile, winograd=not no_winograd, threads=threads, tune=tune, cache=not no_cache, progress=bar,
            board=board, trustzone=trustzone, layout=layout, place=parse_places(place), max_ram=parse_bytes(max_ram) if max_ram is not None else 0,
            serial=serial, weights_file=weights_file, accelerators=accelerator, precision=precision,
        )  # fmt: skip
    _write_report(folder, manifest, fresh, _step_times(folder) if manifest["profile_library"] else None)
    if json:
        print_json({k: manifest[k] for k in _JSON_KEYS} | {"folder": str(folder)})
        return
    _say_result(folder, manifest, target, verbose=verbose)


def _say_result(folder: Path, manifest: dict[str, Any], target: str, *, verbose: bool) -> None:
    """What the artefact takes, what was noted, and what to do next."""
    say((manifest["name"], "bold"), f" for {target} in ", (str(folder), "bold"))
    say(
        f"  code {size(manifest['code_bytes'])}, weights {size(manifest['weights_bytes'])}, "
        f"stack {size(manifest['stack_bytes'])}, arena {size(manifest['arena_bytes'])} (lower bound {size(manifest['arena_lower_bound'])}), "
        f"{count(manifest['macs'])} MACs"
    )
    for strips in (v["strips"] for v in manifest["variants"] if v.get("strips")):
        say(
            f"  arena {size(strips['arena_before'])} with every layer whole; "
            f"{count(strips['macs'] - strips['macs_before'])} MACs more for {len(strips['regions'])} runs of layers in strips"
        )
    image = manifest.get("firmware")
    if image:
        say(
            f"  {image['image']} for {image['board']}: flash {size(image['flash'])} of {size(image['flash_size'])}, "
            f"RAM {size(image['ram'])} of {size(image['ram_size'])} with stack"
        )
        if "placement" in image:
            say("  " + ", ".join(f"{part} in {memory}" for part, memory in image["placement"].items()))
    for note in manifest.get("notes", ()):
        say("  note: ", note)
    if verbose:
        _details(manifest)
    if manifest["library"]:
        say(f"  next: pith run {quoted(folder)} INPUT    or open {quoted(folder / 'report.html')}")
    elif manifest["wasm"]:
        say(f"  next: python3 -m http.server -d {quoted(folder)}    and open http://localhost:8000/{manifest['name']}.html")
    elif image:
        say(f"  next: put the image on the board, or the C files in {quoted(folder)} into a project of yours; open {quoted(folder / 'report.html')}")
    else:
        say(f"  next: compile the C files in {quoted(folder)} for {target}; open {quoted(folder / 'report.html')}")


def _step_times(folder: Path) -> list[float]:
    """Seconds of each step on random inputs."""
    from pith.runtime.bench import random_inputs
    from pith.runtime.session import load

    session = load(folder)
    feed = random_inputs(session)
    return [s["seconds"] for s in session.profile(*(feed[p.name] for p in session.inputs))]


def _write_report(folder: Path, manifest: dict[str, Any], fresh: bool, times: list[float] | None) -> None:
    """report.html beside the artefact; when it cannot be written, an artefact folder made just now goes too."""
    from pith.artefact import as_build_error
    from pith.report.html import write_report

    try:
        write_report(folder, manifest, times)
    except OSError as e:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        raise as_build_error(e, folder) from e


def _details(manifest: dict[str, Any]) -> None:
    table = Table("pass", "nodes before", "after", "ms", box=None, pad_edge=False)
    for p in manifest["passes"]:
        table.add_row(p["name"], str(p["before"]), str(p["after"]), f"{p['ms']:.1f}")
    out.print(table)
    stages = ", ".join(f"{k} {v:.2f} s" for k, v in manifest["seconds"].items())
    say(f"  {manifest['compiler']} {manifest['opt']}; when it was built: {stages}")

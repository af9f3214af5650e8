"""pith compile: a model file into a C library."""

from __future__ import annotations

from pathlib import Path

import typer

from pith.cli.common import ConstOption, JsonOption, Model, QuietOption, ShapeOption, TargetOption, count, out, parse_constants, parse_shapes, print_json, progress, size


def command(
    model: Path = Model, target: str = TargetOption, output: Path = typer.Option(None, "--output", "-o", help="folder for the artefact [default: NAME-TARGET]", show_default=False),
    shape: list[str] = ShapeOption, const: list[str] = ConstOption, name: str = typer.Option(None, help="prefix of the C names [default: the file's name]", show_default=False),
    cc: str = typer.Option(None, help="another compiler: gcc, clang, ... [default: the bundled clang]", show_default=False), opt: str = typer.Option("-O3", help="optimisation flag"),
    profile: bool = typer.Option(False, help="also build the library that times every step"), no_cache: bool = typer.Option(False, "--no-cache", help="compile even if an equal artefact is cached"),
    json: bool = JsonOption, quiet: bool = QuietOption,
) -> None:  # fmt: skip
    """Compile MODEL into C sources, a library (where the target runs here), manifest.json and report.html."""
    from pith.api import compile_to
    from pith.artefact import as_build_error
    from pith.report.html import write_report

    folder = output or Path(f"{model.stem}-{target}")
    with progress(quiet or json) as bar:
        manifest = compile_to(
            model, folder, target, parse_shapes(shape), constants=parse_constants(const), name=name, cc=cc, opt=opt, profile=profile, cache=not no_cache, progress=bar
        )
    try:
        write_report(folder, manifest)
    except OSError as e:
        raise as_build_error(e, folder) from e
    if json:
        print_json({k: manifest[k] for k in ("name", "target", "library", "arena_bytes", "arena_lower_bound", "code_bytes", "weights_bytes", "macs", "params")} | {"folder": str(folder)})
        return
    out.print(f"[bold]{manifest['name']}[/bold] for {target} in [bold]{folder}[/bold]")
    out.print(f"  code {size(manifest['code_bytes'])}, weights {size(manifest['weights_bytes'])}, arena {size(manifest['arena_bytes'])} "
              f"(lower bound {size(manifest['arena_lower_bound'])}), {count(manifest['macs'])} MACs")  # fmt: skip
    out.print(f"  next: pith run {folder} INPUT    or open {folder / 'report.html'}")

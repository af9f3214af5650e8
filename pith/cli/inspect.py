"""pith inspect: what becomes of a model, layer by layer, stage by stage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from pith.cli.common import (
    MODEL_FILES,
    ConstOption,
    JsonOption,
    PrecisionOption,
    QuietOption,
    ShapeOption,
    TargetOption,
    check_compiled,
    count,
    out,
    parse_constants,
    parse_shapes,
    print_json,
    progress,
    say,
    size,
    visible,
)
from pith.graph.errors import InputError

if TYPE_CHECKING:
    from pith.api import Compilation
    from pith.lower.rounding import LayerError, OutputError

_STAGES = ("import", "graph", "program", "c")


def command(
    model: Path = typer.Argument(help=f"{MODEL_FILES}; or folder that `pith compile` wrote", show_default=False),
    target: str = TargetOption,
    shape: list[str] = ShapeOption,
    const: list[str] = ConstOption,
    stage: str = typer.Option(None, help="print one stage: " + ", ".join(_STAGES), show_default=False),
    precision: str = PrecisionOption,
    inputs: list[Path] = typer.Option(
        [], "--inputs", help="with --precision bf16: .npz with an array for each input, or .npy, to measure errors with; several: several sets; "
        "without, random numbers", show_default=False,
    ),
    json: bool = JsonOption,
    quiet: bool = QuietOption,
) -> None:
    """Show MODEL as a table of layers: shape, MACs, bytes, share, kernel; nothing is built.

    With --precision bf16 also what the roundings cost: each layer's error as a share of its largest result, by its own roundings, and
    with those before it, measured with the NumPy references.
    """
    if stage not in (None, *_STAGES):
        raise InputError(f"no stage {stage!r}", try_="one of: " + ", ".join(_STAGES))
    if stage and json:
        raise InputError("--stage prints text", why="--json is for the table of layers", try_="one of the two")
    if inputs and precision != "bf16":
        raise InputError("--inputs without --precision bf16", why="nothing is measured")
    found: tuple[list[LayerError], list[OutputError]] | None = None
    if model.is_dir():
        from pith.runtime.session import read_manifest

        if stage:
            raise InputError("a compiled folder has no stages left to print", where=str(model), try_="give the model")
        if precision != "float32":
            raise InputError("a compiled folder has its precision already", where=str(model), try_="give the model")
        check_compiled(model, target, shape, const)
        manifest = read_manifest(model)
    else:
        from pith.api import describe, stages

        shapes, constants = parse_shapes(shape), parse_constants(const)
        if stage == "import":
            _print_import(model, shapes, constants)
            return
        with progress(quiet or json) as bar:
            result = stages(model, target, shapes, constants=constants, precision=precision, progress=bar)
        if stage:
            _print_stage(stage, result)
            return
        manifest = describe(result)
        if precision == "bf16":
            found = _errors(result, manifest, inputs)
    _print_layers(manifest, json, found)


def _errors(result: Compilation, manifest: dict[str, Any], files: list[Path]) -> tuple[list[LayerError], list[OutputError]]:
    """What rounding costs each layer and each output, of the first set of shapes."""
    from pith.cli.verify import arrays, named
    from pith.emulators.inputs import check_sets, random_sets
    from pith.lower.rounding import errors

    sets = [named(arrays(f), [p.name for p in result.programs[0].inputs]) for f in files] or random_sets(manifest, 1)
    check_sets(manifest, sets)
    return errors(result.programs[0], sets)


def _print_import(model: Path, shapes: dict[str, list[tuple[int, ...]]], constants: Any) -> None:
    from pith.api import expand_shapes, import_model
    from pith.graph import format_graph

    for variant in expand_shapes(shapes):
        sys.stdout.write(visible(format_graph(import_model(model, variant, constants))) + "\n")


def _print_stage(stage: str, result: Any) -> None:
    from pith.graph import format_graph
    from pith.lower.program import format_program

    if stage == "graph":
        text = visible("\n".join(map(format_graph, result.graphs)) + "\n")
    elif stage == "program":
        text = visible("\n".join(map(format_program, result.programs)) + "\n")
    else:
        text = result.sources.code
    sys.stdout.write(text)


def _print_layers(manifest: dict[str, Any], json: bool, found: tuple[list[LayerError], list[OutputError]] | None) -> None:
    from pith.report.layers import layer_rows

    variant = manifest["variants"][0]
    rows = layer_rows(variant)
    layers = iter(found[0] if found else ())
    measured = [next(layers, None) if s.get("rounds") else None for s in variant["steps"]]
    if json:
        facts = {k: variant[k] for k in ("inputs", "macs", "params", "arena_bytes", "arena_lower_bound")}
        if found:
            rows = [r | {"own_error": e.own if e else None, "total_error": e.total if e else None} for r, e in zip(rows, measured, strict=True)]
            facts["outputs"] = [{"name": o.name, "error": o.total, "agree": o.agree} for o in found[1]]
        print_json({"layers": rows, **facts, "shapes": len(manifest["variants"]), "weights_bytes": manifest["weights_bytes"]})
        return
    more = ("own error", "error so far") if found else ()
    table = Table("layer", "operator", "output", "MACs", "bytes", "share", *more, "kernel", "chosen", box=None, pad_edge=False)
    for column in (3, 4, 5, *range(6, 6 + len(more))):
        table.columns[column].justify = "right"
    for r, e in zip(rows, measured, strict=True):
        shape = f"{r['dtype']} {'x'.join(map(str, r['shape']))}"
        share = f"{100 * r['share']:.1f} %"
        cells = (f"{e.own:.1e}" if e else "", f"{e.total:.1e}" if e else "") if found else ()
        table.add_row(visible(r["name"]), r["op"], shape, count(r["macs"]), size(r["bytes"]), share, *cells, r["kernel"], r["chosen"])
    out.print(table)
    say(
        f"{len(rows)} steps, {count(variant['macs'])} MACs, {count(variant['params'])} parameters, "
        f"weights {size(manifest['weights_bytes'])}, "
        f"arena {size(variant['arena_bytes'])} (lower bound {size(variant['arena_lower_bound'])})"
    )
    for o in found[1] if found else ():
        say(f"{o.name}: off by at most {o.total:.1e} of the largest; the largest element is the same in {o.agree:.1%}")
    if len(manifest["variants"]) > 1:
        say(f"the first of {len(manifest['variants'])} sets of shapes")

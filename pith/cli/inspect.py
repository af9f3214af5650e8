"""pith inspect: what becomes of a model, layer by layer, stage by stage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from pith.cli.common import (
    MODEL_FILES,
    ConstOption,
    JsonOption,
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

_STAGES = ("import", "graph", "program", "c")


def command(
    model: Path = typer.Argument(help=f"{MODEL_FILES}; or folder that `pith compile` wrote", show_default=False),
    target: str = TargetOption,
    shape: list[str] = ShapeOption,
    const: list[str] = ConstOption,
    stage: str = typer.Option(None, help="print one stage: " + ", ".join(_STAGES), show_default=False),
    json: bool = JsonOption,
    quiet: bool = QuietOption,
) -> None:
    """Show MODEL as a table of layers: shape, MACs, bytes, share, kernel; nothing is built."""
    if stage not in (None, *_STAGES):
        raise InputError(f"no stage {stage!r}", try_="one of: " + ", ".join(_STAGES))
    if stage and json:
        raise InputError("--stage prints text", why="--json is for the table of layers", try_="one of the two")
    if model.is_dir():
        from pith.runtime.session import read_manifest

        if stage:
            raise InputError("a compiled folder has no stages left to print", where=str(model), try_="give the model")
        check_compiled(model, target, shape, const)
        manifest = read_manifest(model)
    else:
        from pith.api import describe, stages

        shapes, constants = parse_shapes(shape), parse_constants(const)
        if stage == "import":
            _print_import(model, shapes, constants)
            return
        with progress(quiet or json) as bar:
            result = stages(model, target, shapes, constants=constants, progress=bar)
        if stage:
            _print_stage(stage, result)
            return
        manifest = describe(result)
    _print_layers(manifest, json)


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


def _print_layers(manifest: dict[str, Any], json: bool) -> None:
    from pith.report.layers import layer_rows

    variant = manifest["variants"][0]
    rows = layer_rows(variant)
    if json:
        facts = {k: variant[k] for k in ("inputs", "macs", "params", "arena_bytes", "arena_lower_bound")}
        print_json({"layers": rows, **facts, "shapes": len(manifest["variants"]), "weights_bytes": manifest["weights_bytes"]})
        return
    table = Table("layer", "operator", "output", "MACs", "bytes", "share", "kernel", "chosen", box=None, pad_edge=False)
    for column in (3, 4, 5):
        table.columns[column].justify = "right"
    for r in rows:
        shape = f"{r['dtype']} {'x'.join(map(str, r['shape']))}"
        share = f"{100 * r['share']:.1f} %"
        table.add_row(visible(r["name"]), r["op"], shape, count(r["macs"]), size(r["bytes"]), share, r["kernel"], r["chosen"])
    out.print(table)
    say(
        f"{len(rows)} steps, {count(variant['macs'])} MACs, {count(variant['params'])} parameters, "
        f"weights {size(manifest['weights_bytes'])}, "
        f"arena {size(variant['arena_bytes'])} (lower bound {size(variant['arena_lower_bound'])})"
    )
    if len(manifest["variants"]) > 1:
        say(f"the first of {len(manifest['variants'])} sets of shapes")

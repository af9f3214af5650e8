"""pith inspect: what becomes of a model, layer by layer, stage by stage."""

from __future__ import annotations

import sys
from pathlib import Path

import typer
from rich.table import Table

from pith.cli.common import ConstOption, JsonOption, Model, QuietOption, ShapeOption, TargetOption, count, out, parse_constants, parse_shapes, print_json, progress, size


def command(
    model: Path = Model, target: str = TargetOption, shape: list[str] = ShapeOption, const: list[str] = ConstOption,
    stage: str = typer.Option(None, help="print one stage: import, graph, program or c", show_default=False),
    json: bool = JsonOption, quiet: bool = QuietOption,
) -> None:  # fmt: skip
    """Show MODEL as a table of layers: shape, MACs, bytes, share, kernel; nothing is built."""
    from pith.api import describe, import_model, stages
    from pith.graph import InputError, format_graph
    from pith.lower.program import format_program
    from pith.report.layers import layer_rows

    if stage not in (None, "import", "graph", "program", "c"):
        raise InputError(f"no stage {stage!r}", try_="import, graph, program or c")
    shapes, constants = parse_shapes(shape), parse_constants(const)
    if stage == "import":
        first = {k: v[0] for k, v in shapes.items()}
        sys.stdout.write(format_graph(import_model(model, first, constants)) + "\n")
        return
    with progress(quiet or json) as bar:
        result = stages(model, target, shapes, constants=constants, progress=bar)
    if stage == "graph":
        sys.stdout.write("\n".join(map(format_graph, result.graphs)) + "\n")
        return
    if stage == "program":
        sys.stdout.write("\n".join(map(format_program, result.programs)) + "\n")
        return
    if stage == "c":
        sys.stdout.write(result.sources.code)
        return
    manifest = describe(result)
    variant = manifest["variants"][0]
    rows = layer_rows(variant)
    if json:
        print_json({"layers": rows, "macs": variant["macs"], "params": variant["params"], "arena_bytes": variant["arena_bytes"],
                    "arena_lower_bound": variant["arena_lower_bound"], "weights_bytes": manifest["weights_bytes"]})  # fmt: skip
        return
    table = Table("layer", "operator", "output", "MACs", "bytes", "share", "kernel", box=None, pad_edge=False)
    for column in (3, 4, 5):
        table.columns[column].justify = "right"
    for r in rows:
        table.add_row(r["name"], r["op"], f"{r['dtype']} {'x'.join(map(str, r['shape']))}", count(r["macs"]), size(r["bytes"]), f"{100 * r['share']:.1f} %", r["kernel"])
    out.print(table)
    out.print(f"{len(rows)} steps, {count(variant['macs'])} MACs, {count(variant['params'])} parameters, weights {size(manifest['weights_bytes'])}, "
              f"arena {size(variant['arena_bytes'])} (lower bound {size(variant['arena_lower_bound'])})")  # fmt: skip

"""pith bench: a model against ONNX Runtime, side by side in one process."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.table import Table

from pith.cli.common import (
    ConstOption,
    JsonOption,
    Model,
    QuietOption,
    ShapeOption,
    TargetOption,
    out,
    parse_constants,
    parse_shapes,
    print_json,
    progress,
    say,
)


def command(
    model: Path = Model,
    target: str = TargetOption,
    shape: list[str] = ShapeOption,
    const: list[str] = ConstOption,
    seconds: float = typer.Option(2.0, min=0.1, max=600, help="time for each engine"),
    json: bool = JsonOption,
    quiet: bool = QuietOption,
) -> None:
    """Time MODEL on random inputs, one thread, interleaved with ONNX Runtime where it is installed."""
    from pith.api import compile
    from pith.runtime.bench import compare

    with progress(quiet or json) as bar:
        session = compile(model, target, parse_shapes(shape), constants=parse_constants(const), progress=bar)
    rows, note = compare(session, model, seconds)
    if json:
        print_json(rows)
        return
    table = Table("engine", "precision", "threads", "median ms", "ratio", box=None, pad_edge=False)
    for r in rows:
        table.add_row(r["engine"], r["precision"], str(r["threads"]), f"{r['median_ms']:.4f}", f"{r['ratio']:.3f}")
    out.print(table)
    say(note)

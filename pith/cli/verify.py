"""pith verify: a network on another machine's processor, under an emulator, against the reference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer
from rich.table import Table

from pith.cli.common import (
    AcceleratorOption,
    ConstOption,
    DeviceOption,
    JsonOption,
    LimitOption,
    Model,
    PrecisionOption,
    QuietOption,
    ShapeOption,
    check_limit,
    count,
    out,
    parse_constants,
    parse_shapes,
    print_json,
    progress,
    say,
    size,
)
from pith.graph.errors import InputError

if TYPE_CHECKING:
    from pith.emulated import Verified


def command(
    model: Path = Model,
    target: str = typer.Option(
        None, "--target", "-t", help="where the code runs; see `pith targets` \\[default: aarch64, or what suits --device]", show_default=False
    ),
    inputs: list[Path] = typer.Option(
        [], "--inputs", help=".npz with an array for each input, or .npy for a single one; several: several sets", show_default=False
    ),
    sets: int = typer.Option(1, min=1, max=10000, help="how many random sets of inputs, without --inputs"),
    runs: int = typer.Option(1, min=1, max=100000, help="runs of each set; instructions are the mean"),
    device: str = DeviceOption,
    limit: float = LimitOption,
    accelerator: list[str] = AcceleratorOption,
    precision: str = PrecisionOption,
    shape: list[str] = ShapeOption,
    const: list[str] = ConstOption,
    json: bool = JsonOption,
    quiet: bool = QuietOption,
) -> None:
    """Compile MODEL for a target, run it under the target's emulator, compare with the reference; count instructions.

    Where nothing counts them (this machine, WebAssembly) runs are timed. With --device it runs there instead, and time is measured.
    Integers must have the reference's bits, floats stay within 1e-4 of the output's range (1e-2 of that of the reference with the same
    roundings, with --precision bf16); exit code 1 where they do not.
    """
    from pith.devices import open_device
    from pith.emulated import verify

    check_limit(device, limit)
    there = open_device(device, limit=limit) if device else None
    target = target or (there and there.target()) or "aarch64"
    given = [arrays(path) for path in inputs] or None
    constants = parse_constants(const)
    if given is not None:
        from pith.api import expand_shapes, import_model

        graph = import_model(model, expand_shapes(parse_shapes(shape))[0], constants)
        given = [named(s, graph.inputs) for s in given]
    with progress(quiet or json) as bar:
        found = verify(model, target, parse_shapes(shape), constants=constants, sets=given, count=sets, runs=runs, device=there,
                       accelerators=accelerator, precision=precision, progress=bar)  # fmt: skip
    if json:
        print_json(plain(found))
    else:
        show(found)
    if not found.holds:
        raise typer.Exit(1)


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Arrays of a file by name; a lone one is called ""."""
    try:
        loaded = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as e:
        raise InputError(f"cannot read the inputs {path}", why=str(e), try_="a .npz or .npy file") from None
    return {k: loaded[k] for k in loaded.files} if isinstance(loaded, np.lib.npyio.NpzFile) else {"": loaded}


def named(arrays: dict[str, np.ndarray], names: list[str]) -> dict[str, np.ndarray]:
    """A lone array is that of the only input. Raises InputError where there are several."""
    if list(arrays) != [""]:
        return arrays
    if len(names) != 1:
        raise InputError(f"one array for {len(names)} inputs", try_="a .npz file with an array for each of: " + ", ".join(names))
    return {names[0]: arrays[""]}


def show_steps(found: Verified) -> None:
    """The table of layers."""
    steps, done = found.manifest["variants"][0]["steps"], found.execution
    if done.step_times is not None:
        total = sum(done.step_times) or 1.0
        table = Table("layer", "operator", "ms", "share", "M MACs/s", "kernel", box=None, pad_edge=False)
        for s, n in zip(steps, done.step_times, strict=True):
            rate = f"{s['macs'] / n / 1e3:,.0f}" if s["macs"] and n else "-"
            table.add_row(s["name"], s["op"], f"{n:.4f}", f"{n / total:.1%}", rate, s["kernel"])
        out.print(table)
    if done.steps is None:
        return
    total = sum(done.steps) or 1.0
    table = Table("layer", "operator", "instructions", "share", "a MAC", "kernel", box=None, pad_edge=False)
    for s, n in zip(steps, done.steps, strict=True):
        table.add_row(s["name"], s["op"], f"{n:,.0f}", f"{n / total:.1%}", f"{n / s['macs']:.3f}" if s["macs"] else "-", s["kernel"])
    out.print(table)


def show_cycles(found: Verified) -> None:
    """Inner loops under the model of the processor, and what they make of the whole network."""
    from pith.targets.base import get_target

    target, total, macs = get_target(found.manifest["target"]), found.execution.instructions, found.manifest["macs"]
    if found.cycles is None or total is None:
        if target.mca:
            say("no cycles of inner loops: llvm-mca is not installed (apt-get install llvm-19)")
        return
    table = Table("function", "instructions", "share", "of the inner loop", "its cycles", "cycles an instruction", box=None, pad_edge=False)
    for c in found.cycles[:12]:
        table.add_row(c.function, f"{c.executed:,.0f}", f"{c.executed / total:.1%}", str(c.instructions), f"{c.cycles:.1f}", f"{c.cycles / c.instructions:.2f}")
    out.print(table)
    covered = sum(c.executed for c in found.cycles)
    if covered and macs:
        rate = sum(c.estimate for c in found.cycles) / covered
        say(f"functions with such loops run {covered / total:.1%} of the instructions; all at their {rate:.2f} cycles: {rate * total / macs:.2f} cycles a MAC")
        say(f"by llvm-mca's model {target.mca}: no wait states of memory")


def show(found: Verified) -> None:
    """Layers, totals, sizes, and how the outputs compare."""
    show_steps(found)
    m, done = found.manifest, found.execution
    if done.instructions is not None:
        per = f", {done.instructions / m['macs']:.3f} a MAC" if m["macs"] else ""
        say((f"{done.instructions:,.0f} instructions a run", "bold"), f" ({count(done.instructions)}{per})")
    if done.times:
        say((f"{done.median_ms:.4f} ms a run", "bold"), f" (median of {len(done.times)}, fastest {min(done.times):.4f}), measured {done.place}")
    stack = "-" if done.stack is None else f"{done.stack:,} B"
    say(f"stack used {stack}, arena {size(m['arena_bytes'])}, weights {size(m['weights_bytes'])}, code {size(m['code_bytes'])}")
    for o in found.outputs:
        verdict = "same bits" if not o.different else f"{o.different:,} of {o.elements:,} differ"
        more = "" if not o.different or o.error != o.error else f", by at most {o.error:.1e} of the largest"
        say(("holds" if o.holds else "FAILS", "bold green" if o.holds else "bold red"), f"  {o.name}: {o.dtype}, {verdict}{more}")


def plain(found: Verified) -> dict[str, Any]:
    """The same as plain data."""
    m, done = found.manifest, found.execution
    figures = [("instructions", done.steps), ("ms", done.step_times)]
    steps = [{"name": s["name"], "kernel": s["kernel"], "macs": s["macs"]} | {k: v[i] for k, v in figures if v is not None}
             for i, s in enumerate(m["variants"][0]["steps"]) if any(v is not None for _, v in figures)]  # fmt: skip
    return {
        "target": m["target"], "holds": found.holds, "median_ms": done.median_ms, "runs": len(done.times or []),
        "instructions": done.instructions, "functions": done.functions, "layers": steps,
        "stack_used": done.stack, "code_bytes": m["code_bytes"], "weights_bytes": m["weights_bytes"], "arena_bytes": m["arena_bytes"],
        "macs": m["macs"],
        "cycles": None if found.cycles is None else [
            {"function": c.function, "executed": c.executed, "loop_instructions": c.instructions, "loop_cycles": c.cycles} for c in found.cycles],
        "outputs": [{"name": o.name, "dtype": o.dtype, "elements": o.elements, "different": o.different, "error": o.error, "holds": o.holds}
                    for o in found.outputs],
    }  # fmt: skip

"""pith targets: what code can be generated for."""

from __future__ import annotations

from rich.table import Table

from pith.cli.common import JsonOption, out, print_json, size


def command(json: bool = JsonOption) -> None:
    """List the targets, which of them run on this machine and under which emulator the others, the boards that firmware can be built for, and accelerators."""
    from pith.accelerators import installed
    from pith.boards.base import boards
    from pith.targets.base import TARGETS, load_all

    load_all()
    rows = [(name, make()) for name, make in sorted(TARGETS.items())]
    if json:
        facts = [
            {"target": n, "description": t.description, "isa": t.isa.name, "runs_here": t.runs_here(),
             "emulator": t.emulation.program if t.emulation else None} for n, t in rows
        ]
        print_json(facts)
        return
    table = Table("target", "what", "instruction set", "runs here", "emulator", box=None, pad_edge=False)
    for n, t in rows:
        table.add_row(n, t.description, t.isa.name, "yes" if t.runs_here() else "no", t.emulation.program if t.emulation else "-")
    out.print(table)
    table = Table("board", "what", "target", "flash", "RAM", box=None, pad_edge=False)
    for b in boards():
        table.add_row(b.name, b.description, b.core, size(b.flash.length), size(b.ram.length))
    out.print()
    out.print(table)
    if found := installed():
        table = Table("accelerator", "package", "entry point", box=None, pad_edge=False)
        for name, e in found.items():
            table.add_row(name, f"{e.dist.name} {e.dist.version}" if e.dist else "-", e.value)
        out.print()
        out.print(table)

"""pith bench: a model beside other engines, layer by layer, and under the processor's ceilings."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from pith.cli.common import (
    ConstOption,
    DeviceOption,
    JsonOption,
    LimitOption,
    Model,
    QuietOption,
    ShapeOption,
    TargetOption,
    check_limit,
    out,
    parse_constants,
    parse_shapes,
    print_json,
    progress,
    say,
)
from pith.graph.errors import InputError, UnsupportedError
from pith.report.files import check_place, write_whole

_ROUNDS, _SECONDS = 8, 2.0
_TIMED = 30  # runs under what counts no instructions: Node compiles well only what has run a while

if TYPE_CHECKING:
    import numpy as np

    from pith.api import Progress
    from pith.bench.ceilings import Ceilings
    from pith.bench.compare import Row
    from pith.bench.layers import Layer
    from pith.bench.process import Interpreters
    from pith.graph import Graph
    from pith.runtime import Session


def command(
    model: Path = Model,
    target: str = TargetOption,
    device: str = DeviceOption,
    limit: float = LimitOption,
    shape: list[str] = ShapeOption,
    const: list[str] = ConstOption,
    threads: str = typer.Option("1", help="numbers of threads, each measured for itself: 1,2"),
    peers: str = typer.Option(
        None, help="engines to compare with: onnxruntime,openvino,...; none \\[default: those installed]", show_default=False
    ),
    python: list[str] = typer.Option(
        [], help="PEER=PATH: the Python that has the engine; PEER-convert=PATH: the one that converts for it", show_default=False
    ),
    precision: str = typer.Option(
        "", help="int8: every engine's own int8 network, made of the float MODEL \\[default: MODEL as it is]", show_default=False
    ),
    images: Path = typer.Option(None, help="what to make int8 networks with, as for `pith quantize` \\[default: noise]", show_default=False),
    rounds: int = typer.Option(_ROUNDS, min=1, max=1000, help="how often every engine has its turn"),
    seconds: float = typer.Option(_SECONDS, min=0.1, max=600, help="time for each engine, over all rounds"),
    layers: bool = typer.Option(False, "--layers", help="also Pith's time layer by layer, one thread"),
    csv: Path = typer.Option(None, help="write the rows to this file", show_default=False),
    plot: Path = typer.Option(None, help="draw the engines: a .png, .svg or .pdf", show_default=False),
    roofline: Path = typer.Option(None, help="draw the layers under the measured ceilings of the processor", show_default=False),
    json: bool = JsonOption,
    quiet: bool = QuietOption,
) -> None:
    """Time MODEL on random inputs beside other engines, each in a process of its own, in turns; with --device alone, there."""
    from pith.bench.compare import choose, missing_note
    from pith.bench.plots import engines_picture, roofline_picture
    from pith.bench.process import Interpreters

    check_limit(device, limit)
    counts = _counts(threads)
    here = {
        "--threads": counts != [1], "--peers": peers not in (None, "none"), "--python": python, "--precision": precision, "--images": images,
        "--rounds": rounds != _ROUNDS, "--csv": csv, "--plot": plot, "--roofline": roofline,
    }  # fmt: skip
    if device is not None:
        _only_here(here, "--device")
        _on_device(model, device, limit, None if target == "host" else target, shape, const, seconds, layers=layers, json=json, quiet=quiet)
        return
    if _only_emulated(target):
        _only_here(here | {"--seconds": seconds != _SECONDS}, f"target {target}, which is emulated here")
        _check_steps(layers, target)
        _count_instructions(model, target, shape, const, json=json, quiet=quiet)
        return
    _check_files(csv, (plot, roofline))
    interpreters = Interpreters(_interpreters(python))
    chosen, absent = choose(peers, interpreters)
    measured = _Measured(model, target, precision, parse_shapes(shape), parse_constants(const), images)
    with progress(quiet or json) as bar:
        measured.prepare(bar)
        rows = [r for k in counts for r in measured.beside(chosen, interpreters, k, rounds, seconds, bar)]
        steps, ceilings = measured.layers(bar) if layers or roofline is not None else (None, None)
    if csv is not None:
        _write_csv(csv, rows)
    if plot is not None:
        engines_picture(rows, plot)
    if roofline is not None:
        assert steps is not None and ceilings is not None
        roofline_picture(steps, ceilings, roofline, ", ".join(filter(None, (model.stem, precision, target, "one thread"))))
    if json:
        print_json(_plain(rows, asked=peers is not None, steps=steps, ceilings=ceilings))
        return
    _show(rows, rounds, made=bool(precision))
    if note := missing_note(absent):
        say(note)
    if layers:
        assert steps is not None and ceilings is not None
        _show_layers(steps, ceilings)
    for file in filter(None, (csv, plot, roofline)):
        say("wrote ", (str(file), "bold"))


def _only_here(given: Mapping[str, object], where: str) -> None:
    """Refuse options for engines of this machine, `given` by name, where the code runs somewhere else. Raises InputError."""
    if names := [name for name, value in given.items() if value]:
        raise InputError(f"{', '.join(names)} with {where}", why="Pith alone is measured there, with one thread",
                         try_=f"leave {'it' if len(names) == 1 else 'them'} out; --json has what is measured")  # fmt: skip


def _check_steps(layers: bool, target: str) -> None:
    """Refuse --layers where an emulator gives the time of a whole run alone. Raises UnsupportedError."""
    from pith.emulators import counts
    from pith.targets.base import get_target

    if layers and not counts(get_target(target)):
        raise UnsupportedError(f"--layers with target {target}", why="what runs it counts no instructions, and times runs as a whole", try_="leave it out")


def _only_emulated(target: str) -> bool:
    """Whether what can be measured of a target here is its instructions, under an emulator. Raises UnsupportedError where nothing can."""
    from pith.targets.base import get_target

    chosen = get_target(target)
    if chosen.runs_here() or (chosen.emulation is not None and chosen.emulation.measures):
        return not chosen.runs_here()
    raise UnsupportedError(f"target {target} cannot be timed on this machine", why="its code does not run here",
                           try_="-t host, or a target that `pith targets` says runs here")  # fmt: skip


def _check_files(csv: Path | None, pictures: tuple[Path | None, ...]) -> None:
    """Refuse what cannot be written, before any work. Raises InputError."""
    from pith.bench.plots import check_picture

    for picture in filter(None, pictures):
        check_picture(picture)
    if csv is not None:
        check_place(csv)


@dataclass(slots=True)
class _Measured:
    """What is timed: the model, or the int8 network made of it, and the samples it is made with."""

    model: Path
    target: str
    precision: str
    shapes: dict[str, list[tuple[int, ...]]]
    constants: dict[str, np.ndarray]
    images: Path | None
    samples: list[dict[str, np.ndarray]] = field(default_factory=list)
    network: Path | Graph = field(init=False)

    def __post_init__(self) -> None:
        self.network = self.model
        if self.precision not in ("", "int8"):
            raise InputError(f"--precision {self.precision!r} is none that can be made", try_="int8, or leave it out: the model is timed as it is")
        if self.precision and self.constants:
            raise InputError("--precision int8 with --const", why="the engines' own tools quantise the model file as it is")
        if self.images is not None and not self.precision:
            raise InputError("--images without --precision int8", why="nothing is quantised")

    def prepare(self, bar: Progress) -> None:
        """Quantise, where that is asked."""
        from pith.api import expand_shapes, import_model
        from pith.quantized import quantize, samples_of

        if self.precision:
            if any(n.op in ("quantize_linear", "dequantize_linear") for n in import_model(self.model, expand_shapes(self.shapes)[0]).nodes):
                raise InputError(f"--precision int8 with {self.model.name}, which has integers already", why="each engine would round what is rounded",
                                 try_="leave --precision out: the file is timed as it is")  # fmt: skip
            self.samples = samples_of(self.model, self.images, shapes=self.shapes)
            self.network = quantize(self.model, self.samples, shapes=self.shapes, method="minmax", improve=False, progress=bar).graph

    def _compiled(self, bar: Progress, **more: Any) -> Session:
        from pith.api import compile

        return compile(self.network, self.target, None if self.precision else self.shapes, constants=self.constants, progress=bar, **more)

    def beside(self, engines: Sequence[str], interpreters: Interpreters, threads: int, rounds: int, seconds: float, bar: Progress) -> list[Row]:
        """Times of Pith and the other engines with so many threads."""
        from pith.bench.compare import compare
        from pith.runtime.bench import computed_in, random_inputs

        session = self._compiled(bar, threads=threads)
        if len(session.shapes) > 1:
            raise InputError("several shapes cannot be timed at once", try_="one shape: --shape input=1x3x224x224")
        kind = self.precision or computed_in(session.manifest)
        rows = compare(
            self.model, session.folder, engines, random_inputs(session), threads=threads, rounds=rounds, seconds=seconds,
            interpreters=interpreters, progress=bar, precision=kind, rest=self.constants, samples=self.samples,
        )  # fmt: skip
        session.close()
        return rows

    def layers(self, bar: Progress) -> tuple[list[Layer], Ceilings]:
        """Pith's time layer by layer, one thread, and what the processor could do."""
        return _layers(self._compiled(bar, profile=True), self.target)


def _on_device(
    model: Path, address: str, limit: float, target: str | None, shape: list[str], const: list[str], seconds: float, *, layers: bool, json: bool, quiet: bool
) -> None:  # fmt: skip
    """The time of a run on a device, and of every layer."""
    from pith.cli.verify import plain, show
    from pith.devices import open_device
    from pith.emulated import verify

    device = open_device(address, limit=limit)
    chosen = target or device.target() or "host"
    with progress(quiet or json) as bar:
        found = verify(model, chosen, parse_shapes(shape), constants=parse_constants(const), runs=3, steps=layers, reference=False,
                       device=device, seconds=seconds, progress=bar)  # fmt: skip
    if json:
        print_json(plain(found))
    else:
        show(found)
        if found.execution.times is None:
            say("no time: the board has no counter of cycles, or its clock is not known")


def _count_instructions(model: Path, target: str, shape: list[str], const: list[str], *, json: bool, quiet: bool) -> None:
    """Where a target's code does not run here: instructions by layer, under its emulator; times where that counts none."""
    from pith.cli.verify import plain, show, show_cycles
    from pith.emulated import verify
    from pith.emulators import counts
    from pith.targets.base import get_target

    runs = 1 if counts(get_target(target)) else _TIMED
    with progress(quiet or json) as bar:
        found = verify(model, target, parse_shapes(shape), constants=parse_constants(const), runs=runs, reference=False, cycles=True, progress=bar)
    if json:
        print_json(plain(found))
    else:
        show(found)
        show_cycles(found)


def _counts(text: str) -> list[int]:
    """The numbers of --threads. Raises InputError."""
    from pith.api import MOST_THREADS

    try:
        counts = [int(t) for t in text.split(",")]
    except ValueError:
        counts = []
    if not counts or not all(1 <= c <= MOST_THREADS for c in counts):
        raise InputError(f"--threads {text!r} is no list of numbers from 1 to {MOST_THREADS}", try_="--threads 1,2")
    return list(dict.fromkeys(counts))


def _interpreters(options: list[str]) -> dict[str, str]:
    pairs = [o.partition("=") for o in options]
    for name, found, path in pairs:
        if not found or not path:
            raise InputError(f"--python {name!r} is not of the form PEER=PATH", try_="--python ncnn=PATH/bin/python")
    return {name: path for name, _, path in pairs}


def _layers(session: Session, target: str) -> tuple[list[Layer], Ceilings]:
    from pith.bench.ceilings import measure
    from pith.bench.layers import layers
    from pith.runtime.bench import random_inputs

    ceilings = measure(target)
    return layers(session, list(random_inputs(session).values()), ceilings), ceilings


def _plain(rows: list[Row], *, asked: bool, steps: list[Layer] | None, ceilings: Ceilings | None) -> list[dict[str, Any]]:
    """Rows for JSON: an engine without a time is one when it was asked for by name; layers go into Pith's first row."""
    plain = [r.plain() for r in rows if asked or r.engine == "pith" or r.median_ms is not None]
    if steps is not None and ceilings is not None:
        plain[0]["layers"] = [s.plain() for s in steps]
        plain[0]["ceilings"] = ceilings.plain()
    return plain


def _write_csv(path: Path, rows: list[Row]) -> None:
    from pith.bench.compare import KEYS
    from pith.targets.cpu import model_name
    from pith.version import VERSION

    text = io.StringIO(newline="")
    more = {"processor": model_name(), "date": datetime.date.today().isoformat(), "pith": VERSION}
    writer = csv.DictWriter(text, [*KEYS, *more], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**r.plain(), **more} for r in rows)
    write_whole(path, text.getvalue().encode())


def _show(rows: list[Row], rounds: int, *, made: bool) -> None:
    """made: each engine made the int8 network itself."""
    from pith.bench.compare import BEHIND8, BOUND, BOUND8, BY_NOISE, best_peer
    from pith.peers.base import get_peer

    noise = any(r.precision in BY_NOISE for r in rows)
    table = Table("engine", "precision", "threads", "median ms", "ratio", "SQNR dB" if noise else "error", box=None, pad_edge=False)
    for r in sorted((r for r in rows if r.median_ms is not None), key=lambda r: (r.threads, r.median_ms)):
        flaw = "" if r.counts is not False else "  does not count"
        error = "-" if r.error is None else f"{r.error:.1e}"
        if noise:
            error = "-" if r.sqnr_db is None else f"{r.sqnr_db:.1f}"
        table.add_row(get_peer(r.engine).title, r.precision, str(r.threads), f"{r.median_ms:.4f}",
                      "-" if r.ratio is None else f"{r.ratio:.3f}", error + flaw)  # fmt: skip
    out.print(table)
    for threads in dict.fromkeys(r.threads for r in rows):
        mine = [r for r in rows if r.threads == threads]
        best = best_peer(mine)
        own = next((r for r in mine if r.engine == "pith"), None)
        if own is not None and own.counts is False:
            how = "has NaN or shapes of its own" if own.error is None else f"is {own.error:.1e} from ONNX Runtime's"
            if noise and own.sqnr_db is not None:
                how = f"has {own.sqnr_db:.1f} dB of signal to noise"
            say(f"{threads} thread{'s' * (threads > 1)}: no comparison, Pith's result {how}; see docs/benchmarks.md")
        elif best is not None and best.ratio is not None:
            say(f"{threads} thread{'s' * (threads > 1)}: the best peer, {get_peer(best.engine).title}, takes {best.ratio:.2f} x Pith's time")
    for r in rows:
        if r.reason is not None:
            say(f"{get_peer(r.engine).title}, {r.threads} thread{'s' * (r.threads > 1)}: no time, {r.reason}")
    rule = f"error: from ONNX Runtime, counts below {BOUND:g}"
    if noise and made:
        rule = f"SQNR: against ONNX Runtime's float32, counts from {BOUND8:g} dB, or {BEHIND8:g} below the best"
    elif noise:
        rule = f"SQNR: against ONNX Runtime's result of the same file, counts from {BOUND8:g} dB"
    say(f"medians of {rounds} rounds in turns; ratio: time over Pith's, round by round; {rule}")


def _show_layers(steps: list[Layer], ceilings: Ceilings) -> None:
    table = Table("layer", "operator", "ms", "share", "G ops/s", "of roof", "kernel", box=None, pad_edge=False)
    for s in steps:
        table.add_row(s.name, s.op, f"{s.ms:.4f}", f"{s.share:.1%}", f"{s.gflops:.1f}", f"{s.of_roof:.0%}", s.kernel)
    out.print(table)
    levels = ", ".join(f"{v.name} {v.rate / 1e9:.0f}" for v in ceilings.levels)
    say(f"measured ceilings of one core ({ceilings.isa}): {ceilings.flops / 1e9:.0f} G ops/s in float32, {ceilings.int8 / 1e9:.0f} in int8 "
        f"({ceilings.way}); GB/s read: {levels}")  # fmt: skip

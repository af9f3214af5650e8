"""What the commands share: reading options, progress, tables, and how errors look."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from pith.graph.errors import InputError, PithError, ShapeError

_PIPE_WIDTH = 200  # columns of a table that does not go to a terminal, so that lines stay whole for grep and cut
out = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
err = Console(stderr=True, highlight=False, markup=False)

MODEL_FILES = "model file: .onnx, .tflite, .param (ncnn), .prototxt or .caffemodel (Caffe), .tmfile (Tengine)"
Model = typer.Argument(help=MODEL_FILES, show_default=False)
TargetOption = typer.Option("host", "--target", "-t", help="where the code runs; see `pith targets`")
DeviceOption = typer.Option(None, "--device", help="a machine that runs it: ssh://user@board, serial:///dev/ttyACM0", show_default=False)
AcceleratorOption = typer.Option([], "--accelerator", help="an installed plug-in that may compute parts of it; see `pith targets`", show_default=False)
_LIMIT = 600.0
LimitOption = typer.Option(_LIMIT, "--limit", min=0.001, help="seconds that a --device may take for a call")
ShapeOption = typer.Option(
    [], "--shape", help="shape of an input: input=1x3x224x224; several: input=1x3x32x{160,320}", show_default=False
)
ConstOption = typer.Option(
    [], "--const", help="fix an input at compile time: name=1,2,3 or name=@file.npy", show_default=False
)
PrecisionOption = typer.Option("float32", "--precision", help="bf16: layers of float32 may multiply in bfloat16, on processors with AMX")
JsonOption = typer.Option(False, "--json", help="print one JSON object on standard output")
QuietOption = typer.Option(False, "--quiet", "-q", help="no progress bar")


def say(*parts: str | tuple[str, str]) -> None:
    """One line on standard output, never broken; a part may be (text, style). Nothing in it is read as markup."""
    out.print(Text.assemble(*(visible(p) if isinstance(p, str) else (visible(p[0]), p[1]) for p in parts)), soft_wrap=True)


def visible(text: str) -> str:
    """Text from a model or file name without the control characters a terminal would obey."""
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", "?", text)


def quoted(path: Path) -> str:
    """A path as one word of a shell that no command takes for an option."""
    return shlex.quote(f"./{path}" if str(path).startswith("-") else str(path))


def fail(error: PithError) -> NoReturn:
    """Print an error as what / where / why / try and leave with exit code 2."""
    text = Text(visible(error.what), style="bold")
    for label, value in (("where", error.where), ("why", error.why), ("try", error.try_)):
        if value:
            text.append(f"\n{label:<6}", style="cyan")
            text.append(visible(value), style="not bold")
    if err.is_terminal:
        err.print(Panel(text, title="refused", title_align="left", border_style="red"))
    else:
        sys.stderr.write(visible(f"error: {error}") + "\n")
    sys.exit(2)


def check_compiled(folder: Path, target: str, shape: list[str], const: list[str]) -> None:
    """Refuse options that decide a compilation where `folder` holds the result of one."""
    given = [name for name, used in (("--target", target != "host"), ("--shape", shape), ("--const", const)) if used]
    if given:
        raise InputError(f"{' and '.join(given)} cannot change a compiled network", where=str(folder),
                         why="the folder holds C and a library made before", try_="give the model file instead")  # fmt: skip


def check_limit(device: str | None, limit: float) -> None:
    """Refuse a --limit that holds for nothing. Raises InputError."""
    if device is None and limit != _LIMIT:
        raise InputError("--limit without --device", why="it is the time that a call may take there", try_="leave it out")


def parse_shapes(options: list[str]) -> dict[str, list[tuple[int, ...]]]:
    """`name=1x3x32x{160,320}` options as {name: [shapes]}. Raises ShapeError."""
    shapes: dict[str, list[tuple[int, ...]]] = {}
    for option in options:
        name, found, text = option.rpartition("=")
        if not found or not name:
            raise ShapeError(f"--shape {option!r} is not of the form name=1x3x224x224")
        parts = re.split(r"x(?![^{]*\})", text.strip()) if text.strip() else []
        choices = []
        for part in parts:
            items = part[1:-1].split(",") if part.startswith("{") and part.endswith("}") else [part]
            if not all(re.fullmatch(r"\d{1,9}", i.strip()) for i in items):
                raise ShapeError(f"--shape {option!r}: {part!r} is no dimension", try_="whole numbers joined by x, e.g. 1x3x224x224")
            choices.append([int(i) for i in items])
        shapes.setdefault(name, []).extend(itertools.product(*choices))
    return shapes


def parse_constants(options: list[str]) -> dict[str, np.ndarray]:
    """`name=value` options as arrays: numbers (int64, or float32 with a point), or @file.npy. Raises InputError."""
    from pith.runtime.inputs import load_array

    constants: dict[str, np.ndarray] = {}
    for option in options:
        name, found, text = option.partition("=")
        if not found or not name:
            raise InputError(f"--const {option!r} is not of the form name=value")
        if text.startswith("@"):
            constants[name] = load_array(Path(text[1:]), name)
            continue
        inner = text.strip().removeprefix("[").removesuffix("]")
        items = [i for i in inner.split(",") if i.strip()]
        try:
            values = [float(i) if re.search(r"[.eEn]", i) else int(i) for i in items]
        except ValueError:
            raise InputError(f"--const {option!r}: not a list of numbers", try_="name=1,2,3 or name=@file.npy") from None
        dtype = np.float32 if any(isinstance(v, float) for v in values) else np.int64
        constants[name] = np.array(values if text.startswith("[") or len(values) != 1 else values[0], dtype)
    return constants


@contextlib.contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error; call it with (stage, share done)."""
    if quiet or not err.is_terminal:
        yield lambda what, done: None
        return
    with Progress(TextColumn("{task.description:<20}"), BarColumn(), TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task("read", total=1.0)
        yield lambda what, done: bar.update(task, description=what, completed=done)


def print_json(value: Any) -> None:
    """One line of JSON; numbers that JSON has not (NaN, infinity) become null."""
    sys.stdout.write(json.dumps(_finite(value), allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parse_bytes(text: str) -> int:
    """`64K` (1024 bytes each), `2M` or plain bytes as a number. Raises InputError."""
    found = re.fullmatch(r"([0-9]{1,12})([kKmM]?)[bB]?", text.strip())
    if not found or not int(found[1]):
        raise InputError(f"{text!r} is no number of bytes", try_="65536, 64K or 1M")
    return int(found[1]) << {"": 0, "k": 10, "m": 20}[found[2].lower()]


def parse_places(text: str | None) -> dict[str, str]:
    """`arena=CCM,weights=FLASH` as a dict. Raises InputError."""
    places: dict[str, str] = {}
    for item in text.split(",") if text else ():
        part, found, memory = (w.strip() for w in item.partition("="))
        if not found or not part or not memory:
            raise InputError(f"--place {item!r} is not of the form PART=MEMORY", try_="--place arena=RAM,weights=FLASH")
        places[part] = memory
    return places


def size(n: int | float | None) -> str:
    """Bytes for people."""
    if n is None:
        return "-"
    for unit in ("B", "KB", "MB"):
        if n < 1000 or unit == "MB":
            return f"{n:,.0f} {unit}" if unit == "B" else f"{n:,.1f} {unit}"
        n /= 1000
    return ""


def count(n: int | float) -> str:
    """A count for people: 1.2 M."""
    for unit, step in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if n >= step:
            return f"{n / step:.2f} {unit}"
    return f"{n:.0f}"

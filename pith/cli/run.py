"""pith run: a model or artefact on files."""

from __future__ import annotations

import json as json_module
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from pith.cli.common import (
    MODEL_FILES,
    ConstOption,
    DeviceOption,
    JsonOption,
    LimitOption,
    QuietOption,
    ShapeOption,
    TargetOption,
    check_compiled,
    check_limit,
    parse_constants,
    parse_shapes,
    print_json,
    progress,
    say,
)
from pith.graph.errors import InputError
from pith.report.files import check_place, whole

if TYPE_CHECKING:
    from pith.devices.session import DeviceSession
    from pith.emulators.session import EmulatedSession
    from pith.runtime.session import Session


@dataclass(slots=True)
class _Result:
    """One run: the file of each input, the outputs, and the best labels (none unless it is a classifier)."""

    files: dict[str, Path]
    outputs: dict[str, np.ndarray]
    top: list[dict[str, Any]]


def open_session(
    model: Path, target: str, shape: list[str], const: list[str], quiet: bool, threads: int | None = None
) -> Session | EmulatedSession:  # fmt: skip
    """A Session for an artefact folder, or for a model file compiled now (from the cache when it was before); what does not run here
    is run under its emulator."""
    from pith.emulators import check
    from pith.emulators.session import EmulatedSession
    from pith.runtime.session import load, read_manifest
    from pith.targets.base import get_target

    if model.is_dir():
        check_compiled(model, target, shape, const)
        target = read_manifest(model)["target"]
    chosen = get_target(target)
    emulated = bool(chosen.emulation and chosen.not_here())
    if emulated and threads not in (None, 1):
        raise InputError(f"--threads with target {target}", why="it runs under an emulator, with one thread")
    if model.is_dir():
        return EmulatedSession(model) if emulated else load(model, threads=threads)
    from pith.api import compile, compile_to

    with progress(quiet) as bar:
        if emulated:
            check(chosen)
            return EmulatedSession.of(lambda folder: compile_to(model, folder, target, parse_shapes(shape), constants=parse_constants(const), progress=bar))
        return compile(model, target, parse_shapes(shape), constants=parse_constants(const), threads=threads or 1, progress=bar)


def open_there(model: Path, target: str, shape: list[str], const: list[str], quiet: bool, address: str, limit: float) -> DeviceSession:
    """The same on a device; `host` means the target that suits it."""
    from pith.api import compile_to
    from pith.devices import open_device
    from pith.devices.session import DeviceSession

    device = open_device(address, limit=limit)
    if model.is_dir():
        check_compiled(model, target, shape, const)
        return DeviceSession(device, model)
    with progress(quiet) as bar:
        return DeviceSession.of(device, lambda folder, suits: compile_to(
            model, folder, target if target != "host" else suits or target, parse_shapes(shape), constants=parse_constants(const), progress=bar,
        ))  # fmt: skip


def command(
    model: Path = typer.Argument(help=f"{MODEL_FILES}; or folder that `pith compile` wrote", show_default=False),
    inputs: list[Path] = typer.Argument(
        help="a file for each input: picture, .npy, .npz, .txt; NAME=FILE goes by name. "
        "For a network with one input: any number of files, one run each",
        show_default=False,
    ),
    target: str = TargetOption,
    device: str = DeviceOption,
    limit: float = LimitOption,
    shape: list[str] = ShapeOption,
    const: list[str] = ConstOption,
    output: Path = typer.Option(
        None, "--output", "-o", help="save the outputs to this .npz (or .npy for a single one)", show_default=False
    ),
    labels: Path = typer.Option(None, help="text file with a label a line", show_default=False),
    top: int = typer.Option(5, min=1, help="how many labels to print"),
    preprocess: str = typer.Option(
        None, help="JSON: scale, mean, std, layout, crop, offset \\[default: what the model records]", show_default=False
    ),
    threads: int = typer.Option(
        None, "--threads", min=1, max=256, help="how many threads run it \\[default: 1, or what the folder was compiled for]", show_default=False
    ),
    allow_nan: bool = typer.Option(False, "--allow-nan", help="accept inputs that hold NaN or infinity"),
    json: bool = JsonOption,
    quiet: bool = QuietOption,
) -> None:
    """Run MODEL on files; prints the top labels of a classifier, else a summary of the outputs."""
    check_limit(device, limit)
    if output is not None:
        _check_destination(output)
    session: Session | EmulatedSession | DeviceSession
    if device is not None:
        if threads not in (None, 1):
            raise InputError("--threads with --device", why="the program that goes there has one thread")
        session = open_there(model, target, shape, const, quiet or json, device, limit)
    else:
        session = open_session(model, target, shape, const, quiet or json, threads)
    names = _labels(labels, session.manifest.get("metadata", {}))
    results = _results(session, inputs, preprocess, allow_nan=allow_nan, names=names, top=top, chosen=labels is not None)
    if output is not None:
        _save(output, results)
    if json:
        print_json({"results": [_plain(r) for r in results]})
        return
    for r in results:
        _show(r)
    if output is not None:
        say(f"saved {output}")
    if preprocess is None and (note := _plain_pixels(session, results)):
        say(f"note: {note}")


def _results(
    session: Session | DeviceSession, inputs: list[Path], preprocess: str | None, *, allow_nan: bool, names: list[str] | None, top: int, chosen: bool
) -> list[_Result]:  # fmt: skip
    """One run for each set of files."""
    from pith.api import check_finite
    from pith.runtime.inputs import Preprocess, read_input

    metadata = session.manifest.get("metadata", {})
    how = Preprocess.parse(preprocess or metadata.get("pith.preprocess", "{}"))
    results = []
    for files in _batches(session, [str(i) for i in inputs]):
        feed = {}
        for port in session.inputs:
            feed[port.name] = read_input(files[port.name], port, how)
            if not allow_nan:
                check_finite(port.name, feed[port.name])
        outputs = session.run(feed)
        results.append(_Result(files, outputs, _top(_real(outputs, metadata), names, top, chosen=chosen)))
    return results


def _plain_pixels(session: Session | DeviceSession, results: list[_Result]) -> str:
    """What to say where a picture went into an input of floats of a network that does not say how; "" where it is well."""
    from pith.runtime.inputs import PICTURES, PLAIN_PIXELS

    pictures = any(r.files[p.name].suffix.lower() in PICTURES for r in results for p in session.inputs if p.np.kind == "f")
    return PLAIN_PIXELS if pictures and "pith.preprocess" not in session.manifest.get("metadata", {}) else ""


def _show(r: _Result) -> None:
    say((", ".join(map(str, r.files.values())), "bold"))
    for entry in r.top:
        say(f"  {entry['probability']:7.2%}  {entry['label']}")
    if not r.top:
        for k, v in r.outputs.items():
            s = _summary(v)
            shape = "x".join(map(str, s["shape"])) or "scalar"
            say(f"  {k}: {s['dtype']} {shape}, from {s['min']:.5g} to {s['max']:.5g}, mean {s['mean']:.5g}")


def _plain(r: _Result) -> dict[str, Any]:
    files = {k: str(v) for k, v in r.files.items()}
    return {"inputs": files, "top": r.top, "outputs": {k: _summary(v) for k, v in r.outputs.items()}}


def _batches(session: Session | EmulatedSession | DeviceSession, items: list[str]) -> list[dict[str, Path]]:
    """Each run's file by input name."""
    names = [p.name for p in session.inputs]
    for item in items:
        name, found, _ = item.partition("=")
        if found and name not in names and not Path(item).exists():
            raise InputError(f"the network has no input {name!r}", where=item, why="its inputs are " + ", ".join(names), try_="NAME=FILE with one of them")
    if len(names) > 1 and len(items) == 1 and items[0].lower().endswith(".npz") and "=" not in items[0]:
        return [dict.fromkeys(names, Path(items[0]))]  # an archive with an array for each
    if len(names) == 1:
        return [{names[0]: Path(i.removeprefix(names[0] + "="))} for i in items]
    files: dict[str, Path] = {}
    hint = "NAME=FILE for each of: " + ", ".join(names) + "; or one .npz file with an array for each"
    for position, item in enumerate(items):
        name, found, file = item.partition("=")
        if found and name in names:
            files[name] = Path(file)
        elif position < len(names):
            files[names[position]] = Path(item)
        else:
            raise InputError(f"{len(items)} files for {len(names)} inputs", try_=hint)
    missing = [n for n in names if n not in files]
    if missing:
        raise InputError("no file for input " + ", ".join(missing), try_=hint)
    return [files]


def _labels(path: Path | None, metadata: dict[str, str]) -> list[str] | None:
    """Labels from the file the user gives, else those the model records, else None."""
    if path is not None:
        try:
            return path.read_text().splitlines()
        except OSError as e:
            raise InputError(f"cannot read the labels {path}", why=e.strerror or str(e), try_="a text file with a label a line") from None
        except UnicodeDecodeError as e:
            raise InputError(f"{path} is no text", why=str(e), try_="a text file (UTF-8) with a label a line") from None
    try:
        found = json_module.loads(metadata.get("pith.labels", "null"))
    except ValueError:
        return None
    return [str(v) for v in found] if isinstance(found, list) else None


def _real(outputs: dict[str, np.ndarray], metadata: dict[str, str]) -> dict[str, np.ndarray]:
    """The outputs, 8-bit integers as the numbers they stand for where the model records their steps. Shares that
    sum to 1 but for the rounding to steps are made to."""
    try:
        steps = json_module.loads(metadata.get("pith.steps", "{}"))
        real = {k: v * (q.astype(np.float64) - z) for k, q in outputs.items() if k in steps for v, z in [steps[k]]}
    except (ValueError, TypeError):
        return outputs
    for k, v in real.items():
        if v.size > 1 and v.min() >= 0 and v.max() <= 1 and 0.5 <= v.sum() <= 1.5:
            real[k] = v / v.sum()
    return {**outputs, **real}


def _top(outputs: dict[str, np.ndarray], names: list[str] | None, top: int, *, chosen: bool) -> list[dict[str, Any]]:
    """Best labels of a classifier: one float output with a single row, and labels for it or probabilities in it.

    chosen: the user gave the labels, so that their number must fit. Raises InputError when it does not.
    """
    from pith.runtime.inputs import is_probabilities, softmax

    scores = next(iter(outputs.values()))
    row = len(outputs) == 1 and scores.dtype.kind == "f" and scores.ndim > 0 and scores.size == scores.shape[-1]
    if chosen and not (row and names is not None and len(names) == scores.size):
        what = " and ".join("x".join(map(str, o.shape)) for o in outputs.values())
        raise InputError(f"{len(names or ())} labels do not fit the output", why=f"its shape is {what}")
    if not row or (names is None and not is_probabilities(scores)) or (names and len(names) != scores.size):
        return []
    if not np.isfinite(scores).all():
        return []
    p = softmax(scores)
    best = np.argsort(-p, kind="stable")[:top]
    return [
        {"label": names[i] if names else f"class {i}", "index": int(i), "probability": float(p[i])} for i in best
    ]


def _summary(a: np.ndarray) -> dict[str, Any]:
    f = a.astype(np.float64) if a.size else np.zeros(1)
    return {
        "dtype": str(a.dtype), "shape": list(a.shape), "min": float(f.min()), "max": float(f.max()),
        "mean": float(f.mean()),
    }  # fmt: skip


def _check_destination(path: Path) -> None:
    """Refuse a place for the outputs that cannot be written, before any work."""
    check_place(path, (".npz", ".npy"))


def _save(path: Path, results: list[_Result]) -> None:
    """Write the outputs, whole or not at all."""
    arrays = {
        name if len(results) == 1 else f"{k}_{name}": a for k, r in enumerate(results) for name, a in r.outputs.items()
    }
    if path.suffix == ".npy" and len(arrays) != 1:
        raise InputError(f"{len(arrays)} arrays do not fit a .npy file", try_="give a .npz file to -o")
    with whole(path) as f:
        if path.suffix == ".npy":
            np.save(f, next(iter(arrays.values())))
        else:
            np.savez(f, **arrays)  # type: ignore[arg-type]

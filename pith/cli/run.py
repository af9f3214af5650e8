"""pith run: a model or artefact on files."""

from __future__ import annotations

import json as json_module
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer

from pith.cli.common import ConstOption, JsonOption, QuietOption, ShapeOption, TargetOption, out, parse_constants, parse_shapes, print_json, progress
from pith.graph.errors import InputError

if TYPE_CHECKING:
    from pith.runtime.session import Session


def open_session(model: Path, target: str, shape: list[str], const: list[str], quiet: bool) -> Session:
    """A Session for an artefact folder, or for a model file compiled now (from the cache when it was before)."""
    if model.is_dir():
        from pith.runtime.session import load

        return load(model)
    from pith.api import compile

    with progress(quiet) as bar:
        return compile(model, target, parse_shapes(shape), constants=parse_constants(const), progress=bar)


def command(
    model: Path = typer.Argument(help="model file, or folder that `pith compile` wrote", show_default=False),
    inputs: list[Path] = typer.Argument(help="a file for each input: picture, .npy, .npz, .txt; NAME=FILE goes by name. For a network with one input: any number of files", show_default=False),
    target: str = TargetOption, shape: list[str] = ShapeOption, const: list[str] = ConstOption,
    output: Path = typer.Option(None, "--output", "-o", help="save the outputs to this .npz (or .npy for a single one)", show_default=False),
    labels: Path = typer.Option(None, help="text file with a label a line", show_default=False), top: int = typer.Option(5, min=1, help="how many labels to print"),
    preprocess: str = typer.Option(None, help="JSON: scale, mean, std, layout, crop [default: what the model records]", show_default=False),
    allow_nan: bool = typer.Option(False, "--allow-nan", help="accept inputs that hold NaN or infinity"), json: bool = JsonOption, quiet: bool = QuietOption,
) -> None:  # fmt: skip
    """Run MODEL on files; prints the top labels of a classifier, else a summary of the outputs."""
    from pith.api import check_finite
    from pith.runtime.inputs import Preprocess, read_input

    session = open_session(model, target, shape, const, quiet or json)
    metadata = session.manifest.get("metadata", {})
    how = Preprocess.parse(preprocess or metadata.get("pith.preprocess", "{}"))
    names = _labels(labels, metadata)
    results = []
    for batch in _batches(session, [str(i) for i in inputs]):
        feed = {}
        for port in session.inputs:
            array = read_input(batch[port.name], port, how)
            if not allow_nan:
                check_finite(port.name, array)
            feed[port.name] = array
        outputs = session.run(feed)
        results.append({"inputs": {k: str(v) for k, v in batch.items()}, "top": _top(outputs, names, top), "outputs": outputs})
    if output is not None:
        _save(output, results)
    if json:
        print_json({"results": [{"inputs": r["inputs"], "top": r["top"], "outputs": {k: _summary(v) for k, v in r["outputs"].items()}} for r in results]})
        return
    for r in results:
        out.print("[bold]" + ", ".join(r["inputs"].values()) + "[/bold]")
        for entry in r["top"]:
            out.print(f"  {entry['probability']:7.2%}  {entry['label']}")
        if not r["top"]:
            for k, v in r["outputs"].items():
                s = _summary(v)
                out.print(f"  {k}: {s['dtype']} {'x'.join(map(str, s['shape']))}, from {s['min']:.5g} to {s['max']:.5g}, mean {s['mean']:.5g}")
    if output is not None:
        out.print(f"saved {output}")


def _batches(session: Session, items: list[str]) -> list[dict[str, Path]]:
    """Each run's file by input name."""
    names = [p.name for p in session.inputs]
    if len(names) == 1 and not any(i.startswith(names[0] + "=") for i in items):
        return [{names[0]: Path(i)} for i in items]
    chosen: dict[str, Path] = {}
    for position, item in enumerate(items):
        name, found, file = item.partition("=")
        if found and name in names:
            chosen[name] = Path(file)
        elif position < len(names):
            chosen[names[position]] = Path(item)
        else:
            raise InputError(f"{len(items)} files for {len(names)} inputs", try_="NAME=FILE for each of: " + ", ".join(names))
    missing = [n for n in names if n not in chosen]
    if missing:
        raise InputError("no file for input " + ", ".join(missing), try_="NAME=FILE for each of: " + ", ".join(names))
    return [chosen]


def _labels(path: Path | None, metadata: dict[str, str]) -> list[str] | None:
    if path is not None:
        try:
            return path.read_text().splitlines()
        except OSError as e:
            raise InputError(f"cannot read the labels {path}", why=e.strerror or str(e)) from None
        except UnicodeDecodeError as e:
            raise InputError(f"{path} is no text", why=str(e)) from None
    try:
        found = json_module.loads(metadata["pith.labels"]) if "pith.labels" in metadata else None
    except ValueError:
        return None
    return [str(v) for v in found] if isinstance(found, list) else None


def _top(outputs: dict[str, np.ndarray], names: list[str] | None, top: int) -> list[dict[str, object]]:
    """Best labels of a single float output [1, N] that has a name for each class (or looks like a classifier's)."""
    from pith.runtime.inputs import softmax

    if len(outputs) != 1:
        return []
    scores = next(iter(outputs.values()))
    if scores.dtype.kind != "f" or scores.ndim == 0 or scores.size != scores.shape[-1] or (names is not None and len(names) != scores.size):
        return []
    if names is None and scores.size > 100_000:
        return []
    p = softmax(scores)
    best = np.argsort(-p, kind="stable")[:top]
    return [{"label": names[i] if names else f"class {i}", "index": int(i), "probability": float(p[i])} for i in best]


def _summary(a: np.ndarray) -> dict[str, object]:
    f = a.astype(np.float64) if a.size else np.zeros(1)
    return {"dtype": str(a.dtype), "shape": list(a.shape), "min": float(f.min()), "max": float(f.max()), "mean": float(f.mean())}


def _save(path: Path, results: list[dict[str, object]]) -> None:
    """Write the outputs by way of a temporary file, so that nothing half-written stays."""
    arrays: dict[str, np.ndarray] = {}
    for k, r in enumerate(results):
        for name, a in r["outputs"].items():  # type: ignore[attr-defined]
            arrays[name if len(results) == 1 else f"{k}_{name}"] = a
    if path.suffix == ".npy" and len(arrays) != 1:
        raise InputError(f"{len(arrays)} arrays do not fit a .npy file", try_="give a .npz file to -o")
    handle, temporary = tempfile.mkstemp(dir=path.parent if str(path.parent) else ".", prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as f:
            if path.suffix == ".npy":
                np.save(f, next(iter(arrays.values())))
            else:
                np.savez(f, **arrays)  # type: ignore[arg-type]
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)

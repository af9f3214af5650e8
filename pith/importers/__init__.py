"""Model files to Graph; one module or package per format, chosen by the file's suffix."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pith.graph import Graph, ModelError

# What a file's name ends in -> the package that reads it: its `load(source, *, shapes, constants)` takes a path (or the file's
# bytes) and returns the Graph.
FORMATS: dict[str, str] = {
    ".onnx": "pith.importers.onnx",
    ".tflite": "pith.importers.tflite",
}
_MAGIC = {".tflite": (4, b"TFL3")}  # where bytes without a name begin to say what they are; others are taken for ONNX
Shapes = Mapping[str, tuple[int, ...] | int]


def import_bytes(data: bytes, *, shapes: Shapes | None = None, constants: Mapping[str, np.ndarray] | None = None) -> Graph:
    """The Graph of a model file's bytes, which say the format themselves. Raises what the format's importer raises."""
    suffix = next((s for s, (at, mark) in _MAGIC.items() if data[at : at + len(mark)] == mark), ".onnx")
    graph = importlib.import_module(FORMATS[suffix]).load(data, shapes=shapes, constants=constants)
    assert isinstance(graph, Graph)
    return graph


def import_model(
    path: str | Path, *, shapes: Shapes | None = None, constants: Mapping[str, np.ndarray] | None = None
) -> Graph:
    """The Graph of a model file, whose suffix says the format.

    shapes: full shape of an input by name, or size of a symbolic dimension by name;  constants: values of inputs.
    Raises ModelError for an unknown suffix, and what the format's importer raises.
    """
    path = Path(path)
    if not path.exists():
        raise ModelError("there is no such file", where=str(path), try_="check the path")
    if path.is_dir():
        raise ModelError("this is a folder, not a model file", where=str(path),
                         try_="give the model; a folder that `pith compile` wrote is for `pith run` and `pith inspect`")  # fmt: skip
    package = FORMATS.get(path.suffix.lower())
    if package is None:
        known = ", ".join(sorted(FORMATS))
        raise ModelError(
            f"no importer knows files that end in {path.suffix!r}",
            where=str(path),
            why=f"known are {known}",
            try_="export to ONNX",
        )
    graph = importlib.import_module(package).load(path, shapes=shapes, constants=constants)
    assert isinstance(graph, Graph)
    return graph

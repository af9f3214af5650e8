"""Model files to Graph; one module or package per format, chosen by the file's suffix (`formats.py` has the table)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pith.graph import Graph, ModelError
from pith.importers.formats import FORMATS, files_of, importer_of, importer_of_bytes

__all__ = ["FORMATS", "files_of", "import_bytes", "import_model"]

Shapes = Mapping[str, tuple[int, ...] | int]


def import_bytes(data: bytes, *, shapes: Shapes | None = None, constants: Mapping[str, np.ndarray] | None = None) -> Graph:
    """The Graph of a model file's bytes, which say the format themselves. Raises what the format's importer raises."""
    graph = importer_of_bytes(data)(data, shapes=shapes, constants=constants)
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
    importer = importer_of(path)
    if importer is None:
        known = ", ".join(sorted(FORMATS))
        network = path.with_suffix(".param")
        raise ModelError(
            f"no importer knows files that end in {path.suffix!r}",
            where=str(path),
            why=f"known are {known}",
            try_=f"give {network.name}, which describes the network" if path.suffix == ".bin" and network.exists() else "export to ONNX",
        )
    graph: Graph = importer(path, shapes=shapes, constants=constants)
    return graph

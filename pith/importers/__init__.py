"""Model files to Graph; one module or package per format, chosen by the file's suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from pith.graph import Graph, ModelError


def _onnx(
    path: Path, shapes: Mapping[str, tuple[int, ...] | int] | None, constants: Mapping[str, np.ndarray] | None
) -> Graph:
    from pith.importers.onnx import import_onnx

    return import_onnx(path, shapes=shapes, constants=constants)


_Importer = Callable[[Path, Mapping[str, tuple[int, ...] | int] | None, Mapping[str, np.ndarray] | None], Graph]
IMPORTERS: dict[str, _Importer] = {".onnx": _onnx}


def import_model(
    path: str | Path,
    *,
    shapes: Mapping[str, tuple[int, ...] | int] | None = None,
    constants: Mapping[str, np.ndarray] | None = None,
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
    importer = IMPORTERS.get(path.suffix.lower())
    if importer is None:
        known = ", ".join(sorted(IMPORTERS))
        raise ModelError(
            f"no importer knows files that end in {path.suffix!r}",
            where=str(path),
            why=f"known are {known}",
            try_="export to ONNX",
        )
    return importer(path, shapes, constants)

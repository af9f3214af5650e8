"""Which importer reads which file: the suffix decides, and the importer is loaded only when it is needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Suffix -> "module:function". The function takes (path, *, shapes, constants) and returns a Graph.
FORMATS: dict[str, str] = {
    ".onnx": "pith.importers.onnx:import_onnx",
    ".param": "pith.importers.ncnn:load",
    ".param.bin": "pith.importers.ncnn:load",
    ".prototxt": "pith.importers.caffe:load",
    ".caffemodel": "pith.importers.caffe:load",
    ".tflite": "pith.importers.tflite:load",
    ".tmfile": "pith.importers.tengine:load",
}
_MAGIC = {".tflite": (4, b"TFL3")}  # where bytes without a name begin to say what they are; others are taken for ONNX
# Suffix -> "module:function" for formats of more than one file: the function takes a path and returns all its files.
_COMPANIONS: dict[str, str] = {
    ".param": "pith.importers.ncnn:files_of",
    ".param.bin": "pith.importers.ncnn:files_of",
    ".prototxt": "pith.importers.caffe:files_of",
    ".caffemodel": "pith.importers.caffe:files_of",
}


def suffix_of(path: Path) -> str | None:
    """The longest known suffix that the name of `path` ends in (in any case), None when none is known."""
    name = path.name.lower()
    return max((s for s in FORMATS if name.endswith(s)), key=len, default=None)


def importer_of(path: Path) -> Callable[..., Any] | None:
    """The function that imports `path`, None for an unknown suffix."""
    suffix = suffix_of(path)
    return None if suffix is None else _resolve(FORMATS[suffix])


def importer_of_bytes(data: bytes) -> Callable[..., Any]:
    """The function that imports a model file's bytes."""
    suffix = next((s for s, (at, mark) in _MAGIC.items() if data[at : at + len(mark)] == mark), ".onnx")
    return _resolve(FORMATS[suffix])  # type: ignore[no-any-return]


def files_of(path: Path) -> list[Path]:
    """All files that a model consists of, as far as the name tells: `path` first. Those missing are left out."""
    suffix = suffix_of(path)
    if suffix not in _COMPANIONS:
        return [path]
    found: list[Path] = _resolve(_COMPANIONS[suffix])(path)
    return found


def _resolve(entry: str) -> Any:
    module, _, name = entry.partition(":")
    return getattr(importlib.import_module(module), name)

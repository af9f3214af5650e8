"""Reading an ONNX file as hostile input: sizes are checked before anything is allocated, no path leaves its folder."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from pith.graph import ModelError, PithError

MAX_FILE = 2**31 - 1  # protobuf's own limit
Source = str | Path | bytes | onnx.ModelProto

# What damaged or hostile content can raise while it is read; all of it becomes a ModelError.
FOREIGN = (
    ArithmeticError, AssertionError, AttributeError, BufferError, LookupError, MemoryError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


def load_model(source: Source) -> tuple[onnx.ModelProto, Path | None]:
    """The parsed model, and the folder its external data may lie in (None when it did not come from a file).

    Raises ModelError for a file that is missing, unreadable, too large or no ONNX model.
    """
    if isinstance(source, onnx.ModelProto):
        return _checked(source, "the given ModelProto"), None
    if isinstance(source, bytes):
        return _checked(_parse(source, "the given bytes"), "the given bytes"), None
    path = Path(source)
    where = str(path)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelError("this is not a file", where=where, try_="give the path of an .onnx file")
        if size > MAX_FILE:
            raise ModelError(
                f"the file has {size:,} bytes",
                where=where,
                why="an ONNX file holds at most 2 GB",
                try_="save the weights as external data",
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise ModelError("there is no such file", where=where, try_="check the path") from None
    except OSError as e:
        raise ModelError("the file cannot be read", where=where, why=e.strerror or str(e)) from e
    return _checked(_parse(data, where), where), path.parent


def _parse(data: bytes, where: str) -> onnx.ModelProto:
    if not data:
        raise ModelError("the model is empty", where=where, why="it has no bytes", try_="export or download it again")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, ValueError, RecursionError, MemoryError) as e:
        raise ModelError(
            "this is not an ONNX model, or it is damaged",
            where=where,
            why=f"its protobuf does not parse ({e})",
            try_="export or download it again",
        ) from e
    return model


def _checked(model: onnx.ModelProto, where: str) -> onnx.ModelProto:
    """The model, if it has the parts every model must have."""
    if not model.HasField("graph") or not model.graph.output:
        raise ModelError(
            "this is not an ONNX model, or it is damaged",
            where=where,
            why="it has no graph" if not model.HasField("graph") else "its graph has no output",
            try_="export or download it again",
        )
    if not _names_are_text(model.graph):
        raise ModelError(
            "a name in the model is no text",
            where=where,
            why="ONNX names are UTF-8; protobuf hands over anything else as bytes",
            try_="export or download it again",
        )
    return model


def _names_are_text(graph: onnx.GraphProto) -> bool:
    """Whether the names of a graph, its values and its nodes are text (bodies of control flow are checked when imported)."""
    values = (*graph.input, *graph.output, *graph.initializer, *graph.value_info)
    names = [graph.name, *(v.name for v in values)]
    for node in graph.node:
        names += [node.name, node.op_type, node.domain, *node.input, *node.output]
    return all(isinstance(n, str) for n in names)


def external_file(location: str, folder: Path | None, where: str) -> Path:
    """The file external data lies in: strictly inside the model's folder, symbolic links followed."""
    problem = ""
    if folder is None:
        problem = "the model was not read from a file, so it has no folder"
    elif not location or "\0" in location:
        problem = "its location is empty or no path"
    elif location.startswith(("/", "\\", "~")) or ":" in location or Path(location).is_absolute():
        problem = "its location is an absolute path"
    elif ".." in location.replace("\\", "/").split("/"):
        problem = "its location leaves the model's folder"
    if problem or folder is None:
        raise _refused(location, where, problem)
    try:
        real, base = (folder / location).resolve(strict=True), folder.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as e:
        raise ModelError(
            f"external data {location!r} cannot be found", where=where, why=str(e), try_="put it beside the model"
        ) from e
    if not real.is_relative_to(base):
        raise _refused(location, where, "a symbolic link leads out of the model's folder")
    if not real.is_file():
        raise _refused(location, where, "it is not a plain file")
    return real


def read_external(location: str, offset: int, length: int, folder: Path | None, where: str) -> bytes:
    """`length` bytes at `offset` of an external data file. Raises ModelError when they are not all there."""
    path = external_file(location, folder, where)
    try:
        size = path.stat().st_size
        if offset < 0 or length < 0 or offset + length > size:
            raise ModelError(
                f"external data ends too early: {location!r} has {size:,} bytes",
                where=where,
                why=f"{length:,} bytes at {offset:,} are asked for",
                try_="copy the data file again",
            )
        with path.open("rb") as f:
            f.seek(offset)
            data = f.read(length)
    except OSError as e:
        raise ModelError(f"external data {location!r} cannot be read", where=where, why=str(e)) from e
    if len(data) != length:
        raise ModelError(f"external data {location!r} changed while it was read", where=where)
    return data


def _refused(location: str, where: str, why: str) -> PithError:
    return ModelError(
        f"external data {location!r} is refused",
        where=where,
        why=why,
        try_="keep external data in the model's own folder, or save the model as one file",
    )

"""Finding and reading the two files of a Caffe model, as hostile input."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from pith.graph import ModelError, UnsupportedError
from pith.importers.caffe.messages import new
from pith.importers.layers.files import read_file, sibling

MAX_PROTOTXT = 2**21  # bytes; networks of a thousand layers have some hundred thousand
MAX_AXES = 8
_TEST, _TRAIN = 1, 0


@dataclass(slots=True)
class RawLayer:
    """A layer as the file has it; `message` holds its parameters, `blobs` its weights."""

    kind: str
    name: str
    bottoms: list[str]
    tops: list[str]
    message: Any
    blobs: list[np.ndarray] = field(default_factory=list)


def files_of(path: Path) -> list[Path]:
    """Description and weights, as far as they are there; `path` first."""
    text, weights = _pair(path)
    return [p for p in dict.fromkeys((path, text, weights)) if p is not None and p.is_file()]


def _pair(path: Path) -> tuple[Path | None, Path | None]:
    """(description, weights): beside a file lies the other of the same name, or the only one of the folder, or deploy.prototxt."""
    name = path.name.lower()
    if name.endswith(".prototxt"):
        return path, _beside(path, ".prototxt", ".caffemodel", "")
    return _beside(path, ".caffemodel", ".prototxt", "deploy.prototxt"), path


def _beside(path: Path, suffix: str, wanted: str, usual: str) -> Path | None:
    same = sibling(path, path.name[-len(suffix) :], wanted)
    if same.exists():
        return same
    folder = path.parent
    if usual and (folder / usual).is_file():
        return folder / usual
    found = [p for p in folder.glob("*") if p.name.lower().endswith(wanted)]
    return found[0] if len(found) == 1 else None


def read_model(path: Path) -> tuple[Any, dict[str, list[np.ndarray]], str]:
    """(the net, weights by the name of their layer, the name of the weights file)."""
    text, weights = _pair(path)
    net = new("Net")
    if text is not None:
        _parse_text(net, text)
    else:
        assert weights is not None
        _parse_binary(net, weights)
    if not net.layer and not net.layers:
        raise ModelError("this is no Caffe network, or it is damaged", where=str(text or weights), why="it has no layer",
                         try_="give the deploy.prototxt; the solver's prototxt describes training only")  # fmt: skip
    if weights is None:
        return net, {}, f"{path.stem}.caffemodel"
    bare = new("Weights")
    _parse_binary(bare, weights)
    blobs: dict[str, list[np.ndarray]] = {}
    for layer in (*bare.layer, *bare.layers):
        if layer.blobs:
            blobs[layer.name] = [_array(b, f"layer {layer.name} of {weights.name}") for b in layer.blobs]
    return net, blobs, weights.name


def _parse_text(net: Any, path: Path) -> None:
    where = str(path)
    try:
        text = read_file(path, MAX_PROTOTXT).decode("utf-8")
        text_format.Parse(text, net, allow_unknown_extension=True, allow_unknown_field=True)
    except (text_format.ParseError, UnicodeDecodeError, RecursionError, ValueError) as e:
        raise ModelError(
            "this is no Caffe network, or it is damaged", where=where, why=f"it does not parse ({str(e)[:200]})",
            try_="download it again; a file that Caffe reads is protobuf text",
        ) from e  # fmt: skip


def _parse_binary(message: Any, path: Path) -> None:
    data = read_file(path)
    try:
        message.ParseFromString(data)
    except (DecodeError, RecursionError, ValueError, MemoryError) as e:
        raise ModelError(
            "these are no Caffe weights, or they are damaged", where=str(path), why=f"the protobuf does not parse ({e})",
            try_="download the .caffemodel again",
        ) from e  # fmt: skip


def _array(blob: Any, where: str) -> np.ndarray:
    """A blob's values in float32, in its shape (old files give four sizes, a newer one any number)."""
    data = blob.double_data if len(blob.double_data) else blob.data
    shape = tuple(int(d) for d in blob.shape.dim) if blob.HasField("shape") else (blob.num, blob.channels, blob.height, blob.width)
    size = 1
    for d in shape:
        size *= d
    if len(shape) > MAX_AXES or min(shape, default=1) < 0 or size != len(data):
        raise ModelError(f"weights of shape {shape} have {len(data):,} values", where=where, why="the file is damaged",
                         try_="download the .caffemodel again")  # fmt: skip
    return np.asarray(data, np.float32).reshape(shape)


def layers_of(net: Any, blobs: dict[str, list[np.ndarray]]) -> list[RawLayer]:
    """The layers that run in inference, in order."""
    found = []
    for message in net.layer:
        if runs(message):
            found.append(RawLayer(message.type, message.name, list(message.bottom), list(message.top), message, blobs.get(message.name, [])))
    for message in net.layers:
        if message.HasField("layer"):
            raise UnsupportedError("a network in Caffe's first format", where=f"layer {message.name}",
                                   try_="convert it with Caffe's upgrade_net_proto_text and upgrade_net_proto_binary")  # fmt: skip
        if runs(message):
            kind = message.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number[message.type].name
            found.append(RawLayer(_modern(kind), message.name, list(message.bottom), list(message.top), message, blobs.get(message.name, [])))
    return found


_WORDS = {
    "ABSVAL": "AbsVal", "ARGMAX": "ArgMax", "BNLL": "BNLL", "ELTWISE": "Eltwise", "LRN": "LRN", "MVN": "MVN", "RELU": "ReLU", "TANH": "TanH",
    "SOFTMAX_LOSS": "SoftmaxWithLoss", "HDF5_DATA": "HDF5Data",
}  # fmt: skip


def _modern(kind: str) -> str:
    """The name that a type of the old format has today."""
    return _WORDS.get(kind) or "".join(w.capitalize() for w in kind.split("_"))


def runs(message: Any) -> bool:
    """Whether a layer belongs to the net in the phase TEST, at level 0 and without stages."""

    def fits(rule: Any) -> bool:
        if rule.HasField("phase") and rule.phase != _TEST:
            return False
        if (rule.HasField("min_level") and rule.min_level > 0) or (rule.HasField("max_level") and rule.max_level < 0):
            return False
        return not rule.stage

    if "phase" in message.DESCRIPTOR.fields_by_name and message.HasField("phase") and message.phase == _TRAIN and not message.include:
        # the phase a trained layer was saved in; only data layers, which are inputs here, differ by it
        return True
    if message.include:
        return any(fits(r) for r in message.include)
    return not any(fits(r) for r in message.exclude)

"""The network description of ncnn, as text or binary: layers, blobs and numbered parameters.

Text: the magic number 7767517, the counts of layers and blobs, then a line for each layer: type, name, how many blobs it
reads and makes, their names, and parameters `id=value`. Arrays are `-23300-id=count,v,v` or `id=v,v`. The binary form has
the number of the layer's type and of each blob instead of names (source: ncnn's wiki, "param and model file structure").
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pith.graph import ModelError, UnsupportedError

MAGIC = 7767517
MAX_LAYERS = 100_000
MAX_BLOBS = 10_000  # of one layer
_ARRAY, _END, _IDS = -23300, -233, 64

Value = int | float | str | tuple[int | float, ...]
# The types of layers by their number in binary descriptions. Numbers are never used again.
TYPES = (  # noqa: SIM905
    "AbsVal ArgMax BatchNorm Bias BNLL Concat Convolution Crop Deconvolution Dropout Eltwise ELU Embed Exp Flatten InnerProduct "
    "Input Log LRN MemoryData MVN Pooling Power PReLU Proposal Reduction ReLU Reshape ROIPooling Scale Sigmoid Slice Softmax "
    "Split SPP TanH Threshold Tile RNN LSTM BinaryOp UnaryOp ConvolutionDepthWise Padding Squeeze ExpandDims Normalize Permute "
    "PriorBox DetectionOutput Interp DeconvolutionDepthWise ShuffleChannel InstanceNorm Clip Reorg YoloDetectionOutput Quantize "
    "Dequantize Yolov3DetectionOutput PSROIPooling ROIAlign Packing Requantize Cast HardSigmoid SELU HardSwish Noop PixelShuffle "
    "DeepCopy Mish StatisticsPooling Swish Gemm GroupNorm LayerNorm Softplus GRU MultiHeadAttention GELU Convolution1D Pooling1D "
    "ConvolutionDepthWise1D Convolution3D ConvolutionDepthWise3D Pooling3D MatMul Deconvolution1D DeconvolutionDepthWise1D "
    "Deconvolution3D DeconvolutionDepthWise3D Einsum DeformableConv2D GLU Fold Unfold GridSample CumulativeSum CopyTo Erf Diag "
    "CELU Shrink RMSNorm Spectrogram InverseSpectrogram Flip SDPA RotaryEmbed"
).split()


@dataclass(slots=True)
class RawLayer:
    """A layer as the file has it."""

    kind: str
    name: str
    inputs: list[str]
    outputs: list[str]
    params: dict[int, Value] = field(default_factory=dict)


def parse(data: bytes, where: str) -> list[RawLayer]:
    """The layers of a description in either form. Raises ModelError for anything that is none."""
    if len(data) >= 4 and struct.unpack_from("<i", data)[0] == MAGIC:
        return _parse_binary(data, where)
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise _no_model(where, "it is neither text nor a binary description") from None
    words = [line.split() for line in lines if line.strip()]
    if not words or words[0] != [str(MAGIC)]:
        if words and len(words[0]) == 2 and all(re.fullmatch(r"\d+", w) for w in words[0]):
            raise UnsupportedError(
                "this description is of an ncnn from before 2018", where=where, why=f"it does not begin with {MAGIC}",
                try_="convert it with ncnn's ncnnoptimize, or convert the model again",
            )  # fmt: skip
        raise _no_model(where, f"it does not begin with {MAGIC}")
    if len(words) < 2 or len(words[1]) != 2:
        raise _no_model(where, "the counts of layers and blobs are missing")
    count = _int(words[1][0], where)
    if count != len(words) - 2:
        raise ModelError(
            f"{count} layers are announced and {len(words) - 2} are there", where=where, why="the file is cut off or damaged",
            try_="convert or download the model again",
        )  # fmt: skip
    if count > MAX_LAYERS:
        raise ModelError(f"{count:,} layers", where=where, why=f"at most {MAX_LAYERS:,}")
    return [_parse_line(w, f"{where}, layer {k}") for k, w in enumerate(words[2:], 1)]


def _parse_line(words: list[str], where: str) -> RawLayer:
    if len(words) < 4:
        raise ModelError("a layer has no type, name and counts of blobs", where=where, try_="convert or download the model again")
    kind, name = words[:2]
    reads, makes = _count(words[2], where), _count(words[3], where)
    end = 4 + reads + makes
    if len(words) < end:
        raise ModelError(f"{kind} {name} names fewer blobs than it has", where=where, try_="convert or download the model again")
    layer = RawLayer(kind, name, words[4 : 4 + reads], words[4 + reads : end])
    for key, text in _pairs(words[end:], where):
        number = _int(key, where)
        old = number <= _ARRAY
        number = _ARRAY - number if old else number
        if not 0 <= number < _IDS:
            raise ModelError(f"{kind} {name} has a parameter number {number}", where=where, why=f"there are 0 to {_IDS - 1}")
        layer.params[number] = _value(text, old, f"{where}, {name}")
    return layer


def _pairs(words: list[str], where: str) -> Iterator[tuple[str, str]]:
    """(number, value) of each parameter; a text in quotes may have spaces."""
    rest = iter(words)
    for word in rest:
        key, found, text = word.partition("=")
        if not found:
            raise ModelError(f"{word[:40]!r} is no parameter", where=where, why="parameters are number=value")
        parts = [text]
        while text.startswith('"') and (parts[-1][-1:] != '"' or parts == ['"']):
            parts.append(next(rest, '"'))
        yield key, " ".join(parts)


def _value(text: str, old: bool, where: str) -> Value:
    """A parameter's value: a number, a text, or an array (`old`: whose length stands first)."""
    if text[:1] == '"' or text[:1].isalpha():
        return text.strip('"')
    numbers = tuple(_number(t, where) for t in text.rstrip(",").split(","))
    if old:
        if numbers[0] != len(numbers) - 1:
            raise ModelError(f"an array of {numbers[0]} has {len(numbers) - 1} values", where=where)
        return numbers[1:]
    return numbers if "," in text else numbers[0]


def _number(text: str, where: str) -> int | float:
    """A decimal number; float32 when it has a point or an exponent."""
    if re.fullmatch(r"[+-]?\d{1,10}", text):
        return int(text)
    if len(text) <= 64 and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        with np.errstate(over="ignore"):
            return float(np.float32(text))
    raise ModelError(f"{text[:40]!r} is no number", where=where, try_="convert or download the model again")


def _int(text: str, where: str) -> int:
    if not re.fullmatch(r"-?\d{1,10}", text):
        raise ModelError(f"{text[:40]!r} is no whole number", where=where, try_="convert or download the model again")
    return int(text)


def _count(text: str, where: str) -> int:
    count = _int(text, where)
    if not 0 <= count <= MAX_BLOBS:
        raise ModelError(f"a layer with {count:,} blobs", where=where, why=f"at most {MAX_BLOBS:,}")
    return count


def _no_model(where: str, why: str) -> ModelError:
    return ModelError("this is no ncnn network, or it is damaged", where=where, why=why, try_="convert or download the model again")


# the binary form


def _parse_binary(data: bytes, where: str) -> list[RawLayer]:
    if len(data) % 4:
        raise _no_model(where, "its size is no multiple of 4 bytes")
    words = iter(np.frombuffer(data, "<i4")[1:].tolist())
    try:
        layers, _ = next(words), next(words)
        if not 0 <= layers <= MAX_LAYERS:
            raise ModelError(f"{layers:,} layers", where=where, why=f"at most {MAX_LAYERS:,}")
        found = [_read_layer(words, k, f"{where}, layer {k}") for k in range(layers)]
    except StopIteration:
        raise _no_model(where, "it ends in the middle of a layer") from None
    if next(words, None) is not None:
        raise _no_model(where, "something follows the last layer")
    return found


def _read_layer(words: Iterator[int], index: int, where: str) -> RawLayer:
    kind, reads, makes = next(words), next(words), next(words)
    name = TYPES[kind] if 0 <= kind < len(TYPES) else f"type {kind}"
    reads, makes = _count(str(reads), where), _count(str(makes), where)
    inputs = [f"blob{next(words)}" for _ in range(reads)]
    layer = RawLayer(name, f"layer{index}", inputs, [f"blob{next(words)}" for _ in range(makes)])
    while (number := next(words)) != _END:
        array = number <= _ARRAY
        number = _ARRAY - number if array else number
        if not 0 <= number < _IDS:
            raise ModelError(f"{name} has a parameter number {number}", where=where, why=f"there are 0 to {_IDS - 1}")
        if not array:
            layer.params[number] = _Bits(next(words))
            continue
        length = next(words)
        if length < 0 or length > 1 << 20:
            raise ModelError(f"{name} has an array of {length:,}", where=where)
        layer.params[number] = tuple(_Bits(next(words)) for _ in range(length))
    return layer


class _Bits(int):
    """A word of the binary form, which does not say whether it is an integer or a float: the reader decides."""

    @property
    def as_float(self) -> float:
        return float(struct.unpack("<f", struct.pack("<i", self))[0])


def as_float(value: int | float) -> float:
    """A parameter read as a float."""
    return value.as_float if isinstance(value, _Bits) else float(value)

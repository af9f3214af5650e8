"""The two binary networks of BNN-PYNQ (Xilinx, BSD-3-Clause) and a reader for its archives of parameters.

LFC reads a digit of 28 x 28, CNV a picture of 32 x 32; every weight and hidden value is +1 or -1. Batch normalisation has become one
threshold for each channel, kept here as a bias: sign(sum + bias).

An archive has a file for each layer and processing element, of 64-bit little-endian words. Element p of P holds the rows (output
channels) p, p + P, ...; of each row its columns in groups of S, one word a group, the first column in the lowest bit, 1 for +1. Columns
of convolutions are height, width, channel. Thresholds are one word a row: numbers of matching bits, which must be exceeded; those of
the first layer of CNV are fixed point with eight bits behind the point, of sums of pixels.
"""

from __future__ import annotations

import zipfile
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.graph.errors import InputError, ModelError
from pith.models.signs import BinaryConv2d, BinaryLinear, Sign

LIMIT = 64 << 20  # bytes of an archive, unpacked


class Shape(NamedTuple):
    """A layer in an archive: rows and columns as stored (padded), those in use, processing elements, columns in a word."""

    rows: int
    columns: int
    outputs: int
    inputs: int
    elements: int
    width: int
    kernel: int = 0
    thresholds: bool = True


LFC_SHAPES = (
    Shape(1024, 832, 1024, 784, 32, 64), Shape(1024, 1024, 1024, 1024, 64, 32), Shape(1024, 1024, 1024, 1024, 32, 64),
    Shape(64, 1024, 10, 1024, 16, 8),
)  # fmt: skip
CNV_SHAPES = (
    Shape(64, 27, 64, 27, 16, 3, 3), Shape(64, 576, 64, 576, 32, 32, 3), Shape(128, 576, 128, 576, 16, 32, 3),
    Shape(128, 1152, 128, 1152, 16, 32, 3), Shape(256, 1152, 256, 1152, 4, 32, 3), Shape(256, 2304, 256, 2304, 1, 32, 3),
    Shape(512, 256, 512, 256, 1, 4), Shape(512, 512, 512, 512, 1, 8), Shape(64, 512, 10, 512, 4, 1, 0, False),
)  # fmt: skip


class LFC(nn.Module):
    """``(N, 784) -> (N, classes)``: pixels 0..1 of a digit, those of at least half become +1; scores that are positive say yes."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        sizes = (784, 1024, 1024, 1024, classes)
        self.first = Sign()
        self.layers = nn.ModuleList(
            BinaryLinear(a, b, bias=True, activation=Sign() if k else None) for k, (a, b) in enumerate(pairwise(sizes))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scores."""
        x = self.first(x - 0.5)
        for layer in self.layers:
            x = layer(x)
        return x


class CNV(nn.Module):
    """``(N, 3, 32, 32) -> (N, classes)``: RGB as `pith.models.pixels.cnv_pixels` gives it, whole numbers; scores are sums of 512 signs."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        c, n = (3, 64, 64, 128, 128, 256, 256), (256, 512, 512, classes)
        self.convs = nn.ModuleList(
            BinaryConv2d(a, b, padding=0, bias=True, activation=Sign() if k else None) for k, (a, b) in enumerate(pairwise(c))
        )
        self.fcs = nn.ModuleList(
            BinaryLinear(a, b, bias=k < 2, activation=Sign()) for k, (a, b) in enumerate(pairwise(n))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scores. A threshold before pooling is one after it: the largest sum is the first to exceed it."""
        for k, conv in enumerate(self.convs):
            x = conv(x)
            x = F.max_pool2d(x, 2) if k in (1, 3) else x
        x = x.flatten(1)
        for fc in self.fcs:
            x = fc(x)
        return x


def read_lfc(path: str | Path) -> dict[str, Tensor]:
    """The state of LFC from its archive (or its folder, zipped)."""
    return _read(path, LFC_SHAPES)


def read_cnv(path: str | Path) -> dict[str, Tensor]:
    """The state of CNV from its archive."""
    return _read(path, CNV_SHAPES)


def _read(path: str | Path, shapes: tuple[Shape, ...]) -> dict[str, Tensor]:
    """Raises InputError for a file that is not there, ModelError for an archive that is damaged or of another network."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no weight file {path}")
    try:
        with zipfile.ZipFile(path) as z:
            if sum(i.file_size for i in z.infolist()) > LIMIT:
                raise ModelError("the weight file is too large", where=str(path), why=f"more than {LIMIT:,} bytes unpacked")
            names = {n.rpartition("/")[2]: n for n in z.namelist()}
            state: dict[str, Tensor] = {}
            for index, shape in enumerate(shapes):
                words = shape.rows * shape.columns // (shape.elements * shape.width)
                weights = _layer(z, names, index, shape.elements, words, "weights", path)
                limits = None
                if shape.thresholds:
                    limits = _layer(z, names, index, shape.elements, shape.rows // shape.elements, "thres", path)
                state.update(_tensors(index, shape, weights, limits, len(shapes)))
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise ModelError("the weight file cannot be read", where=str(path), why=str(error)[:200]) from error
    return state


def _layer(z: zipfile.ZipFile, names: dict[str, str], index: int, elements: int, words: int, kind: str, path: Path) -> np.ndarray:
    """The files of a layer: int64 (elements, words)."""
    found = []
    for element in range(elements):
        name = f"{index}-{element}-{kind}.bin"
        if name not in names:
            raise ModelError("the archive is not of this network", where=str(path), why=f"there is no {name}")
        data = z.read(names[name])
        if len(data) != 8 * words:
            raise ModelError("the archive is not of this network", where=f"{path}: {name}", why=f"{len(data)} bytes, not {8 * words}")
        found.append(np.frombuffer(data, "<i8"))
    return np.stack(found)


def _tensors(index: int, shape: Shape, weights: np.ndarray, limits: np.ndarray | None, layers: int) -> dict[str, Tensor]:
    """Names and values as the networks above have them."""
    bits = np.unpackbits(weights.view(np.uint8).reshape(*weights.shape, 8), axis=-1, bitorder="little")[..., : shape.width]
    rows, groups = shape.rows // shape.elements, shape.columns // shape.width
    matrix = bits.reshape(shape.elements, rows, groups * shape.width).swapaxes(0, 1).reshape(shape.rows, shape.columns)
    signs = (2.0 * matrix - 1)[: shape.outputs, : shape.inputs].astype(np.float32)
    if shape.kernel:
        k = shape.kernel
        signs = np.ascontiguousarray(signs.reshape(shape.outputs, k, k, -1).transpose(0, 3, 1, 2))
    home = f"layers.{index}" if layers == len(LFC_SHAPES) else f"convs.{index}" if shape.kernel else f"fcs.{index - 6}"
    state = {f"{home}.parametrizations.weight.original": torch.from_numpy(signs)}
    if limits is not None:
        limit = limits.swapaxes(0, 1).reshape(shape.rows)[: shape.outputs].astype(np.float64)
        if shape.inputs == 27:
            bias = -(np.floor(limit / 2) + 0.5)  # whole sums in 128ths against 256ths: sum > limit / 2
        else:
            bias = -(2 * limit - shape.inputs + 1)  # matches > limit: sum = 2 matches - inputs >= 2 limit + 2 - inputs
        state[f"{home}.bias"] = torch.from_numpy(bias.astype(np.float32))
    return state

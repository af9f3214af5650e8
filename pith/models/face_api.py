"""Networks of face-api.js (MIT): 68 points of a face, large and tiny, and the tiny detector of faces; with a reader for its weight shards.

A manifest (JSON) lists tensors with their shape; the shard beside it holds them one after another, as float32 or as uint8 with scale and
minimum: value = byte x scale + minimum. Pixels are RGB: (x - mean) / 255 for the points (`MEAN_POINTS`), (x - mean) / 256 for the detector
(`MEAN_DETECTOR`).
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.graph.errors import InputError, ModelError

MEAN_POINTS = (122.782, 117.001, 104.298)
MEAN_DETECTOR = (117.001, 114.697, 97.404)
ANCHORS = ((1.603231, 2.094468), (6.041143, 7.080126), (2.882459, 3.518061), (4.266906, 5.178857), (9.041765, 10.66308))
"""Width and height of the detector's five boxes, in cells."""
LIMIT = 64 << 20  # bytes of a manifest or shard


class Separable(nn.Module):
    """Depthwise 3x3, pointwise with bias. Borders as TensorFlow's "same" has them: with stride 2 nothing above and to the left."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1 if stride == 1 else 0, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)``, H and W even."""
        x = x if self.depthwise.padding[0] else F.pad(x, (0, 1, 0, 1))
        return self.pointwise(self.depthwise(x))


class Stem(nn.Module):
    """The first layer: a 3x3 convolution of stride 2."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, outputs, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, 3, H, W) -> (N, outputs, H / 2, W / 2)``."""
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Dense(nn.Module):
    """`layers` convolutions, each of which sees the sum of all before it."""

    def __init__(self, inputs: int, outputs: int, layers: int, first: bool = False) -> None:
        super().__init__()
        head: nn.Module = Stem(outputs) if first else Separable(inputs, outputs, 2)
        self.convs = nn.ModuleList([head, *(Separable(outputs, outputs) for _ in range(layers - 1))])

    def forward(self, x: Tensor) -> Tensor:
        """Half as high and wide."""
        total = x = F.relu(self.convs[0](x))
        for conv in list(self.convs)[1:]:
            total = total + conv(x)
            x = F.relu(total)
        return x


class Landmarks(nn.Module):
    """``(N, 3, 112, 112) -> (N, 136)``: 68 points, x before y, in units of the square crop."""

    def __init__(self, tiny: bool = False) -> None:
        super().__init__()
        widths, layers = ((32, 64, 128), 3) if tiny else ((32, 64, 128, 256), 4)
        ends = (3, *widths)
        self.blocks = nn.ModuleList(Dense(a, b, layers, a == 3) for a, b in zip(ends, widths, strict=False))
        self.fc = nn.Linear(widths[-1], 136)

    def forward(self, x: Tensor) -> Tensor:
        """Points."""
        for block in self.blocks:
            x = block(x)
        return self.fc(x.mean((2, 3)))


class TinyFaceDetector(nn.Module):
    """``(N, 3, S, S) -> (N, cells, cells, 5, 5)``: for each anchor x, y, width, height and score, before sigmoid and exponential."""

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 32, 64, 128, 256, 512)
        self.convs = nn.ModuleList([nn.Conv2d(3, 16, 3), *(Separable(a, b) for a, b in pairwise(widths))])
        self.head = nn.Conv2d(512, 25, 1)

    def forward(self, x: Tensor) -> Tensor:
        """What each cell says."""
        for k, conv in enumerate(self.convs):
            x = F.leaky_relu(conv(x), 0.1)
            # "same": what is missing lies below and to the right, and is less than anything
            x = F.max_pool2d(x, 2, 2, ceil_mode=True) if k < 5 else F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-1e30), 2, 1)
        x = self.head(x).permute(0, 2, 3, 1)
        return x.reshape(x.shape[0], x.shape[1], x.shape[2], 5, 5)


def boxes(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of one picture, (cells, cells, 5, 5): boxes (n, 4) left, top, right, bottom in units of the square, and scores (n)."""
    size = cells.shape[0]
    v = cells.astype(np.float64)
    sigmoid = 1 / (1 + np.exp(-v[..., (0, 1, 4)]))
    row, column = np.mgrid[:size, :size]
    centre = (np.stack([column, row], -1)[:, :, None] + sigmoid[..., :2]) / size
    extent = np.exp(v[..., 2:4]) * np.array(ANCHORS) / size
    return np.concatenate([centre - extent / 2, centre + extent / 2], -1).reshape(-1, 4), sigmoid[..., 2].reshape(-1)


def read_shards(path: str | Path) -> dict[str, Tensor]:
    """The tensors that a manifest lists, from the shards beside it, float32. Raises InputError, ModelError."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no weight file {path}")
    if path.stat().st_size > LIMIT:
        raise ModelError("the weight file is too large", where=str(path), why=f"more than {LIMIT:,} bytes")
    try:
        groups = json.loads(path.read_text())
        found: dict[str, Tensor] = {}
        for group in groups:
            data = b"".join(_shard(path, name) for name in group["paths"])
            offset = 0
            for entry in group["weights"]:
                value, size = _tensor(entry, data[offset:], path)
                found[entry["name"]] = value
                offset += size
            if offset != len(data):
                raise ModelError("a shard does not fit its manifest", where=str(path), why=f"{len(data)} bytes, of which {offset} are listed")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError("the manifest cannot be read", where=str(path), why=f"{type(error).__name__}: {str(error)[:160]}") from error
    return found


def _shard(path: Path, name: str) -> bytes:
    """A shard lies beside its manifest, and nowhere else."""
    if not isinstance(name, str) or Path(name).name != name:
        raise ModelError("a manifest names a file in another folder", where=str(path), why=str(name)[:80])
    file = path.parent / name
    if not file.is_file() or file.stat().st_size > LIMIT:
        raise ModelError("a shard is missing or too large", where=str(file))
    return file.read_bytes()


def _tensor(entry: dict[str, Any], data: bytes, path: Path) -> tuple[Tensor, int]:
    shape = [int(n) for n in entry["shape"]]
    count = math.prod(shape)
    packed = entry.get("quantization")
    dtype = str(packed["dtype"] if packed else entry["dtype"])
    if dtype not in ("uint8", "float32") or any(n < 0 for n in shape) or count > LIMIT:
        raise ModelError("a tensor of the manifest is not supported", where=f"{path}: {entry['name']}", why=f"{dtype} {shape}"[:120])
    size = count * np.dtype(dtype).itemsize
    if size > len(data):
        raise ModelError("a shard ends too early", where=f"{path}: {entry['name']}")
    raw = np.frombuffer(data[:size], np.dtype(dtype).newbyteorder("<")).astype(np.float64)
    if packed:
        raw = raw * float(packed["scale"]) + float(packed["min"])
    return torch.from_numpy(raw.astype(np.float32).reshape(shape)), size


_PARTS = {"filters": ("", "weight"), "depthwise_filter": ("depthwise.", "weight"), "pointwise_filter": ("pointwise.", "weight"), "bias": ("", "bias")}


def adapt(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names and orders of dimensions as the networks above have them."""
    made = {}
    separable = {k.rpartition("/")[0] for k in state if k.endswith("depthwise_filter")}
    for name, value in state.items():
        home, _, part = name.rpartition("/")
        if home == "fc":
            made[f"fc.{'weight' if part == 'weights' else part}"] = value.T.contiguous() if part == "weights" else value
            continue
        prefix, kind = _PARTS.get(part, ("", part))
        block, _, conv = home.rpartition("/")
        where = f"blocks.{block.removeprefix('dense')}.convs.{conv.removeprefix('conv')}." if block else f"convs.{conv.removeprefix('conv')}."
        if block and home not in separable:
            where += "conv."
        where = "head." if conv == "conv8" else where
        if part == "bias" and home in separable:
            prefix = "pointwise."
        if value.ndim == 4:
            value = value.permute((2, 3, 0, 1) if part == "depthwise_filter" else (3, 2, 0, 1)).contiguous()
        made[where + prefix + kind] = value
    return made

"""Data sets, whole in memory: pictures as bytes, labels as integers. What cannot be read is named, and skipped or refused."""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pith.graph.errors import ConfigError
from pith.runtime.inputs import upright
from pith.train.data.files import PICTURES, data_path

MAX_PIXELS = 1 << 26  # of one picture


class DataSet:
    """x: (N, ...) uint8 or float32.  y: (N,) int64 labels, or float32.  classes: how many, 0 if there are none.  names: of the classes,
    where the data have them.  skipped: what could not be read.  uint8 becomes float by (x / 255 - mean) / std, each a number per channel."""

    def __init__(
        self, x: Tensor, y: Tensor, classes: int = 0, *, mean: Any = 0.0, std: Any = 1.0, names: Sequence[str] = (), skipped: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Raises ConfigError for sets that are empty or of two lengths, numbers that are not finite, and a mean or deviation that cannot be one
        of these channels."""
        if len(x) == 0 or len(x) != len(y):
            raise ConfigError(f"{len(x)} inputs and {len(y)} labels", where="data")
        _check_finite("input", x)
        _check_finite("label", y)
        self.x, self.y, self.classes, self.names, self.skipped = x, y, classes, tuple(names), skipped
        self.mean, self.std = _each("mean", mean, x), _each("std", std, x)
        if not bool((self.std > 0).all()):
            raise ConfigError(f"std is a number above 0 for each channel, not {std!r}", where="data", why="pixels are divided by it")

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.x)

    def order(self, generator: torch.Generator, batch: int) -> Tensor:
        """The samples of an epoch, the first `batch` of them in its first batch."""
        return torch.randperm(len(self), generator=generator)

    def floats(self, x: Tensor) -> Tensor:
        """A batch as the network wants it."""
        return (x.float() / 255 - self.mean) / self.std if x.dtype == torch.uint8 else x


def digest(x: Tensor, y: Tensor) -> str:
    """Tells samples and labels from others, in a checkpoint."""
    found = (zlib.crc32(v.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()) for v in (x, y))
    return f"{len(x)} samples, " + " ".join(f"{number:08x}" for number in found)


def _check_finite(what: str, values: Tensor) -> None:
    if not values.is_floating_point():
        return
    for start in range(0, len(values), 1024):  # in pieces: whole sets are large
        bad = ~values[start : start + 1024].flatten(1 if values.ndim > 1 else 0).isfinite()
        if bool(bad.any()):
            number = start + int((bad.any(1) if bad.ndim > 1 else bad).nonzero()[0])
            raise ConfigError(f"{what} {number} holds numbers that are not finite", where="data", why="NaN or infinity would spread through the network")


def _each(key: str, value: Any, x: Tensor) -> Tensor:
    """A number for each channel, or one for all."""
    channels = x.shape[1] if x.ndim > 1 else 1
    try:
        found = torch.tensor(value, dtype=torch.float32).reshape(-1, *(1,) * max(0, x.ndim - 2))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"{key} is a number, or one for each channel, not {value!r}"[:200], where="data", why=str(error)) from error
    if len(found) not in (1, channels) or not bool(found.isfinite().all()):
        raise ConfigError(f"{key} is a number, or one for each of {channels} channels, not {value!r}"[:200], where="data")
    return found


def check_split(split: str, *known: str) -> None:
    """Raises ConfigError for a split that is none of those."""
    if split not in known:
        raise ConfigError(f"split is {' or '.join(known)}, not {split!r}", where="data")


def check_bad(bad: str) -> None:
    """Raises ConfigError for what is none of the ways to meet a sample that cannot be read."""
    if bad not in ("stop", "skip"):
        raise ConfigError(f"bad is stop or skip, not {bad!r}", where="data")


def check_limit(limit: int) -> None:
    """Raises ConfigError for a limit that is no number of samples."""
    if not isinstance(limit, int) or limit < 0:
        raise ConfigError(f"limit is a number of samples, 0 for all, not {limit!r}", where="data")


def _said(error: Exception) -> str:
    """Pillow names the object it read from by its address."""
    return re.sub(r"<_io\.BytesIO object at 0x[0-9a-f]+>", "it", str(error))


def read_pictures(items: Iterable[tuple[str, Callable[[], bytes], int]], bad: str, size: tuple[int, int] | None = None) -> tuple[Any, ...]:
    """(name, how to read it, label) as (N, 3, H, W) uint8, labels, names that were skipped.

    bad: "stop" raises ConfigError with the name of a picture that cannot be read, or is of another size than the first; "skip" leaves
    it out, with a warning.  size: (height, width) to resize to.
    """
    check_bad(bad)
    pictures, labels, skipped = [], [], []
    shape: tuple[int, ...] | None = None
    for name, read, label in items:
        try:
            with Image.open(io.BytesIO(read())) as file:
                if file.width * file.height > MAX_PIXELS:
                    raise ValueError(f"{file.width} x {file.height} pixels are too many")
                image = upright(file, name).convert("RGB")
            if size is not None and image.size != size[::-1]:
                image = image.resize(size[::-1], Image.Resampling.BILINEAR)
            picture = np.asarray(image)
            if shape is not None and picture.shape != shape:
                raise ValueError(f"{picture.shape[1]} x {picture.shape[0]} pixels, others have {shape[1]} x {shape[0]}")
        except Exception as error:  # Pillow raises many kinds for damaged files
            if bad == "stop":
                raise ConfigError("a picture cannot be read", where=name, why=_said(error), try_="repair it, or bad: skip") from error
            warnings.warn(f"skipped {name}: {_said(error)}", stacklevel=2)
            skipped.append(name)
            continue
        shape = picture.shape
        pictures.append(picture)
        labels.append(label)
    if not pictures:
        raise ConfigError("no picture can be read", where="data", why=f"{len(skipped)} were skipped")
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels), tuple(skipped)


class Arrays(DataSet):
    """`x` and `y` of a .npz file (no pickles). classes: 0 takes one more than the largest label. Floats become float32."""

    def __init__(self, file: str, classes: int = 0, limit: int = 0) -> None:
        """Raises ConfigError for files that cannot be read."""
        check_limit(limit)
        path = data_path(file)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                x, y = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ConfigError("cannot read the arrays", where=str(path), why=str(error), try_="numpy.savez(file, x=..., y=...)") from error
        x, y = (v[: limit or None] for v in (x, y))
        x, y = (v.float() if v.is_floating_point() else v for v in (x, y))
        if not y.is_floating_point() and len(y):
            y = y.long()
            classes = classes or int(y.max()) + 1
        super().__init__(x, y, classes)


class Cifar10(DataSet):
    """CIFAR-10 from zip files of JPEGs named <class>/<number>.jpg. split: train (25,000 of the 50,000) or test. limit: so many of each class.
    mean, std: of each channel, in place of CIFAR-10's own."""

    MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)

    def __init__(self, split: str = "train", limit: int = 0, file: str = "", bad: str = "stop", mean: Any = MEAN, std: Any = STD) -> None:
        """Raises ConfigError for a missing file or damaged picture."""
        check_split(split, "train", "test")
        check_limit(limit)
        path = data_path(file or {"train": "cifar10/cifar10_train25k_jpg.zip", "test": "cifar10/cifar10_test_jpg.zip"}[split])
        try:
            with zipfile.ZipFile(path) as archive:
                names = sorted(n for n in archive.namelist() if n.endswith(".jpg"))
                kinds = sorted({n.split("/")[-2] for n in names})
                chosen = [n for k in kinds for n in [m for m in names if m.split("/")[-2] == k][: limit or None]]
                items = ((f"{path.name}/{n}", lambda n=n: archive.read(n), kinds.index(n.split("/")[-2])) for n in chosen)
                x, y, skipped = read_pictures(items, bad)
        except (OSError, zipfile.BadZipFile, IndexError) as error:
            raise ConfigError("cannot read CIFAR-10", where=str(path), why=str(error), try_="set PITH_DATA to the folder with cifar10/") from error
        super().__init__(x, y, len(kinds), mean=mean, std=std, names=kinds, skipped=skipped)


class Mnist(DataSet):
    """MNIST from its four .gz files in a folder: (N, 1, 28, 28), or (N, 784) if flat."""

    def __init__(self, split: str = "train", limit: int = 0, folder: str = "mnist", flat: bool = False) -> None:
        """Raises ConfigError for missing or damaged files."""
        check_split(split, "train", "test")
        check_limit(limit)
        stem = {"train": "train", "test": "t10k"}[split]
        place = data_path(folder)
        x = _idx(place / f"{stem}-images-idx3-ubyte.gz", 2051, 16)
        y = _idx(place / f"{stem}-labels-idx1-ubyte.gz", 2049, 8)
        if len(x) != len(y) * 784:
            raise ConfigError("pictures and labels of MNIST do not belong together", where=str(place))
        pictures = torch.from_numpy(x.reshape(-1, 1, 28, 28).copy())[: limit or None]
        labels = torch.from_numpy(y.copy()).long()[: limit or None]
        super().__init__((pictures.float() / 255 * 2 - 1).flatten(1) if flat else pictures, labels, 10, mean=0.1307, std=0.3081)


def _idx(path: Path, magic: int, header: int) -> np.ndarray:
    try:
        with gzip.open(path) as file:
            data = file.read(1 << 26)
    except (OSError, EOFError) as error:
        raise ConfigError("cannot read MNIST", where=str(path), why=str(error), try_="set PITH_DATA to the folder with mnist/") from error
    if len(data) < header or int.from_bytes(data[:4], "big") != magic:
        raise ConfigError("no file of MNIST", where=str(path))
    return np.frombuffer(data, np.uint8, offset=header)


class Folder(DataSet):
    """Pictures in one folder for each class, resized to `size` = [height, width], or one number for both."""

    def __init__(self, folder: str, size: list[int] | int, bad: str = "stop", mean: Any = 0.0, std: Any = 1.0) -> None:
        """Raises ConfigError for folders without pictures, and pictures that cannot be read unless bad is skip."""
        sides = [size, size] if isinstance(size, int) else list(size)
        if len(sides) != 2 or not all(isinstance(n, int) and n > 0 for n in sides):
            raise ConfigError(f"size is [height, width] in pixels, not {size!r}", where="data")
        place = data_path(folder)
        kinds = sorted(p.name for p in place.iterdir() if p.is_dir()) if place.is_dir() else []
        files = [(p, k) for k, kind in enumerate(kinds) for p in sorted((place / kind).iterdir()) if p.suffix.lower() in PICTURES]
        if not files:
            raise ConfigError("no folders with pictures", where=str(place))
        x, y, skipped = read_pictures(((str(p), p.read_bytes, k) for p, k in files), bad, (sides[0], sides[1]))
        super().__init__(x, y, len(kinds), mean=mean, std=std, names=kinds, skipped=skipped)

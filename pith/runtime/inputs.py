"""Files into input arrays: pictures (prepared as the model says), .npy, .npz, text with numbers."""

from __future__ import annotations

import json
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pith.graph.errors import InputError
from pith.runtime.session import PortInfo

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm")
_PIXELS = 64 << 20  # a picture may not have more

PLAIN_PIXELS = "the model does not say how pictures become its input: pixels went in as numbers from 0 to 255; --preprocess says it"


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a picture becomes an array: colour order, (x * scale - mean) / std per channel, with x in 0..255."""

    layout: str = "RGB"
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    crop: bool = False  # centre crop to the wanted aspect instead of stretching
    offset: int = 0  # added to the pixels for an integer input, which scale, mean and std do not concern

    @classmethod
    def parse(cls, text: str) -> Preprocess:
        """From JSON with any of layout, scale, mean, std, crop, offset; size and resize are notes for people. Raises InputError."""
        try:
            raw = json.loads(text)
            if not isinstance(raw, dict):
                raise ValueError("it is no JSON object")
            unknown = sorted(set(raw) - {"layout", "scale", "mean", "std", "crop", "offset", "resize", "size"})
            if unknown:
                raise ValueError(f"there is no {unknown[0]!r}")
            mean, std = (tuple(_number(v) for v in (x if isinstance(x, list) else [x])) for x in (raw.get("mean", 0.0), raw.get("std", 1.0)))
            crop = raw.get("crop", "crop" in str(raw.get("resize", "")))
            if not isinstance(crop, bool):
                raise ValueError("crop is true or false")
            result = cls(str(raw.get("layout", "RGB")), _number(raw.get("scale", 1.0)), mean, std, crop, int(_number(raw.get("offset", 0))))
            if result.layout not in ("RGB", "BGR", "GRAY") or not mean or not std or not all(std):
                raise ValueError("layout must be RGB, BGR or GRAY, and std must not be 0")
        except ValueError as e:
            raise InputError("the preprocessing is not understood", why=str(e), try_=_EXAMPLE) from None
        return result


_EXAMPLE = 'JSON such as {"scale": 0.00392, "mean": [0.5], "std": [0.25], "layout": "RGB", "crop": true}'


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def picture(path: Path, port: PortInfo, how: Preprocess) -> np.ndarray:
    """A picture file as the array `port` wants (see `prepare`), turned upright as its camera says.

    Raises InputError for a file that is no picture, or an input that has no picture's shape.
    """
    from PIL import Image, UnidentifiedImageError

    _axes(port)
    Image.MAX_IMAGE_PIXELS = _PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # twice as many pixels are refused
            with Image.open(path) as opened:
                image = upright(opened, path)
    except FileNotFoundError:
        raise InputError(f"no file {path}", try_="check the path") from None
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, SyntaxError) as e:
        raise InputError(f"{path} is not a picture that can be read", why=str(e), try_="see that the file is whole; save other kinds as PNG") from None
    return prepare(image, port, how)


def upright(opened: Image, path: Path | str) -> Image:
    """An opened picture, turned as its camera says, with values 0..255: 16 bits are scaled (Pillow's `convert` would cut them off).

    Raises InputError for pixels of 32 bits: there is no telling where white is.
    """
    from PIL.Image import fromarray
    from PIL.ImageOps import exif_transpose

    image = exif_transpose(opened)
    if image.mode.startswith("I;16"):
        return fromarray(np.rint(np.asarray(image).astype(np.float64) / 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        kind = "whole numbers of 32 bits" if image.mode == "I" else "floating-point numbers"
        raise InputError(f"the pixels of {path} are {kind}", why="nothing says which value is white",
                         try_="save it with 8 or 16 bits a channel, or give a .npy file")  # fmt: skip
    return image


def _axes(port: PortInfo) -> tuple[bool, int, int, int]:
    """Whether channels come first, then channels, height, width. Raises InputError for what has no picture's shape."""
    shape = port.shape[1:] if len(port.shape) == 4 and port.shape[0] == 1 else port.shape
    if len(shape) != 3 or not ({shape[0], shape[2]} & {1, 3}):
        raise InputError(f"input {port.name!r} of shape {list(port.shape)} takes no picture", try_="give a .npy file")
    return (True, *shape) if shape[0] in (1, 3) else (False, shape[2], shape[0], shape[1])


def prepare(image: Image, port: PortInfo, how: Preprocess) -> np.ndarray:
    """A Pillow image as the array `port` wants: [1, C, H, W], [1, H, W, C] or without batch; C is 1 or 3.

    Resized (bilinear over the area that becomes a pixel), then (x * scale - mean) / std for a float input; an integer
    input takes the pixels. Raises InputError for an input that has no picture's shape, or mean and std of another size.
    """
    from PIL.Image import Resampling

    first, channels, height, width = _axes(port)
    if {len(how.mean), len(how.std)} - {1, channels}:
        raise InputError(
            "the preprocessing does not fit the input",
            where=f"input {port.name!r}",
            why=f"it has {channels} channels, mean has {len(how.mean)} values and std {len(how.std)}",
            try_="one value, or one for each channel",
        )
    box = (0.0, 0.0, float(image.width), float(image.height))
    if how.crop:
        scale = min(image.width / width, image.height / height)
        w, h = width * scale, height * scale
        left, top = (image.width - w) / 2, (image.height - h) / 2
        box = (left, top, left + w, top + h)
    image = image.convert("L" if channels == 1 else "RGB")
    resized = image.resize((width, height), Resampling.BILINEAR, box=box, reducing_gap=None)
    pixels = np.asarray(resized, np.float64).reshape(height, width, channels)
    if how.layout == "BGR":
        pixels = pixels[..., ::-1]
    if how.layout == "GRAY" and channels != 1:
        raise InputError("the preprocessing does not fit the input", why=f"layout GRAY, and input {port.name!r} has {channels} channels",
                         try_="RGB or BGR")  # fmt: skip
    if np.dtype(port.np).kind in "iu":
        info = np.iinfo(port.np)
        if how.offset < info.min or how.offset + 255 > info.max:
            raise InputError(f"pixels do not fit input {port.name!r}", why=f"0 to 255 and the offset {how.offset} are not within {port.dtype}",
                             try_='--preprocess \'{"offset": -128}\' if the network was quantised that way, or give a .npy file')  # fmt: skip
        array = np.rint(pixels) + how.offset
    else:
        array = (pixels * how.scale - np.asarray(how.mean)) / np.asarray(how.std)
    array = array.transpose(2, 0, 1) if first else array
    return np.ascontiguousarray(array.reshape(port.shape)).astype(port.np)


def numbers(path: Path, port: PortInfo) -> np.ndarray:
    """Whitespace- or comma-separated numbers in a text file, as many as the input has elements and all in its range."""
    whole = port.np.kind in "iu"
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is not a file")
        words = path.read_text("utf-8-sig").replace(",", " ").split()
        values = [int(w) if whole else float(w) for w in words]
    except FileNotFoundError:
        raise InputError(f"no file {path}", try_="check the path") from None
    except (ValueError, OSError) as e:
        raise InputError(f"{path} is not a list of {'whole ' if whole else ''}numbers", why=str(e),
                         try_="numbers in plain text (UTF-8), with spaces or commas between them") from None  # fmt: skip
    wanted = int(np.prod(port.shape))
    if len(values) != wanted:
        raise InputError(
            f"{path} has {len(values)} numbers, input {port.name!r} wants {wanted}", why=f"its shape is {list(port.shape)}"
        )
    if whole and values:
        info = np.iinfo(port.np)
        if min(values) < info.min or max(values) > info.max:
            raise InputError(
                f"{path} holds numbers that input {port.name!r} cannot",
                why=f"its type is {port.dtype}, from {info.min} to {info.max}",
            )
    return np.array(values, object if whole else np.float64).astype(port.np).reshape(port.shape)


def read_input(path: Path, port: PortInfo, how: Preprocess) -> np.ndarray:
    """The array for input `port` from a file, by its suffix. Raises InputError."""
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        return picture(path, port, how)
    if suffix == ".txt":
        return numbers(path, port)
    if suffix in (".npy", ".npz"):
        return load_array(path, port.name)
    raise InputError(f"{path}: unknown kind of input", try_="a picture (" + " ".join(PICTURES) + "), .npy, .npz or .txt")


def load_array(path: Path, name: str, *, mapped: bool = False, alone: bool = True) -> np.ndarray:
    """The array of a .npy file, or the one called `name` (else the only one) of a .npz archive; pickles are never read.

    mapped: leave a .npy file on disk until its parts are used.  alone: the only array of an archive will do under another name,
    as it must not where there are several to be found. Raises InputError.
    """
    try:
        if not path.is_file() and path.exists():
            raise ValueError("it is not a file")
        loaded: Any = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            return np.asarray(loaded)
        with loaded:
            names = list(loaded.files)
            if name in names or (alone and len(names) == 1):
                return np.asarray(loaded[name if name in names else names[0]])
    except FileNotFoundError:
        raise InputError(f"no file {path}", try_="check the path") from None
    except (ValueError, OSError, EOFError, KeyError, IndexError, MemoryError, zipfile.BadZipFile, zlib.error) as e:
        why = str(e) or "it claims more than there is memory"
        if "allow_pickle" in why:  # what NumPy says of every file that does not begin as an array's does
            with path.open("rb") as file:
                why = "it holds Python objects, which are never loaded" if file.read(1) == b"\x80" else "it does not begin as such a file does"
        raise InputError(f"{path} is not a NumPy array file", why=why, try_="save the array with numpy.save") from None
    raise InputError(f"{path} has no array called {name!r}", why="it has " + (", ".join(names) or "none"),
                     try_=f"numpy.savez(file, {name}=array)" if name.isidentifier() else "give a .npy file")  # fmt: skip


def is_probabilities(scores: np.ndarray) -> bool:
    """Whether all are at least 0 and they sum to 1; a single number is no distribution."""
    x = scores.astype(np.float64)
    return bool(x.size > 1 and x.min() >= 0 and abs(x.sum() - 1) < 1e-3)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities from scores, as a row; scores that already are probabilities stay as they are."""
    x = logits.astype(np.float64).reshape(-1)
    if is_probabilities(x):
        return x
    e = np.exp(x - x.max())
    return np.asarray(e / e.sum())

"""Files into input arrays: pictures (prepared as the model says), .npy, .npz, text with numbers."""

from __future__ import annotations

import json
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


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a picture becomes an array: colour order, (x * scale - mean) / std per channel, with x in 0..255."""

    layout: str = "RGB"
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    crop: bool = False  # centre crop to the wanted aspect instead of stretching

    @classmethod
    def parse(cls, text: str) -> Preprocess:
        """From JSON with any of layout, scale, mean, std, crop. Raises InputError."""
        try:
            raw = json.loads(text)
            mean, std = raw.get("mean", [0.0]), raw.get("std", [1.0])
            mean, std = (tuple(float(v) for v in (x if isinstance(x, list) else [x])) for x in (mean, std))
            crop = bool(raw.get("crop", "crop" in str(raw.get("resize", ""))))
            result = cls(str(raw.get("layout", "RGB")), float(raw.get("scale", 1.0)), mean, std, crop)
        except (ValueError, TypeError, AttributeError) as e:
            raise InputError("the preprocessing is not understood", why=str(e), try_='JSON such as {"scale": 0.00392, "mean": [0.5], "std": [0.25]}') from None
        if result.layout not in ("RGB", "BGR", "GRAY") or not all(result.std):
            raise InputError("the preprocessing is not understood", why="layout must be RGB, BGR or GRAY, and std must not be 0")
        return result


def picture(path: Path, port: PortInfo, how: Preprocess) -> np.ndarray:
    """A picture file as the array `port` wants (see `prepare`), turned upright as its camera says.

    Raises InputError for a file that is no picture, or an input that has no picture's shape.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    _axes(port)
    Image.MAX_IMAGE_PIXELS = _PIXELS
    try:
        with Image.open(path) as opened:
            image = ImageOps.exif_transpose(opened)
    except FileNotFoundError:
        raise InputError(f"no file {path}", try_="check the path") from None
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, SyntaxError) as e:
        raise InputError(f"{path} is not a picture that can be read", why=str(e)) from None
    return prepare(image, port, how)


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
    if np.dtype(port.np).kind in "iu":
        info = np.iinfo(port.np)
        array = np.clip(np.rint(pixels), info.min, info.max)
    else:
        array = (pixels * how.scale - np.asarray(how.mean)) / np.asarray(how.std)
    array = array.transpose(2, 0, 1) if first else array
    return np.ascontiguousarray(array.reshape(port.shape)).astype(port.np)


def numbers(path: Path, port: PortInfo) -> np.ndarray:
    """Whitespace- or comma-separated numbers in a text file, as many as the input has elements and all in its range."""
    whole = port.np.kind in "iu"
    try:
        words = path.read_text().replace(",", " ").split()
        values = [int(w) if whole else float(w) for w in words]
    except FileNotFoundError:
        raise InputError(f"no file {path}", try_="check the path") from None
    except (ValueError, OSError) as e:
        raise InputError(f"{path} is not a list of {'whole ' if whole else ''}numbers", why=str(e)) from None
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
        try:
            loaded: Any = np.load(path, allow_pickle=False)
            array = np.asarray(loaded if suffix == ".npy" else loaded[port.name if port.name in loaded else loaded.files[0]])
        except FileNotFoundError:
            raise InputError(f"no file {path}", try_="check the path") from None
        except (ValueError, OSError, EOFError, KeyError, IndexError) as e:
            raise InputError(f"{path} is not a NumPy array file", why=str(e)) from None
        return array
    raise InputError(f"{path}: unknown kind of input", try_="a picture (" + " ".join(PICTURES) + "), .npy, .npz or .txt")


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

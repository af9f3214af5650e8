"""What an evaluation is, where the data lies, and networks of `pith.models` as ONNX files in the cache folder."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pith.cache import cache_folder
from pith.graph.errors import UnsupportedError

Run = Callable[[np.ndarray], list[np.ndarray]]
"""One sample with its batch dimension in, the outputs in order out."""
ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("PITH_DATA", ROOT / "shared" / "data"))


@dataclass(frozen=True)
class Evaluation:
    """A network and how good it is.

    Attributes:
        name: of network and data.
        model: gives the path of the ONNX file (float32), which is exported into the cache folder when it is not there.
        calibration: gives samples ``(n, ...)`` for quantisation; none of them is evaluated.
        scores: runs the network and gives a number for each thing that is judged, always in the same order; their mean is the metric.
            The network is called with the same samples in the same order, whatever it answers.
        metric: what that is, with its unit.
        expected: the metric that is published, or was measured with other software on the same files; None: none is known.
        higher: more is better.
        shapes: of inputs that are symbolic in the file.
    """

    name: str
    model: Callable[[], Path]
    calibration: Callable[[], np.ndarray]
    scores: Callable[[Run], np.ndarray]
    metric: str
    expected: float | None = None
    higher: bool = True
    shapes: dict[str, tuple[int, ...]] | None = None

    def evaluate(self, run: Run) -> tuple[float, int]:
        """The metric, and how many things it is the mean over."""
        return mean(self.scores(run))


def exported(name: str, shapes: tuple[tuple[int, ...], ...] | None = None) -> Path:
    """The ONNX file of a network of `pith.models` with its released weights, from the cache folder or made now (needs PyTorch).

    shapes: of the inputs, other than those of the list. The file's name says which weights and which version of the code it was made from.
    """
    from pith import models

    entry = models.describe(name)
    weights = DATA / entry.weights
    digest = hashlib.sha256(weights.read_bytes())
    digest.update(repr((shapes or entry.shapes, dict(entry.settings))).encode())
    home = entry.home.partition(":")[0].replace(".", "/") + ".py"
    for source in (home, "pith/models/blocks.py", "pith/models/signs.py", "pith/bridge.py"):
        digest.update((ROOT / source).read_bytes())
    cache = cache_folder()
    if cache is None:
        raise UnsupportedError("there is no cache folder to export networks to", try_="PITH_CACHE=FOLDER")
    path = cache / "onnx" / f"{name}-{digest.hexdigest()[:16]}.onnx"
    if not path.exists():
        from pith.bridge import to_onnx
        from pith.models.registry import example

        net = models.create(name, pretrained=weights)
        data = to_onnx(net, example(name, shapes)).SerializeToString(deterministic=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(data)
        temporary.replace(path)
    return path


def open_rgb(source: Path | bytes) -> np.ndarray:
    """A picture file as RGB uint8 ``(H, W, 3)``, turned as its EXIF data say (what OpenCV does too)."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(source) if isinstance(source, bytes) else source))
    return np.asarray(picture.convert("RGB"))


def zip_names(file: Path, suffix: str) -> list[str]:
    """Members of a zip file whose name ends so, sorted."""
    with zipfile.ZipFile(file) as z:
        return sorted(n for n in z.namelist() if n.endswith(suffix))


def zip_read(file: Path, names: list[str]) -> list[bytes]:
    """Those members."""
    with zipfile.ZipFile(file) as z:
        return [z.read(n) for n in names]


def mean(scores: np.ndarray) -> tuple[float, int]:
    """Of scores, and how many there are."""
    return float(np.mean(scores)), len(scores)


def softmax(x: np.ndarray) -> np.ndarray:
    """Over the last axis, in float64."""
    e = np.exp(x.astype(np.float64) - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))

"""Boxes of single-shot detectors: priors, which are constants, and their decoding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pith.importers.layers.layer import MAX_CONSTANT, Layer

CENTER_SIZE, CORNER, CORNER_SIZE = "center_size", "corner", "corner_size"


@dataclass(frozen=True, slots=True)
class Priors:
    """Boxes around each cell of a feature map: for each minimal size a square, one of sqrt(min * max), and one for each aspect
    ratio (and with `flip` its inverse). Sizes and steps (height, width) in pixels of the picture."""

    feature: tuple[int, int]
    picture: tuple[float, float]
    steps: tuple[float, float]
    minimal: tuple[float, ...]
    maximal: tuple[float, ...]
    ratios: tuple[float, ...]
    flip: bool
    offset: float = 0.5
    clip: bool = False

    def shapes(self) -> list[tuple[float, float]]:
        """(width, height) of the boxes of one cell."""
        shapes: list[tuple[float, float]] = []
        for k, size in enumerate(self.minimal):
            shapes.append((size, size))
            if self.maximal:
                side = math.sqrt(size * self.maximal[k])
                shapes.append((side, side))
            for r in self.ratios:
                w, h = size * math.sqrt(r), size / math.sqrt(r)
                shapes += [(w, h), (h, w)] if self.flip else [(w, h)]
        return shapes

    def boxes(self) -> np.ndarray:
        """[cells * shapes, 4] float32: xmin, ymin, xmax, ymax in fractions of the picture, cells row by row."""
        (h, w), (ph, pw), (sh, sw) = self.feature, self.picture, self.steps
        half = np.array(self.shapes()) / 2
        x = ((np.arange(w) + self.offset) * sw)[None, :, None]
        y = ((np.arange(h) + self.offset) * sh)[:, None, None]
        corners = [(x - half[:, 0]) / pw, (y - half[:, 1]) / ph, (x + half[:, 0]) / pw, (y + half[:, 1]) / ph]
        boxes = np.stack(np.broadcast_arrays(*corners), -1).reshape(-1, 4).astype(np.float32)
        return np.clip(boxes, 0, 1) if self.clip else boxes


def check_priors(n: Layer, p: Priors) -> None:
    """Raise ModelError for sizes that make no boxes, or too many of them."""
    numbers = (*p.minimal, *p.maximal, *p.ratios, *p.picture, *p.steps)
    if not p.minimal or min(numbers) <= 0 or not all(map(math.isfinite, (*numbers, p.offset))):
        raise n.invalid("sizes, ratios or steps of the boxes are not positive")
    if p.maximal and len(p.maximal) != len(p.minimal):
        raise n.invalid(f"{len(p.maximal)} maximal sizes for {len(p.minimal)} minimal ones")
    per_cell = len(p.minimal) * (2 + 2 * len(p.ratios))
    if per_cell * p.feature[0] * p.feature[1] * 4 > MAX_CONSTANT:
        raise n.unsupported(f"{per_cell} boxes for each of {p.feature[0]} x {p.feature[1]} cells")


def decoded(
    n: Layer, location: str, priors: np.ndarray, variances: np.ndarray | None, code: str = CENTER_SIZE
) -> str:
    """Boxes [N, P, 4] (corners, in fractions of the picture) from offsets [N, P, 4], priors [P, 4] and variances [P, 4] or None."""
    p = priors.astype(np.float64)
    size = np.concatenate([p[:, 2:] - p[:, :2]] * 2, 1)
    scaled = location if variances is None else n.emit("mul", [location, n.const(variances[None])])
    if code != CENTER_SIZE:
        if code == CORNER_SIZE:
            scaled = n.emit("mul", [scaled, n.const(size[None])])
        return n.emit("add", [scaled, n.const(p[None])])
    centre = (p[:, :2] + p[:, 2:]) / 2
    middle = n.emit("add", [n.emit("mul", [n.slice(scaled, 2, 0, 2), n.const(size[None, :, :2])]), n.const(centre[None])])
    half = n.emit("mul", [n.emit("exp", [n.slice(scaled, 2, 2, 2)]), n.const(size[None, :, 2:] / 2)])
    return n.concat([n.emit("sub", [middle, half]), n.emit("add", [middle, half])], 2)


def detections(
    n: Layer, location: str, confidence: str, priors: np.ndarray, variances: np.ndarray | None, classes: int, name: str,
    code: str = CENTER_SIZE, threshold: Sequence[float] = (),
) -> dict[str, str]:  # fmt: skip
    """What stands for a layer that picks detections: `name`_boxes [N, P, 4] and `name`_scores [N, P, classes].

    How many boxes are picked depends on the picture, and all shapes are static: non-maximum suppression is left to the caller,
    and a note says so.
    """
    count = priors.shape[0]
    batch = n.shape(location)[0]
    if classes < 1 or n.shape(location)[1:] != (count * 4,) or n.graph.types[confidence].size != batch * count * classes:
        raise n.invalid(
            f"offsets {n.shape(location)} and scores {n.shape(confidence)} do not fit {count} boxes of {classes} classes",
            "boxes of each class apart are not supported" if classes > 1 else "",
        )
    boxes = decoded(n, n.reshape(location, (batch, count, 4)), priors, variances, code)
    scores = n.reshape(confidence, (batch, count, classes))
    limits = f" (the model asks for a score above {threshold[0]:g} and an overlap below {threshold[1]:g})" if len(threshold) > 1 else ""
    n.graph.notes.append(
        f"{n.name} ({n.kind}) became {name}_boxes and {name}_scores: pick boxes by non-maximum suppression after the network{limits}"
    )
    return {f"{name}_boxes": boxes, f"{name}_scores": scores}

"""Pages with lines of text for a detector, with what DB is taught about them; each a function of a seed and its number. No PyTorch.

Lines lie scattered over photographs, panels and plain grounds, or in paragraphs and tables. A line is one text, words and blanks between
them together, as detectors of lines are taught.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from pith.models.text_boxes import area, inside
from pith.runtime.inputs import upright
from pith.train.data import text_draw as draw
from pith.train.data.files import pictures_below
from pith.train.data.text_images import ALPHABET, generator
from pith.train.data.text_words import Words

SIGNS = ALPHABET + ".,:-/%()"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""PP-OCR's, for pixels in BGR order (which are ImageNet's in RGB order)."""
SHRINK = 0.4
_SIZES = (12, 16, 20, 26, 34, 44, 60)


@dataclass(frozen=True)
class Style:
    """What pages look like. ideographs: share of lines of strokes."""

    size: int
    hard: float
    ideographs: float
    fonts: Sequence[Path]
    photographs: Sequence[Path]
    words: Words


@dataclass
class Page:
    """A page in the making: picture ``(size, size, 3)``, what is taken, and corners of the texts."""

    picture: np.ndarray
    taken: np.ndarray
    quads: list[np.ndarray] = field(default_factory=list)

    def put(self, mask: np.ndarray, quad: np.ndarray, ink: np.ndarray, gap: int = 2) -> bool:
        """Draws a text unless it would leave the page or touch another; whether it did."""
        size = len(self.picture)
        low, high = np.floor(quad.min(0)).astype(int) - gap, np.ceil(quad.max(0)).astype(int) + gap
        if low.min() < 1 or high.max() > size - 1 or self.taken[low[1] : high[1], low[0] : high[0]].any():
            return False
        shape = (int(high[1] - low[1]), int(high[0] - low[0]))
        cover = draw.warped(mask, quad - low, shape)[:, :, None]
        part = self.picture[low[1] : high[1], low[0] : high[0]]
        part += cover * (ink - part)
        self.taken[low[1] : high[1], low[0] : high[0]] = True
        self.quads.append(quad)
        return True


def photographs(folder: str) -> tuple[Path, ...]:
    """Pictures in a folder, by name; none for no folder. Raises ConfigError."""
    return pictures_below(folder, "backgrounds: a folder with .png or .jpg files, or an empty name") if folder else ()


def page(seed: int, index: int, style: Style) -> tuple[np.ndarray, list[np.ndarray]]:
    """Page `index`: uint8 RGB ``(size, size, 3)``, and the corners ``(4, 2)`` of its texts."""
    rng = generator(seed, index, 1)
    made = Page(_ground(rng, style), np.zeros((style.size, style.size), bool))
    kind = rng.random()
    if kind < 0.5:
        _scatter(made, rng, style)
    elif kind < 0.85:
        _paragraphs(made, rng, style)
    elif kind < 0.97:
        _table(made, rng, style)
    if rng.random() < style.hard:
        made.picture += draw.uneven(rng, made.taken.shape, rng.uniform(2, 20))
    return draw.as_bytes(draw.taken(np.clip(made.picture, 0, 255), rng, 0.4 * style.hard, 1.2)), made.quads


def _ground(rng: np.random.Generator, style: Style) -> np.ndarray:
    size, kind = style.size, rng.random()
    if style.photographs and kind < 0.4:
        with Image.open(path := draw.choice(rng, style.photographs)) as file:
            photograph = upright(file, path).convert("RGB")
        side = int(min(photograph.size) * rng.uniform(0.4, 1.0))
        x, y = (int(rng.integers(0, n - side + 1)) for n in photograph.size)
        return np.asarray(photograph.resize((size, size), Image.Resampling.BILINEAR, (x, y, x + side, y + side)), np.float32).copy()
    if kind < 0.65:
        return draw.clutter(rng, (size, size), int(rng.integers(2, 12))).copy()
    return np.tile(draw.colours(rng)[0], (size, size, 1)).astype(np.float32)


def _text(rng: np.random.Generator, style: Style, font: Path, height: float, longest: float, foreign: bool) -> np.ndarray:
    """A line of at most `longest` pixels at `height`."""
    size = min(_SIZES, key=lambda s: abs(s - 1.2 * height))
    if foreign:
        most = max(1, int(longest / height))
        return draw.strokes(rng, int(rng.integers(1, min(most, 14) + 1)), max(12, int(height)))
    text = style.words(rng)
    for _ in range(int(rng.integers(0, 7))):
        longer = f"{text} {style.words(rng)}"
        if 0.6 * height * len(longer) > longest:
            break
        text = longer
    return draw.line(text, font, size, float(rng.choice([0.0, rng.uniform(0, 0.15)])))


def _scatter(made: Page, rng: np.random.Generator, style: Style) -> None:
    size = style.size
    for _ in range(int(rng.integers(2, 10))):
        foreign, font = rng.random() < style.ideographs, draw.choice(rng, style.fonts)
        height = math.exp(rng.uniform(math.log(9), math.log(0.2 * size)))
        mask = _text(rng, style, font, height, 0.9 * size, foreign)
        if foreign and rng.random() < 0.25:  # from top to bottom
            cells = max(1, round(mask.shape[1] / mask.shape[0]))
            mask = np.concatenate(np.array_split(mask[:, : mask.shape[1] // cells * cells], cells, 1), 0)
            height *= cells
        width = mask.shape[1] * height / mask.shape[0]
        angle = float(rng.choice([0.0, rng.normal(0, 0.12), rng.normal(0, 0.5), math.pi / 2 * rng.choice([-1, 1])], p=[0.4, 0.42, 0.1, 0.08]))
        quad = draw.quad_of(width, height, tuple(rng.uniform(0.05, 0.95, 2) * size), angle, rng, 0.1 * style.hard * min(1.0, width / height))
        low, high = quad.min(0), quad.max(0)
        if low.min() < 2 or high.max() > size - 2:
            quad += np.clip(-low + 3, 0, None) + np.clip(size - 3 - high, None, 0)
        around = np.clip(np.concatenate([quad.min(0) - 4, quad.max(0) + 4]), 0, size).astype(int)
        part = made.picture[around[1] : around[3], around[0] : around[2]]
        if not part.size or quad.min() < 2 or quad.max() > size - 2 or made.taken[around[1] : around[3], around[0] : around[2]].any():
            continue
        ground, ink = draw.colours(rng, 60)
        if rng.random() < 0.35:  # on a panel
            part[:] = ground + 0.05 * (part - ground)
        else:
            ink = _readable(rng, part, ink)
        made.put(mask, quad, ink)


def _readable(rng: np.random.Generator, part: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """`ink`, or another colour that differs from what it is written on."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    bright = part @ weights
    for _ in range(20):
        if abs(float(ink @ weights) - float(bright.mean())) > 45 + 0.8 * float(bright.std()):
            return ink
        ink = rng.uniform(0, 255, 3).astype(np.float32)
    return np.full(3, 255 if bright.mean() < 128 else 0, np.float32)


def _paragraphs(made: Page, rng: np.random.Generator, style: Style) -> None:
    """One or two columns of lines alike, over a page that is plain or made paler."""
    size = style.size
    ground, ink = draw.colours(rng, 60)
    if rng.random() < 0.6:
        made.picture[:] = ground + rng.uniform(0.0, 0.12) * (made.picture - ground)
    else:
        ink = _readable(rng, made.picture, ink)
    left, top = rng.uniform(0.02, 0.2) * size, rng.uniform(0.02, 0.15) * size
    bend = float(rng.choice([0.0, rng.normal(0, 0.02)]))
    while top < 0.9 * size:
        foreign, font = rng.random() < style.ideographs, draw.choice(rng, style.fonts)
        height = rng.uniform(8, 20) if rng.random() < 0.7 else rng.uniform(16, 40)
        step = height * rng.uniform(1.25, 2.0) + 3
        for _ in range(int(rng.integers(1, 7))):
            mask = _text(rng, style, font, height, 0.97 * size - left, foreign)
            tall = height * (1.0 if foreign else rng.uniform(0.85, 1.1))
            width = min(mask.shape[1] * tall / mask.shape[0], 0.97 * size - left)
            if top + tall > 0.98 * size:
                return
            quad = draw.quad_of(width, tall, (left + width / 2, top + tall / 2 + bend * (left + width / 2)), bend, rng, 0.0)
            made.put(mask, quad, ink, 1)
            top += step
        top += height * rng.uniform(0, 1.5)


def _table(made: Page, rng: np.random.Generator, style: Style) -> None:
    """Cells with a word each, with lines between them or without."""
    size = style.size
    ground, ink = draw.colours(rng, 80)
    made.picture[:] = ground
    rule = (ground + ink) / 2
    font, foreign = draw.choice(rng, style.fonts), rng.random() < style.ideographs
    height, columns = rng.uniform(9, 16), int(rng.integers(2, 5))
    step, wide = height * rng.uniform(1.4, 2.4) + 2, size / columns
    ruled, top = rng.random() < 0.6, rng.uniform(0, 12)
    while top + step < size:
        if ruled:
            made.picture[int(top)] = rule
        for c in range(columns):
            mask = _text(rng, style, font, height, 0.6 * wide, foreign and rng.random() < 0.5)
            width = min(mask.shape[1] * height / mask.shape[0], wide - 10)
            at = (c + 0.5) * wide if rng.random() < 0.7 else c * wide + width / 2 + 4
            made.put(mask, draw.quad_of(width, height, (at, top + step / 2), 0.0, rng, 0.0), ink, 1)
        top += step
    if ruled:
        made.picture[:, [int(c * wide) for c in range(1, columns)]] = rule


def maps(quads: Sequence[np.ndarray], size: int, least: float = 6.0) -> np.ndarray:
    """What DB learns of texts with corners ``(4, 2)``, clockwise on the screen: uint8 ``(4, size, size)`` (arXiv 1911.08947, 3.4).

    [0] 1 where a text shrunk by D = area (1 - 0.4^2) / perimeter is.  [1] 1 where that counts: not in texts whose shorter side is below
    `least` pixels.  [2] the threshold in 1/255: 0.7 on the border of a text, falling to 0.3 at a distance of D on either side.
    [3] 1 within that distance, and inside.
    """
    out = np.zeros((4, size, size), np.uint8)
    out[1], out[2] = 1, round(0.3 * 255)
    for quad in quads:
        sides = np.roll(quad, -1, 0) - quad
        lengths = np.linalg.norm(sides, axis=1)
        inset = abs(area(quad)) * (1 - SHRINK**2) / max(float(lengths.sum()), 1e-9)
        low = np.clip(np.floor(quad.min(0) - inset).astype(int), 0, size)
        high = np.clip(np.ceil(quad.max(0) + inset).astype(int) + 1, 0, size)
        x, y = np.arange(low[0], high[0])[None, :] + 0.0, np.arange(low[1], high[1])[:, None] + 0.0
        where = (slice(low[1], high[1]), slice(low[0], high[0]))
        within = inside(quad, x, y)
        if min(lengths[0] + lengths[2], lengths[1] + lengths[3]) / 2 < least:
            out[1][where][within] = 0
            continue
        to_line, to_edge = np.full(within.shape, np.inf), np.full(within.shape, np.inf)
        for (x0, y0), (dx, dy), length in zip(quad, sides, lengths, strict=True):
            along = np.clip(((x - x0) * dx + (y - y0) * dy) / length**2, 0, 1)
            to_edge = np.minimum(to_edge, np.hypot(x - x0 - along * dx, y - y0 - along * dy))
            to_line = np.minimum(to_line, np.abs((x - x0) * dy - (y - y0) * dx) / length)
        out[0][where] |= within & (to_line >= inset)
        near = within | (to_edge <= inset)
        level = np.rint(255 * (0.3 + 0.4 * np.clip(1 - to_edge / inset, 0, 1))).astype(np.uint8)
        out[2][where] = np.where(near, np.maximum(out[2][where], level), out[2][where])
        out[3][where] |= near
    return out


def pages(indices: range, *, seed: int, style: Style) -> tuple[np.ndarray, np.ndarray]:
    """Pages uint8 BGR ``(N, 3, size, size)`` and their maps uint8 ``(N, 4, size, size)``."""
    size = style.size
    pictures, taught = np.empty((len(indices), 3, size, size), np.uint8), np.empty((len(indices), 4, size, size), np.uint8)
    for row, index in enumerate(indices):
        picture, quads = page(seed, index, style)
        pictures[row] = picture[:, :, ::-1].transpose(2, 0, 1)
        taught[row] = maps(quads, size)
    return pictures, taught

"""Pictures of words for a recogniser, each a function of a seed and its number. Needs no PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from pith.graph.errors import ConfigError
from pith.train.data import text_draw as draw
from pith.train.data.text_words import Words

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MOST = 10_000_000
PAD = 128
"""What stands right of short words: 0 after (x / 255 - 1/2) / (1/2), nearly."""


def generator(seed: int, index: int, stream: int) -> np.random.Generator:
    """The random numbers of picture `index`. stream: of which kind of picture."""
    return np.random.default_rng([seed, stream, index])


def word(seed: int, index: int, words: Words, fonts: Sequence[Path], height: int, hard: float) -> tuple[np.ndarray, str]:
    """Picture `index`: uint8 ``(height, width, 3)`` with margins as a detector leaves them, and what it says.

    hard: 0 for clean pictures, 1 for every kind of damage in every picture.
    """
    rng = generator(seed, index, 0)
    text, font = words(rng), draw.choice(rng, fonts)
    spacing = rng.choice([0.0, rng.uniform(-0.06, 0.0), rng.uniform(0.0, 0.25)], p=[0.6, 0.15, 0.25])
    mask = draw.line(text, font, int(rng.choice((28, 36, 48))), float(spacing))
    if rng.random() < 0.5:  # letters wide or narrow
        mask = draw.resized(255 * mask, (max(2, int(mask.shape[1] * rng.uniform(0.75, 1.25))), mask.shape[0])) / np.float32(255)
    tall, wide = mask.shape
    if len(text) == 1 or tall < 14:  # a sign alone: its height is seen against the line
        tall = max(tall, 24)
    margins = rng.uniform(-0.02, 0.3, 4) * tall * rng.choice([0.4, 1.0])
    shape = (int(tall + margins[0] + margins[1]) + 4, int(wide + margins[2] + margins[3]) + 4)
    centre = (2 + margins[2] + wide / 2, 2 + margins[0] + tall / 2)
    strong = rng.random() < hard
    angle = rng.normal(0, 0.03) if strong else 0.0
    angle = float(np.clip(angle, -0.09, 0.09)) * min(1.0, 4 * tall / wide)
    quad = draw.quad_of(wide, mask.shape[0], centre, angle, rng, 0.12 if strong else 0.0)
    cover = draw.warped(mask, quad, shape)[:, :, None]
    ground, ink = draw.colours(rng, float(rng.choice([35.0, 70.0])))
    picture = np.broadcast_to(ground, (*shape, 3)).astype(np.float32)
    contrast = float(np.abs(ground - ink).max())
    if rng.random() < hard:
        picture = picture + draw.uneven(rng, shape, rng.uniform(0.02, 0.22) * contrast)
    if rng.random() < 0.25 * hard:  # parts of something else
        other = draw.clutter(rng, shape, int(rng.integers(1, 4)))
        picture = picture + np.float32(rng.uniform(0.05, 0.3)) * (other - picture)
    if rng.random() < 0.15 * hard:  # a shadow of the letters
        picture = picture * (1 - np.float32(rng.uniform(0.1, 0.5)) * np.roll(cover, tuple(rng.integers(-2, 4, 2)), (0, 1)))
    paint = np.broadcast_to(ink, picture.shape)
    if rng.random() < 0.3 * hard:
        paint = paint + draw.uneven(rng, shape, rng.uniform(2, 18))
    cover = cover * np.float32(rng.uniform(0.75, 1.0))
    picture = picture * (1 - cover) + paint * cover
    if rng.random() < 0.7 * hard:  # few pixels
        low = rng.uniform(11, 30)
        picture = draw.resized(picture, (max(4, round(shape[1] * low / shape[0])), max(4, round(low))))
    elif shape[0] > 1.5 * height:
        picture = draw.resized(picture, (max(4, round(shape[1] * height / shape[0])), height))
    picture = draw.taken(picture, rng, 0.5 * hard, 0.055 * picture.shape[0])
    wide = max(4, round(picture.shape[1] * height / picture.shape[0] * (rng.uniform(0.9, 1.1) if strong else 1.0)))
    return draw.as_bytes(draw.resized(picture, (wide, height))), text


def fitted(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A uint8 picture as a network of fixed width reads it: at `height`, at most `width` (squeezed if longer), `PAD` right of it."""
    wide = min(width, max(1, round(picture.shape[1] * height / picture.shape[0])))
    if picture.shape[:2] != (height, wide):
        picture = draw.as_bytes(draw.resized(picture.astype(np.float32), (wide, height)))
    out = np.full((height, width, picture.shape[2]), PAD, np.uint8)
    out[:, :wide] = picture
    return out


def words(
    indices: range, *, seed: int, words: Words, fonts: Sequence[Path], height: int, width: int, hard: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Pictures uint8 ``(N, 3, height, width)`` and labels int64 ``(N, longest)``: 1 + the sign's place in the alphabet, then 0."""
    pictures, labels = np.empty((len(indices), 3, height, width), np.uint8), np.zeros((len(indices), words.longest), np.int64)
    places = {sign: k + 1 for k, sign in enumerate(words.alphabet)}
    for row, index in enumerate(indices):
        picture, text = word(seed, index, words, fonts, height, hard)
        pictures[row] = fitted(picture, height, width).transpose(2, 0, 1)
        labels[row, : len(text)] = [places[sign] for sign in text]
    return pictures, labels


def made(make: Callable[[range], tuple[np.ndarray, ...]], count: int, workers: int, start: int = 0, piece: int = 250) -> tuple[np.ndarray, ...]:
    """`make` of all numbers `start` to `start + count - 1`, in pieces by processes. What comes out does not depend on their number.

    make: a function (or partial of one) of a module, that gives arrays with a row for each number.
    """
    if not 1 <= count <= MOST or not 0 <= workers <= 256:
        raise ConfigError(f"count is 1 to {MOST}, workers 0 to 256", where="data", why=f"these are {count} and {workers}")
    pieces = [range(k, min(k + piece, start + count)) for k in range(start, start + count, piece)]
    if workers < 2 or len(pieces) < 2:
        parts = [make(p) for p in pieces]
    else:
        with ProcessPoolExecutor(workers) as pool:
            parts = list(pool.map(make, pieces))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))

"""What pictures of text are made of: lines of signs, where they lie in perspective, backgrounds, and what a camera does to them.

Everything is a function of its arguments and a random generator. Pictures are float32 ``(H, W, 3)`` in 0..255, masks ``(H, W)`` in 0..1.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pith.train.data.text_fonts import opened

_BILINEAR, _BICUBIC = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC


def line(text: str, font: Path, size: int, spacing: float = 0.0) -> np.ndarray:
    """A line of text as a mask cut to its ink. size: of the font, pixels.  spacing: between signs, in shares of `size`."""
    f = opened(font, size)
    starts = [f.getlength(text[:k]) + k * spacing * size for k in range(len(text) + 1)]
    picture = Image.new("L", (int(starts[-1]) + 2 * size, 3 * size))
    draw = ImageDraw.Draw(picture)
    if abs(spacing) * size < 0.5:
        draw.text((size, size), text, 255, f)
    else:
        for sign, x in zip(text, starts, strict=False):
            over = Image.new("L", picture.size) if spacing < 0 else picture
            ImageDraw.Draw(over).text((size + x, size), sign, 255, f)
            if over is not picture:
                picture.paste(255, (0, 0), over)
    box = picture.getbbox() or (0, 0, 1, 1)
    return np.asarray(picture.crop(box), np.float32) / np.float32(255)


def strokes(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    """A line of `count` squares of strokes, which look like ideographs to a detector, as a mask. It says nothing."""
    big = 4 * size
    signs = Image.new("L", (count * big, big))
    draw = ImageDraw.Draw(signs)
    width = max(3, int(big * rng.uniform(0.05, 0.1)))
    low, high = 0.06 * big, 0.94 * big
    for k in range(count):
        left = k * big
        for y in rng.choice(np.linspace(low, high, 7), int(rng.integers(2, 6)), replace=False):
            a, b = (low, high) if rng.random() < 0.5 else np.sort(rng.uniform(low, high, 2))
            draw.line((left + a, y, left + b, y), 255, width)
        for _ in range(int(rng.integers(1, 5))):
            x, y0, y1 = rng.uniform(low, high), rng.uniform(low, 0.5 * big), rng.uniform(0.5 * big, high)
            lean = 0.0 if rng.random() < 0.6 else rng.uniform(-0.35, 0.35) * big
            draw.line((left + x, y0, left + float(np.clip(x + lean, low, high)), y1), 255, width)
        if rng.random() < 0.4:
            (x0, x1), (y0, y1) = np.sort(rng.uniform(low, high, 2)), np.sort(rng.uniform(low, high, 2))
            draw.rectangle((left + x0, y0, left + x1, y1), None, 255, width)
    box = signs.getbbox() or (0, 0, 1, 1)
    small = signs.crop(box).resize((max(1, (box[2] - box[0]) // 4), max(1, (box[3] - box[1]) // 4)), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / np.float32(255)


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The 3x3 matrix that takes four points ``(4, 2)`` (x, y) to four others. Raises LinAlgError where three lie on a line."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    found = np.linalg.solve(np.array(rows, np.float64), np.asarray(target, np.float64).reshape(8))
    return np.append(found, 1.0).reshape(3, 3)


def warped(mask: np.ndarray, quad: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A picture of `shape` (height, width) with the mask's corners at `quad` ``(4, 2)``, clockwise from the upper left; 0 around it."""
    height, width = mask.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    shrink = float(np.linalg.norm(quad[3] - quad[0])) / height
    picture = Image.fromarray(np.rint(np.pad(mask, 1) * np.float32(255)).astype(np.uint8))  # padded: the border is soft
    if shrink < 0.7:  # several pixels become one
        picture = picture.filter(ImageFilter.BoxBlur(max(0.0, (1 / shrink - 1) / 2)))
    matrix = homography(quad, corners + 1)
    out = picture.transform((shape[1], shape[0]), Image.Transform.PERSPECTIVE, tuple(matrix.reshape(9)[:8]), _BILINEAR)
    return np.clip(np.asarray(out, np.float32) / np.float32(255), 0, 1)


def quad_of(width: float, height: float, centre: tuple[float, float], angle: float, rng: np.random.Generator, bend: float) -> np.ndarray:
    """Corners of a rectangle, turned by `angle` (radians, clockwise on the screen), each moved by up to `bend` of the height."""
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]], np.float64) / 2
    corners += rng.uniform(-bend, bend, (4, 2)) * height
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return corners @ turn + np.array(centre)


def colours(rng: np.random.Generator, least: float = 45.0) -> tuple[np.ndarray, np.ndarray]:
    """Of ground and signs, ``(3,)`` each; their brightness differs by at least `least`. Either may be the brighter one."""
    weights = np.array([0.299, 0.587, 0.114])
    while True:
        pair = rng.uniform(0, 255, (2, 3))
        for c in pair:
            if rng.random() < 0.4:  # grey
                c[:] = c.mean()
            elif rng.random() < 0.25:
                c[:] = 255 - 30 * rng.random() if rng.random() < 0.5 else 40 * rng.random()
        if abs(float((pair[0] - pair[1]) @ weights)) >= least:
            return pair[0].astype(np.float32), pair[1].astype(np.float32)


def uneven(rng: np.random.Generator, shape: tuple[int, int], amount: float) -> np.ndarray:
    """A smooth field ``(H, W, 1)`` around 0: a few random values, enlarged."""
    cells = (int(rng.integers(2, 5)), int(rng.integers(2, 7)))
    small = Image.fromarray(rng.normal(0, amount, cells).astype(np.float32))
    return np.asarray(small.resize(shape[::-1], _BICUBIC), np.float32)[:, :, None]


def clutter(rng: np.random.Generator, shape: tuple[int, int], count: int) -> np.ndarray:
    """Shapes that are no text, over a plain ground: ``(H, W, 3)``."""
    height, width = shape
    picture = Image.new("RGB", (width, height), _colour(rng))
    draw = ImageDraw.Draw(picture)
    for _ in range(count):
        x0, x1 = np.sort(rng.uniform(-0.2, 1.2, 2) * width)
        y0, y1 = np.sort(rng.uniform(-0.2, 1.2, 2) * height)
        kind, fill = rng.integers(4), _colour(rng)
        if kind == 0:
            draw.rectangle((x0, y0, x1, y1), fill)
        elif kind == 1:
            draw.ellipse((x0, y0, x1, y1), fill)
        elif kind == 2:
            draw.line((x0, y0, x1, y1) if rng.random() < 0.5 else (x0, y1, x1, y0), fill, int(rng.integers(1, 8)))
        else:
            draw.rectangle((x0, y0, x1, y1), None, fill, int(rng.integers(1, 4)))
    return np.asarray(picture, np.float32)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    r, g, b = rng.integers(0, 256, 3)
    return int(r), int(g), int(b)


def blurred(picture: np.ndarray, rng: np.random.Generator, most: float) -> np.ndarray:
    """Out of focus by up to `most` pixels, or moved along a line."""
    if rng.random() < 0.75:
        soft = Image.fromarray(as_bytes(picture)).filter(ImageFilter.GaussianBlur(rng.uniform(0, most)))
        return np.asarray(soft, np.float32)
    angle, length = rng.uniform(0, math.pi), rng.uniform(0, 2 * most)
    total = np.zeros_like(picture)
    steps = 5
    for t in np.linspace(-0.5, 0.5, steps):
        dx, dy = round(length * t * math.cos(angle)), round(length * t * math.sin(angle))
        total += np.roll(np.pad(picture, ((4, 4), (4, 4), (0, 0)), mode="edge"), (dy, dx), (0, 1))[4:-4, 4:-4]
    return total / np.float32(steps)


def resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture, or a mask in 0..255, at (width, height), rounded to whole numbers; averages where it shrinks."""
    return np.asarray(Image.fromarray(as_bytes(picture)).resize(size, _BILINEAR), np.float32)


def as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """There and back."""
    data = io.BytesIO()
    Image.fromarray(as_bytes(picture)).save(data, "JPEG", quality=quality)
    with Image.open(data) as file:
        return np.asarray(file.convert("RGB"), np.float32)


def as_bytes(picture: np.ndarray) -> np.ndarray:
    """Rounded and cut to uint8."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def taken(picture: np.ndarray, rng: np.random.Generator, hard: float, blur: float) -> np.ndarray:
    """As a camera gives it: blur, noise, JPEG. hard: share of pictures with each.  blur: at most, pixels."""
    if rng.random() < hard:
        picture = blurred(picture, rng, blur)
    if rng.random() < hard:
        picture = picture + rng.normal(0, rng.uniform(1, 14), picture.shape).astype(np.float32)
    if rng.random() < hard:
        picture = as_jpeg(picture, int(rng.integers(25, 95)))
    return picture


def choice(rng: np.random.Generator, items: Sequence[Path]) -> Path:
    """One of them."""
    return items[int(rng.integers(len(items)))]

"""Fonts for generated text: files below folders, or those that an installed package brings. Needs no PyTorch."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pith.graph.errors import ConfigError
from pith.train.data.files import data_path

MAX_FILES = 2000


def find(sources: Sequence[str], alphabet: str) -> tuple[Path, ...]:
    """Font files (.ttf, .otf) that have every sign of `alphabet`, by name.

    sources: folders (below `$PITH_DATA` too) or names of installed packages ("matplotlib" has 30 such files of its own).
    Raises ConfigError for a source that is neither, and if no file has the signs.
    """
    files: set[Path] = set()
    for source in sources:
        files.update(_below(_folder(source)))
    once = {f.stem: f for f in sorted(files, key=lambda f: (f.name, str(f)), reverse=True)}  # many come as .ttf and as .otf
    kept = tuple(once[name] for name in sorted(once) if _complete(once[name], alphabet))
    if not kept:
        raise ConfigError("no font has the signs", where=", ".join(sources) or "fonts", why=f"{len(files)} font files, the signs {alphabet!r}"[:200])
    return kept


def _folder(source: str) -> Path:
    place = data_path(source)
    if place.is_dir():
        return place
    if source.isidentifier():
        found = importlib.util.find_spec(source)
        for location in (found.submodule_search_locations or ()) if found else ():
            return Path(location)
    raise ConfigError(
        f"there are no fonts {source!r}", where="fonts", why="this is neither a folder nor an installed package",
        try_=f"pip install {source.replace('_', '-')}, or the path of a folder with .ttf files",
    )  # fmt: skip


def _below(folder: Path) -> list[Path]:
    files = [f for kind in ("ttf", "otf") for f in folder.rglob(f"*.{kind}")]
    if len(files) > MAX_FILES:
        raise ConfigError(f"{len(files)} font files are too many", where=str(folder), try_=f"a folder with at most {MAX_FILES}")
    return files


@lru_cache(maxsize=1024)
def opened(file: Path, size: int) -> ImageFont.FreeTypeFont:
    """The font at `size` pixels. Raises OSError for what is no font."""
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _complete(file: Path, alphabet: str) -> bool:
    """Whether every sign is drawn, as something else than what stands for missing ones, and nine in ten differently from all others:
    fonts of last resort draw one box for all. Fonts of symbols have arrows in the places of letters, whose heights differ."""
    try:
        font = opened(file, 24)
        missing = _drawn(font, "\uffff")
        shapes = [_drawn(font, sign) for sign in alphabet]
        tall = [b[3] - b[1] for b in (font.getbbox(s) for s in alphabet if s in "acemnorsuvwxz")]
    except (OSError, ValueError):
        return False
    if any(_drawn(font, " ")) or (tall and max(tall) > 1.4 * min(tall)):
        return False
    return missing not in shapes and all(any(s) for s in shapes) and len(set(shapes)) >= 0.9 * len(set(alphabet))


def _drawn(font: ImageFont.FreeTypeFont, sign: str) -> bytes:
    picture = Image.new("L", (48, 48))
    ImageDraw.Draw(picture).text((8, 8), sign, 255, font)
    return picture.tobytes()

"""Generated pictures of words as a data set, for a recogniser (task `ctc`)."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pith.graph.errors import BuildError, ConfigError
from pith.train.data import text_fonts, text_images
from pith.train.data.files import data_path
from pith.train.data.sets import DataSet
from pith.train.data.text_words import Words
from pith.train.files import placed

_VERSION = 3
"""Of what the generator draws: files that hold pictures of another version are made anew."""


class TextWords(DataSet):
    """x: (N, 3, height, width) uint8.  y: (N, longest) int64, signs as 1 + their place in the alphabet, then 0, which is CTC's blank.

    Picture k is a function of (`seed`, `start` + k) and the settings, whatever the number of `workers`.
    """

    def __init__(
        self, count: int, height: int = 32, width: int = 160, seed: int = 0, start: int = 0, alphabet: str = text_images.ALPHABET,
        words: str = "", longest: int = 12, shares: Sequence[float] = (0.35, 0.2, 0.2, 0.25), fonts: Sequence[str] = ("matplotlib",),
        hard: float = 1.0, workers: int = 2, folder: str = "",
    ) -> None:  # fmt: skip
        """words: a text file with a word a line, in place of the list that is built in.  fonts: see `text_fonts.find`.  hard: how much
        damage, 0 to 1.  folder: where the pictures are kept, to be read the next time.  Raises ConfigError."""
        if not 8 <= height <= 512 or not 8 <= width <= 4096 or not 0 <= hard <= 1 or not 1 <= longest <= 64:
            raise ConfigError("height is 8 to 512, width 8 to 4096, hard 0 to 1, longest 1 to 64", where="data")
        self.alphabet = alphabet
        maker = Words(alphabet, _lines(words), longest=longest, shares=shares)
        files = text_fonts.find(fonts, alphabet)
        make = partial(text_images.words, seed=seed, words=maker, fonts=files, height=height, width=width, hard=hard)
        key = [height, width, seed, alphabet, maker.words, longest, list(shares), contents(files), hard]
        x, y = kept(folder, "words", [*key, count, start], make, count, workers, start)
        super().__init__(torch.from_numpy(x), torch.from_numpy(y.astype(np.int64)), len(alphabet) + 1, mean=0.5, std=0.5)


def _lines(file: str) -> list[str]:
    if not file:
        return []
    path = data_path(file)
    try:
        with path.open(encoding="utf-8") as f:
            words = f.read(1 << 24).split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("cannot read the words", where=str(path), why=str(error)) from error
    if not words:
        raise ConfigError("the file has no words", where=str(path))
    return words


def contents(files: Sequence[Path]) -> list[str]:
    """A digest of each file: what is drawn depends on its bytes, not on its name."""
    return [hashlib.sha256(f.read_bytes()).hexdigest()[:16] for f in files]


def kept(
    folder: str, kind: str, key: Any, make: Callable[[range], tuple[np.ndarray, ...]], count: int, workers: int, start: int,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """What was kept in the folder for the same settings, else made now (and kept). Raises BuildError where it cannot be kept."""
    if not folder:
        return text_images.made(make, count, workers, start)
    digest = hashlib.sha256(json.dumps([_VERSION, kind, key], default=str).encode()).hexdigest()[:16]
    path = Path(folder) / f"{kind}_{digest}.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["x"], arrays["y"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # not there, or not whole
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BuildError("the folder for what is drawn cannot be made", where=folder, why=error.strerror or str(error), try_="another folder") from error
    x, y = text_images.made(make, count, workers, start)
    with placed(path) as part, part.open("wb") as file:
        np.savez(file, x=x, y=y)
    return x, y

"""Generated pages with text as a data set, for a detector (task `db`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch

from pith.graph.errors import ConfigError
from pith.train.data import text_fonts, text_images, text_pages
from pith.train.data.sets import DataSet
from pith.train.data.text_sets import contents, kept
from pith.train.data.text_words import Words


class TextPages(DataSet):
    """x: (N, 3, size, size) uint8, BGR.  y: (N, 4, size, size) uint8: where shrunk text is, what of it counts, the threshold in
    1/255, where it counts (see `text_pages.maps`). classes is 0.

    Picture k is a function of (`seed`, `start` + k) and the settings, whatever the number of `workers`.
    """

    def __init__(
        self, count: int, size: int = 320, seed: int = 0, start: int = 0, fonts: Sequence[str] = ("matplotlib",), hard: float = 1.0,
        ideographs: float = 0.4, backgrounds: str = "", workers: int = 2, folder: str = "",
    ) -> None:  # fmt: skip
        """ideographs: share of lines of strokes that stand for writing without an alphabet.  backgrounds: a folder with photographs
        (below `$PITH_DATA`) that have no text.  The others as for words.  Raises ConfigError."""
        if size % 32 or not 64 <= size <= 1024 or not 0 <= hard <= 1 or not 0 <= ideographs <= 1:
            raise ConfigError("size is a multiple of 32 from 64 to 1024, hard and ideographs 0 to 1", where="data")
        files = text_fonts.find(fonts, text_images.ALPHABET)
        photographs = text_pages.photographs(backgrounds)
        style = text_pages.Style(size, hard, ideographs, files, photographs, Words(text_pages.SIGNS, longest=10))
        key = [size, seed, hard, ideographs, contents(files), contents(photographs)]
        x, y = kept(folder, "pages", [*key, count, start], partial(text_pages.pages, seed=seed, style=style), count, workers, start)
        super().__init__(torch.from_numpy(x), torch.from_numpy(y), mean=text_pages.MEAN, std=text_pages.STD)

"""Sentences with labels, as word pieces, whole in memory; and their variations for distillation."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pith.graph.errors import ConfigError
from pith.train.data.files import data_path
from pith.train.data.sets import DataSet, check_bad, check_limit, check_split
from pith.train.data.word_pieces import WordPieces
from pith.train.settings import within

MAX_TEXT = 1 << 26
"""Bytes of a file of sentences."""
POOL = 50
"""Batches whose sentences are sorted by length together."""


class Sentences(DataSet):
    """A file of lines "sentence<TAB>label" with a head. x: (N, longest) int64 pieces, [PAD] behind.

    Batches are of sentences of like lengths, cut to the longest of them (a multiple of 4).
    """

    def __init__(self, file: str, vocabulary: str = "text/bert_uncased_vocab.txt", classes: int = 2, longest: int = 64, limit: int = 0,
                 bad: str = "stop") -> None:  # fmt: skip
        """bad: a line that is none, or whose label is no class, stops with ConfigError or is skipped with a warning. Raises ConfigError too
        for files that cannot be read."""
        check_limit(limit)
        check_bad(bad)
        if not 3 <= longest <= 512:
            raise ConfigError(f"longest is 3 to 512 pieces, not {longest}", where="data")
        path, pieces = data_path(file), WordPieces(data_path(vocabulary))
        rows, labels, skipped = [], [], []
        for number, line in _lines(path):
            text, _, label = line.rpartition("\t")
            if not text.strip() or not label.isdecimal() or int(label) >= classes:
                name, why = f"{path.name}:{number}", "a line is a sentence, a tabulator and a label" if "\t" not in line else f"{line[-40:]!r}"
                if bad == "stop":
                    raise ConfigError(f"a line has no sentence or no label of 0 to {classes - 1}", where=name, why=why, try_="repair it, or bad: skip")
                warnings.warn(f"skipped {name}: {why}", stacklevel=2)
                skipped.append(name)
                continue
            rows.append(torch.tensor(pieces.ids(text, longest)))
            labels.append(int(label))
            if len(rows) == limit:
                break
        if not rows:
            raise ConfigError("no sentence can be read", where=str(path), why=f"{len(skipped)} were skipped")
        x = torch.stack([F.pad(row, (0, longest - len(row))) for row in rows])
        super().__init__(x, torch.tensor(labels), classes, skipped=tuple(skipped))
        self._lengths = (x != 0).sum(1)

    def floats(self, x: Tensor) -> Tensor:
        """A batch without what is [PAD] in all of it."""
        return x[:, : min(x.shape[1], -(-int((x != 0).sum(1).max()) // 4) * 4)]

    def order(self, generator: torch.Generator, batch: int) -> Tensor:
        """Whole batches, each of sentences of like lengths, in random order."""
        order = torch.randperm(len(self), generator=generator)[: len(self) // batch * batch]
        batches = torch.cat([pool[self._lengths[pool].argsort(stable=True)] for pool in order.split(batch * POOL)]).reshape(-1, batch)
        return batches[torch.randperm(len(batches), generator=generator)].flatten()


def _lines(path: object) -> list[tuple[int, str]]:
    """Of the file, numbered as editors do, without the head and empty ones."""
    try:
        with open(str(path), "rb") as file:
            data = file.read(MAX_TEXT + 1)
        if len(data) > MAX_TEXT:
            raise ValueError(f"more than {MAX_TEXT >> 20} MiB")
        lines = data.decode("utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise ConfigError("cannot read the sentences", where=str(path), why=str(error), try_="set PITH_DATA to the folder with text/") from error
    return [(k, line.rstrip("\r")) for k, line in enumerate(lines[1:], 2) if line.strip()]


class Sst2(Sentences):
    """SST-2's phrases of film reviews, 0 bad and 1 good. split: train (60,614 of GLUE's training rows), dev (6,735 others of these), test
    (the 872 rows of GLUE's development set)."""

    def __init__(self, split: str = "train", folder: str = "text/sst2", limit: int = 0, longest: int = 64, bad: str = "stop") -> None:
        """Raises ConfigError as Sentences does."""
        check_split(split, "train", "dev", "test")
        super().__init__(f"{folder}/{split}.tsv", limit=limit, longest=longest, bad=bad)


@dataclass
class ReplaceWords:
    """Each piece is replaced with probability `p` by one of its neighbours, an array `neighbours` (pieces, M) int in a .npz `file`: 0 where
    there is none (arXiv 1909.10351, algorithm 1)."""

    file: str = ""
    p: float = 0.4

    def __post_init__(self) -> None:
        """Raises ConfigError for files that cannot be read or hold something else, and a `p` that is no probability."""
        within("p", self.p, 0, 1)
        path = data_path(self.file)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                self._table = torch.from_numpy(arrays["neighbours"].astype(np.int64))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ConfigError("cannot read the neighbours", where=str(path), why=str(error)) from error
        if self._table.ndim != 2 or not self._table.numel() or int(self._table.min()) < 0 or int(self._table.max()) >= len(self._table):
            raise ConfigError("neighbours are an array (pieces, M) of numbers of pieces", where=str(path))

    def __call__(self, x: Tensor, rows: Tensor, total: int, generator: torch.Generator) -> Tensor:
        """(N, n) int64 -> the same. rows: which of the `total` samples of the whole batch these are."""
        if int(x.max()) >= len(self._table):
            raise ConfigError(f"a piece has the number {int(x.max())}, neighbours are of {len(self._table)}", where=self.file)
        chosen = (torch.rand(total, x.shape[1], generator=generator) < self.p)[rows]
        which = torch.randint(0, self._table.shape[1], (total, x.shape[1]), generator=generator)[rows]
        other = self._table[x, which]
        return torch.where(chosen & (other != 0), other, x)

"""Task `ctc`: a network that reads a line, place by place, without being told where its signs stand (Graves et al., ICML 2006)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pith.graph.errors import ConfigError
from pith.models.text_signs import distance, merged
from pith.train.data.sets import DataSet
from pith.train.tasks import Scores, Task


@dataclass
class Ctc(Task):
    """The network gives scores (N, places, classes), class 0 is the blank; labels are (N, longest), padded with 0.

    Scores: `characters`, 1 - edit distance over length, of all words together (not below 0); `words`, the share read without error.
    """

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError for an output of another shape, other classes, labels out of range, and words with more signs than the
        network has places."""
        if output.ndim != 3 or data.y.ndim != 2:
            raise ConfigError("the network gives (pictures, places, classes), labels are (pictures, signs)", where="model",
                              why=f"this one gives {list(output.shape)}, labels are {list(data.y.shape)}")  # fmt: skip
        if output.shape[2] != data.classes:
            raise ConfigError(f"the network tells {output.shape[2]} signs apart (with the blank), the data have {data.classes}", where="model",
                              try_=f"classes: {data.classes}")  # fmt: skip
        if int(data.y.min()) < 0 or int(data.y.max()) >= data.classes:
            raise ConfigError("a label is none of the classes", where="data", why=f"classes are 0 to {data.classes - 1}")
        need = int(places_needed(data.y).max())
        if need > output.shape[1]:
            raise ConfigError(f"a word needs {need} places, the network has {output.shape[1]}", where="data",
                              why="every sign has one, and one lies between equal neighbours", try_="wider pictures, or shorter words")  # fmt: skip

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """- log p of the words, summed over the batch, for each sign; in float32."""
        scores = net(x).float().log_softmax(2).transpose(0, 1)
        lengths = (y > 0).sum(1)
        places = torch.full((len(y),), scores.shape[0], dtype=torch.long)
        return F.ctc_loss(scores, y, places, lengths, reduction="sum") / lengths.sum()

    def scores(self, net: nn.Module, x: Tensor, y: Tensor) -> Scores:
        """Sums and what they are divided by."""
        read = decoded(net(x))
        truth = [[int(s) for s in row if s] for row in y.tolist()]
        wrong = sum(min(distance(a, b), len(b)) for a, b in zip(read, truth, strict=True))
        signs = sum(map(len, truth))
        return {"characters": (signs - wrong, signs), "words": (sum(a == b for a, b in zip(read, truth, strict=True)), len(truth))}


def decoded(scores: Tensor) -> list[list[int]]:
    """(N, places, classes) -> classes read: the best of each place, repetitions merged, then blanks dropped."""
    return [merged(row) for row in scores.argmax(2).tolist()]


def places_needed(labels: Tensor | Sequence[Sequence[int]]) -> Tensor:
    """(N, longest), padded with 0 -> how many places CTC needs: one for each sign and one between equal neighbours."""
    y = torch.as_tensor(labels)
    same = (y[:, 1:] == y[:, :-1]) & (y[:, 1:] > 0)
    return (y > 0).sum(1) + same.sum(1)

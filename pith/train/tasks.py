"""What a network is trained for: how a batch becomes a loss and a score, and whether network and data fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pith.graph.errors import ConfigError
from pith.train.data.sets import DataSet

Scores = dict[str, tuple[float, float]]
"""Of a batch, by name: a sum and what it is divided by, both added up over batches. The first is the main one."""


@dataclass
class Classification:
    """Cross entropy; the score is the share of right answers. smoothing: of the labels."""

    smoothing: float = 0.0

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError where the network has not one output for each class, or a label is none of them."""
        if output.ndim != 2:
            raise ConfigError("a classifier has one row of outputs for each picture", where="model", why=f"this one gives {list(output.shape)}")
        if output.shape[1] != data.classes:
            raise ConfigError(
                f"the network tells {output.shape[1]} classes apart, the data have {data.classes}", where="model",
                try_=f"the network's setting for it (classes or num_classes): {data.classes}",
            )  # fmt: skip
        low, high = int(data.y.min()), int(data.y.max())
        if low < 0 or high >= data.classes:
            raise ConfigError(f"a label is {low if low < 0 else high}", where="data", why=f"classes are 0 to {data.classes - 1}")

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over the batch."""
        return F.cross_entropy(net(x), y, label_smoothing=self.smoothing)

    def scores(self, net: nn.Module, x: Tensor, y: Tensor) -> Scores:
        """How many are right."""
        return {"accuracy": (float((net(x).argmax(1) == y).sum()), len(x))}


@dataclass
class Regression:
    """Mean absolute (p = 1) or squared (p = 2) difference, which is the score too."""

    p: int = 1

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError where the network's output has another shape than what it should be."""
        wanted: Any = list(data.y.shape[1:])
        if list(output.shape[1:]) != wanted:
            raise ConfigError(f"the network gives {list(output.shape[1:])}, the data {wanted}", where="model")

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over the batch."""
        return (net(x) - y).abs().pow(self.p).mean()

    def scores(self, net: nn.Module, x: Tensor, y: Tensor) -> Scores:
        """Summed over the pictures."""
        return {"difference": (float((net(x) - y).abs().pow(self.p).flatten(1).mean(1).sum(dtype=torch.float64)), len(x))}

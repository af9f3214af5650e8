"""What a network is trained for: how a batch becomes a loss and a score, and whether network and data fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pith import models
from pith.graph.errors import ConfigError, InputError
from pith.train import binary, distill
from pith.train.data.files import data_path
from pith.train.data.sets import DataSet

Scores = dict[str, tuple[float, float]]
"""Of a batch, by name: a sum and what it is divided by, both added up over batches. The first is the main one."""


class Task:
    """Base: what every task has."""

    def prepare(self, fabric: Any, net: nn.Module) -> None:
        """Before the first step."""

    def finish(self, net: nn.Module) -> None:
        """After the last, before the weights are written."""


@dataclass
class Classification(Task):
    """Cross entropy; the score is the share of right answers. smoothing: of the labels."""

    smoothing: float = 0.0

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError where the network has not one output for each class, or a label is none of them."""
        if output.ndim != 2:
            raise ConfigError("a classifier has one row of outputs for each sample", where="model", why=f"this one gives {list(output.shape)}")
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


def make_teacher(described: dict[str, Any]) -> nn.Module:
    """The network of `type` with the weights of the file `pretrained`, which is not trained any more. Raises ConfigError, ModelError."""
    settings = {k: v for k, v in described.items() if k != "type"}
    if "type" not in described or not settings.get("pretrained"):
        raise ConfigError("a teacher is described by `type` and `pretrained`, its weight file", where="task.teacher")
    settings["pretrained"] = data_path(str(settings["pretrained"]))
    try:
        net: nn.Module = models.create(described["type"], **settings)
    except InputError as error:
        raise ConfigError(error.what, where="task.teacher", why=error.why, try_="pith list models; PITH_DATA for its weights") from error
    return net.eval().requires_grad_(False)


@dataclass
class Distillation(Classification):
    """Labels, and the logits of a teacher that sees the same pictures (arXiv 1503.02531); its arithmetic is the recipe's.

    teacher: described as `model` is; a relative path in `pretrained` is below `$PITH_DATA`.  hard, soft: weights of cross entropy and of
    `distill.logits` at `temperature`.
    """

    teacher: dict[str, Any] = field(default_factory=dict)
    hard: float = 0.1
    soft: float = 0.9
    temperature: float = 4.0

    def prepare(self, fabric: Any, net: nn.Module) -> None:
        """Makes the teacher. Raises ConfigError, and ModelError for weights that do not fit."""
        self._teacher = fabric.to_device(make_teacher(self.teacher).to(memory_format=torch.channels_last))
        self._context = fabric.autocast

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over the batch."""
        with torch.no_grad(), self._context():
            wanted = self._teacher(x).float()
        found = net(x)
        if found.shape != wanted.shape:
            raise ConfigError(f"the teacher gives {list(wanted.shape[1:])}, the network {list(found.shape[1:])}", where="task.teacher")
        return self.hard * F.cross_entropy(found, y, label_smoothing=self.smoothing) + self.soft * distill.logits(found, wanted, self.temperature)


@dataclass
class SquaredHinge(Classification):
    """The loss of BNN (arXiv 1602.02830, section 3): see `binary.squared_hinge`."""

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over the batch and the classes."""
        return binary.squared_hinge(net(x), y)


@dataclass
class Regression(Task):
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

"""What a network is trained for: how a batch becomes a loss and a score, and whether network and data fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pith.graph.errors import ConfigError
from pith.train import binary, distill
from pith.train.data.sets import DataSet
from pith.train.files import first_line
from pith.train.settings import network, within

Scores = dict[str, tuple[float, float]]
"""Of a batch, by name: a sum and what it is divided by, both added up over batches. The first is the main one."""


class Task:
    """Base: what every task has."""

    def prepare(self, fabric: Any, net: nn.Module) -> None:
        """Before the first step."""

    def finish(self, net: nn.Module) -> None:
        """After the last, before the weights are written."""


class Labelled(Task):
    """What tasks with a label for each sample share: the score is the share of right answers."""

    shares: ClassVar[bool] = False
    """Whether a label may be a row of shares, (N, classes) floats, too."""

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError where the network has not one output for each class, or a label is none of them."""
        if output.ndim != 2:
            raise ConfigError("a classifier has one row of outputs for each sample", where="model", why=f"this one gives {list(output.shape)}")
        if self.shares and data.y.is_floating_point() and list(data.y.shape[1:]) == list(output.shape[1:]):
            if bool((data.y >= 0).all()) and torch.allclose(data.y.sum(1), torch.ones(len(data.y)), atol=1e-3):
                return
            raise ConfigError("labels are shares of the classes, at least 0 and 1 together", where="data", why="some are not")
        if data.y.is_floating_point() or data.y.ndim != 1:
            kind = f"{list(data.y.shape[1:])} of {str(data.y.dtype).removeprefix('torch.')}"
            raise ConfigError("a classifier learns a whole number for each sample", where="data", why=f"labels are {kind}",
                              try_="labels of int64, 0 for the first class; task.type=regression for numbers")  # fmt: skip
        low, high = int(data.y.min()), int(data.y.max())
        if low < 0:
            raise ConfigError(f"a label is {low}", where="data", why="classes begin with 0")
        if output.shape[1] != data.classes:
            raise ConfigError(
                f"the network tells {output.shape[1]} classes apart, the data have {data.classes}", where="model",
                try_=f"the network's setting for it (classes or num_classes): {data.classes}",
            )  # fmt: skip
        if high >= data.classes:
            raise ConfigError(f"a label is {high}", where="data", why=f"classes are 0 to {data.classes - 1}")

    def scores(self, net: nn.Module, x: Tensor, y: Tensor) -> Scores:
        """How many are right."""
        return {"accuracy": (float((net(x).argmax(1) == (y.argmax(1) if y.ndim == 2 else y)).sum()), len(x))}


@dataclass
class Classification(Labelled):
    """Cross entropy. smoothing: of the labels, which may be shares of the classes."""

    shares: ClassVar[bool] = True
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        within("smoothing", self.smoothing, 0, 1)

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over the batch."""
        return F.cross_entropy(net(x), y, label_smoothing=self.smoothing)


def make_teacher(described: dict[str, Any]) -> nn.Module:
    """The network of `type` with the weights of the file `pretrained`, which is not trained any more. Raises ConfigError, ModelError."""
    if "type" not in described or not described.get("pretrained"):
        raise ConfigError("a teacher is described by `type` and `pretrained`, its weight file", where="task.teacher", try_="task.teacher.pretrained=FILE")
    net: nn.Module = network(described, "task.teacher")
    return net.eval().requires_grad_(False)


def check_teacher(teacher: nn.Module, output: Tensor, data: DataSet) -> None:
    """Raises ConfigError for a teacher that cannot read the data, or whose outputs are of another shape than the student's."""
    try:
        with torch.no_grad():
            found = teacher(data.floats(data.x[: len(output)]).to(next(teacher.parameters()).device))
    except Exception as error:  # whatever a network makes of inputs of a wrong shape
        raise ConfigError("the teacher cannot read the data", where="task.teacher", why=first_line(error)) from error
    if found.shape != output.shape:
        raise ConfigError(f"the teacher gives {list(found.shape[1:])}, the network {list(output.shape[1:])}", where="task.teacher",
                          try_="a teacher of as many classes")  # fmt: skip


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

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        super().__post_init__()
        within("hard", self.hard, 0)
        within("soft", self.soft, 0)
        within("temperature", self.temperature, 0, above=True)

    def prepare(self, fabric: Any, net: nn.Module) -> None:
        """Makes the teacher. Raises ConfigError, and ModelError for weights that do not fit."""
        self._teacher = fabric.to_device(make_teacher(self.teacher).to(memory_format=torch.channels_last))
        self._context = fabric.autocast

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError where the network, the teacher and the data do not fit each other."""
        super().check(output, data)
        check_teacher(self._teacher, output, data)

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over the batch."""
        with torch.no_grad(), self._context():
            wanted = self._teacher(x).float()
        found = net(x)
        return self.hard * F.cross_entropy(found, y, label_smoothing=self.smoothing) + self.soft * distill.logits(found, wanted, self.temperature)


class SquaredHinge(Labelled):
    """The loss of BNN (arXiv 1602.02830, section 3): see `binary.squared_hinge`."""

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over the batch and the classes."""
        return binary.squared_hinge(net(x), y)


@dataclass
class Regression(Task):
    """Mean absolute (p = 1) or squared (p = 2) difference, which is the score too."""

    p: int = 1

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        within("p", self.p, 1)

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

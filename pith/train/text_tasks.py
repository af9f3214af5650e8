"""TinyBERT's two stages as tasks of a recipe: what lies inside a teacher, then what it predicts (`distill_text` has the losses)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pith.graph.errors import ConfigError, InputError
from pith.train import distill_text
from pith.train.data.sets import DataSet
from pith.train.settings import within
from pith.train.tasks import Labelled, check_teacher, make_teacher


@dataclass
class Taught(Labelled):
    """What both stages share. teacher: described as `model` is; a relative path in `pretrained` is below `$PITH_DATA`."""

    teacher: dict[str, Any] = field(default_factory=dict)

    def prepare(self, fabric: Any, net: nn.Module) -> None:
        """Makes the teacher. Raises ConfigError, and ModelError for weights that do not fit."""
        teacher = make_teacher(self.teacher)
        if not (hasattr(net, "states") and hasattr(teacher, "states")):
            raise ConfigError("TinyBERT's stages are for networks of pith.models.tinybert, both of them", where="task.teacher")
        self._teacher = fabric.to_device(teacher)
        self._context = fabric.autocast

    def theirs(self, x: Tensor) -> distill_text.States:
        """The teacher's states."""
        with torch.no_grad(), self._context():
            states: distill_text.States = self._teacher.states(x)
        return states


@dataclass
class Inside(Taught):
    """The intermediate stage: attention before softmax, hidden states and embeddings, through a projection that is learned with the network
    and left out of its weights. The labels are not looked at; the score is the accuracy of a classifier that was not trained here."""

    def prepare(self, fabric: Any, net: nn.Module) -> None:
        """Hangs the projection on the network, so that it is optimized and saved with it. Raises ConfigError where layers or heads do not
        fit."""
        super().prepare(fabric, net)
        with torch.no_grad():
            x = torch.ones(1, 4, dtype=torch.int64)
            states = net.states(x), self.theirs(x.to(next(self._teacher.parameters()).device))
        inside = distill_text.Inside(states[0][1][0].shape[2], states[1][1][0].shape[2])
        try:
            inside((states[0]), tuple(_cpu(s) for s in states[1]))
        except InputError as error:
            raise ConfigError(error.what, where="task.teacher", try_=error.try_) from error
        net.add_module("inside", inside)
        for part in self._unread(net):
            part.requires_grad_(False)

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The sum of the parts."""
        if hasattr(net, "mark_forward_method"):  # of Fabric, so that precision and processes are as in a call of the network itself
            net.mark_forward_method("states")
        mine, theirs = net.states(x), self.theirs(x)
        inside = net.get_submodule("inside" if hasattr(net, "inside") else "module.inside")
        dtype = inside.project.weight.dtype
        loss: Tensor = inside(_floats(mine, dtype), _floats(theirs, dtype))[0]
        return loss

    def finish(self, net: nn.Module) -> None:
        """Takes the projection off."""
        del net.inside
        for part in self._unread(net):
            part.requires_grad_(True)

    def _unread(self, net: Any) -> tuple[nn.Module, ...]:
        """What makes logits of states: processes wait for gradients of all that is trained, and these get none."""
        return net.bert.pooler, net.classifier


@dataclass
class Prediction(Taught):
    """The stage of predictions: the teacher's, softened by `temperature`; beside them, with weight `hard`, the cross entropy of the labels
    (0 in the paper) and with `smoothing`. Sentences may have been changed, then the labels are not theirs any more and `hard` is better 0."""

    temperature: float = 1.0
    hard: float = 0.0
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        within("temperature", self.temperature, 0, above=True)
        within("hard", self.hard, 0)
        within("smoothing", self.smoothing, 0, 1)

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError where the network, the teacher and the data do not fit each other."""
        super().check(output, data)
        check_teacher(self._teacher, output, data)

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """Mean over samples and classes, as the released code has it."""
        found, wanted = net(x).float(), self.theirs(x)[0].float()
        soft = distill_text.prediction(found, wanted, self.temperature)
        return soft + self.hard * F.cross_entropy(found, y, label_smoothing=self.smoothing) if self.hard else soft


def _floats(states: distill_text.States, dtype: torch.dtype) -> distill_text.States:
    return states[0].to(dtype), [s.to(dtype) for s in states[1]], [s.to(dtype) for s in states[2]]


def _cpu(part: Any) -> Any:
    return [p.float().cpu() for p in part] if isinstance(part, list) else part.float().cpu()

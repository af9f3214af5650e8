"""Distillation: losses by which a network learns from another.

Logits (Hinton, arXiv 1503.02531), hints (FitNets, 1412.6550), attention maps (1612.03928) and relations between samples (1904.05068).
What happens inside two networks is had by `Taps`; `Distiller` puts losses together and owns what has to be learned beside the student.
Transformers: `pith.train.distill_text`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.graph import InputError
from pith.train.modes import evaluating


def logits(student: Tensor, teacher: Tensor, temperature: float = 4.0) -> Tensor:
    """temperature^2 KL(teacher / temperature || student / temperature), mean over samples. Both ``(N, classes)``.

    The square keeps gradients as large as those of labels, whatever the temperature is (section 2). Raises InputError for other numbers of
    classes.
    """
    if student.shape != teacher.shape:
        raise InputError(f"the student gives {tuple(student.shape)}, the teacher {tuple(teacher.shape)}", try_="a teacher of as many classes")
    wanted = F.log_softmax(teacher / temperature, 1)
    found = F.log_softmax(student / temperature, 1)
    return F.kl_div(found, wanted, reduction="batchmean", log_target=True) * temperature**2


def hint(student: Tensor, teacher: Tensor) -> Tensor:
    """Half the mean square of the difference; of one shape (`Distiller` makes the student's the teacher's by a learned layer)."""
    return 0.5 * F.mse_loss(student, teacher)


def attention(student: Tensor, teacher: Tensor) -> Tensor:
    """Where two networks look: mean square of the difference of their maps, of any numbers of channels, ``(N, C, H, W)``.

    A map is the mean over channels of squares, of length 1 as a vector (p = 2, section 3.1). A student's map of another size is resized.
    """
    a, b = (x.square().mean(1, keepdim=True) for x in (student, teacher))
    if a.shape[2:] != b.shape[2:]:
        a = F.interpolate(a, b.shape[2:], mode="bilinear", align_corners=False)
    return (F.normalize(a.flatten(1)) - F.normalize(b.flatten(1))).square().mean()


def _distances(x: Tensor) -> Tensor:
    """Between all pairs of samples, by their mean. The gradient of a distance of 0 is 0."""
    square = (x.square().sum(1)[:, None] + x.square().sum(1)[None] - 2 * x @ x.T).clamp(min=0)
    away = square > 1e-12
    d = torch.where(away, torch.where(away, square, torch.ones_like(square)).sqrt(), torch.zeros_like(square))
    others = max(1, len(x) * (len(x) - 1))
    return d / (d.sum() / others).clamp(min=1e-12)


def _angles(x: Tensor) -> Tensor:
    """Cosines of the angles at each sample between all others, ``(N, N, N)``."""
    e = F.normalize(x[None] - x[:, None], dim=2)
    return e @ e.transpose(1, 2)


def relations(student: Tensor, teacher: Tensor, distance: float = 25.0, angle: float = 50.0) -> Tensor:
    """Distances and angles between the samples of a batch, by Huber's loss: RKD-DA with the weights of section 4. ``(N, any)`` both."""
    s, t = student.flatten(1), teacher.flatten(1)
    loss = student.new_zeros(())
    if distance:
        loss = loss + distance * F.smooth_l1_loss(_distances(s), _distances(t))
    if angle:
        loss = loss + angle * F.smooth_l1_loss(_angles(s), _angles(t))
    return loss


class Taps:
    """Outputs of layers of `net` during its last call, by the layers' names. Raises InputError for a name it has not. Close it."""

    def __init__(self, net: nn.Module, names: Sequence[str]) -> None:
        known = dict(net.named_modules())
        if strange := [n for n in names if n not in known or not n]:
            near = [n for n in known if n and n.count(".") <= 1][:12]
            raise InputError(f"{type(net).__name__} has no layer {strange[0]!r}", try_=", ".join(near))
        self.values: dict[str, Tensor] = {}
        self._handles = [known[n].register_forward_hook(self._keep(n)) for n in dict.fromkeys(names)]

    def _keep(self, name: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            self.values[name] = output[0] if isinstance(output, tuple) else output

        return hook

    def close(self) -> None:
        """Take the hooks out."""
        for handle in self._handles:
            handle.remove()


Kind = Literal["hint", "attention", "relations"]


@dataclass(frozen=True)
class Pair:
    """A layer of each network whose outputs are compared, how, and how much that counts."""

    student: str
    teacher: str
    kind: Kind = "hint"
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Raises InputError for another kind."""
        if self.kind not in get_args(Kind):
            raise InputError(f"layers are not compared by {self.kind!r}", try_=", ".join(get_args(Kind)))


class Distiller(nn.Module):
    """The sum of losses of a student beside a teacher, which is not trained: it is in evaluation mode and wants no gradients from now on.

    hard: weight of the labels' cross-entropy.  soft: weight of `logits` at `temperature`.  pairs: layers to compare. For a hint whose
    channels differ, a 1x1 convolution (a linear layer for ``(N, features)`` and ``(N, places, features)``) on the student's side is learned too: train
    ``distiller.parameters()``, which are the student's and those. The student is unchanged otherwise, and goes on alone afterwards.
    Call it with a batch and its labels (None where there are none); it returns the sum and each part.
    """

    def __init__(
        self, student: nn.Module, teacher: nn.Module, *, pairs: Sequence[Pair] = (), hard: float = 0.1, soft: float = 0.9,
        temperature: float = 4.0, example: Tensor | None = None,
    ) -> None:  # fmt: skip
        """example: a batch, needed for hints whose channels differ."""
        super().__init__()
        self.student = student
        self._teacher = [teacher.eval().requires_grad_(False)]  # in a list: no part of this module, so not in its parameters
        self.pairs, self.hard, self.soft, self.temperature = tuple(pairs), hard, soft, temperature
        self._mine = Taps(student, [p.student for p in pairs])
        self._theirs = Taps(teacher, [p.teacher for p in pairs])
        self.regressors = nn.ModuleDict()
        if example is not None:
            self._measure(example)

    @property
    def teacher(self) -> nn.Module:
        """The teacher."""
        return self._teacher[0]

    def _measure(self, example: Tensor) -> None:
        with torch.no_grad(), evaluating(self.student):
            self.student(example)
            self.teacher(example)
        for k, pair in enumerate(self.pairs):
            a, b = self._mine.values[pair.student], self._theirs.values[pair.teacher]
            axis = 1 if a.ndim == 4 else -1  # of channels
            if pair.kind == "hint" and a.shape[axis] != b.shape[axis]:
                made: nn.Module = (nn.Conv2d(a.shape[1], b.shape[1], 1) if a.ndim == 4 else nn.Linear(a.shape[-1], b.shape[-1])).to(a)
                self.regressors[str(k)] = made

    def forward(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss, and its parts by name."""
        y = self.student(x)
        with torch.no_grad():
            z = self.teacher(x)
        y, z = (v[0] if isinstance(v, tuple) else v for v in (y, z))
        parts: dict[str, Tensor] = {}
        if self.hard and labels is not None:
            parts["labels"] = self.hard * F.cross_entropy(y, labels)
        if self.soft:
            parts["logits"] = self.soft * logits(y, z, self.temperature)
        for k, pair in enumerate(self.pairs):
            parts[f"{pair.kind} {pair.student}"] = pair.weight * self._compare(str(k), pair)
        if not parts:
            raise InputError("there is nothing to learn from", try_="labels, soft > 0 or pairs")
        return torch.stack(list(parts.values())).sum(), parts

    def _compare(self, key: str, pair: Pair) -> Tensor:
        a, b = self._mine.values[pair.student], self._theirs.values[pair.teacher]
        if pair.kind == "attention":
            return attention(a, b)
        if pair.kind == "relations":
            return relations(a, b)
        if key in self.regressors:
            a = self.regressors[key](a)
        if a.ndim == 4 and a.shape[2:] != b.shape[2:]:
            a = F.adaptive_avg_pool2d(a, b.shape[2:]) if a.shape[2] > b.shape[2] else F.interpolate(a, b.shape[2:], mode="bilinear")
        if a.shape != b.shape:
            raise InputError(f"{pair.student} gives {tuple(a.shape)} and {pair.teacher} {tuple(b.shape)}", try_="example=a batch, for a layer between")
        return hint(a, b)

    def close(self) -> None:
        """Take the hooks out of both networks."""
        self._mine.close()
        self._theirs.close()


def resnet_to_minifasnet(student: nn.Module, teacher: nn.Module, example: Tensor) -> Distiller:
    """A MiniFASNet that learns from a ResNet of as many classes, at 80 x 80: logits, and where both look at 10 x 10 and 5 x 5.

    Stages end at conv_4 (10 x 10) and conv_5 (5 x 5) of the student, and at the second and third stage of the ResNet (stride 8 and 16).
    """
    pairs = (Pair("conv_4", "layer2", "attention", 1000.0), Pair("conv_5", "layer3", "attention", 1000.0))
    return Distiller(student, teacher, pairs=pairs, hard=0.5, soft=0.5, temperature=4.0, example=example)

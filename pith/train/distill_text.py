"""TinyBERT's distillation (arXiv 1909.10351): which layer learns from which, its losses, its two stages, and its augmented sentences.

Stage 1 compares what lies inside (`Inside`: attention, hidden states, embeddings), on general text with a teacher that is not fine-tuned,
then on the task's augmented text with the fine-tuned one; stage 2 compares the predictions (`prediction`). Sums are as the released code
has them: one learned projection, with bias, for embeddings and all hidden states; the soft cross-entropy is a mean over samples and classes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.graph import InputError

States = tuple[Tensor, list[Tensor], list[Tensor]]
"""Logits, hidden states (the embeddings first), scores before softmax: `TinyBERT.states`."""
MASKED = -1e2
"""Scores no larger are of words that are missing; they count as 0 on both sides, or they would be all of the loss."""


def layer_map(students: int, teachers: int) -> list[int]:
    """g(m) = m N / M for m = 0..M: which of the teacher's states (0: embeddings) each of the student's learns from.

    Attention m (from 1) learns from the teacher's attention g(m), which has the index g(m) - 1 where counting begins with 0.
    Raises InputError where M does not divide N.
    """
    if students < 1 or teachers % students:
        raise InputError(f"{students} layers do not learn evenly from {teachers}", try_="a number of layers that divides the teacher's")
    return [m * (teachers // students) for m in range(students + 1)]


class Inside(nn.Module):
    """Attention, hidden states and embeddings: ``(states of the student, states of the teacher) -> (sum, {part: loss})``.

    Widths may differ: the student's states go through a learned projection. The heads of both are as many.
    """

    def __init__(self, width: int, teacher_width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, teacher_width)

    def forward(self, student: States, teacher: States) -> tuple[Tensor, dict[str, Tensor]]:
        """Sum of mean squares, each layer with weight 1."""
        _, hidden, scores = student
        _, their_hidden, their_scores = teacher
        at = layer_map(len(scores), len(their_scores))
        if scores[0].shape != their_scores[0].shape:
            raise InputError(f"scores are {tuple(scores[0].shape)} and {tuple(their_scores[0].shape)}", try_="as many heads in both")
        attention = torch.stack([_scores(a, their_scores[at[m + 1] - 1]) for m, a in enumerate(scores)]).sum()
        states = [F.mse_loss(self.project(h), their_hidden[k]) for h, k in zip(hidden, at, strict=True)]
        parts = {"attention": attention, "embeddings": states[0], "hidden": torch.stack(states[1:]).sum()}
        return torch.stack(list(parts.values())).sum(), parts


def _scores(a: Tensor, b: Tensor) -> Tensor:
    a, b = (torch.where(x <= MASKED, torch.zeros_like(x), x) for x in (a, b))
    return F.mse_loss(a, b)


def prediction(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """-softmax(teacher / t) log_softmax(student / t), mean over samples and classes; no factor t^2. ``(N, classes)`` both."""
    return -(F.softmax(teacher / temperature, 1) * F.log_softmax(student / temperature, 1)).mean()


def stage(
    student: nn.Module, teacher: nn.Module, batches: Iterable[tuple[Tensor, Tensor, Tensor]], optimiser: torch.optim.Optimizer,
    inside: Inside | None,
) -> Iterator[float]:  # fmt: skip
    """One pass over `batches` (tokens, segments, mask), a step each; yields the losses.

    inside: of the intermediate stage, its parameters among those of `optimiser`; None: the stage of predictions.
    """
    student.train()
    teacher.eval()
    for batch in batches:
        with torch.no_grad():
            theirs = teacher.states(*batch)
        mine = student.states(*batch)
        loss = prediction(mine[0], theirs[0]) if inside is None else inside(mine, theirs)[0]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield float(loss.detach())


def augmented(
    words: Sequence[str], copies: int, masked: Callable[[Sequence[str], int], Sequence[str]], *, neighbours: Callable[[str], Sequence[str]] | None = None,
    whole: Callable[[str], bool] = lambda _: True, stop: Collection[str] = frozenset(), p: float = 0.4, most: int = 15, seed: int = 0,
) -> list[list[str]]:  # fmt: skip
    """Sentences like this one, the sentence itself first (algorithm 1): each word is replaced with probability `p`.

    masked: what a language model puts at a place, best first; for words that are one piece (`whole`).  neighbours: words of like meaning,
    for the others (none: they stay).  stop: words that stay.  most: candidates considered (M).  copies: N, those that came out alike left out.
    """
    rng = random.Random(seed)
    found = [list(words)]
    seen = {tuple(words)}
    candidates: dict[int, list[str]] = {}
    for _ in range(copies):
        made = list(words)
        for k, word in enumerate(words):
            if word in stop or rng.random() >= p:
                continue
            if k not in candidates:
                given = masked(words, k) if whole(word) else neighbours(word) if neighbours else ()
                candidates[k] = list(given)[:most]
            if candidates[k]:
                made[k] = rng.choice(candidates[k])
        if tuple(made) not in seen:
            seen.add(tuple(made))
            found.append(made)
    return found

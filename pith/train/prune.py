"""Structured pruning: whole channels go, everywhere at once, and what is left is a smaller network of the same layers.

    group(net, x)                                      # channels that must go together: residuals, depthwise layers, concatenations
    score(net, x, "bn")                                # how much each channel matters
    small = to_budget(net, x, macs(x), 0.36 * macs(x)(net), kind="taylor", batches=..., loss=...)
    ... fine-tune small ...; pith.from_torch(small, x)

Kinds of scores: "magnitude" (arXiv 1608.08710), "bn" (factors of batch normalisation, 1708.06519), "fpgm" (distance from the geometric
median of a layer's filters, 1811.00250), "taylor" (squares of weight times gradient, 1906.10771). What goes together, and what cannot go, is
found in `pith.train.prune_trace`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor, nn

from pith.graph import InputError, UnsupportedError
from pith.models.cost import count
from pith.train.modes import evaluating
from pith.train.prune_trace import LAYERS, Example, Group, Traced, depthwise, results, traced

KINDS = ("magnitude", "bn", "fpgm", "taylor")
Budget = Callable[[nn.Module], float]
"""What a network costs: `macs(example)`, or predicted cycles on a target (`pith.bridge.predicted_cycles`)."""


def group(net: nn.Module, example: Example, keep: Sequence[str] = ()) -> list[Group]:
    """The groups of channels of `net` that may be thinned out: not those of its inputs and results, nor those that `kept` names.

    keep: names of layers whose outputs all stay. Raises InputError for a name it has not, UnsupportedError without torch-pruning or where
    that cannot trace the network.
    """
    found = traced(net, example, keep)
    return [found.describe(name) for name in found.groups]


def kept(net: nn.Module, example: Example, keep: Sequence[str] = ()) -> dict[str, str]:
    """Layers that keep all their outputs, with the reason: slices, shuffles, grouped convolutions, normalisation across channels and whatever
    else computes something else when channels go, and layers that are tied to such. Results and `keep` are not among them. Raises as `group`."""
    found = traced(net, example, keep)
    return {layer: why for name, why in found.kept.items() for layer in found.outputs(name)}


# ---- scores


def score(net: nn.Module, example: Example, kind: str = "magnitude", keep: Sequence[str] = ()) -> dict[str, Tensor]:
    """For each group, a score of each channel; small ones matter least. The mean of a group is 1, so that groups are comparable.

    "taylor" reads the gradients that stand in the parameters: see `accumulate`. Raises InputError for another kind, or without gradients.
    """
    if kind not in KINDS:
        raise InputError(f"there is no kind of score {kind!r}", try_=", ".join(KINDS))
    return _scores(traced(net, example, keep), kind)


def _scores(found: Traced, kind: str) -> dict[str, Tensor]:
    made = {}
    for name, members in found.groups.items():
        n = len(members[0][1])
        parts = [p for d, at in members for p in _parts(d.target.module, found.side(d), list(at), kind, n)]
        if not parts and kind == "bn":  # no batch normalisation here
            parts = [p for d, at in members for p in _parts(d.target.module, found.side(d), list(at), "magnitude", n)]
        total = torch.stack(parts).mean(0)
        made[name] = total / total.mean().clamp(min=1e-12)
    return made


def _parts(module: nn.Module, side: str, at: list[int], kind: str, n: int) -> list[Tensor]:
    """What one layer says of each channel, by its own mean."""
    found: Tensor | None = None
    norm = isinstance(module, nn.modules.batchnorm._BatchNorm)
    if kind == "bn":
        found = module.weight.detach().abs()[at] if norm and module.weight is not None else None
    elif isinstance(module, LAYERS):
        w = module.weight
        if depthwise(module):
            side = "out"  # what goes in is what comes out
        if isinstance(module, nn.Conv1d | nn.Conv2d) and module.groups > 1 and side == "in":
            return []  # inputs of grouped convolutions are shared out; their outputs speak for them
        rows = w.detach() if side == "out" else w.detach().transpose(0, 1)
        if kind == "fpgm":
            flat = rows.flatten(1)[at]
            found = torch.cdist(flat, flat).sum(1) if side == "out" else None
        elif kind == "taylor":
            if w.grad is None:
                raise InputError("there are no gradients to score by", try_="batches and loss, or accumulate(net, batches, loss) before")
            g = w.grad if side == "out" else w.grad.transpose(0, 1)
            found = (rows * g).flatten(1).sum(1).square()[at]
        else:
            found = rows.flatten(1).norm(dim=1)[at]
    if found is None:
        return []
    if len(found) != n:  # a channel of the group is several of this layer (flattened pictures)
        if len(found) % n:
            return []
        found = found.reshape(n, -1).mean(1)
    return [found / found.mean().clamp(min=1e-12)]


def accumulate(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Gradients of `loss(net(x), labels)` summed over batches, in the parameters; in evaluation mode.

    Scores are of the sum; arXiv 1906.10771 means the squares of each batch's.
    """
    net.zero_grad()
    with evaluating(net):
        for x, labels in batches:
            loss(net(x), labels).backward()


# ---- taking channels out


def shrink(net: nn.Module, example: Example, sizes: Mapping[str, int], kind: str = "magnitude", keep: Sequence[str] = ()) -> nn.Module:
    """A copy of `net` with so many channels left in each group that `sizes` names (by any layer whose outputs they are).

    The channels that stay are those of the best scores, in their order. Raises InputError for a name that is no group, a size that is not
    from 1 to the number of channels, and two sizes of one group.
    """
    return _shrunk(net, example, sizes, kind, keep, traced(net, example, keep))


def _shrunk(net: nn.Module, example: Example, sizes: Mapping[str, int], kind: str, keep: Sequence[str], whole: Traced) -> nn.Module:
    """`shrink`, of a network that was traced and tried before."""
    made = copy.deepcopy(net)
    _copy_gradients(net, made)
    found = Traced(made, example, keep, whole.groups)
    scores = _scores(found, kind)
    owner = found.owners()
    chosen: dict[str, list[int]] = {}
    for name, size in sizes.items():
        if name not in owner:
            raise InputError(f"the outputs of {name!r} cannot be thinned out", why=whole.reason(name), try_=", ".join(list(owner)[:8]))
        n = len(scores[owner[name]])
        if not isinstance(size, Integral):
            raise InputError(f"{name}: a whole number of channels stays, not {size!r}")
        if not 1 <= size <= n:
            raise InputError(f"{name} has {n} channels, not {size} or more" if size > n else f"{name}: at least one channel stays")
        group = owner[name]
        if group in chosen and len(chosen[group]) != n - size:
            raise InputError(f"{name} goes together with {group}, of which {n - len(chosen[group])} channels stay, not {size}")
        chosen[group] = scores[owner[name]].argsort()[: n - size].tolist()
    with torch.no_grad():
        found.take(chosen)
        results(made, example)
    return made


def _copy_gradients(a: nn.Module, b: nn.Module) -> None:
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        q.grad = None if p.grad is None else p.grad.clone()


def macs(example: Example) -> Budget:
    """Multiply-accumulates for inputs like `example`."""
    inputs = (example,) if isinstance(example, Tensor) else tuple(example)
    return lambda net: float(count(net, examples=inputs).macs)


def to_budget(
    net: nn.Module, example: Example, budget: Budget, limit: float, kind: str = "magnitude", *, keep: Sequence[str] = (),
    multiple: int = 1, least: float = 0.1, steps: int = 12, batches: Iterable[tuple[Tensor, Tensor]] = (),
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> nn.Module:  # fmt: skip
    """A copy of `net` that costs at most `limit` by `budget`: the channels of least score went, from all groups alike.

    multiple: channels left are a multiple of it, where the group had one (kernels like 4, 8 or 16).  least: share of each group that stays.
    steps: halvings of the interval that is searched, each of which asks `budget` once.  batches, loss: of "taylor".
    Raises InputError where even the smallest network that these allow costs more, or for settings out of range.
    """
    for name, value, kind_of, low, high in (("multiple", multiple, Integral, 1, math.inf), ("least", least, Real, 1e-9, 1.0),
                                            ("steps", steps, Integral, 1, math.inf), ("limit", limit, Real, 1e-9, math.inf)):  # fmt: skip
        if not isinstance(value, kind_of) or isinstance(value, bool) or not low <= value <= high:
            wanted = "a whole number, 1 or more" if kind_of is Integral else "a number above 0" + (", at most 1" if high == 1 else "")
            raise InputError(f"{name} is {wanted}, not {value!r}")
    if kind not in KINDS:
        raise InputError(f"there is no kind of score {kind!r}", try_=", ".join(KINDS))
    if kind == "taylor" and loss is not None:
        accumulate(net, batches, loss)
    whole = traced(net, example, keep)
    scores = _scores(whole, kind)
    staying = f"{len(whole.kept)} groups of layers keep all their channels: see prune.kept" if whole.kept else ""
    if not scores:
        why = staying or "outputs of convolutions and products go, where other layers of the network read them"
        raise InputError(f"{type(net).__name__} has no channels that could go", why=why, try_="fewer names in keep" if keep else "")
    owners, order = _order(scores)

    def at(share: float) -> nn.Module:
        gone = torch.bincount(owners[order[: round(share * len(order))]], minlength=len(scores)).tolist()
        sizes = {n: _left(len(s), g, multiple, least) for (n, s), g in zip(scores.items(), gone, strict=True)}
        return _shrunk(net, example, sizes, kind, keep, whole)

    low, high = 0.0, 1.0
    best = at(high)
    if budget(best) > limit:
        raise InputError(f"the network costs {budget(best):,.0f} at the least, more than {limit:,.0f}", why=staying,
                         try_="a smaller `least`, or fewer names in keep")  # fmt: skip
    for _ in range(steps):
        middle = (low + high) / 2
        made = at(middle)
        if budget(made) <= limit:
            high, best = middle, made
        else:
            low = middle
    return best


def _order(scores: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The group of each channel of all, and their order from the least to the best. Equal scores take turns among the groups."""
    owners = torch.cat([torch.full((len(s),), k) for k, s in enumerate(scores.values())])
    turns = torch.cat([s.argsort(stable=True).argsort(stable=True) / len(s) for s in scores.values()])
    by_turn = turns.argsort(stable=True)
    return owners, by_turn[torch.cat(list(scores.values()))[by_turn].argsort(stable=True)]


def _left(n: int, gone: int, multiple: int, least: float) -> int:
    wanted = max(n - gone, math.ceil(n * least), 1)
    if n % multiple == 0:
        wanted = -(-wanted // multiple) * multiple
    return min(wanted, n)


# ---- how much each group minds


def sensitivity(
    net: nn.Module, example: Example, metric: Callable[[nn.Module], float], kind: str = "magnitude", *,
    shares: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), keep: Sequence[str] = (), only: Sequence[str] = (),
) -> dict[str, list[tuple[float, float]]]:  # fmt: skip
    """For each group (of `only`, where given): (share of its channels that went, metric of the network without them), others whole.

    only: layers whose groups those are. The first point is (0, metric of the whole network). Nothing is fine-tuned in between. Raises
    InputError for a share that is not between 0 and 1, and for layers whose outputs all stay.
    """
    if wrong := [s for s in shares if not 0 < s < 1]:
        raise InputError(f"a share of the channels lies between 0 and 1, not {wrong[0]}")
    whole = traced(net, example, keep)
    owner = whole.owners()
    if strange := sorted(set(only) - set(owner)):
        raise InputError(f"the outputs of {strange[0]!r} cannot be thinned out", why=whole.reason(strange[0]), try_=", ".join(list(owner)[:8]))
    chosen = {owner[name] for name in only}
    at_first = metric(net)
    found: dict[str, list[tuple[float, float]]] = {}
    for g in map(whole.describe, whole.groups):
        if only and g.name not in chosen:
            continue
        points = [(0.0, at_first)]
        for share in shares:
            left = max(1, round(g.channels * (1 - share)))
            points.append((1 - left / g.channels, metric(_shrunk(net, example, {g.name: left}, kind, keep, whole))))
        found[g.name] = points
    return found


def draw(curves: Mapping[str, Sequence[tuple[float, float]]], path: Any, metric: str = "accuracy") -> None:
    """The curves of `sensitivity` as a picture (.png, .svg, .pdf), those that end lowest first. Raises InputError for no curves,
    UnsupportedError without matplotlib."""
    try:
        from matplotlib import colormaps
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UnsupportedError("matplotlib is not installed", why=str(error), try_='pip install ".[bench]" in the clone') from error
    if not curves:
        raise InputError("there are no curves to draw", why="sensitivity found no group of channels that could go")
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    ordered = sorted(curves.items(), key=lambda item: item[1][-1][1])
    for k, (name, points) in enumerate(ordered):  # of one scale of colours, so that neighbours in the legend are neighbours in the picture
        colour = colormaps["turbo_r"]((k + 0.5) / len(ordered))
        axes.plot([100 * p[0] for p in points], [p[1] for p in points], marker=".", linewidth=1, label=name, color=colour)
    axes.set_xlabel("channels removed, %")
    axes.set_ylabel(metric)
    axes.grid(alpha=0.3)
    if len(curves) <= 24:
        axes.legend(fontsize="x-small", ncols=2)
    figure.savefig(path)

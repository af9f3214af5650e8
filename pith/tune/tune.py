"""Find the fastest kernel and schedule of every call of a network by measurement."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pith.cache import cache_folder
from pith.graph import Graph, UnsupportedError
from pith.kernels.base import Options, Schedule
from pith.kernels.choice import candidates
from pith.lower.lower import Site, lower
from pith.lower.program import Weights
from pith.targets.base import Target
from pith.targets.compiler import find_compiler
from pith.tune.measure import Contest, measure
from pith.tune.store import Found, place, read, write

MARGIN = 0.03  # a candidate has to be so much faster than the predicted one: noise flips no choice
_TOGETHER = 12  # calls that are built into one library
_SHARE = 0.002  # of the work of the network: calls with less are not worth their measurement


@dataclass(slots=True)
class Tuned:
    """The choices, as `Options.tuned` wants them, and how they came about: calls measured now, known from before, and left
    out because the time was up."""

    choices: dict[str, tuple[str, Schedule]] = field(default_factory=dict)
    measured: int = 0
    known: int = 0
    left: int = 0


def sites_of(graphs: Sequence[Graph], target: Target, options: Options) -> list[Site]:
    """Every place where a kernel is chosen."""
    found: list[Site] = []
    for graph in graphs:
        lower(graph, target.isa, Weights(), options, found)
    return found


def tune(
    graphs: Sequence[Graph], target: Target, options: Options, *, seconds: float, cc: str | None = None, opt: str = "-O3",
    say: Callable[[str, float], None] = lambda what, done: None,
) -> Tuned:  # fmt: skip
    """Measure the candidates of every distinct call of the optimised `graphs`, the most expensive first, for about `seconds`.

    What was measured before, on this processor by this version of Pith, is taken from the cache. Raises UnsupportedError
    for a target whose code does not run here.
    """
    if not target.runs_here():
        raise UnsupportedError(
            f"target {target.name} cannot be tuned on this machine", why="its code does not run here, so nothing can be measured",
            try_="leave --tune out, or compile on such a machine",
        )  # fmt: skip
    end = time.perf_counter() + seconds
    folder = cache_folder()
    path = None if folder is None else place(folder, target, cc, opt)
    known = {} if path is None else read(path)
    waiting, result = _waiting(sites_of(graphs, target, options), known, target.isa.lanes(4))
    compiler = find_compiler(cc)
    for k in range(0, len(waiting), _TOGETHER):
        group = waiting[k : k + _TOGETHER]
        left = end - time.perf_counter()
        if left <= 0:
            result.left += len(waiting) - k
            break
        share = len(group) / len(waiting)
        on = functools.partial(_progress, say, k / len(waiting), share)
        on(0.0)
        contests = [c for _, c in group]
        weight = sum(c.cost.effort(target.isa.lanes(4)) * len(c.candidates) for c in contests)
        rest = sum(c.cost.effort(target.isa.lanes(4)) * len(c.candidates) for _, c in waiting[k:])
        measure(contests, target, compiler, opt, seconds=left * max(weight / rest, share), say=on)
        found = {key: decide(c) for key, c in group}
        result.measured += len(group)
        result.choices |= {key: (f.kernel, f.schedule) for key, f in found.items()}
        if path is not None:
            write(path, found)
    return result


def _progress(say: Callable[[str, float], None], begin: float, share: float, done: float) -> None:
    say("tune", begin + share * done)


def decide(contest: Contest) -> Found:
    """The winner of a contest: the fastest candidate where it beats the predicted one by the margin, else that one."""
    best = contest.best if contest.seconds[contest.best] < (1 - MARGIN) * contest.seconds[0] else 0
    kernel, schedule = contest.candidates[best]
    return Found(kernel.name, schedule, contest.seconds[best], contest.seconds[0])


def _waiting(sites: Sequence[Site], known: Mapping[str, Found], lanes: int) -> tuple[list[tuple[str, Contest]], Tuned]:
    """Distinct calls to be measured, the most expensive first, and the choices that are known already."""
    result, contests, efforts = Tuned(), {}, dict[str, float]()
    total = sum(s.cost.effort(lanes) for s in sites)
    for site in sites:
        key = site.key
        efforts[key] = efforts.get(key, 0.0) + site.cost.effort(lanes)
        if key in contests or key in result.choices:
            continue
        if key in known:
            result.choices[key] = known[key].kernel, known[key].schedule
            result.known += 1
            continue
        found = candidates(site.final)
        if len(found) > 1:
            contests[key] = Contest(site.final, site.cost, found)
    order = sorted(contests, key=lambda k: -efforts[k])
    return [(k, contests[k]) for k in order if efforts[k] >= _SHARE * total], result

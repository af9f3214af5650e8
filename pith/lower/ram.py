"""A network within a limit of RAM: which layers are run in strips, so that the arena fits with the fewest extra operations.

The step at which most bytes are alive is looked for, and every run of layers around it is tried in two strips, three, four ...;
what helps is taken with the fewest extra multiply-accumulates, until the limit is met. Bytes are guessed from the values of the
graph first, and the arena of the real program decides.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

from pith.graph import BuildError, Graph
from pith.lower.patches import Region, closed, divisible, in_strips, macs
from pith.lower.program import Fit, Program
from pith.ops.base import OPS, Elementwise

_REACH = 24  # nodes of a region, at most
_STRIPS = (2, 3, 4, 5, 6, 8, 12, 16, 24, 32)
_ROUNDS = 8  # regions of a network, at most
_TRIES = 6  # real programs that are made to meet a limit, at most


@dataclass(slots=True)
class _Live:
    """Bytes alive at each node of a graph, the caller's arrays left out."""

    peak: int = 0
    at: int = 0
    every: list[int] = field(default_factory=list)


def live(graph: Graph) -> _Live:
    """A guess at what a program of the graph has in memory: views share their source's bytes, parts of a concat its result's, and
    elementwise results take over what dies."""
    root: dict[str, str] = {v: "" for v in (*graph.inputs, *graph.constants)}
    joined: dict[str, str] = {}
    for n in graph.nodes:
        if n.op == "concat":
            joined.update(dict.fromkeys(n.inputs, n.outputs[0]))
    last = {v: i for i, n in enumerate(graph.nodes) for v in n.inputs}

    def target(v: str) -> str:
        while v in joined:
            v = joined[v]
        return v

    first: dict[str, int] = {}
    end: dict[str, int] = {}
    for i, n in enumerate(graph.nodes):
        op = OPS[n.op]
        for out in filter(None, n.outputs):
            own = target(out)
            if n.op in ("slice", "reshape") and out not in joined:
                own = root[n.inputs[0]]
            elif own == out and (isinstance(op, Elementwise) or (n.op == "conv_integer" and len(n.inputs) > 3)):
                dying = [v for v in n.inputs[0 if isinstance(op, Elementwise) else 3 :]
                         if v and root[v] and last[v] == i and end[root[v]] <= i and graph.types[v].nbytes == graph.types[out].nbytes]  # fmt: skip
                own = root[dying[0]] if dying else own
            root[out] = own
            if own:
                first.setdefault(own, i)
                end[own] = max(end.get(own, i), last.get(out, i), i)
    for v in graph.outputs:
        first.pop(root[v], None)
    change = [0] * (len(graph.nodes) + 1)
    for v, i in first.items():
        change[i] += graph.types[v].nbytes
        change[end[v] + 1] -= graph.types[v].nbytes
    found, now = _Live(), 0
    for i in range(len(graph.nodes)):
        now += change[i]
        found.every.append(now)
        if now > found.peak:
            found.peak, found.at = now, i
    return found


def _better(graph: Graph, limit: int, refused: Set[str]) -> tuple[Graph, Region] | None:
    """The graph with one more region in strips, around its fullest step; None where none makes it less full."""
    now = live(graph)
    able = [can and n.name not in refused for can, n in zip(divisible(graph), graph.nodes, strict=True)]
    names = [n.name for n in graph.nodes]
    best: tuple[tuple[int, int, int], Graph, Region] | None = None
    whole = macs(graph)
    for first in range(max(0, now.at - _REACH), now.at + 1):
        for last in range(now.at, min(len(graph.nodes), first + _REACH)):
            if not all(able[first : last + 1]) or len(set(names[first : last + 1])) < last + 1 - first:
                break
            if first == last or not closed(graph, Region(first, last, 1)):
                continue
            height = graph.types[graph.nodes[last].outputs[0]].shape[1]
            for strips in _STRIPS:
                region = Region(first, last, strips)
                new = in_strips(graph, region) if strips <= height else None
                if new is None:
                    break
                peak = live(new).peak
                rank = (max(peak, limit), macs(new) - whole, strips)
                if peak < now.peak and (best is None or rank < best[0]):
                    best = rank, new, region
                if peak <= limit:
                    break  # more strips only compute more
    return best[1:] if best else None


def _divided(graph: Graph, limit: int, refused: Set[str]) -> tuple[Graph, tuple[tuple[str, str, int], ...]]:
    """The graph with regions in strips until `live` is within the limit, or nothing helps."""
    regions: list[tuple[str, str, int]] = []
    for _ in range(_ROUNDS):
        if live(graph).peak <= limit:
            break
        found = _better(graph, limit, refused)
        if found is None:
            break
        new, region = found
        regions.append((graph.nodes[region.first].name, graph.nodes[region.last].name, region.strips))
        graph = new
    return graph, tuple(regions)


def _families(program: Program) -> dict[str, set[str]]:
    """The kernels of each layer whose sums are rounded, by its name."""
    found: dict[str, set[str]] = {}
    for s in program.steps:
        if s.output.dtype.is_float and s.op not in ("copy", "concat"):
            found.setdefault(s.name, set()).add(s.kernel)
    return found


def fit(graph: Graph, limit: int, program_of: Callable[[Graph], Program]) -> Fit:
    """`graph` so that its arena, inputs and outputs take at most `limit` bytes; `program_of` lowers a graph as it is.

    A layer of floats whose strips another kernel would compute, with other rounding, stays whole.
    Raises BuildError that says the least that was found.
    """
    around = sum(graph.types[v].nbytes for v in (*graph.inputs, *graph.outputs))
    whole, own = program_of(graph), macs(graph)
    before, kernels = whole.arena_size, _families(whole)
    best = Fit(graph, before, before, own, own)
    aim = want = limit - around
    if before <= want:
        return best
    tried: set[tuple[tuple[str, str, int], ...]] = set()
    refused: set[str] = set()
    for _ in range(_TRIES):
        divided, regions = _divided(graph, max(aim, 0), refused)
        if regions in tried:
            if aim <= 0:
                break
            aim = 0
            continue
        tried.add(regions)
        program = program_of(divided)
        other = {name for name, used in _families(program).items() if used != kernels.get(name)}
        if other:
            refused |= other
            continue
        if program.arena_size < best.arena:
            best = Fit(divided, program.arena_size, before, macs(divided), own, regions)
        if program.arena_size <= want:
            return best
        aim -= max(program.arena_size - want, 64)  # scratch memory and gaps, which were not guessed
    raise BuildError(
        f"the network needs {best.arena + around:,} bytes of RAM, {limit:,} are allowed",
        where=f"inputs and outputs {around:,} bytes, arena {best.arena:,} (with every layer whole {before:,})",
        why="the least that was found with layers in strips" if best.regions else "no layers in strips need less",
        try_=f"--max-ram {best.arena + around}, a smaller input, or fewer channels in the first layers",
    )

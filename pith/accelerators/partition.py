"""Gives accelerators what they claim: each part of the graph becomes one node, `accelerated`. Nothing a plug-in says is taken unchecked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pith.accelerators.base import _AUTHOR, Accelerator
from pith.graph import Graph, Node
from pith.graph.errors import BuildError
from pith.kernels.accelerated_calls import Emission
from pith.kernels.base import Const, Float, In, Int, Out, Scratch

_MOST_TEXT = 1 << 24  # characters of C for one part
_MOST_SCRATCH = 1 << 31


def partition(graph: Graph, accelerators: Sequence[Accelerator]) -> int:
    """Replace what the accelerators claim, the first to claim a node having it; returns the number of parts.

    Raises BuildError that names the plug-in where it fails, claims what cannot be, or emits what is no call.
    """
    done = 0
    texts: dict[str, str] = {}
    for one in accelerators:
        shown = graph.copy()
        place = {id(n): k for k, n in enumerate(shown.nodes)}
        try:
            claims = [list(c) for c in one.claim(shown)]
        except Exception as e:  # whatever the plug-in's code raises
            raise _fault(one, f"failed in claim: {type(e).__name__}: {e}") from e
        taken: set[int] = set()
        groups: list[list[int]] = []
        for claim in claims:
            group = sorted({place[id(n)] for n in claim if id(n) in place})
            if not group or len(group) != len(claim):
                raise _fault(one, "claims what is no group of the graph's nodes", "each once, as claim was given them")
            if twice := [graph.nodes[k] for k in group if k in taken]:
                raise _fault(one, f"claims node {_called(twice[0])} twice")
            if own := [graph.nodes[k] for k in group if graph.nodes[k].op == "accelerated"]:
                raise _fault(one, f"claims node {_called(own[0])}, which another accelerator has")
            taken.update(group)
            groups.append(group)
        for group in groups:
            _check_convex(one, graph, group)
        nodes = {k: _part(one, graph, group, texts) for group in groups for k in [group[0]]}
        if groups:
            _replace(graph, groups, nodes)
        done += len(groups)
    return done


def _called(node: Node) -> str:
    return node.name or (node.outputs[0] if node.outputs else node.op)


def _fault(one: Accelerator, what: str, rule: str = "", where: str = "") -> BuildError:
    return BuildError(f"accelerator {one.name} {what}", where=where or f"plug-in {type(one).__module__}.{type(one).__qualname__}", why=rule, try_=_AUTHOR)


def _check_convex(one: Accelerator, graph: Graph, group: list[int]) -> None:
    """Nothing that leaves the group may come back into it by way of a node outside."""
    inside, after = set(group), set[str]()
    made = {o for k in group for o in graph.nodes[k].outputs}
    for k in range(group[0], group[-1] + 1):
        node = graph.nodes[k]
        reads = set(node.inputs)
        if k not in inside:
            if reads & (made | after):
                after.update(node.outputs)
        elif back := sorted(reads & after):
            raise _fault(one, f"claims a part with a node outside in its middle: {back[0]!r} is made outside of what the part made, and read by it",
                         "a part is computed at once", f"node {_called(node)}")  # fmt: skip


def _part(one: Accelerator, graph: Graph, group: list[int], texts: dict[str, str]) -> Node:
    """The node for a group."""
    inside = [graph.nodes[k] for k in group]
    made = [o for n in inside for o in n.outputs if o]
    outside = [n for k, n in enumerate(graph.nodes) if k not in set(group)]
    needed = {i for n in outside for i in n.inputs} | set(graph.outputs)
    body = Graph(name=f"{one.name}_{group[0]}")
    reads = dict.fromkeys(i for n in inside for i in n.inputs if i and i not in made)
    body.inputs = [i for i in reads if i not in graph.constants]
    body.outputs = [o for o in made if o in needed]
    body.types = {v: graph.types[v] for v in [*reads, *made]}
    body.constants = {i: graph.constants[i] for i in reads if i in graph.constants}
    body.nodes = [Node(n.op, list(n.inputs), list(n.outputs), dict(n.attrs), n.name, n.origin) for n in inside]
    name = _called(inside[0])
    if not body.outputs:
        raise _fault(one, "claims a part without results", where=f"node {name}")
    try:
        found = one.emit(body.copy())
    except Exception as e:  # whatever the plug-in's code raises
        raise _fault(one, f"failed in emit: {type(e).__name__}: {e}", where=f"node {name}") from e
    if problem := check(one.name, body, found):
        raise _fault(one, f"emits no proper call: {problem}", where=f"node {name}")
    for called, text in [*found.before.items(), (found.function, found.text)]:
        if texts.setdefault(called, text) != text:
            raise _fault(one, f"emits two texts of {called} that differ", "a name has one text; numbers are arguments", f"node {name}")
    origin = tuple(dict.fromkeys(o for n in inside for o in (n.origin or (n.name,)) if o))
    return Node("accelerated", list(body.inputs), list(body.outputs), {"body": Body(body), "by": one.name, "emission": found}, name, origin)


def check(name: str, body: Graph, found: Any) -> str:
    """Why `found` is not what `Accelerator.emit` gives for `body`; empty where it is."""
    if not isinstance(found, Emission):
        return f"a {type(found).__name__} instead of an Emission"
    if not isinstance(found.function, str) or not re.fullmatch(rf"{name}_\w{{1,100}}", found.function, re.ASCII):
        return f"its function {found.function!r} is no C name that begins with {name}_"
    if not isinstance(found.text, str) or len(found.text) > _MOST_TEXT or not re.search(rf"\b{found.function}\s*\(", found.text) or "\0" in found.text:
        return f"its text does not define {found.function}"
    if type(found.scratch) is not int or not 0 <= found.scratch < _MOST_SCRATCH:
        return f"{found.scratch!r} bytes of scratch"
    if not isinstance(found.args, tuple) or not all(isinstance(a, (In, Out, Const, Scratch, Int, Float)) for a in found.args):
        return "its args are no tuple of In, Out, Const, Scratch, Int and Float"
    for a in found.args:
        most = {In: len(body.inputs), Out: len(body.outputs)}.get(type(a))
        if isinstance(a, (In, Out)) and not (type(a.index) is int and 0 <= a.index < (most or 0) and a.step == 0):
            return f"{a} of {most}"
        if isinstance(a, Const) and not (isinstance(a.array, np.ndarray) and a.array.dtype.kind in "biuf" and a.array.size):
            return "a Const that holds no array of numbers"
        if isinstance(a, Scratch) and not (type(a.offset) is int and 0 <= a.offset < max(found.scratch, 1) and a.offset % 64 == 0):
            return f"{a} of {found.scratch} bytes, or not at 64 bytes"
        if isinstance(a, Int) and not (isinstance(a.value, (int, np.integer)) and -(1 << 31) <= a.value < 1 << 31):
            return f"{a}, which is no int32_t"
        if isinstance(a, Float) and not (isinstance(a.value, (int, float)) and np.isfinite(a.value)):
            return f"{a}, which is no number"
    if missing := [body.outputs[k] for k in range(len(body.outputs)) if not any(isinstance(a, Out) and a.index == k for a in found.args)]:
        return f"no argument is Out({body.outputs.index(missing[0])}), so nothing writes {missing[0]!r}"
    if not isinstance(found.headers, tuple) or not all(isinstance(h, str) and re.fullmatch(r"[\w./-]+\.h", h) for h in found.headers):
        return "its headers are no names of headers"
    if not isinstance(found.before, Mapping) or not all(
        isinstance(k, str) and re.fullmatch(rf"{name}_\w{{1,100}}", k, re.ASCII) and isinstance(v, str) and len(v) <= _MOST_TEXT and "\0" not in v
        for k, v in found.before.items()
    ):
        return f"what comes before is no C by names that begin with {name}_"
    return ""


class Body(Graph):
    """A part, shown in a line."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph.name, graph.inputs, graph.outputs, graph.types, graph.constants, graph.nodes)

    def __str__(self) -> str:
        return "+".join(n.op for n in self.nodes)

    __repr__ = __str__


def _replace(graph: Graph, groups: list[list[int]], nodes: Mapping[int, Node]) -> None:
    """Each group's node in its place: behind all that it needs, in the order of the graph otherwise."""
    group_of = {k: g[0] for g in groups for k in g}
    units: dict[int, list[int]] = {}
    for k in range(len(graph.nodes)):
        units.setdefault(group_of.get(k, k), []).append(k)
    maker = {o: group_of.get(k, k) for k, n in enumerate(graph.nodes) for o in n.outputs if o}
    needs = {u: {maker[i] for k in ks for i in graph.nodes[k].inputs if i in maker and maker[i] != u} for u, ks in units.items()}
    order: list[int] = []
    ready, waiting = set[int](), dict(needs)
    while waiting:
        free = [u for u, n in waiting.items() if n <= ready]
        if not free:
            raise BuildError("two parts of an accelerator need each other's results", where=f"node {_called(graph.nodes[next(iter(waiting))])}",
                             why="each is computed at once", try_=_AUTHOR)  # fmt: skip
        u = min(free)
        order.append(u)
        ready.add(u)
        del waiting[u]
    graph.nodes = [nodes.get(u, graph.nodes[u]) for u in order]
    graph.drop_unused()

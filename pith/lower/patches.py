"""Some layers computed strip by strip: a few rows of the last one at a time, with all that lies under them.

What lies between them is then never whole in memory. Rows where two strips meet are computed twice; every value is computed as
before, so that its bits are the same. (Patch-based inference: Lin et al., MCUNetV2, arXiv 2110.15352, section 3.1, with
strips of whole rows, which lie in memory without gaps.)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pith.graph import Graph, Node
from pith.ops.base import OPS, Attrs, Elementwise, add_node

Rows = tuple[int, int]  # first row, row after the last
_ROW = 1  # the axis of rows in [N, H, W, C]


@dataclass(frozen=True, slots=True)
class Region:
    """Nodes `first` to `last` of a graph, to be run in `strips` strips of their last output."""

    first: int
    last: int
    strips: int


@dataclass(frozen=True, slots=True)
class _Need:
    """What a node needs for some rows of its output: rows of input `index` (None: all of it), and the attributes to run with."""

    attrs: Attrs
    rows: tuple[Rows | None, ...]


def _windowed(graph: Graph, node: Node, out: Rows) -> _Need | None:
    """Convolutions and pools over [N, H, W, C]: the rows under the taps; padding only where the picture ends."""
    attrs, x = node.attrs, graph.types[node.inputs[0]]
    height = x.shape[_ROW]
    kernel = attrs["kernel_shape"] if "kernel_shape" in attrs else graph.types[node.inputs[1]].shape[2:]
    if attrs.get("layout") != "channels_last" or len(kernel) != 2 or any(attrs.get("ceil_pads", ())) or min(attrs["pads"]) < 0:
        return None
    stride, (top, left, _, right) = attrs["strides"][0], attrs["pads"]
    reach = (kernel[0] - 1) * attrs["dilations"][0] + 1
    lo, hi = out[0] * stride - top, (out[1] - 1) * stride - top + reach
    first, end = max(lo, 0), min(hi, height)
    if first >= end:
        return None
    here: list[Rows | None] = [(first, end)]
    for v in node.inputs[1:]:
        follows = bool(v) and len(graph.types[v].shape) == 4 and v not in graph.constants
        here.append(out if follows and graph.types[v].shape[_ROW] > 1 else None)
    return _Need({**attrs, "pads": (first - lo, left, hi - end, right)}, tuple(here))


def _elementwise(graph: Graph, node: Node, out: Rows) -> _Need | None:
    rows: list[Rows | None] = []
    for v in node.inputs:
        shape = graph.types[v].shape if v else ()
        tall = len(shape) == 4 and shape[_ROW] > 1
        if tall and v in graph.constants:
            return None
        rows.append(out if tall else None)
    return _Need(dict(node.attrs), tuple(rows))


def _concat(graph: Graph, node: Node, out: Rows) -> _Need | None:
    if node.attrs["axis"] != 3 or any(v in graph.constants for v in node.inputs):
        return None
    return _Need(dict(node.attrs), (out,) * len(node.inputs))


_RULES: dict[str, Callable[[Graph, Node, Rows], _Need | None]] = {
    "conv": _windowed, "conv_integer": _windowed, "max_pool": _windowed, "average_pool": _windowed, "concat": _concat,
}  # fmt: skip


def _need(graph: Graph, node: Node, out: Rows) -> _Need | None:
    if any(node.outputs[1:]):
        return None
    shape = graph.types[node.outputs[0]].shape
    if len(shape) != 4 or shape[0] != 1:
        return None
    rule = _elementwise if isinstance(OPS[node.op], Elementwise) else _RULES.get(node.op)
    return rule(graph, node, out) if rule else None


def divisible(graph: Graph) -> list[bool]:
    """Which nodes can be run for some rows of their output."""
    return [_need(graph, n, (0, 1)) is not None for n in graph.nodes]


def _ranges(graph: Graph, region: Region, out: Rows) -> dict[str, Rows] | None:
    """The rows of each value that `out` of the region's result needs, values from outside too; None where some node cannot."""
    nodes = graph.nodes[region.first : region.last + 1]
    rows = {nodes[-1].outputs[0]: out}
    for node in reversed(nodes):
        mine = rows.get(node.outputs[0])
        found = None if mine is None else _need(graph, node, mine)
        if found is None:
            return None
        for v, part in zip(node.inputs, found.rows, strict=True):
            if v and part is not None:
                was = rows.get(v, part)
                rows[v] = min(was[0], part[0]), max(was[1], part[1])
    return rows


def closed(graph: Graph, region: Region) -> bool:
    """Whether only the last node's output is read outside the region."""
    inner = {n.outputs[0] for n in graph.nodes[region.first : region.last]}
    later = {v for n in graph.nodes[region.last + 1 :] for v in n.inputs} | set(graph.outputs)
    return not inner & later


def strips_of(graph: Graph, region: Region) -> list[dict[str, Rows]] | None:
    """The rows of each value that each strip needs; None where the region cannot be run that way."""
    height = graph.types[graph.nodes[region.last].outputs[0]].shape[_ROW]
    ends = [height * k // region.strips for k in range(region.strips + 1)]
    found = [_ranges(graph, region, (a, b)) for a, b in itertools.pairwise(ends)]
    return [f for f in found if f is not None] if all(found) else None


def in_strips(graph: Graph, region: Region) -> Graph | None:
    """The graph with the region run in strips; None where that is not possible. Nodes keep their names."""
    strips = strips_of(graph, region)
    if strips is None:
        return None
    new = graph.copy()
    before, nodes, after = graph.nodes[: region.first], graph.nodes[region.first : region.last + 1], graph.nodes[region.last + 1 :]
    made: list[Node] = []
    parts: list[str] = []
    for rows in strips:
        here: dict[str, tuple[str, Rows]] = {}

        def part(v: str, want: Rows | None, here: dict[str, tuple[str, Rows]] = here) -> str:
            if want is None or not v:
                return v
            name, (lo, hi) = here.get(v, (v, (0, graph.types[v].shape[_ROW])))
            if want == (lo, hi):
                return name
            n, _, w, c = graph.types[v].shape
            starts = {"starts": (0, want[0] - lo, 0, 0), "steps": (1, 1, 1, 1), "shape": (n, want[1] - want[0], w, c)}
            return add_node(new, "slice", [name], starts, into=made)

        for node in nodes:
            mine = rows[node.outputs[0]]
            need = _need(graph, node, mine)
            assert need is not None
            inputs = [part(v, want) for v, want in zip(node.inputs, need.rows, strict=True)]
            here[node.outputs[0]] = add_node(new, node.op, inputs, need.attrs, like=node, into=made), mine
        parts.append(here[nodes[-1].outputs[0]][0])
    last = nodes[-1]
    add_node(new, "concat", parts, {"axis": _ROW}, outputs=last.outputs, like=last, into=made)
    new.nodes = [*map(_same, before), *made, *map(_same, after)]
    return new


def _same(node: Node) -> Node:
    return replace(node, inputs=list(node.inputs), outputs=list(node.outputs))


def macs(graph: Graph, nodes: Sequence[Node] | None = None) -> int:
    """Multiply-accumulates of one run."""
    return sum(OPS[n.op].cost(graph.input_types(n), graph.output_types(n), n.attrs).macs for n in (graph.nodes if nodes is None else nodes))

"""Fuse the elementwise operators that follow conv, conv_transpose or matmul into its epilogue.

From the anchor's result the region grows over elementwise consumers of the same shape, in order, and is cut back to the
last point where a single value leaves it; that value becomes the anchor's result.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pith.graph import DType, Expr, Graph, Node
from pith.graph.expr import arg, const, substitute
from pith.ops.base import OPS, Elementwise, add_node

_ANCHORS = ("conv", "conv_transpose", "matmul")
_LIMIT = 24  # functions in one epilogue
_EXTRAS = 4


@dataclass(slots=True)
class _Region:
    """Values computed inside, as expressions over (accumulator, extras...)."""

    values: dict[str, Expr]
    extras: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def copy(self) -> _Region:
        return _Region(dict(self.values), list(self.extras), list(self.nodes))


def run(graph: Graph) -> int:
    """Returns how many elementwise nodes were fused."""
    consumers = graph.consumers()
    position = {id(n): k for k, n in enumerate(graph.nodes)}
    outputs = set(graph.outputs)
    gone: set[int] = set()
    moved: dict[int, Node] = {}  # last node of a region -> the anchor, which takes its place
    before: dict[int, list[Node]] = {}
    for node in graph.nodes:
        if node.op not in _ANCHORS or id(node) in gone or "epilogue" in node.attrs or len(node.inputs) > 3:
            continue
        if graph.types[node.outputs[0]].dtype is not DType.F32:
            continue
        region = _grow(graph, node, consumers, position, outputs, gone)
        if region is None:
            continue
        last = region.nodes[-1]
        result = last.outputs[0]
        extras: list[str] = []
        for value in region.extras:
            shape = graph.types[value].shape
            if shape != graph.types[result].shape and len(shape) != 1:
                value = add_node(graph, "reshape", [value], {"shape": (graph.types[value].size,)}, like=node, into=before.setdefault(id(last), []))
            extras.append(value)
        node.inputs = [*node.inputs, *[""] * (3 - len(node.inputs)), *extras]
        node.attrs["epilogue"] = region.values[result]
        node.outputs = [result]
        node.origin = tuple(dict.fromkeys((*node.origin, *(o for n in region.nodes for o in n.origin))))
        gone.update(id(n) for n in region.nodes)
        gone.add(id(node))
        moved[id(last)] = node
    kept: list[Node] = []
    for node in graph.nodes:
        kept += before.get(id(node), [])
        if id(node) in moved:
            kept.append(moved[id(node)])
        elif id(node) not in gone:
            kept.append(node)
    graph.nodes = kept
    graph.drop_unused()
    return sum(1 for _ in gone) - len(moved)


def _grow(
    graph: Graph, anchor: Node, consumers: dict[str, list[Node]], position: dict[int, int], outputs: set[str], gone: set[int]
) -> _Region | None:
    y = anchor.outputs[0]
    region = _Region({y: arg(0, DType.F32)})
    best: _Region | None = None
    while len(region.nodes) < 16:
        inside = {id(n) for n in region.nodes}
        candidates = {id(u): u for v in region.values for u in consumers.get(v, ()) if id(u) not in inside}
        ready = [n for n in sorted(candidates.values(), key=lambda n: position[id(n)]) if id(n) not in gone]
        if not ready or not _absorb(graph, anchor, region, ready[0]):
            break
        inside.add(id(ready[0]))
        exits = [v for v in region.values if v in outputs or any(id(u) not in inside for u in consumers.get(v, ()))]
        if exits == [ready[0].outputs[0]] or (not exits and ready[0].outputs[0] in outputs):
            best = region.copy()
    return best


def _absorb(graph: Graph, anchor: Node, region: _Region, node: Node) -> bool:
    """Add one elementwise node to the region; False when it does not fit."""
    op, y = OPS[node.op], anchor.outputs[0]
    out = graph.types[node.outputs[0]]
    if not isinstance(op, Elementwise) or out.shape != graph.types[y].shape or out.dtype is not DType.F32:
        return False
    args: list[Expr] = []
    extras = list(region.extras)
    for value in node.inputs:
        if not value:
            args.append(const(0.0, DType.F32))
            continue
        if value in region.values:
            args.append(region.values[value])
            continue
        t = graph.types[value]
        if t.dtype is not DType.F32:
            return False
        array = graph.const(value)
        if array is not None and array.size == 1:
            args.append(const(float(array.reshape(-1)[0]), DType.F32))
            continue
        if t.shape != out.shape and not _per_channel(anchor, t.shape, out.shape):
            return False
        if value not in extras:
            extras.append(value)
        args.append(arg(1 + extras.index(value), DType.F32))
    expr = substitute(op.scalar(graph.input_types(node), node.attrs), args)
    if expr.size() > _LIMIT or len(extras) > _EXTRAS or expr.dtype is not DType.F32:
        return False
    region.extras = extras
    region.values[node.outputs[0]] = expr
    region.nodes.append(node)
    return True


def _per_channel(anchor: Node, shape: tuple[int, ...], out: tuple[int, ...]) -> bool:
    """Whether a tensor varies along the channel axis only (and has one value for every channel)."""
    axis = len(out) - 1 if anchor.op == "matmul" or anchor.attrs["layout"] == "channels_last" else 1
    if len(shape) > len(out):
        return False
    full = (1,) * (len(out) - len(shape)) + shape
    return full[axis] == out[axis] and int(np.prod(full)) == out[axis]

"""Operators that only move elements about, or take the largest, work on the integers themselves.

dequantize_linear goes below such operators and quantize_linear above them, until the two meet and vanish; what moves is a
quarter of the bytes then. Order is kept by a positive scale, so the largest of the integers is the largest number.
"""

from __future__ import annotations

import numpy as np

from pith.graph import Graph, Node
from pith.passes.quantised import (
    NARROW,
    Quantised,
    Steps,
    computed,
    constant_integers,
    dequantise,
    quantise,
    quantised,
    steps_of,
)
from pith.passes.rewrite import Rewrite, use_counts

_MOVES = ("reshape", "transpose", "slice", "concat", "pad", "max_pool", "expand", "gather", "resize")
_GROWS = ("reshape", "transpose", "concat", "pad", "max_pool", "expand", "resize")  # results not much smaller than their operand


def _moves(node: Node) -> bool:
    if node.op not in _MOVES or any(node.outputs[1:]):
        return False
    return node.op != "resize" or (node.attrs["mode"] == "nearest" and node.attrs["coordinate_mode"] != "tf_crop_and_resize")


def _data(node: Node) -> list[str]:
    """The inputs whose elements are moved; the others are indices."""
    return list(node.inputs) if node.op == "concat" else node.inputs[:1]


def _attrs(node: Node, steps: Steps) -> dict[str, object] | None:
    """Attributes of the operator on integers; None where its border is no integer."""
    if node.op != "pad" or node.attrs["mode"] != "constant":
        return node.attrs
    value = node.attrs["value"] / steps.scale + steps.zero
    info = np.iinfo(steps.dtype.np)
    return {**node.attrs, "value": int(value)} if value == np.rint(value) and info.min <= value <= info.max else None


def _apply(walk: Rewrite, node: Node, data: list[str], attrs: dict[str, object]) -> str:
    """`node` on the integers `data`."""
    y = computed(walk, node.op, [*data, *node.inputs[len(data) :]], attrs, node)
    if y in walk.made:
        walk.made[y].outputs = [y]  # the indices of a max_pool are not asked for here
    return y


def _below(walk: Rewrite, node: Node) -> str | None:
    """The result of `node` dequantised behind it, where all it moves was dequantised in front of it alike."""
    sources = [quantised(walk, i) for i in _data(node)]
    first = sources[0] if sources else None
    if first is None or any(s is None or s.steps != first.steps for s in sources):
        return _transposed_weights(walk, node)
    attrs = _attrs(node, first.steps)
    constant = any(s is not None and s.value in walk.graph.constants for s in sources)
    if attrs is None or (constant and node.op in ("expand", "pad", "resize", "max_pool")):
        return None
    return dequantise(walk, _apply(walk, node, [s.value for s in sources if s is not None], attrs), first.steps, node)


def _transposed_weights(walk: Rewrite, node: Node) -> str | None:
    """Constant weights with a scale for each channel, transposed."""
    found = constant_integers(walk, node.inputs[0]) if node.op == "transpose" else None
    if found is None:
        return None
    moved = []
    for part in (found[0], found[1].astype(np.float32), found[2].astype(found[0].dtype)):
        if part.ndim not in (0, found[0].ndim):
            return None
        moved.append(walk.graph.add_constant(part.transpose(node.attrs["perm"]) if part.ndim else part, node.name or "weights"))
    return walk.add("dequantize_linear", moved, dict(walk.made[node.inputs[0]].attrs), like=node)


def _above(walk: Rewrite, value: str, steps: Steps, like: Node, uses: dict[str, int]) -> str:
    """The integers of `value`, quantised as far up as nothing but moves lies between."""
    source = quantised(walk, value)
    if source is not None and source.steps == steps:
        return source.value
    maker = walk.made.get(value)
    if maker is not None and maker.op in _GROWS and _moves(maker) and uses.get(value) == 1 and value not in walk.outputs:
        attrs = _attrs(maker, steps)
        data = _data(maker)
        if attrs is not None and not any(i in walk.graph.constants for i in data):
            return _apply(walk, maker, [_above(walk, i, steps, like, uses) for i in data], attrs)
    return quantise(walk, value, steps, like)


def _met(walk: Rewrite, node: Node, uses: dict[str, int]) -> str | None:
    """What replaces a quantize_linear; None where it stays as it is."""
    steps = steps_of(walk, node)
    if steps is None:
        return None
    source: Quantised | None = quantised(walk, node.inputs[0])
    if source is not None:
        return source.value if source.steps == steps else None
    maker = walk.made.get(node.inputs[0])
    if maker is None or maker.op not in _GROWS:
        return None
    found = _above(walk, node.inputs[0], steps, node, uses)
    last = walk.made.get(found)
    return None if last is not None and last.op == "quantize_linear" and last.inputs[0] == node.inputs[0] else found


def run(graph: Graph) -> int:
    """Returns the number of changes."""
    if not any(n.op == "dequantize_linear" and graph.types[n.inputs[0]].dtype in NARROW for n in graph.nodes) and not any(
        n.op == "quantize_linear" for n in graph.nodes
    ):
        return 0
    walk = Rewrite(graph)
    uses = use_counts(graph)
    for node in graph.nodes:
        walk.resolve(node)
        found = None
        if node.op == "quantize_linear":
            found = _met(walk, node, uses)
        elif _moves(node):
            found = _below(walk, node)
        if found is None:
            walk.keep(node)
        else:
            uses[found] = uses.get(node.outputs[0], 0)
            walk.replace(node.outputs[0], found)
    return walk.finish()

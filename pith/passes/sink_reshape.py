"""Reshapes move below elementwise operators, so that these meet the convolution or product they can be fused with."""

from __future__ import annotations

from pith.graph import Graph, Node
from pith.ops.base import OPS, Elementwise
from pith.passes.rewrite import Rewrite, use_counts


def _source(walk: Rewrite, node: Node, uses: dict[str, int]) -> str | None:
    """What was reshaped to become the only operand of `node` that is not a scalar; None where it must stay so."""
    if not isinstance(OPS[node.op], Elementwise):
        return None
    operands = {i for i in node.inputs if i and walk.type(i).size != 1}
    if len(operands) != 1:
        return None
    (value,) = operands
    maker = walk.made.get(value)
    if maker is None or maker.op != "reshape" or uses.get(value, 0) != node.inputs.count(value):
        return None
    source = maker.inputs[0]
    rank = len(walk.type(source).shape)
    fits = walk.type(value).shape == walk.type(node.outputs[0]).shape
    scalars_fit = all(len(walk.type(i).shape) <= rank for i in node.inputs if i and i != value)
    return source if fits and scalars_fit and source not in walk.graph.constants else None


def run(graph: Graph) -> int:
    """One walk, which moves a reshape down a whole chain; returns the number of changes."""
    walk = Rewrite(graph)
    uses = use_counts(graph)
    for node in graph.nodes:
        walk.resolve(node)
        source = _source(walk, node, uses)
        if source is None:
            walk.keep(node)
            continue
        out = node.outputs[0]
        y = walk.add(node.op, [i if not i or walk.type(i).size == 1 else source for i in node.inputs], node.attrs, like=node)
        final = walk.add("reshape", [y], {"shape": walk.type(out).shape}, like=node)
        uses[final] = uses.get(out, 0)
        walk.replace(out, final)
    return walk.finish()

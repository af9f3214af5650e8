"""Scales of what is added, so chosen that every runtime rounds the sum alike.

A sum of two values on grids, (a * qa + b * qb) / c with scales a, b, c and whole numbers qa, qb, is computed in float32 in more than one
order: with factors a / c and b / c, or with a division in the end, the zero points taken off before or put into a constant. The orders
differ in the last bits, and so in the integer where the exact quotient lies as near as that to the middle between two.

If all three scales are odd multiples of one power of two, 2 * (a * qa + b * qb) is an even multiple of it and (2k + 1) * c an odd one: the
quotient is never in the middle, but 1 / (2m) from it at the least, where c is m times the power. With m under 2^10 that is far more than what
float32 loses. The multiples are short (see `short` in grid.py), and a scale moves by no more than 1/256 of itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from pith.graph import Graph, Node
from pith.quant.grid import Grid
from pith.quant.plan import FUNCTIONS, Plan

_FEWEST = 8  # the smallest scale of those that are added together is at least 2 to this of the steps they are multiples of


def added(graph: Graph, plan: Plan) -> list[list[str]]:
    """The groups of the plan that sums tie together: those that are added to each other, and those of the sums."""
    users, makers = graph.consumers(), graph.producers()
    parent: dict[str, str] = {}

    def find(v: str) -> str:
        while parent.setdefault(v, v) != v:
            v = parent[v]
        return v

    for node in makers.values():
        if node.op != "add" or any(i not in plan.group for i in node.inputs):
            continue
        for v in (*node.inputs, _rounded(node, users, plan)):
            if v in plan.group:
                parent[find(plan.group[v])] = find(plan.group[node.inputs[0]])
    found: dict[str, list[str]] = {}
    for v in list(parent):
        found.setdefault(find(v), []).append(v)
    return list(found.values())


def _rounded(node: Node, users: Mapping[str, list[Node]], plan: Plan) -> str:
    """What of a sum is rounded: itself, or what the one function behind it makes."""
    out = node.outputs[0]
    readers = users.get(out, [])
    return readers[0].outputs[0] if out not in plan.group and len(readers) == 1 and readers[0].op in FUNCTIONS else out


def on_common_steps(graph: Graph, plan: Plan, grids: Mapping[str, Grid]) -> dict[str, Grid]:
    """The grids, those that `added` ties together on multiples of one power of two, which scaling them keeps (`Grid.step`)."""
    found = dict(grids)
    for roots in added(graph, plan):
        step = 2.0 ** (math.floor(math.log2(min(grids[r].scale for r in roots))) - _FEWEST)
        for r in roots:
            found[r] = replace(grids[r], step=step).scaled(1.0)
    return found

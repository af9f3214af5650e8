"""Scales of what is added, so chosen that every runtime rounds the sum alike.

A sum of two values on grids, (a * qa + b * qb) / c with scales a, b, c and whole numbers qa, qb, is computed in float32 in more than one
order: with factors a / c and b / c, or with a division in the end, the zero points taken off before or put into a constant. The orders
differ in the last bits, and so in the integer where the exact quotient lies as near as that to the middle between two.

If all three scales are odd multiples of one power of two, 2 * (a * qa + b * qb) is an even multiple of it and (2k + 1) * c an odd one: the
quotient is never in the middle, but 1 / (2m) from it at the least, where c is m times the power. As m is under 2^12 that is more than float32
loses on numbers of 8 bits. (Those of 16 bits leave no room between: they are not touched.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from pith.graph import Graph, Node
from pith.quant.grid import Grid
from pith.quant.plan import FUNCTIONS, Plan

_FINE, _ROOM = 8, 10  # the smallest scale has 2 to the first of the steps, or the largest 2 to the second: half of what the search may want
_COARSE = 4  # with fewer than 2 to this in the smallest scale its rounding would cost more than it is worth

_LEAST = -100  # products of two scales stay normal float32 numbers


def added(graph: Graph, plan: Plan) -> list[list[str]]:
    """The groups of the plan that sums tie together: those that are added to each other, and those of the sums, where these are rounded."""
    users, makers = graph.consumers(), graph.producers()
    parent: dict[str, str] = {}

    def find(v: str) -> str:
        while parent.setdefault(v, v) != v:
            v = parent[v]
        return v

    for node in makers.values():
        tied = [*node.inputs, _rounded(node, users, plan)]
        if node.op == "add" and all(v in plan.group for v in tied):
            for v in tied:
                parent[find(plan.group[v])] = find(plan.group[tied[0]])
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
    """The grids, those of 8 bits that `added` ties together on multiples of one power of two, which scaling them keeps (`Grid.step`).

    Those stay as they are whose scales differ more than about 100 times.
    """
    found = dict(grids)
    for roots in added(graph, plan):
        smallest, largest = (math.floor(math.log2(f(grids[r].scale for r in roots))) for f in (min, max))
        power = max(smallest - _FINE, largest - _ROOM)
        if smallest - power < _COARSE or power < _LEAST or any(grids[r].high - grids[r].low > 255 for r in roots):
            continue
        for r in roots:
            found[r] = replace(grids[r], step=2.0**power).scaled(1.0)
    return found

"""A value read as a product: the chain of mul, div and neg that makes it, as one coefficient and its other factors."""

from __future__ import annotations

from pith.graph import Graph, Node
from pith.passes.rewrite import scalar_of

_DEPTH = 8  # longer chains are not what the recognised operators are exported as


def product(graph: Graph, made: dict[str, Node], uses: dict[str, int], value: str) -> tuple[float, list[str]]:
    """(coefficient, factors) of `value`; constants and quotients by constants go into the coefficient.

    Only factors of the value's own shape that nobody else reads (`uses`) are taken apart, so that an operand which is
    itself a product stays whole; a value that is no product is its own only factor.
    """
    coefficient, factors = 1.0, []
    shape = graph.types[value].shape
    stack = [(value, 0)]
    while stack:
        v, depth = stack.pop()
        node = made.get(v)
        shared = depth > 0 and uses.get(v, 0) > 1
        if node is None or shared or depth == _DEPTH or graph.types[v].shape != shape:
            factors.append(v)
        elif node.op == "mul":
            for i in node.inputs:
                c = scalar_of(graph, i)
                if c is None:
                    stack.append((i, depth + 1))
                else:
                    coefficient *= c
        elif node.op == "div" and (c := scalar_of(graph, node.inputs[1])):
            coefficient /= c
            stack.append((node.inputs[0], depth + 1))
        elif node.op == "neg":
            coefficient = -coefficient
            stack.append((node.inputs[0], depth + 1))
        else:
            factors.append(v)
    return coefficient, factors


def plus_constant(graph: Graph, made: dict[str, Node], value: str) -> tuple[str, float] | None:
    """(v, c) when `value` is v + c for a constant c, else None."""
    node = made.get(value)
    if node is None or node.op not in ("add", "sub"):
        return None
    for k in (0, 1) if node.op == "add" else (1,):
        c = scalar_of(graph, node.inputs[k])
        if c is not None:
            return node.inputs[1 - k], c if node.op == "add" else -c
    return None

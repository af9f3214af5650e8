"""Activations that exporters spell out in primitives get their own names again: swish, hard_swish, mish, gelu.

Each is x times a gate of x. The gate is found among the factors of a product, so the order of factors and the place of
constants do not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pith.graph import Graph, Node
from pith.ops.base import Attrs
from pith.passes.products import plus_constant, product
from pith.passes.rewrite import Rewrite, use_counts

Found = tuple[str, Attrs]
Matcher = Callable[["_Finder", float, str, str], Found | None]


def _near(a: float, b: float) -> bool:
    """Equal as float32 constants written with a few digits."""
    return math.isclose(a, b, rel_tol=2e-6, abs_tol=1e-12)


class _Finder:
    def __init__(self, walk: Rewrite) -> None:
        self.graph, self.made = walk.graph, walk.made
        self.uses = use_counts(walk.graph)

    def product(self, value: str) -> tuple[float, list[str]]:
        """Coefficient and factors of `value`."""
        return product(self.graph, self.made, self.uses, value)

    def node(self, value: str, op: str) -> Node | None:
        """The node that makes `value` when it is an `op`."""
        node = self.made.get(value)
        return node if node is not None and node.op == op else None

    def scaled(self, value: str, x: str) -> float | None:
        """c when `value` is c * x."""
        if value == x:
            return 1.0
        c, factors = self.product(value)
        return c if factors == [x] else None

    def through(self, value: str, op: str) -> str | None:
        """The argument when `value` is op(argument)."""
        node = self.node(value, op)
        return node.inputs[0] if node is not None else None

    def plus(self, value: str, c: float) -> str | None:
        """v when `value` is v + c."""
        found = plus_constant(self.graph, self.made, value)
        return found[0] if found is not None and _near(found[1], c) else None


def _swish(f: _Finder, c: float, gate: str, x: str) -> Found | None:
    inner = f.through(gate, "sigmoid")
    alpha = None if inner is None else f.scaled(inner, x)
    return ("swish", {"alpha": alpha}) if alpha is not None and c == 1 else None


def _hard_swish(f: _Finder, c: float, gate: str, x: str) -> Found | None:
    hard = f.node(gate, "hard_sigmoid")
    if hard is not None:
        slope, offset = hard.attrs["alpha"], hard.attrs["beta"]
        fits = c == 1 and hard.inputs[0] == x and _near(slope, 1 / 6) and _near(offset, 0.5)
        return ("hard_swish", {}) if fits else None
    clip = f.node(gate, "clip")
    if clip is None or clip.attrs["min"] != 0 or clip.attrs["max"] != 6 or not _near(c, 1 / 6):
        return None
    return ("hard_swish", {}) if f.plus(clip.inputs[0], 3.0) == x else None


def _mish(f: _Finder, c: float, gate: str, x: str) -> Found | None:
    inner = f.through(gate, "tanh")
    if inner is None or c != 1:
        return None
    if f.through(inner, "softplus") == x:
        return "mish", {}
    summed = f.through(inner, "log")
    exp = None if summed is None else f.plus(summed, 1.0)
    return ("mish", {}) if exp is not None and f.through(exp, "exp") == x else None


def _gelu(f: _Finder, c: float, gate: str, x: str) -> Found | None:
    inner = f.plus(gate, 1.0)
    if inner is None or not _near(c, 0.5):
        return None
    argument = f.through(inner, "erf")
    if argument is not None:
        factor = f.scaled(argument, x)
        return ("gelu", {"approximate": "none"}) if factor is not None and _near(factor, math.sqrt(0.5)) else None
    argument = f.through(inner, "tanh")
    return ("gelu", {"approximate": "tanh"}) if argument is not None and _is_cubic(f, argument, x) else None


def _is_cubic(f: _Finder, value: str, x: str) -> bool:
    """Whether `value` is sqrt(2/pi) * (x + 0.044715 x^3), or the same with x taken out of the bracket."""
    c, factors = f.product(value)
    if not _near(c, math.sqrt(2 / math.pi)) or not factors:
        return False
    if len(factors) == 2 and x in factors:
        bracket = factors[1 - factors.index(x)]
        square = f.plus(bracket, 1.0)
        return square is not None and _is_power(f, square, x, 2)
    node = f.node(factors[0], "add") if len(factors) == 1 else None
    if node is None or x not in node.inputs:
        return False
    return _is_power(f, node.inputs[1 - node.inputs.index(x)], x, 3)


def _is_power(f: _Finder, value: str, x: str, n: int) -> bool:
    """Whether `value` is 0.044715 * x^n."""
    c, factors = f.product(value)
    return _near(c, 0.044715) and factors == [x] * n


_MATCHERS: tuple[Matcher, ...] = (_swish, _hard_swish, _mish, _gelu)


def _recognize(finder: _Finder, node: Node) -> tuple[str, Found] | None:
    """(x, (operator, attributes)) when `node` ends such a pattern."""
    out = node.outputs[0]
    if not finder.graph.types[out].dtype.is_float:
        return None
    c, factors = finder.product(out)
    if len(factors) != 2:
        return None
    for gate, x in (factors, factors[::-1]):
        if finder.graph.types[x] != finder.graph.types[out]:
            continue
        for matcher in _MATCHERS:
            found = matcher(finder, c, gate, x)
            if found is not None:
                return x, found
    return None


def run(graph: Graph) -> int:
    """One walk; returns the number of patterns replaced."""
    walk = Rewrite(graph)
    finder = _Finder(walk)
    for node in graph.nodes:
        walk.resolve(node)
        walk.keep(node)  # known to the finder while it looks
        found = _recognize(finder, node) if node.op in ("mul", "div") else None
        if found is not None:
            walk.nodes.pop()
            x, (op, attrs) = found
            walk.replace(node.outputs[0], walk.add(op, [x], attrs, like=node))
    return walk.finish()

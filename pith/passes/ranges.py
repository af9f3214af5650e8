"""Which integers a quantised tensor can hold: its maker's bounds become an attribute of the products that read it.

A quantisation after a ReLU, or to seven bits, uses a part of what its type can hold. Kernels that add products in 16 bits ask
for it (`range` of conv_integer and matmul_integer). A table that changes nothing within the bounds of what it reads, such as a
second rounding to the same seven bits, goes away.
"""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType, Expr, Graph, Node
from pith.ops import requantize
from pith.ops.conv_integer import sum_type
from pith.passes.quantised import BYTES

Bounds = tuple[float, float]

_PRODUCTS = ("conv_integer", "matmul_integer")
_MOVES = ("reshape", "transpose", "slice", "concat", "expand", "gather", "resize", "max_pool")
_TAME = 1e20  # times any int32, still a finite float32
_ALL: Bounds = (-math.inf, math.inf)


def of_type(dtype: DType) -> Bounds:
    """All numbers of a type; everything where that is a float."""
    if dtype.is_float or dtype is DType.BOOL:
        return _ALL
    info = np.iinfo(dtype.np)
    return float(info.min), float(info.max)


def bounds(expr: Expr, args: list[Bounds]) -> Bounds:
    """Between which numbers `expr` lies for arguments within `args`, NaN aside; every step is rounded as the expression is."""
    memo: dict[int, Bounds] = {}
    for e in expr.walk():
        memo[id(e)] = _kept(_step(e, [memo[id(a)] for a in e.args], args), e.dtype)
    return memo[id(expr)]


def _kept(b: Bounds, dtype: DType) -> Bounds:
    """Rounded to the type; all of it where the numbers would leave it (and wrap), or none can be given."""
    if math.isnan(b[0]) or math.isnan(b[1]) or b[0] > b[1]:
        return of_type(dtype)
    if dtype is DType.F32:
        with np.errstate(over="ignore"):
            return float(np.float32(b[0])), float(np.float32(b[1]))
    low, high = of_type(dtype)
    return b if dtype is DType.F64 or (low <= b[0] and b[1] <= high and not dtype.is_float) else (low, high)


def _step(e: Expr, known: list[Bounds], args: list[Bounds]) -> Bounds:
    if e.op == "arg":
        return args[int(e.value)]
    if e.op == "const":
        return float(e.value), float(e.value)
    if e.op in ("add", "sub"):
        (a, b), (c, d) = known
        return (a + c, b + d) if e.op == "add" else (a - d, b - c)
    if e.op in ("min", "max"):
        pick = min if e.op == "min" else max
        return pick(known[0][0], known[1][0]), pick(known[0][1], known[1][1])
    if e.op in ("mul", "div") and e.args[1].op == "const" and known[1][0] > 0 and e.dtype.is_float:
        k = known[1][0]
        return (known[0][0] * k, known[0][1] * k) if e.op == "mul" else (known[0][0] / k, known[0][1] / k)
    if e.op == "rint":
        return tuple(float(np.rint(v)) for v in known[0])  # type: ignore[return-value]
    if e.op in ("cast", "sat_cast"):
        return _cast(e, known[0])
    return of_type(e.dtype)


def _cast(e: Expr, b: Bounds) -> Bounds:
    """A conversion; NaN becomes 0, or the low bits of the smallest int32, which are 0 too."""
    low, high = of_type(e.dtype)
    if e.dtype.is_float or not e.args[0].dtype.is_float:
        return b
    if e.op == "sat_cast":
        b = float(np.rint(min(max(b[0], low), high))), float(np.rint(min(max(b[1], low), high)))
    elif b[0] < low or b[1] > high:
        return low, high
    return min(math.trunc(b[0]), 0.0), max(math.trunc(b[1]), 0.0)


class _Ranges:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.known: dict[str, Bounds] = {}

    def of(self, value: str) -> Bounds:
        """Bounds of a value; of its type where nothing more is known."""
        return self.known.get(value) or of_type(self.graph.types[value].dtype)

    def run(self) -> int:
        graph, found = self.graph, 0
        for name, array in graph.constants.items():
            if graph.types[name].dtype in BYTES and array.size:
                self.known[name] = float(array.min()), float(array.max())
        same: dict[str, str] = {}
        kept = []
        for node in graph.nodes:
            node.inputs = [same.get(i, i) for i in node.inputs]
            if self.idle(node):
                same[node.outputs[0]] = node.inputs[0]
                found += 1
                continue
            kept.append(node)
            if node.op in _PRODUCTS:
                x = self.of(node.inputs[0])
                if x != of_type(graph.types[node.inputs[0]].dtype):
                    node.attrs = {**node.attrs, "range": (int(x[0]), int(x[1]))}
                    found += 1
            y = node.outputs[0]
            if y and graph.types[y].dtype in BYTES:
                self.known[y] = self.made(node)
        graph.nodes = kept
        graph.drop_unused()
        return found

    def idle(self, node: Node) -> bool:
        """Whether a lookup gives back every number that it can meet."""
        if node.op != "lookup" or node.inputs[1] not in self.graph.constants or node.outputs[0] in self.graph.outputs:
            return False
        return self.graph.types[node.inputs[0]] == self.graph.types[node.outputs[0]] and bool((self.part(node) == self.numbers(node)).all())

    def numbers(self, node: Node) -> np.ndarray:
        """What a lookup can meet, in order."""
        lo, hi = self.of(node.inputs[0])
        return np.arange(int(lo), int(hi) + 1)

    def part(self, node: Node) -> np.ndarray:
        """The part of a lookup's table for what it can meet."""
        first = -128 if self.graph.types[node.inputs[0]].dtype is DType.I8 else 0
        return np.asarray(self.graph.constants[node.inputs[1]][self.numbers(node) - first])

    def tame(self, node: Node, q: requantize.Requantize) -> bool:
        """Whether the multipliers of a requantisation are such that it meets no infinity, and so makes no NaN."""
        m = q.multiplier
        values = self.graph.constants.get(node.inputs[2 + int(m.value)]) if m.op == "arg" else np.array(m.value)
        own = 0.0 if q.residual is None else q.residual.multiplier
        return values is not None and bool((np.abs(values) < _TAME).all()) and abs(own) < _TAME

    def made(self, node: Node) -> Bounds:
        """Bounds of what a node makes of 8 bits."""
        graph, dtype = self.graph, self.graph.types[node.outputs[0]].dtype
        if node.op in _PRODUCTS:
            epilogue = node.attrs.get("epilogue")
            q = requantize.match(epilogue)
            if q is not None and self.tame(node, q):
                return q.clamp.lo + q.clamp.zero, q.clamp.hi + q.clamp.zero
            extras = [self.of(i) if i else _ALL for i in node.inputs[3:]]
            return of_type(dtype) if epilogue is None else bounds(epilogue, [of_type(sum_type(node.attrs)), *extras])
        if node.op == "fused":
            return bounds(node.attrs["expr"], [self.of(i) if i else _ALL for i in node.inputs])
        if node.op == "lookup" and node.inputs[1] in graph.constants:
            part = self.part(node)
            return float(part.min()), float(part.max())
        if node.op in _MOVES or (node.op == "pad" and node.attrs["mode"] != "constant"):
            parts = [self.of(i) for i in (node.inputs if node.op == "concat" else node.inputs[:1])]
            hollow = node.op == "max_pool" and not _covered(node)
            return (of_type(dtype)[0] if hollow else min(p[0] for p in parts)), max(p[1] for p in parts)
        if node.op == "pad":
            lo, hi = self.of(node.inputs[0])
            return min(lo, float(node.attrs["value"])), max(hi, float(node.attrs["value"]))
        return of_type(dtype)


def _covered(node: Node) -> bool:
    """Whether each window of a max_pool has a cell of the picture (one without gives the smallest number of the type)."""
    pads, kernel = node.attrs.get("pads") or (), node.attrs["kernel_shape"]
    undilated = all(d == 1 for d in node.attrs.get("dilations") or ())
    return not any(pads) or (undilated and not any(node.attrs.get("ceil_pads") or ()) and max(pads) < min(kernel))


def run(graph: Graph) -> int:
    """Returns how many products were told the range of their input, and how many tables went away."""
    return _Ranges(graph).run() if any(n.op in _PRODUCTS for n in graph.nodes) else 0

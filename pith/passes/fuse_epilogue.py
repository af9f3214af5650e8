"""Elementwise operators behind conv, conv_transpose or matmul go into its epilogue.

From the anchor's result a region grows over elementwise readers, in order, and is cut back to the last point where a
single value leaves it; that value becomes the anchor's result. Later anchors choose first, so that a residual sum goes
into the branch that ends last. Behind a sum of integers the region ends where it is quantised again, or after a residual sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from pith.graph import DType, Expr, Graph, Node
from pith.graph.expr import arg, const, substitute, used_args
from pith.ops.base import add_node
from pith.ops.conv_integer import sum_type
from pith.ops.windows import channel_axis
from pith.passes.canonical import Canonical
from pith.passes.quantised import NARROW
from pith.passes.rewrite import merge_origin
from pith.passes.scalars import as_stored, constant_scalar, elementwise, scalar_expr

_INTEGER = ("conv_integer", "matmul_integer")
_PRODUCTS = ("matmul", "matmul_integer")
_ANCHORS = ("conv", "conv_transpose", "matmul", *_INTEGER)
_LIMIT = 40  # functions in one epilogue
_EXTRAS = 4
_NODES = 16


@dataclass(slots=True)
class _Region:
    """Values computed inside, as expressions over (accumulator, extras...)."""

    values: dict[str, Expr]
    extras: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def copy(self) -> _Region:
        return _Region(dict(self.values), list(self.extras), list(self.nodes))


class _Fusion:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers = graph.consumers()
        self.makers = graph.producers()
        self.outputs = set(graph.outputs)
        self.place: dict[int, float] = {id(n): float(k) for k, n in enumerate(graph.nodes)}
        self.made_at: dict[str, float] = {o: self.place[id(n)] for n in graph.nodes for o in n.outputs}
        self.gone: set[int] = set()
        self.added: list[Node] = []

    def run(self) -> int:
        graph = self.graph
        for node in reversed(graph.nodes):
            if self.is_anchor(node):
                region = self.grow(node, later=False) or self.grow(node, later=self.may_wait(node))
                if region is not None:
                    self.fuse(node, region)
        kept = [n for n in graph.nodes if id(n) not in self.gone] + self.added
        graph.nodes = sorted(kept, key=lambda n: self.place[id(n)])
        for node in graph.nodes:
            _narrow_scale(graph, node)
        graph.drop_unused()
        return len(self.gone)

    def is_anchor(self, node: Node) -> bool:
        if node.op not in _ANCHORS or node.attrs.get("epilogue") is not None or node.inputs[3:]:
            return False
        t = self.graph.types[node.outputs[0]]
        kind = sum_type(node.attrs) if node.op in _INTEGER else DType.F32
        return t.dtype is kind and bool(t.shape) and node.outputs[0] not in self.outputs

    def may_wait(self, node: Node) -> bool:
        """Whether the anchor may run later, where a reader's other operand is there: its input then lives on instead of
        its result."""
        types = self.graph.types
        return types[node.inputs[0]].nbytes <= types[node.outputs[0]].nbytes

    def grow(self, anchor: Node, *, later: bool) -> _Region | None:
        """The largest region with one exit; `later`: it may read values made after the anchor."""
        region = _Region({anchor.outputs[0]: arg(0, self.graph.types[anchor.outputs[0]].dtype)})
        best: _Region | None = None
        inside: set[int] = set()
        while len(region.nodes) < _NODES:
            around = [u for v in region.values for u in self.readers.get(v, ()) if id(u) not in inside]
            if not around or len(around) > _NODES:
                break
            node = min(around, key=lambda n: self.place[id(n)])
            if id(node) in self.gone or not self.absorb(anchor, region, node, later):
                break
            inside.add(id(node))
            exits = [v for v in region.values if v in self.outputs or any(id(u) not in inside for u in self.readers.get(v, ()))]
            y = node.outputs[0]
            dtype = self.graph.types[y].dtype
            quantised = anchor.op in _INTEGER and dtype in NARROW
            if exits == [y] and (dtype is DType.F32 or quantised) and (best is None or self.goes_on(best, region, y)):
                best = region.copy()
        return best

    def goes_on(self, best: _Region, region: _Region, y: str) -> bool:
        """Whether `region`, up to `y`, is better than `best`. Behind a quantisation a further tensor must come in (a residual
        sum), or floats be wanted: functions of the quantised value alone are tables."""
        types = self.graph.types
        if types[best.nodes[-1].outputs[0]].dtype not in NARROW:
            return True
        tensors = [sum(types[v].shape == types[y].shape for v in r.extras) for r in (best, region)]
        return tensors[1] > tensors[0] or (types[y].dtype is DType.F32 and not any(elementwise(u) for u in self.readers.get(y, ())))

    def absorb(self, anchor: Node, region: _Region, node: Node, later: bool) -> bool:
        """Add one elementwise node to the region; False when it does not fit."""
        graph, out = self.graph, self.graph.types[node.outputs[0]]
        if not elementwise(node) or out.shape != graph.types[anchor.outputs[0]].shape:
            return False
        args: list[Expr] = []
        extras = list(region.extras)
        for value in node.inputs:
            known = region.values.get(value) if value else const(0.0, DType.F32)
            known = known or constant_scalar(graph, value) or self.operand(anchor, value, extras, later)
            if known is None:
                return False
            args.append(known)
        expr = as_stored(scalar_expr(graph, node, args), out.dtype)
        if expr.size() > _LIMIT or len(extras) > _EXTRAS:
            return False
        region.extras = extras
        region.values[node.outputs[0]] = expr
        region.nodes.append(node)
        return True

    def operand(self, anchor: Node, value: str, extras: list[str], later: bool) -> Expr | None:
        """The element of another tensor, which joins the extras; of one that was dequantised, its integers do."""
        maker = self.makers.get(value)
        if anchor.op in _INTEGER and maker is not None and maker.op == "dequantize_linear" and self.graph.types[maker.inputs[0]].dtype in NARROW:
            inner = [constant_scalar(self.graph, i) or self.operand(anchor, i, extras, later) for i in maker.inputs if i]
            found = [e for e in inner if e is not None]
            return scalar_expr(self.graph, maker, found) if len(found) == len(maker.inputs) else None
        if not self.readable(anchor, value, later):
            return None
        if value not in extras:
            extras.append(value)
        return arg(1 + extras.index(value), self.graph.types[value].dtype)

    def readable(self, anchor: Node, value: str, later: bool) -> bool:
        """Whether an epilogue can read `value`: float32, one element for each of the result or for each channel; behind
        a sum of integers also integers of 8 and 16 bits, int32 constants of channels, and constants in float64, of which none is left."""
        t, shape = self.graph.types[value], self.graph.types[anchor.outputs[0]].shape
        channel, constant = _per_channel(anchor, t.shape, shape), value in self.graph.constants
        integer = anchor.op in _INTEGER and (t.dtype in NARROW or (t.dtype in (DType.F64, DType.I32) and constant and channel))
        if not (t.dtype is DType.F32 or integer) or not (later or self.made_at.get(value, -1.0) < self.place[id(anchor)]):
            return False
        if t.shape == shape:  # the product of two tensors made at run time has no room for a third
            return anchor.op not in _PRODUCTS or anchor.inputs[1] in self.graph.constants or (channel and integer)
        return channel

    def fuse(self, anchor: Node, region: _Region) -> None:
        """Make the region's last value the anchor's result."""
        graph, last = self.graph, region.nodes[-1]
        result = last.outputs[0]
        place = self.place[id(anchor)]
        if any(self.made_at.get(v, -1.0) > place for v in region.extras):
            place = self.place[id(last)]
        extras = []
        expr, values = region.values[result], region.extras
        if anchor.op in _INTEGER:
            expr, values = self.canonical(anchor, expr, values)
        for value in values:
            shape = graph.types[value].shape
            vector = shape != graph.types[result].shape and len(shape) != 1
            if vector and value in graph.constants:
                value = graph.add_constant(graph.constants[value].reshape(-1), value)
            elif vector:
                value = add_node(graph, "reshape", [value], {"shape": (graph.types[value].size,)}, like=anchor, into=self.added)
                self.place[id(self.added[-1])] = place - 0.5
            extras.append(value)
        anchor.inputs = [*anchor.inputs, *[""] * (3 - len(anchor.inputs)), *extras]
        anchor.attrs["epilogue"] = expr
        anchor.outputs = [result]
        anchor.origin = merge_origin([anchor, *region.nodes])
        self.place[id(anchor)] = place
        self.made_at[result] = place
        self.gone.update(id(n) for n in region.nodes)


    def canonical(self, anchor: Node, expr: Expr, values: list[str]) -> tuple[Expr, list[str]]:
        """The expression and its extras with scales multiplied out (`pith.ops.requantize`)."""
        graph, shape = self.graph, self.graph.types[anchor.outputs[0]].shape
        known = {
            1 + k: graph.constants[v].reshape(-1)
            for k, v in enumerate(values)
            if v in graph.constants and _per_channel(anchor, graph.types[v].shape, shape)
        }
        form = Canonical(known, 1 + len(values))
        expr = form.run(expr)
        expr = expr if expr.dtype in NARROW else form.tidy(expr, {})
        used = [i for i in used_args(expr) if i]
        names = [values[i - 1] if i <= len(values) else graph.add_constant(form.made[i], f"{anchor.name or anchor.op}.multiplier") for i in used]
        for k, i in enumerate(used):
            if i in known and i <= len(values) and graph.types[names[k]].dtype is DType.F32:
                names[k] = graph.add_constant(known[i], names[k])
        place: list[Expr] = [arg(0, sum_type(anchor.attrs))] * form.next_arg
        for e in expr.walk():
            if e.op == "arg" and e.value:
                place[int(e.value)] = arg(1 + used.index(int(e.value)), e.dtype)
        return substitute(expr, place), names


def _narrow_scale(graph: Graph, node: Node) -> None:
    """The float64 scale of sums that nothing was multiplied into becomes the float32 it is read as."""
    if node.op == "dequantize_linear" and node.attrs["dtype"] is DType.F32 and graph.types[node.inputs[1]].dtype is DType.F64:
        scale = graph.constants.get(node.inputs[1])
        if scale is not None:
            node.inputs[1] = graph.add_constant(scale.astype(np.float32), node.inputs[1])


def _per_channel(anchor: Node, shape: tuple[int, ...], out: tuple[int, ...]) -> bool:
    """Whether a tensor varies along the channel axis only (and has one value for every channel)."""
    axis = len(out) - 1 if anchor.op in _PRODUCTS else channel_axis(anchor.attrs, len(out))
    if len(shape) > len(out):
        return False
    full = (1,) * (len(out) - len(shape)) + shape
    return full[axis] == out[axis] and math.prod(full) == out[axis]


def run(graph: Graph) -> int:
    """Returns how many elementwise nodes were fused."""
    return _Fusion(graph).run()

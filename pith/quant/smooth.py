"""Channels of activations evened out: each channel is divided where it is made and multiplied where it is read.

A value has one scale, and a channel that is much smaller than the others keeps few of its bits; a channel of weights has a scale of its
own. So what makes a channel may divide it for nothing (its weights get smaller by as much, and so does their scale), and a depthwise
layer may multiply for nothing. Other readers pay in their weights, of which one scale holds all input channels: there the difference in
size is shared between the two.

Source: Xiao et al., SmoothQuant, arXiv 2211.10438 (s = max|X|^a / max|W|^(1-a), a = 1/2), for the channels of convolutions and through
what lies between (relu, pools, means, sums, concats, slices), as the equalisation of Nagel et al., arXiv 1906.04721, goes through relu.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pith.graph import Graph, Node
from pith.ops.base import add_node
from pith.quant.watch import Watched

_SHARED = 0.5  # of a channel's size, how much goes to the weights of readers that are not depthwise
_LIMIT = 1e4  # of a factor, and of its inverse
_SAME = ("relu", "leaky_relu", "prelu", "max_pool", "average_pool")  # f(c x) = c f(x) for c > 0, channel by channel


class _Sets:
    """Disjoint sets of numbers 0 to n - 1."""

    def __init__(self, n: int) -> None:
        self.parent = list(range(n))

    def find(self, k: int) -> int:
        while self.parent[k] != k:
            self.parent[k] = self.parent[self.parent[k]]
            k = self.parent[k]
        return k

    def join(self, a: int, b: int) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[max(a, b)] = min(a, b)


class _Smoother:
    """Channels (axis 1) of all values that have some are numbered; those that must be scaled alike are a set."""

    def __init__(self, graph: Graph, floats: set[str]) -> None:
        self.graph, self.floats = graph, floats
        self.first: dict[str, int] = {}
        total = 0
        for v, t in graph.types.items():
            if v not in graph.constants and len(t.shape) > 1 and t.size:
                self.first[v] = total
                total += t.shape[1]
        self.sets = _Sets(total)
        self.fixed = np.zeros(total, bool)
        self.makers: list[Node] = []
        self.readers: list[Node] = []
        self.inserted: list[str] = []
        for v in (*graph.inputs, *graph.outputs):
            self.fix(v)
        for node in graph.nodes:
            self.look(node)

    def shape(self, v: str) -> tuple[int, ...]:
        return self.graph.types[v].shape

    def fix(self, v: str) -> None:
        if v in self.first:
            self.fixed[self.first[v] : self.first[v] + self.shape(v)[1]] = True

    def channels(self, v: str) -> np.ndarray:
        """The sets of the channels of `v`, int [C]."""
        return np.array([self.sets.find(self.first[v] + c) for c in range(self.shape(v)[1])])

    def tie(self, v: str, u: str, of: np.ndarray) -> None:
        """Channel c of `v` is scaled as channel of[c] of `u`."""
        a, b = self.first[v], self.first[u]
        for c, other in enumerate(of.tolist()):
            self.sets.join(a + c, b + other)

    # ---- what a node does to channels

    def look(self, node: Node) -> None:
        inputs = [i for i in node.inputs if i and i not in self.graph.constants]
        out = node.outputs[0]
        weighted = self.weighted(node)
        if weighted:
            self.readers.append(node)
            self.makers.append(node)
            return
        if out in self.first and not any(node.outputs[1:]) and self.passes(node, inputs, out):
            return
        for v in inputs:
            self.fix(v)
        for v in node.outputs:
            if v in self.floats and v == out and v in self.first:
                self.inserted.append(v)
            elif v:
                self.fix(v)

    def weighted(self, node: Node) -> bool:
        """Whether weights of its own make and read the channels: a convolution, or a product with a constant matrix."""
        constants = self.graph.constants
        if node.op not in ("conv", "matmul") or node.attrs.get("epilogue") is not None or len(node.inputs) > 3:
            return False
        if node.inputs[0] not in self.first or any(i not in constants for i in node.inputs[1:] if i):
            return False
        return node.op == "conv" or (len(self.shape(node.inputs[0])) == 2 and constants[node.inputs[1]].ndim == 2 and not node.attrs.get("trans_a"))

    def passes(self, node: Node, inputs: list[str], out: str) -> bool:
        """Tie the channels of what only passes channels on; False where it does not, or not so simply."""
        if any(i not in self.first for i in inputs) or not inputs:
            return False
        x, given, made = inputs[0], self.shape(inputs[0]), self.shape(out)
        every = np.arange(made[1])
        same = given[:2] == made[:2]
        op, attrs = node.op, node.attrs
        if op == "concat":
            if attrs["axis"] != 1:
                return False
            at = 0
            for v in inputs:
                count = self.shape(v)[1]
                for c in range(count):
                    self.sets.join(self.first[out] + at + c, self.first[v] + c)
                at += count
            return at == made[1]
        if op == "add" and len(inputs) == 2 and all(self.shape(v) == made for v in inputs):
            for v in inputs:
                self.tie(out, v, every)
            return True
        if len(inputs) != 1 or x != node.inputs[0]:
            return False
        alike = op in _SAME or op == "reshape"
        alike |= op == "reduce" and attrs["kind"] == "mean" and all(a > 1 for a in attrs["axes"])
        alike |= op == "resize" and attrs["mode"] in ("nearest", "linear") and not attrs.get("extrapolation_value")
        if alike and same:
            self.tie(out, x, every)
        elif op == "slice":
            self.tie(out, x, attrs["starts"][1] + attrs["steps"][1] * every)
        elif op == "reshape" and len(made) == 2 and made[0] == given[0]:
            self.tie(out, x, every // (made[1] // given[1]))
        else:
            return False
        return True

    # ---- factors

    def factors(self, watched: Mapping[str, Watched]) -> np.ndarray:
        """What each set is divided by, float64, by the number of the set; 1 where it must stay."""
        total = len(self.fixed)
        top, weight, dense = np.zeros(total), np.zeros(total), np.zeros(total, bool)
        fixed, used = np.zeros(total, bool), np.zeros(total, bool)
        every = np.array([self.sets.find(k) for k in range(total)], dtype=np.int64)
        np.logical_or.at(fixed, every, self.fixed)
        together = _Sets(total)  # sets that share the scale of a value
        for v, seen in watched.items():
            if v in self.first and seen.channels is not None and len(seen.channels) == self.shape(v)[1]:
                at = self.channels(v)
                np.maximum.at(top, at, seen.channels.astype(np.float64))
                for k in at[1:].tolist():
                    together.join(int(at[0]), k)
        for node in self.readers:
            at = self.channels(node.inputs[0])
            used[at] = True
            if not depthwise(self.graph, node):
                np.maximum.at(weight, at, relative(self.graph, node))
                dense[at] = True
        free = ~fixed & used & (top > 0)
        size = np.where(weight > 0, weight, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            wanted = np.where(dense, top ** (1 - _SHARED) / size**_SHARED, top)
        result = np.ones(total)
        groups: dict[int, list[int]] = {}
        for k in sorted(set(every.tolist())):
            if top[k] > 0:
                groups.setdefault(together.find(k), []).append(k)
        for members in groups.values():
            at = np.array(members)
            at_free = at[free[at]]
            if at_free.size:
                after = top[at_free] / wanted[at_free]
                result[at_free] = np.clip(wanted[at_free] * after.max() / top[at].max(), 1 / _LIMIT, _LIMIT)
        return result

    def apply(self, factors: np.ndarray) -> int:
        """Change the graph; returns how many values have other channels now."""
        changed = {v for v in self.first if (factors[self.channels(v)] != 1).any()}
        for node in self.readers:
            if node.inputs[0] in changed:
                self.scale_reader(node, factors[self.channels(node.inputs[0])])
        for node in self.makers:
            if node.outputs[0] in changed:
                self.scale_maker(node, factors[self.channels(node.outputs[0])])
        for v in self.inserted:
            if v in changed:
                self.insert(v, factors[self.channels(v)])
        self.graph.drop_unused()
        return len(changed)

    def set_constant(self, node: Node, at: int, value: np.ndarray) -> None:
        name = f"{node.name or node.outputs[0]}.{('x', 'weights', 'bias')[at]}"
        node.inputs = [*node.inputs[:at], self.graph.add_constant(value.astype(np.float32), name), *node.inputs[at + 1 :]]

    def scale_reader(self, node: Node, s: np.ndarray) -> None:
        w = self.graph.constants[node.inputs[1]].astype(np.float64)
        if node.op == "conv":
            group = node.attrs["group"]
            grouped = w.reshape(group, w.shape[0] // group, w.shape[1], -1) * s.reshape(group, 1, w.shape[1], 1)
            self.set_constant(node, 1, grouped.reshape(w.shape))
        else:
            self.set_constant(node, 1, w * (s[None] if node.attrs.get("trans_b") else s[:, None]))

    def scale_maker(self, node: Node, s: np.ndarray) -> None:
        w = self.graph.constants[node.inputs[1]].astype(np.float64)
        if node.op == "conv":
            w = w / s.reshape(-1, *[1] * (w.ndim - 1))
        else:
            w = w / (s[:, None] if node.attrs.get("trans_b") else s[None])
        self.set_constant(node, 1, w)
        if len(node.inputs) > 2 and node.inputs[2]:
            self.set_constant(node, 2, self.graph.constants[node.inputs[2]].astype(np.float64) / s)

    def insert(self, v: str, s: np.ndarray) -> None:
        """A multiplication behind the float operator that makes `v`."""
        graph = self.graph
        maker = graph.producers()[v]
        whole = graph.fresh(f"{v}.uneven")
        graph.types[whole] = graph.types[v]
        maker.outputs[0] = whole
        shape = (1, -1, *[1] * (len(self.shape(v)) - 2))
        factor = graph.add_constant((1 / s).reshape(shape).astype(np.float32), f"{v}.even")
        into: list[Node] = []
        add_node(graph, "mul", [whole, factor], {}, outputs=[v], into=into)
        graph.nodes[graph.nodes.index(maker) + 1 : graph.nodes.index(maker) + 1] = into


def depthwise(graph: Graph, node: Node) -> bool:
    """Whether each channel of the output reads one of the input."""
    return node.op == "conv" and graph.types[node.inputs[1]].shape[1] == 1


def relative(graph: Graph, node: Node) -> np.ndarray:
    """For each input channel [C] its largest weight, in shares of the largest weight of the output channel it is in."""
    w = np.abs(graph.constants[node.inputs[1]].astype(np.float64))
    if node.op == "conv":
        group = node.attrs["group"]
        rows = w.reshape(group, w.shape[0] // group, w.shape[1], -1).max(axis=3)
    else:
        rows = (w if node.attrs.get("trans_b") else w.T)[None]
    whole = rows.max(axis=2, keepdims=True)
    return np.asarray((rows / np.where(whole > 0, whole, 1.0)).max(axis=1).reshape(-1))


def smooth(graph: Graph, watched: Mapping[str, Watched], floats: set[str]) -> int:
    """Even out channels in `graph`, which is changed: it computes the same, up to rounding. Returns in how many values.

    watched: what values did in the calibration data, those that will be on a grid.  floats: values that operators in
    floats make, behind which a multiplication by constants costs next to nothing.
    """
    smoother = _Smoother(graph, floats)
    count = smoother.apply(smoother.factors(watched))
    graph.validate()
    return count

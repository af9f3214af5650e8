"""Layer and RMS normalisation spelled out in primitives become layer_norm and rms_norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pith.graph import Graph, Node
from pith.passes.products import plus_constant
from pith.passes.rewrite import Rewrite, merge_origin, scalar_of, use_counts


@dataclass(frozen=True, slots=True)
class _Core:
    """x (less its mean when `centred`) over the root of the mean of its squares plus epsilon, over the axes from `axis`."""

    x: str
    axis: int
    epsilon: float
    centred: bool


class _Finder:
    def __init__(self, walk: Rewrite) -> None:
        self.walk, self.graph, self.made = walk, walk.graph, walk.made

    def node(self, value: str, op: str) -> Node | None:
        node = self.made.get(value)
        return node if node is not None and node.op == op else None

    def mean(self, value: str) -> tuple[str, int] | None:
        """(x, axis) when `value` is the mean of x over its trailing axes from `axis`, kept."""
        node = self.node(value, "reduce")
        if node is None or node.attrs["kind"] != "mean" or not node.attrs["keepdims"]:
            return None
        rank, axes = len(self.graph.types[node.inputs[0]].shape), tuple(node.attrs["axes"])
        return (node.inputs[0], axes[0]) if axes and axes == tuple(range(axes[0], rank)) else None

    def square(self, value: str) -> str | None:
        """v when `value` is v * v."""
        node = self.node(value, "mul")
        if node is not None:
            return node.inputs[0] if node.inputs[0] == node.inputs[1] else None
        node = self.node(value, "pow")
        return node.inputs[0] if node is not None and scalar_of(self.graph, node.inputs[1]) == 2 else None

    def denominator(self, node: Node) -> tuple[str, str] | None:
        """(numerator, radicand) when `node` divides by a root, or multiplies by a root's reciprocal."""
        if node.op == "div":
            root = self.node(node.inputs[1], "sqrt")
            return (node.inputs[0], root.inputs[0]) if root is not None else None
        for k in (0, 1):
            inverse = self.node(node.inputs[k], "reciprocal")
            if inverse is None and (quotient := self.node(node.inputs[k], "div")) is not None:
                inverse = Node("", [quotient.inputs[1]], []) if scalar_of(self.graph, quotient.inputs[0]) == 1 else None
            root = None if inverse is None else self.node(inverse.inputs[0], "sqrt")
            if root is not None:
                return node.inputs[1 - k], root.inputs[0]
        return None

    def core(self, node: Node) -> _Core | None:
        """What `node` normalises."""
        found = self.denominator(node)
        shifted = None if found is None else plus_constant(self.graph, self.made, found[1])
        if found is None or shifted is None or self.graph.types[found[0]] != self.graph.types[node.outputs[0]]:
            return None
        mean = self.mean(shifted[0])
        top = found[0]
        if mean is None or self.square(mean[0]) != top or shifted[1] < 0:
            return None
        centred = self.node(top, "sub")
        if centred is not None and self.mean(centred.inputs[1]) == (centred.inputs[0], mean[1]):
            return _Core(centred.inputs[0], mean[1], shifted[1], True)
        return _Core(top, mean[1], shifted[1], False)


class _Norms:
    """One walk; a normalisation that was just made takes up the scale and the bias that follow it."""

    def __init__(self, graph: Graph) -> None:
        self.walk = Rewrite(graph)
        self.finder = _Finder(self.walk)
        self.uses = use_counts(graph)
        self.fresh: set[str] = set()  # norms made here whose scale is still 1

    def run(self) -> int:
        graph = self.walk.graph
        for node in graph.nodes:
            self.walk.resolve(node)
            core = self.finder.core(node) if node.op in ("div", "mul") else None
            if core is not None and graph.types[core.x].dtype.is_float:
                self.replace(node, core)
            elif node.op not in ("mul", "add") or not self.extend(node):
                self.walk.keep(node)
        return self.walk.finish()

    def replace(self, node: Node, core: _Core) -> None:
        walk, t = self.walk, self.walk.type(core.x)
        scale = walk.graph.add_constant(np.ones(t.shape[core.axis :], t.dtype.np), "scale")
        attrs = {"axis": core.axis, "epsilon": core.epsilon}
        y = walk.add("layer_norm" if core.centred else "rms_norm", [core.x, scale], attrs, like=node)
        for extra in walk.nodes[-1].outputs[1:]:
            walk.graph.types.pop(extra, None)
        walk.nodes[-1].outputs = [y]
        self.swap(node.outputs[0], walk.nodes[-1])
        self.fresh.add(walk.nodes[-1].outputs[0])

    def swap(self, old: str, norm: Node) -> None:
        self.walk.replace(old, norm.outputs[0])
        self.uses[norm.outputs[0]] = self.uses.get(old, 0)

    def extend(self, node: Node) -> bool:
        """Take a constant factor into the scale, or a constant summand into the bias, of the norm that `node` reads."""
        graph = self.walk.graph
        for k in (0, 1):
            norm = self.walk.made.get(node.inputs[k])
            c = graph.constants.get(node.inputs[1 - k])
            if norm is None or c is None or norm.op not in ("layer_norm", "rms_norm") or self.uses.get(node.inputs[k]) != 1:
                continue
            t = graph.types[norm.inputs[0]]
            tail = t.shape[norm.attrs["axis"] :]
            lead = c.ndim - len(tail)
            if (
                graph.types[node.outputs[0]] != t or any(d != 1 for d in c.shape[: max(lead, 0)])
                or (node.op == "mul" and norm.outputs[0] not in self.fresh)
                or (node.op == "add" and (norm.op == "rms_norm" or norm.inputs[2:] or norm.outputs[1:]))
            ):  # fmt: skip
                continue
            vector = np.broadcast_to(c.reshape(c.shape[max(lead, 0) :]), tail)
            name = graph.add_constant(vector.astype(t.dtype.np), "scale" if node.op == "mul" else "bias")
            norm.inputs = [norm.inputs[0], name] if node.op == "mul" else [*norm.inputs[:2], name]
            norm.origin = merge_origin([norm, node])
            self.fresh.discard(norm.outputs[0])
            self.swap(node.outputs[0], norm)
            return True
        return False


def run(graph: Graph) -> int:
    """Returns the number of changes."""
    return _Norms(graph).run()

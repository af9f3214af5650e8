"""Products and sums with constants around conv, conv_transpose and matmul go into their weights and bias.

Behind: y * c, y / c, y + c, y - c, c - y with one c a channel. In front: x * c and x / c, and where no padding mixes
zeros in x + c and x - c. Everything is computed in float64 and rounded once. Weights of -1, 0 and 1 alone stay as they are.
"""

from __future__ import annotations

import numpy as np

from pith.graph import DType, Graph, Node
from pith.ops.signs import only_signs
from pith.passes.rewrite import Rewrite, merge_origin, use_counts, vector_along

_ANCHORS = ("conv", "conv_transpose", "matmul")


class _Weights:
    """Weights and bias of an anchor in float64, and where their channels are."""

    def __init__(self, graph: Graph, node: Node) -> None:
        self.node = node
        self.w = graph.constants[node.inputs[1]].astype(np.float64)
        bias = node.inputs[2] if len(node.inputs) > 2 else ""
        self.out = graph.types[node.outputs[0]].shape
        self.bias = graph.constants[bias].astype(np.float64) if bias else None
        self.group = node.attrs.get("group", 1)
        last = node.op == "matmul" or node.attrs["layout"] == "channels_last"
        self.axis = len(self.out) - 1 if last else 1

    @property
    def b(self) -> np.ndarray:
        """The bias, zeros where there is none."""
        return np.zeros(self.out[self.axis]) if self.bias is None else self.bias

    def scale_outputs(self, c: np.ndarray) -> None:
        if self.node.op == "matmul":
            self.w = self.w * (c[:, None] if self.node.attrs.get("trans_b") else c)
        elif self.node.op == "conv":
            self.w = self.w * c.reshape(-1, *[1] * (self.w.ndim - 1))
        else:
            grouped = self.w.reshape(self.group, -1, *self.w.shape[1:])
            self.w = (grouped * c.reshape(self.group, 1, -1, *[1] * (self.w.ndim - 2))).reshape(self.w.shape)
        self.bias = None if self.bias is None else self.bias * c

    def by_input(self, c: np.ndarray) -> np.ndarray:
        """The weights, each multiplied by the `c` of its input channel."""
        if self.node.op == "matmul":
            return np.asarray(self.w * (c if self.node.attrs.get("trans_b") else c[:, None]))
        if self.node.op == "conv_transpose":
            return np.asarray(self.w * c.reshape(-1, *[1] * (self.w.ndim - 1)))
        grouped = self.w.reshape(self.group, -1, *self.w.shape[1:])
        return np.asarray((grouped * c.reshape(self.group, 1, -1, *[1] * (self.w.ndim - 2))).reshape(self.w.shape))

    def shift_inputs(self, c: np.ndarray) -> None:
        """Take a constant added to the input channels into the bias (conv and matmul without padding)."""
        added = self.by_input(c)
        if self.node.op == "matmul":
            self.bias = self.b + added.sum(axis=1 if self.node.attrs.get("trans_b") else 0)
        else:
            self.bias = self.b + added.reshape(added.shape[0], -1).sum(axis=1)

    def store(self, graph: Graph) -> bool:
        """Put the new constants into the graph; False (nothing done) when they leave float32's range."""
        arrays = [self.w, self.b] if self.bias is not None else [self.w]
        with np.errstate(over="ignore"):
            narrow = [a.astype(np.float32) for a in arrays]
        if not all(np.isfinite(a).all() for a in narrow):
            return False
        name = self.node.name or self.node.op
        self.node.inputs[1] = graph.add_constant(narrow[0], f"{name}.weights")
        if self.bias is not None:
            self.node.inputs = [*self.node.inputs[:2], graph.add_constant(narrow[1], f"{name}.bias")]
        return True


def _foldable(graph: Graph, node: Node) -> bool:
    """An anchor with constant float32 weights and bias, and no epilogue yet."""
    if node.op not in _ANCHORS or node.inputs[3:] or node.attrs.get("epilogue") is not None:
        return False
    w = graph.constants.get(node.inputs[1])
    bias = node.inputs[2] if len(node.inputs) > 2 else ""
    plain = graph.types[node.outputs[0]].dtype is DType.F32 and w is not None and (not bias or bias in graph.constants)
    return plain and w is not None and (node.op != "matmul" or (w.ndim == 2 and not node.attrs.get("trans_a")))


def _operand(graph: Graph, node: Node, value: str, axis: int) -> tuple[int, np.ndarray] | None:
    """For an arithmetic node on `value` and a constant: where `value` stands, and the constant along `axis`."""
    if node.op not in ("add", "sub", "mul", "div") or node.inputs.count(value) != 1:
        return None
    if graph.types[node.outputs[0]] != graph.types[value]:
        return None
    at = node.inputs.index(value)
    array = graph.constants.get(node.inputs[1 - at])
    vector = None if array is None else vector_along(array, axis, graph.types[value].shape)
    return None if vector is None else (at, vector.astype(np.float64))


def _behind(graph: Graph, node: Node, anchor: Node) -> bool:
    """Fold `node`, the only reader of the anchor's result, into the anchor."""
    weights = _Weights(graph, anchor)
    found = _operand(graph, node, anchor.outputs[0], weights.axis)
    if found is None or only_signs(weights.w):
        return False
    at, c = found
    if node.op == "add":
        weights.bias = weights.b + c
    elif node.op == "sub":
        if at == 1:
            weights.scale_outputs(np.full(c.shape, -1.0))
        weights.bias = weights.b + (c if at == 1 else -c)
    elif node.op == "mul":
        weights.scale_outputs(c)
    elif at == 0 and c.all():
        weights.scale_outputs(1 / c)
    else:
        return False
    return weights.store(graph)


def _in_front(graph: Graph, node: Node, anchor: Node) -> str | None:
    """Fold `node`, which makes the anchor's input for it alone; returns what the anchor is to read instead."""
    rank = len(graph.types[anchor.inputs[0]].shape)
    last = anchor.op == "matmul" or anchor.attrs["layout"] == "channels_last"
    value = next((i for i in node.inputs if i not in graph.constants), "")
    found = _operand(graph, node, value, rank - 1 if last else 1)
    if found is None:
        return None
    at, c = found
    weights = _Weights(graph, anchor)
    if node.op == "mul" or (node.op == "div" and at == 0 and bool(c.all())):
        weights.w = weights.by_input(c if node.op == "mul" else 1 / c)
    elif node.op in ("add", "sub") and anchor.op != "conv_transpose" and not any(anchor.attrs.get("pads") or ()):
        if node.op == "sub" and at == 1:
            weights.shift_inputs(c)
            weights.w = -weights.w
        else:
            weights.shift_inputs(c if node.op == "add" else -c)
    else:
        return None
    return value if weights.store(graph) else None


def run(graph: Graph) -> int:
    """Returns how many nodes were folded away."""
    walk = Rewrite(graph)
    uses = use_counts(graph)
    for node in graph.nodes:
        walk.resolve(node)
        anchor = next((walk.made[i] for i in node.inputs if i in walk.made and uses.get(i) == 1 and _foldable(graph, walk.made[i])), None)
        if anchor is not None and node.op in ("add", "sub", "mul", "div") and _behind(graph, node, anchor):
            anchor.origin = merge_origin([anchor, node])
            walk.replace(node.outputs[0], anchor.outputs[0])
            uses[anchor.outputs[0]] = uses.get(node.outputs[0], 0)
            continue
        if _foldable(graph, node):
            _absorb_front(walk, node, uses)
        walk.keep(node)
    return walk.finish()


def _absorb_front(walk: Rewrite, node: Node, uses: dict[str, int]) -> None:
    """Fold the whole chain of arithmetic in front of an anchor."""
    while (before := walk.made.get(node.inputs[0])) is not None and uses.get(node.inputs[0]) == 1:
        source = _in_front(walk.graph, before, node)
        if source is None:
            return
        node.inputs[0] = source
        node.origin = merge_origin([before, node])
        walk.changed += 1

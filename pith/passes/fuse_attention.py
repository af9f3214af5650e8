"""softmax(q k^T * scale + mask) v becomes one attention, where nobody else reads the scores.

Transposes around it stay views: the kernel reads any strides, and writes the result in the order a transpose behind it
asks for. A few query rows are left alone: each would have a vector to itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pith.graph import DType, Graph, Node
from pith.ops.base import add_node
from pith.passes.rewrite import merge_origin, scalar_of

_ROWS = 5  # query rows from which it pays


@dataclass(slots=True)
class _Scores:
    """What softmax reads: q k^T * scale + mask, and the nodes that make it."""

    scale: float = 1.0
    mask: str = ""
    q: str = ""
    k: str = ""
    swap_q: bool = False
    swap_k: bool = True  # [..., D, T] as the product reads it
    nodes: list[Node] = field(default_factory=list)


class _Fusion:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers = graph.consumers()
        self.producers = graph.producers()
        self.outputs = set(graph.outputs)
        self.gone: set[int] = set()
        self.made: dict[int, list[Node]] = {}  # by the node they take the place of

    def run(self) -> int:
        graph = self.graph
        for node in graph.nodes:
            if node.op == "softmax":
                self.visit(node)
        if not self.made:
            return 0
        nodes: list[Node] = []
        for node in graph.nodes:
            nodes += self.made.get(id(node), [])
            if id(node) not in self.gone:
                nodes.append(node)
        graph.nodes = nodes
        graph.drop_unused()
        return len(self.made)

    def shape(self, value: str) -> tuple[int, ...]:
        return self.graph.types[value].shape

    def alone(self, value: str) -> Node | None:
        """The only reader of a value that is no output of the network."""
        readers = self.readers.get(value, [])
        one = len(readers) == 1 and readers[0].inputs.count(value) == 1
        return readers[0] if one and value not in self.outputs else None

    def visit(self, softmax: Node) -> None:
        t = self.graph.types[softmax.inputs[0]]
        if t.dtype is not DType.F32 or len(t.shape) < 2 or softmax.attrs["axis"] != len(t.shape) - 1 or t.size == 0:
            return
        last = self.alone(softmax.outputs[0])
        if last is None or t.shape[-2] < _ROWS or not self.product(last) or last.inputs[0] != softmax.outputs[0] or last.attrs.get("trans_a"):
            return
        scores = self.scores(softmax.inputs[0])
        if scores is not None:
            self.join(scores, softmax, last)

    def product(self, node: Node) -> bool:
        """A plain product of matrices, both made at run time."""
        if node.op != "matmul" or any(node.inputs[2:]) or node.attrs.get("epilogue") is not None:
            return False
        b = node.inputs[1]
        return b not in self.graph.constants and min(len(self.shape(i)) for i in node.inputs[:2]) >= 2 and self.graph.types[b].size > 0

    def scores(self, value: str) -> _Scores | None:
        """`value` taken apart, None where it is something else."""
        found, shape = _Scores(), self.shape(value)
        while self.alone(value) is not None and value in self.producers:
            node = self.producers[value]
            if self.shape(value) != shape:
                return None
            found.nodes.insert(0, node)
            if self.product(node):
                found.q, found.k = node.inputs[0], node.inputs[1]
                found.swap_q, found.swap_k = bool(node.attrs.get("trans_a")), not node.attrs.get("trans_b")
                found.q, found.k = self.unscaled(found, found.q), self.unscaled(found, found.k)
                return found
            inner = self.scaled(found, node)
            if inner is None and node.op == "add" and not found.mask and found.scale == 1:
                inner = self.masked(found, node)
            if inner is None:
                return None
            value = inner
        return None

    def scaled(self, found: _Scores, node: Node) -> str | None:
        """x when `node` is x times a number (which goes into the scale)."""
        for k in (0, 1) if node.op == "mul" else (0,) if node.op == "div" else ():
            c = scalar_of(self.graph, node.inputs[1 - k])
            if c is not None and c != 0 and node.inputs[k] not in self.graph.constants:
                found.scale = found.scale * c if node.op == "mul" else found.scale / c
                return node.inputs[k]
        return None

    def masked(self, found: _Scores, node: Node) -> str | None:
        """x when `node` is x plus a mask; x is the side that a product makes."""
        for k in (0, 1):
            x, mask = node.inputs[k], node.inputs[1 - k]
            maker = self.producers.get(x)
            if maker is not None and maker.op in ("matmul", "mul", "div") and self.shape(x) == self.shape(node.outputs[0]):
                found.mask = mask
                return x
        return None

    def unscaled(self, found: _Scores, value: str) -> str:
        """q or k without a factor that is a number: taken from the product itself, or from under transposes and reshapes."""
        if self.alone(value) is None or value not in self.producers:
            return value
        node = self.producers[value]
        if node.op in ("transpose", "reshape"):
            node.inputs[0] = self.unscaled(found, node.inputs[0])
            return value
        inner = self.scaled(found, node)
        return value if inner is None or self.shape(inner) != self.shape(value) else inner

    def swapped(self, value: str, into: list[Node]) -> str:
        """The last two axes changed over."""
        rank = len(self.shape(value))
        return add_node(self.graph, "transpose", [value], {"perm": (*range(rank - 2), rank - 1, rank - 2)}, into=into)

    def join(self, scores: _Scores, softmax: Node, last: Node) -> None:
        into: list[Node] = []
        q = self.swapped(scores.q, into) if scores.swap_q else scores.q
        k = self.swapped(scores.k, into) if scores.swap_k else scores.k
        v = self.swapped(last.inputs[1], into) if last.attrs.get("trans_b") else last.inputs[1]
        nodes, perm = [*scores.nodes, softmax, last], tuple(range(len(self.shape(last.outputs[0]))))
        after = self.alone(last.outputs[0])
        if after is not None and after.op == "transpose" and after.attrs["perm"][-1] == perm[-1]:
            nodes.append(after)
            perm = tuple(after.attrs["perm"])
        inputs = [q, k, v, *([scores.mask] if scores.mask else [])]
        attrs = {"scale": scores.scale, "perm": perm}
        add_node(self.graph, "attention", inputs, attrs, outputs=nodes[-1].outputs, like=softmax, into=into)
        into[-1].origin = merge_origin(nodes)
        self.made[id(last)] = into
        self.gone.update(map(id, nodes))


def run(graph: Graph) -> int:
    """Returns how many attentions were made."""
    return _Fusion(graph).run()

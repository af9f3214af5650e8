"""A depthwise convolution and the 1x1 convolutions before and after it become one conv_chain (inverted residuals, separable
convolutions, both halves of a sandglass).

Only where nobody else reads what lies between. Lowering takes a chain apart again where that is faster (`pith.lower.chains`).
"""

from __future__ import annotations

from pith.graph import DType, Graph, Node
from pith.ops.base import Attrs, add_node
from pith.passes.rewrite import merge_origin


class _Blocks:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers = graph.consumers()
        self.producers = graph.producers()
        self.taken: set[int] = set()

    def run(self) -> int:
        graph = self.graph
        chains: dict[int, list[Node]] = {}  # by the last node, in whose place the chain goes
        for node in graph.nodes:
            chain = self.around(node) if id(node) not in self.taken else []
            if len(chain) > 1:
                self.taken.update(map(id, chain))
                chains[id(chain[-1])] = chain
        nodes: list[Node] = []
        for node in graph.nodes:
            if id(node) in chains:
                self.join(chains[id(node)], nodes)
            elif id(node) not in self.taken:
                nodes.append(node)
        graph.nodes = nodes
        return len(chains)

    def around(self, node: Node) -> list[Node]:
        """The chain whose depthwise convolution is `node`; the node alone where there is none."""
        if not self.is_conv(node) or not self.depthwise(node) or not self.plain(node):
            return []
        chain = [node]
        before = self.producers.get(node.inputs[0])
        if before is not None and self.pointwise(before) and self.plain(before) and self.alone(before):
            chain.insert(0, before)
        after = self.alone(node)
        if after is not None and self.pointwise(after) and after.inputs[0] == node.outputs[0]:
            chain.append(after)
        return chain

    def is_conv(self, node: Node) -> bool:
        """A 2-D float32 convolution, channels last, its weights known."""
        t = self.graph.types[node.outputs[0]]
        return (
            node.op == "conv" and id(node) not in self.taken and t.dtype is DType.F32 and len(t.shape) == 4
            and node.attrs["layout"] == "channels_last" and node.inputs[1] in self.graph.constants
        )  # fmt: skip

    def depthwise(self, node: Node) -> bool:
        w = self.graph.types[node.inputs[1]].shape
        return w[1] == 1 and node.attrs["group"] == w[0] > 1 and w[2:] != (1, 1)

    def pointwise(self, node: Node) -> bool:
        """1x1 over every pixel."""
        if not self.is_conv(node):
            return False
        a = node.attrs
        return a["group"] == 1 and self.graph.types[node.inputs[1]].shape[2:] == (1, 1) and {*a["strides"]} == {1} and not any(a["pads"])

    def plain(self, node: Node) -> bool:
        """The epilogue reads nothing but values for each channel."""
        return all(len(self.graph.types[e].shape) == 1 for e in node.inputs[3:])

    def alone(self, node: Node) -> Node | None:
        """The only reader of the node's result, where there is just one and it is no output of the network."""
        readers = self.readers.get(node.outputs[0], [])
        return readers[0] if len(readers) == 1 and node.outputs[0] not in self.graph.outputs else None

    def join(self, chain: list[Node], into: list[Node]) -> None:
        """Add the chain as one node."""
        inputs = [chain[0].inputs[0]]
        counts = []
        for n in chain:
            own = [*n.inputs[1:], *[""] * (3 - len(n.inputs))]
            counts.append(len(own))
            inputs += own
        attrs: Attrs = {"stages": tuple(n.attrs for n in chain), "counts": tuple(counts)}
        add_node(self.graph, "conv_chain", inputs, attrs, outputs=chain[-1].outputs, like=chain[-1], into=into)
        into[-1].origin = merge_origin(chain)


def run(graph: Graph) -> int:
    """Returns how many chains were made."""
    return _Blocks(graph).run()

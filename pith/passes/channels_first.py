"""Pictures with channels last in the file (TFLite's) to channels first: the form that quantisation and export work on.

The opposite of the layout pass, for graphs that come in its form already. One walk forward: convolutions and pools that are
channels last run channels first, and what follows them too as long as it can; transposes stand at the borders only.
"""

from __future__ import annotations

from pith.graph import Graph, Node
from pith.passes.rewrite import Rewrite
from pith.passes.wanted_forms import all_inputs_move, moved_attrs

_FIRST, _LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class _First:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.walk = graph, Rewrite(graph)
        self.first: dict[str, str] = {}  # value -> itself stored channels first
        self.owed: set[str] = set()  # values that so far exist channels first only

    def moved(self, value: str) -> str:
        """`value` channels first, made now if nobody has."""
        if value not in self.first:
            constant = self.graph.constants.get(value)
            if constant is not None:
                self.first[value] = self.graph.add_constant(constant.transpose(_FIRST), value)
            else:
                self.first[value] = self.walk.add("transpose", [value], {"perm": _FIRST})
        return self.first[value]

    def own(self, value: str) -> str:
        """`value` as it was, made now if it exists channels first only."""
        if value in self.owed:
            self.owed.discard(value)
            self.walk.add("transpose", [self.first[value]], {"perm": _LAST}, outputs=[value])
        return value

    def movers(self, node: Node) -> list[int] | None:
        """Indices of the inputs to be taken channels first, None where the node stays as it is."""
        wanted = [k for k, i in enumerate(node.inputs) if i] if all_inputs_move(node) else [0]
        rank4 = [k for k in wanted if k < len(node.inputs) and node.inputs[k] and len(self.graph.types[node.inputs[k]].shape) == 4]
        others = [k for k in wanted if k not in rank4 and (k >= len(node.inputs) or not node.inputs[k] or self.graph.types[node.inputs[k]].size != 1)]
        made = [k for k in rank4 if node.inputs[k] not in self.graph.constants]
        anchor = node.attrs.get("layout") == "channels_last"
        if others or not made or not (anchor or all(node.inputs[k] in self.first for k in made)):
            return None
        return rank4

    def run(self) -> int:
        for node in self.graph.nodes:
            movers = self.movers(node)
            attrs = None if movers is None else moved_attrs(self.graph, node, _FIRST)
            if movers is None or attrs is None:
                node.inputs = [self.own(i) if i else "" for i in node.inputs]
                self.walk.keep(node)
                continue
            inputs = [self.moved(i) if k in movers else (self.own(i) if i else "") for k, i in enumerate(node.inputs)]
            fresh = [self.graph.fresh(o) if o else "" for o in node.outputs]
            self.walk.add(node.op, inputs, attrs, like=node, outputs=fresh)
            for o, f in zip(node.outputs, fresh, strict=True):
                if o:
                    self.first[o] = f
                    self.owed.add(o)
        for o in self.graph.outputs:
            self.own(o)
        return self.walk.finish()


def run(graph: Graph) -> int:
    """Returns the number of changes: none where nothing of rank 4 is channels last."""
    if any(n.attrs.get("layout") == "channels_last" and len(graph.types[n.inputs[0]].shape) == 4 for n in graph.nodes):
        return _First(graph).run()
    return 0

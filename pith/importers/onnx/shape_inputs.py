"""Which inputs of a model must be known at compile time for all shapes to be static."""

from __future__ import annotations

import onnx
from onnx import AttributeProto, GraphProto, NodeProto

from pith.graph import ModelError
from pith.importers.onnx.load import FOREIGN, Source, load_model
from pith.importers.onnx.plan import MAX_DEPTH
from pith.importers.onnx.registry import find, load_maps

_SHAPE_ONLY = frozenset({"Shape", "Size", "EyeLike", "SequenceLength"})  # read the type of an input, not its value
_LOOPS = {"Loop": 1, "Scan": 0, "SequenceMap": 0}  # body outputs before those that become outputs of the node


def shape_inputs(source: Source) -> set[str]:
    """Names of the graph inputs whose values decide a shape, a branch or a trip count.

    Found from what each operator needs, traced back through the nodes, subgraphs and the model's functions.
    """
    model, _ = load_model(source)
    load_maps()
    try:
        return _shape_inputs(model)
    except FOREIGN as e:
        raise ModelError("the model cannot be read", why=f"{type(e).__name__}: {e}", try_="export it again") from e


def _shape_inputs(model: onnx.ModelProto) -> set[str]:
    opsets = {"" if o.domain == "ai.onnx" else o.domain: o.version for o in model.opset_import}
    initial = {t.name for t in model.graph.initializer}
    tracer = _Tracer(model, opsets)
    needed = tracer.needed(model.graph.node, set(), 0)
    return {i.name for i in model.graph.input if i.name in needed} - initial


class _Tracer:
    def __init__(self, model: onnx.ModelProto, opsets: dict[str, int]) -> None:
        self.opsets = opsets
        self.functions = {(f.domain, f.name): f for f in model.functions}
        self._inside: dict[tuple[str, str], set[str]] = {}

    def needed(self, nodes: list[NodeProto], wanted: set[str], depth: int) -> set[str]:
        """Names that must be known so that `wanted` and all shapes made by `nodes` are; backwards over the nodes."""
        names = set(wanted)
        for node in reversed(nodes):
            if any(o in names for o in node.output if o) and node.op_type not in _SHAPE_ONLY:
                names.update(i for i in node.input if i)
            names |= self._static(node, names, depth)
        return names

    def _static(self, node: NodeProto, names: set[str], depth: int) -> set[str]:
        if depth > MAX_DEPTH:
            return set()
        domain = "" if node.domain == "ai.onnx" else node.domain
        function = self.functions.get((node.domain, node.op_type))
        if function is not None:
            key = (node.domain, node.op_type)
            if key not in self._inside:  # every call of a function needs the same of its inputs
                self._inside[key] = set()  # one that calls itself is refused by the importer
                self._inside[key] = self.needed(list(function.node), set(), depth + 1)
            inner = self._inside[key]
            return {a for formal, a in zip(function.input, node.input, strict=False) if formal in inner and a}
        found: set[str] = set()
        for a in node.attribute:
            if a.type == AttributeProto.GRAPH:
                found |= self._subgraph(node, a.g, names, depth)
        entry = find(domain, node.op_type, self.opsets.get(domain, 1))
        if entry is not None:
            found |= {node.input[i] for i in entry.static if i < len(node.input) and node.input[i]}
        return found

    def _subgraph(self, node: NodeProto, graph: GraphProto, names: set[str], depth: int) -> set[str]:
        """Outer names a subgraph needs known, its own inputs translated to the node's."""
        shift = _LOOPS.get(node.op_type)
        outputs = [o.name for o in graph.output]
        first = shift or 0
        wanted = {o for o, outer in zip(outputs[first:], node.output, strict=False) if outer and outer in names}
        wanted |= set(outputs[:first])  # a loop's condition
        formal = [i.name for i in graph.input]
        while True:
            inner = self.needed(list(graph.node), wanted, depth + 1)
            # what the next iteration needs known, this one must know as its output (inputs of Loop are one further on)
            carried = {
                outputs[k - first] for k, f in enumerate(formal) if f in inner and first <= k < len(outputs) + first
            }
            if shift is None or node.op_type == "SequenceMap" or carried <= wanted:
                break
            wanted |= carried
        outer = inner - set(formal) - {o for n in graph.node for o in n.output}
        if shift is not None:
            outer |= {i for i, f in zip(node.input, formal, strict=False) if f in inner and i}
        return outer

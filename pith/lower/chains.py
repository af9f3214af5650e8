"""Chains of convolutions that are faster one after the other, or that no kernel takes whole, become convolutions again."""

from __future__ import annotations

from pith.graph import Graph, Node
from pith.kernels.base import Call, Operand, Options
from pith.kernels.chain_stages import stage_calls
from pith.kernels.choice import choose
from pith.ops.base import add_node, contiguous_strides
from pith.ops.conv_chain import stages_of
from pith.targets.isa.base import ISA


def pays(call: Call) -> bool:
    """Whether a chain is faster than its convolutions, which write what lies between and read it again (found to
    cost something only where it is more than the second-level cache holds)."""
    whole, parts = choose(call), stage_calls(call)
    between = sum(p.outputs[0].type.nbytes for p in parts[:-1] if p.outputs[0].type.nbytes > call.isa.near)
    if whole is None or not between:
        return False
    chosen = [choose(p) for p in parts]
    return whole.costs[0][1] < sum(c.costs[0][1] for c in chosen if c is not None) + between / call.isa.beyond


def apart(graph: Graph, isa: ISA, options: Options) -> Graph:
    """The graph without the chains that do not pay; the graph itself where all do."""
    refused: set[int] = set()
    for node in graph.nodes:
        if node.op == "conv_chain":
            inputs = tuple(
                Operand(graph.types[v], contiguous_strides(graph.types[v].shape), graph.constants.get(v)) if v else None for v in node.inputs
            )
            out = graph.types[node.outputs[0]]
            call = Call("conv_chain", node.attrs, inputs, (Operand(out, contiguous_strides(out.shape)),), isa, node.name, options)
            if not pays(call):
                refused.add(id(node))
    if not refused:
        return graph
    new = graph.copy()
    nodes: list[Node] = []
    for old, node in zip(graph.nodes, new.nodes, strict=True):
        if id(old) not in refused:
            nodes.append(node)
            continue
        x, stages = node.inputs[0], list(stages_of(node.inputs, node.attrs))
        for k, (attrs, own) in enumerate(stages):
            outputs = node.outputs if k == len(stages) - 1 else []
            x = add_node(new, "conv", [x, *own], attrs, outputs=outputs, like=node, into=nodes)
    new.nodes = nodes
    return new

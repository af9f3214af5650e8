"""Which order of axes the readers of each value would like, found walking backwards; and how nodes run in an order."""

from __future__ import annotations

from pith.graph import DType, Graph, Node
from pith.ops.base import OPS, Attrs, Elementwise
from pith.passes.axes import Perm, commute, compose
from pith.passes.rewrite import inverse

LAST: Perm = (0, 2, 3, 1)
_POOLS = ("max_pool", "average_pool", "lp_pool")


def is_anchor(graph: Graph, node: Node) -> bool:
    """Operators on pictures, channels first, that are to run channels last: float32 convolutions with constant weights
    (which have fast kernels in that layout only) and pools."""
    if node.op not in ("conv", "conv_transpose", *_POOLS) or node.attrs.get("layout", "channels_first") != "channels_first":
        return False
    x = graph.types[node.inputs[0]]
    if len(x.shape) != 4 or any(node.outputs[1:]) or node.inputs[3:]:
        return False
    return node.op in _POOLS or (x.dtype is DType.F32 and node.inputs[1] in graph.constants)


def all_inputs_move(node: Node) -> bool:
    """Whether the axes of all inputs are those of the result; else only input 0's are."""
    return isinstance(OPS[node.op], Elementwise) or node.op in ("concat", "gather_elements")


def moved_attrs(graph: Graph, node: Node, perm: Perm) -> Attrs | None:
    """Attributes that run `node` on arrays whose axes stand in the order `perm`, None where it cannot."""
    if not node.inputs or not node.inputs[0]:
        return None
    if any(len(graph.types[o].shape) != len(perm) for o in node.outputs if o):
        return None
    if not all_inputs_move(node) and len(graph.types[node.inputs[0]].shape) != len(perm):
        return None
    return OPS[node.op].permuted(node.attrs, inverse(perm), graph.input_types(node))


def wanted_forms(graph: Graph) -> dict[str, Perm]:
    """Value -> the order its readers want it in; values that nobody wants otherwise than they are do not appear."""
    want: dict[str, Perm] = {}

    def ask(value: str, perm: Perm | None, *, always: bool = False) -> None:
        if perm is None or not value or value in graph.constants or len(graph.types[value].shape) != len(perm):
            return
        if always:
            want[value] = perm
        elif perm != tuple(range(len(perm))):
            want.setdefault(value, perm)

    for node in reversed(graph.nodes):
        y = next(o for o in node.outputs if o)
        shape = graph.types[y].shape
        if is_anchor(graph, node):
            ask(node.inputs[0], LAST, always=True)
        elif node.op == "transpose":
            ask(node.inputs[0], compose(node.attrs["perm"], want.get(y, tuple(range(len(shape))))))
        elif y not in want:
            continue
        elif node.op == "reshape":
            ask(node.inputs[0], commute(shape, graph.types[node.inputs[0]].shape, want[y]))
        elif moved_attrs(graph, node, want[y]) is not None:
            for i in node.inputs if all_inputs_move(node) else node.inputs[:1]:
                ask(i, want[y])
    return want

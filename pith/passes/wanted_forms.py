"""Which order of axes the readers of each value would like, found walking backwards; and how nodes run in an order."""

from __future__ import annotations

from pith.graph import DType, Graph, Node
from pith.ops.base import OPS, Attrs, Elementwise, Op
from pith.passes.axes import Perm, commute, compose
from pith.passes.rewrite import inverse

LAST: Perm = (0, 2, 3, 1)
PRODUCTS = ("matmul", "matmul_integer")
_POOLS = ("max_pool", "average_pool", "lp_pool")


def is_anchor(graph: Graph, node: Node) -> bool:
    """Operators on pictures, channels first, that are to run channels last: convolutions of float32 and of integers
    with constant weights (which have fast kernels in that layout only) and pools."""
    if node.op not in ("conv", "conv_integer", "conv_transpose", *_POOLS) or node.attrs.get("layout", "channels_first") != "channels_first":
        return False
    x = graph.types[node.inputs[0]]
    if len(x.shape) != 4 or any(node.outputs[1:]) or node.inputs[3:]:
        return False
    return node.op in _POOLS or (x.dtype in (DType.F32, DType.I8, DType.U8, DType.I16, DType.U16) and node.inputs[1] in graph.constants)


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


def needed_as_is(graph: Graph) -> set[str]:
    """Values that are read in their own order in any case: graph outputs, and inputs of operators that know no other."""
    found = set(graph.outputs)
    for node in graph.nodes:
        if node.op not in ("transpose", "reshape", *PRODUCTS) and type(OPS[node.op]).permuted is Op.permuted:
            found.update(node.inputs)
    return found


def undo_prices(graph: Graph) -> dict[str, int]:
    """Value -> estimate of the bytes to move if it is made channels last though its readers want its own order.

    The move can wait while the readers run in any order, so it costs what it costs at the cheapest place downstream:
    nothing behind a mean over the picture or before a product whose rows can be reordered.
    """
    price: dict[str, int] = {}

    def bear(value: str, nbytes: int) -> None:
        t = graph.types[value]
        several = sum(d != 1 for d in t.shape) > 1  # else every order is the same
        price[value] = min(t.nbytes, price.get(value, 0) + nbytes) if several else 0

    for o in graph.outputs:
        bear(o, graph.types[o].nbytes)
    for node in reversed(graph.nodes):
        after = sum(price.get(o, 0) for o in node.outputs)
        for k, i in enumerate(node.inputs):
            if i and i not in graph.constants:
                moves = k == 0 or all_inputs_move(node)
                bear(i, _undo_through(graph, node, i, after) if moves else graph.types[i].nbytes)
    return price


def _undo_through(graph: Graph, node: Node, value: str, after: int) -> int:
    """Bytes that one reader of `value` adds, when undoing it behind the reader costs `after`."""
    shape = graph.types[value].shape
    rank = len(shape)
    if is_anchor(graph, node):
        return 0
    if rank < 3:
        return after
    last = (0, *range(2, rank), 1)
    if node.op == "transpose":
        return 0 if compose(inverse(node.attrs["perm"]), last) == tuple(range(rank)) else after
    if node.op == "reshape":
        q = commute(shape, graph.types[node.outputs[0]].shape, last)
        if q is None:
            return graph.types[value].nbytes
        return 0 if q == tuple(range(len(q))) else after
    if len(graph.types[next(o for o in node.outputs if o)].shape) != rank or moved_attrs(graph, node, last) is None:
        return graph.types[value].nbytes
    return after

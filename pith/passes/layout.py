"""channels_first to channels_last: 2-D operators are flipped between transposes, which then travel down and cancel.

A transpose moves below an operator that can run on the untransposed data (`Op.permuted`), below a reshape whose groups
of axes it keeps together, and into the rows of constant weights; two that meet merge, and identities vanish.
"""

from __future__ import annotations

import numpy as np

from pith.graph import Graph, Node
from pith.ops.base import OPS, Elementwise, add_node

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
_SPATIAL = ("strides", "dilations", "kernel_shape", "output_padding", "ceil_pads")


def run(graph: Graph) -> int:
    """Returns how many operators were flipped."""
    flipped = _flip(graph)
    if flipped or any(n.op == "transpose" for n in graph.nodes):
        _sink(graph)
        graph.drop_unused()
    return flipped


# ---- flip


def _flip(graph: Graph) -> int:
    consumed = graph.consumers()
    outputs = set(graph.outputs)
    new: list[Node] = []
    count = 0
    for node in graph.nodes:
        rank = len(graph.types[node.inputs[0]].shape) if node.inputs and node.inputs[0] else 0
        extra_outputs = [o for o in node.outputs[1:] if o and (o in consumed or o in outputs)]
        if node.attrs.get("layout") != "channels_first" or rank not in (3, 4) or extra_outputs or (rank == 3 and not _widens(graph, node)):
            new.append(node)
            continue
        x, inputs, attrs = node.inputs[0], list(node.inputs), dict(node.attrs)
        final = graph.types[node.outputs[0]].shape
        if rank == 3:
            n, c, w = graph.types[x].shape
            x = add_node(graph, "reshape", [x], {"shape": (n, c, 1, w)}, like=node, into=new)
            inputs, attrs = _widen(graph, inputs, attrs)
        inputs[0] = add_node(graph, "transpose", [x], {"perm": _TO_LAST}, like=node, into=new)
        attrs["layout"] = "channels_last"
        y = add_node(graph, node.op, inputs, attrs, outputs=[graph.fresh(node.name or node.op)], like=node, into=new)
        if rank == 3:
            y = add_node(graph, "transpose", [y], {"perm": _TO_FIRST}, like=node, into=new)
            add_node(graph, "reshape", [y], {"shape": final}, outputs=node.outputs[:1], like=node, into=new)
        else:
            add_node(graph, "transpose", [y], {"perm": _TO_FIRST}, outputs=node.outputs[:1], like=node, into=new)
        count += 1
    graph.nodes = new
    return count


def _widens(graph: Graph, node: Node) -> bool:
    """Whether a 1-D operator can be written as a 2-D one (its weights must be constant)."""
    if node.op in ("conv", "conv_transpose"):
        return graph.const(node.inputs[1]) is not None
    return node.op in ("max_pool", "average_pool", "lp_pool")


def _widen(graph: Graph, inputs: list[str], attrs: dict[str, object]) -> tuple[list[str], dict[str, object]]:
    """1-D attributes and weights as those of a picture one pixel high."""
    if len(inputs) > 1 and inputs[1]:
        w = graph.constants[inputs[1]]
        inputs[1] = graph.add_constant(w.reshape(*w.shape[:2], 1, w.shape[2]), "weights")
    for key, value in list(attrs.items()):
        if key in _SPATIAL and isinstance(value, tuple) and len(value) == 1:
            attrs[key] = (0 if key in ("output_padding", "ceil_pads") else 1, *value)
        elif key in ("pads", "ceil_pads") and isinstance(value, tuple) and len(value) == 2:
            attrs[key] = (0, value[0], 0, value[1])
    return inputs, attrs


# ---- sink


class _Sinker:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.new: list[Node] = []
        self.made: dict[str, Node] = {}
        self.rename: dict[str, str] = {}
        self.uses: dict[str, int] = {}
        for node in graph.nodes:
            for i in node.inputs:
                self.uses[i] = self.uses.get(i, 0) + 1
        self.consumers = graph.consumers()

    def transposed(self, value: str) -> Node | None:
        """The transpose that makes `value`, if one does."""
        node = self.made.get(value)
        return node if node is not None and node.op == "transpose" else None

    def emit(self, op: str, inputs: list[str], attrs: dict[str, object], outputs: list[str] | None = None, like: Node | None = None) -> str:
        part: list[Node] = []
        single = outputs or [self.graph.fresh((like.name if like else "") or op)]
        out = add_node(self.graph, op, inputs, attrs, outputs=single, like=like, into=part)
        self.append(part[0])
        return out

    def append(self, node: Node) -> None:
        self.new.append(node)
        self.made.update(dict.fromkeys((o for o in node.outputs if o), node))

    def transpose(self, x: str, perm: tuple[int, ...], output: str, like: Node) -> None:
        """Make `output` = transpose(x, perm), merging with what made x and turning trivial moves into reshapes."""
        before = self.transposed(x)
        if before is not None:
            perm = tuple(before.attrs["perm"][p] for p in perm)
            x = before.inputs[0]
        shape = self.graph.types[x].shape
        moved = [p for p in perm if shape[p] != 1]
        if perm == tuple(range(len(perm))) and output not in self.graph.outputs:
            self.rename[output] = x
        elif moved == sorted(moved):
            self.reshape(x, tuple(shape[p] for p in perm), output, like)
        else:
            self.emit("transpose", [x], {"perm": perm}, [output], like)

    def reshape(self, x: str, shape: tuple[int, ...], output: str, like: Node) -> None:
        """Make `output` = reshape(x, shape), moving a transpose that made x below it where the axes allow."""
        before = self.made.get(x)
        if before is not None and before.op == "reshape":
            self.reshape(before.inputs[0], shape, output, like)
            return
        if shape == self.graph.types[x].shape and output not in self.graph.outputs:
            self.rename[output] = x
            return
        if before is not None and before.op == "transpose":
            source = before.inputs[0]
            found = commute(self.graph.types[source].shape, before.attrs["perm"], shape)
            if found is not None:
                inner, perm = found
                y = self.graph.fresh(like.name or "reshape")
                self.reshape(source, inner, y, like)
                self.transpose(self.rename.get(y, y), perm, output, like)
                return
        self.emit("reshape", [x], {"shape": shape}, [output], like)

    def visit(self, node: Node) -> None:
        node.inputs = [self.rename.get(i, i) for i in node.inputs]
        if node.op == "transpose":
            self.transpose(node.inputs[0], tuple(node.attrs["perm"]), node.outputs[0], node)
        elif node.op == "reshape":
            if not self.absorb(node):
                self.reshape(node.inputs[0], tuple(node.attrs["shape"]), node.outputs[0], node)
        elif not self.below(node):
            self.append(node)

    def below(self, node: Node) -> bool:
        """Run `node` on untransposed data and transpose its result; False where that is not possible."""
        graph = self.graph
        if len([o for o in node.outputs if o]) != 1 or not node.inputs or node.attrs.get("layout") == "channels_last":
            return False  # an operator that was just flipped wants its transpose
        first = next((t for t in map(self.transposed, node.inputs) if t is not None), None)
        out = graph.types[node.outputs[0]]
        if first is None:
            return False
        perm = tuple(first.attrs["perm"])
        if len(out.shape) != len(perm):
            return False
        elementwise = isinstance(OPS[node.op], Elementwise)
        inputs: list[str] = []
        for k, value in enumerate(node.inputs):
            t = self.transposed(value) if value else None
            if t is not None and tuple(t.attrs["perm"]) == perm:
                inputs.append(t.inputs[0])
            elif not value or (not elementwise and k > 0 and value in graph.constants and node.op != "concat"):
                inputs.append(value)
            elif graph.types[value].size == 1:
                inputs.append(value)
            elif value in graph.constants:
                array = graph.constants[value]
                if array.ndim > len(perm):
                    return False
                full = array.reshape((1,) * (len(perm) - array.ndim) + array.shape)
                inputs.append(graph.add_constant(np.ascontiguousarray(full.transpose(np.argsort(perm))), "const"))
            else:
                return False
        attrs = OPS[node.op].permuted(node.attrs, perm, graph.input_types(node))
        if attrs is None:
            return False
        y = self.emit(node.op, inputs, attrs, like=node)
        self.transpose(y, perm, node.outputs[0], node)
        return True

    def absorb(self, node: Node) -> bool:
        """flatten(transpose(x)) into a matmul with constant weights: flatten x, and move the rows of the weights."""
        graph, t = self.graph, self.transposed(node.inputs[0])
        shape = graph.types[node.outputs[0]].shape
        users = self.consumers.get(node.outputs[0], [])
        if t is None or len(shape) != 2 or len(users) != 1 or node.outputs[0] in graph.outputs or users[0].op != "matmul":
            return False
        source, perm, matmul = graph.types[t.inputs[0]].shape, t.attrs["perm"], users[0]
        w = graph.const(matmul.inputs[1])
        if perm[0] != 0 or source[0] != shape[0] or w is None or w.ndim != 2 or matmul.inputs[0] != node.outputs[0] or matmul.attrs.get("trans_a"):
            return False
        if commute(source, perm, shape) is not None:
            return False
        inner = [p - 1 for p in perm[1:]]
        order = np.arange(shape[1]).reshape([source[p] for p in perm[1:]]).transpose(np.argsort(inner)).reshape(-1)
        matmul.inputs[1] = graph.add_constant(np.ascontiguousarray(w[:, order] if matmul.attrs.get("trans_b") else w[order]), "weights")
        self.reshape(t.inputs[0], shape, node.outputs[0], node)
        return True


def commute(shape: tuple[int, ...], perm: tuple[int, ...], out: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """(inner, perm2) with reshape(transpose(x, perm), out) == transpose(reshape(x, inner), perm2), or None.

    Both shapes are cut into the smallest groups of equal size; each group's axes must lie together, in order, in x.
    """
    if 0 in shape:
        return None
    axes = [p for p in perm if shape[p] != 1]
    rank = {p: k for k, p in enumerate(sorted(axes))}  # position among the axes of x that are not 1
    groups: list[tuple[list[int], list[int]]] = []  # axes of x, axes of out
    i = j = 0
    while i < len(axes) or j < len(out):
        mine: list[int] = []
        theirs: list[int] = []
        a = b = 1
        if i < len(axes):
            mine.append(axes[i])
            a = shape[axes[i]]
            i += 1
        while a != b or (not mine and j < len(out)):
            if b < a or not mine:
                if j >= len(out):
                    return None
                theirs.append(j)
                b *= out[j]
                j += 1
            else:
                if i >= len(axes):
                    return None
                mine.append(axes[i])
                a *= shape[axes[i]]
                i += 1
        groups.append((mine, theirs))
    for mine, _ in groups:
        if any(rank[q] != rank[p] + 1 for p, q in zip(mine, mine[1:], strict=False)):
            return None
    order = sorted(range(len(groups)), key=lambda g: (rank[groups[g][0][0]] if groups[g][0] else -1, g))
    inner = [a for g in order for a in groups[g][1]]
    place = {a: k for k, a in enumerate(inner)}
    return tuple(out[a] for a in inner), tuple(place[a] for a in range(len(out)))


def _sink(graph: Graph) -> None:
    sinker = _Sinker(graph)
    for node in graph.nodes:
        sinker.visit(node)
    graph.nodes = sinker.new

"""Where the axes of every value lie: pictures go from channels first to channels last, and transposes vanish on the way.

One walk forward. Each value has one or more forms: a stored array whose axes stand in some order. Convolutions and pools
of two dimensions read and make the channels-last form. Every other node runs on the form that moves the fewest bytes
(`Op.permuted` adapts its attributes); a transpose or reshape node only gives an array already stored another name,
wherever its axes allow. Data moves just where a form is needed that nobody made, once for each value and form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from pith.graph import Graph, Node
from pith.passes.axes import Perm, commute, compose
from pith.passes.rewrite import Rewrite, inverse, same_order
from pith.passes.wanted_forms import (
    LAST,
    PRODUCTS,
    all_inputs_move,
    is_anchor,
    moved_attrs,
    needed_as_is,
    undo_prices,
    wanted_forms,
)


def identity(rank: int) -> Perm:
    """The order of a value's own axes."""
    return tuple(range(rank))


class _Layout:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.walk = Rewrite(graph)
        self.want = wanted_forms(graph)
        self.undo = undo_prices(graph)
        self.as_is = needed_as_is(graph)
        self.users = graph.consumers()
        self.forms: dict[str, dict[Perm, str]] = {}
        self.lifted: dict[tuple[str, int], str] = {}  # values reshaped to a higher rank
        self.renames: dict[str, Node] = {}  # values that a transpose or reshape node gives another shape
        self.scrambled: dict[str, tuple[str, np.ndarray]] = {}  # flattened in another order: stored value, order of its rows
        for name in graph.inputs:
            self.made(name, name, identity(len(graph.types[name].shape)))

    # ---- forms

    def shape(self, value: str) -> tuple[int, ...]:
        return self.graph.types[value].shape

    def made(self, value: str, stored: str, perm: Perm) -> None:
        """Note that `stored` holds `value` with its axes in the order `perm`."""
        self.forms.setdefault(value, {}).setdefault(perm, stored)

    def free(self, value: str, perm: Perm) -> bool:
        """Whether `value` can be had in the order `perm` without moving data."""
        if value in self.graph.constants:
            return True
        shape = self.shape(value)
        return any(same_order(shape, p, perm) for p in self.forms[value])

    def price(self, value: str, perm: Perm) -> int:
        """Bytes to move before `value` can be read in the order `perm`; nothing when that has to be done anyway."""
        anyway = perm == identity(len(perm)) and value in self.as_is
        return 0 if anyway or self.free(value, perm) else self.graph.types[value].nbytes

    def need(self, value: str, perm: Perm) -> str:
        """The name of `value` stored in the order `perm`, made now if nobody has."""
        shape = self.shape(value)
        own = perm == identity(len(perm))
        if value in self.graph.constants:
            if own:
                return value
            forms = self.forms.setdefault(value, {})
            if perm not in forms:
                forms[perm] = self.graph.add_constant(self.graph.constants[value].transpose(perm), value)
            return forms[perm]
        forms = self.forms[value]
        if perm not in forms and not self.free(value, perm):
            self.borrow(value, perm)
        if perm not in forms:
            source = next((p for p in forms if same_order(shape, p, perm)), next(iter(forms)))
            output = [value] if own and value not in self.walk.made else []
            target = tuple(shape[a] for a in perm)
            if same_order(shape, source, perm):
                forms[perm] = self.walk.add("reshape", [forms[source]], {"shape": target}, outputs=output)
            else:
                moved = compose(inverse(source), perm)
                forms[perm] = self.walk.add("transpose", [forms[source]], {"perm": moved}, outputs=output)
        return forms[perm]

    def borrow(self, value: str, perm: Perm) -> None:
        """Take the form from what `value` renames, where that was moved to it after `value` was visited."""
        node = self.renames.get(value)
        x = node.inputs[0] if node is not None else ""
        if node is None or x not in self.forms:
            return
        if node.op == "transpose":
            stored = self.forms[x].get(compose(node.attrs["perm"], perm))
            if stored is not None:
                self.made(value, stored, perm)
        else:
            order = commute(self.shape(value), self.shape(x), perm)
            if order is not None and order in self.forms[x]:
                self.reshaped(node, self.forms[x][order], perm)

    def lift(self, value: str, rank: int) -> str:
        """`value` with leading axes of size 1 up to `rank`, as a value that has forms of its own."""
        shape = self.shape(value)
        if len(shape) == rank or self.graph.types[value].size == 1:
            return value
        key = value, rank
        if key not in self.lifted:
            full = (1,) * (rank - len(shape)) + shape
            if value in self.graph.constants:
                self.lifted[key] = self.graph.add_constant(self.graph.constants[value].reshape(full), value)
            else:
                name = self.walk.add("reshape", [self.need(value, identity(len(shape)))], {"shape": full})
                self.made(name, name, identity(rank))
                self.lifted[key] = name
        return self.lifted[key]

    # ---- nodes

    def run(self) -> int:
        for node in self.graph.nodes:
            self.visit(node)
        for name in self.graph.outputs:
            if name not in self.graph.constants:
                self.walk.replace(name, self.need(name, identity(len(self.shape(name)))))
        return self.walk.finish()

    def visit(self, node: Node) -> None:
        if is_anchor(self.graph, node):
            self.run_in(node, LAST)
        elif node.op == "transpose":
            self.renames[node.outputs[0]] = node
            back = inverse(node.attrs["perm"])
            for perm, stored in self.sources(node.inputs[0]).items():
                self.made(node.outputs[0], stored, compose(back, perm))
        elif node.op == "reshape":
            self.renames[node.outputs[0]] = node
            self.reshape(node)
        elif node.op in PRODUCTS:
            self.matmul(node)
        else:
            self.run_in(node, self.choose(node))

    def sources(self, value: str) -> dict[Perm, str]:
        """The forms of a value that exist; of a constant, its own."""
        if value in self.graph.constants:
            return {identity(len(self.shape(value))): value}
        return dict(self.forms[value])

    def movers(self, node: Node) -> list[int]:
        """Indices of the inputs whose axes move with the result's."""
        return [k for k, i in enumerate(node.inputs) if i] if all_inputs_move(node) else [0]

    def choose(self, node: Node) -> Perm | None:
        """The order to run `node` in that moves the fewest bytes, None for its own."""
        if not node.inputs or not node.inputs[0] or any(not node.inputs[k] for k in self.movers(node)):
            return None
        graph, out = self.graph, node.outputs[0] or next(o for o in node.outputs if o)
        shape = self.shape(out)
        rank = len(shape)
        own = identity(rank)
        target = self.want.get(out, own)
        leave = graph.types[out].nbytes if target != own else self.undo.get(out, 0)
        inputs = [node.inputs[k] for k in self.movers(node)]
        candidates = dict.fromkeys(p for i in inputs if i not in graph.constants for p in self.forms[i] if len(p) == rank)
        candidates.setdefault(target)
        # of equal prices: follow what was just computed, which may be fused with it; else change nothing
        best, best_key = None, (self.total(inputs, own, shape, target, leave), 1)
        for perm in candidates:
            if perm == own or moved_attrs(graph, node, perm) is None:
                continue
            stored = (self.forms[i].get(perm, "") for i in inputs if i not in graph.constants)
            computed = any(s in self.walk.made and self.walk.made[s].op not in ("slice", "transpose") for s in stored)
            twice = graph.types[out].nbytes if perm == target and out in self.as_is else 0  # its own order is needed too
            key = self.total(inputs, perm, shape, target, leave) + twice, 0 if computed else 2
            if key < best_key:
                best, best_key = perm, key
        return best

    def total(self, inputs: Sequence[str], perm: Perm, shape: tuple[int, ...], target: Perm, leave: int) -> int:
        """Bytes moved to run a node in the order `perm`; `leave`: those to bring its result into the order `target`."""
        rank = len(perm)
        price = 0 if same_order(shape, perm, target) else leave
        for i in dict.fromkeys(inputs):
            own = len(self.shape(i))
            price += self.price(i, perm if own == rank else identity(own))
            if own != rank and i not in self.graph.constants:  # its lifted form is moved on its own
                full = (1,) * (rank - own) + self.shape(i)
                price += 0 if same_order(full, perm, identity(rank)) else self.graph.types[i].nbytes
        return price

    def run_in(self, node: Node, perm: Perm | None) -> None:
        """Emit `node` so that its outputs are stored in the order `perm` (None: their own)."""
        attrs = moved_attrs(self.graph, node, perm) if perm is not None else None
        if perm is None or attrs is None:
            node.inputs = [self.need(i, identity(len(self.shape(i)))) if i else "" for i in node.inputs]
            self.walk.keep(node)
            for o in filter(None, node.outputs):
                self.made(o, o, identity(len(self.shape(o))))
            return
        rank, movers = len(perm), set(self.movers(node))
        inputs = []
        for k, i in enumerate(node.inputs):
            if i and k in movers and self.graph.types[i].size == 1 and len(self.shape(i)) < rank:
                inputs.append(self.need(i, identity(len(self.shape(i)))))
            elif i and k in movers:
                inputs.append(self.need(self.lift(i, rank), perm))
            else:
                inputs.append(self.need(i, identity(len(self.shape(i)))) if i else "")
        fresh = [self.graph.fresh(node.name or node.op) if o else "" for o in node.outputs]
        self.walk.add(node.op, inputs, attrs, like=node, outputs=fresh)
        for o, f in zip(node.outputs, fresh, strict=True):
            if o:
                self.made(o, f, perm)

    def reshape(self, node: Node) -> None:
        """Reshape every stored form in place; where that tears axes apart, move the data first into a form that fits."""
        x, y = node.inputs[0], node.outputs[0]
        source, target = self.shape(x), self.shape(y)
        own, wanted = identity(len(target)), self.want.get(y)
        found = False
        for perm, stored in self.sources(x).items():
            order = own if perm == identity(len(source)) else commute(source, target, perm)
            if order is not None:
                self.reshaped(node, stored, order)
                found = True
        if found and (wanted is None or self.free(y, wanted)):
            return
        before = None if wanted is None else commute(target, source, wanted)
        if wanted is not None and before is not None:
            self.reshaped(node, self.need(x, before), wanted)
        elif not found and not self.scramble(node):
            self.reshaped(node, self.need(x, identity(len(source))), own)

    def reshaped(self, node: Node, stored: str, perm: Perm) -> None:
        """Add the reshape of `stored` that holds the node's output in the order `perm`."""
        y = node.outputs[0]
        own = perm == identity(len(perm)) and y not in self.walk.made
        shape = tuple(self.shape(y)[a] for a in perm)
        self.made(y, self.walk.add("reshape", [stored], {"shape": shape}, like=node, outputs=[y] if own else []), perm)

    # ---- products

    def scramble(self, node: Node) -> bool:
        """Flatten a form as it lies when only products with constant weights read it: their rows are reordered instead."""
        x, y = node.inputs[0], node.outputs[0]
        source, target = self.shape(x), self.shape(y)
        users = self.users.get(y, [])
        if y in self.walk.outputs or not users or any(not _reads_rows(self.graph, u, y) for u in users):
            return False
        split = len(source)
        size = 1
        while size < target[-1] and split:
            split -= 1
            size *= source[split]
        if size != target[-1]:
            return False
        for perm, stored in self.sources(x).items():
            head, tail = perm[:split], perm[split:]
            if any(a >= split for a in head if source[a] != 1) or list(head) != sorted(head):
                continue
            inner = [source[a] for a in range(split, len(source))]
            place = [a - split for a in tail if a >= split]
            if len(place) != len(inner):
                continue
            order = np.arange(size).reshape(inner).transpose(place).reshape(-1)
            self.scrambled[y] = self.walk.add("reshape", [stored], {"shape": target}, like=node), order
            return True
        return False

    def matmul(self, node: Node) -> None:
        """A product keeps to its own order, except for leading axes of rows and for flattened rows in another order."""
        a, b = node.inputs[0], node.inputs[1]
        if a in self.scrambled:
            stored, order = self.scrambled[a]
            w = self.graph.constants[b]
            moved = w[:, order] if node.attrs.get("trans_b") else w[order]
            node.inputs[0], node.inputs[1] = stored, self.graph.add_constant(moved, b)
            self.forms.setdefault(stored, {identity(len(self.shape(stored))): stored})
        elif len(self.shape(b)) == 2 and len(self.shape(a)) > 2 and not node.attrs.get("trans_a"):
            rank = len(self.shape(a))
            own = identity(rank)
            perm = next((p for p in self.sources(a) if p[-1] == rank - 1), own)
            if perm != own and not self.free(a, own) and not any(node.inputs[3:]):
                inputs = [self.need(a, perm), *(self.need(i, identity(len(self.shape(i)))) if i else "" for i in node.inputs[1:])]
                self.made(node.outputs[0], self.walk.add(node.op, inputs, node.attrs, like=node), perm)
                return
        elif len(self.shape(b)) > 1 and b not in self.graph.constants:
            rank = len(self.shape(b))
            swapped = (*range(rank - 2), rank - 1, rank - 2)
            if not self.free(b, identity(rank)) and swapped in self.forms[b]:
                node.inputs[1] = self.forms[b][swapped]
                node.attrs["trans_b"] = not node.attrs.get("trans_b")
                self.made(node.inputs[1], node.inputs[1], identity(rank))
        self.run_in(node, None)


def _reads_rows(graph: Graph, node: Node, value: str) -> bool:
    """Whether `node` is a product of `value`, as rows, with a constant matrix."""
    if node.op not in PRODUCTS or node.inputs[0] != value or node.attrs.get("trans_a") or value in node.inputs[1:]:
        return False
    w = graph.constants.get(node.inputs[1])
    return w is not None and w.ndim == 2


def moved_bytes(graph: Graph) -> int:
    """Bytes that the transposes of `graph` write."""
    return sum(graph.types[n.outputs[0]].nbytes for n in graph.nodes if n.op == "transpose")


def run(graph: Graph) -> int:
    """Returns the number of changes. A graph that nothing asks to be channels last never moves more bytes than before."""
    if any(is_anchor(graph, n) for n in graph.nodes):
        return _Layout(graph).run()
    before = moved_bytes(graph)
    if not before:
        return 0
    nodes = [replace(n, inputs=list(n.inputs), outputs=list(n.outputs), attrs=dict(n.attrs)) for n in graph.nodes]
    trial = replace(graph, inputs=list(graph.inputs), outputs=list(graph.outputs), types=dict(graph.types), constants=dict(graph.constants), nodes=nodes)
    changed = _Layout(trial).run()
    if moved_bytes(trial) > before:
        return 0
    for f in fields(graph):
        setattr(graph, f.name, getattr(trial, f.name))
    return changed

"""Which values of a float graph become integers, and which of them must share a scale.

The graph is channels first, after the front half of the passes. See docs/quantization.md for the rules in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pith.graph import DType, Graph, Node

WEIGHTED = ("conv", "conv_transpose", "matmul")  # sums of products, which become integer arithmetic
_JOINS = ("add", "mul")
# Operators of one activation whose result goes straight to integers: computed on the sum, or by a table.
FUNCTIONS = (
    "relu", "clip", "leaky_relu", "prelu", "sigmoid", "hard_sigmoid", "hard_swish", "swish", "gelu", "mish", "tanh", "elu", "selu",
    "celu", "softplus", "softsign", "erf", "thresholded_relu", "abs", "neg",
)  # fmt: skip
# Those of them that no exact float32 steps compute: for the same bits everywhere, their argument is rounded too, and they are tables.
TABLED = ("sigmoid", "swish", "gelu", "mish", "tanh", "elu", "selu", "celu", "softplus", "erf")
NORMS = ("softmax", "layer_norm")  # which have an integer form
_AFFINE = ("add", "sub", "mul", "div")  # with a constant they are functions too
# Operators that move or select: the integers pass through unchanged.
_MOVERS = ("reshape", "transpose", "slice", "expand", "max_pool", "pad", "resize", "gather")


@dataclass(frozen=True, slots=True)
class Layer:
    """A sum of products: its name for people, its node's output `key`, what it reads, and the constant weights ("" if none)."""

    name: str
    key: str
    op: str
    x: str
    weights: str
    bias: str


@dataclass(slots=True)
class Plan:
    """group: each quantised value -> the value whose grid it has (itself for most).  sources: for each group, the values
    that decide its range: those not made by moving others about.  layers: the sums of products, in order."""

    group: dict[str, str] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # names of layers left in floating point because the user wants it


class _Planner:
    def __init__(self, graph: Graph, keep: frozenset[str], float_outputs: bool, integers_only: bool) -> None:
        self.graph, self.keep, self.float_outputs, self.integers_only = graph, keep, float_outputs, integers_only
        self.users = graph.consumers()
        self.makers = graph.producers()
        self.outputs = set(graph.outputs)
        self.marked: set[str] = set()
        self.parent: dict[str, str] = {}
        self.plan = Plan()

    # ---- groups

    def find(self, v: str) -> str:
        while self.parent.get(v, v) != v:
            v = self.parent[v]
        return v

    def join(self, a: str, b: str) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[b] = a

    # ---- questions

    def real(self, v: str) -> bool:
        """Whether `v` is a float32 value made at run time."""
        return bool(v) and v not in self.graph.constants and self.graph.types[v].dtype is DType.F32 and self.graph.types[v].size > 0

    def activations(self, node: Node) -> list[str]:
        return [i for i in node.inputs if i and i not in self.graph.constants]

    def single_reader(self, v: str) -> Node | None:
        """The only node that reads `v`, None when there are more or it is an output."""
        users = self.users.get(v, [])
        return users[0] if len(users) == 1 and v not in self.outputs else None

    def kind(self, node: Node) -> str:
        """weighted, join, pool, function, norm, mover, concat or float."""
        out = node.outputs[0]
        inputs = self.activations(node)
        if not self.real(out) or not inputs or not all(self.real(i) for i in inputs) or any(node.outputs[1:]):
            return "float"
        if node.op in WEIGHTED:
            return "weighted" if self.computable(node) else "float"
        if node.op in _JOINS and len(inputs) == 2:
            return "float" if not self.integers_only and any(self.kept(i) for i in inputs) else "join"
        if node.op in FUNCTIONS:
            return "function" if inputs == node.inputs[:1] else "float"
        if node.op in _AFFINE:
            return "function" if len(inputs) == 1 else "float"
        if node.op == "concat":
            return "concat"
        if node.op == "resize" and node.attrs["mode"] != "nearest":
            return "float" if node.attrs.get("extrapolation_value") else "pool"
        if node.op == "pad" and node.attrs["mode"] == "constant" and node.attrs["value"] != 0:
            return "float"
        if node.op in _MOVERS:
            return "mover" if len(inputs) == 1 and inputs[0] == node.inputs[0] else "float"
        if node.op in NORMS:
            return "norm" if self.integers_only and inputs == node.inputs[:1] else "float"
        mean = node.op == "reduce" and node.attrs["kind"] == "mean" and _spatial(self.graph, node)
        return "pool" if node.op == "average_pool" or mean else "float"

    def kept(self, v: str) -> bool:
        """Whether a layer makes `v` that the user wants in floats, functions and moves behind it included.

        A sum of it would round it for its own sake alone, and what the layer gained would be gone.
        """
        maker = self.makers.get(v)
        while maker is not None and maker.op in (*FUNCTIONS, *_MOVERS):
            maker = self.makers.get(maker.inputs[0])
        return maker is not None and maker.op in WEIGHTED and layer_name(maker) in self.keep

    def computable(self, node: Node) -> bool:
        """A layer the user does not want in floats, with weights (and bias) known, or a product of two activations."""
        if node.attrs.get("epilogue") is not None or layer_name(node) in self.keep or node.inputs[0] in self.graph.constants:
            return False
        bias = node.inputs[2] if len(node.inputs) > 2 else ""
        if bias and bias not in self.graph.constants:
            return False
        return node.inputs[1] in self.graph.constants or (node.op == "matmul" and not bias)

    def deferred(self, v: str, kind: str) -> bool:
        """Whether `v`, made by a node of that kind, goes through one function before it is rounded."""
        reader = self.single_reader(v)
        if reader is None or (self.integers_only and reader.op in TABLED):
            return False
        return kind in ("weighted", "join") and self.kind(reader) == "function"

    # ---- marking

    def mark(self, v: str) -> bool:
        if v in self.marked or not self.real(v):
            return False
        self.marked.add(v)
        return True

    def forward(self, kinds: list[str]) -> bool:
        """One walk; True when something new was marked."""
        changed, waiting = False, set()
        for node, kind in zip(self.graph.nodes, kinds, strict=True):
            inputs, out = self.activations(node), node.outputs[0]
            if kind in ("weighted", "join", "pool"):
                changed |= any([self.mark(i) for i in inputs])
                if self.deferred(out, kind):
                    waiting.add(out)
                else:
                    changed |= self.mark(out)
            elif (kind == "function" and (inputs[0] in waiting or inputs[0] in self.marked)) or (kind == "norm" and inputs[0] in self.marked):
                changed |= self.mark(out)
            elif kind == "mover":
                changed |= self.moved(inputs[0], out)
            elif kind == "concat" and (out in self.marked or any(i in self.marked for i in inputs)):
                changed |= any([self.mark(i) for i in inputs]) | self.mark(out)
                for i in inputs:
                    self.join(out, i)
        return changed

    def moved(self, x: str, out: str) -> bool:
        """What moves is rounded before, unless others want it unrounded."""
        changed = False
        if x in self.marked:
            changed = self.mark(out)
        elif out in self.marked and (x in self.graph.inputs or self.single_reader(x) is not None):
            changed = self.mark(x)
        if x in self.marked and out in self.marked:
            self.join(x, out)
        return changed

    def run(self) -> Plan:
        kinds = [self.kind(n) for n in self.graph.nodes]
        while self.forward(kinds):
            pass
        self.release(kinds)
        moved = set()
        for node, kind in zip(self.graph.nodes, kinds, strict=True):
            if kind in ("mover", "concat") and node.outputs[0] in self.marked and all(i in self.marked for i in self.activations(node)):
                moved.add(node.outputs[0])
            if node.op in WEIGHTED and kind == "weighted":
                self.plan.layers.append(_layer(self.graph, node))
            elif node.op in WEIGHTED and layer_name(node) in self.keep:
                self.plan.kept.append(layer_name(node))
        for v in self.order():
            root = self.find(v)
            self.plan.group[v] = root
            self.plan.sources.setdefault(root, [])
            if v not in moved:
                self.plan.sources[root].append(v)
        return self.plan

    def release(self, kinds: list[str]) -> None:
        """Leave in floats what no integer operator reads, and the outputs if that is wanted: rounding it would cost and gain nothing.

        A softmax or norm between two roundings has an integer form, and what it reads stays rounded. A sum, a function or a pool counts as
        long as what it makes is rounded, so results that stay in floats can take a chain of these along.
        """
        kind = {n.outputs[0]: k for n, k in zip(self.graph.nodes, kinds, strict=True) if n.outputs}
        changed = True
        while changed:
            changed = False
            for root in {self.find(v) for v in self.marked}:
                members = [v for v in self.marked if self.find(v) == root]
                if not any(self.needed(v, kind) for v in members):
                    self.marked.difference_update(members)
                    changed = True

    def needed(self, v: str, kind: dict[str, str]) -> bool:
        """Whether `v`, which is marked, has to be on a grid for its own readers' sake."""
        if v in self.outputs and not self.float_outputs:
            return True
        for node in self.users.get(v, []):
            out = node.outputs[0]
            what = kind[out]
            if what == "weighted":
                return True
            if node.op in WEIGHTED and layer_name(node) in self.keep:
                continue
            if what in ("join", "pool", "function", "norm") or node.op in NORMS:
                reader = self.single_reader(out) if self.deferred(out, what) else None
                if (reader.outputs[0] if reader else out) in self.marked:
                    return True
            elif what == "float" and self.integers_only:
                return True
        return False

    def order(self) -> list[str]:
        made = [*self.graph.inputs, *(o for n in self.graph.nodes for o in n.outputs if o)]
        return [v for v in made if v in self.marked]


def _spatial(graph: Graph, node: Node) -> bool:
    """Whether a mean runs over the spatial axes of a picture and nothing else."""
    rank = len(graph.types[node.inputs[0]].shape)
    return rank > 2 and tuple(node.attrs["axes"]) == tuple(range(2, rank))


def layer_name(node: Node) -> str:
    """What people call the node."""
    return node.name or node.outputs[0]


def _layer(graph: Graph, node: Node) -> Layer:
    w = node.inputs[1]
    bias = node.inputs[2] if len(node.inputs) > 2 else ""
    return Layer(layer_name(node), node.outputs[0], node.op, node.inputs[0], w if w in graph.constants else "", bias)


def make_plan(graph: Graph, *, keep: frozenset[str] = frozenset(), float_outputs: bool = False, integers_only: bool = False) -> Plan:
    """The plan for `graph`, which is not changed.

    keep: names of layers to leave in floating point.  float_outputs: graph outputs that no integer operator reads are
    not rounded.  integers_only: what a function of TABLED reads is rounded too, and so are
    results of normalisations.
    """
    return _Planner(graph, keep, float_outputs, integers_only).run()


def float_made(graph: Graph) -> set[str]:
    """Values that operators make which have no integer form."""
    planner = _Planner(graph, frozenset(), float_outputs=True, integers_only=False)
    return {n.outputs[0] for n in graph.nodes if n.op not in WEIGHTED and planner.kind(n) == "float" and planner.real(n.outputs[0])}


def others_read(graph: Graph, plan: Plan, layers: set[str]) -> set[str]:
    """Groups that something reads which is none of `layers` (keys) and does not only pass on the group's values; results too."""
    found = {plan.group[v] for v in graph.outputs if v in plan.group}
    for node in graph.nodes:
        out = node.outputs[0]
        found |= {plan.group[v] for v in node.inputs if v in plan.group and out not in layers and plan.group[v] != plan.group.get(out)}
    return found

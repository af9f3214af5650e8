"""Graph to Program: choose a kernel for every node, alias views, place concat parts in their result, plan the arena."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pith.graph import DType, Graph, InternalError, Node, TensorType, UnsupportedError
from pith.graph.expr import arg
from pith.kernels import base as kernels
from pith.kernels.base import (
    DEFAULTS,
    Arg,
    Begin,
    Call,
    Const,
    Emitted,
    Float,
    In,
    Int,
    Kernel,
    Operand,
    Options,
    Out,
    Scratch,
)
from pith.kernels.choice import Choice, choose, key, with_schedule
from pith.lower.arena import plan_arena
from pith.lower.chains import apart
from pith.lower.joins import mark_joins
from pith.lower.program import ALIGN, Bound, Buffer, BufferRef, Port, Program, Step, Value, WeightRef, Weights
from pith.lower.ram import fit
from pith.ops.base import OPS, Cost, Elementwise, contiguous_strides
from pith.targets.isa.base import ISA

_FOREVER = 1 << 60
_LARGEST = 1 << 31  # bytes; sizes and strides are int32_t in generated code
_WORTH_SHARING = 2000  # cycles of work, roughly, from which a step is shared out among threads


@dataclass(frozen=True, slots=True)
class View:
    """A value's place: buffer and element offset, or a constant array; strides in elements."""

    type: TensorType
    strides: tuple[int, ...]
    buffer: int = -1
    offset: int = 0
    const: np.ndarray | None = None

    @property
    def operand(self) -> Operand:
        return Operand(self.type, self.strides, self.const)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a kernel was chosen: the call as it was asked about, as it was emitted at last, its cost, and its first step."""

    asked: Call
    final: Call
    cost: Cost
    step: int

    @property
    def key(self) -> str:
        """The key under which `Options.tuned` has the choice."""
        return key(self.asked)


class Lowering:
    """The state of one lowering; `lower` runs it, `single.lower_call` takes its parts."""

    def __init__(self, graph: Graph, isa: ISA, weights: Weights, options: Options) -> None:
        self.graph, self.isa, self.weights, self.options = graph, isa, weights, options
        self.buffers: list[Buffer] = []
        self.buffer_last: list[int] = []  # last node that reads any value in the buffer
        self.views: dict[str, View] = {}
        self.copies: dict[str, View] = {}  # contiguous copies made of strided values
        self.planned: dict[str, View] = {}  # where a value should be written
        self.steps: list[Step] = []
        self.sites: list[Site] = []
        self.rounded: list[str] = []
        self.last_use: dict[str, int] = {}
        self.uses: dict[str, int] = {}
        for i, node in enumerate(graph.nodes):
            for v in node.inputs:
                self.last_use[v] = i
                self.uses[v] = self.uses.get(v, 0) + 1
        for v in graph.outputs:
            self.last_use[v] = _FOREVER
            self.uses[v] = self.uses.get(v, 0) + 1
        self.producers = graph.producers()
        self.now = 0

    # ---- buffers and views

    def new_buffer(self, name: str, nbytes: int, kind: str = "arena", last: int = -1) -> int:
        self.buffers.append(Buffer(name, nbytes, kind))
        self.buffer_last.append(last)
        return len(self.buffers) - 1

    def fresh(self, name: str, t: TensorType) -> View:
        """A new contiguous arena buffer for value `name`."""
        buffer = self.new_buffer(name, t.nbytes, last=self.last_use.get(name, self.now))
        return View(t, contiguous_strides(t.shape), buffer)

    def bind(self, value: str, view: View) -> None:
        self.views[value] = view
        if view.buffer >= 0:
            self.buffer_last[view.buffer] = max(self.buffer_last[view.buffer], self.last_use.get(value, self.now))

    def view(self, value: str) -> View:
        """Where `value` is (constants become views on first use)."""
        if value not in self.views:
            array = self.graph.constants[value]
            t = self.graph.types[value]
            self.views[value] = View(t, contiguous_strides(t.shape), const=array)
        return self.views[value]

    # ---- placement: write a value straight into the buffer that will hold it

    def plan_outputs(self) -> None:
        for index, name in enumerate(self.graph.outputs):
            t = self.graph.types[name]
            buffer = self.new_buffer(f"output:{index}", t.nbytes, "output", last=_FOREVER)
            self.place(name, View(t, contiguous_strides(t.shape), buffer))

    def plan_concats(self) -> None:
        for node in reversed(self.graph.nodes):
            if node.op != "concat" or len(node.inputs) < 2:
                continue
            out = node.outputs[0]
            target = self.planned.get(out)
            if target is None:
                t = self.graph.types[out]
                buffer = self.new_buffer(out, t.nbytes, last=self.last_use.get(out, 0))
                target = View(t, contiguous_strides(t.shape), buffer)
                self.planned[out] = target
            for value, part in zip(node.inputs, self.parts(node, target), strict=True):
                if node.inputs.count(value) == 1:
                    self.place(value, part)

    def parts(self, node: Node, target: View) -> list[View]:
        """The slices of a concat's result that its inputs fill."""
        axis = node.attrs["axis"]
        parts, at = [], target.offset
        for value in node.inputs:
            t = self.graph.types[value]
            parts.append(View(t, target.strides, target.buffer, at))
            at += t.shape[axis] * target.strides[axis]
        return parts

    def place(self, value: str, view: View) -> None:
        """Plan `value` (and what it is a reshape of) to be written at `view`, unless it already has a place."""
        while value in self.producers and value not in self.planned:
            node = self.producers[value]
            self.planned[value] = view
            if node.op != "reshape" or self.uses.get(node.inputs[0], 0) != 1:
                return
            source = node.inputs[0]
            shape = self.graph.types[source].shape
            found = OPS["reshape"].view(view.type.shape, view.strides, {"shape": shape}, shape)
            if found is None:
                return
            view = View(self.graph.types[source], found[1], view.buffer, view.offset)
            value = source

    # ---- nodes

    def run(self) -> Program:
        graph = self.graph
        inputs = []
        for name in graph.inputs:
            t = graph.types[name]
            buffer = self.new_buffer(f"input:{name}", t.nbytes, "input", last=_FOREVER)
            self.bind(name, View(t, contiguous_strides(t.shape), buffer))
            inputs.append(Port(name, t, buffer))
        self.plan_outputs()
        output_buffers = [i for i, b in enumerate(self.buffers) if b.kind == "output"]
        self.plan_concats()
        for self.now, node in enumerate(graph.nodes):
            if node.op == "concat":
                self.concat(node)
            elif not self.alias(node):
                self.call(node)
        self.now = len(graph.nodes)
        outputs = []
        for buffer, name in zip(output_buffers, graph.outputs, strict=True):
            t = graph.types[name]
            target = View(t, contiguous_strides(t.shape), buffer)
            if not _same_place(self.view(name), target):
                self.copy(self.view(name), target, name, ())
            outputs.append(Port(name, t, buffer))
        return self.finish(inputs, outputs)

    def alias(self, node: Node) -> bool:
        """Bind the output as a view of the input where the operator only re-addresses it."""
        if not node.inputs or not node.inputs[0] or not node.outputs[0]:
            return False
        source, out = self.view(node.inputs[0]), node.outputs[0]
        t = self.graph.types[out]
        found = OPS[node.op].view(source.type.shape, source.strides, node.attrs, t.shape)
        if found is None and node.op == "reshape":
            source = self.contiguous(node.inputs[0])
            found = 0, contiguous_strides(t.shape)
        if found is None:
            return False
        view = View(t, found[1], source.buffer, source.offset + found[0], source.const)
        if source.const is not None:
            view = View(t, contiguous_strides(t.shape), const=OPS[node.op].reference([source.const], node.attrs)[0])
        self.bind(out, view)
        target = self.planned.get(out)
        if target is not None and not _same_place(view, target):
            self.copy(view, target, node.name or out, node.origin)
            self.bind(out, target)
        return True

    def contiguous(self, value: str) -> View:
        """`value` without gaps, copied once if it has any."""
        view = self.view(value)
        if view.operand.contiguous:
            return view
        if value not in self.copies:
            copy = self.fresh(f"{value}:contiguous", view.type)
            self.copy(view, copy, value, ())
            self.copies[value] = copy
        copy = self.copies[value]
        self.buffer_last[copy.buffer] = max(self.buffer_last[copy.buffer], self.last_use.get(value, self.now))
        return copy

    def copy(self, source: View, target: View, name: str, origin: tuple[str, ...]) -> None:
        if source.type.size == 0:
            return
        # bits move unchanged, so small floats travel as integers of their size
        t = source.type
        if t.dtype.compute is not t.dtype or t.dtype is DType.BOOL:
            t = TensorType({1: DType.U8, 2: DType.U16}[t.dtype.itemsize], t.shape)
        moved = Operand(t, source.strides, source.const), Operand(t, target.strides)
        call = Call("fused", {"expr": arg(0, t.dtype), "dtype": t.dtype}, moved[:1], moved[1:], self.isa, name, self.options)
        self.emit(self.choose(call).kernel, call, [source], [target], "copy", origin, Cost(0, 0, t.nbytes, t.nbytes))

    def concat(self, node: Node) -> None:
        out = node.outputs[0]
        target = self.planned.get(out)
        if target is None:
            target = self.fresh(out, self.graph.types[out])
        self.bind(out, target)
        for value, part in zip(node.inputs, self.parts(node, target), strict=True):
            if not _same_place(self.view(value), part):
                self.copy(self.view(value), part, node.name or out, node.origin)

    def choose(self, call: Call) -> Choice:
        chosen = choose(call)
        if chosen is None:
            types = ", ".join(str(i.type) if i else "-" for i in call.inputs)
            raise UnsupportedError(
                f"no kernel for {call.op}({types})", where=f"node {call.name}",
                why=f"no kernel of target family {call.isa.name} takes these element types and shapes",
                try_="see `pith ops` for what each operator takes",
            )  # fmt: skip
        return chosen

    def call(self, node: Node) -> None:
        graph, op = self.graph, OPS[node.op]
        types = graph.input_types(node)
        out_types = [
            graph.types[o] if o else t for o, t in zip(node.outputs, op.infer(types, node.attrs), strict=False)
        ]
        cost = op.cost(types, out_types, node.attrs)
        name = node.name or node.outputs[0]
        label, attrs = node.op, node.attrs
        if isinstance(op, Elementwise) and node.op != "fused":
            attrs = {"expr": op.scalar(types, attrs), "dtype": out_types[0].dtype}
        kind = "fused" if isinstance(op, Elementwise) else node.op
        if label == "fused":
            label = attrs["expr"].op
        views = [self.view(v) if v else None for v in node.inputs]
        outs = [View(t, contiguous_strides(t.shape)) for t in out_types]
        call = Call(
            kind, attrs, tuple(v.operand if v else None for v in views), tuple(o.operand for o in outs), self.isa, name, self.options
        )
        choice = self.choose(call)
        kernel, asked = choice.kernel, call
        used = kernel.uses(call)
        for i, value in enumerate(node.inputs):
            view = views[i]
            if view is not None and (used is None or i in used) and not kernel.accepts(call, view.operand, i):
                views[i] = self.contiguous(value)
        inputs = tuple(v.operand if v else None for v in views)
        call = Call(kind, attrs, inputs, call.outputs, self.isa, name, self.options)
        for k, out in enumerate(node.outputs):
            outs[k] = self.output_view(kernel, call, node, views, k, out, out_types[k])
        call = Call(kind, attrs, inputs, tuple(o.operand for o in outs), self.isa, name, self.options)
        for out, view in zip(node.outputs, outs, strict=True):
            if out:
                self.bind(out, view)
        if all(t.size == 0 for t in out_types):
            return
        self.sites.append(Site(asked, call, cost, len(self.steps)))
        self.rounded += [node.outputs[0]] if kernel.rounds else []
        self.emit(kernel, with_schedule(call, choice.schedule), views, outs, label, node.origin or (name,), cost, choice)

    def output_view(
        self, kernel: Kernel, call: Call, node: Node, views: list[View | None], k: int, out: str, t: TensorType
    ) -> View:
        """Where output `k` goes: its planned place, the memory of a dying input, or a new buffer."""
        planned = self.planned.get(out)
        if planned is not None and kernel.accepts(call, planned.operand, k, output=True):
            return planned
        if planned is not None and self.buffers[planned.buffer].kind == "output" and planned.operand.contiguous:
            return planned
        if k == 0 and planned is None:
            allowed = kernel.inplace(call)
            for i in allowed:
                view = views[i]
                if view is None or view.buffer < 0 or view.offset or not view.operand.contiguous:
                    continue
                # another operand in the same memory must be read at the very places that are written, or not at all
                others = [
                    (j, v) for j, v in enumerate(views) if v is not None and v is not view and v.buffer == view.buffer
                ]
                if any(
                    j not in allowed or v.type.shape != view.type.shape or not _same_place(v, view) for j, v in others
                ):
                    continue
                if any(j not in allowed for j, v in enumerate(views) if v is view):
                    continue
                b = self.buffers[view.buffer]
                if b.kind == "arena" and b.nbytes == t.nbytes and self.buffer_last[view.buffer] <= self.now:
                    return View(t, contiguous_strides(t.shape), view.buffer)
        return self.fresh(out or f"{node.outputs[0]}:unused{k}", t)

    def emit(
        self, kernel: Kernel, call: Call, inputs: list[View | None] | list[View], outputs: list[View],
        label: str, origin: tuple[str, ...], cost: Cost, choice: Choice | None = None,
    ) -> None:  # fmt: skip
        emitted = kernel.emit(call)
        stages = (emitted, *emitted.then)
        own = -(-emitted.scratch // ALIGN) * ALIGN if len(stages) == 1 and self.splits(emitted, cost) else 0
        nbytes = own * self.options.threads if own else emitted.scratch
        needed = any(isinstance(a, Scratch) for stage in stages for a in stage.args)
        scratch = self.new_buffer(f"scratch:{call.name}", nbytes, "scratch") if needed else -1
        takes = next((x.type.dtype for x in inputs if x is not None), outputs[0].type.dtype)
        for k, stage in enumerate(stages):
            place = _Placement(self, call, kernel, inputs, outputs, BufferRef(scratch, own=own))
            values = tuple(map(place, stage.args))
            part = cost if k == 0 else Cost(0, 0, 0, 0)
            self.steps.append(
                Step(
                    call.name, label, origin, kernel.name, stage.function, values, tuple(dict.fromkeys(place.reads)),
                    tuple(dict.fromkeys([o.buffer for o in outputs] + place.writes)), takes, outputs[0].type, part, _why(stage, choice),
                    stage.units if self.splits(stage, cost) else 1,
                    tuned=choice is not None and choice.tuned, costs=choice.costs if choice is not None else (), rounds=kernel.rounds,
                )
            )  # fmt: skip

    def splits(self, stage: Emitted, cost: Cost) -> bool:
        """Whether threads share out the work of a step: it has parts, and enough to do for a wait to pay."""
        return self.options.threads > 1 and stage.units > 1 and cost.effort(self.isa.lanes(4)) >= _WORTH_SHARING

    def finish(self, inputs: list[Port], outputs: list[Port]) -> Program:
        for i, step in enumerate(self.steps):
            for index in (*step.reads, *step.writes):
                b = self.buffers[index]
                b.first = i if b.first < 0 else b.first
                b.last = i
        arena = [b for b in self.buffers if b.kind in ("arena", "scratch") and b.first >= 0 and b.nbytes]
        size, bound = plan_arena(arena)
        if max(size, self.weights.size) >= 2 * _LARGEST:
            raise UnsupportedError(
                "the network needs more than 4 GiB",
                why=f"arena {size:,} bytes, weights {self.weights.size:,} bytes",
                try_="smaller shapes, or a smaller network",
            )
        if self.options.threads > 1:
            mark_joins(self.steps, self.buffers)
        return Program(self.graph.name, inputs, outputs, self.buffers, self.steps, size, bound, self.options.threads)


def _why(stage: Emitted, choice: Choice | None) -> str:
    """The kernel's words, and the schedule where it was measured to be the best."""
    tuned = choice is not None and choice.tuned and str(choice.schedule)
    return f"{stage.why}, tuned: {tuned}" if tuned else stage.why


class _Placement:
    """Turns a kernel's arguments into values of the program, noting which buffers it reads and writes."""

    def __init__(
        self, owner: Lowering, call: Call, kernel: Kernel, inputs: Sequence[View | None], outputs: Sequence[View], scratch: BufferRef
    ) -> None:
        self.owner, self.call, self.kernel, self.inputs, self.outputs, self.scratch = owner, call, kernel, inputs, outputs, scratch
        self.reads: list[int] = []
        self.writes: list[int] = []

    def __call__(self, a: Arg) -> Value:
        if isinstance(a, In):
            view = self.inputs[a.index]
            if view is None:
                raise InternalError(f"kernel {self.kernel.name} passes the absent input {a.index}", where=self.call.name)
            size = view.type.dtype.itemsize
            if view.const is not None:
                return WeightRef(self.owner.weights.add(view.const), a.step * size)
            self.reads.append(view.buffer)
            return BufferRef(view.buffer, view.offset * size, a.step * size)
        if isinstance(a, Out):
            out = self.outputs[a.index]
            size = out.type.dtype.itemsize
            return BufferRef(out.buffer, out.offset * size, a.step * size)
        if isinstance(a, Const):
            return WeightRef(self.owner.weights.add(a.array))
        if isinstance(a, (Int, Float)):
            return a.value
        if isinstance(a, Scratch):
            self.writes.append(self.scratch.index)
            return replace(self.scratch, offset=a.offset)
        return Bound(type(a).__name__.lower(), a.per, 0 if isinstance(a, Begin) else a.total)


def _same_place(a: View, b: View) -> bool:
    return (
        a.buffer == b.buffer and a.offset == b.offset and a.const is None
        and all(d == 1 or s == t for d, s, t in zip(a.type.shape, a.strides, b.strides, strict=True))
    )  # fmt: skip


_PARTLY_READ = ("gather", "gather_elements", "gather_nd")  # operators that read a few rows of a table


def weight_bytes(graph: Graph) -> int:
    """Bytes of the constants that one run of the network reads."""
    read = {v for n in graph.nodes if n.op not in _PARTLY_READ for v in n.inputs if v in graph.constants}
    return sum(graph.constants[v].nbytes for v in read)


def lower(
    graph: Graph, isa: ISA, weights: Weights, options: Options = DEFAULTS, sites: list[Site] | None = None, max_ram: int = 0
) -> Program:
    """Lower `graph` for `isa`, adding its constants to `weights` (shared by all shapes of one library).

    sites: filled with the places where kernels were chosen.  max_ram: bytes that arena, inputs and outputs may take together, for
    which layers are run in strips (0: as many as it takes). Raises UnsupportedError when no kernel takes a node, BuildError when
    `max_ram` cannot be met.
    """
    kernels.load_all()
    for name, t in graph.types.items():
        if t.nbytes >= _LARGEST:
            raise UnsupportedError(
                f"value {name!r} is too large: {t}",
                where=f"{t.nbytes:,} bytes",
                why="generated code counts elements and bytes in 32 bits",
                try_="smaller shapes, or a smaller batch",
            )
    graph = apart(graph, isa, options)
    options = replace(options, weight_bytes=options.weight_bytes or weight_bytes(graph))
    found = fit(graph, max_ram, lambda g: Lowering(g, isa, Weights(), options).run()) if max_ram else None
    lowering = Lowering(found.graph if found else graph, isa, weights, options)
    program = lowering.run()
    program.fit, program.graph, program.rounded = found, lowering.graph, tuple(lowering.rounded)
    if sites is not None:
        sites += lowering.sites
    return program

"""One call as a Program of its own: what measuring a kernel needs."""

from __future__ import annotations

from pith.graph import Graph
from pith.kernels.base import Call, Kernel
from pith.lower.lower import Lowering, View
from pith.lower.program import Port, Program, Weights
from pith.ops.base import Cost


def lower_call(kernel: Kernel, call: Call, weights: Weights, cost: Cost) -> Program:
    """`call` run by `kernel`; its inputs that are no constants and its outputs are the caller's, strided as the call has them."""
    low = Lowering(Graph(call.name or "call"), call.isa, weights, call.options)
    inputs: list[Port] = []
    views: list[View | None] = []
    used = kernel.uses(call)
    for i, x in enumerate(call.inputs):
        if x is None or x.const is not None:
            views.append(None if x is None else View(x.type, x.strides, const=x.const))
            continue
        buffer = low.new_buffer(f"input:{i}", x.type.nbytes, "input")
        views.append(View(x.type, x.strides, buffer))
        if used is None or i in used:
            inputs.append(Port(f"x{i}", x.type, buffer))
    outputs, outs = [], []
    for i, y in enumerate(call.outputs):
        buffer = low.new_buffer(f"output:{i}", y.type.nbytes, "output")
        outs.append(View(y.type, y.strides, buffer))
        outputs.append(Port(f"y{i}", y.type, buffer))
    low.emit(kernel, call, views, outs, call.op, (), cost)
    return low.finish(inputs, outputs)

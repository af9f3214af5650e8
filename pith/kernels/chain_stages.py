"""The convolutions of a conv_chain as calls of their own: for its kernels, and for lowering, which weighs them against it."""

from __future__ import annotations

from dataclasses import replace

from pith.kernels.base import Call, Operand
from pith.ops.base import OPS, contiguous_strides
from pith.ops.conv_chain import ConvChain, stages_of


def stage_calls(call: Call) -> list[Call]:
    """The convolutions of a chain as calls of their own; what lies between lies contiguous."""
    op = OPS["conv_chain"]
    assert isinstance(op, ConvChain)
    types = op.types([None if x is None else x.type for x in call.inputs], call.attrs)
    outs = [*(Operand(t, contiguous_strides(t.shape)) for t in types[:-1]), call.outputs[0]]
    calls, x = [], call.inputs[0]
    for y, (attrs, own) in zip(outs, stages_of(call.inputs, call.attrs), strict=True):
        calls.append(replace(call, op="conv", attrs=attrs, inputs=(x, *own), outputs=(y,)))
        x = y
    return calls

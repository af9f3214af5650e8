"""accelerated: a part of the network that an accelerator computes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import Graph, TensorType
from pith.ops.base import OPS, Arrays, Attrs, Op, Types, register
from pith.ops.interpret import run_reference


@register("accelerated")
class Accelerated(Op):
    """The outputs of the graph `body` for its inputs, which are those of the node in order.

    Attributes: body; by: the accelerator's name; emission: what it emits for the body (`pith.kernels.accelerated_calls`).
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        body: Graph = attrs["body"]
        assert [i and i.shape for i in inputs] == [body.types[i].shape for i in body.inputs]
        return [body.types[o] for o in body.outputs]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        body: Graph = attrs["body"]
        return run_reference(body, {k: a for k, a in zip(body.inputs, inputs, strict=True) if a is not None})

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        body: Graph = attrs["body"]
        return sum(OPS[n.op].macs(body.input_types(n), body.output_types(n), n.attrs) for n in body.nodes)

"""conv_chain: convolutions one after the other whose values between them nobody else sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from pith.graph import TensorType
from pith.ops.base import OPS, Arrays, Attrs, Op, Types, register

_T = TypeVar("_T")


def stages_of(inputs: Sequence[_T], attrs: Attrs) -> Iterator[tuple[Attrs, list[_T]]]:
    """Attributes and inputs after the first (weights, bias, extras of the epilogue) of each convolution, in order."""
    at = 1
    for stage, count in zip(attrs["stages"], attrs["counts"], strict=True):
        yield stage, list(inputs[at : at + count])
        at += count


@register("conv_chain")
class ConvChain(Op):
    """y = conv(... conv(x, stage 0) ..., last stage).

    Inputs x, then for each stage those of its `conv` but the first. Attributes stages (the attributes of each conv) and
    counts (how many of the inputs are each stage's).
    """

    def types(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        """Types of the result of every stage."""
        conv, x = OPS["conv"], inputs[0]
        made: list[TensorType] = []
        for stage, own in stages_of(inputs, attrs):
            made += conv.infer([x, *own], stage)
            x = made[-1]
        return made

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        return self.types(inputs, attrs)[-1:]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        made: list[np.ndarray] = []
        x = inputs[0]
        for stage, own in stages_of(inputs, attrs):
            made = OPS["conv"].reference([x, *own], stage)
            x = made[0]
        return made

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        made = self.types(inputs, attrs)
        return sum(OPS["conv"].macs([None, *own], [y], stage) for y, (stage, own) in zip(made, stages_of(inputs, attrs), strict=True))

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return sum(y.size for y in self.types(inputs, attrs))

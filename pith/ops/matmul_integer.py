"""matmul_integer: matrix product of integers of 8 or 16 bits, summed exactly in int32 or int64, with a fused epilogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import TensorType
from pith.ops.base import OPS, Arrays, Attrs, Op, Types, register
from pith.ops.conv_integer import check_range, check_types, finish, result_type


@register("matmul_integer")
class MatmulInteger(Op):
    """acc = (a - zero_a) @ (b - zero_b) + bias. Inputs a [..., M, K], b [..., K, N] (8 or 16 bits), bias [N] (int32 or int64) or absent, extras.

    Attributes trans_a, trans_b, epilogue as `matmul`; zero_a, zero_b: zero points; range: smallest and largest integer of a, as
    `conv_integer` has it, and acc: the type of the sums. The sum must not leave its range: who makes such a node proves it. The
    epilogue's argument 0 is the sum, and its type is that of y.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        a, b, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
        assert a is not None and b is not None
        check_types(a, b, bias)
        return [result_type(OPS["matmul"].infer(inputs, attrs)[0].shape, attrs)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        a, b, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
        assert a is not None and b is not None
        check_range(a, attrs)
        left, right = a.astype(np.float64) - attrs.get("zero_a", 0), b.astype(np.float64) - attrs.get("zero_b", 0)
        sums = np.asarray(OPS["matmul"].reference([left, right, None], {**attrs, "epilogue": None})[0])
        return [finish(sums, bias, attrs, inputs[3:], sums.ndim - 1)]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return OPS["matmul"].macs(inputs, outputs, attrs)

"""pad: a border around a tensor."""

from __future__ import annotations

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register


@register("pad")
class Pad(Op):
    """attrs["pads"]: non-negative, all begins then all ends;  attrs["mode"]: "constant", "reflect" (without repeating
    the edge), "edge" or "wrap";  attrs["value"]: of the border when constant.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        pads, rank = attrs["pads"], len(x.shape)
        if len(pads) != 2 * rank or min(pads, default=0) < 0:
            raise ShapeError(f"pads {pads} do not fit a tensor of rank {rank}")
        if attrs["mode"] != "constant":
            for a, d in enumerate(x.shape):
                if d == 0 and pads[a] + pads[a + rank] > 0:
                    raise ShapeError(f"axis {a} is empty: there is nothing to pad it with")
        shape = tuple(d + pads[a] + pads[a + rank] for a, d in enumerate(x.shape))
        return [TensorType(x.dtype, shape)]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        rank = x.ndim
        widths = list(zip(attrs["pads"][:rank], attrs["pads"][rank:], strict=True))
        if attrs["mode"] == "constant":
            shape = tuple(d + b + e for d, (b, e) in zip(x.shape, widths, strict=True))
            y = np.full(shape, attrs["value"], dtype=x.dtype)
            y[tuple(slice(b, b + d) for d, (b, _) in zip(x.shape, widths, strict=True))] = x
            return [y]
        return [np.pad(x, widths, mode=attrs["mode"])]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        return 0

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        rank = len(perm)
        pads = [0] * (2 * rank)
        for i, p in enumerate(perm):
            pads[p], pads[p + rank] = attrs["pads"][i], attrs["pads"][i + rank]
        return {**attrs, "pads": tuple(pads)}

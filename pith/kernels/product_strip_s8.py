"""conv_integer and matmul_integer where there are no dot products of bytes: `product_s8` by the tiles of `tile_strip_s8`."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pith.kernels.base import Call, kernel
from pith.kernels.exact_s16 import Plan, depth, plan, range_of, split_plan
from pith.kernels.product_s8 import IntegerProduct, Tile
from pith.kernels.tile_strip_s8 import StripTile
from pith.vector.s8 import has_bytes

_FEW = 64  # rows
_WORTH = 0.2  # share of the panels that have to allow deeper sums


def columns_of(conv: Call) -> np.ndarray:
    """The weights of a conv_integer as the products meet them: [K, O], taps before channels, K filled up to a multiple of 4.
    Groups lie side by side."""
    w = conv.input(1).const
    assert w is not None
    columns = w.transpose(2, 3, 1, 0).reshape(-1, w.shape[0])
    return np.pad(columns, ((0, -len(columns) % 4), (0, 0)))


def few_rows(conv: Call) -> int:
    """The number of output pixels, where it is at most 64 and the weights are more than stays in the second cache; else 0."""
    pixels = math.prod(conv.outputs[0].shape[:3])
    return pixels if pixels <= _FEW and conv.input(1).type.size > conv.isa.near else 0


def pairs_of(conv: Call) -> Plan | None:
    """How the products of a conv_integer with these weights are summed in 16 bits, exactly; None where they cannot be."""
    return plan(conv, columns_of(conv), StripTile.deepest)


class _Strip(IntegerProduct):
    """Weights without a zero point, and an instruction set with no dot products."""

    def fits(self, call: Call) -> bool:
        return has_bytes(call.isa) and "vnni" not in call.isa.features and not call.attrs["rest"]


@kernel("conv_integer", "pairs")
@kernel("matmul_integer", "pairs")
class IntegerPairs(_Strip):
    """Sums of neighbouring products in 16 bits, where the inputs' range and the weights make them exact."""

    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        found = pairs_of(conv)
        assert found is not None
        tile = StripTile(conv.isa, taps, k, found.depth, found.shift, few_rows=few_rows(conv))
        if found.depth == tile.deepest:
            return tile
        top = range_of(conv)[1] + found.shift
        columns, per = columns_of(conv), conv.input(1).shape[0] // int(conv.attrs["group"])
        starts = [g + c for g in range(0, columns.shape[1], per) for c in range(0, per, tile.width)]
        depths = [depth(top, columns[:, c : min(c + tile.width, c // per * per + per)], tile.deepest) for c in starts]
        share = depths.count(max(depths)) / len(depths)
        if max(depths) == found.depth or share < _WORTH:
            return tile
        return replace(tile, depth=max(depths), least=found.depth, top=top, share=share)

    def fits(self, call: Call) -> bool:
        return super().fits(call) and call.isa.byte_pairs and pairs_of(call) is not None


@kernel("conv_integer", "words")
@kernel("matmul_integer", "words")
class IntegerWords(_Strip):
    """16-bit factors, sums of two products in int32: exact for all bytes."""

    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        return StripTile(conv.isa, taps, k, few_rows=few_rows(conv))


@kernel("conv_integer", "split")
@kernel("matmul_integer", "split")
class IntegerSplit(_Strip):
    """Sums of neighbouring products in 16 bits of any bytes: large inputs, for which they would not fit, in two steps."""

    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        found = split_plan(conv, columns_of(conv))
        assert found is not None
        # where all inputs lie above their zero point (a ReLU), few of them are large
        return StripTile(conv.isa, taps, k, 1, found.shift, found.edge, range_of(conv)[0] == conv.attrs.get("zero", 0), few_rows(conv))

    def fits(self, call: Call) -> bool:
        return super().fits(call) and call.isa.byte_pairs and split_plan(call, columns_of(call)) is not None

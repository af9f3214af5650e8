"""conv_integer and matmul_integer of 16-bit inputs and constant 8-bit weights: `product_s8` by the tiles of `tile_s16`."""

from __future__ import annotations

from typing import ClassVar

from pith.graph import DType
from pith.kernels.base import Call, kernel
from pith.kernels.product_s8 import IntegerProduct, Tile
from pith.kernels.product_strip_s8 import columns_of, few_rows
from pith.kernels.tile_s16 import ShortTile, part_of
from pith.ops.conv_integer import sum_type
from pith.vector.s8 import has_bytes


@kernel("conv_integer", "shorts")
@kernel("matmul_integer", "shorts")
class IntegerShorts(IntegerProduct):
    """Sums of two products in int32; of sums in int64 as many parts as that takes."""

    inputs: ClassVar[tuple[DType, ...]] = (DType.I16, DType.U16)

    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        long = sum_type(conv.attrs) is DType.I64
        return ShortTile(conv.isa, taps, k, few_rows=few_rows(conv), part=part_of(columns_of(conv)) if long else 0)

    def fits(self, call: Call) -> bool:
        return has_bytes(call.isa) and not call.attrs["rest"]

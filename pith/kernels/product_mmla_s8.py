"""conv_integer and matmul_integer by matrix multiplication of bytes: `product_s8` by the tile of `tile_mmla_s8`."""

from __future__ import annotations

from pith.kernels.base import Call, kernel
from pith.kernels.product_s8 import IntegerProduct, Tile, merges
from pith.kernels.tile_mmla_s8 import STEP, MmlaTile


@kernel("conv_integer", "mmla")
@kernel("matmul_integer", "mmla")
class IntegerMmla(IntegerProduct):
    """Weights without a zero point of their own, eight bytes a tap at least."""

    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        return MmlaTile(conv.isa)

    def fits(self, call: Call) -> bool:
        _, c, _, kw = call.input(1).shape
        return "i8mm" in call.isa.features and not call.attrs["rest"] and (kw * c if merges(call) else c) >= STEP

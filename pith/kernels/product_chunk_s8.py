"""conv_integer and matmul_integer where products of bytes are widened to 16 bits: `product_s8` by the tile of `tile_chunk_s8`."""

from __future__ import annotations

from pith.kernels.base import Call, kernel
from pith.kernels.exact_s16 import range_of
from pith.kernels.product_s8 import IntegerProduct, Tile
from pith.kernels.product_strip_s8 import columns_of
from pith.kernels.tile_chunk_s8 import ChunkTile, most, proven


@kernel("conv_integer", "chunks")
@kernel("matmul_integer", "chunks")
class IntegerChunks(IntegerProduct):
    """Weights without a zero point; as many products are added in 16 bits as the inputs' range and the weights allow."""

    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        low, high = range_of(conv)
        columns = columns_of(conv)
        center = -((low + high + 1) // 2)
        moves = [0, center] if low >= -128 and high <= 127 else [center]
        if taps * k % 16 == 0 and taps == 1:
            moves = moves[:1]  # nothing is copied where nothing moves
        group, moved = max(((min(proven(low + m, high + m, columns), most(conv.isa)), m) for m in moves), key=lambda found: (found[0], found[1] == 0))
        return ChunkTile(conv.isa, taps, k, group, moved)

    def fits(self, call: Call) -> bool:
        return "smull" in call.isa.features and not call.attrs["rest"]

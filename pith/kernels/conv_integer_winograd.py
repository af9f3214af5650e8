"""conv_integer 3x3, stride 1, channels_last, constant int8 weights, by Winograd's F(2,3) or F(4,3) in integers: the same bits as the
plain sum.

As in `conv_f32_winograd` a block of tiles goes through all three stages while it is in cache. The products are those of 16-bit
numbers, half as many an instruction as those of bytes, but F(4,3) needs a quarter of them. Transformed weights take 3.6 (F(2,3)) or
8 times the bytes of the plain ones.
"""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import (
    Arg,
    Call,
    Const,
    Emitted,
    In,
    Int,
    Out,
    Schedule,
    Scratch,
    kernel,
    unit_range,
)
from pith.kernels.exact_s16 import range_of
from pith.kernels.four_bits import are_four_bits
from pith.kernels.packed import PackedVectors
from pith.kernels.product_s8 import product_of
from pith.kernels.tail_s8 import sum_args, tail_of_sums
from pith.kernels.winograd_s16 import APART, TAPS, fits, panels, transformed, winograd
from pith.ops.conv_integer import sum_type
from pith.vector.s16 import has_words

_LEAST = 8  # channels on either side from which the transforms pay
_INTO = 5.0, 20.0  # cost of a transformed number of a vector, and of a pixel of one beside the 10 of an epilogue
_OVERLAP = 1 / 2  # of the rate at which weights come from the last cache, what is left of it beside products that stream them
_BLOCKS = (128 << 10, 256 << 10, 512 << 10, 1 << 20)  # bytes of a block of tiles and products


class IntegerWinograd(PackedVectors):
    """One size of tile."""

    m: int

    def applies(self, call: Call) -> bool:
        if not (has_words(call.isa) and call.options.winograd and call.op == "conv_integer"):
            return False
        conv = product_of(call)
        if conv is None or conv.op != "conv_integer" or sum_type(conv.attrs) is not DType.I32:
            return False
        a, w = conv.attrs, conv.input(1)
        if not (
            w.shape[2:] == (TAPS, TAPS) and a["group"] == 1 and tuple(a["strides"]) == (1, 1) and tuple(a["dilations"]) == (1, 1)
            and not a["rest"] and min(w.shape[:2]) >= _LEAST
        ):  # fmt: skip
            return False
        assert w.const is not None
        return not are_four_bits(w.const) and fits(self.m, w.const, _farthest(conv))

    def cost(self, call: Call) -> float:
        block = _block_of(call, self.m)
        return _cost(call, self.m, block)

    def schedules(self, call: Call) -> tuple[Schedule, ...]:
        return tuple(Schedule.of(block=b) for b in dict.fromkeys((_block_of(call, self.m), *_candidates(call, self.m))))

    def emit(self, call: Call) -> Emitted:
        conv, m = product_of(call), self.m
        assert conv is not None
        found = tail_of_sums(conv)
        x, w, y = conv.input(0), conv.input(1), conv.outputs[0]
        assert found is not None and w.const is not None
        tail, zero_y = found
        o, c = w.shape[:2]
        given = conv.inputs[2].const if conv.inputs[2] is not None else None
        lanes = call.isa.lanes(4)
        bias = np.zeros(-(-o // lanes) * lanes, np.int32)
        if given is not None:
            bias[:o] = given.reshape(-1)
        zero, block, tiles, tall = int(conv.attrs.get("zero", 0)), _block_of(call, m), _tiles(conv, m), _tall(call, m)
        pointers, strides = sum_args(conv, tail)
        numbers = (tiles, *y.shape[1:3], *x.shape[1:3], c, o, block, *conv.attrs["pads"][:2], *x.strides[:3], *y.strides[:3])
        blocks = -(-tiles // block)
        args: tuple[Arg, ...] = (
            In(0), Const(panels(transformed(w.const, m), call.isa).reshape(-1)), Const(bias), Const(np.full(c, zero, x.type.dtype.np)), Out(0),
            *pointers, Scratch(), *map(Int, numbers), *strides, Int(zero), Int(zero_y), *unit_range(blocks),
        )  # fmt: skip
        why = f"Winograd F({m},3) in integers, {block} tiles at a time"
        return Emitted(winograd(call.isa, m, x.type.dtype, tail, tall), args, _bytes(call, m, block) + (m + 2) ** 2 * 4 * APART, why, blocks)


def _farthest(conv: Call) -> int:
    lo, hi = range_of(conv)
    zero = int(conv.attrs.get("zero", 0))
    return max(hi - zero, zero - lo, 0)


def _tiles(call: Call, m: int) -> int:
    """Tiles of all pictures of a batch."""
    n, oh, ow = call.outputs[0].shape[:3]
    return n * math.ceil(oh / m) * math.ceil(ow / m)


def _tall(call: Call, m: int) -> int:
    """Rows of the register tile: as many as the registers hold, or fewer if few tiles then come out even."""
    most = 12 if call.isa.registers >= 32 else 6
    tiles = _tiles(call, m)
    if tiles <= most:
        return tiles
    return min(range(most, most // 2, -1), key=lambda h: -(-tiles // h) * (h + 1)) if tiles < 16 * most else most


def _bytes(call: Call, m: int, block: int) -> int:
    """Scratch memory of a block of tiles."""
    o, c = call.input(1).shape[:2]
    lanes = call.isa.lanes(4)
    return (m + 2) ** 2 * block * (2 * (-(-c // (2 * lanes)) * 2 * lanes) + 4 * (-(-o // lanes) * lanes))


def _candidates(call: Call, m: int) -> list[int]:
    tall, tiles = _tall(call, m), _tiles(call, m)
    one, threads = _bytes(call, m, tall), call.options.threads
    found = []
    for budget in _BLOCKS:
        blocks = -(-tiles // (max(1, budget // one) * tall))
        blocks = -(-blocks // threads) * threads if blocks > 1 or tiles >= 2 * tall * threads else blocks
        found.append(-(-math.ceil(tiles / blocks) // tall) * tall)
    return list(dict.fromkeys(found))


def _block_of(call: Call, m: int) -> int:
    """Tiles transformed at a time: what the schedule says, or what costs least."""
    return call.schedule.get("block", 0) or min(_candidates(call, m), key=lambda block: _cost(call, m, block))


def _cost(call: Call, m: int, block: int) -> float:
    """Time of a layer by blocks, in vector multiply-adds (two a cycle): weights that do not stay near, tiles that do not, transforms."""
    o, c = call.input(1).shape[:2]
    lanes, tiles, elements, tall = call.isa.lanes(4), _tiles(call, m), (m + 2) ** 2, _tall(call, m)
    vectors, pairs = math.ceil(o / lanes), math.ceil(c / 2)
    two = 1.1 if "vnni" in call.isa.features else 1.35 if call.isa.registers < 32 else 2.1
    blocks = -(-tiles // block)
    rows = block * blocks
    products = elements * (rows * vectors * (two * pairs + 2.0) + 12.0 * rows / tall * math.ceil(vectors / 2))
    nbytes = elements * 4.0 * pairs * vectors * lanes
    again = call.isa.beyond * _OVERLAP if nbytes > call.isa.near * 3 // 4 else math.inf
    # as if the other weights of the network were transformed too
    afar = call.options.weight_bytes * 2.0 * elements / TAPS**2 > call.isa.last
    stream = nbytes / (call.isa.memory if afar else again) + (blocks - 1) * nbytes / again
    beside = _bytes(call, m, block)
    spilled = 2.0 * beside * blocks / call.isa.beyond if beside > call.isa.near * 3 // 4 else 0.0
    each, pixel = _INTO
    transforms = each * elements * tiles * (math.ceil(c / lanes / 2) + vectors) + pixel * tiles * m * m * vectors
    return products + stream + spilled + transforms


@kernel("conv_integer", "winograd2")
class IntegerWinograd2(IntegerWinograd):
    """F(2,3)."""

    m = 2


@kernel("conv_integer", "winograd4")
class IntegerWinograd4(IntegerWinograd):
    """F(4,3)."""

    m = 4

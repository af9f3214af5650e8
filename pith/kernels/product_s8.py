"""conv_integer and matmul_integer with constant weights as implicit products of a register tile of 8-bit products.

A matrix product is a 1x1 convolution over a picture one pixel high. Kernels differ in their tile only.
"""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np

from pith.graph import DType, TensorType
from pith.kernels.base import Arg, Begin, Call, Const, Emitted, End, In, Int, Operand, Out, Scratch, kernel
from pith.kernels.conv_f32_pointwise import in_2d
from pith.kernels.four_bits import UNPACK, are_four_bits, packed_panels
from pith.kernels.implicit_product import GROUPED, implicit_product
from pith.kernels.packed import PackedVectors
from pith.kernels.tail_s8 import SumTail, sum_args, tail_of_sums
from pith.kernels.tile_amx import AmxTile
from pith.kernels.tile_chunk_s8 import ChunkTile
from pith.kernels.tile_s8 import DotTile, totals
from pith.kernels.tile_strip_s8 import StripTile
from pith.ops.int32 import LARGEST
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import has_bytes

Tile = DotTile | AmxTile | StripTile | ChunkTile
_NEAR = 768 << 10  # bytes of packed weights that stay near while all rows pass by
_BYTES = (DType.I8, DType.U8)


def _as_row(x: Operand) -> Operand:
    """[..., K] of `rows` as [1, 1, M, K]."""
    m, k = math.prod(x.shape[:-1]), x.shape[-1]
    return Operand(TensorType(x.type.dtype, (1, 1, m, k)), (0, 0, x.pitch, 1), x.const)


def as_conv(call: Call) -> Call | None:
    """The call as a convolution of a picture [N, H, W, C] that is conv_integer; None where it is none. Products and 1x1
    convolutions over all pixels become one row of pixels. Its weights are int8; attrs["rest"] is what each of them lacks."""
    x, w, y = call.input(0), call.input(1), call.outputs[0]
    at = call.attrs
    rest = call.inputs[2:3] or (None,)
    extras = call.inputs[3:]
    if call.op == "matmul_integer":
        if w.const is None or len(w.shape) != 2 or len(x.shape) < 2 or at.get("trans_a"):
            return None
        k, n = w.shape[::-1] if at.get("trans_b") else w.shape
        weights = np.ascontiguousarray((w.const if at.get("trans_b") else w.const.T).reshape(n, k, 1, 1))
        attrs = {"strides": (1, 1), "pads": (0, 0, 0, 0), "dilations": (1, 1), "group": 1, "zero": at.get("zero_a", 0)}
        attrs |= {name: at[name] for name in ("range", "acc") if name in at}
        zero_w = at.get("zero_b", 0)
        flat = True
    else:
        if at["layout"] != "channels_last" or w.const is None:
            return None
        call = in_2d(call)
        x, w, y, at, extras = call.input(0), call.input(1), call.outputs[0], call.attrs, call.inputs[3:]
        if len(x.shape) != 4:
            return None
        assert w.const is not None
        weights, attrs, zero_w = w.const, dict(at), at.get("zero_w", 0)
        alone = w.shape[2:] == (1, 1) and tuple(at["strides"]) == (1, 1) and not any(at["pads"]) and at["group"] == 1
        flat = alone and all(o.rows for o in (x, y, *(e for e in extras if e is not None and e.shape == y.shape)))
    weights, attrs["rest"] = signed(weights, zero_w)
    if attrs["rest"] and ((attrs["group"] != 1 and weights.shape[1] != 1) or abs(attrs["rest"]) * 255 * math.prod(weights.shape[1:]) > LARGEST):
        return None
    attrs |= {"layout": "channels_last", "epilogue": at.get("epilogue")}
    shape = y.shape
    if flat:
        if not (x.rows and y.rows):
            x = Operand(x.type, tuple(_steps(x.shape)), x.const)  # as it will be once it is copied
            y = Operand(y.type, tuple(_steps(y.shape)))
        extras = tuple(_as_row(e) if e is not None and e.shape == shape else e for e in extras)
        x, y = _as_row(x), _as_row(y)
    right = Operand(TensorType(DType.of(weights.dtype), weights.shape), tuple(_steps(weights.shape)), weights)
    return replace(call, op="conv_integer", attrs=attrs, inputs=(x, right, *rest, *extras), outputs=(y,))


def signed(weights: np.ndarray, zero: int) -> tuple[np.ndarray, int]:
    """8-bit weights less their zero point as int8, and a number to be added to each of them."""
    if weights.dtype == np.uint8:
        return (weights ^ np.uint8(128)).view(np.int8), 128 - zero
    return weights, -zero


def _steps(shape: tuple[int, ...]) -> list[int]:
    return [math.prod(shape[i + 1 :]) for i in range(len(shape))]


def product_of(call: Call, inputs: tuple[DType, ...] = _BYTES) -> Call | None:
    """`as_conv` of a call that these kernels may run: inputs of these types, 8-bit constant weights, a constant bias, an epilogue that
    fits."""
    x, w = call.input(0), call.input(1)
    bias = call.inputs[2] if len(call.inputs) > 2 else None
    if x.type.dtype not in inputs or w.type.dtype not in _BYTES or (bias is not None and bias.const is None) or not x.type.size:
        return None
    if not x.inner_contiguous:  # as it will be once it is copied
        x = Operand(x.type, tuple(_steps(x.shape)), x.const)
        call = replace(call, inputs=(x, *call.inputs[1:]))
    conv = as_conv(call)
    return conv if conv is not None and tail_of_sums(conv) is not None else None


def merges(call: Call) -> bool:
    """Whether the taps of a kernel row are one: neighbouring pixels lie next to each other."""
    x, w, at = call.input(0), call.input(1), call.attrs
    channels = x.shape[3]
    return at["group"] == 1 and at["dilations"][1] == 1 and w.shape[3] > 1 and x.strides[2] == channels and (x.strides[3] == 1 or channels == 1)


@functools.cache
def product(isa: ISA, tile: str, label: str, block: CFunction, dtype: DType, tail: SumTail, rows: int, height: str, column: str,
            merged: bool, enter: str, leave: str, rowed: bool = False, four: tuple[int, int] = (0, 0)) -> CFunction:  # fmt: skip
    """The block loop over output pixels with `block`, the block function of a tile (its other facts beside it).

    four: of weights that lie two a byte, the width of the widest panel and the bytes that a column begins with.
    tile: its name; "strip_short" is a strip that reads `reach` bytes of a tap wherever that many are there.
    """
    last = "(uintptr_t)(x + (ptrdiff_t)(batch - 1) * xn + (ptrdiff_t)(ih - 1) * xh + (ptrdiff_t)(iw - 1) * xw + c) - (uintptr_t)reach"
    more = {
        AmxTile.name: (", int32_t chunk, int32_t copies", ", chunk, (unsigned char *)scratch + copies"),
        f"{StripTile.name}_short": (
            ", int32_t shift, int32_t edge, int32_t pitch, int32_t reach, int32_t copies",
            f", shift, edge, pitch, {last}, (unsigned char *)scratch + copies",
        ),
        StripTile.name: (", int32_t shift, int32_t edge, int32_t pitch, int32_t copies", ", shift, edge, pitch, (unsigned char *)scratch + copies"),
    }.get(tile, (", int32_t times", ", times") if rowed else ("", ""))
    name = f"conv_{dtype.short}s8_{label}{'_rowed' if rowed else ''}{'_rows' if merged else ''}{tail.suffix}"
    wide, head = four
    begin = ""
    if wide:
        name += "_four"
        more = (more[0] + ", int32_t room", more[1])
        begin = (
            f"for (int32_t g = 0; g < groups; g++) pith_unpack_panels(w + (ptrdiff_t)g * (wg / {column} * (({column} + {head}) / 2)), "
            f"(int8_t *)scratch + room + (ptrdiff_t)g * wg, cols, {wide}, {head}, {column} - {head});"
        )
    text = implicit_product(
        name, (dtype.c, "int8_t", tail.out.c), tail.params(False), tail.full,
        [GROUPED["full" if i in dict(tail.full) else k.partition("_")[0]].format(i=i) for i, k in enumerate(tail.kinds)], block.name, rows, height,
        f"(({column} + {head}) / 2)" if wide else column,
        merged=merged, patch=merged, enter=enter, leave=leave,
        more=(f", int32_t zero_y{more[0]}", f", zero_y{more[1]}"), begin=begin, weights="((const int8_t *)scratch + room)" if wide else "w",
    )  # fmt: skip
    return CFunction(name, text, (block, UNPACK) if wide else (block,), ("stdint.h", "stddef.h"))


class IntegerProduct(PackedVectors):
    """What the products of all tiles have in common."""

    inputs: ClassVar[tuple[DType, ...]] = _BYTES

    @abstractmethod
    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        """The tile for a conv_integer over `taps` taps of `k` bytes."""

    @abstractmethod
    def fits(self, call: Call) -> bool:
        """Whether the instruction set has the tile, and the tile takes the call (a conv_integer)."""

    def applies(self, call: Call) -> bool:
        conv = product_of(call, self.inputs)
        return conv is not None and self.fits(conv)

    def _plan(self, call: Call) -> tuple[Call, bool, Tile, int, int]:
        """The call as a convolution, whether taps of a row are merged, the tile, taps, bytes of each."""
        conv = product_of(call, self.inputs)
        assert conv is not None
        _, c, kh, kw = conv.input(1).shape
        merged = merges(conv)
        taps, k = (kh, kw * c) if merged else (kh * kw, c)
        tile = self.tile(conv, taps, k)
        if conv.attrs["rest"] and isinstance(tile, DotTile):
            tile = replace(tile, rowed=True)
        return conv, merged, tile, taps, k

    def cost(self, call: Call) -> float:
        conv, _, tile, taps, k = self._plan(call)
        group = int(conv.attrs["group"])
        pixels = math.prod(conv.outputs[0].shape[:3])
        return group * tile.cost(pixels, taps, k, conv.input(1).shape[0] // group) + 2.0 * pixels * taps

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if call.op == "matmul_integer" else operand.inner_contiguous

    def emit(self, call: Call) -> Emitted:
        conv, merged, tile, taps, k = self._plan(call)
        found = tail_of_sums(conv)
        assert found is not None
        tail, zero = found
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None
        bias = conv.inputs[2].const if conv.inputs[2] is not None else None
        (o, c, kh, kw), group = w.shape, at["group"]
        per, shift = o // group, at.get("zero", 0) + tile.shift(x.type.dtype)
        panels = []
        for g in range(group):
            part = w.const[g * per : (g + 1) * per].transpose(2, 3, 1, 0).reshape(kh * kw * c, per)
            start = totals(part, None if bias is None else bias[g * per : (g + 1) * per], shift)
            panels.append(tile.pack(part, taps, start - at["rest"] * part.shape[0] * shift))
        n, oh, ow = y.shape[:3]
        pixels = n * oh * ow
        column = panels[0].size // sum(tile.width if per - c > tile.width // 2 else tile.width // 2 for c in range(0, per, tile.width))
        four = are_four_bits(w.const) and not at["rest"] and tile.head > 0
        # few rows: weights are taken apart piece by piece, and each is used while it is near
        room = _NEAR // 6 if four and pixels <= 4 * tile.rows else _NEAR
        whole = group > 1 or (pixels <= tile.rows and not four) or panels[0].size <= room * 3 // 2
        near = per if whole else max(1, room // (column * tile.width)) * tile.width
        packed = [packed_panels(p, per, tile.width, tile.head) for p in panels] if four else panels
        reach = tile.reach if isinstance(tile, StripTile) else 0
        zeros = np.full((max(kw, 1) * c if merged else group * c) + reach, at.get("zero", 0), x.type.dtype.np)
        pointers, strides = sum_args(conv, tail)
        sizes = (n, oh, ow, x.shape[1], x.shape[2], c, per, near, group, panels[0].size, kh, kw, *at["strides"], *at["dilations"], *at["pads"][:2])
        listed = -(-(8 * taps * tile.rows + (kh * kw * c * tile.rows * x.type.dtype.itemsize if merged else 0)) // 64) * 64
        more: tuple[int, ...] = (zero,)
        if isinstance(tile, AmxTile):
            more = (zero, tile.chunk, listed)
        elif isinstance(tile, (StripTile, ChunkTile)):
            more = (zero, *tile.more, listed) if tile.copied else (zero,)
        elif tile.rowed:
            more = (zero, at["rest"])
        memory = listed + tile.scratch(taps, k)
        if four:
            at_end = -(-memory // 64) * 64
            more, memory = (*more, at_end), at_end + (group * panels[0].size if whole else column * near)
        blocks, wide = max(1, -(-pixels // tile.rows)), max(1, -(-per // tile.width))
        by_rows = group > 1 or blocks >= 8 or blocks >= wide
        part_of: tuple[Arg, ...] = (
            (Begin(tile.rows), End(tile.rows, pixels), Int(0), Int(per)) if by_rows else (Int(0), Int(pixels), Begin(tile.width), End(tile.width, per))
        )
        args: tuple[Arg, ...] = (
            In(0), Const(np.concatenate(packed)), Const(zeros), Out(0), *pointers, Scratch(), *map(Int, sizes), *map(Int, x.strides[:3]),
            *map(Int, y.strides[:3]), *strides, *map(Int, more), *part_of,
        )  # fmt: skip
        kind = tile.name if not isinstance(tile, (StripTile, ChunkTile)) or tile.copied else ""
        f = product(
            call.isa, f"{kind}_short" if reach else kind, tile.label, tile.block(x.type.dtype, tail), x.type.dtype, tail, tile.rows, tile.height("(p_to - p)"),
            tile.column(*(("kh", "(kw * c)") if merged else ("(kh * kw)", "c"))), merged, tile.enter, tile.leave,
            isinstance(tile, DotTile) and tile.rowed, (tile.width, tile.head) if four else (0, 0),
        )  # fmt: skip
        why = f"{kh}x{kw} by {tile.label} tiles of 8-bit products{', taps of a row merged' if merged else ''}{tile.why}{', weights two a byte' if four else ''}"
        return Emitted(f, args, memory, why, blocks if by_rows else wide)


@kernel("conv_integer", "dot")
@kernel("matmul_integer", "dot")
class IntegerDot(IntegerProduct):
    """Dot products of four bytes in vectors."""

    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        return DotTile(conv.isa, over=k > 4 and k % 4 != 0)

    def fits(self, call: Call) -> bool:
        return "sdot" in call.isa.features or (has_bytes(call.isa) and (not call.attrs["rest"] or call.attrs["group"] == 1))


@kernel("conv_integer", "amx")
@kernel("matmul_integer", "amx")
class IntegerAmx(IntegerProduct):
    """Tiles of AMX; one group."""

    def tile(self, conv: Call, taps: int, k: int) -> Tile:
        return AmxTile(conv.isa, taps, k)

    def fits(self, call: Call) -> bool:
        return "amx" in call.isa.features and call.attrs["group"] == 1 and not call.attrs["rest"]

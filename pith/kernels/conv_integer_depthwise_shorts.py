"""conv_integer with one input channel a group and as many outputs (depthwise), where there are no dot products of bytes.

As many channels at a time as a vector has bytes: of each input column, the bytes of two rows of taps are put side by side, and
serve every output pixel that the column is a tap of, as in `conv_integer_depthwise`. "pairs": products of such two are summed
in 16 bits, and so are those of some columns, as many as `exact_s16` has proven to fit; then they are widened. "words": both
factors are widened first, and two products are summed in int32, which is exact for any bytes, and for weights of nine bits: bytes with
a zero point in their middle, as old models of unsigned bytes have them. Those take this way on every instruction set.
"""

from __future__ import annotations

import functools
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Begin, Call, Const, Emitted, End, In, Int, Out, kernel
from pith.kernels.conv_integer_depthwise import (
    baked,
    called_by,
    channel_constants,
    extra_texts,
    finish,
    is_depthwise,
    kept_args,
    order,
    packed_extras,
    zero_text,
)
from pith.kernels.exact_s16 import fits, range_of
from pith.kernels.packed import PackedColumns
from pith.kernels.product_s8 import product_of
from pith.kernels.tail_s8 import SumTail, tail_of_sums
from pith.kernels.tile_s8 import totals
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import has_bytes, shorts


@dataclass(frozen=True, slots=True)
class Way:
    """parts: of the pairs of taps of a pixel, column by column, how many successive ones are summed in 16 bits each time; none
    for words.  shift: what is added to the inputs to make them unsigned."""

    parts: tuple[int, ...]
    shift: int


def parts_that_fit(top: int, weights: np.ndarray) -> tuple[int, ...]:
    """Numbers of successive pairs of weights [C, kh, kw], column by column, whose products with numbers in [0, top] can be
    summed in 16 bits, as few parts as possible; none where one pair is too much."""
    c, kh, kw = weights.shape
    taps = np.zeros((c, kw, -(-kh // 2) * 2), np.int8)
    taps[:, :, :kh] = weights.swapaxes(1, 2)
    pairs = taps.reshape(c, -1, 2)
    parts, first = [], 0
    for last in range(pairs.shape[1]):
        if not fits(top, pairs[:, last], 1):
            return ()
        if not fits(top, pairs[:, first : last + 1].reshape(c, -1), 1):
            parts.append(last - first)
            first = last
    return (*parts, pairs.shape[1] - first)


def way_of(conv: Call) -> Way | None:
    """How a depthwise conv_integer is summed in 16 bits; None where it cannot be."""
    lo, hi = range_of(conv)
    w = conv.input(1).const
    assert w is not None
    for shift in dict.fromkeys((0, -lo) if lo >= 0 else (-lo,)):
        parts = parts_that_fit(hi + shift, w[:, 0])
        if parts:
            return Way(parts, shift)
    return None


def pack(block: int, weights: np.ndarray, start: np.ndarray, extras: list[np.ndarray], wide: bool) -> np.ndarray:
    """Weights [C, kh, kw] (int8; int16 where `wide`), starts [C] (int32) and per-channel extras (float32, int32) by blocks of channels: bytes (int8).

    Weights lie as the inputs do: [kw, pairs of rows, vectors, channels, 2].
    """
    ch, kh, kw = weights.shape
    blocks, by_four = -(-ch // block), order(block)
    taps = np.zeros((blocks * block, -(-kh // 2) * 2, kw), np.int16 if wide else np.int8)
    taps[:ch, :kh] = weights
    # channels of each vector: four, or of halves their two fours lane by lane
    lanes = by_four if wide else by_four.reshape(2, 2, -1, 4).transpose(0, 2, 1, 3).reshape(2, -1)
    pairs = taps.reshape(blocks, block, -1, 2, kw)[:, lanes].transpose(0, 5, 3, 1, 2, 4)

    def spread(v: np.ndarray) -> np.ndarray:
        full = np.zeros(blocks * block, v.dtype)
        full[:ch] = v
        return np.ascontiguousarray(full.reshape(blocks, block)[:, by_four]).view(np.int8).reshape(blocks, -1)

    parts = [spread(start.astype(np.int32)), np.ascontiguousarray(pairs).view(np.int8).reshape(blocks, -1)]
    return np.concatenate([*parts, *(spread(e) for e in extras)], 1).reshape(-1)


def _columns(kh: int, kw: int, sw: int, parts: tuple[int, ...], size: int, tail: SumTail, load: str, quiet: bool) -> list[str]:
    """C statements of one period of columns, all taps of each. quiet: padding is zeros, so that its columns are passed over."""
    halves, pairs, live = 2 if parts else 4, -(-kh // 2), -(-kw // sw)
    part_of = [g for g, n in enumerate(parts) for _ in range(n)] or [0] * (kw * pairs)
    o: list[str] = []
    for turn in range(live * sw):
        if all((turn - k) % sw for k in range(kw)):
            continue  # no tap of any pixel
        o += ["{"] if turn == 0 else [f"if (j + {turn} < columns) {{"]
        o.append(f"  const int32_t ix = j + {turn} - pw;")
        o.append("  const int in = ix >= 0 && ix < iw;")
        o.append("  q = vi_again(q);")
        place = "row{t} + ix * across{t} + c" if quiet else "(in ? row{t} + ix * across{t} : zero) + c"
        began: list[str] = []
        o += ["  if (in) {"] if quiet else []
        for t in range(kh):
            o.append(f"  const vi r{t} = {load.format(place.format(t=t))};")
        for h in range(halves):
            for p in range(pairs):
                two = f"r{2 * p}, {f'r{2 * p + 1}' if 2 * p + 1 < kh else 'vi_set1(0)'}"
                o.append(f"  const vi d{p}_{h} = vi_{'pair' if parts else 'word'}{h}({two});")
            for k in range(kw):
                if (turn - k) % sw:
                    continue
                slot = (turn - k) // sw % live
                for p in range(pairs):
                    step, by = k * pairs + p, f"d{p}_{h}, vi_load(q + {size * (4 + (k * pairs + p) * halves + h)})"
                    total = f"s{slot}_{part_of[step]}_{h}"
                    fresh = step == 0 or part_of[step - 1] != part_of[step]
                    began += [f"{total} = {'vi_set1(0)' if parts else f'vi_load(q + {size * h})'};"] if fresh else []
                    if parts:
                        o.append(f"  {total} = {f'vi_two({by})' if fresh else f'vi_add16({total}, vi_two({by}))'};")
                    else:
                        o.append(f"  {total} = vi_add({f'vi_load(q + {size * h})' if fresh else total}, vi_wide_two({by}));")
        if quiet:
            o += ["  } else {", *(f"    {line}" for line in began), "  }"]
        last = (turn - kw + 1) // sw % live
        if (turn - kw + 1) % sw == 0:
            o.append(f"  const int32_t at = (j + {turn} - {kw - 1}) / {sw};")
            o.append(f"  if (j + {turn} >= {kw - 1}) {{" if kw > 1 else "  {")
            o += [f"    {line}" for line in _sums(last, len(parts), size)]
            o += [f"    {line}" for line in finish(tail, size, str(size * (4 + kw * pairs * halves)))]
            o.append("  }")
        o.append("}")
    return o


def _sums(slot: int, parts: int, size: int) -> list[str]:
    """C statements that make the int32 sums v0, ..., v3 of a pixel."""
    if not parts:
        return [f"const vi v{q} = s{slot}_0_{q};" for q in range(4)]
    o = []
    for q in range(4):
        total = f"vi_load(q + {size * q})"
        for g in range(0, parts, 2):
            a, b = f"s{slot}_{g}_{q // 2}", f"s{slot}_{g + 1}_{q // 2}" if g + 1 < parts else "vi_set1(0)"
            total = f"vi_add({total}, vi_wide_two(vi_zip{q % 2}({a}, {b}), one))"
        o.append(f"const vi v{q} = {total};")
    return o


@functools.cache
def depthwise_shorts(isa: ISA, dtype: DType, tail: SumTail, kh: int, kw: int, sw: int, parts: tuple[int, ...], moved: bool, quiet: bool) -> CFunction:
    """The whole layer; kernel and horizontal stride are baked in."""
    x, size, live = dtype.c, isa.vector_bytes, -(-kw // sw)
    period, halves = live * sw, 2 if parts else 4
    kind = "pairs" + "_".join(map(str, parts)) if parts else "words"
    name = f"conv_{dtype.short}s8_{isa.name}_depthwise_{kind}_{kh}x{kw}s{sw}{'_moved' if moved else ''}{'_quiet' if quiet else ''}{tail.suffix}"
    params, strides, rows, fixed = extra_texts(tail)
    channel_extras = packed_extras(tail)
    nbytes = size * (4 + kw * -(-kh // 2) * halves + 4 * channel_extras)
    load = "vi_load_part({}, part)"
    if moved:
        load = f"vi_add8({load}, move)"
    body = "\n".join("          " + line for line in _columns(kh, kw, sw, parts, size, tail, load, quiet))
    sums = ", ".join(f"s{slot}_{g}_{h} = vi_set1(0)" for slot in range(live) for g in range(max(1, len(parts))) for h in range(halves))
    found = "".join(
        f"""    const int32_t at{t} = iy + {t} * dh, ok{t} = at{t} >= 0 && at{t} < ih;
    const {x} *const row{t} = ok{t} ? xb + (ptrdiff_t)at{t} * xh : zero;
    const ptrdiff_t across{t} = ok{t} ? xw : 0;
"""
        for t in range(kh)
    )
    sweep = f"""        vi {sums};
        for (int32_t j = 0; j < columns; j += {period}) {{ /* column after column */
{body}
        }}
"""
    constants = ("  const vi one = vi_ones();\n" if parts else "") + ("  const vi move = vi_set8(shift);\n" if moved else "  (void)shift;\n")
    text = f"""static void {name}(const {x} *x, const int8_t *w, const {x} *zero, {tail.out.c} *y{params},
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t sh, int32_t dh, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}, int32_t zero_y, int32_t shift,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {{
{zero_text(tail)}  const int32_t columns = (ow - 1) * {sw} + {kw};
{constants}{fixed}  for (int32_t r = r_from; r < r_to; r++) {{
    const int32_t b = r / oh, i = r % oh, iy = i * sh - ph;
    const {x} *const xb = x + (ptrdiff_t)b * xn;
    {tail.out.c} *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
{rows}{found}    const int8_t *q = w + (ptrdiff_t)(c_from / {size}) * {nbytes};
    for (int32_t c = c_from; c < c_to; c += {size}, q += {nbytes}) {{
      if (c <= c_to - {size}) {{ /* all channels of a vector are there */
        const vm part = vi_part({size});
{sweep}      }} else {{
        const vm part = vi_part(c_to - c);
{sweep}      }}
    }}
  }}
}}
"""
    return CFunction(name, text, (shorts(isa), *called_by(isa, dtype, tail)), ("stdint.h", "stddef.h"))


class _Depthwise(PackedColumns):
    """group = input channels = output channels, an 8-bit result, kernels that are spelled out."""

    nine: ClassVar[bool] = False  # whether weights may have more than 8 bits

    @abstractmethod
    def way(self, conv: Call) -> Way | None:
        """How the products are summed; None where they cannot be."""

    def applies(self, call: Call) -> bool:
        conv = product_of(call) if has_bytes(call.isa) else None
        if conv is None or ("vnni" in call.isa.features and not conv.attrs["rest"]):
            return False
        return is_depthwise(conv, rest=self.nine) and baked(conv) and self.way(conv) is not None

    def cost(self, call: Call) -> float:
        conv = product_of(call)
        way = self.way(conv) if conv is not None else None
        assert conv is not None and way is not None
        n, oh, ow, c = conv.outputs[0].shape
        kh, kw = conv.input(1).shape[2:]
        sw = int(conv.attrs["strides"][1])
        blocks, pairs = -(-c // call.isa.vector_bytes), -(-kh // 2)
        column, tap, end = (2.0 * pairs, 3.0 * pairs, 18.0 + 8.0 * (len(way.parts) // 2)) if way.parts else (5.0 * pairs, 6.0 * pairs, 18.0)
        return float(n * oh * blocks) * (ow * (tap * kw + end) + (ow * sw + kw) * (column + 4.0))

    def emit(self, call: Call) -> Emitted:
        conv = product_of(call)
        found = tail_of_sums(conv) if conv is not None else None
        way = self.way(conv) if conv is not None else None
        assert conv is not None and found is not None and way is not None
        tail, zero = found
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None
        bias = conv.inputs[2].const if conv.inputs[2] is not None else None
        ch, _, kh, kw = w.shape
        weights = w.const[:, 0] + np.int16(at["rest"]) if self.nine else w.const[:, 0]
        start = totals(weights.reshape(ch, -1).T, bias, at.get("zero", 0) + way.shift)
        size = call.isa.vector_bytes
        packed = pack(size, weights, start, channel_constants(conv, tail), not way.parts)
        pointers, strides = kept_args(conv, tail)
        (sh, sw), (dh, _) = at["strides"], at["dilations"]
        n, oh, ow, _ = y.shape
        units, blocks = n * oh, -(-ch // size)
        by_rows = units >= 8 or units >= blocks
        part: tuple[Arg, ...] = (
            (Begin(), End(1, units), Int(0), Int(ch)) if by_rows else (Int(0), Int(units), Begin(size), End(size, ch))
        )
        zeros = np.full(blocks * size, at.get("zero", 0), x.type.dtype.np)
        args: tuple[Arg, ...] = (
            In(0), Const(packed), Const(zeros), Out(0), *pointers,
            *map(Int, (oh, ow, x.shape[1], x.shape[2], sh, dh, *at["pads"][:2])),
            *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides, Int(zero), Int(way.shift), *part,
        )  # fmt: skip
        quiet = at.get("zero", 0) + way.shift == 0
        f = depthwise_shorts(call.isa, x.type.dtype, tail, kh, kw, sw, way.parts, way.shift != 0, quiet)
        how = f"sums of {'+'.join(map(str, way.parts))} pairs of taps in 16 bits" if way.parts else "16-bit factors"
        return Emitted(f, args, 0, f"depthwise {kh}x{kw}, {how}, {size} channels at a time", units if by_rows else blocks)


@kernel("conv_integer", "depthwise_pairs")
class IntegerDepthwisePairs(_Depthwise):
    """Sums in 16 bits, where the inputs' range and the weights make them exact."""

    def way(self, conv: Call) -> Way | None:
        return way_of(conv) if conv.isa.byte_pairs else None


@kernel("conv_integer", "depthwise_words")
class IntegerDepthwiseWords(_Depthwise):
    """16-bit factors: exact for all bytes, and for weights that do not fit them."""

    nine: ClassVar[bool] = True

    def way(self, conv: Call) -> Way | None:
        return Way((), 128 if conv.input(0).type.dtype is DType.I8 else 0)

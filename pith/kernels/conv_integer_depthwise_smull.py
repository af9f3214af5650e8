"""conv_integer with one input channel a group and as many outputs (depthwise), where products of signed bytes are widened to 16 bits.

Sixteen channels at a time, one tap after another, column by column: products are added in 16 bits as long as that is proven to
fit, from the weights themselves and the range of the inputs, and then to int32. A column serves every output pixel it is a tap
of, as in `conv_integer_depthwise`, whose ends and paddings these are too. Inputs are moved so that they are signed; of two moves
that will do, the one with fewer such parts is taken.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Begin, Call, Const, Emitted, End, In, Int, Out, kernel
from pith.kernels.conv_integer_depthwise import (
    IntegerDepthwise,
    baked,
    called_by,
    channel_constants,
    ended,
    extra_texts,
    finish,
    is_depthwise,
    kept_args,
    packed_extras,
    sweep,
    whole_block,
    zero_text,
)
from pith.kernels.exact_s16 import range_of
from pith.kernels.product_s8 import product_of
from pith.kernels.tail_s8 import SumTail, tail_of_sums
from pith.kernels.tile_s8 import totals
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import chunks, parts

_SIZE = 16  # channels at a time


@dataclass(frozen=True, slots=True)
class Way:
    """parts: how many successive taps of a pixel, column by column, are summed in 16 bits each time;  shift: added to the inputs."""

    parts: tuple[int, ...]
    shift: int


def parts_that_fit(low: int, high: int, weights: np.ndarray) -> tuple[int, ...]:
    """Numbers of successive taps of weights [C, kh, kw], column by column, whose products with numbers in [low, high], both within 8
    bits, can be summed in 16 bits: as few parts as possible. A tap alone always can."""
    w = weights.astype(np.int64).transpose(2, 1, 0).reshape(-1, weights.shape[0])  # [taps, C]
    low, high = min(low, 0), max(high, 0)  # so that no partial sum is beyond the whole one
    up, down = np.maximum(low * w, high * w), np.minimum(low * w, high * w)
    found, first = [], 0
    for last in range(1, len(w)):
        if up[first : last + 1].sum(0).max() > 32767 or down[first : last + 1].sum(0).min() < -32768:
            found.append(last - first)
            first = last
    return (*found, len(w) - first)


def way_of(conv: Call) -> Way:
    """How a depthwise conv_integer is summed."""
    low, high = range_of(conv)
    w = conv.input(1).const
    assert w is not None
    center = -((low + high + 1) // 2)
    moves = [0, center] if low >= -128 and high <= 127 else [center]
    ways = [Way(parts_that_fit(low + m, high + m, w[:, 0]), m) for m in moves]
    return min(ways, key=lambda way: (len(way.parts), way.shift != 0))


def pack(weights: np.ndarray, start: np.ndarray, extras: list[np.ndarray]) -> np.ndarray:
    """Weights [C, kh, kw] (int8), starts [C] (int32) and per-channel extras (4 bytes each) by blocks of channels: bytes (int8)."""
    ch, kh, kw = weights.shape
    blocks = -(-ch // _SIZE)
    taps = np.zeros((blocks * _SIZE, kw * kh), np.int8)
    taps[:ch] = weights.swapaxes(1, 2).reshape(ch, -1)

    def spread(v: np.ndarray) -> np.ndarray:
        full = np.zeros(blocks * _SIZE, v.dtype)
        full[:ch] = v
        return full.view(np.int8).reshape(blocks, -1)

    by_tap = np.ascontiguousarray(taps.reshape(blocks, _SIZE, -1).swapaxes(1, 2)).reshape(blocks, -1)
    return np.concatenate([spread(start.astype(np.int32)), by_tap, *(spread(e) for e in extras)], 1).reshape(-1)


def _columns(kh: int, kw: int, sw: int, sums: tuple[int, ...], tail: SumTail, moved: bool, whole: bool, inside: bool) -> list[str]:
    """C statements of one period of columns, all taps of each; inside: see `sweep`."""
    live = -(-kw // sw)
    part_of = [g for g, n in enumerate(sums) for _ in range(n)]
    o: list[str] = []
    for turn in range(live * sw):
        if all((turn - k) % sw for k in range(kw)):
            continue  # no tap of any pixel
        o += ["{"] if turn == 0 or inside else [f"if (j + {turn} < columns) {{"]
        if not inside:
            o += [f"  const int32_t ix = j + {turn} - pw;", "  const int in = ix >= 0 && ix < iw;"]
        few, part = ("", "") if whole else ("_part", ", part")
        place = f"vi_load(p{{}} + {turn} * across{{}})" if inside else f"vi_load{few}((in ? row{{}} + ix * across{{}} : zero) + c{part})"
        for t in range(kh):
            loaded = f"vb_of({place.format(t, t)})"
            o.append(f"  const vb r{t} = {f'vb_add({loaded}, shift)' if moved else loaded};")
        for k in range(kw):
            if (turn - k) % sw:
                continue
            slot = (turn - k) // sw % live
            for t in range(kh):
                step = k * kh + t
                fresh = step == 0 or part_of[step - 1] != part_of[step]
                if fresh and step:
                    o += _widened(slot, part_of[step] == 1)
                o.append("  {")
                o.append(f"    const vb b = vb_load(q + {_SIZE * (4 + step)});")
                for half in ("low", "high"):
                    total = f"t{slot}_{half}"
                    o.append(f"    {total} = {f'vb_{half}(r{t}, b)' if fresh else f'vb_add_{half}({total}, r{t}, b)'};")
                o.append("  }")
        if (turn - kw + 1) % sw == 0:
            last = (turn - kw + 1) // sw % live
            o += ended(turn, kw - 1, sw, inside)
            o += [f"    {line.strip()}" for line in _widened(last, len(sums) == 1)]
            o += [f"    const vi v{q} = s{last}_{q};" for q in range(4)]
            o += [f"    {whole_block(line, _SIZE) if inside or whole else line}" for line in finish(tail, _SIZE, str(_SIZE * (4 + kw * kh)))]
            o.append("  }")
        o.append("}")
    return o


def _widened(slot: int, first: bool) -> list[str]:
    """C statements that add the sums in 16 bits of a pixel to those in int32, which begin with what lies in front of the weights."""
    o = []
    for q in range(4):
        total = f"vi_load(q + {_SIZE * q})" if first else f"s{slot}_{q}"
        o.append(f"  s{slot}_{q} = vi_add_{'low' if q % 2 == 0 else 'high'}({total}, t{slot}_{'low' if q < 2 else 'high'});")
    return o


@functools.cache
def depthwise_smull(isa: ISA, dtype: DType, tail: SumTail, kh: int, kw: int, sw: int, sums: tuple[int, ...], moved: bool, whole: bool) -> CFunction:
    """The whole layer; kernel and horizontal stride are baked in. whole: so is that every block has all its channels."""
    x, live = dtype.c, -(-kw // sw)
    kind = f"{kh}x{kw}s{sw}{'_moved' if moved else ''}{'_whole' if whole else ''}"
    name = f"conv_{dtype.short}s8_{isa.name}_depthwise_sums{'_'.join(map(str, sums))}_{kind}{tail.suffix}"
    params, strides, rows, fixed = extra_texts(tail)
    nbytes = _SIZE * (4 + kw * kh + 4 * packed_extras(tail))
    test = "" if whole else f"part == {_SIZE} && "
    body = sweep(lambda inside: _columns(kh, kw, sw, sums, tail, moved, whole, inside), x, kh, kw, live * sw, test, True)
    slots = ", ".join(f"s{slot}_{q} = vi_set1(0)" for slot in range(live) for q in range(4))
    halves = ", ".join(f"t{slot}_{half} = vs_zero()" for slot in range(live) for half in ("low", "high"))
    found = "".join(
        f"""    const int32_t at{t} = iy + {t} * dh, ok{t} = at{t} >= 0 && at{t} < ih;
    const {x} *const row{t} = ok{t} ? xb + (ptrdiff_t)at{t} * xh : zero;
    const ptrdiff_t across{t} = ok{t} ? xw : 0;
"""
        for t in range(kh)
    )
    text = f"""static void {name}(const {x} *x, const int8_t *w, const {x} *zero, {tail.out.c} *y{params},
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t sh, int32_t dh, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}, int32_t zero_y, int32_t shift,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {{
{zero_text(tail)}  const int32_t columns = (ow - 1) * {sw} + {kw};
{'' if moved else f'  (void)shift;{chr(10)}'}{fixed}  for (int32_t r = r_from; r < r_to; r++) {{
    const int32_t b = r / oh, i = r % oh, iy = i * sh - ph;
    const {x} *const xb = x + (ptrdiff_t)b * xn;
    {tail.out.c} *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
{rows}{found}    const int8_t *q = w + (ptrdiff_t)(c_from / {_SIZE}) * {nbytes};
    for (int32_t c = c_from; c < c_to; c += {_SIZE}, q += {nbytes}) {{
{'' if whole else f'      const vm part = c <= c_to - {_SIZE} ? {_SIZE} : vi_part(c_to - c);{chr(10)}'}      vi {slots};
      vs {halves};
      for (int32_t j = 0; j < columns; j += {live * sw}) {{ /* column after column */
{body}
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, (chunks(isa), parts(isa), *called_by(isa, dtype, tail)), ("stdint.h", "stddef.h"))


@kernel("conv_integer", "depthwise_smull")
class IntegerDepthwiseSmull(IntegerDepthwise):
    """group = input channels = output channels, an 8-bit result, kernels that are spelled out."""

    def applies(self, call: Call) -> bool:
        conv = product_of(call) if "smull" in call.isa.features else None
        return conv is not None and is_depthwise(conv) and baked(conv)

    def cost(self, call: Call) -> float:
        conv = product_of(call)
        assert conv is not None
        n, oh, ow, c = conv.outputs[0].shape
        kh, kw = conv.input(1).shape[2:]
        sw = int(conv.attrs["strides"][1])
        return float(n * oh * -(-c // _SIZE)) * (ow * (3.0 * kw * kh + 4.0 * len(way_of(conv).parts) + 30.0) + (ow * sw + kw) * (4.0 + 2.0 * kh))

    def emit(self, call: Call) -> Emitted:
        conv = product_of(call)
        found = tail_of_sums(conv) if conv is not None else None
        assert conv is not None and found is not None
        tail, zero = found
        way = way_of(conv)
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None
        bias = conv.inputs[2].const if conv.inputs[2] is not None else None
        ch, _, kh, kw = w.shape
        start = totals(w.const.reshape(ch, -1).T, bias, at.get("zero", 0) + way.shift)
        packed = pack(w.const[:, 0], start, channel_constants(conv, tail))
        pointers, strides = kept_args(conv, tail)
        (sh, sw), (dh, _) = at["strides"], at["dilations"]
        n, oh, ow, _ = y.shape
        units, blocks = n * oh, -(-ch // _SIZE)
        by_rows = units >= 8 or units >= blocks
        part: tuple[Arg, ...] = (
            (Begin(), End(1, units), Int(0), Int(ch)) if by_rows else (Int(0), Int(units), Begin(_SIZE), End(_SIZE, ch))
        )
        zeros = np.full(blocks * _SIZE, at.get("zero", 0), x.type.dtype.np)
        args: tuple[Arg, ...] = (
            In(0), Const(packed), Const(zeros), Out(0), *pointers,
            *map(Int, (oh, ow, x.shape[1], x.shape[2], sh, dh, *at["pads"][:2])),
            *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides, Int(zero), Int(way.shift), *part,
        )  # fmt: skip
        f = depthwise_smull(call.isa, x.type.dtype, tail, kh, kw, sw, way.parts, way.shift != 0, ch % _SIZE == 0)
        how = f"sums of {'+'.join(map(str, way.parts))} taps in 16 bits"
        return Emitted(f, args, 0, f"depthwise {kh}x{kw}, {how}, {_SIZE} channels at a time", units if by_rows else blocks)

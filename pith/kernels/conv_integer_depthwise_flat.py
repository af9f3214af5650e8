"""conv_integer depthwise with few channels: a row of the picture as one line of bytes, whatever pixels they belong to.

Where the channels do not fill a vector of bytes, the next pixels do: output byte f of a row is a sum over bytes f + tap * channels of
rows of the input. The weights are repeated as often as channels and vectors take to fall together again. Each tap's column is brought
apart, which costs more than `conv_integer_depthwise`, where a column serves all its taps, but no part of a vector is idle. Bytes that
are padding are not loaded, but taken from a vector of the zero point, under a mask.

With a stride of 2, pixels of 16 or 32 bytes are picked out of two vectors.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Begin, Call, Const, Emitted, End, In, Int, Operand, Out, kernel
from pith.kernels.conv_integer_depthwise import (
    block_bytes,
    called_by,
    channel_constants,
    extra_texts,
    finish,
    is_depthwise,
    kept_args,
    pack,
    packed_extras,
    zero_text,
)
from pith.kernels.packed import PackedColumns
from pith.kernels.product_s8 import product_of
from pith.kernels.tail_s8 import SumTail, tail_of_sums
from pith.kernels.tile_s8 import DotTile, totals
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import SECOND, has_lines, lines

_KERNEL = 7  # rows and columns of taps at most
_REPEATED = 16  # blocks of weights at most


def _blocks(channels: int, size: int) -> int:
    """Vectors until channel 0 is the first of one again."""
    return math.lcm(channels, size) // size


@functools.cache
def flat(isa: ISA, dtype: DType, tail: SumTail, kh: int, kw: int, sw: int, pixel: int) -> CFunction:
    """The whole layer; kernel and horizontal stride are baked in, and with stride 2 the bytes of a pixel."""
    x, groups, size = dtype.c, -(-kh // 4), isa.vector_bytes
    name = f"conv_{dtype.short}s8_{DotTile(isa).prefix}_flat_{kh}x{kw}s{sw}{f'_{pixel}' if pixel else ''}{tail.suffix}"
    params, strides, rows, fixed = extra_texts(tail)
    flip = "vi_flip(" if DotTile(isa).shift(dtype) else "("
    extras = packed_extras(tail)

    def load(t: int, inside: bool) -> str:
        """C expression of the bytes of row t for the tap whose first byte is at `o`."""

        def one(more: int) -> str:
            add = f" + {more}" if more else ""
            return f"vi_load(ok{t} ? row{t} + o{add} : zero)" if inside else f"(ok{t} ? vi_load_row(row{t}, o{add}, across, fill) : fill)"

        return f"{flip}vi_second{pixel}({one(0)}, {one(size)}))" if sw == 2 else f"{flip}{one(0)})"

    def taps(inside: bool) -> list[str]:
        o = [f"vi v{q} = vi_load(q + {size * q});" for q in range(4)]
        for k in range(kw):
            o += ["{", f"  const ptrdiff_t o = first + {k} * step;", f"  vi x[{4 * groups}];"]
            for g in range(groups):
                loads = [load(t, inside) for t in range(4 * g, min(4 * g + 4, kh))]
                loads += ["vi_set1(0)"] * (4 - len(loads))
                o.append(f"  vi_quads({', '.join(loads)}, x + {4 * g});")
            for q in range(4):
                for g in range(groups):
                    o.append(f"  v{q} = vi_dot(v{q}, x[{4 * g + q}], vi_load(q + {size * (4 + (k * groups + g) * 4 + q)}));")
            o.append("}")
        return [*o, *finish(tail, size, str(4 * size * (1 + kw * groups)))]

    found = "".join(
        f"""    const int32_t at{t} = iy + {t} * dh, ok{t} = at{t} >= 0 && at{t} < ih;
    const {x} *const row{t} = xb + (ptrdiff_t)(ok{t} ? at{t} : 0) * xh;
"""
        for t in range(kh)
    )
    text = f"""static void {name}(const {x} *x, const int8_t *w, const {x} *zero, {tail.out.c} *y{params},
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t ch, int32_t sh, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t yn, int32_t yh{strides}, int32_t blocks, int32_t zero_y, int32_t r_from, int32_t r_to) {{
{zero_text(tail)}  const ptrdiff_t across = (ptrdiff_t)iw * ch, step = (ptrdiff_t)dw * ch, size = {block_bytes(size, kh, kw, extras)};
  const int32_t width = ow * ch, at = 0, yw = 0;
  const vi fill = vi_load(zero);
{fixed}{"".join(f"  (void)ew{i};{chr(10)}" for i in dict(tail.full))}  for (int32_t r = r_from; r < r_to; r++) {{
    const int32_t b = r / oh, i = r % oh, iy = i * sh - ph;
    const {x} *const xb = x + (ptrdiff_t)b * xn;
    {tail.out.c} *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
{rows}{found}    const int8_t *q = w;
    int32_t block = 0;
    for (int32_t c = 0; c < width; c += {size}) {{
      const ptrdiff_t first = (ptrdiff_t){sw} * c - (ptrdiff_t)pw * ch;
      const vm part = vi_part(width - c);
      if (first >= 0 && first + {kw - 1} * step + {size * sw} <= across && width - c >= {size}) {{
{chr(10).join("        " + line for line in taps(True))}
      }} else {{
{chr(10).join("        " + line for line in taps(False))}
      }}
      q += size;
      if (++block == blocks) {{
        block = 0;
        q = w;
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, (*called_by(isa, dtype, tail), lines(isa)), ("stdint.h", "stddef.h"))


@kernel("conv_integer", "depthwise_flat")
class IntegerDepthwiseFlat(PackedColumns):
    """group = input channels = output channels, an 8-bit result, pixels side by side in memory."""

    def applies(self, call: Call) -> bool:
        if not has_lines(call.isa):
            return False
        conv = product_of(call)
        if conv is None or not is_depthwise(conv):
            return False
        found = tail_of_sums(conv)
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        ch, sw = w.shape[0], at["strides"][1]
        dense = all(o.strides[2:] == (ch, 1) for o in (x, y, *(e for e in conv.inputs[3:] if e is not None and e.shape == y.shape)))
        fits = (sw == 1 or (sw == 2 and ch in SECOND)) and max(w.shape[2:]) <= _KERNEL and _blocks(ch, call.isa.vector_bytes) <= _REPEATED
        return found is not None and not found[0].plain and dense and fits

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.strides[-2:] == (operand.shape[-1], 1)

    def cost(self, call: Call) -> float:
        conv = product_of(call)
        assert conv is not None
        n, oh, ow, c = conv.outputs[0].shape
        kh, kw = conv.input(1).shape[2:]
        sw = int(conv.attrs["strides"][1])
        dot = 4.0 if call.isa.features & {"vnni", "sdot"} else 32.0
        return float(n * oh * -(-ow * c // call.isa.vector_bytes)) * (kw * -(-kh // 4) * (dot + 10.0 + 4.0 * (sw - 1)) + 24)

    def emit(self, call: Call) -> Emitted:
        conv = product_of(call)
        found = tail_of_sums(conv) if conv is not None else None
        assert conv is not None and found is not None
        tail, zero = found
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None
        bias = conv.inputs[2].const if conv.inputs[2] is not None else None
        ch, _, kh, kw = w.shape
        size = call.isa.vector_bytes
        start = totals(w.const.reshape(ch, -1).T, bias, at.get("zero", 0) + DotTile(call.isa).shift(x.type.dtype))
        blocks = _blocks(ch, size)
        channel = np.arange(blocks * size) % ch
        packed = pack(size, w.const[channel, 0], start[channel], [np.broadcast_to(e.reshape(-1), (ch,))[channel] for e in channel_constants(conv, tail)])
        pointers, strides = kept_args(conv, tail)
        (sh, sw), (dh, dw) = at["strides"], at["dilations"]
        n, oh, ow, _ = y.shape
        zeros = np.full(size, at.get("zero", 0), x.type.dtype.np)
        args: tuple[Arg, ...] = (
            In(0), Const(packed), Const(zeros), Out(0), *pointers, *map(Int, (oh, ow, x.shape[1], x.shape[2], ch, sh, dh, dw, *at["pads"][:2])),
            *map(Int, x.strides[:2]), *map(Int, y.strides[:2]), *strides, Int(blocks), Int(zero), Begin(), End(1, n * oh),
        )  # fmt: skip
        why = f"depthwise {kh}x{kw} by dot products of four taps, rows as lines of bytes, {blocks} vectors of weights"
        return Emitted(flat(call.isa, x.type.dtype, tail, kh, kw, sw, ch if sw == 2 else 0), args, 0, why, n * oh)

"""conv_integer with one input channel a group and as many outputs (depthwise), channels_last, constant weights.

As many channels at a time as a vector has bytes: of each input column, the bytes of up to four rows of taps are put side by side, which a dot product
then sums at once. A column serves every output pixel it is a tap of, so that the sums of some neighbouring pixels are under
way at the same time: they take turns in the same variables. Taps in the padding read a row of zero points.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pith.graph import DType
from pith.kernels.base import (
    Arg,
    Begin,
    Call,
    Const,
    Emitted,
    End,
    In,
    Int,
    Out,
    Scratch,
    kernel,
)
from pith.kernels.fused_map import IVDEP
from pith.kernels.packed import PackedColumns
from pith.kernels.product_s8 import product_of
from pith.kernels.tail_s8 import SumTail, plain_loop, sum_args, tail_of_sums
from pith.kernels.tile_s8 import FLIP, DotTile, totals
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import has_bytes, is_signed, quads

_KERNEL = 8  # rows and columns of taps at most


def order(block: int) -> np.ndarray:
    """Channel of each int32 lane of the four sums of a block: [4, block / 4] (see `vi_quads`)."""
    q, lane, d = np.meshgrid(np.arange(4), np.arange(block // 16), np.arange(4), indexing="ij")
    return np.asarray(16 * lane + 4 * q + d).reshape(4, block // 4)


def block_bytes(block: int, kh: int, kw: int, channel_extras: int) -> int:
    """Packed bytes of one block of channels: starts, weights, extras."""
    return 4 * block * (1 + kw * -(-kh // 4) + channel_extras)


def pack(block: int, weights: np.ndarray, start: np.ndarray, extras: list[np.ndarray]) -> np.ndarray:
    """Weights [C, kh, kw] (int8), starts [C] (int32) and per-channel extras (float32, int32) by blocks of channels, in `order`."""
    ch, kh, kw = weights.shape
    blocks, by_four = -(-ch // block), order(block)
    taps = np.zeros((blocks * block, -(-kh // 4) * 4, kw), np.int8)
    taps[:ch, :kh] = weights
    # [blocks, block, groups, 4 taps, kw] -> [blocks, kw, groups, 4, block / 4, 4 taps]
    quad = taps.reshape(blocks, block, -1, 4, kw)[:, by_four].transpose(0, 5, 3, 1, 2, 4)

    def spread(v: np.ndarray) -> np.ndarray:
        full = np.zeros(blocks * block, v.dtype)
        full[:ch] = v
        return np.ascontiguousarray(full.reshape(blocks, block)[:, by_four]).view(np.int8).reshape(blocks, -1)

    parts = [spread(start.astype(np.int32)), np.ascontiguousarray(quad).reshape(blocks, -1), *(spread(e) for e in extras)]
    return np.concatenate(parts, 1).reshape(-1)


def baked(conv: Call) -> bool:
    """Whether kernel and stride are such that they are spelled out."""
    at = conv.attrs
    return max(conv.input(1).shape[2:]) <= _KERNEL and at["dilations"][1] == 1 and at["strides"][1] <= 3


def is_depthwise(conv: Call, *, rest: bool = False, floats: bool = False) -> bool:
    """Whether a conv_integer is depthwise, with an end that these kernels have; `rest`: its weights may not fit 8 bits;
    `floats`: its result may be float32."""
    w, at = conv.input(1), conv.attrs
    found = tail_of_sums(conv)
    outs = (DType.I8, DType.U8, DType.F32) if floats else (DType.I8, DType.U8)
    constant = all(x is not None and (x.const is not None or x.shape == conv.outputs[0].shape) for x in conv.inputs[3:])
    return (
        w.shape[1] == 1 and at["group"] == w.shape[0] and (rest or not at["rest"]) and constant and found is not None and found[0].out in outs
        and "f32" not in found[0].kinds
    )  # fmt: skip


def finish(tail: SumTail, size: int, extras_at: str) -> list[str]:
    """C statements that take the four sums v0, ..., v3 of pixel `at` through the epilogue and store them; `size`: bytes of a
    vector, `extras_at`: where the per-channel extras lie behind q."""
    full = dict(tail.full)
    if tail.plain:
        return _finish_plain(tail, size)
    o = [f"const {t} *const r{i} = e{i}r + (ptrdiff_t)at * ew{i} + c;" for i, t in full.items()]
    lane = tail.lane
    for i in full:  # bytes to int32 lanes in the order of the sums: beside zeros
        signed = tail.kinds[i] == "i8"
        o.append(f"vi f{i}[4];")
        o.append(f"vi_quads({'vi_flip(' if signed else '('}vi_load_part(r{i}, part)), vi_set1(0), vi_set1(0), vi_set1(0), f{i});")
    results = []
    extras = [i for i, k in enumerate(tail.kinds) if k.startswith("channel")]
    for q in range(4):
        o.append(f"const {lane} a{q} = {'v' if tail.fixed else 'vf_of(v'}{q}{'' if tail.fixed else ')'};")
        names = [f"a{q}"]
        for i, k in enumerate(tail.kinds):
            if k.startswith("channel"):
                place = f"q + {extras_at} + {size * (4 * extras.index(i) + q)}"
                o.append(f"const {lane} x{i}_{q} = {lane}_load({'' if tail.fixed else '(const float *)(const void *)'}({place}));")
                names.append(f"x{i}_{q}")
            elif k.startswith("value"):
                names.append(f"x{i}")
            else:
                minus = "" if k != "i8" else " - vi_set1(128)" if tail.fixed else " - vf_set1(128.0f)"
                o.append(f"const {lane} x{i}_{q} = {'' if tail.fixed else 'vf_of'}(f{i}[{q}]){minus};")
                names.append(f"x{i}_{q}")
        statements, result = tail.printed(names, f"t{q}_")
        o += statements
        results.append(result)
    if tail.out is DType.F32:
        return [*o, *_put_floats(results, size)]
    o.append(f"{lane}_put4_{tail.out.short}(yr + (ptrdiff_t)at * yw + c, {', '.join(results)}, z, part);")
    return o


def _put_floats(results: list[str], size: int) -> list[str]:
    """C statements that store four vectors of float32 results in the order of the channels, which come four by four."""
    q = size // 4
    o = [f"float quad[{size}];", *(f"vf_store(quad + {q * k}, {r});" for k, r in enumerate(results)), "float *const to = yr + (ptrdiff_t)at * yw + c;"]
    whole = f"for (int32_t k = 0; k < {q}; k++) __builtin_memcpy(to + 4 * k, quad + {q} * (k & 3) + 4 * (k >> 2), 16);"
    rest = f"for (int32_t k = 0; k < c_to - c; k++) to[k] = quad[{q} * (k >> 2 & 3) + 4 * (k >> 4) + (k & 3)];"
    return [*o, f"if (c_to - c >= {size}) {{", f"  {whole}", "} else {", f"  {rest}", "}"]


def _finish_plain(tail: SumTail, size: int) -> list[str]:
    """Same for an epilogue printed as it is: the sums of a block go back into the order of the channels, then one after another."""
    full = dict(tail.full)
    places = [f"e{i}r[(ptrdiff_t)at * ew{i} + c + k]" if i in full else f"e{i}[c + k]" for i in range(len(tail.kinds))]
    lines, _ = plain_loop(tail, places)
    o = [f"int32_t quad[{size}], sum[{size}];", *(f"vi_store(quad + {size // 4 * q}, v{q});" for q in range(4))]
    o.append(f"for (int32_t k = 0; k < {size // 4}; k++) __builtin_memcpy(sum + 4 * k, quad + {size // 4} * (k & 3) + 4 * (k >> 2), 16);")
    o += [f"const int32_t there = c_to - c < {size} ? c_to - c : {size};", f"{tail.out.c} *const to = yr + (ptrdiff_t)at * yw + c;"]
    o += ["PITH_IVDEP", "for (int32_t k = 0; k < there; k++) {"]
    o += [f"  {line}" for line in ["const int32_t v = sum[k];", *lines[:-1], f"to[k] = {lines[-1]};"]]
    return [*o, "}"]


def packed_extras(tail: SumTail) -> int:
    """How many extras lie with the weights: those for each channel, unless the epilogue is printed as it is."""
    return 0 if tail.plain else sum(k.startswith("channel") for k in tail.kinds)


def called_by(isa: ISA, dtype: DType, tail: SumTail) -> tuple[CFunction, ...]:
    """What the functions call."""
    assert tail.expr is not None
    flip = (FLIP,) if DotTile(isa).shift(dtype) or ("i8" in tail.kinds and not tail.plain) else ()
    called = (IVDEP, *plain_loop(tail, ["0"] * len(tail.kinds))[1]) if tail.plain else tail.requires(isa)
    return (quads(isa), *called, *flip)


def extra_texts(tail: SumTail) -> tuple[str, str, str, str]:
    """Parameters of the extras, their strides, their rows of output row i of picture b, and vectors of those that are numbers."""
    full = dict(tail.full)
    if tail.plain:
        params = tail.params(False)
    else:
        number = "int32_t" if tail.fixed else "float"
        kept = [i for i, k in enumerate(tail.kinds) if not k.startswith("channel")]
        params = "".join(f", const {full[i]} *e{i}" if i in full else f", {number} e{i}" for i in kept)
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i in full)
    rows = "".join(f"    const {t} *const e{i}r = e{i} + (ptrdiff_t)b * en{i} + (ptrdiff_t)i * eh{i};\n" for i, t in full.items())
    fixed = "".join(f"  const {tail.lane} x{i} = {tail.lane}_set1(e{i});\n" for i, k in enumerate(tail.kinds) if k.startswith("value"))
    return params, strides, rows, fixed


def channel_constants(conv: Call, tail: SumTail) -> list[np.ndarray]:
    """The extras that lie with the weights: float32, or int32 where the epilogue is in fixed point."""
    found = [conv.input(3 + i).const for i, k in enumerate(tail.kinds) if k.startswith("channel") and not tail.plain]
    return [e.astype(np.int32 if tail.fixed else np.float32) for e in found if e is not None]


def kept_args(conv: Call, tail: SumTail) -> tuple[list[Arg], list[Arg]]:
    """`sum_args` without the extras that lie with the weights."""
    pointers, strides = sum_args(conv, tail)
    apart = {i for i, k in enumerate(tail.kinds) if k.startswith("channel") and not tail.plain}
    return [p for p in pointers if not isinstance(p, In) or p.index - 3 not in apart], strides


def zero_text(tail: SumTail) -> str:
    """C statement that makes a vector of the result's zero point, where the epilogue takes one."""
    return "  (void)zero_y;\n" if tail.plain or tail.out is DType.F32 else "  const vi z = vi_set1((zero_y & 0xffff) * 0x10001); /* 16-bit */\n"


def ended(turn: int, last: int, sw: int, inside: bool) -> list[str]:
    """C statements that begin the end of a pixel: column `turn` of a period is its last one, number `last` of its taps."""
    if inside:
        return [f"  const int32_t at = (int32_t)((uint32_t)(j + {turn - last}) / {sw}u);", "  {"]
    return [f"  const int32_t at = (j + {turn} - {last}) / {sw};", f"  if (j + {turn} >= {last}) {{" if last > 0 else "  {"]


def whole_block(line: str, size: int) -> str:
    """A line of `finish` for a block of which all channels are there."""
    return line.replace(", part)", f", {size})")


def sweep(columns: Callable[[bool], list[str]], x: str, kh: int, kw: int, period: int, test: str, twice: bool) -> str:
    """C text of one turn of the loop over columns. twice: periods that no border touches have code of their own, where `test` holds."""
    careful = columns(False)
    if not twice:
        return "\n".join("        " + line for line in careful)
    o = [f"if ({test}j >= pw && j >= {kw - 1} && j + {period} <= columns && j + {period} - pw <= iw) {{"]
    o += [f"  const {x} *const p{t} = row{t} + ((j - pw) * across{t} + c);" for t in range(kh)]
    o += ["  " + line for line in columns(True)]
    o += ["} else {", *("  " + line for line in careful), "}"]
    return "\n".join("        " + line for line in o)


@functools.cache
def depthwise(isa: ISA, dtype: DType, tail: SumTail, kh: int, kw: int, sw: int, whole: bool = False) -> CFunction:
    """The whole layer; kernel and horizontal stride are baked in. whole: so is that every block has all its channels."""
    x, groups, live, size = dtype.c, -(-kh // 4), -(-kw // sw), isa.vector_bytes
    period = live * sw  # columns after which the sums take the same turns again
    name = f"conv_{dtype.short}s8_{DotTile(isa).prefix}_depthwise_{kh}x{kw}s{sw}{'_whole' if whole else ''}{tail.suffix}"
    extras = packed_extras(tail)
    params, strides, rows, fixed = extra_texts(tail)
    flip = "vi_flip(" if DotTile(isa).shift(dtype) else "("
    few, part = ("", "") if whole else ("_part", ", part")

    def columns(inside: bool) -> list[str]:
        """C statements of one period of columns; inside: none is padding, none is missing, and every pixel they end is one."""
        o: list[str] = []
        for turn in range(period):
            o += ["{"] if turn == 0 or inside else [f"if (j + {turn} < columns) {{"]
            if not inside:
                o.append(f"  const int32_t ix = j + {turn} - pw;")
                o.append("  const int in = ix >= 0 && ix < iw;")
            o.append(f"  vi x[{4 * groups}];")
            for g in range(groups):
                taps = range(4 * g, min(4 * g + 4, kh))
                place = f"vi_load(p{{}} + {turn} * across{{}})" if inside else f"vi_load{few}((in ? row{{}} + ix * across{{}} : zero) + c{part})"
                loads = [f"{flip}{place.format(t, t)})" for t in taps]
                loads += ["vi_set1(0)"] * (4 - len(loads))
                o.append(f"  vi_quads({', '.join(loads)}, x + {4 * g});")
            for k in range(kw - 1, -1, -1):
                if (turn - k) % sw:
                    continue
                slot = (turn - k) // sw % live
                for q in range(4):
                    total = f"vi_load(q + {size * q})" if k == 0 else f"s{slot}_{q}"
                    for g in range(groups):
                        total = f"vi_dot({total}, x[{4 * g + q}], vi_load(q + {size * (4 + (k * groups + g) * 4 + q)}))"
                    o.append(f"  s{slot}_{q} = {total};")
                if k == kw - 1:
                    o += ended(turn, k, sw, inside)
                    o += [f"    const vi v{q} = s{slot}_{q};" for q in range(4)]
                    ends = finish(tail, size, str(4 * size * (1 + kw * groups)))
                    o += [f"    {whole_block(line, size) if inside or whole else line}" for line in ends]
                    o.append("  }")
            o.append("}")
        return o

    body = sweep(columns, x, kh, kw, period, "" if whole else f"part == {size} && ", is_signed(isa))
    sums = ", ".join(f"s{slot}_{q} = vi_set1(0)" for slot in range(live) for q in range(4))
    found = "".join(
        f"""    const int32_t at{t} = iy + {t} * dh, ok{t} = at{t} >= 0 && at{t} < ih;
    const {x} *const row{t} = ok{t} ? xb + (ptrdiff_t)at{t} * xh : zero;
    const ptrdiff_t across{t} = ok{t} ? xw : 0;
"""
        for t in range(kh)
    )
    text = f"""static void {name}(const {x} *x, const int8_t *w, const {x} *zero, {tail.out.c} *y{params},
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t sh, int32_t dh, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}, int32_t zero_y,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {{
{zero_text(tail)}  const int32_t columns = (ow - 1) * {sw} + {kw};
{fixed}  for (int32_t r = r_from; r < r_to; r++) {{
    const int32_t b = r / oh, i = r % oh, iy = i * sh - ph;
    const {x} *const xb = x + (ptrdiff_t)b * xn;
    {tail.out.c} *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
{rows}{found}    const int8_t *q = w + (ptrdiff_t)(c_from / {size}) * {block_bytes(size, kh, kw, extras)};
    for (int32_t c = c_from; c < c_to; c += {size}, q += {block_bytes(size, kh, kw, extras)}) {{
{'' if whole else f'      const vm part = vi_part(c_to - c);{chr(10)}'}      vi {sums};
      for (int32_t j = 0; j < columns; j += {period}) {{ /* column after column */
{body}
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, called_by(isa, dtype, tail), ("stdint.h", "stddef.h"))


@functools.cache
def depthwise_any(isa: ISA, dtype: DType, tail: SumTail) -> CFunction:
    """The whole layer one pixel at a time, with loops over its taps: large kernels, and those far apart."""
    x, block = dtype.c, isa.vector_bytes
    name = f"conv_{dtype.short}s8_{DotTile(isa).prefix}_depthwise_any{tail.suffix}"
    extras = packed_extras(tail)
    params, strides, rows, fixed = extra_texts(tail)
    flip = "vi_flip(" if DotTile(isa).shift(dtype) else "("
    loads = ", ".join(f"{flip}vi_load_part(from[t + {i}] + c, part))" for i in range(4))
    ending = "\n".join("        " + line for line in finish(tail, block, f"{block} * (4 + taps)"))
    text = f"""static void {name}(const {x} *x, const int8_t *w, const {x} *zero, {tail.out.c} *y{params}, void *scratch,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw,
    int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}, int32_t zero_y,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {{
  const {x} **const from = (const {x} **)scratch;
{zero_text(tail)}  const int32_t taps = (kh * kw + 3) / 4 * 4, size = {block} * (4 + taps + {4 * extras}); /* bytes of a block of weights */
{fixed}  for (int32_t r = r_from; r < r_to; r++) {{
    const int32_t b = r / oh, i = r % oh;
    const {x} *const xb = x + (ptrdiff_t)b * xn;
    {tail.out.c} *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
{rows}    for (int32_t at = 0; at < ow; at++) {{
      for (int32_t t = 0; t < kh * kw; t++) {{
        const int32_t iy = i * sh - ph + t / kw * dh, ix = at * sw - pw + t % kw * dw;
        from[t] = iy >= 0 && iy < ih && ix >= 0 && ix < iw ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
      }}
      for (int32_t t = kh * kw; t < taps; t++) from[t] = zero; /* their weights are 0 */
      const int8_t *q = w + (ptrdiff_t)(c_from / {block}) * size;
      for (int32_t c = c_from; c < c_to; c += {block}, q += size) {{
        const vm part = vi_part(c_to - c);
        vi x[4], v0 = vi_load(q), v1 = vi_load(q + {block}), v2 = vi_load(q + {2 * block}), v3 = vi_load(q + {3 * block});
        const int8_t *k = q + {4 * block};
        for (int32_t t = 0; t < taps; t += 4, k += {4 * block}) {{
          vi_quads({loads}, x);
          v0 = vi_dot(v0, x[0], vi_load(k));
          v1 = vi_dot(v1, x[1], vi_load(k + {block}));
          v2 = vi_dot(v2, x[2], vi_load(k + {2 * block}));
          v3 = vi_dot(v3, x[3], vi_load(k + {3 * block}));
        }}
{ending}
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, called_by(isa, dtype, tail), ("stdint.h", "stddef.h"))


@kernel("conv_integer", "depthwise")
class IntegerDepthwise(PackedColumns):
    """group = input channels = output channels, a result of 8 bits or in float32."""

    def applies(self, call: Call) -> bool:
        conv = product_of(call) if has_bytes(call.isa) or is_signed(call.isa) else None
        return conv is not None and is_depthwise(conv, floats=True)

    def cost(self, call: Call) -> float:
        conv = product_of(call)
        assert conv is not None
        n, oh, ow, c = conv.outputs[0].shape
        kh, kw = conv.input(1).shape[2:]
        sw = int(conv.attrs["strides"][1])
        blocks = -(-c // call.isa.vector_bytes)
        dot = 4.0 if call.isa.features & {"vnni", "sdot"} else 32.0
        if not baked(conv):
            return float(n * oh * ow * kh * kw) * (2.0 + blocks * dot)
        return float(n * oh * blocks) * (ow * (dot * kw * -(-kh // 4) + 24) + (ow * sw + kw) * 10.0 * -(-kh // 4))

    def emit(self, call: Call) -> Emitted:
        conv = product_of(call)
        found = tail_of_sums(conv) if conv is not None else None
        assert conv is not None and found is not None
        tail, zero = found
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None
        bias = conv.inputs[2].const if conv.inputs[2] is not None else None
        ch, _, kh, kw = w.shape
        shift = at.get("zero", 0) + DotTile(call.isa).shift(x.type.dtype)
        start = totals(w.const.reshape(ch, -1).T, bias, shift)
        constants = channel_constants(conv, tail)
        weights = w.const[:, 0] if baked(conv) else w.const.reshape(ch, -1, 1)
        size = call.isa.vector_bytes
        packed = pack(size, weights, start, constants)
        pointers, strides = kept_args(conv, tail)
        (sh, sw), (dh, dw) = at["strides"], at["dilations"]
        n, oh, ow, _ = y.shape
        units, blocks = n * oh, -(-ch // size)
        by_rows = units >= 8 or units >= blocks
        part: tuple[Arg, ...] = (
            (Begin(), End(1, units), Int(0), Int(ch)) if by_rows else (Int(0), Int(units), Begin(size), End(size, ch))
        )
        zeros = np.full(blocks * size, at.get("zero", 0), x.type.dtype.np)
        spelled = baked(conv)
        geometry = (sh, dh) if spelled else (kh, kw, sh, sw, dh, dw)
        args: tuple[Arg, ...] = (
            In(0), Const(packed), Const(zeros), Out(0), *pointers, *([] if spelled else [Scratch()]),
            *map(Int, (oh, ow, x.shape[1], x.shape[2], *geometry, *at["pads"][:2])),
            *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides, Int(zero), *part,
        )  # fmt: skip
        whole = is_signed(call.isa) and ch % size == 0
        f = depthwise(call.isa, x.type.dtype, tail, kh, kw, sw, whole) if spelled else depthwise_any(call.isa, x.type.dtype, tail)
        why = f"depthwise {kh}x{kw} by dot products of four taps, {size} channels at a time"
        return Emitted(f, args, 0 if spelled else 8 * -(-kh * kw // 4) * 4, why, units if by_rows else blocks)

"""conv 3x3, stride 1, float32, channels_last, constant weights, by Winograd's F(2,3), F(4,3) or F(6,3).

A block of tiles at a time, so that it stays in cache: every tile is transformed into (m + 2)^2 values a channel, each of
these values makes one matrix product over the block (the register tile of `tile_f32`), and the products are transformed
back, where bias and epilogue are applied. F(4,3) needs a quarter of the multiplications of the plain sum. Its rounding
errors are of the same size on real data (see `winograd.growth` for the bound, `benchmarks/winograd_error.py` for figures).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

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
from pith.kernels.conv_f32_pointwise import fast_conv
from pith.kernels.cost_f32 import again_rate, overlapped, product_cost, weights_rate
from pith.kernels.matmul_f32_gemm import gemm
from pith.kernels.packed import PackedF32
from pith.kernels.shape_f32 import Shape, pack, shape_for, shape_of
from pith.kernels.tile_f32 import Tail, bias_of, extra_args, tail_of
from pith.kernels.winograd import TAPS, constant_lines, linear, transformed_weights, transforms
from pith.ops.signs import only_signs
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect, needs, print_vector, vectorisable

_BUDGET = 256 << 10  # bytes of transformed tiles and products at a time: half of a second-level cache, weights stream through the other
_TRANSFORM = 8.0, 2.2  # cycles a transform takes for each element of a tile and vector of channels: it loads and stores twice; sums, times m
_APART = 16  # floats between the values of a tile beyond the block's own: at steps of whole pages they would evict each other
_LEAST = 8  # channels on either side from which the transforms pay


def _lines(lines: list[str], indent: int) -> str:
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


@functools.cache
def transform_in(isa: ISA, m: int) -> CFunction:
    """C function: B^T d B of one tile for every channel; element e of channel k goes to v[e * step + k]."""
    a = m + TAPS - 1
    bt = transforms(m).bt
    constants: dict[Fraction, str] = {}
    columns, down = linear(bt, [f"d{i}" for i in range(a)], constants, "p")
    rows, across = linear(bt, [f"t[i * {a} + {j}]" for j in range(a)], constants, "q")
    name = f"winograd_in_f32_{isa.name}_{m}"

    def tile(load: str, store: str) -> str:
        return (
            f"    for (int32_t j = 0; j < {a}; j++) {{\n"
            + _lines([f"const vf d{i} = {load.format(f'd[{i * a} + j] + k')};" for i in range(a)] + columns, 6)
            + _lines([f"t[{i * a} + j] = {x};" for i, x in enumerate(down)], 6)
            + f"    }}\n    for (int32_t i = 0; i < {a}; i++) {{\n      float *const to = v + i * {a} * step + k;\n"
            + _lines(rows + [store.format(f"to + {j} * step" if j else "to", x) for j, x in enumerate(across)], 6)
            + "    }\n"
        )

    text = f"""/* B^T d B of one tile of F({m},3): pixels d[{a * a}], element e of channel k to v[e * step + k] */
static void {name}(const float *const *d, float *v, ptrdiff_t step, int32_t c) {{
{_lines(constant_lines(constants), 2)}  vf t[{a * a}];
  int32_t k = 0;
  for (; k <= c - VF_LANES; k += VF_LANES) {{
{tile("vf_load({})", "vf_store({}, {});")}  }}
  if (k < c) {{
{tile("vf_load_n({}, c - k)", "vf_store_n({}, {}, c - k);")}  }}
}}
"""
    return CFunction(name, text, (dialect(isa),), ("stdint.h", "stddef.h"))


@functools.cache
def transform_out(isa: ISA, m: int, tail: Tail) -> CFunction:
    """C function: A^T u A of one tile for every channel, bias and epilogue, the first `mh` x `mw` pixels stored."""
    a = m + TAPS - 1
    at = transforms(m).at
    constants: dict[Fraction, str] = {}
    columns, down = linear(at, [f"u{i}" for i in range(a)], constants, "p")
    rows, across = linear(at, [f"t[i * {a} + {j}]" for j in range(a)], constants, "q")
    full = [i for i, kind in enumerate(tail.kinds) if kind == "full"]
    name = f"winograd_out_f32_{isa.name}_{m}{tail.suffix}"
    strides = "".join(f", ptrdiff_t eh{i}, ptrdiff_t ew{i}" for i in full)

    def finish(load: str) -> tuple[list[str], str]:
        if tail.expr is None:
            return [], "s"
        place = {"full": "e{i} + i * eh{i} + j * ew{i} + k", "channel": "e{i} + k"}
        lines = [
            f"const vf x{i} = {load.format(place[kind].format(i=i))};"
            for i, kind in enumerate(tail.kinds)
            if kind != "value"
        ]
        lines += [f"const vf x{i} = vf_set1(e{i});" for i, kind in enumerate(tail.kinds) if kind == "value"]
        more, result = print_vector(tail.expr, ["s", *(f"x{i}" for i in range(len(tail.kinds)))], "f", tail.numbers)
        return lines + more, result

    def tile(load: str, store: str) -> str:
        last, result = finish(load)
        return (
            f"    for (int32_t j = 0; j < {a}; j++) {{\n      const float *const from = u + j * step + k;\n"
            + _lines([f"const vf u{i} = {load.format(f'from + {i * a} * step')};" for i in range(a)] + columns, 6)
            + _lines([f"t[{i * a} + j] = {x};" for i, x in enumerate(down)], 6)
            + f"    }}\n    const vf b = {load.format('bias + k')};\n    for (int32_t i = 0; i < mh; i++) {{\n"
            + _lines([*rows, f"const vf o[{m}] = {{{', '.join(across)}}};"], 6)
            + "      for (int32_t j = 0; j < mw; j++) {\n"
            + _lines(["const vf s = o[j] + b;", *last, store.format("y + i * yh + j * yw + k", result)], 8)
            + "      }\n    }\n"
        )

    text = f"""/* A^T u A of one tile of F({m},3), bias and epilogue: its first mh x mw pixels */
static void {name}(const float *u, ptrdiff_t step, const float *bias, float *y, ptrdiff_t yh, ptrdiff_t yw,
    int32_t mh, int32_t mw, int32_t n{tail.params(False)}{strides}) {{
{_lines(constant_lines(constants), 2)}  vf t[{m * a}];
  int32_t k = 0;
  for (; k <= n - VF_LANES; k += VF_LANES) {{
{tile("vf_load({})", "vf_store({}, {});")}  }}
  if (k < n) {{
{tile("vf_load_n({}, n - k)", "vf_store_n({}, {}, n - k);")}  }}
}}
"""
    return CFunction(name, text, needs(tail.expr, isa), ("stdint.h", "stddef.h"))


@dataclass(frozen=True, slots=True)
class Stages:
    """The three stages of a layer: into tiles, products, back to pixels. Tiles t_from, ..., t_to - 1 are in the memory v (as
    they came in, a^2 values for each of c channels) and u (products, for each of n channels), which have room for `block` tiles."""

    into: CFunction
    products: CFunction
    back: CFunction


@functools.cache
def stages(isa: ISA, m: int, tail: Tail, shape: Shape) -> Stages:
    """The stages as C functions that work on any range of tiles or products."""
    a = m + TAPS - 1
    into, product, back = transform_in(isa, m), gemm(isa, Tail(None, ()), shape=shape), transform_out(isa, m, tail)
    full = [i for i, kind in enumerate(tail.kinds) if kind == "full"]
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i in full)
    passed = "".join(
        f", e{i} + (ptrdiff_t)b * en{i} + (ptrdiff_t)i0 * eh{i} + (ptrdiff_t)j0 * ew{i}"
        if kind == "full"
        else f", e{i}"
        for i, kind in enumerate(tail.kinds)
    ) + "".join(f", eh{i}, ew{i}" for i in full)
    where = f"""const int32_t th = (oh + {m - 1}) / {m}, tw = (ow + {m - 1}) / {m};
    const int32_t b = t / (th * tw), i0 = t / tw % th * {m}, j0 = t % tw * {m};"""
    first = f"""/* tiles t_from ... t_to - 1 into v, which begins with tile t0 */
static void winograd_tiles_f32_{isa.name}_{m}(const float *x, const float *zero, float *v, int32_t oh, int32_t ow, int32_t ih, int32_t iw,
    int32_t c, int32_t block, int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t t0, int32_t t_from, int32_t t_to) {{
  for (int32_t t = t_from; t < t_to; t++) {{
    {where}
    const float *const xb = x + (ptrdiff_t)b * xn;
    const float *d[{a * a}];
    for (int32_t i = 0; i < {a}; i++)
      for (int32_t j = 0; j < {a}; j++) {{
        const int32_t iy = i0 + i - ph, ix = j0 + j - pw;
        const int inside = iy >= 0 && iy < ih && ix >= 0 && ix < iw;
        d[i * {a} + j] = inside ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
      }}
    {into.name}(d, v + (ptrdiff_t)(t - t0) * c, (ptrdiff_t)block * c + {_APART}, c);
  }}
}}
"""
    second = f"""/* products e_from ... e_to - 1 of `count` tiles; wg: elements of the packed weights of one */
static void winograd_products_f32_{isa.name}_{shape.label(isa)}(const float *v, const float *w, float *u, int32_t count, int32_t c, int32_t n, int32_t wg,
    int32_t block, int32_t e_from, int32_t e_to) {{
  for (int32_t e = e_from; e < e_to; e++)
    {product.name}(v + e * ((ptrdiff_t)block * c + {_APART}), w + (ptrdiff_t)e * wg, u + e * ((ptrdiff_t)block * n + {_APART}),
        count, c, n, c, n, 0, count, 0, n);
}}
"""
    third = f"""/* tiles t_from ... t_to - 1 from u, which begins with tile t0, to pixels */
static void winograd_pixels_f32_{isa.name}_{m}{tail.suffix}(const float *u, const float *bias, float *y{tail.params(False)}, int32_t oh, int32_t ow,
    int32_t n, int32_t block, int32_t yn, int32_t yh, int32_t yw{strides}, int32_t t0, int32_t t_from, int32_t t_to) {{
  for (int32_t t = t_from; t < t_to; t++) {{
    {where}
    const int32_t mh = oh - i0 < {m} ? oh - i0 : {m}, mw = ow - j0 < {m} ? ow - j0 : {m};
    {back.name}(u + (ptrdiff_t)(t - t0) * n, (ptrdiff_t)block * n + {_APART}, bias,
        y + (ptrdiff_t)b * yn + (ptrdiff_t)i0 * yh + (ptrdiff_t)j0 * yw, yh, yw, mh, mw, n{passed});
  }}
}}
"""
    headers = ("stdint.h", "stddef.h")
    return Stages(
        CFunction(f"winograd_tiles_f32_{isa.name}_{m}", first, (into,), headers),
        CFunction(f"winograd_products_f32_{isa.name}_{shape.label(isa)}", second, (product,), headers),
        CFunction(f"winograd_pixels_f32_{isa.name}_{m}{tail.suffix}", third, (back,), headers),
    )


@functools.cache
def winograd(isa: ISA, m: int, tail: Tail, shape: Shape) -> CFunction:
    """Blocks of tiles begin, ..., end - 1 of the layer, each through all three stages while it is in cache."""
    a, s = m + TAPS - 1, stages(isa, m, tail, shape)
    full = [i for i, kind in enumerate(tail.kinds) if kind == "full"]
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i in full)
    passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
    steps = "".join(f", en{i}, eh{i}, ew{i}" for i in full)
    name = f"conv_f32_{isa.name}_winograd{m}_{shape.label(isa)}{tail.suffix}"
    text = f"""static void {name}(const float *x, const float *w, const float *bias, const float *zero, float *y{tail.params(False)},
    void *scratch, int32_t tiles, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t wg, int32_t block,
    int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}, int32_t begin, int32_t end) {{
  float *const v = (float *)scratch, *const u = v + {a * a} * ((ptrdiff_t)block * c + {_APART});
  for (int32_t t0 = begin * block; t0 < tiles && t0 < end * block; t0 += block) {{
    const int32_t count = tiles - t0 < block ? tiles - t0 : block;
    {s.into.name}(x, zero, v, oh, ow, ih, iw, c, block, ph, pw, xn, xh, xw, t0, t0, t0 + count);
    {s.products.name}(v, w, u, count, c, n, wg, block, 0, {a * a});
    {s.back.name}(u, bias, y{passed}, oh, ow, n, block, yn, yh, yw{steps}, t0, t0, t0 + count);
  }}
}}
"""
    return CFunction(name, text, (s.into, s.products, s.back), ("stdint.h", "stddef.h"))


def tiles_of(call: Call, m: int) -> int:
    """Tiles of all pictures of a batch."""
    n, oh, ow = call.outputs[0].shape[:3]
    return n * math.ceil(oh / m) * math.ceil(ow / m)


def block_of(call: Call, m: int, budget: int = 0) -> int:
    """Tiles transformed at a time: what the schedule says, or as many as are within the budget of bytes (0: what suits the
    layer), the blocks of a layer about equal.

    Every block reads all weights anew. Where that takes longer than to write the transformed tiles of the whole layer to the
    next cache and read them back, it is one block, which threads share evenly; so it is too where no number of blocks suits
    the threads and the time lost to their uneven shares is longer still.
    """
    if chosen := call.schedule.get("block", 0):
        return chosen
    tiles = tiles_of(call, m)

    def uneven(count: int) -> float:
        """The longest share of a thread, over what it would be if all were equal. Of the threads asked for: fewer may run it in the
        end, but how many is not known here, and the bits must not depend on it."""
        threads = call.options.threads
        return math.ceil(count / threads) * threads / count

    def cost(count: int) -> float:
        return _passes_cost(call, m, tiles, math.ceil(tiles / count))

    found: dict[int, None] = {}
    for size in (budget,) if budget else (_BUDGET // 2, _BUDGET, 2 * _BUDGET, 4 * _BUDGET):
        found |= dict.fromkeys(_counts(call, m, tiles, size))
    best = min((count for count in found if count > 1), key=lambda count: (uneven(count), cost(count)), default=1)
    if best > 1 and (not budget or 1 in found) and cost(1) <= uneven(best) * cost(best):
        best = 1
    return math.ceil(tiles / best)


def _counts(call: Call, m: int, tiles: int, budget: int) -> Iterable[int]:
    """Numbers of blocks that take about as many bytes as `budget` each."""
    rows = shape_of(call.isa).rows
    o, c = call.input(1).shape[:2]
    most = max(1, budget // (4 * (m + 2) ** 2 * (c + o) * rows)) * rows
    blocks = max(1, round(tiles / most))
    return range(max(2, blocks - 1), min(blocks + 3, tiles) + 1) if blocks > 1 else (1,)


def _passes_cost(call: Call, m: int, tiles: int, block: int) -> float:
    """Time of the products of a layer made by blocks, weights and tiles that do not stay near included."""
    o, c = call.input(1).shape[:2]
    elements = (m + 2) ** 2
    blocks, last = divmod(tiles, block)
    bytes_each = 4.0 * c * o
    first, again = bytes_each / weights_rate(call), bytes_each / again_rate(call, elements * bytes_each)
    whole = product_cost(call.isa, block, c, o)
    total = overlapped(call.isa, block, whole, first) + (blocks - 1) * overlapped(call.isa, block, whole, again)
    if last:
        total += overlapped(call.isa, block, product_cost(call.isa, last, c, o), again)
    # What of a block does not stay near is fetched to be written, written back, and read: at the rate of the last cache even where
    # that is too small for it. At the rate of memory, which is right for weights of a layer that comes once a run, layers would be
    # cut into blocks that are slower (seen on a Zen 4 with 112 x 112 pixels of 256 channels and with 14 x 14 of 512): the stages go
    # through memory in order, and what is asked ahead arrives beside the products.
    beyond = 3 * max(4.0 * elements * block * (c + o) - call.isa.near, 0.0) * math.ceil(tiles / block)
    return elements * total + beyond / call.isa.beyond


class Winograd(PackedF32):
    """One size of tile."""

    m: int

    def applies(self, call: Call) -> bool:
        if not (fast_conv(call) and call.isa.vector_bytes and call.options.winograd):
            return False
        a, w = call.attrs, call.input(1)
        tail = tail_of(call)
        assert tail is not None
        return (
            w.shape[2:] == (TAPS, TAPS) and a["group"] == 1 and tuple(a["strides"]) == (1, 1) and tuple(a["dilations"]) == (1, 1)
            and min(w.shape[:2]) >= _LEAST and (tail.expr is None or vectorisable(tail.expr)) and w.const is not None and not only_signs(w.const)
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        o, c = call.input(1).shape[:2]
        lanes, tiles = call.isa.lanes(4), tiles_of(call, self.m)
        products = _passes_cost(call, self.m, tiles, block_of(call, self.m))
        fixed, sums = _TRANSFORM
        transforms = (fixed + sums * self.m) * (self.m + 2) ** 2 * tiles * (math.ceil(c / lanes) + math.ceil(o / lanes))
        caution = 1.03 if self.m > 4 else 1.0  # its rounding errors are larger: it has to be worth them
        return caution * (products + transforms)

    def schedules(self, call: Call) -> tuple[Schedule, ...]:
        budgets = (0, _BUDGET, _BUDGET // 2, _BUDGET // 4, 2 * _BUDGET, 4 * _BUDGET, 1 << 30)
        return tuple(Schedule.of(block=b) for b in dict.fromkeys(block_of(call, self.m, budget) for budget in budgets))

    def emit(self, call: Call) -> Emitted:
        tail = tail_of(call)
        x, w, y, m = call.input(0), call.input(1), call.outputs[0], self.m
        assert tail is not None and w.const is not None
        o, c = w.shape[:2]
        packed = [pack(call.isa, u, None) for u in transformed_weights(w.const, m)]
        given = bias_of(call)
        bias = np.zeros(o, np.float32) if given is None else np.asarray(given, np.float32).reshape(-1)
        block = block_of(call, m)
        shape = shape_for(call.isa, block).of(call.isa, o)
        pointers, strides = extra_args(call, tail, 3)
        oh, ow = y.shape[1:3]
        elements, tiles = (m + 2) ** 2, tiles_of(call, m)
        blocks, scratch = -(-tiles // block), 4 * elements * (block * (c + o) + 2 * _APART)
        why = f"Winograd F({m},3), {block} tiles at a time"
        weights, zero, pads = Const(np.concatenate(packed)), Const(np.zeros(c, np.float32)), call.attrs["pads"][:2]
        size, places, targets = (oh, ow, x.shape[1], x.shape[2], c), x.strides[:3], y.strides[:3]
        if blocks > 1 or call.options.threads == 1:
            numbers = (tiles, *size, o, packed[0].size, block, *pads, *places, *targets)
            args: tuple[Arg, ...] = (In(0), weights, Const(bias), zero, Out(0), *pointers, Scratch(), *map(Int, numbers), *strides, *unit_range(blocks))
            return Emitted(winograd(call.isa, m, tail, shape), args, scratch, why, blocks)
        # one block: threads share out the tiles, then the products, then the tiles again
        s, v, u = stages(call.isa, m, tail, shape), Scratch(), Scratch(4 * elements * (block * c + _APART))
        back: tuple[Arg, ...] = (u, Const(bias), Out(0), *pointers, *map(Int, (oh, ow, o, block, *targets)), *strides, Int(0), *unit_range(tiles))
        products: tuple[Arg, ...] = (v, weights, u, *map(Int, (tiles, c, o, packed[0].size, block)), *unit_range(elements))
        into: tuple[Arg, ...] = (In(0), zero, v, *map(Int, (*size, block, *pads, *places)), Int(0), *unit_range(tiles))
        then = (Emitted(s.products, products, why="its products", units=elements), Emitted(s.back, back, why="back to pixels", units=tiles))
        return Emitted(s.into, into, scratch, why, tiles, then)


@kernel("conv", "winograd2")
class Winograd2(Winograd):
    """F(2,3)."""

    m = 2


@kernel("conv", "winograd4")
class Winograd4(Winograd):
    """F(4,3)."""

    m = 4


@kernel("conv", "winograd6")
class Winograd6(Winograd):
    """F(6,3)."""

    m = 6

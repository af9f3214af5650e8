"""conv_integer with a kernel larger than 1x1 by AMX, without copies of windows.

The input rows that some output rows need are copied once, with their padding. There the input pixels of neighbouring output
pixels lie evenly apart, so that tiles of up to 16 output pixels are loaded from where they are, a kernel row (or a tap, where
taps are apart) at a time. Four tiles of pixels pass one tile of weights; the sums of the block before go through their epilogue
between the products of this one.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Begin, Call, Const, Emitted, End, In, Int, Out, Scratch, kernel
from pith.kernels.four_bits import are_four_bits
from pith.kernels.packed import PackedVectors
from pith.kernels.product_s8 import product_of
from pith.kernels.tail_s8 import SumTail, finish_block, sum_args, tail_of_sums
from pith.kernels.tile_amx import COPY
from pith.kernels.tile_s8 import totals
from pith.targets.isa.base import ISA
from pith.vector.amx import CONFIGURE_COLUMN
from pith.vector.cfunction import CFunction

_MOST = 32  # tiles of pixels a group of rows has at the most
_WINDOW = 32 << 10  # bytes of copied rows that stay near, beside weights and sums
FAR = 256 << 10  # bytes of weights that threads share out rather than read each


@dataclass(frozen=True, slots=True)
class Window:
    """How a convolution [oh, ow] of `pixel` bytes a pixel is cut: `rows` pixels a tile, `across` tiles an output row or `span`
    output rows a tile (their pixels with the padding between them), `lines` output rows a group, `pitch` bytes a copied row."""

    rows: int
    across: int
    span: int
    lines: int
    pitch: int
    wide: int
    steps: int
    chunk: int
    copied: int

    @property
    def tiles(self) -> int:
        """Tiles of a whole group."""
        return -(-self.lines // self.span) if self.span > 1 else self.lines * self.across


@functools.cache
def window(oh: int, ow: int, pixel: int, kernel: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]) -> Window:
    """The cut of one convolution."""
    (kh, kw), (sh, sw), (dh, dw) = kernel, strides, dilations
    wide = (ow - 1) * sw + (kw - 1) * dw + 1
    depth = kw * pixel if dw == 1 else pixel
    per = -(-depth // 64)
    chunk = -(-depth // (4 * per)) * 4
    steps = kh * per * (1 if dw == 1 else kw)
    span = max(1, (16 - ow) // wide + 1) if (sh, sw) == (1, 1) and ow <= 8 else 1
    span = min(span, oh)
    across = 1 if span > 1 else -(-ow // 16)
    rows = (span - 1) * wide + ow if span > 1 else -(-ow // across)
    pitch = wide * pixel if span > 1 else -(-wide * pixel // 64) * 64
    if span == 1 and pitch % 2048 == 0:
        pitch += 64
    most = max(1, min(oh, _MOST // across * span, (_WINDOW // pitch - (kh - 1) * dh - 1) // sh + 1))
    lines = -(-oh // -(-oh // most))
    unit = 4 * span if across == 1 else 4 // math.gcd(4, across)  # whole blocks of four tiles
    if lines >= unit:
        lines = lines // unit * unit if most < -(-lines // unit) * unit else -(-lines // unit) * unit
    elif span > 1:
        lines = min(oh, -(-lines // span) * span)
    copied = ((lines - 1) * sh + (kh - 1) * dh + 1) * pitch
    return Window(rows, across, span, lines, pitch, wide, steps, chunk, copied)


def window_of(conv: Call, itemsize: int = 1) -> Window:
    """The cut of a conv_integer, or of any convolution whose copied numbers have `itemsize` bytes."""
    at, (_, oh, ow, _), (_, c, kh, kw) = conv.attrs, conv.outputs[0].shape, conv.input(1).shape
    return window(oh, ow, itemsize * c, (kh, kw), tuple(at["strides"]), tuple(at["dilations"]))


def pack(weights: np.ndarray, start: np.ndarray, merged: bool, cut: Window) -> np.ndarray:
    """Weights [kh, kw, C, N] and starts [N] as tiles of 16 columns: 16 starts, then all steps. Bytes."""
    kh, kw, c, n = weights.shape
    parts = weights.reshape(kh, kw * c, n) if merged else weights.reshape(kh * kw, c, n)
    per = cut.steps // len(parts)
    full = np.zeros((len(parts), per * cut.chunk, -(-n // 16) * 16), np.int8)
    full[:, : parts.shape[1], :n] = parts
    head = np.zeros(full.shape[2], np.int32)
    head[:n] = start
    tiles = full.reshape(cut.steps, cut.chunk // 4, 4, -1, 16).transpose(3, 0, 1, 4, 2)  # [N / 16, steps, chunk / 4, 16, 4]
    return np.concatenate([head.view(np.int8).reshape(-1, 64), np.ascontiguousarray(tiles).reshape(len(tiles), -1)], 1).reshape(-1)


def places(merged: bool, cut: Window, kernel: tuple[int, int], dilations: tuple[int, int], pixel: int) -> np.ndarray:
    """Where each step begins, in bytes from that of the first."""
    (kh, kw), (dh, dw) = kernel, dilations
    starts = [ty * dh * cut.pitch + (0 if merged else tx * dw * pixel) for ty in range(kh) for tx in range(1 if merged else kw)]
    per = cut.steps // len(starts)
    return np.array([s + k * cut.chunk for s in starts for k in range(per)], np.int32)


FILL = CFunction(
    "fill_bytes",
    """/* n bytes of one value */
static inline void fill_bytes(void *to, int32_t value, int32_t n) {
  unsigned char *t = (unsigned char *)to;
  const __m512i v = _mm512_set1_epi8((char)value);
  for (; n >= 64; n -= 64, t += 64) _mm512_storeu_si512((void *)t, v);
  if (n > 0) _mm512_mask_storeu_epi8((void *)t, (UINT64_C(1) << (uint32_t)n) - 1u, v);
}
""",
    (),
    ("stdint.h", "immintrin.h"),
)


def _products(dot: str) -> str:
    """C of one step: up to four tiles of pixels by one of weights."""
    o = ["_tile_loadd(7, b, 64);"]
    for r in range(4):
        left = 4 + r % 3
        load = [f"_tile_loadd({left}, from + base[t{f' + {r}' if r else ''}], apart);", f"{dot}({r}, {left}, 7);"]
        o += load if r == 0 else [f"if (count > {r}) {{", *(f"  {line}" for line in load), "}"]
    return "\n".join("            " + line for line in o)


def _each(text: str, indent: int) -> str:
    """C of one statement for each tile of pixels, `{r}` its number."""
    o = [text.format(r=0), *(f"if (count > {r}) {text.format(r=r)}" for r in (1, 2, 3))]
    return "\n".join(" " * indent + line for line in o)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the layers of bytes and of bfloat16 differ in, as C: types of input, output and sums, bytes of a copied pixel, the product of
    tiles, the statement that copies `{n}` numbers to `{to}` from `{from}`, the byte of the padding.

    finish: the function that brings sums to their rows, and what its arguments end with;  params: those of its extras."""

    x: str
    out: str
    sums: str
    pixel: str
    dot: str
    copy: str
    fill: str
    finish: CFunction
    last: str
    params: str


def layer(name: str, kind: Kind, full: dict[int, str], extras: int, numbers: str) -> str:
    """C of a whole layer; full: C types of the extras of the output's shape by index, of `extras` in all;  numbers: parameters of its own."""
    x, out, c, finish = kind.x, kind.out, kind.pixel, kind.finish.name
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i in full)
    arrays = "".join(f"  const {t} *r{i}[{16 * _MOST}];\n" for i, t in full.items())
    setup = "".join(
        f"        r{i}[k] = inside ? e{i} + (ptrdiff_t)batch * en{i} + (ptrdiff_t)(first + i) * eh{i} + (ptrdiff_t)j * ew{i} : e{i};\n" for i in full
    )
    passed = "".join(f", r{i} + old_k + {{}}" if i in full else f", e{i}" for i in range(extras))

    def copied(to: str, source: str, n: str) -> str:
        return kind.copy.replace("{to}", to).replace("{from}", source).replace("{n}", n)

    return f"""static void {name}(const {x} *x, const int8_t *w, const int32_t *at, {out} *y{kind.params}, void *scratch,
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t sh, int32_t sw, int32_t ph, int32_t pw, int32_t extent,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}{numbers},
    int32_t size, int32_t across, int32_t span, int32_t most, int32_t pitch, int32_t wide, int32_t steps, int32_t chunk, int32_t copied,
    int32_t r_from, int32_t r_to, int32_t n_from, int32_t n_to) {{
  {kind.sums} sums[2][64 * 32] __attribute__((aligned(64)));
  int32_t base[{_MOST}];
  {out} *to[{16 * _MOST}];
{arrays}  unsigned char *const memory = (unsigned char *)scratch;
  {out} *const nowhere = ({out} *)(void *)(memory + copied); /* pixels that are none */
  const ptrdiff_t column = 64 + (ptrdiff_t)steps * 16 * chunk, apart = (ptrdiff_t)sw * {c};
  const int32_t middle = iw < wide - pw ? iw : wide - pw;
  pith_amx_configure_column(size, chunk);
  for (int32_t row = r_from; row < r_to;) {{
    const int32_t batch = row / oh, first = row % oh;
    int32_t lines = oh - first < most ? oh - first : most;
    if (lines > r_to - row) lines = r_to - row;
    for (int32_t l = 0; l < (lines - 1) * sh + extent; l++) {{
      unsigned char *const line = memory + (ptrdiff_t)l * pitch;
      const int32_t iy = first * sh - ph + l;
      if (iy < 0 || iy >= ih) {{
        fill_bytes(line, {kind.fill}, pitch);
        continue;
      }}
      const {x} *const from = x + (ptrdiff_t)batch * xn + (ptrdiff_t)iy * xh;
      fill_bytes(line, {kind.fill}, pw * {c});
      if (xw == c) {copied(f'line + pw * {c}', 'from', 'middle * c')};
      else
        for (int32_t j = 0; j < middle; j++) {copied(f'line + (pw + j) * {c}', 'from + (ptrdiff_t)j * xw', 'c')};
      fill_bytes(line + (pw + middle) * {c}, {kind.fill}, pitch - (pw + middle) * {c});
    }}
    const int32_t tiles = span > 1 ? (lines + span - 1) / span : lines * across;
    for (int32_t t = 0, k = 0; t < tiles; t++) {{
      const int32_t top = t / across * span, left = t % across * size;
      base[t] = top * sh * pitch + left * sw * {c};
      for (int32_t q = 0; q < size; q++, k++) {{
        const int32_t down = span > 1 ? q / wide : 0, i = top + down, j = left + q - down * wide, inside = i < lines && j < ow;
        to[k] = inside ? y + (ptrdiff_t)batch * yn + (ptrdiff_t)(first + i) * yh + (ptrdiff_t)j * yw : nowhere;
{setup}      }}
    }}
    __asm__ volatile("" : : : "memory"); /* gcc does not know that tiles are loaded from memory */
    int32_t turn = 0, old_k = 0, old_c = 0, old_rows = 0, old_columns = 0;
    for (int32_t c0 = n_from; c0 < n_to; c0 += 32) {{
      const int32_t columns = n_to - c0 < 32 ? n_to - c0 : 32, vectors = columns > 16 ? 2 : 1;
      for (int32_t t = 0; t < tiles; t += 4, turn++) {{
        const int32_t count = tiles - t < 4 ? tiles - t : 4;
        {kind.sums} *const s = sums[turn & 1], *const old = sums[~turn & 1];
        const int32_t share = (old_rows + vectors * steps - 1) / (vectors * steps), portion = share < 4 ? 4 : share;
        int32_t done = 0;
        for (int32_t v = 0; v < vectors; v++) {{
          const int8_t *b = w + (c0 / 16 + v) * column;
{_each("_tile_loadd({r}, b, 0);", 10)}
          b += 64;
          for (int32_t k = 0; k < steps; k++, b += 16 * chunk) {{
            const unsigned char *const from = memory + at[k];
{_products(kind.dot)}
            if (done < old_rows) {{
              const int32_t rows = old_rows - done < portion ? old_rows - done : portion;
              {finish}(old + done * 32, 32, to + old_k + done, old_c, rows, old_columns{passed.replace("{}", "done")}{kind.last});
              done += rows;
            }}
          }}
{_each("_tile_stored({r}, s + {r} * size * 32 + 16 * v, 128);", 10)}
        }}
        old_k = t * size;
        old_c = c0;
        old_rows = count * size;
        old_columns = columns;
      }}
    }}
    {finish}(sums[~turn & 1], 32, to + old_k, old_c, old_rows, old_columns{passed.replace(" + {}", "")}{kind.last});
    row += lines;
  }}
  (void)n;
  _tile_release();
}}
"""


@functools.cache
def _function(isa: ISA, dtype: DType, tail: SumTail) -> CFunction:
    """The whole layer of bytes."""
    finish = finish_block(isa, tail)
    kind = Kind(dtype.c, tail.out.c, "int32_t", "c", "_tile_dpbssd" if dtype is DType.I8 else "_tile_dpbusd", "copy_bytes({to}, {from}, {n})", "zero",
                finish, ", zero_y", tail.params(False))  # fmt: skip
    name = f"conv_{dtype.short}s8_amx_window{tail.suffix}"
    text = layer(name, kind, dict(tail.full), len(tail.kinds), ", int32_t zero, int32_t zero_y")
    return CFunction(name, text, (finish, CONFIGURE_COLUMN, COPY, FILL), ("stdint.h", "stddef.h", "immintrin.h"))


@kernel("conv_integer", "amx_window")
class IntegerWindow(PackedVectors):
    """One group, kernels larger than 1x1."""

    def applies(self, call: Call) -> bool:
        conv = product_of(call) if "amx" in call.isa.features else None
        return (
            conv is not None and conv.attrs["group"] == 1 and not conv.attrs["rest"] and conv.input(1).shape[2:] != (1, 1)
            and not are_four_bits(conv.input(1).const)  # other kernels take these apart
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        conv = product_of(call)
        assert conv is not None
        cut = window_of(conv)
        n, oh, _, o = conv.outputs[0].shape
        # what tiles have, pixels that are none included; with fewer rows than this, loading weights takes longer than multiplying
        pixels = n * oh * cut.across / cut.span * max(cut.rows, 10)
        copied = n * -(-oh // cut.lines) * cut.copied * 2.0 / 64
        return pixels * -(-o // 16) * max(2.0 * cut.steps, 10.0) + copied + 40.0 * n * oh + 300.0

    def emit(self, call: Call) -> Emitted:
        conv = product_of(call)
        found = tail_of_sums(conv) if conv is not None else None
        assert conv is not None and found is not None
        tail, zero_y = found
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None
        bias = conv.inputs[2].const if conv.inputs[2] is not None else None
        (o, c, kh, kw), (sh, sw), (dh, dw), zero = w.shape, at["strides"], at["dilations"], at.get("zero", 0)
        cut, merged = window_of(conv), dw == 1
        weights = w.const.transpose(2, 3, 1, 0)
        packed = pack(weights, totals(weights.reshape(-1, o), bias, zero), merged, cut)
        pointers, strides = sum_args(conv, tail)
        n, oh, ow = y.shape[:3]
        # behind the copied rows: what tiles read beyond them, and a pixel that is none
        copied = cut.copied + -(-((cut.span - 1) * cut.pitch + cut.across * cut.rows * sw * c + 128) // 64) * 64
        by_rows = o <= 32 or (n * oh > cut.lines and packed.size < FAR) or n * oh >= 8 * cut.lines
        units = -(-n * oh // cut.lines) if by_rows else -(-o // 32)
        part: tuple[Arg, ...] = (
            (Begin(cut.lines), End(cut.lines, n * oh), Int(0), Int(o)) if by_rows else (Int(0), Int(n * oh), Begin(32), End(32, o))
        )
        args: tuple[Arg, ...] = (
            In(0), Const(packed), Const(places(merged, cut, (kh, kw), (dh, dw), c)), Out(0), *pointers, Scratch(),
            *map(Int, (oh, ow, x.shape[1], x.shape[2], c, o, sh, sw, *at["pads"][:2], (kh - 1) * dh + 1)),
            *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides, Int(int(zero)), Int(zero_y),
            *map(Int, (cut.rows, cut.across, cut.span, cut.lines, cut.pitch, cut.wide, cut.steps, cut.chunk, copied)), *part,
        )  # fmt: skip
        why = f"{kh}x{kw} by AMX from copied rows, {cut.rows} pixels a tile, {cut.steps} steps of {cut.chunk} bytes"
        return Emitted(_function(call.isa, x.type.dtype, tail), args, copied + 4 * o + 64, why, units)

"""conv k x k, float32, channels_last, constant weights: an implicit matrix product, no im2col buffer.

For each block of output pixels the kernel lists, tap by tap, where the input pixel lies (a row of zeros where it is
padding), and the register tile walks that list. Where a kernel row is short and dense (first layers: 3 channels) a whole
row of taps is one entry; rows that stick out of the picture are then copied beside zeros.
"""

from __future__ import annotations

import functools
import math
import textwrap

import numpy as np

from pith.kernels.base import OWN, Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, Schedule, Scratch, kernel
from pith.kernels.conv_f32_pointwise import fast_conv, in_2d
from pith.kernels.cost_f32 import near_schedules, product_cost, stream_cost
from pith.kernels.tile_f32 import (
    NEAR,
    Tail,
    bias_of,
    collide,
    columns_near,
    copied_bytes,
    copy_rows,
    extra_args,
    height_text,
    pack,
    parts,
    residuals,
    row_block,
    shape_of,
    tail_of,
)
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction

GROUPED = {"full": "r{i}", "channel": "e{i} + (ptrdiff_t)g * n + n0", "value": "e{i}"}  # an extra of group g, from column n0 on
_MERGE = 64  # elements of a kernel row up to which its taps become one

_TAPS = """      if (iy0 >= 0 && ix0 >= 0 && iy0 + (kh - 1) * dh < ih && ix0 + (kw - 1) * dw < iw) {
        const float *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
        const float **to = a + r;
        for (int32_t ty = 0; ty < kh; ty++, row += dh * (ptrdiff_t)xh)
          for (int32_t tx = 0; tx < kw; tx++, to += height) *to = row + tx * dw * (ptrdiff_t)xw;
      } else {
        for (int32_t ty = 0; ty < kh; ty++)
          for (int32_t tx = 0; tx < kw; tx++) {
            const int32_t iy = iy0 + ty * dh, ix = ix0 + tx * dw;
            const int inside = iy >= 0 && iy < ih && ix >= 0 && ix < iw;
            a[(ty * kw + tx) * height + r] = inside ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
          }
      }
"""
_ROWS = """      if (iy0 >= 0 && ix0 >= 0 && iy0 + (kh - 1) * dh < ih && ix0 + kw <= iw) {
        const float *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
        for (int32_t ty = 0; ty < kh; ty++, row += dh * (ptrdiff_t)xh) a[ty * height + r] = row;
      } else {
        for (int32_t ty = 0; ty < kh; ty++) {
          const int32_t iy = iy0 + ty * dh;
          const float *row = zero;
          if (iy >= 0 && iy < ih) {
            float *const edge = patch + (ptrdiff_t)(ty * height + r) * kw * c;
            row = edge;
            for (int32_t tx = 0; tx < kw; tx++) {
              const int32_t ix = ix0 + tx;
              const float *const from = ix >= 0 && ix < iw ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
              for (int32_t k = 0; k < c; k++) edge[tx * c + k] = from[k];
            }
          }
          a[ty * height + r] = row;
        }
      }
"""


@functools.cache
def direct(isa: ISA, tail: Tail, merged: bool, copied: bool = False) -> CFunction:
    """The block loop over output pixels; `merged`: one entry a kernel row (dense pixels, no dilation, one group);
    `copied`: the pixels of a block are copied to scratch memory first (one group; see `tile_f32.collide`)."""
    s, block = shape_of(isa), row_block(isa, tail)
    full = [i for i, k in enumerate(tail.kinds) if k == "full"]
    name = f"conv_f32_{isa.name}_{'rows' if merged else 'copied' if copied else 'direct'}_{s.rows}x{s.vectors * isa.lanes(4)}{tail.suffix}"
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i in full)
    arrays = "".join(f"  const float *r{i}[{s.rows}];\n" for i in full)
    setup = "".join(f"      r{i}[r] = e{i} + (ptrdiff_t)b * en{i} + (ptrdiff_t)i * eh{i} + (ptrdiff_t)j * ew{i} + n0;\n" for i in full)
    passed = "".join(f", {GROUPED[k].format(i=i)}" for i, k in enumerate(tail.kinds))
    advance = "".join(f"        r{i}[r] += n;\n" for i in full)
    memory = f"  float *const patch = (float *)(void *)(a + kh * {'' if merged else 'kw * '}{s.rows});\n" if merged or copied else ""
    copy = f"    {copy_rows(isa).name}(a, kh * kw * height, c, patch);\n" if copied else ""
    taps, depth = ("kh", "kw * c") if merged else ("kh * kw", "c")
    groups = (
        f"    {block.name}({taps}, {depth}, a, 0, w, out, rows, cols, height{passed.replace(' + (ptrdiff_t)g * n', '')});\n" if merged else
        f"""    for (int32_t g = 0; g < groups; g++) {{
      {block.name}({taps}, {depth}, a, (ptrdiff_t)g * c, w + (ptrdiff_t)g * wg, out, rows, cols, height{passed});
      for (int32_t r = 0; r < rows; r++) {{
        out[r] += n;
{advance}      }}
    }}
"""
    )  # fmt: skip
    unused = "".join(f"  (void){v};\n" for v in ("n", "groups", "wg", "dw")) if merged else ""
    blocks = f"""  int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
  for (int32_t p = p_from; p < p_to;) {{
    const int32_t height = {height_text(isa, "pixels - p")};
    const int32_t rows = pixels - p < height ? pixels - p : height;
    for (int32_t r = 0; r < height; r++) {{ /* rows past the end repeat the last pixel and are not stored */
      const float *const xb = x + (ptrdiff_t)b * xn;
      const int32_t iy0 = i * sh - ph, ix0 = j * sw - pw;
      out[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw + n0;
{setup}{_ROWS if merged else _TAPS}      if (r < rows - 1 || (r == rows - 1 && height == rows)) {{ /* next pixel */
        if (++j == ow) {{
          j = 0;
          if (++i == oh) {{
            i = 0;
            b++;
          }}
        }}
      }}
    }}
{copy}{groups}    p += rows;
  }}
"""
    text = f"""static void {name}(const float *x, const float *w, const float *zero, float *y{tail.params(False)}, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides},
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {{
  const float **const a = (const float **)scratch;
{memory}  float *out[{s.rows}];
{arrays}{unused}  const int32_t pixels = batch * oh * ow;
  w += n_from * (1 + (ptrdiff_t){taps} * {depth});
  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * (1 + (ptrdiff_t){taps} * {depth})) {{ /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
{textwrap.indent(blocks, "  ")}  }}
}}
"""
    return CFunction(name, text, (block, *([copy_rows(isa)] if copied else [])), ("stdint.h", "stddef.h"))


def direct_args(
    call: Call, tail: Tail, packed: np.ndarray, group_size: int, channels: int, outputs: int, group: int, kernel_shape: tuple[int, ...]
) -> tuple[tuple[Arg, ...], int, bool, bool]:
    """Arguments of `direct` for a conv call, its scratch bytes, whether rows of taps are merged, whether pixels are copied."""
    x, y, at = call.input(0), call.outputs[0], call.attrs
    s = shape_of(call.isa)
    kh, kw = kernel_shape
    merged = group == 1 and at["dilations"][1] == 1 and x.strides[2] == channels and x.strides[3] == 1 and kw > 1 and kw * channels <= _MERGE
    merged = merged or (group == 1 and at["dilations"][1] == 1 and channels == 1 and x.strides[2] == 1 and kw > 1 and kw <= _MERGE)
    zero = np.zeros(max(kw, 1) * channels if merged else group * channels, np.float32)
    pointers, strides = extra_args(call, tail, 3)
    n, oh, ow = y.shape[:3]
    near = columns_near(call.isa, n * oh * ow, kh * kw * channels, outputs, call.schedule.get("near", NEAR)) if group == 1 else outputs
    sizes = (n, oh, ow, x.shape[1], x.shape[2], channels, outputs, near, group, group_size, kh, kw, *at["strides"], *at["dilations"], *at["pads"][:2])
    args: tuple[Arg, ...] = (
        In(0), Const(packed), Const(zero), Out(0), *pointers, Scratch(), *map(Int, sizes), *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides,
        *parts(call.isa, n * oh * ow, outputs, columns=group == 1)[1],
    )  # fmt: skip
    copied = not merged and group == 1 and collide(call.isa, n * oh * ow, x.strides[2] * at["strides"][1], channels, outputs)
    if merged:
        return args, 8 * kh * s.rows + 4 * kh * kw * channels * s.rows, True, False
    return args, 8 * kh * kw * s.rows + (copied_bytes(call.isa, kh * kw, channels) if copied else 0), False, copied


@kernel("conv", "direct")
class ConvDirect(Kernel):
    """Any kernel, stride, dilation, padding and grouping."""

    def applies(self, call: Call) -> bool:
        return fast_conv(in_2d(call))

    def cost(self, call: Call) -> float:
        call = in_2d(call)
        o, c, kh, kw = call.input(1).shape
        group = call.attrs["group"]
        n, oh, ow = call.outputs[0].shape[:3]
        pixels = n * oh * ow
        products = int(group) * product_cost(call.isa, pixels, kh * kw * c, o // group)
        return products + 2.0 * pixels * kh * kw + stream_cost(call, 4.0 * o * c * kh * kw)

    def schedules(self, call: Call) -> tuple[Schedule, ...]:
        call = in_2d(call)
        o, c, kh, kw = call.input(1).shape
        if call.attrs["group"] != 1:
            return (OWN,)
        return near_schedules(call.isa, math.prod(call.outputs[0].shape[:3]), kh * kw * c, o)

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        return {0, *range(3, len(call.inputs))}

    def inplace(self, call: Call) -> tuple[int, ...]:
        return residuals(call)

    def emit(self, call: Call) -> Emitted:
        call = in_2d(call)
        tail = tail_of(call)
        w = call.input(1)
        assert tail is not None and w.const is not None
        bias = bias_of(call)
        group, (o, c, kh, kw) = call.attrs["group"], w.shape
        per = o // group
        panels = []
        for g in range(group):
            wg = w.const[g * per : (g + 1) * per].transpose(2, 3, 1, 0).reshape(kh * kw * c, per)
            panels.append(pack(call.isa, wg, None if bias is None else bias[g * per : (g + 1) * per]))
        args, scratch, merged, copied = direct_args(call, tail, np.concatenate(panels), panels[0].size, c, per, group, (kh, kw))
        how = ", taps of a row merged" if merged else ", pixels copied apart" if copied else ""
        units = parts(call.isa, math.prod(call.outputs[0].shape[:3]), per, columns=group == 1)[0]
        return Emitted(direct(call.isa, tail, merged, copied), args, scratch, f"{kh}x{kw} implicit product{how}", units)

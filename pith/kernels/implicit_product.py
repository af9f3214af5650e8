"""The block loop of convolutions as implicit products: for each block of output pixels, where the inputs of its taps lie.

The loop lists, tap by tap, the place of each input pixel (a row of zeros, or of the zero point, where it is padding) and
calls a block function with that list: all panels of packed weights against these rows. Float and integer tiles share it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from pith.kernels.shape_f32 import Shape, next_part

GROUPED = {"full": "r{i}", "channel": "e{i} + (ptrdiff_t)g * n + n0", "value": "e{i}"}  # an extra of group g, from column n0 on

_TAPS = """      if (iy0 >= 0 && ix0 >= 0 && iy0 + (kh - 1) * dh < ih && ix0 + (kw - 1) * dw < iw) {
        const $x *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
        const $x **to = a + r;
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
        const $x *row = xb + (ptrdiff_t)iy0 * xh + (ptrdiff_t)ix0 * xw;
        for (int32_t ty = 0; ty < kh; ty++, row += dh * (ptrdiff_t)xh) a[ty * height + r] = row;
      } else {
        for (int32_t ty = 0; ty < kh; ty++) {
          const int32_t iy = iy0 + ty * dh;
          const $x *row = zero;
          if (iy >= 0 && iy < ih) {
            $x *const edge = patch + (ptrdiff_t)(ty * height + r) * kw * c;
            row = edge;
            for (int32_t tx = 0; tx < kw; tx++) {
              const int32_t ix = ix0 + tx;
              const $x *const from = ix >= 0 && ix < iw ? xb + (ptrdiff_t)iy * xh + (ptrdiff_t)ix * xw : zero;
              for (int32_t k = 0; k < c; k++) edge[tx * c + k] = from[k];
            }
          }
          a[ty * height + r] = row;
        }
      }
"""


def implicit_product(
    name: str, types: tuple[str, str, str], params: str, full: Sequence[tuple[int, str]], extras: Sequence[str], block: str, rows: int,
    height: str, per_column: str, *, merged: bool, patch: bool = False, before: str = "", enter: str = "", leave: str = "",
    more: tuple[str, str] = ("", ""), ahead: Shape | None = None,
) -> str:  # fmt: skip
    """C text of the loop.

    types: C types of input, packed weights and output;  params: parameters of the epilogue's extras;  full: index and C type
    of the extras of the output's shape;  extras: what is passed for each extra (see GROUPED);  block: the block function;
    rows: the most rows it takes;  height: C expression of how many it shall take, from `pixels - p`;  per_column: elements of
    `types[1]` that one column of packed weights has;  merged: one entry a kernel row (dense pixels, no dilation, one group);
    patch: there is scratch memory behind the list;  before: a statement before each call of the block function;
    enter, leave: statements around everything;  more: further parameters, and the arguments of `block` they become;
    ahead: the shape of a float32 tile, which may ask for weights ahead.
    """
    x, w, y = types
    later = next_part(ahead, f"near * {per_column}", f"(p - p_from) / {rows}") if ahead else ""
    count = f"  const int32_t blocks = (p_to - p_from + {rows - 1}) / {rows};\n" if ahead and ahead.ahead else ""
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i, _ in full)
    arrays = "".join(f"  const {t} *r{i}[{rows}];\n" for i, t in full)
    setup = "".join(f"      r{i}[r] = e{i} + (ptrdiff_t)b * en{i} + (ptrdiff_t)i * eh{i} + (ptrdiff_t)j * ew{i} + n0;\n" for i, _ in full)
    passed = "".join(f", {e}" for e in extras)
    advance = "".join(f"        r{i}[r] += n;\n" for i, _ in full)
    memory = f"  {x} *const patch = ({x} *)(void *)(a + kh * {'' if merged else 'kw * '}{rows});\n" if patch else ""
    taps, depth = ("kh", "kw * c") if merged else ("kh * kw", "c")
    groups = (
        f"    {block}({taps}, {depth}, a, 0, w, out, rows, cols, height{passed.replace(' + (ptrdiff_t)g * n', '')}{more[1]}{later});\n" if merged else
        f"""    for (int32_t g = 0; g < groups; g++) {{
      {block}({taps}, {depth}, a, (ptrdiff_t)g * c, w + (ptrdiff_t)g * wg, out, rows, cols, height{passed}{more[1]}{later});
      for (int32_t r = 0; r < rows; r++) {{
        out[r] += n;
{advance}      }}
    }}
"""
    )  # fmt: skip
    unused = "".join(f"  (void){v};\n" for v in ("n", "groups", "wg", "dw")) if merged else ""
    blocks = f"""  int32_t b = p_from / (oh * ow), i = p_from / ow % oh, j = p_from % ow;
  for (int32_t p = p_from; p < p_to;) {{
    const int32_t height = {height};
    const int32_t rows = pixels - p < height ? pixels - p : height;
    for (int32_t r = 0; r < height; r++) {{ /* rows past the end repeat the last pixel and are not stored */
      const {x} *const xb = x + (ptrdiff_t)b * xn;
      const int32_t iy0 = i * sh - ph, ix0 = j * sw - pw;
      out[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh + (ptrdiff_t)j * yw + n0;
{setup}{(_ROWS if merged else _TAPS).replace("$x", x)}      if (r < rows - 1 || (r == rows - 1 && height == rows)) {{ /* next pixel */
        if (++j == ow) {{
          j = 0;
          if (++i == oh) {{
            i = 0;
            b++;
          }}
        }}
      }}
    }}
{f"    {before}{chr(10)}" if before else ""}{groups}    p += rows;
  }}
"""
    return f"""static void {name}(const {x} *x, const {w} *w, const {x} *zero, {y} *y{params}, void *scratch,
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t near, int32_t groups, int32_t wg,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}{more[0]},
    int32_t p_from, int32_t p_to, int32_t n_from, int32_t n_to) {{
  const {x} **const a = (const {x} **)scratch;
{memory}  {y} *out[{rows}];
{arrays}{unused}  const int32_t pixels = batch * oh * ow;
  w += n_from * {per_column};
{count}{f"  {enter}{chr(10)}" if enter else ""}  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += near * {per_column}) {{ /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
{textwrap.indent(blocks, "  ")}  }}
{f"  {leave}{chr(10)}" if leave else ""}}}
"""

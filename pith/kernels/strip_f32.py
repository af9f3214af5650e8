"""The inner functions of fused blocks (`conv_chain_f32_strip`): a 1x1 convolution into a block of channels that stays in the
first-level cache, and a depthwise convolution of such a block.

A block is rows of pixels of `block` channels (one register tile wide) side by side, with zeros for the padding left and
right. All distances but those between rows are known to the compiler, and neither function needs pointers to its pixels. Epilogues
are applied in registers (`Tail.vector`).
"""

from __future__ import annotations

import functools

import numpy as np

from pith.kernels.lane_f32 import lane_sums
from pith.kernels.shape_f32 import shape_of
from pith.kernels.tile_f32 import NOINLINE, Tail
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect, print_vector
from pith.vector.f32 import needs as vector_needs


def block_of(isa: ISA) -> int:
    """Channels of a block."""
    return shape_of(isa).vectors * isa.lanes(4)


def pack_blocks(isa: ISA, weights: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """Weights [k, n] and bias [n] by blocks of channels (zeros after the last): bias, then the rows of weights; float32."""
    (k, n), block = weights.shape, block_of(isa)
    stacked = np.zeros((k + 1, -(-n // block) * block), np.float32)
    stacked[1:, :n] = weights
    if bias is not None:
        stacked[0, :n] = bias
    return np.ascontiguousarray(stacked.reshape(k + 1, -1, block).swapaxes(0, 1))


def _finish(tail: Tail, acc: str, place: str, left: str, v: int) -> list[str]:
    """Statements that apply the epilogue to vector `v` of a pixel, and store it: whole, or its first `left` channels."""
    out, result = [], acc
    if tail.expr is not None:
        names = [acc, *(f"x{i}" if k == "value" else f"x{i}_{v}" for i, k in enumerate(tail.kinds))]
        statements, result = print_vector(tail.expr, names, f"t{v}_", tail.numbers)
        out += statements
    if not left:
        return [*out, f"vf_store({place}, {result});"]
    return [*out, f"const vf z = {result};", f"if ({left} >= VF_LANES) vf_store({place}, z);", f"else vf_store_n({place}, z, {left});"]


def _extras(tail: Tail, vectors: int, first: str) -> list[str]:
    """Statements that load what the epilogue reads besides the result, for the vectors from channel `first` on."""
    out = []
    for i, kind in enumerate(tail.kinds):
        if kind == "value":
            out.append(f"const vf x{i} = vf_set1(e{i});")
            continue
        for v in range(vectors):
            at = f"{first} + {v} * VF_LANES" if v else first
            left = f"cols - ({at})" if at != "0" else "cols"
            out.append(f"const vf x{i}_{v} = {left} >= VF_LANES ? vf_load(e{i} + {at}) : vf_load_n(e{i} + {at}, {left});")
    return out


def _tile(isa: ISA, tail: Tail, rows: int, vectors: int, dense: bool) -> list[str]:
    """Statements of `rows` pixels from pixel i on, at column `col`, by `vectors` vectors of channels; dense: nothing lies between
    the rows of pixels."""
    block = block_of(isa)
    lanes = "lane" in isa.features
    o: list[str] = []
    if lanes:
        o += ["const float *const a = x + (ptrdiff_t)i * lda;", "const float *q = w;"]
        o += lane_sums(rows, vectors, panel=shape_of(isa).vectors, listed=False, w="q", kc="k")
    else:
        o += [f"const float *const a{r} = {f'a{r - 1} + lda' if r else 'x + (ptrdiff_t)i * lda'};" for r in range(rows)]
        o.append(f"const float *q = w + {block};")
        o.append("vf " + ", ".join(f"s{r}_{v} = b{v}" for r in range(rows) for v in range(vectors)) + ";")
        o.append(f"for (int32_t j = 0; j < k; j++, q += {block}) {{")
        o += [f"  const vf w{v} = vf_load(q + {v} * VF_LANES);" for v in range(vectors)]
        for r in range(rows):
            o.append(f"  const vf p{r} = vf_set1(a{r}[j]);")
            o += [f"  s{r}_{v} = vf_fma(p{r}, w{v}, s{r}_{v});" for v in range(vectors)]
        o.append("}")
    if tail.expr is not None and lanes:
        for r in range(rows):
            o.append("{")
            for v in range(vectors):
                names = [f"s{r}_{v}", *(f"x{i}" if k == "value" else f"x{i}_{v}" for i, k in enumerate(tail.kinds))]
                statements, result = print_vector(tail.expr, names, f"t{v}_", tail.numbers)
                o += [f"  {s}" for s in [*statements, f"s{r}_{v} = {result};"]]
            o.append("}")
        tail = Tail(None, ())
    if dense and not lanes:
        for r in range(rows):
            o += ["{", *("  " + s for v in range(vectors) for s in _finish(tail, f"s{r}_{v}", f"y + {r * block} + {v} * VF_LANES", "", v)), "}"]
        return [*o, f"y += {rows * block};"]
    places = [[f"{r * block} + {v} * VF_LANES" for v in range(vectors)] for r in range(rows)]
    if lanes:  # all of one row of pixels: at distances that are known
        stores = [f"vf_store(y + {places[r][v]}, s{r}_{v});" for r in range(rows) for v in range(vectors)]
        if dense:
            return [*o, *stores, f"y += {rows * block};"]
        o.append(f"if (col + {rows} < iw) {{")
        o += [f"  {s}" for s in stores]
        o += [f"  y += {rows * block};", f"  col += {rows};", "} else {"]
    for r in range(rows):
        o.append("{")
        for v in range(vectors):
            o += ["  " + s for s in _finish(tail, f"s{r}_{v}", f"y + {v} * VF_LANES" if v else "y", "", v)]
        o.append(f"  y += {block};")
        o.append("  if (++col == iw) { col = 0; y += gap; }")
        o.append("}")
    return [*o, "}"] if lanes else o


@functools.cache
def expand(isa: ISA, tail: Tail, dense: bool = False) -> CFunction:
    """y[h, iw, block] = tail(x[h * iw, k] @ w + bias) for the `cols` channels there are of a block, rows of y `width` apart (dense:
    iw * block).

    Pixels left after the tall tiles are made together with one made before where a tile needs it (there are at least two);
    no sum depends on its tile.
    """
    tall, block = shape_of(isa).rows, block_of(isa)
    name = f"expand_f32_{isa.name}_{tall}x{block}{'_dense' if dense else ''}{tail.suffix}"
    heights = [tall, *(h for h in (8, 4, 2) if h < tall)]
    whole = ""
    least = shape_of(isa).vectors // 2
    for vectors, when in ((shape_of(isa).vectors, f"if (cols > {f'{least} * ' if least > 1 else ''}VF_LANES) "), (least, "else ")):
        loop = [] if "lane" in isa.features else [f"const vf b{v} = vf_load(w + {v} * VF_LANES);" for v in range(vectors)]
        loop += [*_extras(tail, vectors, "0"), "for (int32_t i = 0; i < m;) {"]
        for h in heights:
            last = h == heights[-1]
            loop.append(("  " if h == heights[0] else "  else ") + ("{" if last else f"if (m - i >= {h}) {{"))
            if last:
                loop += ["    if (m - i < 2) { /* the pixel before once more, which is in the same row: iw is at least 2 */"]
                loop += ["      i--;", f"      y -= {block};", *([] if dense else ["      col--;"]), "    }"]
            loop += ["    " + s for s in _tile(isa, tail, h, vectors, dense)]
            loop += [f"    i += {h};", "  }"]
        loop.append("}")
        whole += f"  {when}{{\n" + "".join(f"    {s}\n" for s in loop) + "  }\n"
    rows = f"  const int32_t m = h * iw, gap = width - iw * {block};\n  int32_t col = 0;\n"
    if dense:
        rows = "  const int32_t m = h * iw;\n  (void)width;\n"
    apart = "lane" in isa.features  # several chains call it, and each would have its tiles once more
    head = f"{'PITH_NOINLINE ' if apart else ''}static void {name}"
    text = f"""{head}(const float *x, const float *w, float *y{tail.params(False)}, int32_t h, int32_t iw, int32_t k,
    int32_t lda, int32_t width, int32_t cols) {{
{rows}{whole}}}
"""
    called = (*(vector_needs(tail.expr, isa) or (dialect(isa),)), *([NOINLINE] if apart else []))
    return CFunction(name, text, called, ("stdint.h", "stddef.h"))


@functools.cache
def depthwise_block(isa: ISA, tail: Tail, kh: int, kw: int, sw: int, pixels: int) -> CFunction:
    """Depthwise convolution of a block e [ih, width / block, block], whose columns of zeros are there already, into the first
    `cols` channels of y; kernel, horizontal stride and pixels made together (at most ow) are baked in."""
    name = f"conv_f32_{isa.name}_depthwise_block_{kh}x{kw}s{sw}p{pixels}{tail.suffix}"
    block = block_of(isa)
    columns = (pixels - 1) * sw + kw
    sums = ["vf " + ", ".join(f"s{p} = bias" for p in range(pixels)) + ";"]
    o = [*sums, f"const float *p = from + (ptrdiff_t)j * {sw * block}, *k = q + (1 + t0 * {kw}) * VF_LANES;"]
    o.append(f"for (int32_t t = t0; t < t1; t++, p += width, k += {kw} * VF_LANES) {{")
    o += [f"  const vf w{t} = vf_load(k + {t} * VF_LANES);" for t in range(kw)]
    for column in range(columns):
        o.append(f"  const vf c{column} = vf_load(p + {column * block});")
        o += [f"  s{p} = vf_fma(c{column}, w{column - p * sw}, s{p});" for p in range(pixels) if 0 <= column - p * sw < kw]
    o.append("}")
    ends = []
    for p in range(pixels):
        ends += ["{", *("  " + s for s in _finish(tail, f"s{p}", f"out + (ptrdiff_t)(j + {p}) * yw" if p else "out + (ptrdiff_t)j * yw", "cols - c", 0)), "}"]
    body = "\n".join("        " + s for s in [*o, *ends])
    spelled = ""
    if "lane" in isa.features and kh * kw <= 9:  # all taps are there: their weights stay in registers for the whole row
        fixed = [f"const vf w{t} = vf_load(q + {1 + t} * VF_LANES);" for t in range(kh * kw)]
        fixed.append(f"if (cols - c >= VF_LANES && t1 - t0 == {kh}) {{")
        fixed.append(f"  for (int32_t next = 0; next < ow; next += {pixels}) {{")
        fixed.append(f"    const int32_t j = next <= ow - {pixels} ? next : ow - {pixels};")
        inner = [*sums, f"const float *const p0 = from + (ptrdiff_t)j * {sw * block};", "float *to = out + (ptrdiff_t)j * yw;"]
        for t in range(kh):
            inner += [f"const float *const p{t} = p{t - 1} + width;"] if t else []
            for column in range(columns):
                inner.append(f"const vf c{t}_{column} = vf_load(p{t} + {column * block});")
                inner += [f"s{p} = vf_fma(c{t}_{column}, w{t * kw + column - p * sw}, s{p});" for p in range(pixels) if 0 <= column - p * sw < kw]
        for p in range(pixels):
            inner += ["{", *("  " + s for s in _finish(tail, f"s{p}", "to", "", 0)), "}", "to += yw;"]
        fixed += ["    " + s for s in inner[:-1]] + ["  }", "  continue;", "}"]
        spelled = "".join(f"      {s}\n" for s in fixed)
    extras = "".join(f"      {s}\n" for s in _extras(tail, 1, "c"))
    text = f"""static void {name}(const float *e, const float *w, float *y{tail.params(False)}, int32_t oh, int32_t ow, int32_t ih,
    int32_t sh, int32_t ph, int32_t width, int32_t yh, int32_t yw, int32_t cols) {{
  for (int32_t i = 0; i < oh; i++) {{
    const int32_t iy = i * sh - ph, t0 = iy < 0 ? -iy : 0, t1 = ih - iy < {kh} ? ih - iy : {kh}; /* taps inside the picture */
    const float *q = w;
    for (int32_t c = 0; c < cols; c += VF_LANES, q += {1 + kh * kw} * VF_LANES) {{
      const vf bias = vf_load(q);
      const float *const from = e + (ptrdiff_t)(iy + t0) * width + c;
      float *const out = y + (ptrdiff_t)i * yh + c;
{extras}{spelled}      for (int32_t next = 0; next < ow; next += {pixels}) {{
        const int32_t j = next <= ow - {pixels} ? next : ow - {pixels}; /* the last ones together with some made before */
{body}
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, vector_needs(tail.expr, isa) or (dialect(isa),), ("stdint.h", "stddef.h"))

"""conv with one input channel a group and as many outputs (depthwise), float32, channels_last, constant weights.

Vectors run along the channels, and several neighbouring output pixels are made together, so that each loaded input
column serves every tap and pixel that needs it. The columns are found through pointers, a row of zeros standing for the
padding: borders take the same path as the inside. Taps above and below the picture are left out.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from pith.kernels.base import Arg, Begin, Call, Const, Emitted, End, In, Int, Out, kernel
from pith.kernels.conv_f32_pointwise import fast_conv, in_2d
from pith.kernels.packed import PackedF32
from pith.kernels.shape_f32 import by_rows
from pith.kernels.tile_f32 import Tail, bias_of, extra_args, rows_tail, tail_of
from pith.kernels.walk_f32 import VECTORS, Edges, depthwise_walk, edges_of, pack_walk, walks
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32 import needs as vector_needs
from pith.vector.f32 import print_vector

_EXTRAS = {"full": "r{i}", "channel": "e{i} + c_from", "value": "e{i}"}
UNROLLED = 7  # widest kernel whose columns are spelled out


def pixels_together(width: int, stride: int) -> int:
    """How many output pixels of a row are made together: fewest pixels in all, a group costing some by itself."""
    overhead = 2 if stride == 1 else 0
    return min((4, 7), key=lambda p: -(-width // p) * (p + overhead))


def _finish(tail: Tail, acc: str, pixel: int, whole: bool) -> list[str]:
    """Statements that apply the epilogue to `acc`, output pixel j + `pixel` at channel c, and store it."""
    place = f"yr + (ptrdiff_t)(j + {pixel}) * yw + c"
    out, result = [], acc
    if tail.expr is not None and tail.vector:
        args = [acc]
        for i, kind in enumerate(tail.kinds):
            at = f"e{i}r + (ptrdiff_t)(j + {pixel}) * ew{i} + c" if kind == "full" else f"e{i} + c"
            out.append(f"const vf x{i} = " + (f"vf_set1(e{i});" if kind == "value" else f"{_load(at, whole)};"))
            args.append(f"x{i}")
        statements, text = print_vector(tail.expr, args, "t", tail.numbers)
        out += [*statements, f"const vf z = {text};"]
        result = "z"
    out.append(f"vf_store({place}, {result});" if whole else f"vf_store_n({place}, {result}, c_to - c);")
    return out


def _load(at: str, whole: bool) -> str:
    return f"vf_load({at})" if whole else f"vf_load_n({at}, c_to - c)"


def _group(kw: int, sw: int, pixels: int, tail: Tail, whole: bool, inside: bool) -> str:
    """C of one vector of channels of a group of pixels; its input columns follow each other from `xg` on where all are inside
    the picture, else they are behind the pointers `from`."""
    columns = (pixels - 1) * sw + kw
    o = ["vf " + ", ".join(f"s{p} = vf_load(q)" for p in range(pixels)) + ";"]
    o.append(f"const float *k = q + (1 + t0 * {kw}) * VF_LANES;")
    if inside:
        o.append("const float *p = xg + c;")
        o.append(f"for (int32_t t = t0; t < t1; t++, p += down, k += {kw} * VF_LANES) {{")
    else:
        o.append(f"const float *const *p = from + t0 * {columns};")
        o.append(f"for (int32_t t = t0; t < t1; t++, p += {columns}, k += {kw} * VF_LANES) {{")
    o += [f"  const vf w{t} = vf_load(k + {t} * VF_LANES);" for t in range(kw)]
    for column in range(columns):
        place = f"p + {column} * across" if inside else f"p[{column}] + c"
        o.append(f"  const vf x{column} = {_load(place, whole)};")
        for p in range(pixels):
            tap = column - p * sw
            if 0 <= tap < kw:
                o.append(f"  s{p} = vf_fma(x{column}, w{tap}, s{p});")
    o.append("}")
    for p in range(pixels):
        o.append("{" if p == 0 else f"if (j + {p} < ow) {{")
        o += [f"  {s}" for s in _finish(tail, f"s{p}", p, whole)]
        o.append("}")
    return "\n".join("          " + s for s in o)


def _columns(kh: int, kw: int, sw: int, pixels: int, tail: Tail, post: str, direct: bool) -> str:
    """C of one row of output, `pixels` at a time; `post` finishes them. `direct`: no pointers where all columns are inside."""
    n = (pixels - 1) * sw + kw
    step = f"(1 + {kh * kw}) * VF_LANES"

    def channels(inside: bool) -> str:
        return f"""        const float *q = w + (ptrdiff_t)c_from * {1 + kh * kw};
        int32_t c = c_from;
        for (; c <= c_to - VF_LANES; c += VF_LANES, q += {step}) {{
{_group(kw, sw, pixels, tail, True, inside)}
        }}
        if (c < c_to) {{
{_group(kw, sw, pixels, tail, False, inside)}
        }}
"""

    point = f"""          for (int32_t t = 0; t < {kh}; t++) {{
            const int32_t at = iy + t * dh, row = at < 0 ? 0 : at < ih ? at : ih - 1;
            const float *const xr = xb + (ptrdiff_t)row * xh;
            for (int32_t k = 0; k < {n}; k++)
              from[t * {n} + k] = whole || (ix + k >= 0 && ix + k < iw) ? xr + (ptrdiff_t)(ix + k) * xw : zero;
          }}
"""
    if direct:
        return f"""      const float *from[{kh * n}];
      const ptrdiff_t across = xw, down = (ptrdiff_t)dh * xh;
      for (int32_t j = 0; j < ow; j += {pixels}) {{
        const int32_t ix = j * {sw} - pw;
        const int whole = ix >= 0 && ix + {n} <= iw;
        if (whole) {{
          const float *const xg = xb + (ptrdiff_t)(iy + t0 * dh) * xh + ix * across;
{channels(True)}        }} else {{
{point}{channels(False)}        }}
{post}      }}
"""
    return f"""      const float *from[{kh * n}];
      int inside = 0; /* whether the pointers of the group before were all inside the picture */
      for (int32_t j = 0; j < ow; j += {pixels}) {{
        const int32_t ix = j * {sw} - pw;
        const int whole = ix >= 0 && ix + {n} <= iw;
        if (whole && inside) {{
          for (int32_t t = 0; t < {kh * n}; t++) from[t] += {pixels * sw} * (ptrdiff_t)xw;
        }} else {{
{point}        }}
        inside = whole;
{channels(False)}{post}      }}
"""


def is_direct(isa: ISA, channels: int, stride: int) -> bool:
    """Whether the columns are found without pointers: these are moved once a group of pixels, which few vectors of channels
    do not make up for; with many, addresses from pointers are the faster ones (measured: 9 to 18 vectors break even)."""
    return -(-channels // isa.lanes(4)) <= (8 if stride == 1 else 18)


def _any(tail: Tail, post: str) -> str:
    """C of one row of output, one pixel at a time and a loop over its taps: kernels that are wide, dilated or far apart."""
    body = """          vf s = vf_load(q);
          for (int32_t t = t0; t < t1; t++)
            for (int32_t k = k0; k < k1; k++) {{
              const float *const p = xb + (ptrdiff_t)(iy + t * dh) * xh + (ptrdiff_t)(ix + k * dw) * xw + c;
              s = vf_fma({load}, vf_load(q + (1 + t * kw + k) * VF_LANES), s);
            }}
          {{
{finish}
          }}"""
    whole, part = (
        body.format(load=_load("p", w), finish="\n".join("            " + s for s in _finish(tail, "s", 0, w))) for w in (True, False)
    )
    return f"""      for (int32_t j = 0; j < ow; j++) {{
        const int32_t ix = j * sw - pw;
        const int32_t k0 = ix < 0 ? (dw - 1 - ix) / dw : 0, fit = ix < iw ? (iw - ix - 1) / dw + 1 : 0;
        const int32_t k1 = fit < kw ? fit : kw;
        const float *q = w + (ptrdiff_t)c_from * (1 + kh * kw);
        int32_t c = c_from;
        for (; c <= c_to - VF_LANES; c += VF_LANES, q += (1 + kh * kw) * VF_LANES) {{
{whole}
        }}
        if (c < c_to) {{
{part}
        }}
{post}      }}
"""


@functools.cache
def depthwise(isa: ISA, tail: Tail, kh: int, kw: int, sw: int, pixels: int, direct: bool = False) -> CFunction:
    """The whole layer; kernel and horizontal stride are baked in (kh = 0: neither, for the rare shapes); `direct`: see `is_direct`."""
    full = [i for i, k in enumerate(tail.kinds) if k == "full"]
    inline = tail if tail.vector else Tail(None, ())
    name = f"conv_f32_{isa.name}_depthwise_{f'{kh}x{kw}s{sw}p{pixels}' if kh else 'any'}{'_direct' if direct else ''}{tail.suffix}"
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i in full)
    rows = "".join(f"      const float *const e{i}r = e{i} + (ptrdiff_t)b * en{i} + (ptrdiff_t)i * eh{i};\n" for i in full)
    post: str = ""
    needs: tuple[CFunction, ...] = vector_needs(inline.expr, isa)
    if not tail.vector:
        f = rows_tail(isa, tail)
        needs = (*needs, f)
        arrays = "".join(f"        const float *r{i}[{pixels}];\n" for i in full)
        setup = "".join(f"\n          r{i}[k] = e{i}r + (ptrdiff_t)(j + k) * ew{i} + c_from;" for i in full)
        extras = "".join(f", {_EXTRAS[k].format(i=i)}" for i, k in enumerate(tail.kinds))
        post = f"""        float *out[{pixels}];
{arrays}        const int32_t made = ow - j < {pixels} ? ow - j : {pixels};
        for (int32_t k = 0; k < made; k++) {{
          out[k] = yr + (ptrdiff_t)(j + k) * yw + c_from;{setup}
        }}
        {f.name}(out, made, c_to - c_from{extras});
"""
    row = _columns(kh, kw, sw, pixels, inline, post, direct) if kh else _any(inline, post)
    sizes = "int32_t sh" if kh else "int32_t kh, int32_t kw, int32_t sh, int32_t sw"
    apart = "int32_t dh" if kh else "int32_t dh, int32_t dw"
    zeros = ", const float *zero" if kh else ""
    text = f"""static void {name}(const float *x, const float *w{zeros}, float *y{tail.params(False)},
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, {sizes}, {apart}, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides},
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {{
  for (int32_t r = r_from; r < r_to; r++) {{
      const int32_t b = r / oh, i = r % oh;
      const float *const xb = x + (ptrdiff_t)b * xn;
      float *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
{rows}      const int32_t iy = i * sh - ph; /* the rows of taps inside the picture are t0 .. t1 - 1 */
      const int32_t t0 = iy < 0 ? (dh - 1 - iy) / dh : 0, last = iy < ih ? (ih - iy - 1) / dh + 1 : 0;
      const int32_t t1 = last < {kh or 'kh'} ? last : {kh or 'kh'};
{row}  }}
}}
"""
    return CFunction(name, text, needs, ("stdint.h", "stddef.h"))


def pack_depthwise(isa: ISA, weights: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """Weights [C, kh, kw] and bias [C] by blocks of one vector of channels: its bias, then its taps in order; float32."""
    ch, lanes = weights.shape[0], isa.lanes(4)
    stacked = np.zeros((1 + weights[0].size, -(-ch // lanes) * lanes), np.float32)
    stacked[1:, :ch] = weights.reshape(ch, -1).T
    if bias is not None:
        stacked[0, :ch] = bias
    return np.ascontiguousarray(stacked.reshape(len(stacked), -1, lanes).swapaxes(0, 1))


def edges_for(isa: ISA, tail: Tail, kernel: tuple[int, int], sw: int, left: int, dw: int, x: tuple[int, ...], ow: int) -> Edges | None:
    """How rows begin and end where the layer, with inputs of the shape x, is made column after column (`walk_f32`); else None."""
    return edges_of(kernel[1], sw, left, x[2], ow, x[3] // isa.lanes(4)) if dw == 1 and walks(isa, x[3], *kernel, sw, tail) else None


def depthwise_parts(
    isa: ISA, rows: int, width: int, channels: int, taps: int, threads: int, vectors_each: int = 1
) -> tuple[int, tuple[Arg, Arg, Arg, Arg]]:
    """How threads share out the work: units, and the arguments r_from, r_to, c_from, c_to. Rows of the picture, of `width` pixels,
    or groups of so many vectors of channels, as `shape_f32.by_rows` says."""
    lanes = isa.lanes(4) * vectors_each
    vectors = -(-channels // lanes)
    if vectors == 1 or by_rows(isa, rows, rows * width, channels, threads, 4 * taps * channels):
        return rows, (Begin(), End(1, rows), Int(0), Int(channels))
    return vectors, (Int(0), Int(rows), Begin(lanes), End(lanes, channels))


@kernel("conv", "depthwise")
class ConvDepthwise(PackedF32):
    """group = input channels = output channels."""

    def applies(self, call: Call) -> bool:
        call = in_2d(call)
        w = call.input(1)
        return fast_conv(call) and w.shape[1] == 1 and call.attrs["group"] == w.shape[0]

    def cost(self, call: Call) -> float:
        call = in_2d(call)
        *pixels, c = call.outputs[0].shape
        return 1.5 * math.prod((*pixels, *call.input(1).shape[2:])) * math.ceil(c / call.isa.lanes(4))

    def emit(self, call: Call) -> Emitted:
        call = in_2d(call)
        tail = tail_of(call)
        x, w, y, at = call.input(0), call.input(1), call.outputs[0], call.attrs
        assert tail is not None and w.const is not None
        ch, _, kh, kw = w.shape
        (sh, sw), (dh, dw) = at["strides"], at["dilations"]
        baked = max(kh, kw) <= UNROLLED and dw == 1 and sw <= 3
        edges = edges_for(call.isa, tail, (kh, kw), sw, at["pads"][1], dw, x.shape, y.shape[2])
        packed = pack_walk(w.const[:, 0], bias_of(call)) if edges else pack_depthwise(call.isa, w.const[:, 0], bias_of(call))
        pixels = pixels_together(y.shape[2], sw) if baked else 1
        if edges:
            f = depthwise_walk(call.isa, tail, kh, kw, sw, edges)
        else:
            f = depthwise(call.isa, tail, *((kh, kw, sw) if baked else (0, 0, 0)), pixels, baked and is_direct(call.isa, ch, sw))
        pointers, strides = extra_args(call, tail, 3)
        geometry = (sh, dh) if baked else (kh, kw, sh, sw, dh, dw)
        sizes = (*y.shape[1:3], x.shape[1], x.shape[2], *geometry, *at["pads"][:2])
        units, part = depthwise_parts(call.isa, y.shape[0] * y.shape[1], y.shape[2], ch, kh * kw, call.options.threads,
                                      VECTORS if edges else 1)  # fmt: skip
        zeros: list[Arg] = [Const(np.zeros(ch, np.float32))] if baked else []
        args: tuple[Arg, ...] = (
            In(0), Const(packed), *zeros, Out(0), *pointers, *map(Int, sizes),
            *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides, *part,
        )  # fmt: skip
        how = f"{VECTORS} vectors of channels a column at a time" if edges else f"{pixels} pixels at a time"
        return Emitted(f, args, why=f"depthwise {kh}x{kw}, {how}", units=units)

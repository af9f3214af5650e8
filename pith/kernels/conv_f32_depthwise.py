"""conv with one input channel a group and as many outputs (depthwise), float32, channels_last, constant weights.

Vectors run along the channels. Away from the left and right border several neighbouring pixels are made together, so
that each loaded input column serves every tap and pixel that needs it; pixels at the border take their valid taps only.
"""

from __future__ import annotations

import functools

import numpy as np

from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.conv_f32_pointwise import fast_conv
from pith.kernels.tile_f32 import Tail, extra_args, rows_tail, tail_of
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect, print_vector

_UNROLLED = 7  # widest kernel whose taps are spelled out


def _finish(tail: Tail, acc: str, pixel: str, place: str, pad: str, prefix: str) -> list[str]:
    """Statements that apply the epilogue to `acc` of output pixel j + `pixel` at channel c, and store it at `place`."""
    if tail.expr is None or not tail.vector:
        return [f"{pad}if (nc >= VF_LANES) vf_store({place}, {acc});", f"{pad}else vf_store_n({place}, {acc}, nc);"]
    args, out = [acc], []
    for i, kind in enumerate(tail.kinds):
        at = f"e{i}r + (ptrdiff_t)(j + {pixel}) * ew{i} + c" if kind == "full" else f"e{i} + c"
        out.append(f"{pad}const vf {prefix}x{i} = nc >= VF_LANES ? vf_load({at}) : vf_load_n({at}, nc);")
        args.append(f"{prefix}x{i}")
    statements, text = print_vector(tail.expr, args, f"{prefix}t")
    out += [pad + s for s in statements] + [f"{pad}const vf {prefix}z = {text};"]
    out += [f"{pad}if (nc >= VF_LANES) vf_store({place}, {prefix}z);", f"{pad}else vf_store_n({place}, {prefix}z, nc);"]
    return out


def _interior(kw: int, sw: int, pixels: int, tail: Tail) -> list[str]:
    """One group of `pixels` output pixels whose taps are all inside, at channel c."""
    o = ["        const vf bias = vf_load(w + c);"]
    o += [f"        vf s{p} = bias;" for p in range(pixels)]
    o.append("        for (int32_t t = t0; t < t1; t++) {")
    o.append("          const float *const p = xr + (ptrdiff_t)(t * dh) * xh + c;")
    o.append(f"          const float *const q = w + (ptrdiff_t)(1 + t * {kw}) * cw + c;")
    o += [f"          const vf w{k} = vf_load(q + {k} * (ptrdiff_t)cw);" for k in range(kw)]
    for column in range((pixels - 1) * sw + kw):
        at = f"p + {column} * (ptrdiff_t)xw" if column else "p"
        o.append(f"          const vf x{column} = nc >= VF_LANES ? vf_load({at}) : vf_load_n({at}, nc);")
        for p in range(pixels):
            k = column - p * sw
            if 0 <= k < kw:
                o.append(f"          s{p} = vf_fma(x{column}, w{k}, s{p});")
    o.append("        }")
    for p in range(pixels):
        o.append("        {")
        o += _finish(tail, f"s{p}", str(p), f"yr + (ptrdiff_t)(j + {p}) * yw + c", "          ", f"p{p}_")
        o.append("        }")
    return o


@functools.cache
def depthwise(isa: ISA, tail: Tail, kw: int, sw: int, pixels: int) -> CFunction:
    """The whole layer; kernel width and stride along a row are baked in (pixels = 0: neither, for the rare shapes)."""
    full = [i for i, k in enumerate(tail.kinds) if k == "full"]
    inline = tail if tail.vector else Tail(None, ())
    shape = f"k{kw}s{sw}" if pixels else "any"
    name = f"conv_f32_{isa.name}_depthwise_{shape}{tail.suffix}"
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i in full)
    rows = "".join(f"      const float *const e{i}r = e{i} + (ptrdiff_t)b * en{i} + (ptrdiff_t)i * eh{i};\n" for i in full)
    border = "\n".join(_finish(inline, "s", "0", "yr + (ptrdiff_t)j * yw + c", "          ", "p_"))
    fast = ""
    if pixels:
        fast = f"""        if (ix0 >= 0 && ix0 + {(pixels - 1) * sw + kw} <= iw && j + {pixels} <= ow) {{
          const float *const xr = xb + (ptrdiff_t)ix0 * xw;
          for (int32_t c = 0; c < ch; c += VF_LANES) {{
            const int32_t nc = ch - c;
{chr(10).join('    ' + s for s in _interior(kw, sw, pixels, inline))}
          }}
          j += {pixels};
          continue;
        }}
"""
    post, needs = "", (dialect(isa),)
    if not tail.vector:
        f = rows_tail(tail)
        needs = (*needs, f)
        arrays = "".join(f"        const float *const r{i} = e{i}r + (ptrdiff_t)k * ew{i};\n" for i in full)
        extras = "".join(f", {f'&r{i}' if k == 'full' else f'e{i}'}" for i, k in enumerate(tail.kinds))
        post = f"""      for (int32_t k = 0; k < ow; k++) {{
        float *const row = yr + (ptrdiff_t)k * yw;
{arrays}        {f.name}(&row, 1, ch{extras});
      }}
"""
    unused = f"  (void)kw;\n  (void)sw;\n" if pixels else ""  # noqa: F541
    kws, sws = (str(kw), str(sw)) if pixels else ("kw", "sw")
    text = f"""static void {name}(const float *x, const float *w, float *y{tail.params(False)},
    int32_t batch, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t ch, int32_t cw,
    int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t dh, int32_t dw, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}) {{
{unused}  for (int32_t b = 0; b < batch; b++)
    for (int32_t i = 0; i < oh; i++) {{
      const int32_t iy0 = i * sh - ph;
      const int32_t t0 = iy0 < 0 ? (-iy0 + dh - 1) / dh : 0; /* rows of taps that lie inside the picture */
      const int32_t last = iy0 < ih ? (ih - iy0 + dh - 1) / dh : 0;
      const int32_t t1 = last < kh ? last : kh;
      const float *const xb = x + (ptrdiff_t)b * xn + (ptrdiff_t)iy0 * xh;
      float *const yr = y + (ptrdiff_t)b * yn + (ptrdiff_t)i * yh;
{rows if tail.vector or full else ''}      for (int32_t j = 0; j < ow;) {{
        const int32_t ix0 = j * {sws} - pw;
{fast}        const int32_t k0 = ix0 < 0 ? (-ix0 + dw - 1) / dw : 0;
        const int32_t end = ix0 < iw ? (iw - ix0 + dw - 1) / dw : 0;
        const int32_t k1 = end < {kws} ? end : {kws};
        for (int32_t c = 0; c < ch; c += VF_LANES) {{
          const int32_t nc = ch - c;
          vf s = vf_load(w + c);
          for (int32_t t = t0; t < t1; t++)
            for (int32_t k = k0; k < k1; k++) {{
              const float *const p = xb + (ptrdiff_t)(t * dh) * xh + (ptrdiff_t)(ix0 + k * dw) * xw + c;
              const vf v = nc >= VF_LANES ? vf_load(p) : vf_load_n(p, nc);
              s = vf_fma(v, vf_load(w + (ptrdiff_t)(1 + t * {kws} + k) * cw + c), s);
            }}
{border}
        }}
        j++;
      }}
{post}    }}
}}
"""
    return CFunction(name, text, needs, ("stdint.h", "stddef.h"))


@kernel("conv", "depthwise")
class ConvDepthwise(Kernel):
    """group = input channels = output channels."""

    def applies(self, call: Call) -> bool:
        w = call.input(1)
        return fast_conv(call) and w.shape[1] == 1 and call.attrs["group"] == w.shape[0]

    def cost(self, call: Call) -> float:
        return 0.05

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        return {0, *range(3, len(call.inputs))}

    def inplace(self, call: Call) -> tuple[int, ...]:
        tail = tail_of(call)
        assert tail is not None
        return tuple(3 + i for i, k in enumerate(tail.kinds) if k == "full") if tail.vector else ()

    def emit(self, call: Call) -> Emitted:
        tail = tail_of(call)
        x, w, y, at = call.input(0), call.input(1), call.outputs[0], call.attrs
        assert tail is not None and w.const is not None
        ch, _, kh, kw = w.shape
        lanes = call.isa.lanes(4)
        cw = -(-ch // lanes) * lanes
        bias = call.inputs[2] if len(call.inputs) > 2 else None
        packed = np.zeros((1 + kh * kw, cw), np.float32)
        packed[1:, :ch] = w.const.reshape(ch, kh * kw).T
        if bias is not None and bias.const is not None:
            packed[0, :ch] = bias.const
        baked = kw <= _UNROLLED and at["dilations"][1] == 1 and at["strides"][1] <= 3
        pixels = (4 if kw <= 5 else 2) if baked else 0
        f = depthwise(call.isa, tail, kw if baked else 0, at["strides"][1] if baked else 0, pixels)
        n, oh, ow = y.shape[:3]
        extras = extra_args(call, tail, 3)
        pointers, strides = extras[: len(tail.kinds)], extras[len(tail.kinds) :]
        sizes = (n, oh, ow, x.shape[1], x.shape[2], ch, cw, kh, kw, *at["strides"], *at["dilations"], *at["pads"][:2])
        args: tuple[Arg, ...] = (
            In(0), Const(packed), Out(0), *pointers, *map(Int, sizes), *map(Int, x.strides[:3]), *map(Int, y.strides[:3]), *strides,
        )  # fmt: skip
        return Emitted(f, args, why=f"depthwise {kh}x{kw}, {pixels or 1} pixels at a time")

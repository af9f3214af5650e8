"""conv_integer of up to 4x4 taps with one input channel a group (depthwise) on Cortex-M's vectors (MVE).

Sixteen channels at a time, four neighbouring rows of a piece of the picture are laid out with the four bytes of a channel side by
side (`vst4`), so that four columns by four rows of one channel come by one load of four words. `vmladav` sums them with weights
that have zeros outside the taps: of 3x3 taps, the four outputs of two rows by two columns take one load and four of these.
Sums go to memory, and from there through a proven scaling (`proven_scale`) four channels at a time.
"""

from __future__ import annotations

import functools

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, Scratch, kernel
from pith.kernels.conv_integer_dsp import pitch_of, regular
from pith.kernels.product_s8 import product_of
from pith.kernels.proven_scale import Scale
from pith.kernels.scale_mve import print_scale, scale_for, suffix
from pith.vector.cfunction import CFunction

_SIDE = 4  # rows and columns that a load brings
_BLOCK = 16  # channels laid out together
_WIDTH = 16  # outputs of a row made together


def _many(taps: int, stride: int) -> int:
    """Outputs along one axis of what a load brings."""
    return (_SIDE - taps) // stride + 1


def _columns(kw: int, sw: int) -> int:
    """Columns that are laid out for `_WIDTH` outputs."""
    across = _many(kw, sw)
    return (-(-_WIDTH // across) - 1) * across * sw + _SIDE


@functools.cache
def _loop(kh: int, kw: int, sh: int, sw: int, shift: int, lo: int, hi: int, lift: int) -> CFunction:
    """The whole layer; taps, strides and the scaling but for its numbers by channel are baked in."""
    none = np.zeros(0, np.int32)
    scale = Scale(none, none, shift, lo, hi, lift)
    down, across, columns = _many(kh, sh), _many(kw, sw), _columns(kw, sw)
    name = f"conv_i8s8_mve_depthwise_{kh}x{kw}s{sh}{sw}{suffix(scale)}"
    places = [(r, k) for r in range(down) for k in range(across)]
    rows, join = range(_SIDE), chr(10) + " " * 14
    sums = join.join(f"to[{(r * _WIDTH + k) * _BLOCK}] = vmladavq_s8(v, w{r}{k});" for r, k in places)
    *lines, value = print_scale(scale)
    text = f"""static void {name}(const int8_t *x, const int8_t *w, const int32_t *scale, int8_t *y, void *scratch, int32_t n, int32_t oh, int32_t ow,
    int32_t c, int32_t ih, int32_t iw, int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yp, int32_t zero) {{
  int8_t *const a = (int8_t *)scratch;
  int8_t *const none = a + {4 * _BLOCK * columns}; /* what lies outside */
  int32_t *const s = (int32_t *)(void *)(none + {_BLOCK});
  const uint32x4_t apart = vmulq_n_u32(vidupq_n_u32(0, 1), {4 * _BLOCK});
  vstrbq_s8(none, vdupq_n_s8((int8_t)zero));
  for (int32_t g = 0; g < c; g += {_BLOCK}, w += {_BLOCK * 16}, scale += {2 * _BLOCK}) {{
    const int32_t many = c - g < {_BLOCK} ? c - g : {_BLOCK};
    const mve_pred16_t part = vctp8q((uint32_t)many);
    for (int32_t i = 0; i < n * oh; i += oh - i % oh < {down} ? oh - i % oh : {down}) {{
      const int32_t iy = i % oh * {sh} - ph, height = oh - i % oh < {down} ? oh - i % oh : {down};
      const int8_t *const from = x + (ptrdiff_t)(i / oh) * xn + (ptrdiff_t)iy * xh + g;
      for (int32_t j = 0; j < ow; j += {_WIDTH}) {{
        const int32_t width = ow - j < {_WIDTH} ? ow - j : {_WIDTH}, first = j * {sw} - pw;
        const int32_t columns = (width - 1) / {across} * {across * sw} + {_SIDE};
        int8_t *to_column = a;
        for (int32_t q = 0; q < columns;) {{
          const int32_t ix = first + q, inside = ix >= 0 && ix < iw, run = inside ? (columns - q < iw - ix ? columns - q : iw - ix) : 1;
{chr(10).join(f"          const int32_t in{t} = inside && iy + {t} >= 0 && iy + {t} < ih, step{t} = in{t} ? xw : 0;" for t in rows)}
{chr(10).join(f"          const int8_t *p{t} = in{t} ? from + {t} * (ptrdiff_t)xh + (ptrdiff_t)ix * xw : none;" for t in rows)}
          for (int32_t k = 0; k < run; k++, to_column += {4 * _BLOCK}) {{
            int8x16x4_t v;
            {(chr(10) + " " * 12).join(f"v.val[{t}] = vldrbq_z_s8(p{t}, part);{chr(10)}            p{t} += step{t};" for t in rows)}
            vst4q_s8(to_column, v);
          }}
          q += run;
        }}
        for (int32_t k = 0; k < many; k++) {{
          const int8_t *const wk = w + 16 * (k + 1); /* there are zeros in front */
          {(chr(10) + " " * 10).join(f"const int8x16_t w{r}{k} = vldrbq_s8(wk - {_SIDE * k * sw + r * sh});" for r, k in places)}
          const int8_t *p = a + 4 * k;
          int32_t *to = s + k;
          for (int32_t l = 0; l < width; l += {across}, p += {4 * _BLOCK * sw * across}, to += {_BLOCK * across}) {{
              const int8x16_t v = vreinterpretq_s8_s32(vldrwq_gather_offset_s32((const int32_t *)(const void *)p, apart));
              {sums}
          }}
        }}
        for (int32_t k = 0; k < many; k += 4) {{
          const mve_pred16_t four = vctp32q((uint32_t)(many - k));
          const int32x4_t m = vldrwq_s32(scale + k), b = vldrwq_s32(scale + {_BLOCK} + k);
          for (int32_t r = 0; r < height; r++) {{
            const int32_t *at = s + {_WIDTH * _BLOCK} * r + k;
            int8_t *to = y + ((ptrdiff_t)(i + r) * ow + j) * yp + g + k;
            for (int32_t l = 0; l < width; l++, at += {_BLOCK}, to += yp) {{
              const int32x4_t v = vldrwq_s32(at);
              {join.join(lines)}
              vstrbq_p_s32(to, {value}, four);
            }}
          }}
        }}
      }}
    }}
  }}
}}
"""
    return CFunction(name, text, (), ("stdint.h", "stddef.h", "arm_mve.h"))


def _conv(call: Call) -> Call | None:
    """The call as a depthwise conv_integer of int8 that fits; None where it is none."""
    conv = product_of(call)
    if conv is None or conv.attrs["rest"]:
        return None
    x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
    o, c, kh, kw = w.shape
    if c != 1 or at["group"] != o or x.shape[3] != o or o < 4 or max(kh, kw) > _SIDE or not regular(y):
        return None
    if x.type.dtype is not DType.I8 or y.type.dtype is not DType.I8 or tuple(at["dilations"]) != (1, 1) or max(at["strides"]) > _SIDE:
        return None
    return conv


def pack(weights: np.ndarray) -> np.ndarray:
    """Weights [C, kh, kw] as [1 + C, 4, 4], the first of them zeros: taps by columns of four rows.

    Those of the next output are the same bytes further on, and so are found by a load from further up: what lies in front of a
    channel's is zero as far as its taps may move.
    """
    c, kh, kw = weights.shape
    full = np.zeros((1 + -(-c // _BLOCK) * _BLOCK, _SIDE, _SIDE), np.int8)
    full[1 : 1 + c, :kw, :kh] = weights.swapaxes(1, 2)
    return full


@kernel("conv_integer", "depthwise_mve")
class IntegerDepthwiseMve(Kernel):
    """Kernels of up to 4x4, four channels and more, an epilogue with a proven scaling."""

    def applies(self, call: Call) -> bool:
        conv = _conv(call) if "mve" in call.isa.features else None
        return conv is not None and scale_for(conv) is not None

    def cost(self, call: Call) -> float:
        return 7.0 * call.outputs[0].type.size

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if output else operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        return {0}

    def emit(self, call: Call) -> Emitted:
        conv = _conv(call)
        scale = scale_for(conv) if conv is not None else None
        assert conv is not None and scale is not None
        x, w, y, at = conv.input(0), conv.input(1), conv.outputs[0], conv.attrs
        assert w.const is not None
        (c, _, kh, kw), (n, oh, ow, _), (sh, sw) = w.shape, y.shape, at["strides"]
        table = np.zeros((2, -(-c // _BLOCK) * _BLOCK), np.int32)
        table[0, :c], table[1, :c] = scale.m, scale.b
        numbers = np.ascontiguousarray(table.reshape(2, -1, _BLOCK).swapaxes(0, 1))
        f = _loop(kh, kw, sh, sw, scale.shift, scale.lo, scale.hi, scale.lift)
        sizes = (n, oh, ow, c, x.shape[1], x.shape[2], *at["pads"][:2], *x.strides[:3], pitch_of(y), int(at.get("zero", 0)))
        down, across = _many(kh, sh), _many(kw, sw)
        scratch = 4 * _BLOCK * _columns(kw, sw) + _BLOCK + 4 * _BLOCK * (down * _WIDTH + across)
        args: tuple[Arg, ...] = (In(0), Const(pack(w.const[:, 0])), Const(numbers), Out(0), Scratch(), *map(Int, sizes))
        return Emitted(f, args, scratch, f"depthwise {kh}x{kw}, {down}x{across} outputs by one load, scaled by a proven multiplication")

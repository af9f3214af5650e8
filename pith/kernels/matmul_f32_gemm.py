"""matmul, float32, constant right side: packed panels and the register tile; also 1x1 convolutions over all pixels."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from pith.graph import DType
from pith.kernels.base import (
    Arg,
    Call,
    Const,
    Emitted,
    In,
    Int,
    Kernel,
    Operand,
    Out,
    Schedule,
    Scratch,
    kernel,
    unit_range,
)
from pith.kernels.cost_f32 import near_schedules
from pith.kernels.packed import PackedF32
from pith.kernels.shape_f32 import Shape, columns_near, next_part, pack, panel_width, parts, shape_for, shape_of
from pith.kernels.tile_f32 import (
    Tail,
    bias_of,
    collide,
    copied_bytes,
    copy_rows,
    extra_args,
    row_block,
    tail_of,
)
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction

_EXTRAS = {"full": "r{i}", "channel": "e{i} + n0", "value": "e{i}"}  # an extra for the columns from n0 on


@functools.cache
def gemm(isa: ISA, tail: Tail, copied: bool = False, shape: Shape | None = None) -> CFunction:
    """y[m, n] = tail(a[m, k] @ w + bias) for rows m_from, ..., m_to - 1 and columns n_from, ..., n_to - 1 (both begin where a
    tile may); rows of a and y have pitches lda and ldy.

    copied: blocks of rows of a are copied to scratch memory first (see `tile_f32.collide`);  shape: of the tile (`shape_f32.shape_for`
    the rows; any number of rows by default).
    """
    s = shape or shape_of(isa)
    block = row_block(isa, tail, s)
    full = [i for i, k in enumerate(tail.kinds) if k == "full"]
    pitches = "".join(f", int32_t lde{i}" for i in full)
    arrays = "".join(f", *r{i}[{s.rows}]" for i in full)
    setup = "".join(f"\n        r{i}[i] = e{i} + at * lde{i} + n0;" for i in full)
    passed = "".join(f", {_EXTRAS[k].format(i=i)}" for i, k in enumerate(tail.kinds))
    name = f"matmul_f32_{isa.name}_{s.label(isa)}{'_copied' if copied else ''}{tail.suffix}"
    ahead = next_part(s, "near * (1 + (ptrdiff_t)k)", f"(m0 - m_from) / {s.rows}")
    count = f"  const int32_t blocks = (m_to - m_from + {s.rows - 1}) / {s.rows};\n" if s.ahead else ""
    memory = ", void *scratch" if copied else ""
    copy = f"      {copy_rows(isa).name}(x, height, k, (float *)scratch);\n" if copied else ""
    text = f"""static void {name}(const float *a, const float *w, float *y{tail.params(False)}{memory},
    int32_t m, int32_t k, int32_t near, int32_t lda, int32_t ldy{pitches}, int32_t m_from, int32_t m_to, int32_t n_from, int32_t n_to) {{
  const float *x[{s.rows}]{arrays};
  float *out[{s.rows}];
  w += (ptrdiff_t)n_from * (1 + (ptrdiff_t)k);
{count}  for (int32_t n0 = n_from; n0 < n_to; n0 += near, w += (ptrdiff_t)near * (1 + (ptrdiff_t)k)) {{ /* columns that stay in cache */
    const int32_t cols = n_to - n0 < near ? n_to - n0 : near;
    for (int32_t m0 = m_from; m0 < m_to;) {{
      const int32_t height = {s.height_text("m_to", "m0", "m")};
      const int32_t rows = m - m0 < height ? m - m0 : height;
      for (int32_t i = 0; i < height; i++) {{ /* rows past the end repeat the last one and are not stored */
        const ptrdiff_t at = m0 + (i < rows ? i : rows - 1);
        x[i] = a + at * lda;
        out[i] = y + at * ldy + n0;{setup}
      }}
{copy}      {block.name}(1, k, x, 0, w, out, rows, cols, height{passed}{ahead});
      m0 += rows;
    }}
  }}
}}
"""
    return CFunction(name, text, (block, *([copy_rows(isa)] if copied else [])), ("stdint.h", "stddef.h"))


def gemm_call(
    call: Call, tail: Tail, packed: np.ndarray, sizes: tuple[int, int, int], pointers: Sequence[Arg], pitches: Sequence[Arg], why: str
) -> Emitted:
    """`gemm` of input 0 by packed weights into output 0; sizes: m, k, n."""
    a, y = call.input(0), call.outputs[0]
    m, k, n = sizes
    s = shape_for(call.isa, m, call.options.threads).of(call.isa, n)
    copied = collide(call.isa, m, a.pitch, k, n)
    memory: list[Arg] = [Scratch()] if copied else []
    units, part = parts(call.isa, m, k, n, call.options.threads)
    numbers = (m, k, columns_near(call.isa, m, k, n, call.schedule.get("near", 0)), a.pitch, y.pitch)
    args = (In(0), Const(packed), Out(0), *pointers, *memory, *map(Int, numbers), *pitches, *part)
    why = f"{why}, {s.rows}x{s.vectors * call.isa.lanes(4)} register tile{', rows copied apart' if copied else ''}"
    return Emitted(gemm(call.isa, tail, copied, s), args, copied_bytes(call.isa, 1, k) if copied else 0, why, units)


def _f32(call: Call) -> bool:
    return all(x is None or x.type.dtype is DType.F32 for x in call.inputs) and call.outputs[0].type.dtype is DType.F32


@kernel("matmul", "gemm")
class MatmulGemm(PackedF32):
    """a [..., M, K] times a constant [K, N]: all batches are rows of one product."""

    def applies(self, call: Call) -> bool:
        a, b = call.input(0), call.input(1)
        bias = call.inputs[2] if len(call.inputs) > 2 else None
        return (
            _f32(call) and b.const is not None and len(b.shape) == 2 and len(a.shape) >= 2 and not call.attrs.get("trans_a")
            and a.shape[-1] > 0 and (bias is None or bias.const is not None) and tail_of(call) is not None
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        return 0.1

    def schedules(self, call: Call) -> tuple[Schedule, ...]:
        a, y = call.input(0), call.outputs[0]
        return near_schedules(call.isa, math.prod(a.shape[:-1]), a.shape[-1], y.shape[-1])

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows

    def emit(self, call: Call) -> Emitted:
        tail = tail_of(call)
        a, b = call.input(0), call.input(1)
        assert tail is not None and b.const is not None
        weights = b.const.T if call.attrs.get("trans_b") else b.const
        packed = pack(call.isa, np.ascontiguousarray(weights), bias_of(call))
        m, (k, n) = math.prod(a.shape[:-1]), weights.shape
        pointers, pitches = extra_args(call, tail, 1)
        return gemm_call(call, tail, packed, (m, k, n), pointers, pitches, "packed panels")


@functools.cache
def packer(isa: ISA) -> CFunction:
    """Packs b [k, n] (strides sk, sn) and an optional bias into panels at run time, as `tile_f32.pack` does."""
    width = panel_width(isa)
    name = f"pack_f32_{isa.name}"
    text = f"""static void {name}(const float *b, const float *bias, float *w, int32_t k, int32_t n, int32_t sk, int32_t sn) {{
  for (int32_t c = 0; c < n;) {{
    const int32_t width = {width.name}(n - c);
    const int32_t cols = n - c < width ? n - c : width;
    for (int32_t j = 0; j < width; j++) w[j] = bias && j < cols ? bias[c + j] : 0.0f;
    w += width;
    if (sn == 1) {{
      for (int32_t i = 0; i < k; i++, w += width) {{
        const float *const p = b + (ptrdiff_t)i * sk + c;
        for (int32_t j = 0; j < cols; j++) w[j] = p[j];
        for (int32_t j = cols; j < width; j++) w[j] = 0.0f;
      }}
    }} else {{
      for (int32_t j = 0; j < width; j++) {{
        const float *const p = b + (ptrdiff_t)(c + (j < cols ? j : 0)) * sn;
        for (int32_t i = 0; i < k; i++) w[(ptrdiff_t)i * width + j] = j < cols ? p[(ptrdiff_t)i * sk] : 0.0f;
      }}
      w += (ptrdiff_t)k * width;
    }}
    c += width;
  }}
}}
"""
    return CFunction(name, text, (width,), ("stdint.h", "stddef.h"))


@kernel("matmul", "batched")
class MatmulBatched(Kernel):
    """Both sides made at run time (attention): each right side is packed into scratch, then the same tile."""

    def _dims(self, call: Call) -> tuple[int, int, int, tuple[int, ...]]:
        a, b = call.input(0), call.input(1)
        k, n = (b.shape[-1], b.shape[-2]) if call.attrs.get("trans_b") else (b.shape[-2], b.shape[-1])
        return a.shape[-2], k, n, call.outputs[0].shape[:-2]

    def applies(self, call: Call) -> bool:
        a, b = call.input(0), call.input(1)
        tail = tail_of(call)
        return (
            _f32(call) and len(a.shape) >= 2 and len(b.shape) >= 2 and not call.attrs.get("trans_a") and a.shape[-1] > 0
            and tail is not None and "full" not in tail.kinds
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        return 0.5

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return (index == 1 and not output) or operand.inner_contiguous

    def emit(self, call: Call) -> Emitted:
        tail = tail_of(call)
        assert tail is not None
        a, b, y = call.input(0), call.input(1), call.outputs[0]
        m, k, n, batch = self._dims(call)
        isa, s = call.isa, shape_of(call.isa)
        lanes = isa.lanes(4)
        inner, pack_f = gemm(isa, tail), packer(isa)

        def walk(x: Operand) -> list[int]:
            """Strides of the operand's batch axes, 0 where it is broadcast."""
            own = [0 if d == 1 else st for d, st in zip(x.shape[:-2], x.strides[:-2], strict=True)]
            return [0] * (len(batch) - len(own)) + own

        axes = [(d, sa, sb, sy) for d, sa, sb, sy in zip(batch, walk(a), walk(b), walk(y), strict=True) if d != 1]
        sk, sn = (b.strides[-1], b.strides[-2]) if call.attrs.get("trans_b") else (b.strides[-2], b.strides[-1])
        has_bias = len(call.inputs) > 2 and call.inputs[2] is not None
        units = math.prod(d for d, *_ in axes)
        params = "".join(f", int32_t n{i}, int32_t a{i}, int32_t b{i}, int32_t y{i}" for i in range(len(axes)))
        passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
        places = "    int32_t left = u;\n" if axes else "    (void)u;\n"
        pa, pb, py = "a", "b", "y"
        for i in reversed(range(len(axes))):
            places += f"    const int32_t i{i} = left % n{i};\n    left /= n{i};\n"
            pa, pb, py = f"{pa} + (ptrdiff_t)i{i} * a{i}", f"{pb} + (ptrdiff_t)i{i} * b{i}", f"{py} + (ptrdiff_t)i{i} * y{i}"
        places += "    (void)left;\n" if axes else ""
        name = f"matmul_f32_{isa.name}_batched{len(axes)}{'_bias' if has_bias else ''}{tail.suffix}"
        bias_param, bias_arg = (", const float *bias", "bias") if has_bias else ("", "0")
        text = f"""static void {name}(const float *a, const float *b{bias_param}, float *y{tail.params(False)}, void *scratch,
    int32_t m, int32_t k, int32_t n, int32_t lda, int32_t ldy, int32_t sk, int32_t sn{params}, int32_t begin, int32_t end) {{
  float *const w = (float *)scratch;
  for (int32_t u = begin; u < end; u++) {{
{places}    {pack_f.name}({pb}, {bias_arg}, w, k, n, sk, sn);
    {inner.name}({pa}, w, {py}{passed}, m, k, n, lda, ldy, 0, m, 0, n);
  }}
}}
"""
        args: list[Arg] = [In(0), In(1), *([In(2)] if has_bias else []), Out(0), *extra_args(call, tail, 1)[0], Scratch()]
        args += [Int(v) for v in (m, k, n, a.strides[-2], y.strides[-2], sk, sn)]
        args += [Int(v) for axis in axes for v in axis] + [*unit_range(units)]
        columns = -(-n // (s.vectors * lanes)) * s.vectors * lanes
        f = CFunction(name, text, (inner, pack_f), ("stdint.h", "stddef.h"))
        return Emitted(f, tuple(args), scratch=4 * (k + 1) * columns, why="right side packed at run time", units=units)

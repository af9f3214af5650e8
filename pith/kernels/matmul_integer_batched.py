"""matmul_integer with both sides made at run time (attention): each right side is packed into scratch memory first.

The right side is made signed (b' = b or b - 128), so that b - zero_b = b' + d. The product of the centred sides is then
sum of a b' - zero_a sum of b' - K zero_a d + d sum of a: the first three come out of the tile and what it begins with, the
last is one number a row.
"""

from __future__ import annotations

import functools
import math

from pith.graph import DType
from pith.kernels.base import Arg, Call, Emitted, Float, In, Int, Kernel, Operand, Out, Scratch, kernel, unit_range
from pith.kernels.tail_s8 import SumTail, sum_args, tail_of_sums
from pith.kernels.tile_s8 import DotTile
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import has_bytes

_BYTES = (DType.I8, DType.U8)


@functools.cache
def packer(isa: ISA, dtype: DType) -> CFunction:
    """C function: b [k, n] (strides sk, sn) as panels of `DotTile`, signed; the sums begin with -zero (sum of b' + k d)."""
    lanes = isa.lanes(4)
    name, t = f"pack_{dtype.short}_{isa.name}_dot", dtype.c
    flip = " ^ -128" if dtype is DType.U8 else ""
    text = f"""static void {name}(const {t} *b, int8_t *w, int32_t k, int32_t n, int32_t sk, int32_t sn, int32_t zero, int32_t d) {{
  for (int32_t c = 0; c < n;) {{
    const int32_t left = n - c, width = left > {lanes} ? {2 * lanes} : {lanes}, cols = left < width ? left : width;
    int32_t *const head = (int32_t *)(void *)w;
    for (int32_t j = 0; j < width; j++) head[j] = 0;
    w += 4 * width;
    for (int32_t i = 0; i < k; i += 4, w += 4 * width) {{
      for (int32_t u = 0; u < 4; u++) {{
        const {t} *const p = b + (ptrdiff_t)(i + u < k ? i + u : 0) * sk + (ptrdiff_t)c * sn;
        const int32_t there = i + u < k ? cols : 0;
        for (int32_t j = 0; j < there; j++) {{
          const int8_t v = (int8_t)(p[(ptrdiff_t)j * sn]{flip});
          w[4 * j + u] = v;
          head[j] += v;
        }}
        for (int32_t j = there; j < width; j++) w[4 * j + u] = 0;
      }}
    }}
    for (int32_t j = 0; j < width; j++) head[j] = -zero * (head[j] + k * d);
    c += width;
  }}
}}
"""
    return CFunction(name, text, (), ("stdint.h", "stddef.h"))


@functools.cache
def batched(isa: ISA, a: DType, b: DType, tail: SumTail, rowed: bool, axes: int) -> CFunction:
    """Units of work begin, ..., end - 1 of a product with `axes` batch axes."""
    tile = DotTile(isa, rowed)
    block, pack = tile.block(a, tail), packer(isa, b)
    params = "".join(f", int32_t n{i}, int32_t a{i}, int32_t b{i}, int32_t y{i}" for i in range(axes))
    passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
    places = "    int32_t left = u;\n" if axes else "    (void)u;\n"
    pa, pb, py = "a", "b", "y"
    for i in reversed(range(axes)):
        places += f"    const int32_t i{i} = left % n{i};\n    left /= n{i};\n"
        pa, pb, py = f"{pa} + (ptrdiff_t)i{i} * a{i}", f"{pb} + (ptrdiff_t)i{i} * b{i}", f"{py} + (ptrdiff_t)i{i} * y{i}"
    places += "    (void)left;\n" if axes else ""
    name = f"matmul_{a.short}{b.short}_{tile.prefix}_batched{axes}{'_rowed' if rowed else ''}{tail.suffix}"
    text = f"""static void {name}(const {a.c} *a, const {b.c} *b, {tail.out.c} *y{tail.params(False)}, void *scratch,
    int32_t m, int32_t k, int32_t n, int32_t lda, int32_t ldy, int32_t sk, int32_t sn, int32_t zero, int32_t d, int32_t zero_y{params},
    int32_t begin, int32_t end) {{
  int8_t *const w = (int8_t *)scratch;
  for (int32_t u = begin; u < end; u++) {{
{places}    const {a.c} *const au = {pa}, *row[{tile.rows}];
    {tail.out.c} *const yu = {py}, *out[{tile.rows}];
    {pack.name}({pb}, w, k, n, sk, sn, zero, d);
    for (int32_t m0 = 0; m0 < m;) {{
      const int32_t height = {tile.height("m - m0")}, rows = m - m0 < height ? m - m0 : height;
      for (int32_t r = 0; r < height; r++) {{ /* rows past the end repeat the last one and are not stored */
        const ptrdiff_t at = m0 + (r < rows ? r : rows - 1);
        row[r] = au + at * lda;
        out[r] = yu + at * ldy;
      }}
      {block.name}(1, k, row, 0, w, out, rows, n, height{passed}, zero_y{", d" if rowed else ""});
      m0 += rows;
    }}
  }}
}}
"""
    return CFunction(name, text, (block, pack), ("stdint.h", "stddef.h"))


@kernel("matmul_integer", "batched")
class MatmulIntegerBatched(Kernel):
    """a [..., M, K] by b [..., K, N], any batch axes."""

    def applies(self, call: Call) -> bool:
        a, b = call.input(0), call.input(1)
        found = tail_of_sums(call)
        return (
            has_bytes(call.isa) and a.type.dtype in _BYTES and b.type.dtype in _BYTES and len(a.shape) >= 2 and len(b.shape) >= 2
            and not call.attrs.get("trans_a") and a.shape[-1] > 0 and (len(call.inputs) < 3 or call.inputs[2] is None)
            and found is not None and not found[0].full
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        a, y = call.input(0), call.outputs[0]
        m, n = y.shape[-2:]
        batch = math.prod(y.shape[:-2])
        return batch * (DotTile(call.isa).cost(m, 1, a.shape[-1], n) + 4.0 * n * a.shape[-1]) + 100.0

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return (index == 1 and not output) or operand.inner_contiguous

    def uses(self, call: Call) -> set[int]:
        return {0, 1, *range(3, len(call.inputs))}

    def emit(self, call: Call) -> Emitted:
        found = tail_of_sums(call)
        assert found is not None
        tail, zero_y = found
        a, b, y, isa = call.input(0), call.input(1), call.outputs[0], call.isa
        swapped = bool(call.attrs.get("trans_b"))
        sk, sn = (b.strides[-1], b.strides[-2]) if swapped else (b.strides[-2], b.strides[-1])
        m, n, k, batch = y.shape[-2], y.shape[-1], a.shape[-1], y.shape[:-2]

        def walk(x: Operand) -> list[int]:
            """Strides of the operand's batch axes, 0 where it is broadcast."""
            own = [0 if e == 1 else s for e, s in zip(x.shape[:-2], x.strides[:-2], strict=True)]
            return [0] * (len(batch) - len(own)) + own

        axes = [axis for axis in zip(batch, walk(a), walk(b), walk(y), strict=True) if axis[0] != 1]
        units = math.prod(axis[0] for axis in axes)
        zero = call.attrs.get("zero_a", 0) + DotTile(isa).shift(a.type.dtype)
        d = (128 if b.type.dtype is DType.U8 else 0) - call.attrs.get("zero_b", 0)
        pointers = [p for p in sum_args(call, tail)[0] if isinstance(p, (In, Float, Int))]
        width = DotTile(isa).width
        columns = -(-n // width) * width
        nbytes = columns * (4 + -(-k // 4) * 4)
        args: list[Arg] = [In(0), In(1), Out(0), *pointers, Scratch()]
        args += [Int(v) for v in (m, k, n, a.strides[-2], y.strides[-2], sk, sn, zero, d, zero_y)]
        args += [Int(v) for axis in axes for v in axis] + [*unit_range(units)]
        f = batched(isa, a.type.dtype, b.type.dtype, tail, d != 0, len(axes))
        return Emitted(f, tuple(args), nbytes, "right side packed at run time, dot products of bytes", units)

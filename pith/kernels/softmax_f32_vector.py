"""softmax, float32, adjacent elements, with the vector exponential: three passes over a row that stays in cache.
Elements below e^-87.7 of the largest become 0.

Relative error: at most (n / 1024 + 32) * 2^-24 beyond that of `vf_exp_down` (sums of blocks of 1024, each in four vectors).
"""

from __future__ import annotations

import functools
import math

from pith.graph import DType
from pith.kernels.base import Arg, Call, Count, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32_math import vector_math

_BLOCK = 1024


@functools.cache
def softmax(isa: ISA) -> CFunction:
    """C function over `rows` rows of n elements with pitches xp and yp; x and y may be the same."""
    name = f"softmax_f32_{isa.name}_vector"
    text = f"""static void {name}(const float *x, float *y, int32_t rows, int32_t n, int32_t xp, int32_t yp) {{
  for (int32_t r = 0; r < rows; r++) {{
    const float *const p = x + (ptrdiff_t)r * xp;
    float *const q = y + (ptrdiff_t)r * yp;
    float top = p[0];
    int32_t i = 0;
    if (n >= VF_LANES) {{ /* a NaN may get lost here, but not in the sum */
      vf most = vf_load(p);
      for (i = VF_LANES; i <= n - VF_LANES; i += VF_LANES) most = vf_max(most, vf_load(p + i));
      float lanes[VF_LANES];
      vf_store(lanes, most);
      top = lanes[0];
      for (int32_t l = 1; l < VF_LANES; l++) top = top < lanes[l] ? lanes[l] : top;
    }}
    for (; i < n; i++) top = top < p[i] ? p[i] : top;
    const vf origin = vf_set1(top);
    float total = 0;
    for (i = 0; i <= n - VF_LANES;) {{
      const int32_t end = n - i > {_BLOCK} ? i + {_BLOCK} : n;
      vf s0 = vf_set1(0.0f), s1 = s0, s2 = s0, s3 = s0;
      for (; i <= end - 4 * VF_LANES; i += 4 * VF_LANES) {{
        const vf e0 = vf_exp_down(vf_load(p + i) - origin), e1 = vf_exp_down(vf_load(p + i + VF_LANES) - origin);
        const vf e2 = vf_exp_down(vf_load(p + i + 2 * VF_LANES) - origin), e3 = vf_exp_down(vf_load(p + i + 3 * VF_LANES) - origin);
        vf_store(q + i, e0);
        vf_store(q + i + VF_LANES, e1);
        vf_store(q + i + 2 * VF_LANES, e2);
        vf_store(q + i + 3 * VF_LANES, e3);
        s0 += e0;
        s1 += e1;
        s2 += e2;
        s3 += e3;
      }}
      for (; i <= end - VF_LANES; i += VF_LANES) {{
        const vf e = vf_exp_down(vf_load(p + i) - origin);
        vf_store(q + i, e);
        s0 += e;
      }}
      total += vf_sum((s0 + s1) + (s2 + s3));
    }}
    if (i < n) {{
      vf_store_n(q + i, vf_exp_down(vf_load_n(p + i, n - i) - origin), n - i);
      for (int32_t k = i; k < n; k++) total += q[k];
    }}
    const vf last = vf_set1(1.0f / total);
    for (i = 0; i <= n - VF_LANES; i += VF_LANES) vf_store(q + i, vf_load(q + i) * last);
    if (i < n) vf_store_n(q + i, vf_load_n(q + i, n - i) * last, n - i);
  }}
}}
"""
    return CFunction(name, text, (vector_math(isa),), ("stdint.h", "stddef.h"))


@kernel("softmax", "vector")
class SoftmaxVector(Kernel):
    """The last axis, with any row pitch."""

    def applies(self, call: Call) -> bool:
        x = call.input(0)
        return x.type.dtype is DType.F32 and bool(call.isa.vector_bytes) and math.prod(x.shape[int(call.attrs["axis"]) + 1 :]) == 1

    def cost(self, call: Call) -> float:
        return 0.5

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if call.attrs["axis"] == len(operand.shape) - 1 else operand.contiguous

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)

    def emit(self, call: Call) -> Emitted:
        x, y = call.input(0), call.outputs[0]
        axis = int(call.attrs["axis"])
        n = x.shape[axis]
        pitches = (x.pitch, y.pitch) if axis == len(x.shape) - 1 else (n, n)
        rows = math.prod(x.shape[:axis])
        args: tuple[Arg, ...] = (In(0, pitches[0]), Out(0, pitches[1]), Count(1, rows), *map(Int, (n, *pitches)))
        return Emitted(softmax(call.isa), args, why="vector exponential, three passes", units=rows)

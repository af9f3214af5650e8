"""layer_norm and rms_norm, float32, adjacent elements, by explicit vectors: a pass each for the mean, the deviations and the
result, over a row that stays in cache.

Sums go into four vectors, and every 2048 elements into a total: their relative error (for the mean: of the sum of absolute
values) is at most (2048 / (4 L) + n / 2048 + 8) * 2^-24 for vectors of L. The variance comes from the deviations, not from
squares.
"""

from __future__ import annotations

import functools
import math

from pith.graph import DType
from pith.kernels.base import Arg, Call, Count, Emitted, Float, In, Int, Kernel, Operand, Out, kernel
from pith.ops.base import normalize_axis
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect
from pith.vector.math import MATH

_BLOCK = 2048


def _sum(total: str, add: str, tail: str) -> str:
    """C: `total` is the sum over a row of what `add` adds to the vector {s} for the vector x, `tail` for the number x."""
    four = "".join(f"        {{ const vf x = vf_load(p + i + {v} * VF_LANES); {add.format(s=f's{v}')} }}\n" for v in range(4))
    return f"""    float {total} = 0;
    for (int32_t i = 0; i < n;) {{
      const int32_t end = n - i > {_BLOCK} ? i + {_BLOCK} : n;
      vf s0 = vf_set1(0.0f), s1 = s0, s2 = s0, s3 = s0;
      for (; i <= end - 4 * VF_LANES; i += 4 * VF_LANES) {{
{four}      }}
      for (; i <= end - VF_LANES; i += VF_LANES) {{ const vf x = vf_load(p + i); {add.format(s="s0")} }}
      {total} += vf_sum((s0 + s1) + (s2 + s3));
      for (; i < end; i++) {{ const float x = p[i]; {tail.format(s=total)} }}
    }}
"""


@functools.cache
def norm(isa: ISA, centred: bool, bias: bool, outputs: tuple[str, ...]) -> CFunction:
    """C function over `rows` rows of n elements with pitches xp and yp; x and y may be the same."""
    op = "layer_norm" if centred else "rms_norm"
    name = "_".join([op, "f32", isa.name, "vector", *(["bias"] if bias else []), *outputs])
    root = MATH[("sqrt", "f32")]
    statistics = ""
    if centred:
        statistics += _sum("sum", "{s} += x;", "{s} += x;") + "    const float mean_of_row = sum / (float)n;\n"
        statistics += "    const vf mean_of_lanes = vf_set1(mean_of_row);\n"
        deviation = "const vf d = x - mean_of_lanes; {s} = vf_fma(d, d, {s});", "{s} += (x - mean_of_row) * (x - mean_of_row);"
        statistics += _sum("squares", *deviation)
    else:
        statistics += _sum("squares", "{s} = vf_fma(x, x, {s});", "{s} += x * x;")
    statistics += f"    const float inverse_of_row = 1 / {root.name}(squares / (float)n + epsilon);\n"
    statistics += "".join(f"    {o}[r] = {o}_of_row;\n" for o in outputs)

    def result(load: str, store: str) -> str:
        x = f"{load.format('p + i')}{' - mean_of_lanes' if centred else ''}"
        y = f"({x}) * inverse * {load.format('scale + i')}" if centred else f"{x} * inverse * {load.format('scale + i')}"
        if bias:
            y = f"vf_fma(({x}) * inverse, {load.format('scale + i')}, {load.format('bias + i')})"
        return store.format(y)

    params = f"const float *scale{', const float *bias' if bias else ''}{''.join(f', float *{o}' for o in outputs)}"
    text = f"""static void {name}(const float *x_of, float *y, {params},
    int32_t rows, int32_t n, int32_t xp, int32_t yp, float epsilon) {{
  for (int32_t r = 0; r < rows; r++) {{
    const float *const p = x_of + (ptrdiff_t)r * xp;
    float *const q = y + (ptrdiff_t)r * yp;
{statistics}    const vf inverse = vf_set1(inverse_of_row);
    int32_t i = 0;
    for (; i <= n - VF_LANES; i += VF_LANES) {result("vf_load({})", "vf_store(q + i, {});")}
    if (i < n) {result("vf_load_n({}, n - i)", "vf_store_n(q + i, {}, n - i);")}
  }}
}}
"""
    return CFunction(name, text, (dialect(isa), root), ("stdint.h", "stddef.h"))


class _Vector(Kernel):
    """The last axis with any row pitch, or trailing axes without gaps; one scale (and bias) for each element of a row."""

    def _row(self, call: Call) -> tuple[int, bool]:
        """Elements of a row, and whether it is the last axis."""
        shape = call.input(0).shape
        axis = normalize_axis(call.attrs["axis"], len(shape))
        return math.prod(shape[axis:]), axis == len(shape) - 1

    def applies(self, call: Call) -> bool:
        n, _ = self._row(call)
        operands = [*call.inputs, *call.outputs]
        return (
            bool(call.isa.vector_bytes) and all(x is None or x.type.dtype is DType.F32 for x in operands)
            and all(x is None or x.type.size == n for x in call.inputs[1:])
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        return 0.5

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows if index == 0 and self._row(call)[1] else operand.contiguous

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)

    def build(self, call: Call, *, centred: bool) -> Emitted:
        """The call; `centred`: less the mean."""
        x, y = call.input(0), call.outputs[0]
        (n, last), bias = self._row(call), len(call.inputs) > 2 and call.inputs[2] is not None
        pitches = (x.pitch, y.pitch) if last else (n, n)
        outputs = ("mean", "inverse")[: len(call.outputs) - 1]
        rows = x.type.size // max(n, 1)
        args: list[Arg] = [In(0, pitches[0]), Out(0, pitches[1]), In(1), *([In(2)] if bias else [])]
        args += [Out(1 + i, 1) for i in range(len(outputs))]
        args += [Count(1, rows), Int(n), *map(Int, pitches), Float(call.attrs["epsilon"])]
        f = norm(call.isa, centred, bias, outputs)
        return Emitted(f, tuple(args), why="rows, in vectors", units=rows)


@kernel("layer_norm", "vector")
class LayerNormVector(_Vector):
    """Mean, variance from the deviations, then one pass that writes."""

    def emit(self, call: Call) -> Emitted:
        return self.build(call, centred=True)


@kernel("rms_norm", "vector")
class RmsNormVector(_Vector):
    """Mean square, then one pass that writes."""

    def emit(self, call: Call) -> Emitted:
        return self.build(call, centred=False)

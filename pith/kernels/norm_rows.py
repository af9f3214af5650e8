"""layer_norm, rms_norm and lp_normalization over rows; instance_norm, batch_norm and lrn by channel.

Means and variances are summed as `rows` describes (variance from the deviations, not from squares), so float32
results carry a relative error of at most about 300 * 2^-24 of the row's largest normalised value.
"""

from __future__ import annotations

import math

from pith.kernels.base import Arg, Call, Count, Emitted, Float, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.ctext import c_function
from pith.kernels.rows import row_function
from pith.ops.base import normalize_axis

_LAYER = r"""
static void $name(const $T *x, $T *y, const $T1 *scale$PARAMS, int32_t rows, int32_t n, int32_t xp, int32_t yp,
    int32_t ss$STEP, float epsilon) {
  for (int32_t r = 0; r < rows; ++r) {
    const $T *p = x + r * xp;
    $T *q = y + r * yp;
$STATISTICS
    for (int32_t i = 0; i < n; ++i) {
      ST(q[i], $RESULT);
    }
  }
}
"""


def _fits(operand: Operand | None, n: int) -> bool:
    """Whether scale or bias is one element or the whole row."""
    return operand is None or operand.type.size in (1, n)


class _Rows(Kernel):
    """Normalisations of trailing axes."""

    def applies(self, call: Call) -> bool:
        x = call.input(0)
        n = math.prod(x.shape[normalize_axis(call.attrs["axis"], len(x.shape)) :])
        return x.type.dtype.is_float and all(_fits(i, n) for i in call.inputs[1:])

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        one_axis = normalize_axis(call.attrs["axis"], len(call.input(0).shape)) == len(call.input(0).shape) - 1
        return operand.rows if index == 0 and one_axis else operand.contiguous

    def inplace(self, call: Call) -> tuple[int, ...]:
        return (0,)

    def build(self, call: Call, statistics: str, value: str, rows: tuple[str, ...], outputs: tuple[str, ...]) -> Emitted:
        """The call with these texts; `rows` names the row functions marked $R0, $R1."""
        x, y = call.input(0), call.outputs[0]
        axis = normalize_axis(call.attrs["axis"], len(x.shape))
        n, dtype = math.prod(x.shape[axis:]), x.type.dtype
        helpers = tuple(row_function(k, dtype) for k in rows)
        bias = call.inputs[2] if len(call.inputs) > 2 else None
        variant = "rows" + ("_bias" if bias is not None else "")
        params = ", const $T2 *bias" if bias is not None else ""
        whole = axis != len(x.shape) - 1
        pitches = (n, n) if whole else (x.pitch, y.pitch)
        args: list[Arg] = [In(0, pitches[0]), Out(0, pitches[1]), In(1), *([In(2)] if bias is not None else [])]
        for i, _ in enumerate(call.outputs[1:]):
            params += f", $A *{outputs[i]}"
            variant += f"_{outputs[i]}"
            statistics += f"\n    {outputs[i]}[r] = {outputs[i]}_of_row;"
            args.append(Out(i + 1, 1))
        scale = call.input(1)
        types = {"": dtype, "1": scale.type.dtype}
        if bias is not None:
            types["2"] = bias.type.dtype
            value += " + ($A)LD2(bias[i * bs])"
        if scale.type.dtype is not dtype or (bias is not None and bias.type.dtype is not dtype):
            variant += f"_{scale.type.dtype.short}_{bias.type.dtype.short if bias is not None else ''}"
        step = ", int32_t bs" if bias is not None else ""
        marks = {"PARAMS": params, "STEP": step, "STATISTICS": statistics, "RESULT": value, "S": dtype.compute.short}
        marks |= {f"R{i}": f.name for i, f in enumerate(helpers)}
        function = c_function(call, variant, _LAYER, types, marks, helpers)
        steps = [int(v.type.size > 1) for v in (scale, bias) if v is not None]
        count = math.prod(x.shape[:axis])
        numbers = map(Int, (n, *pitches, *steps))
        return Emitted(function, (*args, Count(1, count), *numbers, Float(call.attrs["epsilon"])), why="rows", units=count)


@kernel("layer_norm", "rows")
class LayerNormRows(_Rows):
    """Mean, variance from the deviations, then one pass that writes."""

    def emit(self, call: Call) -> Emitted:
        statistics = (
            "    const $A mean_of_row = $R0(p, n) / ($A)n;\n"
            "    const $A inverse_of_row = 1 / FN(sqrt, $S)($R1(p, n, mean_of_row) / ($A)n + ($A)epsilon);"
        )
        value = "(LD(p[i]) - mean_of_row) * inverse_of_row * ($A)LD1(scale[i * ss])"
        return self.build(call, statistics, value, ("sum", "deviation"), ("mean", "inverse"))


@kernel("rms_norm", "rows")
class RmsNormRows(_Rows):
    """Mean square, then one pass that writes."""

    def emit(self, call: Call) -> Emitted:
        statistics = "    const $A inverse_of_row = 1 / FN(sqrt, $S)($R0(p, n) / ($A)n + ($A)epsilon);"
        return self.build(call, statistics, "LD(p[i]) * inverse_of_row * ($A)LD1(scale[i * ss])", ("sum_square",), ())

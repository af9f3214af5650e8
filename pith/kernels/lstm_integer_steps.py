"""lstm_integer step by step, for every target: four sums of a unit, its gates, its cell. What a step is fed with is what the one before wrote."""

from __future__ import annotations

import numpy as np

from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Out, Scratch, kernel, unit_range
from pith.vector.cfunction import CFunction
from pith.vector.fixed import ROUNDED_SHIFT, SCALE_FIXED
from pith.vector.fixed16 import HELD_16, LOGISTIC_16, TANH_16

_DOT = CFunction(
    "pith_dot_s8",
    """static inline int32_t pith_dot_s8(const int8_t *restrict a, const int8_t *restrict b, int32_t n) {
  int32_t sum = 0;
  for (int32_t k = 0; k < n; k++) sum += (int32_t)a[k] * b[k];
  return sum;
}
""",
    (),
    ("stdint.h",),
)

# f: (multiplier, shift) of the gates i, f, c, o, for the input and for the state. `pace` and `seat`: rows from one step to the next, and
# from one sequence to the next.
_TEXT = """static void $NAME(const int8_t *x, const int8_t *w, const int8_t *r, const int32_t *b, const int32_t *f, int8_t *y, int16_t *c,
    int32_t steps, int32_t pace, int32_t seat, int32_t inputs, int32_t hidden, int32_t point, int32_t clip, int32_t by,
    int32_t shift, int32_t zero, int32_t begin, int32_t end) {
  for (int32_t n = begin; n < end; n++) {
    for (int32_t j = 0; j < hidden; j++) c[j] = 0;
    for (int32_t t = 0; t < steps; t++) {
      const ptrdiff_t row = (ptrdiff_t)t * pace + (ptrdiff_t)n * seat;
      const int8_t *const in = x + row * inputs, *const h = y + (t > 0 ? row - pace : row) * hidden;
      for (int32_t j = 0; j < hidden; j++) {
        int32_t g[4];
        for (int32_t k = 0; k < 4; k++) {
          const int32_t at = k * hidden + j;
          const int32_t sum = pith_dot_s8(in, w + (ptrdiff_t)at * inputs, inputs) + b[at];
          g[k] = pith_held_16(pith_scale_fixed(sum, f[2 * k], f[2 * k + 1]));
          if (t > 0) {
            const int32_t back = pith_dot_s8(h, r + (ptrdiff_t)at * hidden, hidden) + b[4 * hidden + at];
            g[k] = pith_held_16((int64_t)pith_scale_fixed(back, f[2 * k + 8], f[2 * k + 9]) + g[k]);
          }
        }
        const int32_t kept = pith_rounded_shift(pith_logistic_16(g[1]) * c[j], 15);
        const int32_t added = pith_rounded_shift(pith_logistic_16(g[0]) * pith_tanh_16(g[2], 3), 30 - point);
        int32_t cell = pith_held_16((int64_t)kept + added);
        if (clip > 0) cell = cell > clip ? clip : cell < -clip ? -clip : cell;
        c[j] = (int16_t)cell;
        const int32_t real = pith_logistic_16(g[3]) * pith_tanh_16(cell, 15 - point);
        const int64_t v = (int64_t)pith_scale_fixed(real, by, shift) + zero;
        y[row * hidden + j] = (int8_t)(v > 127 ? 127 : v < -128 ? -128 : v);
      }
    }
  }
}
"""
_NEEDS = (_DOT, ROUNDED_SHIFT, SCALE_FIXED, HELD_16, LOGISTIC_16, TANH_16)


@kernel("lstm_integer", "steps")
class LstmIntegerSteps(Kernel):
    """All sizes; sequences of a batch are shared out among threads."""

    def emit(self, call: Call) -> Emitted:
        x, hidden = call.input(0), call.input(2).shape[1]
        steps, batch = x.shape[:2] if call.attrs["time_major"] else x.shape[1::-1]
        pace, seat = (batch, 1) if call.attrs["time_major"] else (1, steps)
        name = f"lstm_integer_i8_{call.isa.name}_steps"
        function = CFunction(name, _TEXT.replace("$NAME", name), _NEEDS, ("stdint.h", "stddef.h"))
        numbers = (steps, pace, seat, x.shape[2], hidden, call.attrs["point"], call.attrs["cell_clip"], *call.attrs["hidden"])
        args: tuple[Arg, ...] = (
            *(In(i) for i in range(4)), Const(np.array(call.attrs["factors"], np.int32)), Out(0), Scratch(), *(Int(v) for v in numbers),
            *unit_range(batch),
        )  # fmt: skip
        return Emitted(function, args, scratch=2 * hidden, why="one step after another, gates in fixed point", units=batch)

"""grid_sample: the taps of a point once, then every channel. Indices are clamped inside x before they are used."""

from __future__ import annotations

import math

import numpy as np

from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Out, kernel
from pith.kernels.ctext import c_function, c_helper

_TAPS = {
    "nearest": (1, "    at[0] = base;\n    w[0] = 1;"),
    "linear": (2, "    at[0] = base;\n    at[1] = base + 1;\n    w[0] = 1 - d;\n    w[1] = d;"),
    "cubic": (
        4,
        """    const $A a = -($A)0.75, e = d + 1, f = 1 - d, g = 2 - d;
    for (int32_t k = 0; k < 4; ++k) at[k] = base + k - 1;
    w[0] = ((a * e - 5 * a) * e + 8 * a) * e - 4 * a;
    w[1] = ((a + 2) * d - (a + 3)) * d * d + 1;
    w[2] = ((a + 2) * f - (a + 3)) * f * f + 1;
    w[3] = ((a * g - 5 * a) * g + 8 * a) * g - 4 * a;""",
    ),
}
_INSIDE = {
    "zeros": "      if (at[k] < 0 || at[k] > size - 1) w[k] = 0;",
    "border": "",
    "reflection": "      at[k] = (int32_t)$REFLECT(($A)at[k], low, high);",
}
_PLACE = {
    "zeros": "",
    "border": "    if (v < low || v > high) v = v < 0 ? 0 : v > ($A)(size - 1) ? ($A)(size - 1) : v;",
    "reflection": "    v = $REFLECT(v, low, high);",
}
_REFLECT = r"""
/* v mirrored at the borders until it lies between them. */
static inline $A $REFLECT($A v, $A low, $A high) {
  const $A span = high - low;
  if (span <= 0) return low;
  const $A away = v < low ? low - v : v > high ? v - high : 0;
  const $A folds = FN(trunc, $S)(away / span), rest = away - folds * span;
  const int32_t even = folds - 2 * FN(floor, $S)(folds / 2) < 1;
  if (v < low) return even ? low + rest : high - rest;
  if (v > high) return even ? high - rest : low + rest;
  return v;
}
"""
_AXIS = r"""
/* Source indices and weights of coordinate g along an axis. */
static void $TAPSNAME($A g, int32_t size, int32_t *at, $A *w) {
  const $A low = $LOW, high = $HIGH, limit = 1000000;
  const $A given = g > limit ? limit : g > -limit ? g : -limit;
  $A v = $FROM;
$ROUND
$PLACE
  {
    const $A far = limit + ($A)size;
    v = v > far ? far : v > -far ? v : -far;
    const $A left = FN(floor, $S)(v), d = v - left;
    const int32_t base = (int32_t)left;
    (void)d;
$TAPS
    for (int32_t k = 0; k < $COUNT; ++k) {
$INSIDE
      at[k] = at[k] < 0 ? 0 : at[k] > size - 1 ? size - 1 : at[k];
    }
  }
}

"""
_TEXT = r"""
/* t: extents and strides of the spatial axes of x, three of each. */
static void $name(const $T *x, const $Tg *grid, $T *y, const int32_t *t, int32_t batch, int32_t channels, int32_t points,
    int32_t plane) {
  for (int32_t n = 0; n < batch; ++n)
  for (int32_t p = 0; p < points; ++p) {
    int32_t at[3][4];
    $A w[3][4];
    for (int32_t a = 0; a < 3; ++a) {
      at[a][0] = 0;
      w[a][0] = 1;
    }
    const $Tg *g = grid + (n * points + p) * $RANK;
    for (int32_t a = 0; a < $RANK; ++a) $TAPSNAME(($A)LDg(g[$RANK - 1 - a]), t[2 * a], at[a], w[a]);
    for (int32_t c = 0; c < channels; ++c) {
      const $T *q = x + (n * channels + c) * plane;
      $A sum = 0;
      for (int32_t i = 0; i < $COUNT; ++i)
      for (int32_t j = 0; j < $N1; ++j)
      for (int32_t k = 0; k < $N2; ++k) {
        const $A weight = w[0][i] * w[1][j] * w[2][k];
        sum += weight * LD(q[at[0][i] * t[1] + at[1][j] * t[3] + at[2][k] * t[5]]);
      }
      ST(y[(n * channels + c) * points + p], sum);
    }
  }
}
"""


@kernel("grid_sample", "points")
class GridSamplePoints(Kernel):
    """One to three spatial axes, all modes."""

    def applies(self, call: Call) -> bool:
        return call.input(0).type.dtype.is_float and call.input(1).type.dtype.is_float

    def emit(self, call: Call) -> Emitted:
        x, grid = call.input(0), call.input(1)
        mode, padding, corners = str(call.attrs["mode"]), str(call.attrs["padding_mode"]), bool(call.attrs["align_corners"])
        dtype, rank = x.type.dtype, len(x.shape) - 2
        count, taps = _TAPS[mode]
        tag = f"{mode}_{padding}{'_corners' if corners else ''}"
        s = dtype.compute.short
        marks = {
            "S": s, "TAPSNAME": f"pith_taps_{tag}_{s}", "REFLECT": f"pith_reflect_{s}", "TAPS": taps, "COUNT": str(count),
            "INSIDE": _INSIDE[padding], "PLACE": "" if mode == "cubic" else _PLACE[padding], "RANK": str(rank),
            "N1": str(count if rank > 1 else 1), "N2": str(count if rank > 2 else 1),
            "LOW": "0" if corners else "-($A)0.5", "HIGH": "($A)(size - 1)" if corners else "($A)size - ($A)0.5",
            "FROM": "(given + 1) / 2 * ($A)(size - 1)" if corners else "((given + 1) * ($A)size - 1) / 2",
            "ROUND": "  v = FN(rint, $S)(v);" if mode == "nearest" else "",
        }  # fmt: skip
        types = {"": dtype, "g": grid.type.dtype}
        reflect = (c_helper(marks["REFLECT"], _REFLECT, types, marks),) if padding == "reflection" else ()
        borders = padding == "reflection" or (padding == "border" and mode != "cubic")
        axis = _AXIS if borders else _AXIS.replace("low = $LOW, high = $HIGH, ", "")
        taps_function = c_helper(marks["TAPSNAME"], axis, types, marks, reflect)
        suffix = "" if grid.type.dtype is dtype else f"_{grid.type.dtype.short}"
        function = c_function(call, f"{tag}_{rank}d{suffix}", _TEXT, types, marks, (taps_function,))
        sizes, plane = x.shape[2:], math.prod(x.shape[2:])
        table = [v for a in range(rank) for v in (sizes[a], math.prod(sizes[a + 1 :]))] + [1, 0] * (3 - rank)
        numbers = (*x.shape[:2], math.prod(grid.shape[1:-1]), plane)
        args: tuple[Arg, ...] = (In(0), In(1), Out(0), Const(np.array(table, np.int32)), *map(Int, numbers))
        return Emitted(function, args, why="taps of a point once for all channels")

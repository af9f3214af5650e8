"""roi_align and max_roi_pool. Batch indices and pixel positions are clamped inside x before they are used."""

from __future__ import annotations

from pith.kernels.base import Arg, Call, Emitted, Float, In, Int, Kernel, Out, kernel
from pith.kernels.ctext import c_function, c_helper, larger

_ALIGN = r"""
static void $name(const $T *x, const $Tr *rois, const $Ti *batches, $T *y, int32_t regions, int32_t batch, int32_t channels,
    int32_t h, int32_t w, int32_t oh, int32_t ow, int32_t ratio, float spatial_scale) {
  for (int32_t r = 0; r < regions; ++r) {
    const int32_t n = batches[r] < 0 ? 0 : batches[r] >= batch ? batch - 1 : (int32_t)batches[r];
    $A corner[4];
    for (int32_t k = 0; k < 4; ++k) {
      const $A v = ($A)LDr(rois[4 * r + k]) * ($A)spatial_scale, far = 65536;
      corner[k] = (v > far ? far : v > -far ? v : -far)$OFFSET;
    }
    $A width = corner[2] - corner[0], height = corner[3] - corner[1];
$MALFORMED
    const $A bh = height / ($A)oh, bw = width / ($A)ow;
    const int32_t gh = ratio > 0 ? ratio : (int32_t)FN(ceil, $S)(bh), gw = ratio > 0 ? ratio : (int32_t)FN(ceil, $S)(bw);
    for (int32_t i = 0; i < oh; ++i)
    for (int32_t j = 0; j < ow; ++j)
    for (int32_t c = 0; c < channels; ++c) {
      const $T *p = x + (n * channels + c) * h * w;
      $A best = 0;
      for (int32_t a = 0; a < gh; ++a)
      for (int32_t b = 0; b < gw; ++b) {
        $A v = corner[1] + ($A)i * bh + (($A)a + ($A)0.5) * bh / ($A)gh;
        $A u = corner[0] + ($A)j * bw + (($A)b + ($A)0.5) * bw / ($A)gw;
        const int32_t outside = v < -1 || v > ($A)h || u < -1 || u > ($A)w;
        v = v < 0 ? 0 : v > ($A)(h - 1) ? ($A)(h - 1) : v;
        u = u < 0 ? 0 : u > ($A)(w - 1) ? ($A)(w - 1) : u;
        const int32_t top = (int32_t)v, left = (int32_t)u;
        const int32_t bottom = top + 1 < h ? top + 1 : top, right = left + 1 < w ? left + 1 : left;
        const $A dy = outside ? 0 : v - ($A)top, dx = outside ? 0 : u - ($A)left;
        const $A ey = outside ? 0 : 1 - dy, ex = outside ? 0 : 1 - dx;
        const $A s0 = ey * ex * LD(p[top * w + left]), s1 = ey * dx * LD(p[top * w + right]);
        const $A s2 = dy * ex * LD(p[bottom * w + left]), s3 = dy * dx * LD(p[bottom * w + right]);
$COLLECT
      }
      ST(y[((r * channels + c) * oh + i) * ow + j], $RESULT);
    }
  }
}
"""
_ROUND = r"""
/* Rounded, halves away from zero, and kept within the range of positions. */
static inline int32_t $name($A v) {
  const $A far = 1000000, near = v > far ? far : v > -far ? v : -far;
  return near < 0 ? -(int32_t)(-near + ($A)0.5) : (int32_t)(near + ($A)0.5);
}
"""
_LIMIT = r"""
static inline int32_t $name(int32_t v, int32_t n) {
  return v < 0 ? 0 : v > n ? n : v;
}
"""
_MAX = r"""
static void $name(const $T *x, const $Tr *rois, $T *y, int32_t regions, int32_t batch, int32_t channels, int32_t h, int32_t w,
    int32_t oh, int32_t ow, float spatial_scale) {
  for (int32_t r = 0; r < regions; ++r) {
    const int32_t given = $ROUND(($A)LDr(rois[5 * r])), n = given < 0 ? 0 : given >= batch ? batch - 1 : given;
    int32_t corner[4];
    for (int32_t k = 0; k < 4; ++k) corner[k] = $ROUND(($A)LDr(rois[5 * r + 1 + k]) * ($A)spatial_scale);
    const int32_t height = corner[3] - corner[1] + 1, width = corner[2] - corner[0] + 1;
    const int32_t rows = height > 1 ? height : 1, columns = width > 1 ? width : 1;
    for (int32_t c = 0; c < channels; ++c)
    for (int32_t i = 0; i < oh; ++i)
    for (int32_t j = 0; j < ow; ++j) {
      /* cells of a fractional size: from the floor of the first edge to the ceiling of the last */
      const int32_t top = $LIMIT((int32_t)((int64_t)i * rows / oh) + corner[1], h);
      const int32_t bottom = $LIMIT((int32_t)(((int64_t)(i + 1) * rows + oh - 1) / oh) + corner[1], h);
      const int32_t left = $LIMIT((int32_t)((int64_t)j * columns / ow) + corner[0], w);
      const int32_t right = $LIMIT((int32_t)(((int64_t)(j + 1) * columns + ow - 1) / ow) + corner[0], w);
      $A best = 0;
      int32_t found = 0;
      for (int32_t a = top; a < bottom; ++a)
      for (int32_t b = left; b < right; ++b) {
        const $A v = LD(x[((n * channels + c) * h + a) * w + b]);
        best = found ? $LARGER : v;
        found = 1;
      }
      ST(y[((r * channels + c) * oh + i) * ow + j], best);
    }
  }
}
"""


@kernel("roi_align", "cells")
class RoiAlignCells(Kernel):
    """Average and maximum, fixed or adaptive sampling."""

    def applies(self, call: Call) -> bool:
        return all(call.input(i).type.dtype.is_float for i in (0, 1))

    def emit(self, call: Call) -> Emitted:
        x, rois, batches = (call.input(i) for i in range(3))
        dtype, a = x.type.dtype, call.attrs
        half, average = a["coordinate_mode"] == "half_pixel", a["mode"] == "avg"
        malformed = "    width = width < 1 ? 1 : width;\n    height = height < 1 ? 1 : height;"
        most = "        best = a == 0 && b == 0 ? top_corner : best > top_corner ? best : top_corner;"
        pair = "        const $A upper = s0 > s1 ? s0 : s1, lower = s2 > s3 ? s2 : s3;\n"
        pair += "        const $A top_corner = upper > lower ? upper : lower;\n"
        marks = {
            "S": dtype.compute.short, "OFFSET": " - ($A)0.5" if half else "", "MALFORMED": "" if half else malformed,
            "COLLECT": "        best += (s0 + s1) + (s2 + s3);" if average else pair + most,
            "RESULT": "gh > 0 && gw > 0 ? best / ($A)gh / ($A)gw : 0" if average else "best",
        }  # fmt: skip
        types = {"": dtype, "r": rois.type.dtype, "i": batches.type.dtype}
        variant = f"{a['mode']}{'_half' if half else ''}_{batches.type.dtype.short}"
        variant += "" if rois.type.dtype is dtype else f"_{rois.type.dtype.short}"
        function = c_function(call, variant, _ALIGN, types, marks)
        numbers = (rois.shape[0], *x.shape, int(a["output_height"]), int(a["output_width"]), int(a["sampling_ratio"]))
        args: tuple[Arg, ...] = (In(0), In(1), In(2), Out(0), *map(Int, numbers), Float(float(a["spatial_scale"])))
        return Emitted(function, args, why="one cell at a time")


@kernel("max_roi_pool", "cells")
class MaxRoiPoolCells(Kernel):
    """Largest element of every cell."""

    def applies(self, call: Call) -> bool:
        return all(call.input(i).type.dtype.is_float for i in (0, 1))

    def emit(self, call: Call) -> Emitted:
        x, rois = call.input(0), call.input(1)
        dtype, s = x.type.dtype, x.type.dtype.compute.short
        marks = {"ROUND": f"pith_position_{s}", "LIMIT": "pith_limit_i32", "LARGER": larger(dtype, "best", "v")}
        suffix = "" if rois.type.dtype is dtype else f"_{rois.type.dtype.short}"
        helpers = (c_helper(marks["ROUND"], _ROUND, {"": dtype}), c_helper(marks["LIMIT"], _LIMIT, {"": dtype}))
        function = c_function(call, f"max{suffix}", _MAX, {"": dtype, "r": rois.type.dtype}, marks, helpers)
        numbers = (rois.shape[0], *x.shape, *(int(v) for v in call.attrs["pooled_shape"]))
        args: tuple[Arg, ...] = (In(0), In(1), Out(0), *map(Int, numbers), Float(float(call.attrs["spatial_scale"])))
        return Emitted(function, args, why="one cell at a time")


